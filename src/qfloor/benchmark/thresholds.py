"""What tiers demand, as a benchmark file says it: numbers, and rules that learn them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qfloor.benchmark.tables import ThresholdTable
from qfloor.errors import BenchmarkError
from qfloor.meant import meant
from qfloor.records import (
    CATEGORIES,
    GENERAL,
    TIERS,
    CompositeQuality,
    Modality,
    Offer,
    Quality,
    Threshold,
    ThresholdRule,
)

LEVEL = 0.01
"""Probability that a learned number is wrong, where the file states none."""

Demand = Threshold | ThresholdRule

_FIELDS = {
    "absolute": ("value",),
    "usable-rate": ("usable", "criterion", "level"),
    "relative": ("reference", "margin", "level"),
}
_NEEDED = {"absolute": "value", "usable-rate": "usable", "relative": "reference"}


def demands_of(
    path: Path, tables: list[ThresholdTable], quality: Quality
) -> tuple[tuple[Threshold, ...], tuple[ThresholdRule, ...]]:
    """Expand ``*`` over categories and modalities; a later, more special line wins.

    Returns
    -------
    thresholds : tuple of Threshold
        Those that are numbers.
    rules : tuple of ThresholdRule
        Those that are to be learned.

    Raises
    ------
    BenchmarkError
        When a line contradicts itself, its scale, or a cheaper tier's.
    """
    _check_said_once(path, tables)
    known = {c.id: c for c in (*CATEGORIES, GENERAL)}
    cells: dict[tuple[str, Modality, str], Demand] = {}
    for table in sorted(tables, key=lambda t: (t.category != "*") + (t.modality != "*")):
        _check(path, table, quality)
        for category in known.values() if table.category == "*" else [known[table.category]]:
            for modality in category.modalities:
                if table.modality in ("*", modality):
                    cells[category.id, modality, table.tier] = _demand(
                        table, category.id, modality, quality
                    )
    _ordered(path, cells)
    ordered = [cells[key] for key in sorted(cells)]
    return (
        tuple(d for d in ordered if isinstance(d, Threshold)),
        tuple(d for d in ordered if isinstance(d, ThresholdRule)),
    )


def check_references(path: Path, rules: Sequence[ThresholdRule], offers: Sequence[Offer]) -> None:
    """Refuse a reference that is not judged itself: nothing would be known of it."""
    ids = [offer.id for offer in offers]
    for rule in rules:
        if rule.rule == "relative" and rule.reference not in ids:
            hint = meant(rule.reference, ids, f"its offers: {', '.join(ids)}")
            raise BenchmarkError(
                f"{path}: thresholds.reference {rule.reference!r} is no offer of this benchmark"
                f"{hint}"
            )


def _check_said_once(path: Path, tables: Sequence[ThresholdTable]) -> None:
    """Two lines of the same cells and tier contradict each other: neither is more special."""
    seen: set[tuple[str, str, str]] = set()
    for table in tables:
        place = table.category, table.modality, table.tier
        if place in seen:
            raise BenchmarkError(
                f"{path}: two thresholds of {table.category}/{table.modality}/{table.tier}; "
                "a tier demands one thing of a category"
            )
        seen.add(place)


def _check(path: Path, table: ThresholdTable, quality: Quality) -> None:
    if table.tier not in TIERS:
        raise BenchmarkError(f"{path}: tier {table.tier!r} is unknown{meant(table.tier, TIERS)}")
    _check_rule(path, table, quality)
    names = [c.id for c in (*CATEGORIES, GENERAL)]
    if table.category not in names and table.category != "*":
        hint = meant(table.category, names)
        raise BenchmarkError(f"{path}: category {table.category!r} is unknown{hint}")


def _check_rule(path: Path, table: ThresholdTable, quality: Quality) -> None:
    """A rule has what it needs and nothing that belongs to another one."""
    place = f"{table.category}/{table.tier}"
    told = {name for fields in _FIELDS.values() for name in fields} & table.model_fields_set
    foreign = sorted(told - set(_FIELDS[table.rule]))
    if foreign:
        rule = next(r for r, fields in _FIELDS.items() if foreign[0] in fields)
        raise BenchmarkError(
            f"{path}: the threshold of {place} has {foreign[0]!r}, which goes with rule = "
            f'"{rule}", but its rule is "{table.rule}"'
        )
    if _NEEDED[table.rule] not in told:
        raise BenchmarkError(
            f"{path}: the threshold of {place} needs {_NEEDED[table.rule]!r} for rule = "
            f'"{table.rule}"'
        )
    if table.value is not None and not quality.holds(table.value):
        raise BenchmarkError(
            f"{path}: threshold {table.value:g} of {place} lies outside "
            f"the scale {_end(quality.lo)} to {_end(quality.hi)}"
        )
    if table.rule == "usable-rate" and isinstance(quality, CompositeQuality):
        raise BenchmarkError(
            f"{path}: the threshold of {place} is a usable-rate of people's ratings, and an "
            "uncalibrated quality has none"
        )


def _demand(table: ThresholdTable, category: str, modality: Modality, quality: Quality) -> Demand:
    if table.value is not None:
        return Threshold(
            category=category,
            modality=modality,
            quality=quality.id,
            tier=table.tier,
            value=table.value,
            max_fail=table.max_fail,
            evidence=table.evidence,
        )
    return ThresholdRule(
        category=category,
        modality=modality,
        quality=quality.id,
        tier=table.tier,
        rule="relative" if table.rule == "relative" else "usable-rate",
        max_fail=table.max_fail,
        level=LEVEL if table.level is None else table.level,
        usable=table.usable,
        criterion=table.criterion,
        reference=table.reference,
        margin=(table.margin or 0.0) if table.rule == "relative" else None,
        evidence=table.evidence,
    )


def _end(limit: float | None) -> str:
    return "anything" if limit is None else f"{limit:g}"


def _ordered(path: Path, cells: dict[tuple[str, Modality, str], Demand]) -> None:
    """A dearer tier may not demand less: a router would sell less for more.

    Of numbers only: what a rule will find is not known yet.
    """
    numbers = {key: t for key, t in cells.items() if isinstance(t, Threshold)}
    for (category, modality, tier), threshold in numbers.items():
        for higher in TIERS[TIERS.index(tier) + 1 :]:
            above = numbers.get((category, modality, higher))
            if above and above.value < threshold.value and above.max_fail >= threshold.max_fail:
                raise BenchmarkError(
                    f"{path}: {category}/{higher} demands {above.value:g}, less than "
                    f"{tier}'s {threshold.value:g}"
                )
