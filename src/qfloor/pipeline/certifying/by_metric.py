"""A metric that speaks for people: its thresholds learned, then every cell judged by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from qfloor import calibrate
from qfloor.benchmark import Benchmark, CalibrationPlan
from qfloor.calibrate import Pair
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.ruled import judge
from qfloor.pipeline.certifying.vectors import check_known
from qfloor.pipeline.rounds.centring import quality_of, reference_for
from qfloor.pipeline.rounds.declared import Declared, metric_key
from qfloor.pipeline.rounds.judging import CellKey, RoundView, metric_cells, pairs
from qfloor.records import (
    Calibration,
    Metric,
    Modality,
    Offer,
    Quality,
    ReferenceSet,
    Threshold,
    human_part,
)
from qfloor.store import Store


def by_metric(
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
    metric = store.metric_of(key)
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
    judged = judge(
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
