"""What a run was, kept with it: the benchmark and its suites, so that it can be computed again.

A benchmark file may be edited and a suite's file may be gone; the run that was certified keeps
what they said. Prompts are kept once, in the store; a suite names them by digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qfloor.benchmark import Benchmark
from qfloor.errors import StoreError
from qfloor.pipeline.rounds.planned import run_id
from qfloor.records import Prompt, Suite, digest_of, kind_of_quality, to_plain
from qfloor.store import Run, Store
from qfloor.store.rows import from_plain


def record_run(
    store: Store, benchmark: Benchmark, suites: Mapping[str, Suite], started: str
) -> None:
    """Keep what a run is about; when it began stays as it was first noted.

    Offers are kept as they were judged, too: a price may have changed since they were bought.
    """
    if not benchmark.imported:
        store.save_offers(benchmark.offers)
    name = run_id(benchmark)
    before = store.run_of(name)
    prompts = {p.digest for suite in suites.values() for p in suite.prompts}
    store.save_run(
        Run(
            id=name,
            benchmark=benchmark.name,
            round=benchmark.round,
            digests={"benchmark": benchmark.digest, "prompts": digest_of(sorted(prompts))},
            started_at=started if before is None else before.started_at,
            ended_at=None,
            plan=_plan(benchmark, suites),
        )
    )


def _plan(benchmark: Benchmark, suites: Mapping[str, Suite]) -> dict[str, Any]:
    return {
        "benchmark": to_plain(replace(benchmark, path=None, limits={}, allow_unpriced=False)),
        "suites": {
            name: {
                "name": suite.name,
                "version": suite.version,
                "digest": suite.digest,
                "prompts": [p.digest for p in suite.prompts],
            }
            for name, suite in suites.items()
        },
    }


def benchmark_of_run(run: Run) -> Benchmark | None:
    """Give the benchmark that a run was; None when an older qfloor did not keep it.

    Raises
    ------
    StoreError
        When what was kept is no longer what its digest names.
    """
    plain = run.plan.get("benchmark")
    if plain is None:
        return None
    benchmark: Benchmark = from_plain(Benchmark, plain)
    kind = kind_of_quality(plain.get("quality", {}))
    benchmark = replace(benchmark, quality=from_plain(kind, plain.get("quality")))
    if benchmark.digest != run.digests.get("benchmark"):
        raise StoreError(f"run {run.id}: the benchmark kept with it was changed")
    return benchmark


def suites_of_run(store: Store, run: Run | None) -> dict[str, Suite] | None:
    """Put a run's suites together from the prompts the store holds.

    None when an older qfloor did not keep them.
    """
    if run is None or "suites" not in run.plan:
        return None
    prompts = store.prompts_by_digest()
    return {
        name: Suite(
            name=told["name"],
            version=told["version"],
            prompts=_known(prompts, told["prompts"]),
        )
        for name, told in run.plan["suites"].items()
    }


def _known(prompts: Mapping[str, Prompt], digests: list[str]) -> tuple[Prompt, ...]:
    return tuple(prompts[digest] for digest in digests if digest in prompts)
