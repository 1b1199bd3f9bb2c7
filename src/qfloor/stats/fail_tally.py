"""How many prompts of a cell have which fail share, after any number of fails.

A `FailTally` follows prompts from share to share as one value after the other fails, so that the
counts at a step are a column of a table. It is for cells whose prompts weigh the same and have few
values each; the cells of a release are followed together. It draws no conclusion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qfloor.stats.fail_groups import FloatArray, IntArray

MOST_VALUES = 6
"""Values of a prompt up to which tables are kept: 6 have 13 different shares."""

_ROUNDING = 1e-11
"""Spread of fail shares below this is rounding; the least real one is 1e-4."""

_BLOCK = 1 << 14
"""Values of cells that are followed together."""

_NONE = -1
"""Place of a share that nobody has."""

Counts = NDArray[np.int32]
Places = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class FailTally:
    """Prompts by fail share: ``counts[i, m]`` have ``values[i]`` when the first ``m`` values fail.

    ``values`` are rising, from 0 to 1, and the same for all cells with as many values a prompt;
    ``n`` is the number of prompts. ``whole`` are the counts of all cells that were followed
    together, of which these are the ``width`` columns from ``start`` on.
    """

    values: FloatArray
    n: int
    whole: Counts
    start: int
    width: int

    @property
    def counts(self) -> Counts:
        """Prompts with each share after any number of fails."""
        return self.whole[:, self.start : self.start + self.width]

    @classmethod
    def of(cls, group: IntArray, sizes: IntArray) -> FailTally | None:
        """Follow the prompts of values given in the order of their fails; None with too many."""
        most = int(sizes.max())
        return cls.of_many([(group, sizes)], most)[0] if most <= MOST_VALUES else None

    @classmethod
    def of_many(cls, cells: Sequence[tuple[IntArray, IntArray]], most: int) -> list[FailTally]:
        """Follow the prompts of many cells: prompt of each value, and values of each prompt.

        No prompt has more than ``most`` values. Not too many cells are followed at a time, so that
        their tables stay in the processor's cache.
        """
        values, place = _lattice(most)
        widths = np.array([group.size + 1 for group, _ in cells])  # before any value fails as well
        ends = widths.cumsum()
        starts, whole = ends - widths, np.empty((values.size, int(ends[-1])), dtype=np.int32)
        first = 0
        while first < len(cells):
            last = max(first, int(ends.searchsorted(starts[first] + _BLOCK)) - 1)
            block = slice(first, last + 1)
            into = whole[:, starts[first] : ends[last]]
            _follow(cells[block], starts[block] - starts[first], place, into)
            first = last + 1
        edges = zip(cells, starts.tolist(), widths.tolist(), strict=True)
        return [cls(values, sizes.size, whole, start, width) for (_, sizes), start, width in edges]

    def variance(self, p: float, m: int) -> float:
        """`variances` after ``m`` fails; of few shares plain numbers are the fastest sum."""
        n = self.n
        if n < 2:
            return 0.0
        pairs = zip(self.values.tolist(), self.counts[:, m].tolist(), strict=True)
        found = sum(k * (v - p) ** 2 for v, k in pairs)
        return 0.0 if found < _ROUNDING else float(found / (n * (n - 1)))

    def variances(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate over prompts, where it is ``p`` after ``at`` fails, rising."""
        if self.n < 2:
            return np.zeros(at.size)
        counts = self.counts[:, at[0] : at[-1] + 1] if at.size else self.counts[:, :0]
        found = self.values**2 @ counts
        if found.size != at.size:  # several scores are equal
            found = found[at - at[0]]
        found -= self.n * (p * p)
        found[found < _ROUNDING] = 0.0
        found /= self.n * (self.n - 1)
        return found


def beside(tallies: Sequence[FailTally]) -> tuple[Counts, IntArray]:
    """Counts of tallies over the same shares side by side, and where those of each begin."""
    whole = tallies[0].whole
    if all(tally.whole is whole for tally in tallies):
        return whole, np.array([tally.start for tally in tallies])
    widths = np.array([tally.width for tally in tallies])
    return np.concatenate([tally.counts for tally in tallies], axis=1), widths.cumsum() - widths


def _follow(
    cells: Sequence[tuple[IntArray, IntArray]], starts: IntArray, place: Places, counts: Counts
) -> None:
    """Fill in the counts of cells that begin at ``starts``: a value moves one prompt on."""
    nobody, most = np.zeros(1, dtype=np.int64), math.isqrt(place.size) - 1
    n_prompts = np.array([sizes.size for _, sizes in cells])
    sizes = np.concatenate([*(sizes for _, sizes in cells), nobody])
    prompt = np.concatenate([part for group, _ in cells for part in (nobody, group)])
    prompt += (n_prompts.cumsum() - n_prompts).repeat(np.diff(starts, append=prompt.size))
    prompt[starts] = sizes.size - 1
    size = sizes[prompt]
    share = size * (most + 1) + _nth(prompt, size, most)
    left, reached = place[share], place[share + 1]
    left[starts] = reached[starts] = _NONE
    for i, line in enumerate(counts):
        step = np.subtract((reached == i).view(np.int8), (left == i).view(np.int8))
        if i in (0, len(counts) - 1):
            step = step.astype(np.int32)
            if i == 0:
                step[starts] = n_prompts
            else:
                step[starts[1:]] = -n_prompts[:-1]  # where the cell before ends
        step.cumsum(dtype=np.int32, out=line)


def _nth(prompt: IntArray, size: IntArray, most: int) -> IntArray:
    """How many values of the same prompt came before each; told from the last of each on."""
    last = np.empty(int(prompt.max()) + 1, dtype=np.int32)
    at = np.arange(prompt.size, dtype=np.int32)
    last[prompt] = at  # the last one written stays
    ends = last[prompt] == at
    nth = np.where(ends, size - 1, 0)
    for after in range(2, most):
        at = at[~ends]
        of = prompt[at]
        last[of] = at
        ends = last[of] == at
        nth[at] = np.where(ends, size[at] - after, 0)
    return nth


@lru_cache(maxsize=MOST_VALUES)
def _lattice(most: int) -> tuple[FloatArray, Places]:
    """All shares of up to so many values, and where that of j among s stands.

    The latter is at ``s * (most + 1) + j``.
    """
    shares = {(s, j): round(j / s, 12) for s in range(1, most + 1) for j in range(s + 1)}
    values = np.array(sorted(set(shares.values())))
    place = np.zeros((most + 1, most + 1), dtype=np.int8)
    for (s, j), share in shares.items():
        place[s, j] = int(values.searchsorted(share))
    return values, place.ravel()
