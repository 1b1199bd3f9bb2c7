"""Floors, calibrations and verdicts of one round, from what its store holds.

People's ratings come first and carry the verdicts that a router goes by. A metric that a
benchmark lets speak for people gets floors of its own, on its own quality, at the threshold that
was learned for it; for an offer nobody rated they stay provisional.
"""

from __future__ import annotations

import calendar
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qfloor import calibrate
from qfloor.benchmark import Benchmark, CalibrationPlan
from qfloor.calibrate import Pair
from qfloor.errors import BenchmarkError
from qfloor.floors import (
    Assessed,
    CellRequest,
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
from qfloor.pipeline.judging import (
    CellKey,
    Cells,
    RoundView,
    human_cells,
    metric_cells,
    pairs,
)
from qfloor.pipeline.traffic import check_traffic, stratified
from qfloor.records import (
    Calibration,
    Direction,
    Floor,
    LeaveOneOut,
    Metric,
    Modality,
    Offer,
    PassRate,
    Quality,
    ReferenceSet,
    TagFloor,
    Threshold,
    Traffic,
    Verdict,
)
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a round says: floors of both kinds, verdicts, what they rest on and stands beside."""

    floors: tuple[Floor, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    pass_rates: tuple[PassRate, ...] = ()
    tag_floors: tuple[TagFloor, ...] = ()
    leave_one_out: tuple[LeaveOneOut, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            floors=self.floors + other.floors,
            verdicts=self.verdicts + other.verdicts,
            thresholds=self.thresholds + other.thresholds,
            calibrations=self.calibrations + other.calibrations,
            pass_rates=self.pass_rates + other.pass_rates,
            tag_floors=self.tag_floors + other.tag_floors,
            leave_one_out=self.leave_one_out + other.leave_one_out,
        )


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
    human = human_cells(store, view, benchmark.quality)
    findings = _judge(benchmark, view, planned, human, benchmark.quality, benchmark.thresholds)
    for plan in benchmark.calibrations:
        findings += _by_metric(store, benchmark, view, planned, plan, declared)
    return findings + Findings(pass_rates=pass_rates(store, view, declared))


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
) -> Findings:
    """Floors of every cell on one quality, then the verdicts of each family of them.

    ``rated`` limits what may certify.
    """
    traffic = benchmark.traffic
    cells = cells if traffic is None else stratified(view, traffic, cells)
    demanded = _by_place(thresholds)
    floors: list[Floor] = []
    tag_floors: list[TagFloor] = []
    families: dict[str, list[Assessed]] = {}
    labels = labels_of(view)
    used: set[tuple[str, Modality]] = set()
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
            population=_population(view, key, {o.output_id for o in outputs}, reference, traffic),
            digests=_digests(benchmark, view, reference),
            valid_until=valid_until(benchmark.round),
            traffic=None if traffic is None else traffic.of(key.category) or None,
        )
        delivered = assess(request)
        floors += [delivered.floor, assess(request, "conditional").floor]
        tag_floors += compute_tag_floors(request, labels)
        families.setdefault(request.family.name, []).append(delivered)
        used.add((key.category, key.modality))
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


def _digests(
    benchmark: Benchmark, view: RoundView, reference: ReferenceSet | None
) -> dict[str, str]:
    return {
        "benchmark": benchmark.digest,
        **({} if reference is None else {"reference": reference.digest}),
        **({} if view.safety.metric is None else {"safety": view.safety.metric}),
    }


def _by_place(thresholds: Iterable[Threshold]) -> dict[tuple[str, Modality], list[Threshold]]:
    demanded: dict[tuple[str, Modality], list[Threshold]] = {}
    for threshold in thresholds:
        demanded.setdefault((threshold.category, threshold.modality), []).append(threshold)
    return demanded


def _population(
    view: RoundView,
    key: CellKey,
    outputs_of: set[str],
    reference: ReferenceSet | None,
    traffic: Traffic | None,
) -> Mapping[str, object]:
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

    Calibrations do not carry over to other models, so only offers whose own ratings were fitted
    on may certify, and none where the pooled threshold let some left-out offer through with more
    than epsilon fails: a pool of good offers would vouch for a bad one.
    """
    key = metric_key(store, plan.metric, view, declared)
    if key is None:
        _check_known(store, benchmark, plan.metric)
        return Findings()
    metric = next(m for m in store.metrics_of(names=[plan.metric]) if m.key == key)
    reference = reference_for(store, benchmark, metric)
    quality = quality_of(metric, reference)
    together = pairs(store, view, benchmark.quality, key, reference)
    rated = {
        CellKey(category, modality, pair.offer_id)
        for (category, modality), found in together.items()
        for pair in found
        if pair.fit
    }
    calibrations = tuple(_calibrations(benchmark, together, plan, metric, reference))
    rated = {key for key in rated if _carries_over(calibrations, key)}
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


def _carries_over(calibrations: Iterable[Calibration], key: CellKey) -> bool:
    """Whether every threshold learned for a cell held for each offer that was left out."""
    excess = [
        c.worst_leave_one_model_out
        for c in calibrations
        if (c.category, c.modality) == (key.category, key.modality)
        and c.metric_threshold is not None
    ]
    return all(e is not None and e <= 0.0 for e in excess)


def _check_known(store: Store, benchmark: Benchmark, name: str) -> None:
    """A misspelt metric would be left out in silence."""
    known = {metric.name for metric in store.metrics_of()}
    if known and name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
        raise BenchmarkError(f"{benchmark.name}: no scorer gave a metric {name!r}; {hint}")


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
            quality=benchmark.quality.id,
            metric=metric.key,
            human_threshold=threshold.value,
            epsilon=plan.epsilon,
            alpha=plan.alpha,
            direction=metric.direction,
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
    for threshold in benchmark.thresholds:
        found = learned.get((threshold.category, threshold.modality, threshold.value))
        if found is None or found.metric_threshold is None or threshold.max_fail <= found.epsilon:
            continue
        yield Threshold(
            category=threshold.category,
            modality=threshold.modality,
            quality=quality.id,
            tier=threshold.tier,
            value=found.metric_threshold,
            max_fail=calibrate.total_max_fail(threshold.max_fail, found.epsilon),
            evidence=f"learn-then-test of {benchmark.quality.id} >= {threshold.value:g} "
            f"at epsilon {found.epsilon:g}, fitted on {found.fitted_on}",
        )


def valid_until(round: str) -> str:
    """Return the last day of the month after a round's: hosted models change without notice."""
    year, month = int(round[:4]), int(round[5:7]) + 1
    year, month = (year + 1, 1) if month > 12 else (year, month)
    return f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"
