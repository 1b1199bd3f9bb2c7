"""What the user says of a file that does not say it itself: one small mapping for all formats.

A foreign file has its own columns and questions. Which of its columns is the model, what a
question is called here, what an answer is worth: none of it is guessed. It is said with options,

    --map item=item1 --map "model=file before last _" --map category:=portrait
    --map "model=folder of file"
    --criterion q1=quality@0:10   --answer "Good=5"

or in a TOML file given as ``--map mapping.toml``:

    [map]
    item = "item1"
    "image2.item" = "item2"                 # what is shown as image2
    model = "file before last _"
    category = { is = "portrait" }
    [criteria]
    q1 = { name = "quality", scale = "0:10" }   # or just "quality"
    [answers]
    Good = 5
    "Left is better" = "left"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, cast

from qfloor.errors import RatingsError
from qfloor.ratings.scale import Scale, parse_scale
from qfloor.ratings.wording import nearest
from qfloor.records import Winner
from qfloor.tables import read_text

FIELDS: tuple[str, ...] = (
    "item", "prompt", "text", "category", "modality", "model", "seed", "rater", "session", "at",
)  # fmt: skip
"""What may be said of a judgment; the first seven describe what was rated."""

WINNERS: tuple[Winner, ...] = ("left", "right", "tie", "both_bad")
"""What an answer to a question about two outputs may be worth."""

SKIP: Literal["skip"] = "skip"
"""What an answer is worth that is none ("can't say"): dropped, and counted as such."""

Worth = float | Winner | Literal["skip"]
"""What an answer is worth."""

_CUT = re.compile(r"(?P<column>.+?) (?P<part>before|after) (?P<which>first|last) (?P<sign>\S+)")
_FOLDER = re.compile(r"folder (?:(?P<up>[1-9]) )?of (?P<column>.+)")


FOLDER = "folder"


class Column(NamedTuple):
    """Where a field is found: in a column, in a part of a file name in it, or said outright.

    Attributes
    ----------
    name : str
        Of the column; empty when ``fixed`` says it.
    part, which, sign : str
        ``before`` or ``after`` the ``first`` or ``last`` such sign, of the file name without
        folders and ending; ``folder`` and which above the file (``1`` holds it), without a sign;
        empty when the whole column is meant.
    fixed : str or None
        The same for all rows.
    """

    name: str
    part: str = ""
    which: str = ""
    sign: str = ""
    fixed: str | None = None

    def cut(self, value: str) -> str | None:
        """Take the part that is meant; None when the sign is not there.

        Examples
        --------
        >>> parse_column("file before last _").cut("images/sd1.5_highcorr_000.jpg")
        'sd1.5_highcorr'
        >>> parse_column("file").cut("images/sd1.5_highcorr_000.jpg")
        'images/sd1.5_highcorr_000.jpg'
        >>> parse_column("folder of file").cut("images/sdxl/000.jpg")
        'sdxl'
        """
        return _cut(self, value) if self.part else value

    @property
    def wanted(self) -> str:
        """What a value must have to be cut, for messages."""
        return f"{self.sign!r}" if self.sign else "folder above it"

    def __str__(self) -> str:
        if self.part == FOLDER:
            return (
                f"folder {self.which} of {self.name}"
                if self.which != "1"
                else (f"folder of {self.name}")
            )
        return f"{self.name} {self.part} {self.which} {self.sign}" if self.part else self.name


@lru_cache(maxsize=4096)
def _cut(column: Column, value: str) -> str | None:
    name = PurePosixPath(value.replace("\\", "/"))
    if column.part == FOLDER:
        folders = [part for part in name.parts[:-1] if part != name.root]
        return folders[-int(column.which)] if len(folders) >= int(column.which) else None
    stem = name.stem if name.suffix[1:].isalnum() and not name.suffix[1:].isdigit() else name.name
    split = stem.rpartition if column.which == "last" else stem.partition
    before, found, after = split(column.sign)
    return (before if column.part == "before" else after) if found else None


class Criterion(NamedTuple):
    """What a question of the file is called here, and its scale where it has one of its own."""

    name: str
    scale: Scale | None = None


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What the user said.

    Attributes
    ----------
    columns : mapping
        ``field`` or ``object.field`` -> where it is found. An object is what the file shows or
        asks about: an image's name, a question's name, ``left`` and ``right``.
    criteria : mapping
        Question -> criterion. When there is any, other questions are left aside, and told.
    answers : mapping
        Text of an answer -> a number, one of `WINNERS`, or `SKIP`.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    answers: Mapping[str, Worth] = field(default_factory=dict)

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """The objects that fields were mapped for, in the order given."""
        return tuple(dict.fromkeys(k.rpartition(".")[0] for k in self.columns if "." in k))


def parse_column(text: str) -> Column:
    """Read ``COLUMN``, ``COLUMN before|after first|last SIGN`` or ``folder [N] of COLUMN``."""
    folder = _FOLDER.fullmatch(text.strip())
    if folder:
        return Column(folder["column"], FOLDER, folder["up"] or "1")
    found = _CUT.fullmatch(text.strip())
    return Column(*found.groups()) if found else Column(text.strip())


def parse_mapping(
    columns: Iterable[str] = (), criteria: Iterable[str] = (), answers: Iterable[str] = ()
) -> Mapped:
    """Read what was said in options.

    Parameters
    ----------
    columns : iterable of str
        ``FIELD=COLUMN``, ``FIELD:=TEXT`` or the name of a TOML file.
    criteria : iterable of str
        ``QUESTION=NAME`` or ``QUESTION=NAME@LOW:HIGH``.
    answers : iterable of str
        ``TEXT=NUMBER``, ``TEXT=left``, ...

    Raises
    ------
    RatingsError
        Of the first that cannot be read.

    Examples
    --------
    >>> mapped = parse_mapping(["item=item1"], ["q1=quality@0:10"], ["Good=5"])
    >>> mapped.criteria["q1"]
    Criterion(name='quality', scale=Scale(lo=0.0, hi=10.0))
    >>> mapped.answers
    {'Good': 5.0}
    """
    found: dict[str, Column] = {}
    named: dict[str, Criterion] = {}
    worth: dict[str, Worth] = {}
    for said in columns:
        if "=" not in said and said.endswith(".toml"):
            _read_file(Path(said), found, named, worth)
            continue
        key, value = _split(said, "--map", "FIELD=COLUMN, FIELD:=TEXT or a .toml file")
        fixed = key.endswith(":")
        key = _field(key.removesuffix(":").strip(), "--map")
        found[key] = Column("", fixed=value) if fixed else parse_column(value)
    for said in criteria:
        key, value = _split(said, "--criterion", "QUESTION=NAME or QUESTION=NAME@LOW:HIGH")
        name, _, scale = value.partition("@")
        named[key] = Criterion(name.strip(), parse_scale(scale) if scale else None)
    for said in answers:
        key, value = _split(said, "--answer", "TEXT=NUMBER, or TEXT=left|right|tie|both_bad|skip")
        worth[key] = _worth(value, "--answer")
    return Mapped(columns=found, criteria=named, answers=worth)


def _split(said: str, option: str, form: str) -> tuple[str, str]:
    key, sign, value = said.rpartition("=") if option == "--answer" else said.partition("=")
    if not sign or not key.strip() or not value.strip():
        raise RatingsError(f"{option} {said!r} cannot be read; write it as {form}")
    return key.strip(), value.strip()


def _field(key: str, where: str) -> str:
    name = key.rpartition(".")[2]
    if name not in FIELDS:
        raise RatingsError(f"{where}: field {name!r} is unknown {nearest(name, FIELDS)}")
    return key


def _worth(value: Any, where: str) -> Worth:
    if isinstance(value, str) and value.strip().lower() in (*WINNERS, SKIP):
        return cast("Worth", value.strip().lower())
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not abs(number) < float("inf"):
        raise RatingsError(
            f"{where}: an answer is worth a number or one of {', '.join((*WINNERS, SKIP))}, "
            f"not {value!r}"
        )
    return number


def _read_file(
    path: Path,
    columns: dict[str, Column],
    criteria: dict[str, Criterion],
    answers: dict[str, Worth],
) -> None:
    try:
        tables = tomllib.loads(read_text(path, RatingsError))
    except (ValueError, RecursionError) as problem:
        raise RatingsError(f"{path}: not valid TOML: {problem}") from problem
    for name, table in tables.items():
        if name not in ("map", "criteria", "answers") or not isinstance(table, dict):
            raise RatingsError(f"{path}: {name!r} is no table of [map], [criteria], [answers]")
    for key, value in tables.get("map", {}).items():
        columns[_field(key, str(path))] = _column(path, key, value)
    for key, value in tables.get("criteria", {}).items():
        criteria[key] = _criterion(path, key, value)
    for key, value in tables.get("answers", {}).items():
        answers[key] = _worth(value, str(path))


def _column(path: Path, key: str, value: Any) -> Column:
    if isinstance(value, str) and value.strip():
        return parse_column(value)
    if isinstance(value, dict) and set(value) == {"is"} and isinstance(value["is"], str):
        return Column("", fixed=value["is"])
    raise RatingsError(f"{path}: [map] {key} must be a column's name or {{ is = TEXT }}")


def _criterion(path: Path, key: str, value: Any) -> Criterion:
    if isinstance(value, str) and value.strip():
        return Criterion(value.strip())
    if isinstance(value, dict) and {"name"} <= set(value) <= {"name", "scale"}:
        scale = value.get("scale")
        return Criterion(str(value["name"]), parse_scale(str(scale)) if scale else None)
    raise RatingsError(f"{path}: [criteria] {key} must be a name or {{ name, scale }}")
