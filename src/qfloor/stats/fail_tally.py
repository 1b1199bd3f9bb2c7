"""How many prompts of a cell have which fail share, after any number of fails.

A `FailTally` follows prompts from share to share as one value after the other fails, so that the
counts at a step are a column of a table. It is for cells whose prompts weigh the same and have few
values each; the cells of a release are followed together. It draws no conclusion.
"""

from __future__ import annotations

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

Counts = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class FailTally:
    """Prompts by fail share: ``counts[i, m]`` have ``values[i]`` when the first ``m`` values fail.

    ``values`` are rising, from 0 to 1, and the same for all cells with as many values a prompt.
    """

    values: FloatArray
    counts: Counts

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
        found: list[FailTally] = []
        block: list[tuple[IntArray, IntArray]] = []
        for cell in cells:
            block.append(cell)
            if sum(group.size for group, _ in block) >= _BLOCK:
                found += cls._of_block(block, most)
                block = []
        return found + cls._of_block(block, most) if block else found

    @classmethod
    def _of_block(cls, cells: Sequence[tuple[IntArray, IntArray]], most: int) -> list[FailTally]:
        values, place = _lattice(most)
        n_values = np.array([group.size for group, _ in cells])
        n_prompts = np.array([sizes.size for _, sizes in cells])
        before = n_prompts.cumsum() - n_prompts
        starts = (n_values + 1).cumsum() - (n_values + 1)  # a cell has a column more than values
        prompt = np.concatenate([group for group, _ in cells]) + before.repeat(n_values)
        size = np.concatenate([sizes for _, sizes in cells])[prompt]
        nth = _nth(prompt, int(n_prompts.sum()), most)
        width = prompt.size + len(cells)
        at = np.arange(prompt.size) + np.arange(1, len(cells) + 1).repeat(n_values)
        line, share = place.ravel() * width, size * (most + 1) + nth  # a value moves one prompt
        flat = np.zeros(values.size * width, dtype=np.int32)
        flat[line[share] + at], flat[line[share + 1] + at] = -1, 1
        steps = flat.reshape(values.size, width)
        steps[0, starts] = n_prompts
        steps[-1, starts[1:]] -= n_prompts[:-1]  # where the cell before ends
        counts = steps.cumsum(axis=1, dtype=np.int32)
        ends = (starts + n_values + 1).tolist()
        return [cls(values, counts[:, a:b]) for a, b in zip(starts.tolist(), ends, strict=True)]

    def at(self, m: int, *, mirror: bool) -> FloatArray:
        """Counts when the first ``m`` values fail, or of what does not fail, as floats."""
        column = self.counts[:, m].astype(np.float64)
        return column[::-1] if mirror else column

    def variance(self, p: float, m: int) -> float:
        """`variances` after ``m`` fails; of few shares plain numbers are the fastest sum."""
        counts = self.counts[:, m].tolist()
        n = sum(counts)
        if n < 2:
            return 0.0
        pairs = zip(self.values.tolist(), counts, strict=True)
        found = sum(k * (v - p) ** 2 for v, k in pairs)
        return 0.0 if found < _ROUNDING else float(found / (n * (n - 1)))

    def variances(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate over prompts, where it is ``p`` after ``at`` fails."""
        n = int(self.counts[:, 0].sum())
        if n < 2:
            return np.zeros(at.size)
        found = self.values**2 @ self.counts[:, at].astype(np.float64) - n * p**2
        found[found < _ROUNDING] = 0.0
        return np.asarray(found / (n * (n - 1)))


def _nth(prompt: IntArray, n: int, most: int) -> NDArray[np.int8]:
    """How many values of the same prompt came before each."""
    nth = np.zeros(prompt.size, dtype=np.int8)
    rest, first = np.arange(prompt.size), np.empty(n, dtype=np.int64)
    for before in range(1, most):
        first[prompt[rest[::-1]]] = rest[::-1]  # the last one written stays
        rest = rest[first[prompt[rest]] != rest]
        nth[rest] = before
    return nth


@lru_cache(maxsize=MOST_VALUES)
def _lattice(most: int) -> tuple[FloatArray, IntArray]:
    """All shares of up to so many values, and where that of j among s stands: ``place[s, j]``."""
    shares = {(s, j): round(j / s, 12) for s in range(1, most + 1) for j in range(s + 1)}
    values = np.array(sorted(set(shares.values())))
    place = np.zeros((most + 1, most + 1), dtype=np.int64)
    for (s, j), share in shares.items():
        place[s, j] = int(values.searchsorted(share))
    return values, place
