"""Read the fields of a table of judgments: each value checked, each fault with its line.

Made for many rows: what repeats from row to row (scales, kinds, numbers) is parsed once.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import ANONYMOUS, Faults, listed
from qfloor.ratings.wording import nearest as nearest

V = TypeVar("V")
FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def check_columns(
    path: Path,
    found: Sequence[str],
    known: Collection[str],
    required: Collection[str],
    *,
    ignore_unknown: bool,
) -> tuple[str, ...]:
    """Check a header; returns the unknown columns that are left aside.

    Raises
    ------
    RatingsError
        When a required column is not there, or one is unknown and may not be ignored.
    """
    unknown = tuple(name for name in found if name not in known)
    for name in required:
        if name not in found:
            close = difflib.get_close_matches(name, unknown, n=1, cutoff=0.5)
            hint = f"is {close[0]!r} meant to be it?" if close else f"there are {listed(found, 20)}"
            raise RatingsError(f"{path}: column {name!r} is missing ({hint}); nothing was imported")
    if unknown and not ignore_unknown:
        named = f"column {unknown[0]!r} is unknown" if unknown[0] else "a column has no name"
        raise RatingsError(
            f"{path}: {named} {nearest(unknown[0], known)}, rename it or leave unknown columns "
            "aside with --ignore-unknown-columns; nothing was imported"
        )
    return unknown


def in_our_spelling(found: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Give columns that differ from known ones in case, blanks or hyphens the known names.

    Examples
    --------
    >>> in_our_spelling(["Rater ID", "Score", "mood"], ["rater_id", "score"])
    ('rater_id', 'score', 'mood')
    """
    ours = {_folded(name): name for name in known}
    renamed = tuple(ours.get(_folded(name), name) for name in found)
    return renamed if len(set(renamed)) == len(renamed) else tuple(found)


def _folded(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())


class Fields:
    """The row that is being read: typed access by column name.

    Parameters
    ----------
    path : Path
        The file, for messages.
    noun : str
        What its rows are called.
    """

    def __init__(self, path: Path, noun: str = "line") -> None:
        self._faults = Faults(path, noun)
        self.row = 0
        self.values: Mapping[str, str] = {}
        self.commas = tables.Commas(path)
        self._parsed: dict[tuple[str, str], Any] = {}

    def turn_to(self, row: int, values: Mapping[str, str]) -> None:
        """Go on to another row."""
        self.row = row
        self.values = values

    def wrong(self, what: str) -> RatingsError:
        """Build the error of this row."""
        return self._faults.wrong(self.row, what)

    def text(self, name: str) -> str:
        """A field without the blanks around it; empty when the column is not there."""
        return self.values.get(name, "").strip()

    def needed(self, name: str) -> str:
        """A field that must not be empty."""
        text = self.text(name)
        if not text:
            raise self.wrong(f"{name} is empty, fill it in")
        return text

    def number(self, name: str) -> float | None:
        """A finite number, or None when empty."""
        return self._once(name, self._number)

    def count(self, name: str) -> str:
        """A whole number as text in one spelling (``3`` for ``3.0``), or empty."""
        value = self.number(name)
        if value is None:
            return ""
        if not value.is_integer() or value < 0:
            raise self.wrong(f"{name} {self.text(name)!r} is not a whole number")
        return str(int(value))

    def flag(self, name: str) -> bool | None:
        """Yes or no, or None when empty."""
        return self._once(name, self._flag)

    def one_of(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of some words, or the default when empty."""
        written = self.values.get(name, "")
        known: str | None = self._parsed.get((name, written))
        if known is not None:
            return known
        text = written.strip()
        if not text:
            return default
        if text.lower() not in allowed:
            raise self.wrong(f"{name} {text!r} is unknown {nearest(text, allowed)}")
        self._parsed[name, written] = text.lower()
        return text.lower()

    def moment(self, name: str) -> str | None:
        """A date and time in ISO 8601, as it was written; None when empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            dt.datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong(
                f"{name} {text!r} is no date and time, write it as 2026-01-02T03:04:05Z"
            ) from None
        return text

    def seconds(self, name: str) -> float | None:
        """A duration told in milliseconds; None when empty."""
        milliseconds = self.number(name)
        if milliseconds is None:
            return None
        if milliseconds < 0:
            raise self.wrong(f"{name} {milliseconds:g} is negative, correct it or leave it empty")
        return milliseconds / 1000

    def _once(self, name: str, parse: Callable[[str, str], V]) -> V | None:
        text = self.values.get(name, "")
        if not text:
            return None
        key = (name, text)
        value: V | None = self._parsed.get(key)
        if value is None and text.strip():
            value = self._parsed[key] = parse(name, text.strip())
        return value

    def _number(self, name: str, text: str) -> float:
        try:
            value = math.nan if "_" in text else float(text)
            self.commas.look(text)
        except ValueError:
            found = self.commas.read(text)
            value = math.nan if found is None else found
        if self.commas.doubt:
            raise self.wrong(self.commas.doubt)
        if not math.isfinite(value):
            hint = ", write it with a decimal point" if "," in text else ""
            raise self.wrong(f"{name} {text!r} is not a number{hint}")
        return value

    def _flag(self, name: str, text: str) -> bool:
        if text.lower() not in FLAGS:
            raise self.wrong(f"{name} {text!r} is neither yes nor no, write 1 or 0")
        return FLAGS[text.lower()]


class RowReader:
    """Reads rows that are lists of cells; what repeats from row to row is read when first met.

    What is wrong is never remembered, so that every message names its own row.

    Parameters
    ----------
    path : Path
        The file, for messages.
    header : tuple of str
        The columns that it has.
    columns : sequence of str
        Those that are read, in the order in which `picked` gives them.
    judging : str
        What a rater did, for messages.
    """

    def __init__(
        self, path: Path, header: tuple[str, ...], columns: Sequence[str], judging: str
    ) -> None:
        self._fields = Fields(path)
        self._header = header
        at = {name: n for n, name in enumerate(header)}
        self._pick = itemgetter(*(at.get(name, len(header)) for name in columns))
        self._judging = judging
        self._raters: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how cells were read."""
        return (tables.COMMAS,) if self._fields.commas.met else ()

    def picked(self, values: list[str]) -> Sequence[str]:
        """The cells of a row; empty where the column is not there."""
        values.append("")
        picked: Sequence[str] = self._pick(values)
        return picked

    def turned(self, line: int, values: list[str]) -> Fields:
        """The fields of a row of which something was not met before."""
        self._fields.turn_to(line, dict(zip(self._header, values, strict=False)))
        return self._fields

    def rater(self, name: str, line: int, values: list[str]) -> str:
        """Who, as ``rater_id`` says."""
        who = self._raters.get(name)
        if who is None:
            who = self._raters[name] = self._rater(self.turned(line, values))
        return who

    def _rater(self, fields: Fields) -> str:
        name = fields.text("rater_id")
        if not name:
            raise fields.wrong(
                f"rater_id is empty, write {ANONYMOUS!r} where nobody knows who {self._judging}"
            )
        return ANONYMOUS if name.lower() == ANONYMOUS else name

    def duration(self, text: str, line: int, values: list[str]) -> float | None:
        """Seconds, as ``duration_ms`` says."""
        if text.isdecimal() and text.isascii():
            return int(text) / 1000
        return self.turned(line, values).seconds("duration_ms") if text else None

    def moment(self, name: str, text: str, line: int, values: list[str]) -> str | None:
        """A date and time, as the column of that name says."""
        try:
            dt.datetime.fromisoformat(text)
        except ValueError:
            return self.turned(line, values).moment(name)
        return text
