"""Learned weights: how likely each category is acceptable for a request.

One logistic regression a category over the features of `qfloor.router.reading` and what the
lexicon found, trained by benchmarks/classifier/train.py; evaluated here in plain Python. Several
categories may be acceptable for one request, and none may be, so nothing sums to one. Knows
nothing of needs, offers or how a request is decided when unsure.
"""

from __future__ import annotations

import json
import math
import struct
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from qfloor.router.reading import (
    LONGEST,
    MOST_WORDS,
    PIECE_SHARE,
    PIECES,
    Content,
    bounded,
    damping,
    pieces_of,
)

FORMAT = 1
FILE = Path(__file__).with_name("weights.json")

_WIDTHS = ((32, "i"), (64, "q"))  # bits for each category: the fewest that sums of words fit in
_FINE = 256  # parts of one step of a stored weight, so that pieces of words are not rounded away
_SHARES = 1024  # parts of one in which damping is counted
_ADDED = 32 * MOST_WORDS  # more than all features of one request count together
_NONE = repeat(0)
SHORTEST = min(PIECES)

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
        features: Mapping[str, Sequence[int]] = content["features"]
        rows = [self._bias, *lexicon, *features.values()]
        if not self._curve or any(len(row) != n for row in rows) or len(lexicon) != n:
            raise ValueError("classifier weights whose parts do not fit together")
        beside = (self._bias, *lexicon, *self._curve, (self.bound, self.plausible, self._unit))
        if not all(map(math.isfinite, chain.from_iterable(beside))) or not (
            0.0 <= self.bound <= 1.0 and 0.0 <= self.plausible <= 1.0 and self._unit > 0.0
        ):  # a bound that is no number would let every guess pass for sure
            raise ValueError("classifier weights with a number that cannot be")
        bits, letter = _width(features)
        self._of_names = lru_cache(maxsize=4096)(self._beside)
        self._middle = sum(1 << bits * i + bits - 1 for i in range(n))
        self._parts = struct.Struct(f"<{n}{letter}")
        self._table: dict[str, int] = {}
        self._pieces: dict[str, int] = {}
        self._begun: dict[str, tuple[int, dict[str, int]]] = {}
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._after: dict[str, dict[str, int]] = {}
        kinds = {"~": self._pieces, "^": self._first, "$": self._last}
        for name, fine in zip(features, self._pack_all(features.values(), n, letter), strict=True):
            first, _, second = name.partition(" ")
            packed = fine * _FINE
            if second:
                self._after.setdefault(first, {})[second] = packed
            else:
                kinds.get(name[0], self._table)[name.lstrip("~^$")] = packed
        for piece, packed in self._pieces.items():
            if len(piece) >= SHORTEST:
                _, longer = self._begun.setdefault(piece[:SHORTEST], (0, {}))
                if len(piece) > SHORTEST:
                    longer[piece[SHORTEST:]] = packed
        for piece, (_, longer) in self._begun.items():
            self._begun[piece] = self._pieces.get(piece, 0), longer

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
        scores = self.scores(content, self.total(content, words), names, sums)
        return dict(zip(self.categories, scores, strict=True))

    def total(self, content: Content, words: Mapping[str, Known]) -> int:
        """Weights of a request's words, added up; what is known of each begins as `word` says."""
        total = 0
        if content.words:
            total = self._first.get(content.words[0], 0) + self._last.get(content.words[-1], 0)
        for run in content.runs:
            after: Mapping[str, int] | None = None
            for word in run:
                known = words[word]
                total += known[0]
                if after is not None and word in after:
                    total += after[word]
                after = known[1]
        if content.negated:
            total += sum(map(self._table.get, content.negated, _NONE))
        return total

    def scores(
        self, content: Content, total: int, names: Sequence[str], sums: Mapping[str, float]
    ) -> list[float]:
        """`odds` in the order of ``categories``, from the `total` of the words."""
        share = round(damping(content.length) * _SHARES)
        unit, beside = self._unit / _SHARES, self._of_names(*names)
        parts = zip(self._bias, self._unpack(total), beside, strict=True)
        odds = [bias + (part * share + other) * unit for bias, part, other in parts]
        for category, column in self._lexicon.items():
            if category in sums:
                found = bounded(sums[category])
                odds = [o + found * weight for o, weight in zip(odds, column, strict=True)]
        return odds

    def _beside(self, *names: str) -> list[int]:
        """What is known beside words, added up; words are damped, and this is not."""
        return [_SHARES * part for part in self._unpack(sum(map(self._table.get, names, _NONE)))]

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

    def word(self, word: str) -> Word:
        """A word's own weights or those of its pieces, added up, and those of words after it.

        The stored weights of a known word have those of its pieces in them.
        """
        packed = self._table.get(word)
        if packed is None:
            share, packed = self._in_pieces(word)
            if packed:  # numbers have no pieces that count
                packed = self._pack([round(s * share) for s in self._unpack(packed)])
        return packed, self._after.get(word)

    def _in_pieces(self, word: str) -> tuple[float, int]:
        """How far the pieces of a word count, and their weights added up: as `pieces_of` has them.

        Sooner in ASCII: longer pieces are looked for only behind three letters that begin any.
        """
        if len(word) < SHORTEST or not word.isascii():
            share, pieces = pieces_of(word)
            return share, sum(map(self._pieces.get, pieces, _NONE))
        spelled = f"<{word[:LONGEST]}>"
        n, together = len(spelled), 0
        for i in range(n - 2):
            found = self._begun.get(spelled[i : i + SHORTEST])
            if found is None:
                continue
            together += found[0]
            if i + 3 < n:
                together += found[1].get(spelled[i + 3], 0)
            if i + 4 < n:
                together += found[1].get(spelled[i + 3 : i + 5], 0)
        return PIECE_SHARE / math.sqrt(3 * n - 9), together

    def _pack(self, row: Sequence[int]) -> int:
        """Whole numbers side by side in one, each in its bits; sums of such stay side by side."""
        told, middle = int.from_bytes(self._parts.pack(*row), "little"), self._middle
        return (told ^ middle) - middle

    def _pack_all(self, rows: Collection[Sequence[int]], n: int, letter: str) -> Iterator[int]:
        """Every row as `_pack` has it, sooner: their numbers become bytes at once."""
        try:
            told = struct.pack(f"<{n * len(rows)}{letter}", *chain.from_iterable(rows))
        except struct.error as error:
            raise ValueError(f"classifier weights with a feature that is none ({error})") from None
        middle, size = self._middle, self._parts.size
        for at in range(0, len(told), size):
            yield (int.from_bytes(told[at : at + size], "little") ^ middle) - middle

    def _unpack(self, packed: int) -> tuple[int, ...]:
        """The numbers of one: all are lifted above zero, so that none borrows of the next."""
        told, middle = packed + self._middle, self._middle
        return self._parts.unpack((told ^ middle).to_bytes(self._parts.size, "little"))


def _width(features: Mapping[str, Sequence[int]]) -> tuple[int, str]:
    """Bits for each category, so that no sum over a request's features leaves them."""
    numbers = list(chain.from_iterable(features.values())) or [0]
    largest = max(max(numbers), -min(numbers))
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
