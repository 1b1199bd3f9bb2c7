"""``qfloor demo``, ``plan``, ``run``, ``generate``: from a benchmark to outputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, progress, say, say_astray
from qfloor.cli.taken_in import print_rows, say_rows

if TYPE_CHECKING:
    from qfloor.benchmark import Benchmark
    from qfloor.generate import GenerationResult
    from qfloor.pipeline import PlanState, RunResult

BenchmarkName = typer.Argument(help="A benchmark that ships (painters), or a .toml file.")
Round = typer.Option(None, "--round", help="Round to run, e.g. 2026-12; a new round buys anew.")
Budget = typer.Option(None, "--budget", help="Most this round may cost, in USD.")


def benchmark_of(name: str, round: str | None, budget: str | None = None) -> Benchmark:
    """Load a benchmark with what the command line overrides."""
    from dataclasses import replace

    from qfloor import benchmark

    loaded = benchmark.load(name, round=round)
    if budget is None:
        return loaded
    return replace(loaded, budget_nanousd=benchmark.parse_budget("--budget", budget))


def say_differs(state: PlanState) -> None:
    """Tell what differs from a frozen plan, if anything does."""
    if state.differs:
        say(str(state))


def demo(
    workspace: Path = Workspace,
    out: Path | None = typer.Option(None, "--out", "-o", help="Where to write quality.db."),
) -> None:
    """Run the built-in benchmark and route a few requests by it.

    The offers are painters: programs that draw, not AI models.

    Example: qfloor demo
    """
    from qfloor.cli import demonstration

    result = _run("painters", workspace, None, None, "local", out)
    demonstration.show(result)


def run(
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    budget: str | None = Budget,
    engine: str = typer.Option("local", help="Where scoring runs."),
    out: Path | None = typer.Option(None, "--out", "-o", help="Where to write quality.db."),
    adaptive: bool = typer.Option(
        False, "--adaptive", help="Buy in batches; stop where a verdict has fallen or cannot."
    ),
    method: str = typer.Option(
        "auto", help="With --adaptive: exact, e_process, or auto by repeats and votes."
    ),
    batch: int = typer.Option(5, help="With --adaptive: most prompts of a cell between looks."),
    rating_usd: str = typer.Option("0", help="With --adaptive: what one rating costs."),
    value_usd: str | None = typer.Option(
        None, help="With --adaptive: what a verdict is worth; dearer cells are left."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Run all stages of a benchmark, resuming what an earlier run left.

    With --adaptive it prints what each cell cost and how it was decided; where people rate, it
    prints the outputs to rate next, and goes on from their imported ratings when run again.

    Example: qfloor run painters --round 2026-12

    Example: qfloor run painters --round 2026-12 --adaptive --budget 100 --rating-usd 0.05
    """
    if adaptive:
        from qfloor.cli import sequential

        sequential.run(
            benchmark_of(name, round, budget), workspace, method=method, batch=batch,
            rating_usd=rating_usd, value_usd=value_usd, engine=engine, out=out,
            as_json=as_json, as_csv=as_csv,
        )  # fmt: skip
        return
    result = _run(name, workspace, round, budget, engine, out)
    say(f"wrote {result.database}")


def _run(
    name: str, workspace: Path, round: str | None, budget: str | None, engine: str, out: Path | None
) -> RunResult:
    from qfloor import pipeline

    with progress() as report:
        result = pipeline.run(
            benchmark_of(name, round, budget), workspace, out=out, engine=engine, report=report
        )
    say_astray(result.scoring.astray)
    say(str(result.plan))
    return result


def plan(
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    budget: str | None = Budget,
    freeze: bool = typer.Option(
        False, "--freeze", help="Freeze what decides verdicts, before the first score; for good."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what is left to generate and the most it can cost; nothing is bought.

    Says whether the round's plan is frozen and what differs from it by now. Exit 1 when the worst
    case exceeds the budget, or the plan cannot be frozen.

    Example: qfloor plan painters

    Example: qfloor plan painters --freeze
    """
    from qfloor import pipeline
    from qfloor.generate.plan import usd
    from qfloor.store import Store

    benchmark = benchmark_of(name, round, budget)
    with Store.open(workspace, create=True) as store:
        planned = pipeline.plan_round(store, benchmark, pipeline.prompts_of(benchmark))
        if freeze:
            with store.writing("plan --freeze"):
                pipeline.freeze_plan(store, benchmark)
        state = pipeline.plan_state(store, benchmark)
    rows = [
        {
            "offer": cost.offer_id,
            "calls": cost.calls,
            "worst_usd": None if cost.worst_nanousd is None else cost.worst_nanousd / 1e9,
        }
        for cost in planned.costs
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing is left to generate")
    say(
        f"round {planned.round}: {planned.calls} calls, at most {usd(planned.worst_nanousd)}; "
        f"{planned.done} done, {usd(planned.spent_nanousd)} spent, "
        f"{sum(not s.excluded for s in planned.skipped)} requests no offer can serve, "
        f"{sum(s.excluded for s in planned.skipped)} excluded, "
        f"{len(planned.waiting)} waiting for a person"
    )
    say(str(state))
    if benchmark.budget_nanousd is not None:
        planned.check_budget(benchmark.budget_nanousd)


def generate(
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
    rows: bool = typer.Option(
        False, "--rows", help="With --manifest: print what became of every row."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Make what a round still lacks, or take in outputs made elsewhere.

    Killed at any instant and run again, it goes on where it was and buys nothing twice. A file of a
    manifest that could not be judged is taken once more when its bytes have changed.

    Example: qfloor generate painters

    Example: qfloor generate --manifest pictures.csv --round 2026-11
    """
    from qfloor import pipeline
    from qfloor.store import Store

    if (name is None) == (manifest is None):
        raise typer.BadParameter("give a benchmark or --manifest FILE, one of the two")
    if manifest is None and (rows or as_json or as_csv):
        raise typer.BadParameter("--rows, --json and --csv go with --manifest")
    with Store.open(workspace, create=True) as store, progress() as report:
        if manifest is not None:
            made: GenerationResult = pipeline.take_in(
                store, manifest, round=round or "", suite_name=suite, report=report
            )
        else:
            benchmark = benchmark_of(str(name), round, budget)
            prompts = pipeline.prompts_of(benchmark)
            made = pipeline.generate_round(store, benchmark, prompts, report=report)
    for offer, why in sorted(made.stopped.items()):
        say(f"{offer} was stopped: {why}")
    counts = ", ".join(f"{n} {status.value}" for status, n in sorted(made.counts.items()))
    say(f"{counts or 'nothing new'}; {made.plan.done} were there, {made.left} left")
    if manifest is not None and isinstance(made, pipeline.TakenIn):
        listed = rows or as_json or as_csv
        if listed:
            print_rows(made, as_json=as_json, as_csv=as_csv)
        say_rows(made, manifest, str(round), listed=listed)


def register_demo(app: typer.Typer) -> None:
    """Add the newcomer's command, first in the list."""
    app.command()(demo)


def register(app: typer.Typer) -> None:
    """Add the other commands of this module."""
    for command in (plan, run, generate):
        app.command()(command)
