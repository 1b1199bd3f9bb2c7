"""One way of grouping a cell's values as clusters, and the variance of its fail rate by it.

By prompt, by rater, or by both: `two_way_variance` joins the three. At one step the sums are over
groups; at all steps at once they are running sums over the values, in the order of the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qfloor.stats.rater_parts import cell_prices, rater_prices

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_ROUNDING = 1e-11
"""Spread of fail shares below this is rounding of running sums; the least real one is 1e-4."""


@dataclass(frozen=True, eq=False)
class Groups:
    """One way of grouping values as clusters: by prompt, by rater or by both.

    ``group`` and ``share`` are those of each value, in the order of the scores; ``whole`` and
    ``sizes`` what each group weighs, of ``mass`` in all, and how many values it has. ``price`` is
    what the square of each group counts in a variance: ``n / (n - 1)`` unless given.
    """

    group: IntArray
    share: FloatArray
    whole: FloatArray
    sizes: IntArray
    mass: float
    price: FloatArray | None = None

    @classmethod
    def raters(cls, rater: IntArray, share: FloatArray, mass: float) -> Groups:
        """Group values by rater, whose squares count by their loads (`rater_parts`)."""
        whole = weights_of(rater, share)
        return cls(rater, share, whole, np.bincount(rater), mass, rater_prices(whole / mass))

    @classmethod
    def cells(cls, rater: IntArray, prompt: IntArray, share: FloatArray, mass: float) -> Groups:
        """Group values by rater and prompt, as what takes off raters' part (`rater_parts`)."""
        heads = int(rater.max()) + 1
        pairs, cell = np.unique(prompt * heads + rater, return_inverse=True)
        whole, sizes = weights_of(cell, share), np.bincount(cell)
        return cls(cell, share, whole, sizes, mass, cell_prices(pairs % heads))

    @property
    def n(self) -> int:
        """Groups."""
        return self.sizes.size

    @property
    def weights(self) -> FloatArray:
        """Weights of the groups, which add up to 1."""
        return self.whole / self.mass

    @cached_property
    def _squares(self) -> float:
        squares = self.whole**2
        return float(squares.sum() if self.price is None else squares @ self.price)

    def variances(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate with these as clusters, at the steps ``at``.

        With ``S`` a group's weight of fails and ``A`` its whole weight, from the running sums of
        ``S**2`` and ``S A``.
        """
        if self.n < 2:
            return np.zeros(at.size)
        m = int(at[-1]) if at.size else 0
        rises, cross = self._rises(m), self.whole[self.group[:m]] * self.share[:m]
        if self.price is not None:
            each = self.price[self.group[:m]]
            rises, cross = rises * each, cross * each
        spread = running(rises)[at] - 2.0 * p * running(cross)[at] + p**2 * self._squares
        spread[spread < self._rounding] = 0.0
        return spread / self.mass**2 * self._factor

    def variance(self, p: float, m: int) -> float:
        """Variance of the fail rate at the step at which the first ``m`` values fail."""
        if self.n < 2:
            return 0.0
        off = self.failed(m) - p * self.whole
        spread = float(off @ off if self.price is None else off**2 @ self.price)
        return 0.0 if spread < self._rounding else spread / self.mass**2 * self._factor

    def kish(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate of Kish's size of prompts: weights cost at least this."""
        m = int(at[-1]) if at.size else 0
        ratio = running(self._rises(m) / self.whole[self.group[:m]])[at]
        return np.maximum(ratio / self.mass - p**2, 0.0) * self._price

    def kish_at(self, p: float, m: int) -> float:
        """`kish` at one step."""
        ratio = float(np.sum(self.failed(m) ** 2 / self.whole))
        return max(ratio / self.mass - p**2, 0.0) * self._price

    def failed(self, m: int) -> FloatArray:
        """Return each group's weight among the first ``m`` values."""
        return weights_of(self.group[:m], self.share[:m], self.n)

    @property
    def _factor(self) -> float:
        return self.n / (self.n - 1) if self.price is None else 1.0

    @property
    def _rounding(self) -> float:
        return _ROUNDING * self._squares / self.n

    @property
    def _price(self) -> float:
        return float(np.sum(self.weights**2)) * (self.n / max(1, self.n - 1))

    def _rises(self, m: int) -> FloatArray:
        """By how much each of the first ``m`` values raises the square of its group's fails."""
        share = self.share[:m]
        order, starts, sizes = self._by_group(m)
        along = running(share[order])
        failed = np.empty(m)
        failed[order] = along[:-1] - along[starts].repeat(sizes)
        return (2.0 * failed + share) * share

    def _by_group(self, m: int) -> tuple[IntArray, IntArray, IntArray]:
        """The first ``m`` values group by group, where each group starts, and their sizes."""
        group = self.group[:m].astype(np.uint16 if self.n <= 1 << 16 else np.uint64)
        sizes = np.bincount(self.group[:m], minlength=self.n)
        return group.argsort(kind="stable"), sizes.cumsum() - sizes, sizes


def two_way_variance(prompts: FloatArray, raters: FloatArray, both: FloatArray) -> FloatArray:
    """Variance over random prompts and random raters, never below that of either alone.

    ``both`` is what cells take off.
    """
    return np.maximum(prompts + raters - both, np.maximum(prompts, raters))


def weights_of(group: IntArray, share: FloatArray, n: int = 0) -> FloatArray:
    """Weight of each group, of which there are at least ``n``.

    Examples
    --------
    >>> weights_of(np.array([0, 1, 0]), np.array([0.5, 1.0, 0.5]), 3).tolist()
    [1.0, 1.0, 0.0]
    """
    return np.asarray(np.bincount(group, weights=share, minlength=n), dtype=np.float64)


def running(steps: FloatArray) -> FloatArray:
    """Running sums, beginning with 0."""
    along = np.empty(steps.size + 1)
    along[0] = 0.0
    steps.cumsum(out=along[1:])
    return along


def before(running: IntArray, at: IntArray) -> IntArray:
    """Running sums up to, and without, the values at ``at``."""
    return np.where(at == 0, 0, running[at - 1]) if running.size else np.zeros_like(at)
