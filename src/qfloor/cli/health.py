"""``qfloor health``: how offers fare now, shown, and exchanged with other services."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.counting import several

app = typer.Typer(
    help="Latency and availability of offers, as gateway and runs saw them.", no_args_is_help=True
)


@app.command()
def show(
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what is known of every offer's last 15 minutes, and what is usual for it.

    Example: qfloor health show
    """
    from qfloor.router.feeds import FeedStore

    with FeedStore.open(workspace / "feeds.db", create=False) as store:
        feed = store.health(dt.datetime.now(dt.UTC), steer=False)
    rows = [] if feed is None else [{"offer": o, **vars(h)} for o, h in feed.offers.items()]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing was heard of any offer lately")


@app.command()
def export(
    out: Path = typer.Argument(help="The JSON file to write."),
    workspace: Path = Workspace,
) -> None:
    """Write what is known now as the JSON file that 'qfloor route --health' reads.

    Example: qfloor health export health.json
    """
    from qfloor.router.feeds import FeedStore
    from qfloor.router.health_file import write_health
    from qfloor.router.policy import HealthFeed

    with FeedStore.open(workspace / "feeds.db", create=False) as store:
        feed = store.health(dt.datetime.now(dt.UTC), steer=False) or HealthFeed(offers={})
    write_health(out, feed)
    say(f"wrote {several(len(feed.offers), 'offer')} to {out}")
