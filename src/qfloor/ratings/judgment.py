"""What every format of human judgments is turned into before anything else looks at it.

A format module reads a file into `Judgment` rows and knows nothing of stores, digests or offers;
what comes after knows nothing of columns. A new format is one module that gives a `Reading`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from qfloor.errors import RatingsError

CONTROLS: tuple[str, ...] = ("test", "placebo", "catch", "repeat", "training")
"""What a rating was asked for; all but ``test`` are kept and never enter a floor."""

TEST = CONTROLS[0]
ANONYMOUS = "anonymous"
"""The rater of judgments of which nobody knows who gave them."""


class Scale(NamedTuple):
    """The ends of a rating scale, as declared; never guessed from what was seen."""

    lo: float
    hi: float

    def __str__(self) -> str:
        return f"{self.lo:g}:{self.hi:g}"


def parse_scale(text: str) -> Scale:
    """Read ``1:5``.

    Raises
    ------
    RatingsError
        When it is not two numbers, the lower first.

    Examples
    --------
    >>> parse_scale("1:5")
    Scale(lo=1.0, hi=5.0)
    """
    low, colon, high = text.partition(":")
    try:
        scale = Scale(float(low), float(high))
    except ValueError:
        scale = Scale(math.nan, math.nan)
    if not colon or not math.isfinite(scale.lo) or not math.isfinite(scale.hi):
        raise RatingsError(f"scale {text!r} is not two numbers; write it as LOW:HIGH, like 1:5")
    if scale.lo >= scale.hi:
        raise RatingsError(f"scale {text!r} does not rise; write it as LOW:HIGH, like 1:5")
    return scale


class Judgment(NamedTuple):
    """One rating as its file tells it; text that the file leaves open is empty.

    Attributes
    ----------
    row : int
        Where it stands in the file, for messages.
    item, prompt, text, category, modality, model, seed : str
        Of which output it speaks: by the item's own id, or by prompt and model (and seed).
    rater : str
        Who; `ANONYMOUS` when nobody knows.
    criterion, value, lo, hi
        What was asked, the answer, and the ends of its scale.
    control : str
        One of `CONTROLS`.
    annotation : str
        The id that the file's own tool gave the judgment, where it gave one.
    """

    row: int
    item: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str
    rater: str
    criterion: str
    value: float
    lo: float
    hi: float
    control: str = TEST
    usable: bool | None = None
    session: str | None = None
    at: str | None = None
    seconds: float | None = None
    source: str = ""
    annotation: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that a format found in a file.

    ``n_rows`` counts judgments read, kept or not; ``dropped`` says why the others were not.
    """

    judgments: tuple[Judgment, ...]
    n_rows: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller says about a file."""

    scale: Scale | None = None
    ignore_unknown_columns: bool = False


@dataclass(frozen=True, kw_only=True)
class Format:
    """A way in which judgments are written down.

    Attributes
    ----------
    name : str
        What people call it.
    read : callable
        ``(path, options) -> Reading``.
    noun : str
        What a `Judgment.row` counts: ``line``, ``entry``.
    provider : str
        First part of the ids of offers that the store does not know: ``provider/model``.
    """

    name: str
    read: Callable[[Path, ReadOptions], Reading]
    noun: str = "line"
    provider: str = "imported"


@dataclass(frozen=True, slots=True)
class Faults:
    """Builds errors of a file's rows: file, row, what is wrong and what to do.

    Attributes
    ----------
    path : Path
    noun : str
        What its rows are called: ``line``, ``entry``.
    """

    path: Path
    noun: str = "line"

    def at(self, row: int) -> str:
        """Name a row."""
        return f"{self.noun} {row}"

    def wrong(self, row: int, what: str) -> RatingsError:
        """Build the error of a row."""
        return RatingsError(f"{self.path}: {self.at(row)}: {what}; nothing was imported")


def listed(values: Iterable[object], most: int = 6) -> str:
    """Join a few values for a sentence, and count the others."""
    found = [str(value) for value in values]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
