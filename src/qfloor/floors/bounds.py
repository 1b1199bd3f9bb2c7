"""Which thresholds a cell clears (the best is ``q25_lo``), and the fail rate at each: one rule.

Where a person judged, a fail is per rating. With `FEW_RATERS` raters or more, each counting by
the share of ratings given, both raters and prompts are drawn from a population and both enter
the variance; with fewer, nothing can be said about raters, and the statement is about this
panel, with prompts as the only clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from qfloor import stats
from qfloor.floors.cells import Cell
from qfloor.floors.judged import NO_RATER
from qfloor.records import FailRate


@dataclass(frozen=True, kw_only=True)
class CellBounds:
    """A cell's limits at one level, and how to bound its fail rate at any threshold.

    ``rule`` names what decides: ``exact`` (one value a prompt), ``every_repeat`` (exact too),
    ``korn_graubard``, or ``two_way`` (prompts and raters); the last two are joined by the exact
    bound. It is fixed by ``least``, the smallest level that the plan may come to judge at, so
    that a p-value and a verdict at any of its levels are one statement.
    """

    cell: Cell
    alpha: float
    least: float
    _upper: dict[tuple[float, float], float] = field(default_factory=dict)
    _limits: dict[float, stats.ThresholdLimits] = field(default_factory=dict)
    _alone: dict[float, CellBounds] = field(default_factory=dict)

    def at_level(self, alpha: float) -> CellBounds:
        """Bounds of the same fails at a level that stands alone."""
        if alpha not in self._alone:
            self._alone[alpha] = other = CellBounds(cell=self.cell, alpha=alpha, least=alpha)
            other.__dict__["path"] = self.path
        return self._alone[alpha]

    @cached_property
    def path(self) -> stats.FailPath:
        """The cell's fails at every threshold; only where it has values."""
        cell = self.cell
        return stats.build_path(
            cell.value,
            cell.cluster,
            cell.chosen,
            weights=cell.weight,
            raters=seated(cell) if self.two_way else None,
        )

    @cached_property
    def two_way(self) -> bool:
        """Whether raters are drawn from a population, as prompts are."""
        return self.cell.effective_raters >= stats.FEW_RATERS

    @property
    def rule(self) -> str:
        """What decides, by its name."""
        if self.two_way:
            return "two_way"
        if self.cell.n_clusters == self.cell.value.size and self.cell.weight is None:
            return "exact"
        return "every_repeat" if self.least < stats.TRUSTED_ALPHA else "korn_graubard"

    @cached_property
    def _planned(self) -> stats.Rule:
        return stats.planned_rule(self.path, self.least)

    def asked(
        self, thresholds: Sequence[float], max_fails: Collection[float]
    ) -> stats.Asked | None:
        """What will be asked of the path, to be looked up with other cells (`stats.look_up`)."""
        both = [(rate, False) for rate in max_fails] + [(1.0 - rate, True) for rate in max_fails]
        return stats.Asked(
            path=self.path,
            alpha=self.alpha,
            rule=self._planned,
            passing=both,
            thresholds=thresholds,
            max_fails=max_fails,
        )

    def asked_to_certify(self, max_fail: float, at: Sequence[float] = ()) -> stats.Asked:
        """`asked`, where all that will be asked is what is certified, and bounds at thresholds."""
        return stats.Asked(
            path=self.path,
            alpha=self.alpha,
            rule=self._planned,
            passing=((max_fail, False),),
            thresholds=at,
        )

    def certified_to(self, max_fail: float) -> float | None:
        """Largest certified threshold at a tolerated fail rate."""
        if max_fail in self._limits:
            return self._limits[max_fail].certified_to
        return stats.path_certified_to(
            self.path, alpha=self.alpha, max_fail=max_fail, rule=self._planned
        )

    def limits(self, max_fail: float) -> stats.ThresholdLimits:
        """Largest certified and largest not rejected threshold at a tolerated fail rate."""
        if max_fail not in self._limits:
            self._limits[max_fail] = stats.path_limits(
                self.path, alpha=self.alpha, max_fail=max_fail, rule=self._planned
            )
        return self._limits[max_fail]

    def fail_rate(self, threshold: float) -> FailRate:
        """Estimate and upper bound of P(value < threshold), monotone in the threshold."""
        path, planned = self.path, self.alpha
        return FailRate(
            threshold=threshold,
            fails=float(path.fails(threshold)),
            n=path.n_outputs,
            rate=self.rate(threshold),
            upper=self.upper(threshold, planned),
            upper_one_repeat=None
            if path.exact
            else stats.path_upper(path, threshold, alpha=planned, rule="one_repeat"),
        )

    def rate(self, threshold: float) -> float:
        """Estimate of P(value < threshold)."""
        return float(self.path.p[self.path.step(threshold)])

    def upper(self, threshold: float, alpha: float) -> float:
        """Upper bound of P(value < threshold) by the deciding rule, at any level of the plan."""
        key = threshold, alpha
        if key not in self._upper:
            self._upper[key] = stats.path_upper(
                self.path, threshold, alpha=alpha, rule=self._planned
            )
        return self._upper[key]

    def lower(self, threshold: float, alpha: float) -> float:
        """Lower bound of P(value < threshold); see `upper`."""
        return stats.path_lower(self.path, threshold, alpha=alpha, rule=self._planned)

    def p_value(self, threshold: float, max_fail: float) -> float:
        """Smallest level at which the threshold is certified, at it and at every level above."""
        return stats.p_value(self.path, threshold, max_fail, self._planned)

    def e_value(self, threshold: float, max_fail: float) -> float:
        """E-value for certifying: betting on prompts, or made of the p-value with raters.

        Bets take prompts as independent, which ratings by the same raters are not.
        """
        if self.two_way:
            return stats.e_from_p(self.p_value(threshold, max_fail))
        return stats.certifying_e_value(self._shares(threshold), max_fail)

    def e_upper(self, threshold: float, alpha: float) -> float:
        """Upper bound of P(value < threshold): from which tolerated rate on e is ``1/alpha``."""
        if self.two_way:
            level = optimize.brentq(lambda p: stats.e_from_p(p) - 1.0 / alpha, 1e-300, alpha)
            return self.upper(threshold, float(level))
        shares, low, high = self._shares(threshold), 1e-9, 1.0 - 1e-9
        if stats.certifying_e_value(shares, high) < 1.0 / alpha:
            return 1.0
        while high - low > 1e-12:
            middle = (low + high) / 2.0
            enough = stats.certifying_e_value(shares, middle) >= 1.0 / alpha
            low, high = (low, middle) if enough else (middle, high)
        return high

    @property
    def n_judging(self) -> float:
        """Prompts as the deciding bound counts them: under traffic fewer than there are."""
        return float(self.path.n_first if self.rule == "every_repeat" else self.path.size)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each value: by traffic, or every prompt the same."""
        if self.cell.weight is not None:
            return self.cell.weight
        return (1.0 / np.bincount(self.cell.cluster))[self.cell.cluster]

    @property
    def design_effect(self) -> float:
        """Values per effective value, at the cell's own median, where it is best determined."""
        path = self.path
        if not path.thresholds.size or (path.n_outputs == path.n_prompts and not path.weighted):
            return 1.0
        return path.n_outputs / path.worth(path.step(self.median), self.alpha)[0]

    @property
    def median(self) -> float:
        """Of the finite values, of which there must be some."""
        scores = self.path.scores
        finite = scores[scores.searchsorted(-np.inf, side="right") :]
        low, high = finite[(finite.size - 1) // 2], finite[finite.size // 2]
        return (float(low) + float(high)) / 2.0

    def told(self, thresholds: Sequence[float]) -> Mapping[str, Any]:
        """What more there is to say of how the bounds came to be; nothing, for labels alone."""
        return {}

    def _shares(self, threshold: float) -> NDArray[np.float64]:
        """Fail share of each prompt, or of those kept for a traffic mix."""
        fails, cluster, weight = self.cell.value < threshold, self.cell.cluster, self.weights
        shares = np.bincount(cluster, weights=fails * weight) / np.bincount(cluster, weights=weight)
        kept = slice(None) if self.cell.chosen is None else np.sort(cluster[self.cell.chosen])
        return np.clip(shares[kept], 0.0, 1.0)


def bound_cell(cell: Cell, alpha: float, least: float | None = None) -> CellBounds:
    """Bound a cell at a level by the rule its design calls for, and ``least`` by its plan."""
    return CellBounds(cell=cell, alpha=alpha, least=alpha if least is None else least)


def seated(cell: Cell) -> NDArray[np.intp]:
    """Give outputs that failed before anyone could judge them a rater each, in turn.

    Someone would have been shown them and could only have failed them; leaving them without a
    rater would count each as a rater of its own and flatter the degrees of freedom.
    """
    unseated = np.flatnonzero(cell.rater == NO_RATER)
    raters = cell.rater.copy()
    raters[unseated] = np.arange(unseated.size) % cell.n_raters
    return raters
