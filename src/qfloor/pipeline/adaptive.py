"""A run that looks after every batch and stops buying where it knows: ``qfloor run --adaptive``.

Each cell (offer x category) is a sequential test, so verdicts hold whenever buying stops.
`adaptive_batches` buys and looks; here is what comes before and after: which benchmarks can be
run so, the plan that is frozen first, and the release at the end. Where people rate, a run stops
after a batch, says which outputs wait, and goes on from their imported ratings.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qfloor import score
from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import BenchmarkError
from qfloor.export import PutAside
from qfloor.pipeline.adaptive_batches import AdaptiveOptions, AdaptiveRun
from qfloor.pipeline.adaptive_spending import Buying
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.rounds.buying import refuse_unratable
from qfloor.pipeline.rounds.declared import scorers_of
from qfloor.pipeline.rounds.frozen import freeze_plan
from qfloor.pipeline.rounds.planned import prompts_of
from qfloor.pipeline.run import Report, certify_round, export_round, place_of_release, silent
from qfloor.records import Output, SequentialState
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class AdaptiveResult:
    """Where a sequential run stands.

    ``awaiting`` are outputs that people have to rate before it can go on; then there are no
    ``findings`` and no ``database`` yet. ``is_over``: its time ended it, and it can go on.
    """

    benchmark: Benchmark
    states: tuple[SequentialState, ...]
    awaiting: tuple[Output, ...] = ()
    findings: Findings | None = None
    database: Path | None = None
    put_aside: PutAside | None = None
    is_over: bool = False

    @property
    def spent_nanousd(self) -> int:
        """What the outputs and ratings that were looked at have cost."""
        return sum(s.spent_nanousd + s.rated_nanousd for s in self.states)


def run_adaptive(
    benchmark: Benchmark,
    workspace: Path,
    *,
    options: AdaptiveOptions | None = None,
    out: Path | None = None,
    engine: str = "local",
    report: Report = silent,
    buying: Buying | None = None,
    now: dt.datetime | None = None,
) -> AdaptiveResult:
    """Run a benchmark in batches until every cell is decided, hopeless or unaffordable.

    Parameters
    ----------
    benchmark : Benchmark
        Its budget covers outputs and ratings of the round.
    workspace : Path
        Folder of the store and media; created if absent.
    options : AdaptiveOptions, optional
    out, engine, report, now
        See `qfloor.pipeline.run`; ``report`` is told ("adaptive", cells done, cells) as well.
    buying : Buying, optional
        Patience, time, progress and releases. When the time is over the verdicts are those of
        what was looked at, and a later run goes on.

    Returns
    -------
    AdaptiveResult

    Raises
    ------
    QfloorError
        One sentence. What was bought and judged until then is kept.
    """
    options = options or AdaptiveOptions()
    options.check()
    score.engine_called(engine)
    _check_can_be_sequential(benchmark)
    prompts = prompts_of(benchmark)
    with Store.open(workspace, create=True) as store, store.writing(f"run {benchmark.name}"):
        refuse_unratable(store, benchmark, prompts)
        _freeze_first(store, benchmark)
        store.save_prompts(prompts)  # who rates what goes round among all of them
        run = AdaptiveRun(
            store,
            benchmark,
            prompts,
            options,
            scorers_of(benchmark),
            engine,
            report,
            buying or Buying(),
        )
        run.go_on()
        awaiting = run.awaiting()
        result = AdaptiveResult(
            benchmark=benchmark,
            states=tuple(run.states.values()),
            awaiting=awaiting,
            is_over=run.spending.is_over,
        )
        if awaiting:
            return result
        _check_some_judged(result.states)
        now = now or dt.datetime.now(dt.UTC)
        findings = certify_round(store, benchmark, prompts, now=now, report=report)
        place, aside = place_of_release(benchmark, workspace, out)
        database = export_round(store, benchmark, prompts, place, now)
    return replace(result, findings=findings, database=database, put_aside=aside)


def _check_some_judged(states: Sequence[SequentialState]) -> None:
    """Say what stood in the way where no cell came to a single prompt: there is no floor then."""
    if any(state.n_prompts for state in states):
        return
    why = Counter(state.stopped or state.standing for state in states)
    told = ", ".join(f"{reason}: {several(n, 'cell')}" for reason, n in sorted(why.items()))
    raise BenchmarkError(f"not one prompt was judged ({told}), so there is no floor to write")


def _check_can_be_sequential(benchmark: Benchmark) -> None:
    """Refuse what a test that looks after every prompt cannot judge, in one sentence."""
    if benchmark.imported:
        raise BenchmarkError(
            f"benchmark {benchmark.name} judges imported outputs; only what is bought prompt by "
            "prompt can be bought adaptively"
        )
    if benchmark.correction not in ("bonferroni", "holm"):
        raise BenchmarkError(
            f"benchmark {benchmark.name} corrects by {benchmark.correction}, which judges a family "
            "together at its end; tests that stop early keep alpha / m (bonferroni) or share it "
            "as they close (holm)"
        )
    if benchmark.rules:
        raise BenchmarkError(
            f"benchmark {benchmark.name} learns {len(benchmark.rules)} thresholds from its fit "
            "prompts, and a test that looks after every prompt must know its threshold from the "
            'start: give them as numbers (rule = "absolute"), e.g. those an earlier round learned'
        )


def _freeze_first(store: Store, benchmark: Benchmark) -> None:
    """Freeze the plan before anything is judged; a budget limits batches here, not the plan."""
    there = store.frozen_plan(benchmark.name, benchmark.round)
    if there is None and not store.is_judged(benchmark.round):
        freeze_plan(store, benchmark)
