"""How many prompts of a cell have which fail share, after any number of fails.

A `FailTally` follows prompts from share to share as one value after the other fails, so that the
counts at a step are a column of a table. It is for cells whose prompts weigh the same and have few
values each; it draws no conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qfloor.stats.fail_groups import FloatArray, IntArray

MOST_VALUES = 6
"""Values of a prompt up to which tables are kept: 6 have 13 different shares."""


@dataclass(frozen=True, eq=False)
class FailTally:
    """Prompts by fail share: ``counts[i, m]`` have ``values[i]`` when the first ``m`` values fail.

    ``values`` are rising, from 0 to 1, and the same for all cells with as many values a prompt.
    """

    values: FloatArray
    counts: IntArray

    @classmethod
    def of(cls, group: IntArray, sizes: IntArray) -> FailTally | None:
        """Follow the prompts of values given in the order of their fails; None with too many."""
        most = int(sizes.max())
        if most > MOST_VALUES:
            return None
        values, place = _lattice(most)
        few = group.astype(np.uint16 if sizes.size <= 1 << 16 else np.uint64)  # sorts by radix
        order = few.argsort(kind="stable")
        starts = sizes.cumsum() - sizes
        nth = np.empty(group.size, dtype=np.int64)
        nth[order] = np.arange(group.size) - starts[group[order]]
        steps = np.zeros((values.size, group.size + 1), dtype=np.int64)
        at, size = np.arange(1, group.size + 1), sizes[group]
        steps[place[size, nth], at] -= 1
        steps[place[size, nth + 1], at] += 1
        steps[0, 0] = sizes.size
        return cls(values, steps.cumsum(axis=1))

    def at(self, m: int, *, mirror: bool) -> FloatArray:
        """Counts when the first ``m`` values fail, or of what does not fail, as floats."""
        column = self.counts[:, m].astype(np.float64)
        return column[::-1] if mirror else column


@lru_cache(maxsize=MOST_VALUES)
def _lattice(most: int) -> tuple[FloatArray, IntArray]:
    """All shares of up to so many values, and where that of j among s stands: ``place[s, j]``."""
    shares = {(s, j): round(j / s, 12) for s in range(1, most + 1) for j in range(s + 1)}
    values = np.array(sorted(set(shares.values())))
    place = np.zeros((most + 1, most + 1), dtype=np.int64)
    for (s, j), share in shares.items():
        place[s, j] = int(values.searchsorted(share))
    return values, place
