"""``qfloor plugins`` and ``qfloor doctor``: what this installation can do."""

from __future__ import annotations

from pathlib import Path

import typer

from qfloor.cli.output import Csv, Json, emit, emit_one
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import QfloorError

_CONCERNS = "Weights that may not, or are not known to, be used commercially"


def plugins(as_json: bool = Json, as_csv: bool = Csv) -> None:
    """List installed generators and scorers.

    Example: qfloor plugins
    """
    from qfloor.plugins import Group, installed

    groups: tuple[Group, ...] = ("qfloor.generators", "qfloor.scorers")
    rows = [
        {
            "kind": group.removeprefix("qfloor.").rstrip("s"),
            "name": name,
            "object": point.value,
            "package": point.dist.name if point.dist else None,
        }
        for group in groups
        for name, point in installed(group).items()
    ]
    emit(rows, as_json=as_json, as_csv=as_csv)


def doctor(
    golden: Path | None = typer.Option(
        None, "--golden", help="Folder of published files to check against."
    ),
    weights: Path | None = typer.Option(
        None, "--weights", help="Folder of weights brought along by hand."
    ),
    download: bool = typer.Option(
        False, "--download", help="Fetch weights that are missing; gigabytes."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Check that this machine gives the published numbers, metric by metric; exit 1 if not.

    What lacks published files or weights is not run, says how to get them, and is no failure.

    Example: qfloor doctor --golden published/
    """
    from qfloor.doctor import Ground, all_checks, examine, rights_in_use, table

    ground = Ground(golden=golden, weights=weights, download=download)
    with progress() as report:
        findings = examine(all_checks(), ground, report)
    concerns = table.concern_rows(rights_in_use.concerns_of_what_ships())
    if as_json:
        rows, told = table.full_rows(findings), table.counts(findings)
        emit_one({"checks": rows, "weights": concerns, "summary": told}, as_json=True)
    elif as_csv:
        emit(table.full_rows(findings), as_csv=True)
    else:
        emit(table.short_rows(findings))
        for line in table.explanations(findings):
            typer.echo(line)
        typer.echo(f"\n{table.summary(findings)}\n")
        emit(concerns, title=_CONCERNS, empty="no weights of unknown or non-commercial terms")
    failed = [finding.check.id for finding in findings if finding.outcome == "FAIL"]
    if failed:
        raise QfloorError(
            f"{len(failed)} of {several(len(findings), 'check')} failed: {', '.join(failed)}"
        )


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(plugins)
    app.command()(doctor)
