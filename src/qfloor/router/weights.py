"""Learned weights: how likely each category is acceptable for a request.

One logistic regression a category over the features of `qfloor.router.reading` and what the
lexicon found, trained by benchmarks/classifier/train.py; evaluated here in plain Python. Several
categories may be acceptable for one request, and none may be, so nothing sums to one. Knows
nothing of needs, offers or how a request is decided when unsure.
"""

from __future__ import annotations

import json
import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import lshift
from pathlib import Path
from typing import Any

from qfloor.router.reading import Content, bounded, damping, pieces_of

FORMAT = 1
FILE = Path(__file__).with_name("weights.json")

_BITS = 64
_HALF = 1 << (_BITS - 1)
_FINE = 256  # parts of one step of a stored weight, so that pieces of words are not rounded away
_SHARES = 1024  # parts of one in which damping is counted
_MEMO = 50_000
_LONG = 40
_NONE = repeat(0)

Word = tuple[int, Mapping[str, int] | None]
"""Weights of a word, and what is added for each that may stand right after it."""


class Weights:
    """Weights arranged for adding up: those of all categories ride in one integer per feature.

    A sum over words is then one addition a word. Words are remembered with the sum of their own
    pieces, for most words of a request have been seen before.

    Parameters
    ----------
    content : mapping
        As train.py writes it and a quality database holds it: ``categories``, ``step`` (what one
        unit of a stored weight is worth in log odds), ``bias``, ``lexicon`` (a row a category),
        ``features`` (name -> one whole number a category), ``calibration`` (pairs of score and
        confidence, both rising), ``bound`` and ``plausible``.

    Raises
    ------
    ValueError
        When it is of another format, or its parts do not fit together.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        if content["format"] != FORMAT:
            raise ValueError(f"classifier weights of format {content['format']}, not {FORMAT}")
        self.categories: tuple[str, ...] = tuple(content["categories"])
        self.bound = float(content["bound"])
        self.plausible = float(content["plausible"])
        self._bias = [float(b) for b in content["bias"]]
        lexicon = [[float(v) for v in row] for row in content["lexicon"]]
        self._lexicon = dict(zip(self.categories, zip(*lexicon, strict=True), strict=True))
        self._curve = [(float(x), float(y)) for x, y in content["calibration"]]
        self._scores = [x for x, _ in self._curve]
        self._unit = float(content["step"]) / _FINE
        n = len(self.categories)
        self._places = tuple(_BITS * i for i in range(n))
        self._middle = sum(_HALF << place for place in self._places)
        self._parts = struct.Struct(f"<{n}Q")
        self._memo = _Words(self._word)
        rows = [self._bias, *lexicon, *content["features"].values()]
        if not self._curve or any(len(row) != n for row in rows) or len(lexicon) != n:
            raise ValueError("classifier weights whose parts do not fit together")
        self._table = {name: self._pack(row) * _FINE for name, row in content["features"].items()}
        self._after: dict[str, dict[str, int]] = {}
        for name, packed in self._table.items():
            first, _, second = name.partition(" ")
            if second:
                self._after.setdefault(first, {})[second] = packed

    def odds(
        self, content: Content, names: Sequence[str], sums: Mapping[str, float]
    ) -> dict[str, float]:
        """Log odds of every category that it is acceptable.

        Parameters
        ----------
        content : Content
            The request's words.
        names : sequence of str
            What else is known of it, as features spelled ``#name``.
        sums : mapping of str to float
            The lexicon's log odds by category; none is 0.
        """
        table, memo = self._table.get, self._memo
        total = sum(map(table, content.ends, _NONE))
        for run in content.runs:
            after: Mapping[str, int] | None = None
            for word in run:
                if after is not None and word in after:
                    total += after[word]
                packed, after = memo[word]
                total += packed
        if content.negated:
            total += sum(map(table, content.negated, _NONE))
        beside = sum(map(table, names, _NONE))
        together = total * round(damping(content.length) * _SHARES) + beside * _SHARES
        unit = self._unit / _SHARES
        odds = [
            bias + value * unit
            for bias, value in zip(self._bias, self._unpack(together), strict=True)
        ]
        for category, column in self._lexicon.items():
            if category in sums:
                found = bounded(sums[category])
                odds = [o + found * weight for o, weight in zip(odds, column, strict=True)]
        return dict(zip(self.categories, odds, strict=True))

    def confidence(self, odds: float) -> float:
        """How often a category of these log odds was acceptable, by the stored curve."""
        at = bisect_right(self._scores, odds)
        if at == 0:
            return self._curve[0][1]
        if at == len(self._curve):
            return self._curve[-1][1]
        (x0, y0), (x1, y1) = self._curve[at - 1], self._curve[at]
        return y0 + (y1 - y0) * (odds - x0) / (x1 - x0)

    def of_word(self, word: str, category: str) -> float:
        """Log odds that a word by itself adds to a category, before damping."""
        return self._unpack(self._memo[word][0])[self.categories.index(category)] * self._unit

    def _word(self, word: str) -> Word:
        """A word's own weights or those of its pieces, added up, and those of words after it.

        The stored weights of a known word have those of its pieces in them.
        """
        packed = self._table.get(word)
        if packed is None:
            share, pieces = pieces_of(word)
            together = sum(self._table.get(f"~{piece}", 0) for piece in pieces)
            packed = self._pack([round(s * share) for s in self._unpack(together)])
        return packed, self._after.get(word)

    def _pack(self, row: Sequence[int]) -> int:
        """Whole numbers side by side in one, each in its bits; sums of such stay side by side."""
        return sum(map(lshift, row, self._places))

    def _unpack(self, packed: int) -> list[int]:
        """The numbers of one: all are lifted above zero, so that none borrows of the next."""
        lifted = (packed + self._middle).to_bytes(self._parts.size, "little")
        return [part - _HALF for part in self._parts.unpack(lifted)]


class _Words(dict[str, Word]):
    """Words with their weights, worked out when first met; bounded."""

    def __init__(self, make: Callable[[str], Word]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, word: str) -> Word:
        found = self._make(word)
        if len(word) <= _LONG:
            if len(self) >= _MEMO:
                self.clear()
            self[word] = found
        return found


def default_content() -> dict[str, Any]:
    """Return the weights that ship with the package, as a quality database would hold them."""
    told: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return told


@cache
def default_weights() -> Weights:
    """Arrange the package's weights, for databases that carry none; read when first used."""
    return Weights(default_content())
