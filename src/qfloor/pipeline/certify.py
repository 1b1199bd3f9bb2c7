"""Floors, calibrations and verdicts of one round, from what its store holds.

People's ratings come first and carry the verdicts that a router goes by. A metric that a
benchmark lets speak for people gets floors of its own, on its own quality, at the threshold that
was learned for it; for an offer nobody rated they stay provisional.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from qfloor import calibrate
from qfloor.benchmark import Benchmark, CalibrationPlan
from qfloor.calibrate import Pair
from qfloor.floors import (
    Assessed,
    CellRequest,
    Judged,
    Predicted,
    assess,
    compute_tag_floors,
    number_raters,
    on_panels,
    rule_family,
)
from qfloor.pipeline.beside import labels_of, pass_rates
from qfloor.pipeline.centring import quality_of, reference_for
from qfloor.pipeline.declared import Declared, declared_of, metric_key
from qfloor.pipeline.families import family_of
from qfloor.pipeline.findings import Findings
from qfloor.pipeline.judging import (
    CellKey,
    Cells,
    RoundView,
    human_cells,
    metric_cells,
    pairs,
)
from qfloor.pipeline.traffic import check_traffic, stratified
from qfloor.pipeline.vectors import check_known, composite_cells, predict_round
from qfloor.records import (
    Calibration,
    CompositeQuality,
    Direction,
    Floor,
    LeaveOneOut,
    Metric,
    Modality,
    Offer,
    PoweredQuality,
    Quality,
    ReferenceSet,
    TagFloor,
    Threshold,
    Traffic,
    Verdict,
    human_part,
)
from qfloor.store import Store


def certify(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    offers: Iterable[Offer],
    declared: Declared | None = None,
) -> Findings:
    """Compute everything a benchmark asks for from a round that was scored and rated.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    view : RoundView
    offers : iterable of Offer
        All offers of the plan; their number, not that of the offers with data, sets the level.
    declared : Declared, optional
        By which identities to judge; by default those that the benchmark's scorers declare here.

    Returns
    -------
    Findings

    Raises
    ------
    BenchmarkError
        When the benchmark's traffic does not fit the prompts of the round.
    """
    planned = tuple(offers)
    asked = {output.prompt_digest for output in view.outputs}
    check_traffic(benchmark, (view.prompts[digest] for digest in sorted(asked)))
    declared = declared_of(benchmark) if declared is None else declared
    view = view.with_safety(store, declared)
    findings = _by_primary(store, benchmark, view, planned, declared)
    for plan in benchmark.calibrations:
        findings += _by_metric(store, benchmark, view, planned, plan, declared)
    return findings + Findings(pass_rates=pass_rates(store, view, declared))


def _by_primary(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    planned: tuple[Offer, ...],
    declared: Declared,
) -> Findings:
    """Judge by the quality that decides; people alone always stand beside people with metrics."""
    quality, thresholds = benchmark.quality, benchmark.thresholds
    if isinstance(quality, CompositeQuality):
        cells, told = composite_cells(store, benchmark, view, quality, declared)
        return _judge(benchmark, view, planned, cells, quality, thresholds, told=told)
    human = human_part(quality)
    cells = human_cells(store, view, human)
    on_human = [replace(t, quality=human.id) for t in thresholds]
    findings = _judge(benchmark, view, planned, cells, human, on_human)
    if not isinstance(quality, PoweredQuality):
        return findings
    powered = predict_round(store, benchmark, view, quality, declared)
    beside = _judge(
        benchmark,
        view,
        planned,
        cells,
        quality,
        thresholds,
        predicted=powered.cells,
        told=powered.told,
    )
    return beside + findings + Findings(predictions=powered.predictions)


def _judge(
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
    traffic, labels = benchmark.traffic, labels_of(view)
    cells = cells if traffic is None else stratified(view, traffic, cells)
    demanded, told = _by_place(thresholds), dict(told)
    floors: list[Floor] = []
    tag_floors: list[TagFloor] = []
    families: dict[str, list[Assessed]] = {}
    for key, outputs in sorted(cells.items(), key=lambda item: item[0]):
        request = CellRequest(
            offer_id=key.offer_id,
            category=key.category,
            modality=key.modality,
            quality=quality,
            outputs=outputs,
            thresholds=demanded.get((key.category, key.modality), []),
            family=family_of(benchmark, view, planned, key),
            direction=direction,
            provisional=rated is not None and key not in rated,
            population=told | _population(view, key, outputs, reference, traffic),
            digests=_digests(benchmark, view, reference),
            valid_until=valid_until(benchmark.round),
            traffic=None if traffic is None else traffic.of(key.category) or None,
            predicted=predicted.get(key),
        )
        delivered = assess(request)
        floors += [delivered.floor, assess(request, "conditional").floor]
        tag_floors += compute_tag_floors(request, labels)
        families.setdefault(request.family.name, []).append(delivered)
    used = {(key.category, key.modality) for key in cells}
    kept = (t for place, ts in sorted(demanded.items()) if place in used for t in ts)
    verdicts, left_out = _ruled(families.values(), number_raters(cells.values()))
    return Findings(
        floors=tuple(floors),
        verdicts=verdicts,
        thresholds=tuple(kept),
        tag_floors=tuple(tag_floors),
        leave_one_out=left_out,
    )


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
    outputs: Iterable[Judged],
    reference: ReferenceSet | None,
    traffic: Traffic | None,
) -> dict[str, object]:
    outputs_of = {output.output_id for output in outputs}
    prompts = [view.prompts[o.prompt_digest] for o in view.outputs if o.id in outputs_of]
    return {
        "languages": sorted({p.language for p in prompts}),
        "tags": sorted({tag for p in prompts for tag in p.tags}),
        "split": sorted({p.split for p in prompts}),
        **({} if reference is None else _centred(outputs_of, reference)),
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


def _by_metric(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    planned: tuple[Offer, ...],
    plan: CalibrationPlan,
    declared: Declared,
) -> Findings:
    """Let one metric speak for people: learn its thresholds, then judge by them.

    Calibrations do not carry over to other models by themselves: the worst excess of fails of an
    offer that was left out is added to epsilon, and so to the bound. Where none could be left
    out, and for offers whose own ratings were not fitted on, floors stay provisional.
    """
    key = metric_key(store, plan.metric, view, declared)
    if key is None:
        check_known(store, benchmark, plan.metric)
        return Findings()
    metric = next(m for m in store.metrics_of(names=[plan.metric]) if m.key == key)
    reference = reference_for(store, benchmark, metric)
    quality = quality_of(metric, reference)
    together = pairs(store, view, human_part(benchmark.quality), key, reference)
    rated = {
        CellKey(category, modality, pair.offer_id)
        for (category, modality), found in together.items()
        for pair in found
        if pair.fit
    }
    calibrations = tuple(_calibrations(benchmark, together, plan, metric, reference))
    rated = {key for key in rated if _was_left_out(calibrations, key)}
    thresholds = tuple(_learned(benchmark, calibrations, quality))
    judged = _judge(
        benchmark,
        view,
        planned,
        metric_cells(store, view, key, reference),
        quality,
        thresholds,
        direction=metric.direction,
        rated=rated,
        reference=reference,
    )
    return judged + Findings(calibrations=calibrations)


def _was_left_out(calibrations: Iterable[Calibration], key: CellKey) -> bool:
    """Whether it is known, for every threshold of a cell, how a left-out offer would have fared."""
    return all(
        c.worst_leave_one_model_out is not None
        for c in calibrations
        if (c.category, c.modality) == (key.category, key.modality)
        and c.metric_threshold is not None
    )


def _scale(quality: Quality) -> tuple[float, float] | None:
    return None if quality.lo is None or quality.hi is None else (quality.lo, quality.hi)


def _calibrations(
    benchmark: Benchmark,
    together: Mapping[tuple[str, Modality], Sequence[Pair]],
    plan: CalibrationPlan,
    metric: Metric,
    reference: ReferenceSet | None,
) -> Iterator[Calibration]:
    for threshold in benchmark.thresholds:
        found = together.get((threshold.category, threshold.modality))
        if not found:
            continue
        request = calibrate.CalibrationRequest(
            category=threshold.category,
            modality=threshold.modality,
            quality=human_part(benchmark.quality).id,
            metric=metric.key,
            human_threshold=threshold.value,
            epsilon=plan.epsilon,
            alpha=plan.alpha,
            direction=metric.direction,
            scale=_scale(human_part(benchmark.quality)),
        )
        learned = calibrate.calibrate(request, found)
        yield learned if reference is None else _said_centred(learned, reference)


def _said_centred(calibration: Calibration, reference: ReferenceSet) -> Calibration:
    """A threshold on differences must not be taken for one on raw scores."""
    centred = f"metric less the prompt's {reference.statistic} in reference set {reference.digest}"
    return replace(calibration, method=f"{calibration.method}; {centred}")


def _learned(
    benchmark: Benchmark, calibrations: Iterable[Calibration], quality: Quality
) -> Iterator[Threshold]:
    """Thresholds on the metric, for every tier whose human threshold it could learn."""
    learned = {
        (c.category, c.modality, c.human_threshold): c
        for c in calibrations
        if c.metric_threshold is not None
    }
    human = human_part(benchmark.quality)
    for threshold in benchmark.thresholds:
        found = learned.get((threshold.category, threshold.modality, threshold.value))
        if found is None or found.metric_threshold is None:
            continue
        total = calibrate.total_epsilon(found)
        epsilon = found.epsilon if total is None else total
        if threshold.max_fail <= epsilon:
            continue
        yield Threshold(
            category=threshold.category,
            modality=threshold.modality,
            quality=quality.id,
            tier=threshold.tier,
            value=found.metric_threshold,
            max_fail=calibrate.total_max_fail(threshold.max_fail, epsilon),
            evidence=f"learn-then-test of {human.id} >= {threshold.value:g} at epsilon "
            f"{found.epsilon:g} and {_added(total, found)}, fitted on {found.fitted_on}",
        )


def _added(total: float | None, calibration: Calibration) -> str:
    if total is None:
        return "nothing known of offers left out"
    return f"{total - calibration.epsilon:.3g} more, the worst excess of an offer left out"


def valid_until(round: str) -> str:
    """Return the last day of the month after a round's: hosted models change without notice."""
    year, month = int(round[:4]), int(round[5:7]) + 1
    year, month = (year + 1, 1) if month > 12 else (year, month)
    return f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"
