"""Read entries of foreign files of pairs: each field checked, whatever way it was written.

Tools write the same thing as CSV, JSON lines or Parquet: a flag is ``True``, ``"True"`` or ``1``.
What a file does not tell of a pair (its prompt, its models) is stood in for here, in one way for
all formats.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import FLAGS
from qfloor.ratings.judgment import ANONYMOUS, Faults, Reading, ReadOptions, Side, Versus
from qfloor.ratings.mapping import Mapped
from qfloor.ratings.parquet import is_parquet, parquet_rows
from qfloor.ratings.wording import listed, nearest

NO_PROMPT = "no-prompt"
"""The prompt of pairs that are told with models only; all of them share it."""

UNNAMED = "unnamed"
"""The model of outputs of which nobody says what made them."""

UNNAMED_NOTE = "the file names no models: its comparisons are votes on pairs, not between offers"
MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds since 1970: as seconds they would be of the year 5138."""

TABLES = (".csv", ".tsv", ".tab", ".txt")


class Entry:
    """One object of a file, with its place for messages.

    Parameters
    ----------
    faults : Faults
    row : int
    values : mapping
        Field to value, as the file has it.
    """

    def __init__(self, faults: Faults, row: int, values: Mapping[str, Any]) -> None:
        self.row = row
        self.values = values
        self._faults = faults

    def wrong(self, what: str) -> RatingsError:
        """Build the error of this entry."""
        return self._faults.wrong(self.row, what)

    def need(self, *names: str) -> None:
        """Refuse an entry that lacks a field."""
        for name in names:
            if name not in self.values:
                there = listed(self.values, 8)
                raise self.wrong(f"field {name!r} is missing (there are {there}), add it")

    def text(self, name: str) -> str:
        """Text or a number as text, without blanks around it; empty when absent."""
        value = self.values.get(name)
        if type(value) is str:  # what nearly all are: before slower questions
            return value.strip()
        if value is None:
            return ""
        if isinstance(value, dt.datetime):  # Parquet has moments of its own
            return value.isoformat()
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong(f"{name} is {type(value).__name__}, expected text")
        if isinstance(value, float) and not math.isfinite(value):
            return ""
        return str(value).strip()

    def number(self, name: str) -> float | None:
        """A finite number, or None when empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(f"{name} {text!r} is not a number")
        return value

    def flag(self, name: str) -> bool | None:
        """Yes or no, or None when empty."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name).lower()
        if text and text not in FLAGS:
            raise self.wrong(f"{name} {text!r} is neither yes nor no, write true or false")
        return FLAGS[text] if text else None

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """One of some words."""
        text = self.text(name)
        if text.lower() not in allowed:
            raise self.wrong(f"{name} {text!r} is unknown {nearest(text, allowed)}")
        return text.lower()

    def whole(self, name: str, kind: type[Any], what: str) -> Any:
        """A list or an object, named in messages as ``what``."""
        value = self.values.get(name)
        if not isinstance(value, kind):
            raise self.wrong(f"{name} must be {what}")
        return value

    def rater(self, name: str) -> str:
        """Who; anonymous when the field is empty."""
        text = self.text(name)
        return ANONYMOUS if not text or text.lower() == ANONYMOUS else text

    def moment(self, name: str) -> str | None:
        """Seconds since 1970, or a date and time as it was written; None when empty.

        Tables that pandas wrote as JSON have milliseconds.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            seconds = None
        if seconds is not None and seconds >= MILLISECONDS_FROM:
            seconds /= 1000
        try:
            if seconds is None:
                dt.datetime.fromisoformat(text)
                return text
            return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            raise self.wrong(f"{name} {text!r} is no date and time") from None


def entries(path: Path, noun: str) -> Iterator[Entry]:
    """Give the entries of a CSV, TSV, JSON (an array or lines) or Parquet file.

    Raises
    ------
    RatingsError
        When the file cannot be read as what its ending says.
    """
    faults = Faults(path, noun)
    rows: Iterable[tuple[int, Mapping[str, Any]]]
    if tables.ending(path) in TABLES:
        rows = tables.rows(path, RatingsError)
    elif is_parquet(path):
        rows = parquet_rows(path)
    else:
        rows = tables.json_rows(path, RatingsError)
    return (Entry(faults, row, values) for row, values in rows)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of a file, what was dropped of it, and of how many entries they came."""

    found: list[Versus]
    dropped: Counter[str]
    ignored: tuple[str, ...]
    n_entries: int

    def reading(self, *notes: str) -> Reading:
        """All that was found: comparisons only."""
        return Reading(
            judgments=(),
            comparisons=self.found,
            n_rows=len(self.found) + self.dropped.total(),
            dropped=self.dropped,
            ignored_columns=self.ignored,
            notes=notes,
        )


def read_pairs(
    path: Path,
    options: ReadOptions,
    noun: str,
    known: Set[str],
    parse: Callable[[Entry], Versus | Iterable[Versus] | str],
    *mapped: str,
) -> Pairs:
    """Give the pairs of all entries; ``parse`` gives that or those of one, or why it is dropped.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    check_mapping(path, options, *mapped)
    found: list[Versus] = []
    dropped: Counter[str] = Counter()
    ignored: set[str] = set()
    n_entries = 0
    for entry in entries(path, noun):
        n_entries += 1
        ignored |= entry.values.keys() - known
        pairs = parse(entry)
        if isinstance(pairs, Versus):
            found.append(pairs)
        elif isinstance(pairs, str):
            dropped[pairs] += 1
        else:
            found += pairs
    told = tuple(sorted(ignored))
    return Pairs(found=found, dropped=dropped, ignored=told, n_entries=n_entries)


def prompt_of(text: str) -> str:
    """Name a prompt by its text: the same text, the same name.

    Examples
    --------
    >>> prompt_of("a red fox")
    'text-8bf06b2eb0fb'
    """
    return f"text-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def sides_of(prompt: str, left: str, right: str) -> tuple[Side, Side]:
    """Two outputs of a prompt by their models; of one model they are two all the same."""
    if left != right:
        return Side(model=left), Side(model=right)
    return (
        Side(item=f"{prompt}/{left}/left", model=left),
        Side(item=f"{prompt}/{right}/right", model=right),
    )


def model_of(file: str, mapped: Mapped, entry: Entry) -> str:
    """Read the model out of a file's name, if the caller says where it stands."""
    column = mapped.columns.get("model")
    if column is None:
        return UNNAMED
    found = column.fixed if column.fixed is not None else column.cut(file)
    if not found:
        raise entry.wrong(f"file {file!r} has no {column.wanted}, so its model is not found there")
    return found


def check_mapping(path: Path, options: ReadOptions, *allowed: str) -> None:
    """Refuse what the caller says and the format has no use for."""
    mapped = options.mapping
    said = [*mapped.columns, *mapped.criteria, *mapped.answers]
    for name in said:
        if name not in allowed or name not in mapped.columns:
            known = f"only {listed(allowed)} may be mapped" if allowed else "nothing is mapped"
            raise RatingsError(f"{path}: {name!r} means nothing in this format; {known}")
