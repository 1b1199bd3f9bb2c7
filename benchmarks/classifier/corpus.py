"""Prompts with the categories that are acceptable for them: what the classifier learns from.

Our own are read from this folder and from ``prompts/core.toml``; those of public suites by row
from the folder of shared public data, where it is there (labels.csv, GUIDE.md). Everything is
seeded: the same files give the same prompts, splits and weights.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LETTERS = {
    "P": "product-photo",
    "O": "portrait",
    "L": "landscape",
    "T": "text-in-image",
    "V": "video",
    "A": "animation",
    "R": "architectural-render",
    "N": "none",
}
LANGUAGES = ("es", "de", "fr", "pt", "zh", "ja", "ar", "hi")
WEIGHTS = {
    "parti": 1.0, "vbench": 0.6, "core": 1.0, "written": 1.0, "taught": 1.0, "template": 0.4,
    "things": 0.3, "crossed": 0.3, "languages": 0.75, "typo": 0.4, "hasty": 0.35, "gibberish": 0.4,
    "unseen": 1.0, "hidden": 0.35,
}  # fmt: skip
"""How much one prompt of a source counts in training."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One prompt, what else the request gives, and what is acceptable (the likeliest first)."""

    text: str
    acceptable: tuple[str, ...]
    source: str
    kind: str
    split: str
    language: str = "en"
    family: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """How much it counts in training."""
        return WEIGHTS.get(self.kind, WEIGHTS.get(self.source, 1.0))


def shared_data() -> Path | None:
    """Return the folder of public data, where there is one."""
    told = os.environ.get("QFLOOR_SHARED_DATA")
    places = [Path(told)] if told else [p / "shared" / "data" for p in ROOT.parents]
    return next((p for p in places if (p / "prompts_parti").is_dir()), None)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def split_of(text: str) -> str:
    """Half of all hashes are tested on."""
    return "test" if int(hash_of(text)[:8], 16) % 2 == 0 else "train"


def labels_of(letters: str) -> tuple[str, ...]:
    return tuple(LETTERS[letter] for letter in letters.replace(",", ""))


def written(path: Path = HERE / "written.txt", split: str | None = None) -> Iterator[Item]:
    """Prompts of a file like written.txt; the native ones of other languages are all tested on."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        letters, language, kind, text = line.split("|", 3)
        by_hash = "test" if kind in ("native", "fresh") else split_of(text)
        yield Item(
            text=text, acceptable=labels_of(letters), source="written", kind=kind,
            split=split or by_hash,
            language=language, family=text,
        )  # fmt: skip


def judged(path: Path, split: str = "judged") -> Iterator[Item]:
    """Prompts labelled before any was classified, each with the digest of its text.

    Raises
    ------
    ValueError
        When a line holds another text than the one that was labelled.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        digest, letters, language, kind, text = line.split("|", 4)
        if not hash_of(text).startswith(digest):
            raise ValueError(f"{path.name}: {text!r} is not the text labelled")
        yield Item(
            text=text, acceptable=labels_of(letters), source=path.stem, kind=kind,
            split=split, language=language, family=text,
            fields={"modality": "video"} if kind == "asked" else {},
        )  # fmt: skip


def unseen() -> Iterator[Item]:
    """Prompts that an earlier classifier was judged by; trained on since."""
    return judged(HERE / "unseen.txt", split="train")


def held_out() -> Iterator[Item]:
    """Prompts that were written only to judge by."""
    for path in sorted(HERE.glob("judged_?.txt")):
        yield from judged(path)


def strangers() -> Iterator[Item]:
    """Prompts of several writers, a file each; trained on only."""
    for path in sorted(HERE.glob("strangers_*.txt")):
        yield from taught(path)


def templates() -> Iterator[Item]:
    """Early templates with early fillings are trained on, late ones with late ones tested."""
    told = tomllib.loads((HERE / "templates.toml").read_text(encoding="utf-8"))
    for language, categories in told.items():
        for category, parts in categories.items():
            shapes, fillings = parts["templates"], parts["fillings"]
            for i, shape in enumerate(shapes):
                for j, filling in enumerate(fillings):
                    late = (i >= len(shapes) * 2 / 3, j >= len(fillings) * 2 / 3)
                    if late[0] == late[1]:
                        yield Item(
                            text=shape.replace("{x}", filling), acceptable=(category,),
                            source="template", kind="template", language=language,
                            split="test" if late[0] else "train", family=shape,
                        )  # fmt: skip


def taught(path: Path = HERE / "taught.txt") -> Iterator[Item]:
    """Prompts of ours that are trained on only, several a line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            letters, language, kind, texts = line.split("|", 3)
            for text in texts.split(" ; "):
                yield Item(
                    text=text, acceptable=labels_of(letters), source=path.stem, kind=kind,
                    split="train", language=language, family=text,
                )  # fmt: skip


THINGS = ("things.toml", "crossed.toml", "languages.toml")


def things() -> Iterator[Item]:
    """Every thing of the lists in its kind's first template and half of the others; trained on."""
    draw = random.Random(7)
    for file in THINGS:
        for kind, parts in tomllib.loads((HERE / file).read_text(encoding="utf-8")).items():
            names = [name.strip() for name in parts["things"].split(",")]
            others = [name.strip() for name in parts.get("others", "").split(",") if name.strip()]
            for shape in parts["templates"]:
                for name in names:
                    text = shape.replace("{x}", name).replace("{y}", draw.choice(others or names))
                    if shape != parts["templates"][0] and hash_of(text)[1] in "89abcdef":
                        continue
                    item = Item(
                        text=text, acceptable=labels_of(parts["set"]),
                        source=file.partition(".")[0],
                        kind="thing", split="train", language=parts.get("language", "en"),
                        family=f"{kind} {name}",
                        fields={k: parts[k] for k in ("modality",) if k in parts},
                    )  # fmt: skip
                    yield item
                    if "clip" in parts and hash_of(text)[0] in "0123":
                        asked = {"modality": "video"}
                        yield replace(item, acceptable=labels_of(parts["clip"]), fields=asked)


_DRAWN = re.compile(
    r"\b(oil|acrylic)? ?paint(ing|ed)\b|watercolou?r|gouache|illustrat|sketch|\bdrawing|woodcut"
    r"|etching|engraving|cartoon|anime\b|comic|pixel art|ukiyo|hand-drawn|line art|voxel",
    re.IGNORECASE,
)
"""What GUIDE.md calls a drawn style, where the suite gives another category."""


_CLIP = re.compile(
    r"\b(video|clip|footage|camera|shot|take|loop\w*|seconds?|slow[- ]motion|slo-mo|time-?lapse"
    r"|hyperlapse|pans?|zoom\w*|dolly|tracking|handheld|drone|gimbal|cut|film\w*|frames?|animat\w*"
    r"|gif|fps|b-roll|rack focus|push-in|reel|motion)\b",
    re.IGNORECASE,
)
"""Words by which bare text asks for a clip."""


def core() -> Iterator[Item]:
    """Our core suite, half of it by hash of the id; each as a full request and as bare words."""
    told = tomllib.loads((ROOT / "prompts" / "core.toml").read_text(encoding="utf-8"))
    for prompt in told["prompts"]:
        also = ("text-in-image",) if prompt.get("must_render") else ()
        if prompt["modality"] == "image" and _DRAWN.search(prompt["text"]):
            also = (*also, "animation")
        given = {k: prompt[k] for k in ("modality", "seconds", "aspect_ratio", "negative")
                 if prompt.get(k) is not None}  # fmt: skip
        item = Item(
            text=prompt["text"], acceptable=tuple(dict.fromkeys((prompt["category"], *also))),
            source="core", kind="full", split=split_of(prompt["id"]),
            language=prompt["language"], family=prompt["id"], fields=given,
        )  # fmt: skip
        yield item
        bare = item.acceptable
        if prompt["modality"] == "video":
            if not _CLIP.search(prompt["text"]):
                continue  # nobody could know from these words that a clip was wanted
            if prompt["category"] == "animation":
                bare = (*bare, "video")
        yield replace(item, kind="bare", fields={}, acceptable=bare)


def _rows(path: Path) -> dict[int, str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".tsv":
        told = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        return {i: row["Prompt"] for i, row in enumerate(told, 1)}
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return {i: r.get("prompt") or r["text"] for i, r in enumerate(csv.DictReader(file), 1)}
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return {i: row["prompt"] for i, row in enumerate(lines, 1)}
    document = json.loads(text)
    rows = list(document.values()) if isinstance(document, dict) else document
    return {i: row.get("prompt_en") or row["prompt"] for i, row in enumerate(rows, 1)}


def _source(file: str) -> str:
    folder, name = file.split("/")
    short = folder.removeprefix("prompts_").partition("_bench")[0]
    return f"{short}_zh" if name.endswith("_zh.jsonl") else short


def public(data: Path | None = None) -> Iterator[Item]:
    """Labelled prompts of public suites; none where the data is not there.

    Raises
    ------
    ValueError
        When a row holds another text than the one that was labelled.
    """
    data = data or shared_data()
    if data is None:
        return
    texts: dict[str, dict[int, str]] = {}
    with (HERE / "labels.csv").open(encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            rows = texts.setdefault(row["file"], {}) or _rows(data / row["file"])
            texts[row["file"]] = rows
            text = rows[int(row["row"])]
            if not hash_of(text).startswith(row["sha256"]):
                raise ValueError(f"{row['file']} row {row['row']} is not the text labelled")
            source = _source(row["file"])
            yield Item(
                text=text, acceptable=tuple(row["acceptable"].split("|")), source=source,
                kind="as-clip" if row["modality"] else "bare", split=row["split"],
                language="zh" if source.endswith("_zh") else "en", family=text,
                fields={"modality": "video"} if row["modality"] else {},
            )  # fmt: skip


def translated(data: Path | None = None) -> Iterator[Item]:
    """GenAI-Bench's own Chinese of the prompts that were labelled in English."""
    data = data or shared_data()
    if data is None:
        return
    told = json.loads((data / "genai_bench" / "genai_image.json").read_text(encoding="utf-8"))
    chinese = {row["prompt"]: row.get("prompt in Chinese") for row in told.values()}
    for item in public(data):
        if item.source == "genai" and chinese.get(item.text):
            yield replace(item, text=chinese[item.text] or "", source="genai_zh", language="zh")


_NEAR = {"a": "sq", "e": "wr", "i": "uo", "o": "ip", "u": "yi", "s": "ad", "t": "ry", "r": "et",
         "n": "bm", "l": "k", "d": "sf", "m": "n", "g": "fh", "h": "gj"}  # fmt: skip


def misspelled(item: Item, seed: int = 11, share: float = 0.25) -> Item:
    """Type a prompt in haste: letters swapped, dropped, doubled or hit beside."""
    draw = random.Random(f"{seed} {item.text}")
    words = []
    for word in item.text.split(" "):
        if len(word) >= 4 and word.isascii() and draw.random() < share:
            i = draw.randrange(1, len(word) - 1)
            near = draw.choice(_NEAR.get(word[i].lower(), word[i]))
            words.append(
                draw.choice((
                    word[:i] + word[i + 1] + word[i] + word[i + 2 :],
                    word[:i] + word[i + 1 :],
                    word[:i] + word[i] * 2 + word[i + 1 :],
                    word[:i] + near + word[i + 1 :],
                ))
            )  # fmt: skip
        else:
            words.append(word)
    return replace(item, text=" ".join(words), kind="typo")


_SHORT = {"with": "w", "and": "n", "for": "4", "you": "u", "to": "2", "the": "teh", "are": "r",
          "picture": "pic", "photo": "pic", "please": "pls", "video": "vid", "background": "bg",
          "people": "ppl", "one": "1", "two": "2", "night": "nite", "through": "thru"}  # fmt: skip
_ASKED = ("", "", "", "need ", "pls make ", "can u make ", "gimme ", "i want ", "make me ")
_CLOSED = ("", "", "", "", " pls", " thx", " lol", " asap")


def _hurried(word: str, draw: random.Random) -> str:
    if word in _SHORT and draw.random() < 0.6:
        return _SHORT[word]
    if len(word) < 5 or not word.isascii() or draw.random() > 0.5:
        return word
    i = draw.randrange(1, len(word) - 1)
    doubled = re.search(r"(.)\1", word)
    vowels = [j for j in range(1, len(word)) if word[j] in "aeiou"]
    j = draw.choice(vowels) if vowels else i
    return draw.choice((
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + word[i + 1 :],
        word[:j] + word[j + 1 :],
        word[:j] + draw.choice("aeiou") + word[j + 1 :],
        word[: doubled.start()] + word[doubled.start() + 1 :] if doubled else word[:-1],
        word.replace("ph", "f").replace("ck", "k").replace("igh", "i").replace("ou", "u"),
    ))  # fmt: skip


def hasty(item: Item, seed: int = 13) -> Item:
    """Type a prompt as on a phone: small letters, few marks, short forms, letters left out."""
    draw = random.Random(f"{seed} {item.text}")
    words = re.sub(r"[,.;:!?()'\"]+", "", item.text.lower()).split()
    text = " ".join(_hurried(word, draw) for word in words)
    text = f"{draw.choice(_ASKED)}{text}{draw.choice(_CLOSED)}"
    return replace(item, text=text, kind="hasty", split="train")


def gibberish(n: int = 900, seed: int = 5) -> Iterator[Item]:
    """Letters that mean nothing; they fit no category."""
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz" * 3 + "0123456789"
    for i in range(n):
        count = draw.randint(1, 6)
        text = " ".join("".join(draw.choices(letters, k=draw.randint(2, 10))) for _ in range(count))
        yield Item(
            text=text, acceptable=("none",), source="gibberish", kind="gibberish",
            split="test" if i % 3 == 0 else "train",
        )  # fmt: skip


def _held_out() -> set[str]:
    """Beginnings of the hashes of all labelled prompts that are tested on, data there or not."""
    with (HERE / "labels.csv").open(encoding="utf-8") as labels:
        return {row["sha256"] for row in csv.DictReader(labels) if row["split"] != "train"}


def _hurries(item: Item) -> bool:
    """Which prompts are trained on as typed in haste, too: some of every list, in English."""
    if item.split != "train" or item.language != "en" or item.fields or item.kind == "typo":
        return False
    if "'" in item.text or '"' in item.text:
        return False
    return item.source not in ("things", "crossed") or hash_of(item.text)[0] in "01234"


def everything(data: Path | None = None) -> list[Item]:
    """Every prompt of every source, misspelled ones included, in a fixed order.

    What is tested on anywhere is trained on nowhere, "a teapot" in a list of ours included.
    """
    ours = [*written(), *unseen(), *held_out(), *templates(), *taught(), *strangers(), *things()]
    ours += core()
    found = [*ours, *public(data), *translated(data)]
    spaced = [i for i in found if i.language not in ("zh", "ja", "ar", "hi")]
    typed = [
        i for i in spaced if i.source in ("written", "core", "parti", "vbench") and not i.fields
    ]
    found += [misspelled(i) for i in typed if len(i.text.split()) > 2 and i.split != "other"]
    typed_fast = [hasty(i) for i in spaced if _hurries(i)]
    found += [i for i in typed_fast if i.text.strip()]  # of marks alone nothing is left
    found += gibberish()
    held = _held_out() | {hash_of(i.text)[:12] for i in found if i.split != "train"}
    return [i for i in found if i.split != "train" or hash_of(i.text)[:12] not in held]
