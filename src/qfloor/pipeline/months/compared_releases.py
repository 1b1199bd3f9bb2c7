"""Two releases of a benchmark, compared by what they publish: no store is at hand.

A release says how many of a cell's values fail at each tier, not which. Where every prompt has one
value these counts are tested as they are, other prompts or the same (Fisher's exact test, which
on the same prompts is the more cautious one). With several values a prompt a count of fails says
too little, and the cell is named as untested. `check_drift` pairs outputs and sees more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qfloor.errors import CertificationError
from qfloor.export import Content, Row
from qfloor.pipeline.months.drift_trees import Compared, Comparison, findings_of
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.records import DriftFinding

Key = tuple[str, str, str, str]
"""Offer, category, modality and tier."""


@dataclass(frozen=True, kw_only=True)
class ReleaseChange:
    """What is other in the later of two releases.

    ``untested`` counts cells of both releases whose fails could not be compared.
    """

    findings: tuple[DriftFinding, ...]
    verdicts: tuple[Row, ...]
    prices: tuple[Row, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    untested: int


def compare_releases(before: Content, after: Content, *, alpha: float = 0.05) -> ReleaseChange:
    """Compare two releases of the same quality.

    Parameters
    ----------
    before, after : Content
        As `qfloor.export.read` gives them.
    alpha : float
        Probability that any unchanged offer is called changed.

    Returns
    -------
    ReleaseChange

    Raises
    ------
    CertificationError
        When they are about different qualities, are one release, or alpha is out of range.
    """
    old, new = before["release"][0], after["release"][0]
    if not 0.0 < alpha < 0.5:
        raise CertificationError(f"alpha is {alpha:g}, must lie between 0 and 0.5")
    if old["digest"] == new["digest"]:
        raise CertificationError(
            f"both are the release {old['name']} {old['round']} with digest {old['digest']}; "
            "name an earlier one"
        )
    if old["primary_quality"] != new["primary_quality"]:
        raise CertificationError(
            f"the earlier release is about {old['primary_quality']}, this one about "
            f"{new['primary_quality']}; what two qualities say must not be compared"
        )
    places, untested = _places(before, after)
    comparison = Comparison(
        before_run=f"{old['name']} {old['round']}",
        after_run=f"{new['name']} {new['round']}",
        quality=new["primary_quality"],
        alpha=alpha,
        at=new["created_at"],
    )
    tiers = {place.tier for place in places}
    n_trees = len(before["offers"]) * len(tiers)
    offers = [{row["id"] for row in content["offers"]} for content in (before, after)]
    return ReleaseChange(
        findings=tuple(findings_of(places, comparison, n_trees)) if places else (),
        verdicts=tuple(changed_verdicts(before, after)),
        prices=tuple(_prices(before, after)),
        only_before=tuple(sorted(offers[0] - offers[1])),
        only_after=tuple(sorted(offers[1] - offers[0])),
        untested=untested,
    )


def _places(before: Content, after: Content) -> tuple[list[Compared], int]:
    """Cells of both releases at the earlier one's thresholds, and how many cannot be tested."""
    then, since = _fails(before), _fails(after)
    common = sorted(then.keys() & since.keys())
    found, untested = [], set()
    for key in common:
        offer, category, modality, tier = key
        one, other = then[key], since[key]
        if one is None or other is None or one[0] != other[0]:
            untested.add(key[:3])
            continue
        found.append(
            Compared(
                key=CellKey(category, modality, offer),  # type: ignore[arg-type]
                tier=tier,
                threshold=one[0],
                before=_listed(*one[1:]),
                after=_listed(*other[1:]),
                paired=False,
            )
        )
    return found, len(untested)


def _listed(fails: int, n: int) -> list[bool]:
    return [True] * fails + [False] * (n - fails)


def _fails(content: Content) -> Mapping[Key, tuple[float, int, int] | None]:
    """Threshold, fails and values of every tier; None where prompts have several values."""
    quality = content["release"][0]["primary_quality"]
    single = {
        (f["offer_id"], f["category"], f["modality"]): f["n_values"] <= f["n_prompts"]
        and "weights" not in f["population"]
        for f in content["floors"]
        if f["quality"] == quality and f["kind"] == "delivered"
    }
    rates = {
        (r["offer_id"], r["category"], r["modality"], r["threshold"]): r
        for r in content["fail_rates"]
        if r["quality"] == quality and r["kind"] == "delivered"
    }
    found: dict[Key, tuple[float, int, int] | None] = {}
    for v in content["verdicts"]:
        cell = (v["offer_id"], v["category"], v["modality"])
        rate = rates.get((*cell, v["threshold"]))
        if v["quality"] != quality or rate is None:
            continue
        counted = single.get(cell, False) and float(rate["fails"]).is_integer()
        whole = (v["threshold"], int(rate["fails"]), int(rate["n"]))
        found[(*cell, v["tier"])] = whole if counted and whole[2] else None
    return found


def changed_verdicts(before: Content, after: Content) -> Iterator[Row]:
    """Give the rulings that are otherwise now, lost certificates first.

    Yields
    ------
    dict
        ``offer_id``, ``category``, ``modality``, ``tier``, the ruling ``before`` and ``now``, and
        the bound of the lower quartile in both releases.
    """
    then, since = (_by_tier(content) for content in (before, after))
    bounds = [_bounds(content) for content in (before, after)]
    moved = [k for k in then.keys() & since.keys() if then[k] != since[k]]
    for key in sorted(moved, key=lambda k: (then[k] != "certified", k)):
        yield {
            "offer_id": key[0], "category": key[1], "modality": key[2], "tier": key[3],
            "before": then[key], "now": since[key],
            "bound_before": bounds[0].get(key[:3]), "bound_now": bounds[1].get(key[:3]),
        }  # fmt: skip


def _by_tier(content: Content) -> dict[Key, str]:
    quality = content["release"][0]["primary_quality"]
    return {
        (v["offer_id"], v["category"], v["modality"], v["tier"]): v["ruling"]
        for v in content["verdicts"]
        if v["quality"] == quality
    }


def _bounds(content: Content) -> Mapping[tuple[str, ...], float | None]:
    quality = content["release"][0]["primary_quality"]
    return {
        (f["offer_id"], f["category"], f["modality"]): f["q25_lo_release"]
        for f in content["floors"]
        if f["quality"] == quality and f["kind"] == "delivered"
    }


def _prices(before: Content, after: Content) -> Iterator[Row]:
    """What a charged output cost in each round, where that is other now."""
    then, since = _paid(before), _paid(after)
    for offer in sorted(then.keys() & since.keys()):
        if abs(then[offer] - since[offer]) > 0.005 * max(then[offer], since[offer]):
            yield {"offer_id": offer, "before": then[offer], "now": since[offer]}


def _paid(content: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, float]:
    return {
        s["offer_id"]: s["amount_nanousd"] / 1e9 / s["charged"]
        for s in content.get("spending", ())
        if s["charged"] and not s["unknown"]
    }
