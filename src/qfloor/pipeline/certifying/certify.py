"""Floors, calibrations and verdicts of one round, from what its store holds.

People's ratings come first and carry the verdicts that a router goes by. A metric that a
benchmark lets speak for people gets floors of its own, on its own quality, at the threshold that
was learned for it; for an offer nobody rated they stay provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qfloor.benchmark import Benchmark
from qfloor.pipeline.certifying.beside import pass_rates
from qfloor.pipeline.certifying.by_metric import by_metric
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.learned import (
    beside_references,
    learn_thresholds,
    part_of,
    thresholds_from,
)
from qfloor.pipeline.certifying.ruled import judge
from qfloor.pipeline.certifying.vectors import composite_cells, predict_round
from qfloor.pipeline.rounds.declared import Declared, declared_of
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey, RoundView, human_cells
from qfloor.pipeline.rounds.traffic import check_traffic
from qfloor.records import CompositeQuality, Offer, PoweredQuality, Threshold, human_part
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
    learned = learn_thresholds(store, benchmark, view, planned, declared)
    thresholds = (*benchmark.thresholds, *thresholds_from(learned))
    judging = part_of(benchmark, view, "certify")
    findings = _by_primary(store, benchmark, judging, planned, declared, thresholds)
    for plan in benchmark.calibrations:
        findings += by_metric(store, benchmark, view, planned, plan, declared)

    def alpha_of(key: CellKey) -> float:
        family = family_of(benchmark, view, planned, key)
        return family.alpha / family.m

    rates = pass_rates(store, view, declared, alpha_of)
    return findings + Findings(pass_rates=rates, learned=learned)


def _by_primary(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    planned: tuple[Offer, ...],
    declared: Declared,
    thresholds: Sequence[Threshold],
) -> Findings:
    """Judge by the quality that decides; people alone always stand beside people with metrics."""
    quality = benchmark.quality
    if isinstance(quality, CompositeQuality):
        cells, told = composite_cells(store, benchmark, view, quality, declared)
        judged = judge(benchmark, view, planned, cells, quality, thresholds, told=told)
        return beside_references(benchmark, cells, judged)
    human = human_part(quality)
    cells = human_cells(store, view, human)
    on_human = [replace(t, quality=human.id) for t in thresholds]
    findings = judge(benchmark, view, planned, cells, human, on_human)
    if not isinstance(quality, PoweredQuality):
        return beside_references(benchmark, cells, findings)
    powered = predict_round(store, benchmark, view, quality, declared, thresholds)
    with_metrics = judge(
        benchmark,
        view,
        planned,
        cells,
        quality,
        thresholds,
        predicted=powered.cells,
        told=powered.told,
    )
    both = with_metrics + findings + Findings(predictions=powered.predictions)
    return beside_references(benchmark, cells, both)
