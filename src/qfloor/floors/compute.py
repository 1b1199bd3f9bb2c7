"""From judged outputs to floors: what is known of one offer in one category, at its plan's level.

A floor is computed by itself; what it is worth among the others of its family is `ruling`'s. The
family is fixed by the plan before any score is seen (`family`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qfloor import stats
from qfloor.errors import CertificationError
from qfloor.floors.bounds import CellBounds, bound_cell
from qfloor.floors.cells import Cell, build_cell, on_this_panel
from qfloor.floors.family import FamilyPlan
from qfloor.floors.judged import Judged, lay_out
from qfloor.floors.missing import MISSING_TOLERATED, CountedBounds
from qfloor.floors.powered import TOO_FEW, Predicted, power_cell
from qfloor.records import (
    Direction,
    FailRate,
    Floor,
    FloorKind,
    Modality,
    Quality,
    Threshold,
)

_QUARTER = 0.25

_TOGETHER = 4
"""From so many cells on it pays to look their bounds up together."""


@dataclass(frozen=True, kw_only=True)
class CellRequest:
    """What to compute: an offer in a category, its judged outputs and what it must clear.

    ``provisional`` says that the quality's number does not rest on judgments of this offer: it
    can be shown, and cannot certify. ``traffic`` is a team's own mix: the share of each stratum.
    ``predicted`` is what metrics say of people's fails, for a prediction-powered quality.
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
    traffic: Mapping[str, float] | None = None
    predicted: Predicted | None = None

    def __post_init__(self) -> None:
        """Lay the outputs out once for all that is made of them."""
        object.__setattr__(self, "outputs", lay_out(self.outputs))

    @property
    def sign(self) -> float:
        """-1 where lower is better."""
        return 1.0 if self.direction == "higher" else -1.0


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """A floor with what its verdicts will be made of, once its whole family is there."""

    request: CellRequest
    floor: Floor
    bounds: CountedBounds

    @property
    def sign(self) -> float:
        """-1 where lower is better."""
        return self.request.sign


def assess(request: CellRequest, kind: FloorKind = "delivered") -> Assessed:
    """Compute one floor; its verdicts follow from its family (`ruling.rule_family`).

    Parameters
    ----------
    request : CellRequest
    kind : {"delivered", "conditional"}
        Whether refusals are fails or absent; verdicts are about what is delivered.

    Returns
    -------
    Assessed
        With the floor in the quality's own unit and direction.

    Raises
    ------
    CertificationError
        When thresholds of another quality are given.
    """
    return assess_all([request], kind)[0]


def assess_all(requests: Iterable[CellRequest], kind: FloorKind = "delivered") -> list[Assessed]:
    """Compute the floors of many cells, as `assess` does one by one, and faster.

    Raises
    ------
    CertificationError
        When thresholds of another quality are given.
    """
    asked = list(requests)
    for request in asked:
        _check_quality(request)
    bounded: list[CountedBounds] = []
    looked_up: list[stats.Asked] = []
    for request in asked:
        one = counted_bounds(request, kind)
        bounded.append(one)
        if len(asked) >= _TOGETHER:
            looked_up += _asked(request, one)  # at once, while its arrays are near
    stats.look_up(looked_up)
    return [
        Assessed(request=request, floor=_floor(request, kind, one, request.sign), bounds=one)
        for request, one in zip(asked, bounded, strict=True)
    ]


def _check_quality(request: CellRequest) -> None:
    quality = request.quality.id
    for threshold in request.thresholds:
        if threshold.quality != quality:
            raise CertificationError(
                f"a threshold of {threshold.quality} cannot judge {quality}; "
                "thresholds never cross qualities"
            )


def _asked(request: CellRequest, bounds: CountedBounds) -> Iterator[stats.Asked]:
    """What floor and verdicts will ask of a cell's bounds."""
    if not bounds.cell.value.size:
        return
    sign = request.sign
    at = [sign * value for value in sorted({t.value for t in request.thresholds})]
    max_fails = {_QUARTER, *(t.max_fail for t in request.thresholds)}
    for case in bounds.cases:
        if (one := case.asked(at, max_fails)) is not None:
            yield one
    if request.predicted is None:
        yield _uncorrected(request, bounds).asked_to_certify(_QUARTER)


def counted_bounds(request: CellRequest, kind: FloorKind) -> CountedBounds:
    """Bound what is asked, in the worst case of what is missing too where that is not little."""
    sign, levels = request.sign, (request.family.level, request.family.least_level)
    place = (request.offer_id, request.category, request.modality, kind, request.outputs)
    cell = build_cell(*place, sign=sign, traffic=request.traffic)
    worst = None
    strictest = min((t.max_fail for t in request.thresholds), default=_QUARTER)
    # two in a hundred matter little where a quarter may fail, and a lot where one in twenty may
    if cell.missing_share > MISSING_TOLERATED * min(1.0, strictest / _QUARTER):
        filled = build_cell(*place, sign=sign, missing_as_fail=True, traffic=request.traffic)
        worst = _bounds(request, filled, levels, missing_as_fail=True)
    return CountedBounds(cell=cell, release=_bounds(request, cell, levels), worst=worst)


def _bounds(
    request: CellRequest, cell: Cell, levels: tuple[float, float], *, missing_as_fail: bool = False
) -> CellBounds:
    """Bound a cell by its labels, or by them and what metrics say of outputs without any."""
    alone = bound_cell(cell, *levels)
    if request.predicted is None or request.family.correction == "e-bh":  # bets know no metrics
        return alone
    return power_cell(alone, request.outputs, request.predicted, missing_as_fail=missing_as_fail)


def _uncorrected(request: CellRequest, bounds: CountedBounds) -> CellBounds:
    """Bounds of a cell as if it were judged alone."""
    alpha = request.family.alpha
    if request.predicted is None:
        return bounds.release.at_level(alpha)
    return _bounds(request, bounds.cell, (alpha, alpha))


def _floor(request: CellRequest, kind: FloorKind, bounds: CountedBounds, sign: float) -> Floor:
    cell, release = bounds.cell, bounds.release
    empty = cell.value.size == 0
    at_cell = None if empty else _uncorrected(request, bounds).certified_to(_QUARTER)
    at_release = None if empty or bounds.too_much_missing else bounds.certified_to(_QUARTER)
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
        fail_rates=() if empty else tuple(_shown(bounds.fail_rate(sign * v), v) for v in values),
        q25=None if empty else _signed(release.path.quantile(_QUARTER), sign),
        q25_harrell_davis=None if empty else _signed(release.path.harrell_davis(_QUARTER), sign),
        q25_lo_release=_signed(at_release, sign),
        q25_lo_cell=_signed(at_cell, sign),
        mean=None if empty else _mean(release, sign),
        alpha_release=request.family.level,
        alpha_cell=request.family.alpha,
        family=request.family.name,
        m=request.family.m,
        bound=release.rule,
        design_effect=effect,
        n_effective=None if effect is None else cell.value.size / effect,
        n_raters=cell.n_raters or None,
        population={
            **request.population,
            **_mix(request, cell),
            **_panel(cell),
            "missing": cell.n_missing,
            **_told(request, release, values),
        },
        digests=request.digests,
        provisional=request.provisional,
        q25_hi_release=None if empty else _upper_limit(bounds, sign),
    )


def _shown(rate: FailRate, threshold: float) -> FailRate:
    """A fail rate at a threshold in the quality's own direction."""
    return rate if rate.threshold == threshold else replace(rate, threshold=threshold)


def _mean(bounds: CellBounds, sign: float) -> float | None:
    """Mean of the finite values; by traffic, where that is not the suite's."""
    path = bounds.path
    failed = int(path.at[0])  # those that failed outright come first
    values = path.scores[failed:]
    if not values.size:
        return None
    if bounds.cell.weight is None:
        return sign * float(values.mean())
    return sign * float(np.average(values, weights=path.shares[failed:]))


def _mix(request: CellRequest, cell: Cell) -> dict[str, Any]:
    """Say what traffic a floor is about, and how many equal prompts that is worth."""
    if request.traffic is None:
        return {}
    whole = sum(request.traffic.values())
    told = {
        **request.population.get("traffic", {}),
        "shares": {name: share / whole for name, share in sorted(request.traffic.items())},
        "effective_prompts": cell.size,
        "kept_prompts": cell.n_clusters if cell.chosen is None else int(cell.chosen.sum()),
    }
    return {"traffic": told | ({"unjudged": list(cell.unjudged)} if cell.unjudged else {})}


def _told(request: CellRequest, release: CellBounds, values: Sequence[float]) -> Mapping[str, Any]:
    """What metrics did to a prediction-powered floor, or why they did nothing."""
    if request.predicted is None:
        return {}
    return release.told(values) or {"says": TOO_FEW}


def _upper_limit(bounds: CountedBounds, sign: float) -> float | None:
    """Upper bound of the lower quartile; None too where every threshold is rejected."""
    if bounds.too_much_missing:
        return None
    above = bounds.release.limits(_QUARTER).rejected_above
    return _signed(above if above is not None and np.isfinite(above) else None, sign)


def _panel(cell: Cell) -> dict[str, str]:
    """Say what a statement about few raters is about."""
    if cell.on_its_panel:
        return {"raters": on_this_panel(cell.n_raters)}
    return {"raters": "drawn from a population"} if cell.n_raters else {}


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
