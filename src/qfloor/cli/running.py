"""``qfloor demo``, ``plan``, ``run``: from a benchmark to all its stages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli import stores
from qfloor.cli.output import Csv, Json, Workspace, check_database_name, emit, say
from qfloor.cli.usage import refuse
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.prices import in_usd, usd

if TYPE_CHECKING:
    from qfloor.benchmark import Benchmark
    from qfloor.generate import GenerationPlan, RunPolicy
    from qfloor.pipeline import PlanState, RunResult
    from qfloor.store import Store

BenchmarkName = typer.Argument(help="A benchmark that ships (painters), or a .toml file.")
Round = typer.Option(None, "--round", help="Round to run, e.g. 2026-12; a new round buys anew.")
Budget = typer.Option(None, "--budget", help="Most this round may cost, in USD.")
Unpriced = typer.Option(
    False, "--allow-unpriced", help="Let offers without a known price pass the budget."
)
Engine = typer.Option(
    "local",
    help="Where scoring and local pipelines run: local, ray, or ray:actors=4,cpus=0.5,gpus=0.25.",
)
Media = typer.Option(
    None, "--media", help="Where new media go from now on, a folder or URL: see qfloor store media."
)
Minutes = typer.Option(
    None, "--minutes", help="Most this run may take; a later run goes on with what is left."
)
Resolve = typer.Option(
    False,
    "--resolve-unknown",
    help="Ask sellers what became of calls without an end; buys nothing.",
)
Release = typer.Option(
    [], "--release",
    help="Ask anew for an output that may have been charged: its id (see qfloor unknown), or all.",
)  # fmt: skip


def benchmark_of(
    name: str, round: str | None, budget: str | None = None, *, allow_unpriced: bool = False
) -> Benchmark:
    """Load a benchmark with what the command line overrides."""
    from dataclasses import replace

    from qfloor import benchmark

    loaded = benchmark.load(name, round=round)
    loaded = replace(loaded, allow_unpriced=loaded.allow_unpriced or allow_unpriced)
    if budget is None:
        return loaded
    return replace(loaded, budget_nanousd=benchmark.parse_budget("--budget", budget))


def policy_of(minutes: float | None) -> RunPolicy:
    """Patience of a run that may take so long."""
    from qfloor.generate import RunPolicy

    if minutes is not None and not 0.0 < minutes < float("inf"):
        raise typer.BadParameter(f"{minutes:g} is no length of time", param_hint="--minutes")
    return RunPolicy(deadline_s=None if minutes is None else minutes * 60.0)


def show_unknown(store: Store, round: str | None, *, as_json: bool, as_csv: bool) -> None:
    """Print the outputs whose end nobody knows, with all that is known of each."""
    from qfloor.generate import unknown_outputs

    rows = [
        {
            "output": u.output_id,
            "round": u.round,
            "offer": u.offer_id,
            "prompt": u.prompt_id,
            "repeat": u.repeat,
            "standing": u.standing,
            "reason": u.reason or None,
            "since": u.since,
            "most_usd": in_usd(u.reserved_nanousd),
            "job": u.job,
            "detail": u.detail or None,
        }
        for u in unknown_outputs(store, round=round)
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="the end of every output is known")


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

    check_database_name(out)
    result = _run(benchmark_of("painters", None), workspace, "local", out)
    demonstration.show(result)


def run(
    context: typer.Context,
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    budget: str | None = Budget,
    allow_unpriced: bool = Unpriced,
    minutes: float | None = Minutes,
    resolve: bool = Resolve,
    release: list[str] = Release,
    engine: str = Engine,
    media: str | None = Media,
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

    Shows what came of each offer and what it cost. Refuses before the first call when the worst
    case exceeds the budget. With --resolve-unknown nothing is bought. With --adaptive it prints
    what each cell cost and how it was decided; where people rate, it prints the outputs to rate
    next, and goes on from their imported ratings when run again.

    Example: qfloor run painters --round 2026-12

    Example: qfloor run painters --round 2026-12 --resolve-unknown

    Example: qfloor run painters --round 2026-12 --adaptive --budget 100 --rating-usd 0.05
    """
    check_database_name(out)
    _check_goes_together(context, adaptive=adaptive, resolve=resolve)
    benchmark = benchmark_of(name, round, budget, allow_unpriced=allow_unpriced)
    stores.place(workspace, media)
    if adaptive:
        from qfloor.cli import sequential

        sequential.run(
            benchmark, workspace, method=method, batch=batch,
            rating_usd=rating_usd, value_usd=value_usd, engine=engine, out=out,
            policy=policy_of(minutes), release=release,
            as_json=as_json, as_csv=as_csv,
        )  # fmt: skip
        return
    from qfloor.cli import generating

    if resolve:
        generating.resolve(benchmark, workspace, minutes, as_json=as_json, as_csv=as_csv)
        return
    result = _run(benchmark, workspace, engine, out, policy=policy_of(minutes), release=release)
    generating.show_summary(benchmark, workspace, as_json=as_json, as_csv=as_csv)
    generating.say_made(result.generation)
    say(f"wrote {result.database}")


def _check_goes_together(context: typer.Context, *, adaptive: bool, resolve: bool) -> None:
    """Refuse options that would change nothing, and a run that both buys and does not."""
    if adaptive and resolve:
        raise typer.BadParameter(
            "buys nothing, and --adaptive buys; resolve first, then run without it",
            param_hint="--resolve-unknown",
        )
    if not adaptive:
        refuse(context, ("method", "batch", "rating_usd", "value_usd"), "goes with --adaptive")
    if resolve:
        refuse(context, ("release", "out", "engine"), "goes without --resolve-unknown")


def _run(
    benchmark: Benchmark, workspace: Path, engine: str, out: Path | None, **more: Any
) -> RunResult:
    from qfloor import pipeline

    with progress() as report:
        result = pipeline.run(
            benchmark, workspace, out=out, engine=engine, report=report, watch=report.watch, **more
        )
    say(str(result.plan))
    if result.put_aside:
        say(str(result.put_aside))
    return result


def plan(
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    budget: str | None = Budget,
    allow_unpriced: bool = Unpriced,
    freeze: bool = typer.Option(
        False, "--freeze", help="Freeze what decides verdicts, before the first score; for good."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what is left to generate and the most it can cost; nothing is bought.

    Says whether the round's plan is frozen and what differs from it by now. Exit 1 when the worst
    case exceeds the budget, the plan cannot be frozen, or a run would be refused for its offers.

    Example: qfloor plan painters

    Example: qfloor plan painters --freeze
    """
    from qfloor import pipeline
    from qfloor.generate.forecast import said
    from qfloor.store import Store

    benchmark = benchmark_of(name, round, budget, allow_unpriced=allow_unpriced)
    with Store.open(workspace, create=True) as store:
        prompts = pipeline.prompts_of(benchmark)
        planned = pipeline.plan_round(store, benchmark, prompts)
        if freeze:
            pipeline.refuse_unratable(store, benchmark, prompts)
            with store.writing("plan --freeze"):
                pipeline.freeze_plan(store, benchmark)
        state = pipeline.plan_state(store, benchmark)
        time = pipeline.forecast_round(store, benchmark, planned)
        there = sum(n for _, _, n in store.count_outputs(round=planned.round))
    rows = [
        {
            "offer": cost.offer_id,
            "outputs": cost.calls,
            "worst_usd": in_usd(cost.worst_nanousd),
            "expected_s": time.by_offer.get(cost.offer_id),
        }
        for cost in planned.costs
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing is left to generate")
    _say_planned(planned, there if benchmark.imported else None)
    if planned.calls:
        from qfloor.ratings.wording import listed

        untimed = f", and more for {listed(time.untimed)}, never timed" if time.untimed else ""
        say(f"expected to take {said(time.seconds)} under the limits of its accounts{untimed}")
    say(str(state))
    if not freeze:  # what is frozen was asked before
        with Store.open(workspace) as store:
            pipeline.refuse_unratable(store, benchmark, prompts)
    if benchmark.budget_nanousd is not None:
        planned.check_budget(benchmark.budget_nanousd, allow_unpriced=benchmark.allow_unpriced)


def _say_planned(planned: GenerationPlan, taken_in: int | None) -> None:
    """Say what a plan comes to; of a benchmark of what was imported, what there is of it."""
    from qfloor.ratings.wording import listed

    say(
        f"round {planned.round}: {several(planned.calls, 'call')}, at most "
        f"{usd(planned.worst_nanousd, exact=True)}; "
        f"{planned.done} done, {usd(planned.spent_nanousd)} spent, "
        f"{several(sum(not s.excluded for s in planned.skipped), 'request')} no offer can serve, "
        f"{sum(s.excluded for s in planned.skipped)} excluded, "
        f"{len(planned.waiting)} waiting for a person"
    )
    unable: dict[str, dict[str, None]] = {}  # of its own modality; that it makes no other is plain
    for request in planned.skipped:
        if not (request.excluded or request.reason.startswith("modality: ")):
            unable.setdefault(request.reason, {})[request.offer_id] = None
    for reason, offers in unable.items():
        say(f"not asked of {listed(offers)}: {reason}")
    uncalled: dict[str, list[str]] = {}
    for cost in planned.costs:
        if lack := planned.lacking.get(cost.offer_id):
            uncalled.setdefault(lack, []).append(cost.offer_id)
    for lack, ids in uncalled.items():
        say(f"{listed(ids)} cannot be called here: {lack}")
    if taken_in is not None:
        say(
            f"nothing is generated: the store has {several(taken_in, 'output')} of round "
            f"{planned.round}"
        )


def register_demo(app: typer.Typer) -> None:
    """Add the newcomer's command, first in the list."""
    app.command()(demo)


def register(app: typer.Typer) -> None:
    """Add the other commands of this module."""
    for command in (plan, run):
        app.command()(command)
