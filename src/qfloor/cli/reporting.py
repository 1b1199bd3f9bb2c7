"""``qfloor report``: what a release found, as one page."""

from __future__ import annotations

from pathlib import Path

import typer

from qfloor.cli.output import say
from qfloor.cli.usage import refuse
from qfloor.errors import QfloorError

STORE = "store.db"


def report(
    context: typer.Context,
    database: Path = typer.Argument(Path(".qfloor/quality.db"), help="The quality database."),
    workspace: Path | None = typer.Option(
        None,
        "--workspace",
        "-w",
        help="Where it was made: adds values, pictures, raters and times. By default the "
        "database's own folder or .qfloor, where that keeps its run.",
    ),
    before: Path | None = typer.Option(None, help="An earlier release: adds what changed since."),
    out: Path = typer.Option(Path("report.html"), "--out", "-o", help="The page to write."),
    pictures: bool = typer.Option(
        True, help="Show outputs and quote their prompts, where the workspace has them."
    ),
    with_private: bool = typer.Option(
        False,
        "--with-private",
        help="Also show private prompts and their outputs: for a page that stays in the house.",
    ),
    alpha: float = typer.Option(0.05, help="With --before: as in drift."),
) -> None:
    """Write one HTML page of a release: floors, verdicts, prices, pictures, drift, costs, digests.

    It holds everything itself: no script, nothing fetched; it can be kept, mailed and printed.

    Example: qfloor report results/painters.db --out painters.html

    Example: qfloor report december.db --before november.db -w .qfloor --out december.html
    """  # fmt: skip
    from qfloor.pipeline.months.reporting import Wanted, write_report

    if before is None:
        refuse(context, ("alpha",), "goes with --before")
    found = workspace or _own_workspace(database)
    wanted = Wanted(
        workspace=found, before=before, alpha=alpha, pictures=pictures, private=with_private
    )
    content = write_report(database, out, wanted)
    say(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")
    if workspace is None and found is None:
        say("made from the database alone; -w WORKSPACE adds values, pictures, raters and times")
    if content.since is not None:
        if content.since.round > content.about["round"]:
            say(f"--before is of {content.since.round}, the later round: before is after here")
        changed = sorted({f.offer_id for f in content.since.findings if f.word == "changed"})
        told = ", ".join(changed) or "no offer is shown to have"
        say(f"changed since {content.since.round}: {told}")


def _own_workspace(database: Path) -> Path | None:
    """The workspace a database was exported from, where it lies where workspaces lie."""
    from qfloor import export
    from qfloor.pipeline.months.reporting import run_of_release
    from qfloor.store import Store

    for folder in (database.parent, Path(".qfloor")):
        if not (folder / STORE).is_file():
            continue
        run = run_of_release(export.read(database))
        try:
            with Store.open(folder) as store:
                if store.run_of(run) is not None:
                    return folder
        except QfloorError:  # another qfloor's store, say: the page does without
            continue
    return None


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(report)
