"""What crosses from a run into a quality database: its evidence, prices and provenance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from statistics import median, quantiles
from typing import Any

import qfloor
from qfloor.benchmark import Benchmark
from qfloor.errors import StoreError
from qfloor.export import Release
from qfloor.pipeline.raw_rows import raw_rows_of, spending_of
from qfloor.pipeline.rounds.centring import quality_of
from qfloor.pipeline.rounds.frozen import plan_state
from qfloor.pipeline.rounds.planned import offers_of, suites_of, view_of
from qfloor.pipeline.rounds.recorded import suites_of_run
from qfloor.pipeline.rounds.sessions import pooling_remarks, who_judged
from qfloor.records import (
    CATEGORIES,
    GENERAL,
    Floor,
    Metric,
    Offer,
    Output,
    Parity,
    PassRate,
    PoweredQuality,
    Prompt,
    Quality,
    RawRows,
    ReferenceSet,
    Suite,
)
from qfloor.router.weights import default_content
from qfloor.store import Store

ENOUGH_LATENCIES = 20
"""Fewer measured calls than this say too little about a 95th percentile."""


def release_of(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...], run: str, now: dt.datetime
) -> Release:
    """Collect a run's findings from the store as a release.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    prompts : tuple of Prompt
        The benchmark's prompts; empty for imported judgments.
    run : str
        Whose findings; see `qfloor.pipeline.run_id`.
    now : datetime

    Returns
    -------
    Release

    Raises
    ------
    StoreError
        When the store has no findings of that run.
    """
    floors = tuple(store.floors_of(run=run))
    if not floors:
        raise StoreError(
            f"{store.root}: has no floors of {benchmark.name} in round {benchmark.round}; "
            f"run `qfloor floors {benchmark.as_given} --round {benchmark.round}` first"
        )
    offers = offers_of(store, benchmark)
    view = view_of(store, benchmark, prompts)
    references = _references(store, floors)
    suites = suites_of_run(store, store.run_of(run))
    suites = suites_of(benchmark) if suites is None else suites
    state = plan_state(store, benchmark, suites)
    qualities = tuple(_qualities(store, floors, references))
    rates = tuple(store.pass_rates_of(run=run))
    metrics = _metrics(store, qualities, floors, rates)
    # A category whose outputs nobody rated has no floor of people, and pass rates all the same.
    used = {f.category for f in floors} | {r.category for r in rates}
    return Release(
        name=benchmark.name,
        round=benchmark.round,
        created_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        primary_quality=benchmark.quality.id,
        qualities=(*_primary(benchmark), *qualities),
        categories=tuple(c for c in (*CATEGORIES, GENERAL) if c.id in used),
        offers=offers,
        floors=floors,
        thresholds=tuple(store.thresholds_of(run=run)),
        learned=tuple(store.learned_thresholds_of(run=run)),
        verdicts=tuple(store.verdicts_of(run=run)),
        calibrations=tuple(store.calibrations_of(run=run)),
        predictions=tuple(store.predictions_of(run=run)),
        metrics=metrics,
        pass_rates=rates,
        tag_floors=tuple(store.tag_floors_of(run=run)),
        leave_one_out=tuple(store.leave_one_out_of(run=run)),
        weights=default_content(),
        latency=_latency(offers, view.outputs, benchmark.round),
        raw_rows=_raw_rows(store, benchmark, view.outputs, metrics),
        spending=spending_of(store, benchmark.round, view.outputs),
        frozen_at=None if state.plan is None else state.plan.at,
        provenance={
            **_provenance(benchmark, suites, view.outputs),
            **_judgments(store, benchmark),
            "frozen_plan": state.to_plain(),
            **_of_metrics(store, references, metrics, benchmark.round),
        },
        illustrative=benchmark.illustrative,
    )


def _metrics(
    store: Store, qualities: Iterable[Quality], floors: Iterable[Floor], rates: Iterable[PassRate]
) -> tuple[Metric, ...]:
    """Metrics that anything in a release is about."""
    keys = {q.metric_key for q in qualities} | {f.digests.get("safety") for f in floors}
    keys |= {rate.metric for rate in rates}
    keys |= {key for f in floors for key in f.population.get("metrics", ())}
    return tuple(m for m in store.metrics_of() if m.key in keys)


def _of_metrics(
    store: Store,
    references: Mapping[str, ReferenceSet],
    metrics: tuple[Metric, ...],
    round: str,
) -> dict[str, Any]:
    """What metrics were centred on, whose weights they take, what vouches for their precision."""
    return {
        **({"reference_sets": references} if references else {}),
        **({"weights": {m.key: m.weights for m in metrics}} if metrics else {}),
        **_parities(store, metrics, round),
    }


def _raw_rows(
    store: Store, benchmark: Benchmark, outputs: tuple[Output, ...], metrics: tuple[Metric, ...]
) -> tuple[RawRows, ...]:
    keys = [m.key for m in metrics]
    return raw_rows_of(store, outputs, criterion=benchmark.quality.name, metrics=keys)


def _primary(benchmark: Benchmark) -> tuple[Quality, ...]:
    """The quality that decides, and what people alone say where metrics help them."""
    quality = benchmark.quality
    return (quality, quality.human) if isinstance(quality, PoweredQuality) else (quality,)


def _parities(store: Store, metrics: Iterable[Metric], round: str) -> dict[str, tuple[Parity, ...]]:
    """What vouches for coarser precisions, where an exported metric may have run at one."""
    dtypes = [str(m.execution.get("dtype")) for m in metrics]
    coarse = any("bfloat16" in dtype or "int8" in dtype for dtype in dtypes)
    found = tuple(p for p in store.parities() if p.round in ("", round)) if coarse else ()
    return {"parities": found} if found else {}


def _references(store: Store, floors: Iterable[Floor]) -> dict[str, ReferenceSet]:
    """Sets that floors were centred on, whole and by digest: they are part of the evidence."""
    floors = tuple(floors)
    used = {f.digests["reference"] for f in floors if "reference" in f.digests}
    used |= {digest for f in floors for digest in f.population.get("reference_sets", ())}
    return {r.digest: r for r in store.references_of() if r.digest in used}


def _qualities(
    store: Store, floors: Iterable[Floor], references: Mapping[str, ReferenceSet]
) -> Iterable[Quality]:
    """Qualities of metrics that floors are about; the human one stands first in any case."""
    used = {floor.quality for floor in floors}
    for metric in store.metrics_of():
        mine = [None, *(r for r in references.values() if r.metric == metric.key)]
        yield from (q for q in (quality_of(metric, r) for r in mine) if q.id in used)


def _latency(
    offers: Iterable[Offer], outputs: Iterable[Output], round: str
) -> dict[str, Mapping[str, Any]]:
    """Measured seconds of made outputs by offer; offers with few keep what they declare."""
    seconds: dict[str, list[float]] = {}
    for output in outputs:
        if output.status == "made" and output.seconds is not None:
            seconds.setdefault(output.offer_id, []).append(output.seconds)
    return {
        offer.id: {
            "p50": round_to(median(found)),
            "p95": round_to(quantiles(found, n=20)[-1]),
            "n": len(found),
            "as_of": round,
        }
        for offer in offers
        if len(found := seconds.get(offer.id, [])) >= ENOUGH_LATENCIES
    }


def round_to(seconds: float) -> float:
    """Round to milliseconds."""
    return float(f"{seconds:.3f}")


def _judgments(store: Store, benchmark: Benchmark) -> dict[str, Any]:
    """Who gave the ratings that count, and which of them count together untested."""
    pooled = list(pooling_remarks(store, benchmark))
    told = {"pooled_untested": pooled} if pooled else {}
    return {"judgments": who_judged(store, benchmark), **told}


def _provenance(
    benchmark: Benchmark, suites: Mapping[str, Suite], outputs: tuple[Output, ...]
) -> dict[str, Any]:
    return {
        "benchmark": benchmark.name,
        "benchmark_digest": benchmark.digest,
        "title": benchmark.title,
        "notes": benchmark.notes,
        "suites": list(benchmark.suites),
        "suite_digests": {name: suite.digest for name, suite in suites.items()},
        "exclusions": benchmark.exclusions,
        "prompts": len({o.prompt_digest for o in outputs}),
        "outputs": len(outputs),
        "alpha": benchmark.alpha,
        "family": benchmark.family,
        "code": f"qfloor {qfloor.__version__}",
    }
