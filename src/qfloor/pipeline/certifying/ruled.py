"""Floors of every cell of a round on one quality, and the verdicts of each family of them."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from qfloor.benchmark import Benchmark
from qfloor.floors import (
    Assessed,
    CellRequest,
    FamilyPlan,
    Judged,
    Predicted,
    assess_all,
    compute_all_tag_floors,
    number_raters,
    on_panels,
    rule_family,
)
from qfloor.pipeline.certifying.beside import labels_of
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey, Cells, RoundView
from qfloor.pipeline.rounds.traffic import stratified
from qfloor.records import (
    Direction,
    Floor,
    LeaveOneOut,
    Modality,
    Offer,
    Quality,
    ReferenceSet,
    TagFloor,
    Threshold,
    Traffic,
    Verdict,
)


def judge(
    benchmark: Benchmark,
    view: RoundView,
    planned: tuple[Offer, ...],
    cells: Cells,
    quality: Quality,
    thresholds: Iterable[Threshold],
    *,
    direction: Direction = "higher",
    rated: set[CellKey] | None = None,
    reference: ReferenceSet | None = None,
    predicted: Mapping[CellKey, Predicted] = MappingProxyType({}),
    told: Mapping[str, object] = MappingProxyType({}),
) -> Findings:
    """Floors of every cell on one quality, then the verdicts of each family of them.

    ``rated`` limits what may certify; ``told`` is said in every floor's population.
    """
    traffic = benchmark.traffic
    cells = cells if traffic is None else stratified(view, traffic, cells)
    plans = _plans(benchmark, view, planned, cells)
    digests = _digests(benchmark, view, reference)
    demanded, told = _by_place(thresholds), dict(told)
    requests = [
        CellRequest(
            offer_id=key.offer_id,
            category=key.category,
            modality=key.modality,
            quality=quality,
            outputs=outputs,
            thresholds=demanded.get((key.category, key.modality), []),
            family=plans[key.category, key.modality],
            direction=direction,
            provisional=rated is not None and key not in rated,
            population=told | _population(view, key, outputs, reference, traffic),
            digests=digests,
            valid_until=valid_until(benchmark.round),
            traffic=None if traffic is None else traffic.of(key.category) or None,
            predicted=predicted.get(key),
        )
        for key, outputs in sorted(cells.items(), key=lambda item: item[0])
    ]
    floors, families = _assessed(requests)
    kept = (t for place, ts in sorted(demanded.items()) if place in plans for t in ts)
    verdicts, left_out = _ruled(families.values(), number_raters(cells.values()))
    return Findings(
        floors=tuple(floors),
        verdicts=verdicts,
        thresholds=tuple(kept),
        tag_floors=_tag_floors(view, families.values()),
        leave_one_out=left_out,
    )


def _assessed(requests: Sequence[CellRequest]) -> tuple[list[Floor], dict[str, list[Assessed]]]:
    """Both floors of every cell, and the delivered ones by family."""
    floors: list[Floor] = []
    families: dict[str, list[Assessed]] = {}
    both = zip(assess_all(requests), assess_all(requests, "conditional"), strict=True)
    for delivered, conditional in both:
        floors += [delivered.floor, conditional.floor]
        families.setdefault(delivered.request.family.name, []).append(delivered)
    return floors, families


def _tag_floors(view: RoundView, families: Iterable[Iterable[Assessed]]) -> tuple[TagFloor, ...]:
    labels = labels_of(view)
    every = (one.request for family in families for one in family)
    return compute_all_tag_floors(every, labels)


def _plans(
    benchmark: Benchmark, view: RoundView, planned: tuple[Offer, ...], cells: Iterable[CellKey]
) -> dict[tuple[str, Modality], FamilyPlan]:
    """Who is judged together, in each place that has a cell."""
    one = {(key.category, key.modality): key for key in cells}
    return {place: family_of(benchmark, view, planned, key) for place, key in one.items()}


def _ruled(
    families: Iterable[Sequence[Assessed]], numbers: Mapping[str, int]
) -> tuple[tuple[Verdict, ...], tuple[LeaveOneOut, ...]]:
    """Verdicts of every family, and what those of few raters would be without one of them."""
    verdicts: list[Verdict] = []
    left_out: list[LeaveOneOut] = []
    for family in families:
        said, rows = on_panels(family, rule_family(family), numbers)
        verdicts += said
        left_out += rows
    return tuple(verdicts), tuple(left_out)


def _by_place(thresholds: Iterable[Threshold]) -> dict[tuple[str, Modality], list[Threshold]]:
    demanded: dict[tuple[str, Modality], list[Threshold]] = {}
    for threshold in thresholds:
        demanded.setdefault((threshold.category, threshold.modality), []).append(threshold)
    return demanded


def _digests(
    benchmark: Benchmark, view: RoundView, reference: ReferenceSet | None
) -> dict[str, str]:
    return {
        "benchmark": benchmark.digest,
        **({} if reference is None else {"reference": reference.digest}),
        **({} if view.safety.metric is None else {"safety": view.safety.metric}),
    }


def _population(
    view: RoundView,
    key: CellKey,
    outputs: Sequence[Judged],
    reference: ReferenceSet | None,
    traffic: Traffic | None,
) -> dict[str, object]:
    asked = {view.prompt_of[output.output_id] for output in outputs}
    prompts = [view.prompts[digest] for digest in asked]
    return {
        "languages": sorted({p.language for p in prompts}),
        "tags": sorted({tag for p in prompts for tag in p.tags}),
        "split": sorted({p.split for p in prompts}),
        **({} if reference is None else _centred({o.output_id for o in outputs}, reference)),
        **({"excluded": view.left_out[key]} if key in view.left_out else {}),
        **({} if traffic is None else {"traffic": {"by": traffic.by}}),
    }


def _centred(outputs: set[str], reference: ReferenceSet) -> Mapping[str, object]:
    """Say what a centred floor's numbers are differences from, and whether from itself."""
    return {
        "centred": f"less the {reference.statistic} of the prompt's reference outputs",
        "reference_offers": list(reference.offers),
        "reference_round": reference.round,
        "in_its_reference": len(outputs & reference.output_ids),
    }


def valid_until(round: str) -> str:
    """Return the last day of the month after a round's: hosted models change without notice."""
    year, month = int(round[:4]), int(round[5:7]) + 1
    year, month = (year + 1, 1) if month > 12 else (year, month)
    return f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"
