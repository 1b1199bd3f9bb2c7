"""``qfloor month``: what a scheduler calls once a month, as often as it likes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Json, Workspace, emit_one, say
from qfloor.cli.running import Budget, Minutes, Release, Unpriced, benchmark_of, policy_of
from qfloor.cli.watching import progress
from qfloor.errors import QfloorError

if TYPE_CHECKING:
    from qfloor.pipeline.months.monthly import MonthResult

CHANGED = 3
"""Exit code: published, and an offer is shown to have changed since the month before."""

UNFINISHED = 75
"""Exit code: not published, some outputs are left; call again (EX_TEMPFAIL of sysexits.h)."""


def month(
    name: str = typer.Argument(help="A benchmark that ships (painters, monthly), or a .toml file."),
    round: str | None = typer.Option(
        None, "--round", help="Round to run, e.g. 2026-12; by default this month, in UTC."
    ),
    workspace: Path = Workspace,
    results: Path = typer.Option(
        Path("results"), "--results", help="Folder of the releases and of LOG.md."
    ),
    page: Path | None = typer.Option(
        None, "--page", help="Where to write the report; by default reports/ in the workspace."
    ),
    before: str | None = typer.Option(
        None, help="Round to compare with; by default the last one judged in the workspace."
    ),
    metric: str | None = typer.Option(
        None, help="Compare scores of this metric; by default ratings, else a calibrated metric."
    ),
    partial: bool = typer.Option(
        False, "--partial", help="Publish although some offers could not be called."
    ),
    pictures: bool = typer.Option(True, help="Show outputs in the report."),
    budget: str | None = Budget,
    allow_unpriced: bool = Unpriced,
    minutes: float | None = Minutes,
    release: list[str] = Release,
    engine: str = typer.Option("local", help="Where scoring runs."),
    as_json: bool = Json,
) -> None:
    """Run a month: all stages, drift against last month, release, report and log.

    Resumes what an earlier call left; called again when all is done it changes nothing.

    Exit 0 published; 1 told why; 2 used wrongly; 3 published, and an offer changed since the month
    before; 75 not finished (some outputs are left): call again.

    Example: qfloor month painters --round 2026-12 --results results
    """
    import datetime as dt

    from qfloor.pipeline.months.monthly import MonthOptions, run_month

    used = round or dt.datetime.now(dt.UTC).strftime("%Y-%m")
    benchmark = benchmark_of(name, used, budget, allow_unpriced=allow_unpriced)
    options = MonthOptions(
        results=results, page=page, before=before, metric=metric, partial=partial,
        pictures=pictures,
    )  # fmt: skip
    with progress() as report:
        found = run_month(
            benchmark, workspace, options, engine=engine, report=report, watch=report.watch,
            policy=policy_of(minutes), release=release, tell=say,
        )  # fmt: skip
    emit_one(_row(found), as_json=as_json)
    if found.ran is not None and found.ran.put_aside:
        say(str(found.ran.put_aside))
    _end(found)


def _row(found: MonthResult) -> dict[str, Any]:
    from collections import Counter

    benchmark = found.benchmark
    verdicts = () if found.ran is None else found.ran.findings.verdicts
    return {
        "benchmark": benchmark.name,
        "round": benchmark.round,
        "verdicts": Counter(v.ruling.value for v in verdicts if v.quality == benchmark.quality.id),
        "drift": found.compared,
        "changed": list(found.changed),
        "release": None if found.database is None else str(found.database),
        "report": None if found.page is None else str(found.page),
        "log": None if found.log is None else str(found.log),
        "log_changed": found.logged,
        "unfinished": found.unfinished,
        "stopped": dict(found.made.stopped),
        "waiting": len(found.made.waiting),
    }


def _end(found: MonthResult) -> None:
    """End with the code that a scheduler goes by."""
    if found.unfinished and found.made.stopped:
        told = "; ".join(f"{offer}: {why}" for offer, why in sorted(found.made.stopped.items()))
        raise QfloorError(
            f"not published: {found.unfinished}. Set up what they lack ({told}) and call again, "
            "or publish without them with --partial"
        )
    if found.unfinished:
        say(f"not published: {found.unfinished}; call again")
        raise typer.Exit(UNFINISHED)
    if found.changed:
        say(f"changed since the month before: {', '.join(found.changed)}")
        raise typer.Exit(CHANGED)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(month)
