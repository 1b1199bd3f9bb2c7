"""``qfloor serve`` and ``qfloor gateway``: the gateway, and which release it decides by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.errors import SetupError

gateway = typer.Typer(
    help="Which release a running gateway decides by, and who may ask it.", no_args_is_help=True
)


def serve(
    database: Path | None = typer.Option(
        None, "--db", "-d", help="The quality database; watched, and swapped when it changes."
    ),
    config: Path | None = typer.Option(None, "--config", "-c", help="Settings (gateway.toml)."),
    workspace: Path | None = typer.Option(
        None, "--workspace", "-w", help="Folder of gateway.db, media and feeds."
    ),
    host: str | None = typer.Option(None, help="Where to listen; anywhere else needs --keys."),
    port: int | None = typer.Option(None, help="By default 8080."),
    workers: int | None = typer.Option(None, help="Processes that share the port."),
    keys: Path | None = typer.Option(None, help="Key file (keys.toml)."),
    policy: Path | None = typer.Option(None, help="Policy file (policy.toml)."),
    feeds: Path | None = typer.Option(None, help="Prices and health; by default in the workspace."),
    shadow: str | None = typer.Option(
        None, help="Shadow mode: decide and log, but this image offer serves."
    ),
    baseline: str | None = typer.Option(None, help="Image offer that spend is shown against."),
    public_url: str | None = typer.Option(None, help="What URLs in answers begin with."),
    keep_prompts: bool = typer.Option(
        False, "--keep-prompts", help="Keep prompts in the decision log."
    ),
    allow_illustrative: bool = typer.Option(
        False, "--allow-illustrative", help="Serve a database that is an example."
    ),
) -> None:
    """Serve an OpenAI-compatible gateway that picks the model, and says why.

    Pictures at /v1/images/generations, clips at /v1/videos, the decision alone at /v1/route, a
    dashboard at /. Without keys only this machine may ask.

    Example: qfloor serve --db quality.db --port 8080
    """
    try:
        from qfloor.web.gateway import serving
        from qfloor.web.gateway.settings import read_settings
    except ImportError as error:
        raise SetupError(
            f"the gateway needs a package that is not installed ({error.name}); "
            "pip install 'qfloor[web]'"
        ) from None
    settings = read_settings(
        config,
        database=database,
        workspace=workspace,
        host=host,
        port=port,
        workers=workers,
        keys=keys,
        policy=policy,
        feeds=feeds,
        shadow=None if shadow is None else {"image": shadow},
        baseline=None if baseline is None else {"image": baseline},
        public_url=public_url,
        keep_prompts=keep_prompts or None,
        allow_illustrative=allow_illustrative or None,
    )
    serving.serve(settings, say)


@gateway.command("canary")
def canary(
    database: Path = typer.Argument(help="The new quality database."),
    percent: float = typer.Option(5.0, help="Share of requests that it decides."),
    workspace: Path = Workspace,
    allow_illustrative: bool = typer.Option(
        False, "--allow-illustrative", help="Accept a database that is an example."
    ),
) -> None:
    """Let a new release decide a share of requests; running gateways follow within seconds.

    Example: qfloor gateway canary new.db --percent 5
    """
    role = _releases(workspace, allow_illustrative).canary(database, percent)
    say(f"{role.digest[:12]} decides {role.percent:g}% of requests from now on")


@gateway.command("promote")
def promote(workspace: Path = Workspace) -> None:
    """Let the canary decide everything.

    Example: qfloor gateway promote
    """
    say(f"{_releases(workspace).promote().digest[:12]} decides everything from now on")


@gateway.command("rollback")
def rollback(workspace: Path = Workspace) -> None:
    """Take back the canary, or without one the stable release.

    Example: qfloor gateway rollback
    """
    say(f"{_releases(workspace).rollback().digest[:12]} decides everything from now on")


@gateway.command("status")
def status(workspace: Path = Workspace, as_json: bool = Json, as_csv: bool = Csv) -> None:
    """Show which release decides what.

    Example: qfloor gateway status
    """
    roles = _releases(workspace).roles()
    rows = [vars(role) for role in roles.values()]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="no release yet")


@gateway.command("spend")
def spend(
    since: str = typer.Option("", help="First day, like 2026-11-01; by default all there are."),
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what each key spent on each day (UTC); kept for good, also of jobs that are forgotten.

    What is charged is known; of jobs whose charge is not known, the most they can cost is held.

    Example: qfloor gateway spend --since 2026-11-01
    """
    from datetime import date

    from qfloor.errors import InputError
    from qfloor.router.money import usd_text
    from qfloor.web.gateway.jobs import Jobs

    try:
        first = date.fromisoformat(since).isoformat() if since else ""
    except ValueError:
        raise InputError(f"--since {since!r} is no day like 2026-11-01") from None
    rows = [
        {
            "day": row["day"],
            "key": row["key"] or "(no keys)",
            "jobs": row["jobs"],
            "charged_usd": usd_text(row["charged_nanousd"]),
            "unknown_jobs": row["unknown_jobs"],
            "held_usd": usd_text(row["held_nanousd"]),
        }
        for row in Jobs(_ledger(workspace), "").spending(first)
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing was asked for yet")


@gateway.command("key")
def key(
    name: str = typer.Argument(help="Who it is for."),
    budget: float | None = typer.Option(None, help="Most USD a day."),
    per_minute: float | None = typer.Option(None, help="Most requests a minute."),
) -> None:
    """Make a key: the entry for keys.toml goes to stdout, the key itself, once, to stderr.

    Example: qfloor gateway key studio --budget 25 >> keys.toml
    """
    from qfloor.web.gateway.keys import new_entry

    made, entry = new_entry(name, budget, per_minute)
    typer.echo(entry)
    say(f"the key of {name}, shown this once: {made}")


def _releases(workspace: Path, allow_illustrative: bool = False) -> Any:
    """The releases of a workspace's gateway, with its own settings if none are given."""
    from qfloor.web.gateway.releases import Releases

    return Releases(_ledger(workspace), allow_illustrative=allow_illustrative)


def _ledger(workspace: Path) -> Any:
    from qfloor.errors import InputError
    from qfloor.web.gateway.ledger import FILE, FOLDER, GatewayLedger

    root = workspace / FOLDER
    if not (root / FILE).is_file():
        raise InputError(f"{root}: no gateway has been served from here; start `qfloor serve`")
    return GatewayLedger(root)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
    app.add_typer(gateway, name="gateway")
