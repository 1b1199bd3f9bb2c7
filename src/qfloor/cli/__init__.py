"""The command line: a thin shell over pipeline and stages, in pipeline order, with no logic.

Exit codes: 0 done, 1 told why in one sentence, 2 used wrongly, 130 stopped by Ctrl-C (SIGTERM ends
alike, and the process dies of it); `route` has one more and `month` two, which their help names.
Tables and answers go to stdout, progress and errors to stderr. Nothing heavy is imported before a
command runs.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from qfloor import __version__
from qfloor.cli import (
    auditing,
    blind,
    blind_report,
    databases,
    drift,
    floors,
    generating,
    health,
    judging,
    monthly,
    offers,
    planning,
    pricing,
    private,
    raters,
    references,
    releasing,
    replaying,
    reporting,
    routing,
    running,
    saving,
    scoring,
    serving,
    stores,
    suites,
    system,
)
from qfloor.cli.usage import Commands
from qfloor.errors import INTERRUPTED, STOPPED, QfloorError

# In pipeline order, so that the help is the architecture.
ORDER = (
    "demo", "suite", "offers", "plan", "power", "run", "generate", "unknown", "score",
    "reference", "store",
    "ratings", "calibrate", "floors", "drift", "export", "verify", "route", "prices", "health",
    "serve", "gateway",
    "replay", "savings", "db", "ab", "audit", "report", "month", "plugins", "doctor",
)  # fmt: skip


class _InOrder(Commands):
    """A group whose help keeps `ORDER`; typer would put groups of commands last."""

    def list_commands(self, ctx: Any) -> list[str]:
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    name="qfloor",
    cls=_InOrder,
    help=(
        "Measure how bad a generative model's bad days are, and route by it.\n\n"
        "suite -> generate -> score -> calibrate -> floors -> export -> route"
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Options of every command."""


running.register_demo(app)
private.register(suites.app)
app.add_typer(suites.app, name="suite")
app.add_typer(offers.app, name="offers")
running.register(app)
generating.register(app)
scoring.register(app)
app.add_typer(references.app, name="reference")
app.add_typer(stores.app, name="store")
raters.register(judging.ratings)
app.add_typer(judging.ratings, name="ratings")
judging.register(app)
planning.register(app)
floors.register(app)
drift.register(app)
releasing.register(app)
routing.register(app)
app.add_typer(pricing.app, name="prices")
app.add_typer(health.app, name="health")
reporting.register(app)
serving.register(app)
replaying.register(app)
saving.register(app)
app.add_typer(databases.app, name="db")
blind_report.register(blind.app)
app.add_typer(blind.app, name="ab")
app.add_typer(auditing.app, name="audit")
monthly.register(app)
system.register(app)


def main() -> None:
    """Run the command line; every error of ours or the disk's is one sentence and exit code 1."""
    try:
        app()
    except QfloorError as error:
        typer.echo(f"qfloor: {error}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        from qfloor.extras import sentence_for

        typer.echo(f"qfloor: {sentence_for(error)}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        typer.echo(f"qfloor: {about}{error.strerror or error}", err=True)
        sys.exit(1)
    except SystemExit as error:
        if error.code == INTERRUPTED:  # what typer makes of Ctrl-C
            typer.echo(f"qfloor: {STOPPED}", err=True)
        raise
