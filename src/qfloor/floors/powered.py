"""Floors of people's ratings that metrics make narrower: prediction-powered bounds of a cell.

The cell is the human one, and its fails are people's. Metrics add what they say of outputs that
nobody rated; how much that counts is found out from the offer's own labels at each threshold, and
where it adds nothing, or where labels are too few for the approximation to be trusted, the bound
is that of the labels alone. Thresholds are those of a grid: what is certified is the largest of
them up to which all are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors.bounds import CellBounds, seated
from qfloor.floors.judged import Judged, how_it_counts
from qfloor.records import CountsAs, FloorKind

FloatArray = NDArray[np.float64]

FEWEST_LABELLED = 100
"""Labelled prompts below which metrics are not let in."""

FEWEST_FAILS, FEWEST_FAILS_STRICT = 10, 20
"""Labelled prompts' worth of fails, and of the opposite, that a threshold needs, at levels from
.01 on and below: with fewer the variance is itself a guess (results/ppi_coverage.md)."""

MOST_ALIKE = 2
"""Values a prompt, on average, up to which all of them may decide without one value a prompt:
with more, a few prompts that always fail were certified falsely (results/ppi_repeats.md)."""

LEAST_ALPHA = 1e-3
"""Error probability below which the bound was not seen to hold; there labels alone decide."""

NOTHING = "the metrics add nothing here"
TOO_FEW = (
    "labels are too few, the level too small, or prompts weighed by traffic: metrics are not let in"
)


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What metrics say of an offer's outputs: P(human < t) at each t of ``grid``.

    ``fails`` has a row for each output by id, ``base`` is said of those it lacks, ``unlabelled``
    are the outputs of prompts that nobody rated. No row may come from a model that saw a rating
    of its prompt.
    """

    grid: tuple[float, ...]
    fails: Mapping[str, FloatArray]
    base: FloatArray
    unlabelled: Sequence[Judged]

    def rows(self, outputs: Sequence[Judged], kind: FloorKind) -> FloatArray:
        """Predictions of outputs, shape (outputs, grid); what failed outright is known to fail."""
        known = np.ones(len(self.grid))
        found = [
            known
            if how_it_counts(output, kind, judged=True) is CountsAs.FAIL
            else self.fails.get(output.output_id, self.base)
            for output in outputs
        ]
        return np.array(found, dtype=np.float64).reshape(len(found), len(self.grid))


@dataclass(frozen=True, kw_only=True)
class PoweredBounds(CellBounds):
    """Bounds of a cell with predictions: a row of ``labelled`` for each of its values.

    ``families`` are the clusters of the rows of ``unlabelled``.
    """

    grid: tuple[float, ...]
    labelled: FloatArray
    unlabelled: FloatArray
    families: tuple[str, ...]

    @property
    def rule(self) -> str:
        """``prediction_powered``, or what decides where the metrics are never let count."""
        return "prediction_powered" if any(f.adds for f in self._all) else self._labels_rule

    @property
    def _labels_rule(self) -> str:
        """What labels alone are bounded by here: at small levels one of each prompt."""
        return "one_repeat" if super().rule == "every_repeat" else super().rule

    def asked(self, thresholds: Sequence[float], max_fails: Collection[float]) -> None:
        """Nothing: with predictions no bound of every repeat is asked for."""

    def certified_to(self, max_fail: float) -> float | None:
        """Largest certified threshold of the grid."""
        return self.limits(max_fail).certified_to

    def limits(self, max_fail: float) -> stats.ThresholdLimits:
        """Largest certified and largest not rejected threshold of the grid."""
        certified = np.append(self._uppers(self.alpha) <= max_fail, False)
        rejected = np.append(True, self._uppers(self.alpha, mirror=True)[::-1] <= 1.0 - max_fail)
        lead, trail = int(np.argmin(certified)), int(np.argmin(np.append(rejected, False))) - 1
        first_rejected = len(self.grid) - trail
        above = -math.inf if first_rejected == 0 else self.grid[first_rejected - 1]
        return stats.ThresholdLimits(
            certified_to=None if lead == 0 else self.grid[lead - 1],
            rejected_above=None if trail == 0 else above,
            alpha=self.alpha,
            max_fail=max_fail,
            bound=self.rule,
        )

    def rate(self, threshold: float) -> float:
        """Estimate of P(value < threshold), from both samples."""
        return self._decisive(self._step(threshold)).p

    def upper(self, threshold: float, alpha: float) -> float:
        """Upper bound of P(value < threshold) at any level of the plan, from both samples."""
        return float(self._uppers(alpha)[: self._step(threshold) + 1].max())

    def lower(self, threshold: float, alpha: float) -> float:
        """Lower bound of P(value < threshold); see `upper`."""
        return 1.0 - float(self._uppers(alpha, mirror=True)[self._step(threshold) :].max())

    def p_value(self, threshold: float, max_fail: float) -> float:
        """Smallest level at which the threshold is certified, and at every level above too.

        Never below `LEAST_ALPHA`: smaller ones are not claimed.
        """
        at = self._step(threshold)
        low, high = math.log(LEAST_ALPHA), math.log(0.499)
        if not self._clears(at, math.exp(high), max_fail):
            return 1.0
        if self._clears(at, LEAST_ALPHA, max_fail):
            return LEAST_ALPHA
        while high - low > 1e-9:
            middle = (low + high) / 2.0
            fine = self._clears(at, math.exp(middle), max_fail)
            low, high = (low, middle) if fine else (middle, high)
        return math.exp(high)

    def _clears(self, at: int, alpha: float, max_fail: float) -> bool:
        return bool(self._uppers(alpha)[: at + 1].max() <= max_fail)

    @property
    def design_effect(self) -> float:
        """Values per effective value at the cell's own median; below 1 where metrics help."""
        if not self.path.thresholds.size:
            return 1.0
        n_star = self._decisive(self._step(self.median)).powered.n_star(self.alpha)
        return self.cell.value.size / n_star if n_star > 0.0 else math.inf

    def told(self, thresholds: Sequence[float]) -> Mapping[str, Any]:
        """What the metrics did, for the floor's ``population``."""
        at = {f"{t:g}": self._decisive(self._step(t)) for t in thresholds}
        weights = {t: round(f.weight, 4) for t, f in at.items()}
        return {
            "labelled_prompts": self.cell.n_clusters,
            "unlabelled_prompts": len(set(self.families)),
            "metric_weight": weights,
            "labels_alone_upper": {t: round(f.labels.upper(self.alpha), 6) for t, f in at.items()},
            **({} if any(weights.values()) else {"says": NOTHING}),
        }

    def _step(self, threshold: float) -> int:
        """The grid's step that a threshold falls into; above the grid the last one."""
        return min(int(np.searchsorted(self.grid, threshold)), len(self.grid) - 1)

    def _decisive(self, at: int) -> stats.PredictionPowered:
        alone = self.least < stats.TRUSTED_ALPHA and not self.two_way
        return (self._first if alone else self._all)[at]

    @cached_property
    def _all(self) -> tuple[stats.PredictionPowered, ...]:
        """Every value, with raters where they are drawn from a population."""
        raters = seated(self.cell) if self.two_way else None
        return self._powered(np.arange(self.cell.value.size), raters)

    @cached_property
    def _first(self) -> tuple[stats.PredictionPowered, ...]:
        """One value a prompt: what is trusted at small levels, whatever the repeats are like."""
        return self._powered(np.unique(self.cell.cluster, return_index=True)[1], None)

    def _powered(
        self, rows: NDArray[np.intp], raters: NDArray[np.intp] | None
    ) -> tuple[stats.PredictionPowered, ...]:
        cell, families = self.cell, self.cell.families
        sample = stats.PoweredSample(
            [families[i] for i in cell.cluster[rows]],
            self.families,
            raters=None if raters is None else raters[rows],
        )
        found = []
        for j, t in enumerate(self.grid):
            fails = cell.value[rows] < t
            powered = sample.fail_rate(fails, self.labelled[rows, j], self.unlabelled[:, j])
            fewer = min(powered.labels.p, 1.0 - powered.labels.p) * cell.n_clusters
            found.append(powered if fewer >= self._fewest else powered.alone())
        return tuple(found)

    @property
    def _fewest(self) -> int:
        return FEWEST_FAILS if self.least >= stats.TRUSTED_ALPHA else FEWEST_FAILS_STRICT

    @cached_property
    def _tables(self) -> tuple[stats.MomentTable, ...]:
        """What must all hold: at small levels one value a prompt, with raters both."""
        small = self.least < stats.TRUSTED_ALPHA
        samples = [self._first] if small and not self.two_way else [self._all]
        if small and self.two_way:
            samples.append(self._first)
        return tuple(stats.MomentTable([f.powered for f in found]) for found in samples)

    @cached_property
    def _one_each(self) -> stats.MomentTable | None:
        """One value a prompt, which joins where metrics count and prompts have many values.

        These may be alike in a way that the variance of all, from a few prompts that always fail,
        does not show; labels alone have the exact bound for that.
        """
        many = self.cell.value.size > MOST_ALIKE * self.cell.n_clusters
        if not many or self.least < stats.TRUSTED_ALPHA:
            return None
        return stats.MomentTable([f.powered for f in self._first])

    def _uppers(self, alpha: float, *, mirror: bool = False) -> FloatArray:
        """Upper bound of P(fail) at each step of the grid (of P(no fail)), not yet monotone."""
        tables = [t.mirror() for t in self._tables] if mirror else self._tables
        found = np.max([t.upper(alpha) for t in tables], axis=0)
        if self._one_each is not None:
            one = self._one_each.mirror() if mirror else self._one_each
            adds = np.array([f.adds for f in self._all])
            found = np.where(adds, np.maximum(found, one.upper(alpha)), found)
        if self.two_way or self.least >= stats.TRUSTED_ALPHA:
            for j, t in enumerate(self.grid):
                if not self._all[j].adds:  # the labels alone: by their own exact bound as well
                    found[j] = max(found[j], self._exact(t, alpha, mirror=mirror))
        return np.asarray(found)

    def _exact(self, threshold: float, alpha: float, *, mirror: bool) -> float:
        """Exact bound of the labels alone: of P(fail), or of P(no fail)."""
        if mirror:
            low = stats.path_lower(self.path, threshold, alpha=alpha, rule="every_repeat")
            return 1.0 - low
        return stats.path_upper(self.path, threshold, alpha=alpha, rule="every_repeat")


def power_cell(
    alone: CellBounds,
    outputs: Sequence[Judged],
    predicted: Predicted,
    *,
    missing_as_fail: bool = False,
) -> CellBounds:
    """Let predictions into a cell's bounds where it has labels enough.

    Parameters
    ----------
    alone : CellBounds
        What the labels alone say.
    outputs : sequence of Judged
        The labelled sample, from which the cell was built.
    predicted : Predicted
    missing_as_fail : bool
        Whether the cell counts what is missing as fails; then both samples hold it.

    Returns
    -------
    CellBounds
        `PoweredBounds`, or ``alone``: with fewer than `FEWEST_LABELLED` labelled prompts, at a
        level below `LEAST_ALPHA`, without an unlabelled output, or under a traffic mix.
    """
    cell = alone.cell
    taken = {CountsAs.SCORED, CountsAs.FAIL} | ({CountsAs.MISSING} if missing_as_fail else set())
    others = [o for o in predicted.unlabelled if how_it_counts(o, cell.kind, judged=True) in taken]
    few = cell.n_clusters < FEWEST_LABELLED or alone.least < LEAST_ALPHA or not others
    if few or cell.weight is not None:  # a traffic mix weighs one sample and not the other
        return alone
    by_id = {o.output_id: o for o in outputs}
    return PoweredBounds(
        cell=cell,
        alpha=alone.alpha,
        least=alone.least,
        grid=predicted.grid,
        labelled=predicted.rows([by_id[i] for i in cell.outputs], cell.kind),
        unlabelled=predicted.rows(others, cell.kind),
        families=tuple(o.family for o in others),
    )
