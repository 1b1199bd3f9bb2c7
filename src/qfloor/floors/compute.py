"""From judged outputs to floors and verdicts, one family at a time.

The family is fixed by the plan before any score is seen: by default the offers of one category
and modality, among which the router chooses, each at ``alpha / m``. A simultaneous lower bound
holds for all thresholds at once, so tiers cost nothing, and ``q25_lo_release`` and a verdict at
``max_fail`` .25 are the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qfloor import stats
from qfloor.errors import CertificationError
from qfloor.floors.bounds import CellBounds, bound_cell
from qfloor.floors.cells import Cell, Judged, build_cell
from qfloor.records import (
    Direction,
    FailRate,
    Floor,
    FloorKind,
    Modality,
    Quality,
    Ruling,
    Threshold,
    Verdict,
)

MISSING_TOLERATED, MISSING_TOO_MUCH = 0.02, 0.05
"""Shares of missing outputs above which the worst case must hold, and nothing can be said."""

POWER = 0.8
"""Chance of a certificate for which "how many more prompts" is answered."""


@dataclass(frozen=True, kw_only=True)
class FamilyPlan:
    """Who is judged together and at what level; fixed before the data.

    ``demands`` is how many different ``max_fail`` its tiers ask for. A bound holds for all
    thresholds at once only at one ``max_fail``: three of them at a nominal 5 % certified falsely
    in 8.3 % of cells.
    """

    name: str
    m: int
    alpha: float
    demands: int = 1

    @property
    def level(self) -> float:
        """Error probability each offer gets for each ``max_fail`` (Bonferroni)."""
        return self.alpha / (self.m * self.demands)


@dataclass(frozen=True, kw_only=True)
class CellRequest:
    """What to compute: an offer in a category, its judged outputs and what it must clear.

    ``provisional`` says that the quality's number does not rest on judgments of this offer: it
    can be shown, and cannot certify.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: Quality
    outputs: Sequence[Judged]
    thresholds: Sequence[Threshold]
    family: FamilyPlan
    direction: Direction = "higher"
    provisional: bool = False
    population: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    valid_until: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Judgement:
    """A cell's bounds as they count: in the worst case too, when outputs are missing."""

    cell: Cell
    release: CellBounds
    worst: CellBounds | None

    def certified_to(self, max_fail: float) -> float | None:
        found = [b.limits(max_fail).certified_to for b in (self.release, self.worst) if b]
        return None if any(t is None for t in found) else min(t for t in found if t is not None)

    @property
    def too_much_missing(self) -> bool:
        return self.cell.missing_share > MISSING_TOO_MUCH


def compute_floor(
    request: CellRequest, kind: FloorKind = "delivered"
) -> tuple[Floor, tuple[Verdict, ...]]:
    """Compute one floor, and for the delivered one the verdict of every tier.

    Parameters
    ----------
    request : CellRequest
    kind : {"delivered", "conditional"}
        Whether refusals are fails or absent; verdicts are about what is delivered.

    Returns
    -------
    floor : Floor
        Values in the quality's own unit and direction.
    verdicts : tuple of Verdict
        Empty for a conditional floor.

    Raises
    ------
    CertificationError
        When thresholds of another quality are given.
    """
    for threshold in request.thresholds:
        if threshold.quality != request.quality.id:
            raise CertificationError(
                f"a threshold of {threshold.quality} cannot judge {request.quality.id}; "
                "thresholds never cross qualities"
            )
    sign = 1.0 if request.direction == "higher" else -1.0
    judged = _judge(request, kind, sign)
    floor = _floor(request, kind, judged, sign)
    if kind == "conditional":
        return floor, ()
    return floor, tuple(_verdict(request, judged, t, sign) for t in request.thresholds)


def _judge(request: CellRequest, kind: FloorKind, sign: float) -> _Judgement:
    place = (request.offer_id, request.category, request.modality, kind, request.outputs)
    cell = build_cell(*place, sign=sign)
    worst = None
    if cell.missing_share > MISSING_TOLERATED:
        filled = build_cell(*place, sign=sign, missing_as_fail=True)
        worst = bound_cell(filled, request.family.level)
    return _Judgement(cell=cell, release=bound_cell(cell, request.family.level), worst=worst)


def _floor(request: CellRequest, kind: FloorKind, judged: _Judgement, sign: float) -> Floor:
    cell, release = judged.cell, judged.release
    empty = cell.value.size == 0
    finite = cell.value[np.isfinite(cell.value)]
    at_cell = None if empty else bound_cell(cell, request.family.alpha).limits(0.25).certified_to
    at_release = None if empty or judged.too_much_missing else judged.certified_to(0.25)
    effect = None if empty else release.design_effect
    values = sorted({t.value for t in request.thresholds})
    return Floor(
        offer_id=request.offer_id,
        category=request.category,
        modality=request.modality,
        quality=request.quality.id,
        kind=kind,
        n_prompts=cell.n_clusters,
        n_outputs=cell.n_outputs,
        n_values=int(cell.value.size),
        counts=cell.counts,
        fail_rates=() if empty else tuple(_fail_rate(judged, v, sign) for v in values),
        q25=_quantile(stats.quantile_inverted_cdf, release, sign),
        q25_harrell_davis=_quantile(stats.harrell_davis, release, sign),
        q25_lo_release=_signed(at_release, sign),
        q25_lo_cell=_signed(at_cell, sign),
        mean=float(sign * finite.mean()) if finite.size else None,
        alpha_release=request.family.level,
        alpha_cell=request.family.alpha,
        family=request.family.name,
        m=request.family.m,
        bound=release.rule,
        design_effect=effect,
        n_effective=None if effect is None else cell.value.size / effect,
        n_raters=cell.n_raters or None,
        population={**request.population, **_panel(cell), "missing": cell.n_missing},
        digests=request.digests,
        provisional=request.provisional,
    )


def _quantile(method: Callable[..., float | None], bounds: CellBounds, sign: float) -> float | None:
    """Lower quartile with every prompt weighing the same, as in the fail rates beside it."""
    value, weights = bounds.cell.value, bounds.weights
    if not value.size:
        return None
    even = weights.min() == weights.max()
    return _signed(method(value, 0.25, None if even else weights), sign)


def _panel(cell: Cell) -> dict[str, str]:
    """Say what a statement about few raters is about."""
    if cell.n_raters and cell.effective_raters < stats.FEW_RATERS:
        return {"raters": f"conditional on this panel of {cell.n_raters}"}
    return {"raters": "drawn from a population"} if cell.n_raters else {}


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value


def _fail_rate(judged: _Judgement, threshold: float, sign: float) -> FailRate:
    """Fail rate at a threshold as it was given, with the upper bound that counts."""
    rates = [b.fail_rate(sign * threshold) for b in (judged.release, judged.worst) if b]
    return replace(rates[0], threshold=threshold, upper=max(r.upper for r in rates))


def _verdict(
    request: CellRequest, judged: _Judgement, threshold: Threshold, sign: float
) -> Verdict:
    cell, level = judged.cell, request.family.level
    ruling, reason, more = Ruling.UNDECIDED, "empty", None
    upper = lower = None
    if cell.value.size:
        at = sign * threshold.value
        rate = _fail_rate(judged, threshold.value, sign)
        upper, lower = rate.upper, judged.release.lower(at)
        ruling, reason = _ruling(request, judged, threshold, at)
        if ruling is Ruling.UNDECIDED and reason in ("more_prompts", "too_few_prompts"):
            more = _more_prompts(rate.rate, cell.n_clusters, level, threshold.max_fail)
    return Verdict(
        offer_id=request.offer_id,
        category=request.category,
        modality=request.modality,
        quality=request.quality.id,
        tier=threshold.tier,
        threshold=threshold.value,
        max_fail=threshold.max_fail,
        ruling=ruling,
        reason=reason,
        upper=upper,
        lower=lower,
        level=level,
        family=request.family.name,
        m=request.family.m,
        more_prompts=more,
        valid_until=request.valid_until,
    )


def _ruling(
    request: CellRequest, judged: _Judgement, threshold: Threshold, at: float
) -> tuple[Ruling, str]:
    """Decide by ``certified_to`` alone, so that number and verdict cannot disagree."""
    if judged.too_much_missing:
        return Ruling.UNDECIDED, "too_much_missing"
    certified_to = judged.certified_to(threshold.max_fail)
    if certified_to is not None and at <= certified_to:
        if request.provisional:
            return Ruling.UNDECIDED, "provisional"
        return Ruling.CERTIFIED, "clears"
    if judged.release.limits(threshold.max_fail).verdict(at) == "rejected":
        return Ruling.REJECTED, "fails"
    needed = stats.min_prompts(request.family.level, threshold.max_fail)
    enough = judged.cell.n_clusters >= needed
    return Ruling.UNDECIDED, "more_prompts" if enough else "too_few_prompts"


def _more_prompts(rate: float, have: int, level: float, max_fail: float) -> int | None:
    """Prompts still needed at the present estimate; None when it will never be certified."""
    needed = stats.prompts_needed(rate, level, max_fail, POWER)
    if needed is None:
        return None
    return max(1, needed - have)
