"""``hpd``: Human Preference Dataset v2, its ``train.json`` of choices or ``test.json`` of rankings.

    [{"prompt": "..", "file_path": ["1.jpg", "2.jpg"], "human_preference": [1, 0]}]
    [{"prompt": "..", "image_path": ["1.jpg", ..], "rank": [2, 1, ..],
      "raw_annotations": [{"rank": [2, 1, ..], "user_hash": ".."}]}]

The published files and what is said of them differ in names: ``image_path`` or ``file_path``,
``raw_annotations`` or ``raw_annotation``, ``rank`` or ``annotation`` in it. Each is read.

A ranking is every pair of its pictures, the lowest rank best; each annotator's own where they are
told, else the one that was averaged over annotators, which is nobody's; an entry without either is
dropped and counted. Pairs of one ranking hang
together, and the report says so. The models are in no column; they may stand in the file names
(``--map "model=file before last _"``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.entries import (
    Entry,
    model_of,
    prompt_of,
    read_pairs,
)
from qfloor.ratings.formats.published_votes import notes_of, ranked_pairs
from qfloor.ratings.judgment import ANONYMOUS, Format, Reading, ReadOptions, Side, Versus
from qfloor.ratings.mapping import Mapped
from qfloor.records import Winner

CHOICES: dict[tuple[object, ...], Winner] = {(1, 0): "left", (0, 1): "right"}
FILES = ("image_path", "file_path")
ANNOTATORS = ("raw_annotations", "raw_annotation")
RANKS = ("rank", "annotation")  # of an annotator
THIRD = (
    "path1 and path2 are of HPD v3, which tells counts of votes (choice_dist): write them as a "
    "table with the columns prompt, model1, model2, votes_image1 and votes_image2 for -f rapidata"
)
KNOWN = {"prompt", "human_preference", "user_hash", "rank", *FILES, *ANNOTATORS}


def read(path: Path, options: ReadOptions) -> Reading:
    """Read choices or rankings.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    n_rankings = 0

    def parse(entry: Entry) -> Versus | Iterable[Versus] | str:
        nonlocal n_rankings
        text = entry.text("prompt")
        if not text:
            raise entry.wrong("prompt is empty, fill it in")
        if "human_preference" in entry.values:
            return _choice(entry, options.mapping, text)
        if "path1" in entry.values:
            raise entry.wrong(THIRD)
        name = _spelt(entry, FILES)
        entry.need(name)
        files = entry.whole(name, list, "a list of files")
        rankings = list(_rankings(entry))
        n_rankings += len(rankings)
        if not rankings:
            return "no ranking"
        said = {"prompt": prompt_of(text), "text": text}
        return [
            pair
            for rater, ranks in rankings
            for pair in ranked_pairs(entry, options.mapping, files, ranks, rater=rater, **said)
        ]

    pairs = read_pairs(path, options, "entry", KNOWN, parse, "model")
    if not pairs.n_entries:
        raise RatingsError(f"{path}: there is no entry in it; nothing was imported")
    notes = notes_of(options)
    if n_rankings:
        notes.append(f"pairs come of {several(n_rankings, 'ranking')}, so they are not independent")
    return pairs.reading(*notes)


def _choice(entry: Entry, mapped: Mapped, text: str) -> Versus:
    name = _spelt(entry, FILES)
    files = entry.whole(name, list, "a list of two files")
    liked = entry.whole("human_preference", list, "1 and 0")
    if len(files) != 2 or not all(isinstance(file, str) and file for file in files):
        raise entry.wrong(f"{name} must be a list of two files")
    winner = CHOICES.get(tuple(liked)) if {int}.issuperset(map(type, liked)) else None
    if winner is None:
        raise entry.wrong(f"human_preference is {str(liked)[:40]}, expected 1 and 0, correct it")
    left, right = (Side(item=file, model=model_of(file, mapped, entry)) for file in files)
    return Versus(
        row=entry.row,
        left=left,
        right=right,
        winner=winner,
        rater=entry.rater("user_hash"),
        prompt=prompt_of(text),
        text=text,
        modality="image",
    )


def _spelt(entry: Entry, names: tuple[str, str]) -> str:
    """Which of two names a field has here; the first where it has neither."""
    return names[1] if names[0] not in entry.values and names[1] in entry.values else names[0]


def _rankings(entry: Entry) -> Iterator[tuple[str, list[object]]]:
    """Give each annotator's ranks, or those of all together; nothing where there are none."""
    name = _spelt(entry, ANNOTATORS)
    if entry.values.get(name) in (None, []):
        if name not in entry.values:
            entry.need("rank")
        if entry.values.get("rank"):
            yield ANONYMOUS, entry.whole("rank", list, "a list of ranks")
        return
    for said in entry.whole(name, list, "a list of annotators' ranks"):
        ranks = [said[r] for r in RANKS if r in said] if isinstance(said, dict) else []
        if not ranks or not isinstance(ranks[0], list):
            raise entry.wrong(f"an annotation in {name} has no list 'rank'")
        yield str(said.get("user_hash") or ANONYMOUS), ranks[0]


FORMAT = Format(
    name="hpd",
    read=read,
    maps="some",
    noun="entry",
    takes="HPD v2's train.json (choices) or test.json (rankings); the model by --map.",
)
