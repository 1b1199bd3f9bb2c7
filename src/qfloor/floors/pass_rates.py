"""How often a boolean metric holds, with an exact interval: a quartile of zeros and ones is none.

The number beside a floor for metrics that are true or false (near blank, words read exactly, a
clip that moves). It knows which outputs count, not where they come from, and rules on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors.cells import Cell, build_cell
from qfloor.floors.judged import Judged
from qfloor.records import Metric, Modality, PassRate, Status

CONFIDENCE = 0.95
"""Two-sided level of the intervals of pass rates; they are shown and decide nothing."""


@dataclass(frozen=True, kw_only=True)
class PassRequest:
    """A boolean metric's outputs of one offer in a category.

    ``outputs`` are all of the cell, whatever became of them, with 0 or 1 as the one value of
    those that the metric scored. ``outside`` names those that have no part in ``passed``: the
    metric does not apply to their prompt. ``reasons`` counts why outputs have no value.
    ``confidence_release`` is the level at which all offers of the family hold at once.
    """

    offer_id: str
    category: str
    modality: Modality
    metric: Metric
    outputs: Sequence[Judged]
    outside: frozenset[str] = frozenset()
    reasons: Mapping[str, int] = field(default_factory=dict)
    confidence: float = CONFIDENCE
    confidence_release: float | None = None


def compute_pass_rate(request: PassRequest) -> PassRate:
    """Compute the share of outputs of which a metric is true, and the share that passes.

    Parameters
    ----------
    request : PassRequest
        Of a boolean metric; values are 0 or 1.

    Returns
    -------
    PassRate
        Shares in [0, 1] with two-sided intervals; None where nothing was scored.

    Notes
    -----
    With one output a prompt the interval is Clopper and Pearson's; with repeats Korn and
    Graubard's with prompt families as clusters, each family weighing the same, joined by the
    exact bound of every repeat, which alone decides below level .01. Both sides are those of
    `qfloor.stats.fail_rate_bounds` at half of ``1 - confidence``.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934) 404-413. Korn and Graubard, Survey Methodology 24
    (1998) 193-201.
    """
    true = _cell(request, [_only_value(o) for o in request.outputs if _is_scored(o)], 1.0)
    good = 1.0 if request.metric.direction == "higher" else -1.0
    inside = [o for o in request.outputs if o.output_id not in request.outside]
    whole = _cell(request, request.outputs, good)
    asked = _cell(request, inside, good)
    share = _interval(true, 0.5, request.confidence)
    passed = _interval(asked, 0.5 * good, request.confidence)
    return PassRate(
        offer_id=request.offer_id,
        category=request.category,
        modality=request.modality,
        metric=request.metric.key,
        direction=request.metric.direction,
        n_prompts=true.n_clusters,
        n_scored=true.n_outputs,
        n_true=int((true.value == 1.0).sum()),
        share_true=share.rate,
        share_true_lo=share.low,
        share_true_hi=share.high,
        n_asked=asked.n_outputs,
        passed=passed.rate,
        passed_lo=passed.low,
        passed_hi=passed.high,
        confidence=request.confidence,
        method=share.method if true.value.size else passed.method,
        counts=whole.counts,
        reasons=dict(sorted(request.reasons.items())),
        **_of_all(true, asked, good, request.confidence_release),
    )


def _of_all(true: Cell, asked: Cell, good: float, confidence: float | None) -> dict[str, Any]:
    """Intervals at the level at which those of all offers of the family hold at once."""
    if confidence is None:
        return {}
    share, passed = _interval(true, 0.5, confidence), _interval(asked, 0.5 * good, confidence)
    return {
        "confidence_release": confidence,
        "share_true_lo_release": share.low,
        "share_true_hi_release": share.high,
        "passed_lo_release": passed.low,
        "passed_hi_release": passed.high,
    }


@dataclass(frozen=True)
class _Share:
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = "clopper_pearson"


def _is_scored(output: Judged) -> bool:
    return output.status is Status.MADE and bool(output.values)


def _only_value(output: Judged) -> Judged:
    """What the metric says of an output, whether or not it may be delivered."""
    return replace(output, scorer_failed=False, unsafe=False, safety_unknown=False)


def _cell(request: PassRequest, outputs: Sequence[Judged], sign: float) -> Cell:
    place = (request.offer_id, request.category, request.modality)
    return build_cell(*place, "delivered", outputs, sign=sign)


def _interval(cell: Cell, cut: float, confidence: float) -> _Share:
    """Share of values at or above ``cut``; the mirror of a fail rate and its two bounds."""
    if not cell.value.size:
        return _Share()
    repeats = cell.n_clusters < cell.value.size
    clusters: NDArray[np.intp] | None = cell.cluster if repeats else None
    alpha = (1.0 - confidence) / 2.0
    bounds = stats.fail_rate_bounds(cell.value, cut, clusters, alpha=alpha)
    method = "clopper_pearson"
    if repeats:
        few = cell.n_clusters < stats.FEW_PROMPTS
        method = "korn_graubard_and_exact" if few else "korn_graubard"
    return _Share(1.0 - bounds.fail_rate, 1.0 - bounds.upper, 1.0 - bounds.lower, method)
