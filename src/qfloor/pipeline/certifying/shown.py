"""Findings as rows for people: floors with their verdicts, and what stands beside them.

Only arranges what was found; every number is in the records (`qfloor.records.beside`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qfloor.pipeline.certifying.findings import Findings
from qfloor.records import TIERS, Floor, LeaveOneOut, PassRate, Ruling, TagFloor
from qfloor.records.needed import lacking

Row = dict[str, Any]


def floor_rows(found: Findings, floors: Iterable[Floor]) -> Iterator[Row]:
    """Rows of floors, the delivered ones with the ruling of each tier.

    A verdict is on what is delivered. Beside a conditional floor, which leaves refusals out, it
    would be taken for that number's.
    """
    ruled = {
        (v.offer_id, v.category, v.modality, v.quality, v.tier): v.ruling.value
        for v in found.verdicts
    }
    tiers = sorted({v.tier for v in found.verdicts}, key=TIERS.index)
    for f in floors:
        place = (f.offer_id, f.category, f.modality, f.quality)
        yield {
            "category": f.category,
            "modality": f.modality,
            "offer": f.offer_id,
            "q25": f.q25,
            "q25_lo": f.q25_lo_release,
            **{tier: ruled.get((*place, tier)) for tier in tiers if f.kind == "delivered"},
            "prompts": f.n_prompts,
            "values": f.n_values,
            "design_effect": f.design_effect,
            "bound": f.bound,
            "counts": f.counts,
        }


def undecided_remarks(found: Findings, floors: Iterable[Floor]) -> Iterator[str]:
    """One sentence for each undecided verdict on these floors, the nearest to a decision first."""
    bounds = {
        (f.offer_id, f.category, f.modality, f.quality): f.bound
        for f in floors
        if f.kind == "delivered"
    }
    undecided = [
        (v, bounds[place])
        for v in found.verdicts
        if v.ruling is Ruling.UNDECIDED
        and (place := (v.offer_id, v.category, v.modality, v.quality)) in bounds
    ]
    for v, bound in sorted(undecided, key=lambda pair: pair[0].more_prompts or math.inf):
        lacks = lacking(v.reason, v.more_prompts, bound)
        yield f"undecided: {v.offer_id} {v.category} ({v.modality}) {v.tier}: {lacks}"


def pass_rate_rows(found: Iterable[PassRate], *, brief: bool = False) -> Iterator[Row]:
    """Rows of pass rates, by metric: share true, share that passes, and what is in neither.

    ``brief`` puts a share and its interval into one cell, as a person reads them.
    """
    for rate in sorted(found, key=lambda r: (r.metric, r.category, r.modality, r.offer_id)):
        row: Row = {
            "metric": rate.metric.partition("@")[0],
            "category": rate.category,
            "modality": rate.modality,
            "offer": rate.offer_id,
            "true_is": "good" if rate.direction == "higher" else "bad",
        }
        for name, share, low, high in (
            ("true", rate.share_true, rate.share_true_lo, rate.share_true_hi),
            ("passed", rate.passed, rate.passed_lo, rate.passed_hi),
        ):
            if brief:
                row[name] = _interval(share, low, high)
            else:
                row |= {name: share, f"{name}_lo": low, f"{name}_hi": high}
        low, high = rate.passed_lo_release, rate.passed_hi_release
        if brief:
            row["of_all"] = None if low is None else f"[{low:.3f}, {high:.3f}]"
        else:
            row |= {
                "true_lo_release": rate.share_true_lo_release,
                "true_hi_release": rate.share_true_hi_release,
                "passed_lo_release": low,
                "passed_hi_release": high,
                "confidence_release": rate.confidence_release,
            }
        row |= {"prompts": rate.n_prompts, "scored": rate.n_scored, "asked": rate.n_asked}
        row |= {} if brief else {"identity": rate.metric, "counts": rate.counts}
        yield {**row, "method": rate.method, "not_scored": rate.reasons}


def _interval(share: float | None, low: float | None, high: float | None) -> str | None:
    return None if share is None else f"{share:.3f} [{low:.3f}, {high:.3f}]"


def tag_rows(found: Findings, quality: str, *, brief: bool = False) -> Iterator[Row]:
    """Rows of tag and language floors of a quality, with fail rate and bound of each tier.

    ``brief`` puts a fail rate and its upper bound into one cell, as a person reads them.
    """
    tiers = _tiers(found)
    wanted = (t for t in found.tag_floors if quality in t.quality)
    for floor in sorted(wanted, key=_by_tag):
        demands = tiers.get((floor.category, floor.modality, floor.quality), {})
        yield _brief_tag(floor, demands) if brief else _whole_tag(floor, demands)


def _brief_tag(floor: TagFloor, demands: Mapping[str, float]) -> Row:
    rates = {rate.threshold: rate for rate in floor.fail_rates}
    told = {
        f"{tier}_fails": f"{rates[value].rate:.3f} (up to {rates[value].upper:.3f})"
        for tier, value in demands.items()
        if value in rates
    }
    return {
        "category": floor.category,
        "modality": floor.modality,
        "offer": floor.offer_id,
        "of": f"{floor.facet} {floor.label}",
        "prompts": floor.n_prompts,
        "outputs": floor.n_outputs,
        "q25": floor.q25,
        "q25_lo": floor.reason if floor.q25_lo is None else floor.q25_lo,
        **told,
    }


def _whole_tag(floor: TagFloor, demands: Mapping[str, float]) -> Row:
    row: Row = {
        "category": floor.category,
        "modality": floor.modality,
        "quality": floor.quality,
        "offer": floor.offer_id,
        "facet": floor.facet,
        "label": floor.label,
        "prompts": floor.n_prompts,
        "outputs": floor.n_outputs,
        "q25": floor.q25,
        "q25_lo": floor.q25_lo,
    }
    rates = {rate.threshold: rate for rate in floor.fail_rates}
    for tier, value in demands.items():
        rate = rates.get(value)
        row[f"{tier}_fail"] = None if rate is None else rate.rate
        row[f"{tier}_upper"] = None if rate is None else rate.upper
    return {**row, "bound": floor.bound or None, "reason": floor.reason or None}


def leave_one_out_rows(found: Findings, quality: str) -> Iterator[Row]:
    """Rows of what verdicts on a quality would be without one rater."""
    wanted = (r for r in found.leave_one_out if quality in r.quality)
    for left in sorted(wanted, key=_by_tier):
        yield {
            "category": left.category,
            "modality": left.modality,
            "offer": left.offer_id,
            "tier": left.tier,
            "threshold": left.threshold,
            "with_all": left.ruling_with_all.value,
            "without_rater": left.rater_number,
            "named": left.rater,
            "ruling": left.ruling.value,
            "fail": left.rate,
            "upper": left.upper,
            "q25_lo": left.q25_lo,
            "prompts": left.n_prompts,
            "values": left.n_values,
            "bound": left.bound,
        }


def _tiers(found: Findings) -> Mapping[tuple[str, str, str], dict[str, float]]:
    """Threshold of each tier where it is demanded, tiers in order."""
    tiers: dict[tuple[str, str, str], dict[str, float]] = {}
    for threshold in sorted(found.thresholds, key=lambda t: TIERS.index(t.tier)):
        place = (threshold.category, threshold.modality, threshold.quality)
        tiers.setdefault(place, {})[threshold.tier] = threshold.value
    return tiers


def _by_tag(floor: TagFloor) -> tuple[object, ...]:
    facet = floor.facet != "tag"
    return floor.quality, floor.category, floor.modality, floor.offer_id, facet, floor.label


def _by_tier(left: LeaveOneOut) -> tuple[object, ...]:
    tier = TIERS.index(left.tier)
    place = (left.quality, left.category, left.modality, left.offer_id)
    return *place, tier, left.rater_number
