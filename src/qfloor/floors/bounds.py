"""Which thresholds a cell clears, and the fail rate at each: one rule for number and verdict.

Where a person judged, a fail is per rating. With `FEW_RATERS` raters or more, each counting by
the share of ratings given, both raters and prompts are drawn from a population and both enter
the variance; with fewer, nothing can be said about raters, and the statement is about this
panel, with prompts as the only clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors.cells import NO_RATER, Cell
from qfloor.records import FailRate

Fails = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class CellBounds:
    """A cell's limits at one level, and how to bound its fail rate at any threshold.

    ``rule`` names what decided: ``exact`` (one value a prompt), ``one_repeat``,
    ``korn_graubard``, or ``two_way`` (prompts and raters).
    """

    cell: Cell
    alpha: float
    rule: str

    def limits(self, max_fail: float) -> stats.ThresholdLimits:
        """Largest certified and largest not rejected threshold at a tolerated fail rate."""
        if self.rule == "two_way":
            return stats.threshold_limits(
                self.cell.value, alpha=self.alpha, max_fail=max_fail, bound=self._two_way
            )
        return stats.threshold_limits(
            self.cell.value, self._prompts, alpha=self.alpha, max_fail=max_fail
        )

    def fail_rate(self, threshold: float) -> FailRate:
        """Estimate and upper bound of P(value < threshold), monotone in the threshold."""
        fails = self.cell.value < threshold
        if self.rule == "two_way":
            below = np.unique(self.cell.value[fails])
            grid = [*below[np.isfinite(below)], threshold]
            upper = max(self._two_way(self.cell.value < t) for t in grid)
        else:
            bounds = stats.fail_rate_bounds(
                self.cell.value, threshold, self._prompts, alpha=self.alpha
            )
            upper = bounds.upper
        return FailRate(
            threshold=threshold,
            fails=float(fails.sum()),
            n=int(fails.size),
            rate=self.rate(fails),
            upper=float(upper),
        )

    def lower(self, threshold: float) -> float:
        """Lower bound of P(value < threshold) by the rule that rejects: the mirror of `limits`."""
        if self.rule != "two_way":
            bounds = stats.fail_rate_bounds(
                self.cell.value, threshold, self._prompts, alpha=self.alpha
            )
            return bounds.lower
        values = self.cell.value
        above = np.unique(values[values >= threshold])
        fine = [values >= threshold, *(values >= t for t in above), np.zeros(values.size, bool)]
        return 1.0 - max(self._two_way(clears) for clears in fine)

    def rate(self, fails: Fails) -> float:
        """Fail rate with every prompt weighing the same."""
        sizes = np.bincount(self.cell.cluster)
        return float(np.mean(np.bincount(self.cell.cluster, weights=fails) / sizes))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each value when every prompt weighs the same."""
        sizes = np.bincount(self.cell.cluster)
        return 1.0 / sizes[self.cell.cluster]

    @property
    def design_effect(self) -> float:
        """Values per effective value, at the cell's own median, where it is best determined."""
        finite = self.cell.value[np.isfinite(self.cell.value)]
        if not finite.size or self.cell.n_clusters == self.cell.value.size:
            return 1.0
        t = float(np.median(finite))
        if self.rule == "two_way":
            return self._ratings(self.cell.value < t).design_effect
        return stats.fail_rate_bounds(
            self.cell.value, t, self._prompts, alpha=self.alpha
        ).design_effect

    @property
    def _prompts(self) -> NDArray[np.intp] | None:
        alone = self.cell.n_clusters == self.cell.value.size
        return None if alone else self.cell.cluster

    def _ratings(self, fails: Fails) -> stats.TwoWayKornGraubard:
        return stats.korn_graubard_ratings(
            fails, self.cell.cluster, _seated(self.cell), 1.0 - self.alpha
        )

    def _two_way(self, fails: Fails) -> float:
        """Two-way bound; below `stats.TRUSTED_ALPHA` the exact one-rating bound joins it."""
        upper = self._ratings(fails).upper
        if self.alpha < stats.TRUSTED_ALPHA or self.cell.n_clusters < stats.FEW_PROMPTS:
            first = np.unique(self.cell.cluster, return_index=True)[1]
            exact = stats.clopper_pearson_upper(int(fails[first].sum()), first.size, self.alpha)
            upper = max(upper, exact)
        return float(upper)


def bound_cell(cell: Cell, alpha: float) -> CellBounds:
    """Choose the rule that a cell's design calls for."""
    if cell.effective_raters >= stats.FEW_RATERS:
        rule = "two_way"
    elif cell.n_clusters == cell.value.size:
        rule = "exact"
    elif alpha < stats.TRUSTED_ALPHA:
        rule = "one_repeat"
    else:
        rule = "korn_graubard"
    return CellBounds(cell=cell, alpha=alpha, rule=rule)


def _seated(cell: Cell) -> NDArray[np.intp]:
    """Give outputs that failed before anyone could judge them a rater each, in turn.

    Someone would have been shown them and could only have failed them; leaving them without a
    rater would count each as a rater of its own and flatter the degrees of freedom.
    """
    unseated = np.flatnonzero(cell.rater == NO_RATER)
    raters = cell.rater.copy()
    raters[unseated] = np.arange(unseated.size) % cell.n_raters
    return raters
