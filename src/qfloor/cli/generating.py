"""``qfloor generate`` and ``unknown``: outputs bought or taken in, and what nobody knows of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.inputs import must_exist
from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.running import (
    Budget,
    Engine,
    Minutes,
    Release,
    Resolve,
    Round,
    Unpriced,
    benchmark_of,
    policy_of,
    show_unknown,
)
from qfloor.cli.taken_in import print_rows, say_rows
from qfloor.cli.usage import refuse
from qfloor.cli.watching import progress

if TYPE_CHECKING:
    from qfloor.benchmark import Benchmark
    from qfloor.generate import GenerationResult, OfferSummary
    from qfloor.pipeline import TakenIn

_OF_RUNS = ("budget", "allow_unpriced", "minutes", "resolve_unknown", "release", "engine")


def generate(
    context: typer.Context,
    name: str | None = typer.Argument(None, help="A benchmark that ships, or a .toml file."),
    manifest: Path | None = typer.Option(
        None, "--manifest", help="Take in outputs made elsewhere, listed in this CSV or JSONL."
    ),
    suite: str | None = typer.Option(
        None, help="With --manifest: the suite whose prompts its rows name."
    ),
    workspace: Path = Workspace,
    round: str | None = Round,
    budget: str | None = Budget,
    allow_unpriced: bool = Unpriced,
    minutes: float | None = Minutes,
    resolve_unknown: bool = Resolve,
    release: list[str] = Release,
    engine: str = Engine,
    rows: bool = typer.Option(
        False, "--rows", help="With --manifest: print what became of every row."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Make what a round still lacks, or take in outputs made elsewhere.

    Killed at any instant and run again, it goes on where it was and buys nothing twice. Shows
    what came of each offer and what it cost. A file of a manifest that could not be judged is
    taken once more when its bytes have changed.

    Example: qfloor generate painters

    Example: qfloor generate painters --resolve-unknown

    Example: qfloor generate --manifest pictures.csv --round 2026-11
    """
    from qfloor import pipeline
    from qfloor.store import Store

    if (name is None) == (manifest is None):
        raise typer.BadParameter("give a benchmark or --manifest FILE, one of the two")
    if manifest is None:
        refuse(context, ("rows", "suite"), "goes with --manifest")
    else:
        refuse(context, _OF_RUNS, "goes with a benchmark; --manifest asks nobody for anything")
        listed = rows or as_json or as_csv
        taken = _taken_in(workspace, manifest, round, suite)
        if listed:
            print_rows(taken, as_json=as_json, as_csv=as_csv)
        say_rows(taken, manifest, str(round), listed=listed)
        return
    benchmark = benchmark_of(str(name), round, budget, allow_unpriced=allow_unpriced)
    if resolve_unknown:
        refuse(context, ("release", "engine"), "goes without --resolve-unknown")
        resolve(benchmark, workspace, minutes, as_json=as_json, as_csv=as_csv)
        return
    with Store.open(workspace, create=True) as store, progress() as report:
        made = pipeline.generate_round(
            store, benchmark, pipeline.prompts_of(benchmark), report=report, watch=report.watch,
            policy=policy_of(minutes), release=release, engine=engine,
        )  # fmt: skip
    show_summary(benchmark, workspace, as_json=as_json, as_csv=as_csv)
    say_made(made)


def _taken_in(workspace: Path, manifest: Path, round: str | None, suite: str | None) -> TakenIn:
    """Take in what a manifest names, and say what became of it."""
    from qfloor import pipeline
    from qfloor.store import Store

    if round is not None:  # without one that is what is said first
        must_exist(manifest)
    with Store.open(workspace, create=True) as store, progress() as report:
        taken = pipeline.take_in(
            store, manifest, round=round or "", suite_name=suite, report=report
        )
    say_made(taken)
    return taken


def resolve(
    benchmark: Benchmark, workspace: Path, minutes: float | None, *, as_json: bool, as_csv: bool
) -> None:
    """Ask sellers what became of calls without an end; print those that are still unknown."""
    from qfloor import pipeline
    from qfloor.store import Store

    with Store.open(workspace) as store:
        with progress() as report:
            made = pipeline.generate_round(
                store, benchmark, pipeline.prompts_of(benchmark), report=report,
                watch=report.watch, policy=policy_of(minutes), resolve=True,
            )  # fmt: skip
        show_unknown(store, benchmark.round, as_json=as_json, as_csv=as_csv)
    say_made(made)


def show_summary(benchmark: Benchmark, workspace: Path, *, as_json: bool, as_csv: bool) -> None:
    """Print what a round has of each offer."""
    from qfloor import pipeline
    from qfloor.store import Store

    with Store.open(workspace) as store:
        rows = summary_rows(pipeline.summary_of_round(store, benchmark))
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing was made")


def summary_rows(summaries: tuple[OfferSummary, ...]) -> list[dict[str, Any]]:
    """Rows of a round's summary, an offer each."""
    from qfloor.records import Status

    return [
        {
            "offer": s.offer_id,
            **{status.value: s.counts.get(status, 0) for status in Status},
            "attempts": s.attempts,
            "billed_usd": s.billed_nanousd / 1e9,
            "reserved_usd": s.reserved_nanousd / 1e9,
            "p50_s": s.p50_s,
            "p95_s": s.p95_s,
        }
        for s in summaries
    ]


def say_made(made: GenerationResult) -> None:
    """Tell what a run did, what stopped it and what waits for a person."""
    for offer, why in sorted(made.stopped.items()):
        say(f"{offer} was stopped: {why}")
    if made.halted:
        say(f"the run was stopped: {made.halted}")
    counts = ", ".join(f"{n} {status.value}" for status, n in sorted(made.counts.items()))
    say(f"{counts or 'nothing new'}; {made.plan.done} were there, {made.left} left")
    if made.waiting:
        say(
            f"{len(made.waiting)} may have been charged and are not asked for again: "
            "see `qfloor unknown`"
        )


def unknown(
    workspace: Path = Workspace,
    round: str | None = typer.Option(None, "--round", help="Of this round only."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """List outputs that were called for and whose end nobody knows; nobody is asked.

    They may have been charged and are never sent again silently. `run --resolve-unknown` asks the
    sellers; what is left then, `run --release ID` asks for anew: a person's decision.

    Example: qfloor unknown --round 2026-12
    """
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if round is not None and not store.open_requests(round=round):
            store.check_round(round)  # "all is known" is no answer of one that is not there
        show_unknown(store, round, as_json=as_json, as_csv=as_csv)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (generate, unknown):
        app.command()(command)
