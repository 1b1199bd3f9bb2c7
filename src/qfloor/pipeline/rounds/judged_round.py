"""A round as one quality sees it: by what people said, or by one metric's scores."""

from __future__ import annotations

from dataclasses import dataclass

from qfloor.benchmark import Benchmark
from qfloor.pipeline.rounds.declared import declared_of, metric_key
from qfloor.pipeline.rounds.judging import Cells, RoundView, human_cells, metric_cells
from qfloor.pipeline.rounds.planned import prompts_of, view_of
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class JudgedRound:
    """A round's cells; ``sign`` is -1 where lower is better, ``metric_key`` None for people.

    Where a metric was asked for that the round was not scored with, there are no cells.
    """

    view: RoundView
    cells: Cells
    sign: float = 1.0
    metric_key: str | None = None


def judged_round(store: Store, benchmark: Benchmark, metric: str | None = None) -> JudgedRound:
    """Read a benchmark's round as people judged it, or as a metric (by name) did."""
    declared = declared_of(benchmark)
    view = view_of(store, benchmark, prompts_of(benchmark)).with_safety(store, declared)
    if metric is None:
        return JudgedRound(view=view, cells=human_cells(store, view, benchmark.quality))
    key = metric_key(store, metric, view, declared)
    if key is None:
        return JudgedRound(view=view, cells={})
    found = store.metric_of(key)
    sign = 1.0 if found.direction == "higher" else -1.0
    cells = metric_cells(store, view, key)
    return JudgedRound(view=view, cells=cells, sign=sign, metric_key=key)
