"""Learned weights: how likely each category is acceptable for a request.

One logistic regression a category over the features of `qfloor.router.reading` and what the
lexicon found, trained by benchmarks/classifier/train.py; evaluated here in plain Python. Several
categories may be acceptable for one request, and none may be, so nothing sums to one. Knows
nothing of needs, offers or how a request is decided when unsure.
"""

from __future__ import annotations

import json
import math
import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from qfloor.router.reading import (
    LONGEST,
    MOST_WORDS,
    Content,
    bounded,
    damping,
    pieces_of,
)
from qfloor.router.stored import Stored

FORMAT, FORMATS = 2, (1, 2)
FILE = Path(__file__).with_name("weights.json")

_WIDTHS = ((32, "i"), (64, "q"))  # bits for each category: the fewest that sums of words fit in
_FINE = 4096  # parts of one step of a stored weight: how far pieces count is told in these
_SHARES = 1024  # parts of one in which damping is counted
_ADDED = 32 * MOST_WORDS  # more than all features of one request count together
_NONE = repeat(0)

Word = tuple[int, Mapping[str, int] | None]
"""Weights of a word, and what is added for each that may stand right after it."""
Known = tuple[int, Mapping[str, int] | None, *tuple[Any, ...]]
"""A `Word`, and what else somebody may know of it."""


class Weights:
    """Weights arranged for adding up: those of all categories ride in one integer per feature.

    A sum over words is then one addition a word. Words are remembered with the sum of their own
    pieces, for most words of a request have been seen before.

    Parameters
    ----------
    content : mapping
        As train.py writes it and a quality database holds it: ``categories``, ``step`` (what one
        unit of a stored weight is worth in log odds), ``bias``, ``lexicon`` (a row a category),
        ``names`` and ``rows`` (one whole number a category for every feature, as
        `qfloor.router.stored` packs them; in format 1 ``features``, name -> row),
        ``calibration`` (pairs of score and confidence, both rising), ``bound`` and ``plausible``.

    Raises
    ------
    ValueError
        When it is of another format, or its parts do not fit together.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        if content["format"] not in FORMATS:
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
        stored = Stored(content, n)
        rows = [self._bias, *lexicon]
        if not self._curve or any(len(row) != n for row in rows) or len(lexicon) != n:
            raise ValueError("classifier weights whose parts do not fit together")
        beside = (self._bias, *lexicon, *self._curve, (self.bound, self.plausible, self._unit))
        if not all(map(math.isfinite, chain.from_iterable(beside))) or not (
            0.0 <= self.bound <= 1.0 and 0.0 <= self.plausible <= 1.0 and self._unit > 0.0
        ):  # a bound that is no number would let every guess pass for sure
            raise ValueError("classifier weights with a number that cannot be")
        bits, letter = _width(stored.largest)
        self._middle = sum(1 << bits * i + bits - 1 for i in range(n))
        self._parts = struct.Struct(f"<{n}{letter}")
        self._stored, self._row = stored, stored.side_by_side(bits)
        self._words = _Packed(stored.numbers("words"), self._packed)
        self._pieces = {name[1:]: i for name, i in stored.numbers("pieces").items()}
        self._heads = _Packed(stored.numbers("heads"), self._packed)
        self.others = {name: self._packed(i) for name, i in stored.numbers("others").items()}
        self._numeral: re.Pattern[str] | None = None
        self._after: dict[str, dict[str, int]] = {}
        self._firsts = frozenset(name.partition(" ")[0] for name in stored.names["pairs"])

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
        words = {word: self.word(word) for word in content.words}
        scores = self.scores(content.length, self.total(content, words), names, sums)
        return dict(zip(self.categories, scores, strict=True))

    def total(self, content: Content, words: Mapping[str, Known]) -> int:
        """Weights of a request's words, added up; what is known of each begins as `word` says."""
        total = 0
        if content.words:
            first, last = content.ends
            total = self.others.get(first, 0) + self.others.get(last, 0)
        for run in content.runs:
            after: Mapping[str, int] | None = None
            for word in run:
                known = words[word]
                total += known[0]
                if after is not None and word in after:
                    total += after[word]
                after = known[1]
        if content.negated:
            total += sum(map(self.others.get, content.negated, _NONE))
        return total

    def scores(
        self, length: float, total: int, names: Sequence[str], sums: Mapping[str, float]
    ) -> list[float]:
        """`odds` in the order of ``categories``, from the `total` of the words.

        Words are damped by the length of a request; what is known beside them is not.
        """
        share = round(damping(length) * _SHARES)
        unit, heads, others, named = self._unit / _SHARES, self._heads, self.others, 0
        for name in names:
            if name in heads.numbers:
                named += heads[name]
            elif name in others:
                named += others[name]
        parts = zip(self._bias, self._unpack(total), self._unpack(named), strict=True)
        odds = [bias + (part * share + _SHARES * beside) * unit for bias, part, beside in parts]
        for category, column in self._lexicon.items():
            if category in sums:
                found = bounded(sums[category])
                odds = [o + found * weight for o, weight in zip(odds, column, strict=True)]
        return odds

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
        return self._unpack(self.word(word)[0])[self.categories.index(category)] * self._unit

    @property
    def fitted(self) -> tuple[Any, ...]:
        """What every training run sets anew: biases, the curve of confidence, and the bounds."""
        return tuple(self._bias), tuple(self._curve), self.bound, self.plausible

    @property
    def own_words(self) -> Mapping[str, int]:
        """Words that have weights of their own, not of their pieces alone."""
        return self._words.numbers

    @property
    def sorted_words(self) -> Sequence[str]:
        """The same in order."""
        return self._stored.names["words"]

    def word(self, word: str) -> Word:
        """A word's own weights or those of its pieces, added up, and those of words after it.

        The stored weights of a known word have those of its pieces in them.
        """
        packed = self._words[word] if word in self._words.numbers else self._in_pieces(word)
        if word not in self._firsts:
            return packed, None
        after = self._after.get(word)
        if after is None:
            there = self._stored.beginning("pairs", f"{word} ")
            after = self._after[word] = {second: self._packed(i) for second, i in there}
        return packed, after

    def weighs_nothing(self, word: str) -> bool:
        """Whether a word is a number of no weight: few pieces of numbers have any."""
        if not (word.isdigit() and word.isascii()):
            return False
        if word in self._words.numbers or word in self._firsts:
            return False
        if self._numeral is None:
            begun = [f"~{mark}{digit}" for mark in ("", "<") for digit in "0123456789"]
            found = [b[1:] + rest for b in begun for rest, _ in self._stored.beginning("pieces", b)]
            told = [piece for piece in found if piece.strip("<>").isdigit()]
            self._numeral = re.compile("|".join(told) or r"(?!)")
        return self._numeral.search(f"<{word[:LONGEST]}>") is None

    def _in_pieces(self, word: str) -> int:
        """The weights of a word's pieces, added up as they are stored: most are met this once."""
        share, pieces = pieces_of(word)
        numbers = self._pieces
        known = map(numbers.__getitem__, filter(numbers.__contains__, pieces))
        return sum(map(self._row, known)) * round(_FINE * share)

    def _packed(self, i: int) -> int:
        """A stored row as it is added up."""
        return self._row(i) * _FINE

    def _unpack(self, packed: int) -> tuple[int, ...]:
        """The numbers that stand side by side in one, each in its bits.

        All are lifted above zero, so that none borrows of the next.
        """
        told, middle = packed + self._middle, self._middle
        return self._parts.unpack((told ^ middle).to_bytes(self._parts.size, "little"))


class _Packed(dict[str, int]):
    """Features of a kind as they are added up, taken out when first asked for; none is 0."""

    def __init__(self, numbers: Mapping[str, int], packed: Callable[[int], int]) -> None:
        super().__init__()
        self.numbers, self._of = numbers, packed

    def __missing__(self, name: str) -> int:
        at = self.numbers.get(name)
        if at is None:
            return 0
        found = self[name] = self._of(at)
        return found


def _width(largest: int) -> tuple[int, str]:
    """Bits for each category, so that no sum over a request's features leaves them."""
    for bits, letter in _WIDTHS:
        if largest * _FINE * _ADDED < 1 << (bits - 1):
            return bits, letter
    raise ValueError(f"classifier weights with a feature of {largest}, which is too large")


def default_content() -> dict[str, Any]:
    """Return the weights that ship with the package, as a quality database would hold them."""
    told: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return told


@cache
def default_weights() -> Weights:
    """Arrange the package's weights, for databases that carry none; read when first used."""
    return Weights(default_content())
