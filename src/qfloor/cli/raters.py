"""``qfloor ratings raters`` and ``link``: who rates how, and which sessions may be pooled."""

from __future__ import annotations

from pathlib import Path

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, emit_one, say


def raters(
    round: str | None = typer.Option(None, "--round", help="Only this round's outputs."),
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show every rater: severity, noise, repeats, catches, what screening would do.

    Nobody is removed. Example: qfloor ratings raters --round 2024-06
    """
    from qfloor.ratings import raters_table
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if round is not None:
            store.check_round(round)
        rows = raters_table(store, round=round)
    emit(rows, as_json=as_json, as_csv=as_csv, empty="no ratings")


def link(
    first: str = typer.Argument(help="A rating session, or the source of an import."),
    second: str = typer.Argument(help="Another that rated some of the same outputs again."),
    criterion: str = typer.Option("overall", help="What was rated."),
    margin: float | None = typer.Option(
        None, help="Largest shift that does not matter; by default a twentieth of the scale."
    ),
    alpha: float = typer.Option(0.05, help="Level of each of the two one-sided tests."),
    workspace: Path = Workspace,
    as_json: bool = Json,
) -> None:
    """Test whether two sessions rate on one scale; once tested, floors pool them only if they do.

    Sessions that nobody tested are pooled, and floors, releases and reports say so. People and
    simulated raters are never pooled.

    Example: qfloor ratings link may june --criterion overall --margin 0.5
    """
    from qfloor.ratings.linking import link as test
    from qfloor.ratings.linking import sentence_of
    from qfloor.store import Store

    with Store.open(workspace) as store, store.writing("ratings link"):
        found = test(store, first, second, criterion=criterion, margin=margin, alpha=alpha)
    emit_one(found.__dict__, as_json=as_json)
    say(sentence_of(found))


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``qfloor ratings``."""
    for command in (raters, link):
        app.command()(command)
