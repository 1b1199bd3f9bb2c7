"""A manifest: what outputs made elsewhere are, one row each, as CSV or JSON lines.

    prompt or prompt_id, offer, file [, category, repeat, seed, cost, seconds, model_version]

Everything is checked before anything is used, and a fault is one sentence with its row number.
What this module does not know: whether a file can be decoded; that is a status of its output.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import InputError, ManifestError
from qfloor.meant import meant
from qfloor.media import animation_in, sniff
from qfloor.prices import nanousd
from qfloor.records import CATEGORIES, GENERAL, Modality, Offer, PluginSpec, Prompt, digest_of

COLUMNS: tuple[str, ...] = (
    "prompt", "prompt_id", "offer", "file", "category", "repeat", "seed", "cost", "seconds",
    "model_version",
)  # fmt: skip
MOST = {"repeat": 999, "seed": 10**18}
_MODALITIES = {c.id: c.modalities for c in (*CATEGORIES, GENERAL)}
_MAY_MOVE = ("image/gif", "image/webp", "image/png", "image/avif")
_CLIPS = (".mp4", ".webm", ".mkv", ".mov", ".avi")


@dataclass(frozen=True, kw_only=True)
class ManifestRow:
    """One output made elsewhere; ``number`` is its line in the manifest."""

    number: int
    prompt_id: str
    text: str
    offer_id: str
    path: Path
    modality: Modality
    category: str | None = None
    repeat: int = 0
    seed: int | None = None
    amount_nanousd: int | None = None
    seconds: float | None = None
    model_version: str | None = None

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    @property
    def label(self) -> str:
        """The prompt as the manifest has it: its id, or the beginning of its text."""
        made_up = self.prompt_id == made_up_id(self.text, self.modality)
        return self.text[:60] if made_up else self.prompt_id


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A checked manifest: prompts and offers as a plan takes them, and the rows."""

    path: Path
    prompts: tuple[Prompt, ...]
    offers: tuple[Offer, ...]
    rows: tuple[ManifestRow, ...]

    @property
    def repeats(self) -> int:
        """How many repeats a plan must ask for to reach every row."""
        return 1 + max(row.repeat for row in self.rows)


def read_manifest(path: str | Path, *, prompts: Sequence[Prompt] | None = None) -> Manifest:
    """Read and check a manifest.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.tsv`` (with a header) or JSON lines; files are named relative to its
        folder and must lie in it.
    prompts : sequence of Prompt, optional
        A suite that the rows refer to by ``prompt_id`` or by exact text. Without one the
        prompts are made from the rows (category `general` unless a column says otherwise).

    Returns
    -------
    Manifest

    Raises
    ------
    ManifestError
        In one sentence with the row's number: missing or misnamed columns, a missing file or
        one outside the folder, an unknown prompt, a number that is none, or two rows for one
        prompt, offer and repeat.
    """
    return _read(path, _Known(prompts))


def read_bare(path: str | Path) -> Manifest:
    """Read a manifest for its rows: prompts that only a suite knows are left without their text.

    Raises
    ------
    ManifestError
        As `read_manifest` does.
    """
    return _read(path, _Known(None, bare=True))


def content_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file as the store names media; None of an empty one."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest if file.tell() else None


def made_up_id(text: str, modality: Modality) -> str:
    """Name the prompt of a row that gives no id."""
    return f"m-{digest_of([text, modality], 12)}"


def _read(path: str | Path, known: _Known) -> Manifest:
    manifest = Path(path).expanduser().resolve()
    rows: list[ManifestRow] = []
    taken: dict[tuple[str, str, int], ManifestRow] = {}
    for number, cells in _cells(manifest):
        row = _row(manifest, number, cells, known)
        first = taken.setdefault((row.prompt_id, row.offer_id, row.repeat), row)
        if first is not row:
            raise ManifestError(
                f"{manifest.name} row {number} ({row.name}): prompt {row.label!r} by "
                f"{row.offer_id!r} is already in row {first.number} ({first.name}); number repeats "
                f"in a column 'repeat'"
            )
        rows.append(row)
    if not rows:
        raise ManifestError(f"{manifest.name} has no rows")
    return Manifest(
        path=manifest,
        prompts=tuple(known.by_id[i] for i in dict.fromkeys(r.prompt_id for r in rows)),
        offers=_offers(manifest, rows),
        rows=tuple(rows),
    )


class _Known:
    """The prompts rows may name: those of a suite, or those the rows themselves bring."""

    def __init__(self, prompts: Sequence[Prompt] | None, *, bare: bool = False) -> None:
        self.open = prompts is None
        self._bare = bare
        self.by_id = {p.id: p for p in prompts or ()}
        self._by_text = {p.text.strip(): p for p in prompts or ()}

    def find(self, cells: Mapping[str, str], modality: Modality, where: str) -> Prompt:
        text, given = cells.get("prompt", ""), cells.get("prompt_id", "")
        category = cells.get("category", "")
        _check_category(category, modality, where)
        if not text and not given:
            raise ManifestError(f"{where}: needs a prompt or a prompt_id")
        found = self.by_id.get(given) if given else self._by_text.get(text)
        if found is None:
            if not self.open:
                raise ManifestError(f"{where}: the suite has no prompt {(given or text)[:80]!r}")
            return self._make(text, given, category, modality, where)
        if text and found.text and found.text.strip() != text:
            raise ManifestError(f"{where}: prompt_id {found.id!r} stands for another text")
        if found.modality != modality:
            if self.open and not given:
                return self._make(text, "", category, modality, where)
            raise ManifestError(
                f"{where}: prompt {found.id!r} asks for {found.modality}, the file is {modality}"
            )
        if category and category != found.category and not self._bare:
            raise ManifestError(
                f"{where}: prompt {found.id!r} is in category {found.category!r}, not {category!r}"
            )
        return found

    def _make(self, text: str, given: str, category: str, modality: Modality, where: str) -> Prompt:
        if not text and not self._bare:
            raise ManifestError(f"{where}: prompt_id {given!r} comes without a prompt or a suite")
        prompt_id = given or made_up_id(text, modality)
        made = Prompt(
            id=prompt_id,
            text=text,
            category=category or GENERAL.id,
            modality=modality,
            family=prompt_id,
            source="manifest",
        )
        self._by_text.setdefault(text, made)
        return self.by_id.setdefault(prompt_id, made)


def _check_category(category: str, modality: Modality, where: str) -> None:
    if not category:
        return
    if category not in _MODALITIES:
        hint = meant(category, _MODALITIES)
        raise ManifestError(f"{where}: category {category!r} is unknown{hint}")
    if modality not in _MODALITIES[category]:
        raise ManifestError(f"{where}: category {category!r} has no {modality}s")


def _row(manifest: Path, number: int, cells: Mapping[str, str], known: _Known) -> ManifestRow:
    where = f"{manifest.name} row {number}"
    if not cells.get("offer"):
        raise ManifestError(f"{where}: the offer is empty")
    path = _file(manifest.parent, cells.get("file", ""), where)
    prompt = known.find(cells, _modality(path, where), where)
    return ManifestRow(
        number=number,
        prompt_id=prompt.id,
        text=prompt.text,
        offer_id=cells["offer"],
        path=path,
        modality=prompt.modality,
        category=prompt.category,
        repeat=_whole(cells, "repeat", where) or 0,
        seed=_whole(cells, "seed", where),
        amount_nanousd=_cost(cells, where),
        seconds=_seconds(cells, where),
        model_version=cells.get("model_version") or None,
    )


def _file(folder: Path, name: str, where: str) -> Path:
    name, said = name.strip(), name
    if not name:
        raise ManifestError(f"{where}: the file is empty")
    try:
        path = (folder / said).resolve()
        if not path.is_file():  # blanks around a cell are rarely of the name
            path = (folder / name).resolve()
        is_file = path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, links in a ring
        raise ManifestError(f"{where}: {name[:80]!r} is no file name ({error})") from error
    if not path.is_relative_to(folder):
        raise ManifestError(f"{where}: {name} lies outside {folder}")
    if not is_file:
        raise ManifestError(f"{where}: there is no file {name} in {folder}")
    return path


def _modality(path: Path, where: str) -> Modality:
    """By the first bytes; by the name when they say nothing (a damaged file is a status).

    A GIF may be either: one that moves is a clip.
    """
    try:
        with open(path, "rb") as file:
            found = sniff(file.read(64))
    except OSError as error:
        raise ManifestError(f"{where}: {path.name} cannot be read: {error.strerror}") from error
    if found is None:
        return "video" if path.suffix.lower() in _CLIPS else "image"
    if found in _MAY_MOVE and _is_animation(path, found, where):
        return "video"
    return "video" if found.startswith("video/") else "image"


def _is_animation(path: Path, media_type: str, where: str) -> bool:
    frames, timed = animation_in(path)
    if frames > 1 and media_type != "image/gif":
        raise ManifestError(
            f"{where}: {path.name} is an animation of {frames} frames in {media_type}, which is "
            "not read as a clip; give it as MP4, WebM or GIF"
        )
    if frames > 1 and not timed:
        raise ManifestError(
            f"{where}: {path.name} is an animation of {frames} frames that says not for how long "
            "each is shown; give it with times, or as MP4 or WebM"
        )
    return frames > 1


def _whole(cells: Mapping[str, str], name: str, where: str) -> int | None:
    text = cells.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise ManifestError(f"{where}: {name} must be a whole number >= 0, not {text!r}")
    if len(text) > len(str(MOST[name])) or int(text) > MOST[name]:
        raise ManifestError(f"{where}: {name} must be at most {MOST[name]}, not {text[:30]}")
    return int(text)


def _seconds(cells: Mapping[str, str], where: str) -> float | None:
    text = cells.get("seconds", "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ManifestError(f"{where}: seconds must be a number >= 0, not {text!r}")
    return seconds


def _cost(cells: Mapping[str, str], where: str) -> int | None:
    text = cells.get("cost", "")
    try:
        amount = nanousd(text) if text else None
    except (InputError, ArithmeticError):
        amount = -1
    if amount is not None and not 0 <= amount < 2**63:
        raise ManifestError(f"{where}: cost must be USD such as 0.04, not {text[:30]!r}")
    return amount


def _cells(manifest: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows as text by column, stripped but for names of files, with their line numbers."""
    is_table = tables.ending(manifest) in (".csv", ".tsv")
    read: Callable[..., Iterator[tuple[int, dict[str, Any]]]]
    read = tables.rows if is_table else tables.json_rows
    for number, cells in read(manifest, ManifestError):
        unknown = sorted(set(cells) - set(COLUMNS))
        if unknown:
            raise ManifestError(
                f"{manifest.name} row {number}: unknown column {unknown[0]!r}; known: "
                f"{', '.join(COLUMNS)}"
            )
        told = {k: _text(v, manifest, number) for k, v in cells.items()}
        yield number, {k: v if k == "file" else v.strip() for k, v in told.items()}


def _text(value: Any, manifest: Path, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        raise ManifestError(f"{manifest.name} row {number}: {value!r} is neither text nor number")
    return str(value)


def _offers(manifest: Path, rows: Sequence[ManifestRow]) -> tuple[Offer, ...]:
    made: dict[str, list[Modality]] = {}
    for row in rows:
        kinds = made.setdefault(row.offer_id, [])
        if row.modality not in kinds:
            kinds.append(row.modality)
    return tuple(
        Offer(
            id=offer_id,
            model=offer_id.split("/")[-1].split("@")[0],
            provider=offer_id.split("/")[0] if "/" in offer_id else "folder",
            modality=kinds[0],
            modalities=tuple(sorted(kinds)),
            generator=PluginSpec(name="folder", args={"manifest": str(manifest)}),
            notes=f"made elsewhere; taken in by {manifest.name}",
        )
        for offer_id, kinds in made.items()
    )
