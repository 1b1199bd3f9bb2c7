"""The month as one step: run, compare with last month, publish, report, write it down.

    run (resumes) -> complete? -> drift against the month before -> results/NAME_ROUND.db
        -> page -> results/LOG.md

Doing it again changes nothing but what changed meanwhile: outputs are not bought twice, a release
of the same evidence is not written anew, the log's entry of a round is replaced and never doubled.
A round that is not complete is not published; the next call goes on with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import export
from qfloor.benchmark import Benchmark, names
from qfloor.counting import several
from qfloor.errors import BenchmarkError, CertificationError, QfloorError
from qfloor.export import Content
from qfloor.generate import GenerationResult, RunPolicy
from qfloor.pipeline.months.drift import DriftReport, check_drift
from qfloor.pipeline.months.month_log import Entry, entry_of, write_entry
from qfloor.pipeline.months.reporting import Wanted, run_of_release, write_report
from qfloor.pipeline.release import release_of
from qfloor.pipeline.rounds.planned import prompts_of, run_id
from qfloor.pipeline.rounds.recorded import benchmark_of_run, suites_of_run
from qfloor.pipeline.rounds.unjudged import foreseen
from qfloor.pipeline.run import Report, RunResult, Watch, bought, judged, ready, silent
from qfloor.records import EVERY
from qfloor.store import Store
from qfloor.whole import write_whole

LOG = "LOG.md"


@dataclass(frozen=True, kw_only=True)
class MonthOptions:
    """What a month may be told besides its benchmark.

    ``results`` is where releases and the log lie; ``page`` where the report is written, by default
    in the workspace. ``before`` is the round to compare with, by default the last one that the
    workspace judged; ``metric`` compares scores where nobody rated. ``partial`` publishes a round
    of which some offers could not be called.
    """

    results: Path
    page: Path | None = None
    before: str | None = None
    metric: str | None = None
    partial: bool = False
    pictures: bool = True


@dataclass(frozen=True, kw_only=True)
class MonthResult:
    """What a month did.

    ``unfinished`` says what is left and why, and then nothing was published. ``compared`` says
    what the drift test compared, or why there was nothing to compare.
    """

    benchmark: Benchmark
    made: GenerationResult
    unfinished: str = ""
    ran: RunResult | None = None
    database: Path | None = None
    page: Path | None = None
    log: Path | None = None
    logged: bool = False
    drift: DriftReport | None = None
    compared: str = ""

    @property
    def changed(self) -> tuple[str, ...]:
        """Offers that are shown to have changed since the month before."""
        found = () if self.drift is None else self.drift.findings
        return tuple(
            sorted({f.offer_id for f in found if f.category == EVERY and f.word == "changed"})
        )


def run_month(
    benchmark: Benchmark,
    workspace: Path,
    options: MonthOptions,
    *,
    engine: str = "local",
    report: Report = silent,
    watch: Watch | None = None,
    policy: RunPolicy | None = None,
    release: Sequence[str] = (),
    tell: Callable[[str], None] = lambda said: None,
    now: dt.datetime | None = None,
) -> MonthResult:
    """Run a benchmark's round to its end and publish what it found.

    Parameters
    ----------
    benchmark : Benchmark
        In the month's round.
    workspace : Path
    options : MonthOptions
    engine, report, watch, policy, release
        As in `qfloor.pipeline.run`.
    tell : callable
        Told before anything is bought why the round will have no floor, if it will have none.
    now : datetime, optional
        The clock; by default the machine's, in UTC.

    Returns
    -------
    MonthResult

    Raises
    ------
    QfloorError
        One sentence. What was bought and scored until then is kept.
    """
    prompts, scorers = ready(benchmark, engine)
    with Store.open(workspace, create=True) as store, store.writing(f"month {benchmark.name}"):
        if why := foreseen(store, benchmark):
            tell(why)
        made = bought(
            store, benchmark, prompts, report=report, watch=watch, policy=policy, release=release,
            engine=engine,
        )  # fmt: skip
        unfinished = _unfinished(made)
        if unfinished and not (options.partial and made.stopped and not made.halted):
            return MonthResult(benchmark=benchmark, made=made, unfinished=unfinished)
        ran = judged(
            store, benchmark, prompts, scorers, generation=made, now=now,
            workspace=workspace, out=None, engine=engine, report=report,
        )  # fmt: skip
        now = now or dt.datetime.now(dt.UTC)
        drift, compared = _drift(store, benchmark, options, now)
        earlier = None if drift is None else _before(store, options.results, drift.before_run, now)
    database = _publish(ran.database, options.results / f"{benchmark.name}_{benchmark.round}.db")
    page = options.page or workspace / "reports" / f"{benchmark.name}_{benchmark.round}.html"
    wanted = Wanted(workspace=workspace, before=earlier, pictures=options.pictures)
    write_report(database, page, wanted, now=now)
    entry = Entry(
        command=f"qfloor month {_called(benchmark)}",
        content=export.read(database),
        earlier=earlier,
        drift=drift,
        compared=compared,
        stopped=made.stopped,
        waiting=len(made.waiting),
    )
    log = options.results / LOG
    logged = write_entry(log, entry, entry_of(entry), now.date())
    return MonthResult(
        benchmark=benchmark, made=made, ran=ran, database=database, page=page, log=log,
        logged=logged, drift=drift, compared=compared,
    )  # fmt: skip


def _called(benchmark: Benchmark) -> str:
    """What a command line calls the benchmark: a name that ships, or its file."""
    path = Path(benchmark.path or benchmark.name)
    return path.stem if path.stem in names() else path.name


def _unfinished(made: GenerationResult) -> str:
    """What is left of a round and why; nothing when it is complete."""
    told = []
    if made.left or made.halted:
        told.append(
            f"{several(made.left, 'output is', 'outputs are')} "
            f"left{f': {made.halted}' if made.halted else ''}"
        )
    if made.stopped:
        told.append(f"{', '.join(sorted(made.stopped))} could not be called")
    return "; ".join(told)


def _drift(
    store: Store, benchmark: Benchmark, options: MonthOptions, now: dt.datetime
) -> tuple[DriftReport | None, str]:
    """Compare with the month before, by people's ratings or else by a metric; keep it."""
    earlier = _month_before(store, benchmark, options.before)
    if earlier is None:
        return None, "no earlier round of this benchmark was judged in this workspace"
    by_turns = [options.metric] if options.metric else [None, *_metrics(benchmark)]
    why = ""
    for metric in by_turns:
        try:
            report = check_drift(store, earlier, benchmark, metric=metric, now=now)
        except CertificationError as error:
            why = why or str(error)
            continue
        runs = {"before_run": report.before_run, "after_run": report.after_run}
        store.save_drift(report.findings, **runs)
        by = "people's ratings" if metric is None else metric
        return report, f"compared with {earlier.round} by {by}"
    return None, f"not compared with {earlier.round}: {why}"


def _metrics(benchmark: Benchmark) -> list[str]:
    """Metrics that may stand in where nobody has rated: those that were to speak for people."""
    return list(dict.fromkeys(plan.metric for plan in benchmark.calibrations))


def _month_before(store: Store, benchmark: Benchmark, wanted: str | None) -> Benchmark | None:
    """The same benchmark in the round before, as its run kept it.

    Raises
    ------
    BenchmarkError
        When the round that was asked for was not judged here.
    """
    own = run_id(benchmark)
    found = [
        (run.round, kept)
        for run in store.runs_of()
        if run.benchmark == benchmark.name and run.id != own and run.round < benchmark.round
        if (kept := _kept(run)) is not None
    ]
    if wanted is not None:
        found = [pair for pair in found if pair[0] == wanted]
        if not found:
            raise BenchmarkError(
                f"{store.root}: has no earlier round {wanted} of {benchmark.name} to compare with"
            )
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _kept(run: Any) -> Benchmark | None:
    try:
        return benchmark_of_run(run)
    except QfloorError:  # it was changed since; nothing can be said of it
        return None


def _publish(made: Path, out: Path) -> Path:
    """Put a release in its place, unless the same evidence lies there already."""
    new = export.read(made)["release"][0]["digest"]
    if out.is_file():
        try:
            if export.read(out)["release"][0]["digest"] == new:
                return out
        except QfloorError:  # damaged, or of another format: written anew
            pass
    return write_whole(out, made.read_bytes())


def _before(store: Store, results: Path, name: str, now: dt.datetime) -> Content | None:
    """The release of the month before: as published, else as the workspace keeps its run.

    That month may have been made by `qfloor run`, or published elsewhere: what changed since then
    belongs on the page all the same.
    """
    for path in sorted(results.glob("*.db")):
        try:
            found = export.read(path)
        except QfloorError:
            continue
        if run_of_release(found) == name:
            return found
    run = store.run_of(name)
    benchmark = None if run is None else _kept(run)
    if run is None or benchmark is None:
        return None
    try:
        prompts = prompts_of(benchmark, suites_of_run(store, run))
        return export.content_of(release_of(store, benchmark, prompts, name, now))
    except QfloorError:  # it was judged and has no floors any more, say: the log tells of the drift
        return None
