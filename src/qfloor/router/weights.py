"""Learned weights: how likely each category is acceptable for a request.

One logistic regression a category over the features of `qfloor.router.reading` and what the
lexicon found, trained by benchmarks/classifier/train.py; evaluated here in plain Python. Several
categories may be acceptable for one request, and none may be, so nothing sums to one. Knows
nothing of needs, offers or how a request is decided when unsure.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from operator import lshift, mul
from pathlib import Path
from typing import Any

from qfloor.router.reading import Content, bounded, damping, pieces_of

FORMAT = 1
FILE = Path(__file__).with_name("weights.json")

_BITS = 48
_HALF, _MASK = 1 << (_BITS - 1), (1 << _BITS) - 1
_FINE = 256  # parts of one step of a stored weight, so that pieces of words are not rounded away
_SHARES = 1024  # parts of one in which damping is counted
_MEMO = 50_000
_LONG = 40


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
        self._lexicon = [[float(v) for v in row] for row in content["lexicon"]]
        self._curve = [(float(x), float(y)) for x, y in content["calibration"]]
        self._scores = [x for x, _ in self._curve]
        self._unit = float(content["step"]) / _FINE
        n = len(self.categories)
        self._places = tuple(_BITS * i for i in range(n))
        self._memo: dict[str, int] = {}
        rows = [self._bias, *self._lexicon, *content["features"].values()]
        if not self._curve or any(len(row) != n for row in rows) or len(self._lexicon) != n:
            raise ValueError("classifier weights whose parts do not fit together")
        self._table = {name: self._pack(row) * _FINE for name, row in content["features"].items()}

    def odds(self, content: Content, names: Sequence[str], sums: Sequence[float]) -> list[float]:
        """Log odds of every category, in order, that it is acceptable.

        Parameters
        ----------
        content : Content
            The request's words.
        names : sequence of str
            What else is known of it, as features spelled ``#name``.
        sums : sequence of float
            The lexicon's log odds of each of these categories.
        """
        table, memo = self._table, self._memo
        total = 0
        for word in content.words:
            known = memo.get(word)
            total += self._word(word) if known is None else known
        for name in content.negated:
            total += table.get(name, 0)
        for name in content.beside:
            total += table.get(name, 0)
        beside = 0
        for name in names:
            beside += table.get(name, 0)
        together = total * round(damping(content.length) * _SHARES) + beside * _SHARES
        unit = self._unit / _SHARES
        lexicon = [bounded(s) for s in sums]
        return [
            bias + value * unit + sum(map(mul, row, lexicon))
            for bias, value, row in zip(
                self._bias, self._unpack(together), self._lexicon, strict=True
            )
        ]

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
        packed = self._memo.get(word)
        packed = self._word(word) if packed is None else packed
        place = self._places[self.categories.index(category)]
        value = (packed + (1 << place >> 1)) >> place  # rounded: what lower categories borrowed
        return (((value + _HALF) & _MASK) - _HALF) * self._unit

    def _word(self, word: str) -> int:
        """A word's own weights or those of its pieces, added up and remembered.

        The stored weights of a known word have those of its pieces in them.
        """
        packed = self._table.get(word)
        if packed is None:
            share, pieces = pieces_of(word)
            together = sum(self._table.get(f"~{piece}", 0) for piece in pieces)
            packed = self._pack([round(s * share) for s in self._unpack(together)])
        if len(word) <= _LONG:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            self._memo[word] = packed
        return packed

    def _pack(self, row: Sequence[int]) -> int:
        """Whole numbers side by side in one, each in its bits; sums of such stay side by side."""
        return sum(map(lshift, row, self._places))

    def _unpack(self, packed: int) -> list[int]:
        found = []
        for _ in self.categories:
            value = ((packed + _HALF) & _MASK) - _HALF
            found.append(value)
            packed = (packed - value) >> _BITS
        return found


def default_content() -> dict[str, Any]:
    """Return the weights that ship with the package, as a quality database would hold them."""
    told: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return told


@cache
def default_weights() -> Weights:
    """Arrange the package's weights, for databases that carry none; read when first used."""
    return Weights(default_content())
