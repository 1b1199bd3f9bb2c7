"""The whole pipeline, stage by stage, in order: the file to read first.

    suite -> generate -> score -> calibrate -> floors -> export -> route

`run` does them all for a benchmark; each stage is a function of its own, which the command line
offers as a command of its own. Every stage resumes: what is in the store is not done again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import export, generate, plugins, ratings, score
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, ScoringError, StoreError
from qfloor.export import PutAside
from qfloor.generate import GenerationResult, Progress, RunPolicy
from qfloor.pipeline.certifying.certify import certify
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.post_hoc import marked
from qfloor.pipeline.certifying.sequential_findings import by_cell, seen_only, sequential_findings
from qfloor.pipeline.latency_feed import feed_latency
from qfloor.pipeline.release import release_of
from qfloor.pipeline.rounds.buying import excluded_by, plan_round, refuse_unratable
from qfloor.pipeline.rounds.declared import Declared, scorers_of
from qfloor.pipeline.rounds.frozen import PlanState, freeze_plan, plan_state
from qfloor.pipeline.rounds.planned import offers_of, prompts_of, run_id, suites_of, view_of
from qfloor.pipeline.rounds.recorded import record_run
from qfloor.pipeline.rounds.unjudged import why_unjudged
from qfloor.pipeline.rounds.unmade import nothing_made
from qfloor.records import PluginSpec, Prompt, Suite
from qfloor.score import ScoreSummary
from qfloor.store import Store

Report = Callable[[str, int, int], None]
"""Called with (stage, done, total) as work goes on."""
Watch = Callable[[Progress], None]
"""Called with the progress of generation after each request."""


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run did, stage by stage, and where its quality database lies."""

    benchmark: Benchmark
    generation: GenerationResult
    scoring: ScoreSummary
    n_rated: int
    findings: Findings
    database: Path
    plan: PlanState
    put_aside: PutAside | None = None


def run(
    benchmark: Benchmark,
    workspace: Path,
    *,
    out: Path | None = None,
    engine: str = "local",
    report: Report = silent,
    watch: Watch | None = None,
    policy: RunPolicy | None = None,
    release: Sequence[str] = (),
    now: dt.datetime | None = None,
) -> RunResult:
    """Run every stage of a benchmark, resuming whatever an earlier run left.

    The plan is frozen before anything is bought, unless the round was scored or judged before.

    Parameters
    ----------
    benchmark : Benchmark
    workspace : Path
        Folder of the store and media; created if absent.
    out : Path, optional
        Where to write the quality database; by default ``quality.db`` in the workspace, where the
        release of another benchmark is kept beside it first.
    engine : str
        Where scoring and local pipelines run: ``local``, ``ray``, ``ray:actors=4,cpus=0.5``.
    report : callable
        See `Report`.
    watch, policy, release
        See `generate_round`.
    now : datetime, optional
        When the verdicts and the release are made; by default the machine's clock then, in UTC.

    Returns
    -------
    RunResult

    Raises
    ------
    QfloorError
        One sentence. What was bought and scored until then is kept.
    """
    prompts, scorers = ready(benchmark, engine)
    with Store.open(workspace, create=True) as store, store.writing(f"run {benchmark.name}"):
        generation = bought(
            store, benchmark, prompts, report=report, watch=watch, policy=policy, release=release,
            engine=engine,
        )  # fmt: skip
        return judged(
            store, benchmark, prompts, scorers, generation=generation, now=now,
            workspace=workspace, out=out, engine=engine, report=report,
        )  # fmt: skip


def ready(benchmark: Benchmark, engine: str) -> tuple[tuple[Prompt, ...], list[Any]]:
    """Load prompts and build scorers: what is misspelt is told before anything is bought."""
    score.engine_called(engine)
    return prompts_of(benchmark), scorers_of(benchmark)


def place_of_release(
    benchmark: Benchmark, workspace: Path, out: Path | None
) -> tuple[Path, PutAside | None]:
    """Where a run's release is written; when nobody says, see `qfloor.export.usual_place`."""
    if out is not None:
        return out, None
    return export.usual_place(workspace, benchmark.name, {o.id for o in benchmark.offers})


def bought(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...], **how: Any
) -> GenerationResult:
    """Freeze the plan, unless that is too late, and make what is not made yet."""
    _refuse_sequential(store, benchmark)
    refuse_unratable(store, benchmark, prompts)
    freeze_first(store, benchmark, prompts)
    return generate_round(store, benchmark, prompts, **how)


def judged(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    scorers: Sequence[Any],
    *,
    generation: GenerationResult,
    workspace: Path,
    out: Path | None,
    engine: str,
    report: Report,
    now: dt.datetime | None,
) -> RunResult:
    """Do all that comes after a round's outputs: scores, ratings, floors, release."""
    scoring = score_round(store, benchmark, prompts, scorers=scorers, engine=engine, report=report)
    n_rated = rate_round(store, benchmark, prompts, report=report)
    findings = certify_round(store, benchmark, prompts, now=now, report=report)
    if not findings.floors:  # people may judge for days: what was made waits for them
        raise StoreError(f"{why_unjudged(store, benchmark)}, and call this again")
    # A run may take days: a release is made when it is written, not when buying began.
    place, aside = place_of_release(benchmark, workspace, out)
    database = export_round(store, benchmark, prompts, place, now or dt.datetime.now(dt.UTC))
    plan = plan_state(store, benchmark)
    report("export", 1, 1)
    return RunResult(
        benchmark=benchmark,
        generation=generation,
        scoring=scoring,
        n_rated=n_rated,
        findings=findings,
        database=database,
        plan=plan,
        put_aside=aside,
    )


def _refuse_sequential(store: Store, benchmark: Benchmark) -> None:
    """A round that tests look at prompt by prompt has no use for outputs they do not look at."""
    if any(store.sequential_of(run=run_id(benchmark))):
        raise BenchmarkError(
            f"{benchmark.name} was begun adaptively in round {benchmark.round}: its verdicts come "
            "from its tests, and what is bought beside them would count for nothing; go on with "
            "--adaptive, or take a new round"
        )


def freeze_first(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> None:
    """Freeze a plan that the budget allows, if the round was neither frozen nor judged before.

    Raises
    ------
    BudgetError
        When it does not; nothing was frozen.
    """
    there = store.frozen_plan(benchmark.name, benchmark.round)
    if there is not None or benchmark.imported or store.is_judged(benchmark.round):
        return
    if benchmark.budget_nanousd is not None:
        plan_round(store, benchmark, prompts).check_budget(
            benchmark.budget_nanousd, allow_unpriced=benchmark.allow_unpriced
        )
    freeze_plan(store, benchmark)


def generate_round(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    *,
    report: Report = silent,
    watch: Watch | None = None,
    policy: RunPolicy | None = None,
    release: Sequence[str] = (),
    resolve: bool = False,
    engine: str = "local",
) -> GenerationResult:
    """Stage 2: make what is not made yet, inside the budget; how fast it came goes to the feeds.

    ``watch`` is shown the progress after each request, in place of ``report``. ``release`` names
    outputs that may have been charged and shall be asked for again (ids or their beginnings, or
    ``all``); with ``resolve`` sellers are asked what became of them, and nothing is bought.
    On the engine ``ray`` local pipelines draw on a cluster.
    """
    if not resolve:
        refuse_unratable(store, benchmark, prompts)
    with store.writing("generate"):  # until what it measured is fed, which must be so once
        made = generate.generate(
            prompts,
            benchmark.offers,
            store=store,
            round=benchmark.round,
            repeats=benchmark.repeats,
            policy=policy or RunPolicy(),
            limits=benchmark.limits,
            budget_nanousd=benchmark.budget_nanousd,
            allow_unpriced=benchmark.allow_unpriced,
            excluded=excluded_by(benchmark),
            release_unknown=generate.released(store, release, round=benchmark.round),
            resolve=resolve,
            engine=engine,
            watch=watch,
            progress=None if watch else lambda done, total, _: report("generate", done, total),
        )
        feed_latency(store, benchmark.round)
    return made


def score_round(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    *,
    scorers: Sequence[Any] | None = None,
    engine: str = "local",
    retry_failed: bool = False,
    report: Report = silent,
) -> ScoreSummary:
    """Stage 3: score every made output of the round with every scorer."""
    view = view_of(store, benchmark, prompts)
    scorers = scorers_of(benchmark) if scorers is None else scorers
    return score.score_outputs(
        store,
        view.outputs,
        view.prompts,
        scorers,
        engine=engine,
        retry_failed=retry_failed,
        progress=lambda done, total: report("score", done, total),
    )


def score_stored(
    store: Store,
    round: str,
    scorers: Sequence[PluginSpec],
    *,
    engine: str = "local",
    retry_failed: bool = False,
    report: Report = silent,
) -> ScoreSummary:
    """Score every made output of a round that the store holds, without a benchmark file.

    Raises
    ------
    ScoringError
        When the round holds no output, or none that was made.
    """
    built = plugins.build_scorers(scorers)
    outputs = list(store.outputs_of(round=round))
    if not outputs:
        known = ", ".join(sorted({o.round for o in store.outputs_of()})) or "none"
        raise ScoringError(f"{store.root}: round {round} holds no outputs; rounds here: {known}")
    if told := nothing_made(round, outputs):
        raise ScoringError(told)
    return score.score_outputs(
        store,
        outputs,
        store.prompts_by_digest(),
        built,
        engine=engine,
        retry_failed=retry_failed,
        progress=lambda done, total: report("score", done, total),
    )


def rate_round(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...], *, report: Report = silent
) -> int:
    """Let the simulated panel of a painters' benchmark rate; other benchmarks import ratings."""
    if benchmark.panel is None:
        return 0
    view = view_of(store, benchmark, prompts)
    n = ratings.rate_outputs(store, view.outputs, view.prompts, benchmark.panel)
    report("rate", n, n)
    return n


def certify_round(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    *,
    suites: Mapping[str, Suite] | None = None,
    declared: Declared | None = None,
    now: dt.datetime | None = None,
    report: Report = silent,
) -> Findings:
    """Stages 4 and 5: calibrations, floors, verdicts; they replace the run's earlier ones.

    ``suites`` are loaded and ``declared`` asked of the scorers when not given. What differs from
    the frozen plan is marked post hoc, and the run is kept with its benchmark and suites, so that
    it can be computed again.
    """
    suites = suites_of(benchmark) if suites is None else suites
    view = view_of(store, benchmark, prompts)
    name = run_id(benchmark)
    started = (now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    states = by_cell(store.sequential_of(run=name))
    if states:  # once tests have looked, bounds for a fixed number of prompts are none
        view = seen_only(view, states)
    findings = certify(store, benchmark, view, offers_of(store, benchmark), declared)
    if states:
        findings = sequential_findings(benchmark, findings, states)
    findings = marked(findings, benchmark, plan_state(store, benchmark, suites))
    with store.transaction():
        record_run(store, benchmark, suites, started)
        store.save_thresholds(findings.thresholds, run=name)
        store.save_learned_thresholds(findings.learned, run=name)
        store.save_calibrations(findings.calibrations, run=name)
        store.save_predictions(findings.predictions, run=name)
        store.save_floors(findings.floors, run=name)
        store.save_verdicts(findings.verdicts, run=name)
        store.save_pass_rates(findings.pass_rates, run=name)
        store.save_tag_floors(findings.tag_floors, run=name)
        store.save_leave_one_out(findings.leave_one_out, run=name)
    report("floors", len(findings.floors), len(findings.floors))
    return findings


def export_round(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    path: Path,
    now: dt.datetime,
) -> Path:
    """Stage 6: write what a run found as a quality database."""
    return export.write(path, release_of(store, benchmark, prompts, run_id(benchmark), now))
