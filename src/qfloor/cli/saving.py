"""``qfloor savings``: a month's spending now against routed, net of what measuring costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Csv, Json, emit
from qfloor.cli.replaying import Now
from qfloor.cli.routing import DatabaseOption, note_changes
from qfloor.counting import several
from qfloor.prices import in_usd, usd

if TYPE_CHECKING:
    from qfloor.pipeline.savings import MonthlySavings


def savings(
    workload: str = typer.Argument(
        help="A workload that ships (one-offer, subscriptions, small-team), or a TOML file."
    ),
    database: Path = DatabaseOption,
    now: str | None = Now,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Set a month's spending now against routed, net of what measuring costs, with the mix.

    Exit 0 whether or not it saves.

    Example: qfloor savings one-offer --db results/painters.db
    """
    from qfloor import router
    from qfloor.pipeline.savings import monthly_savings
    from qfloor.pipeline.workloads import load_workload

    db = router.load(database)
    note_changes(database)
    found = monthly_savings(db, load_workload(workload, categories=db.categories), now=now)
    rows = [_mix_row(row) for row in found.mix]
    if as_json:
        told = {**_summary(found), "mix": rows, "remarks": found.remarks}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    emit(rows, as_csv=as_csv, empty="nothing is routed: no offer is certified for any of it")
    for line in _said(found):
        typer.echo(line, err=as_csv)  # it is what was asked for; beside CSV it would be in the way


def _mix_row(row: Any) -> dict[str, Any]:
    return {
        "share": round(row.share, 4), "requests": round(float(row.requests), 1),
        "offer": row.offer, "usd_each": in_usd(row.each_nanousd), "usd": in_usd(row.spend_nanousd),
        "category": row.category, "read_as": row.read_as, "tier": row.tier,
        "because": row.cause.replace("_", " "),
    }  # fmt: skip


def _summary(found: MonthlySavings) -> dict[str, Any]:
    def rate(fails: Any) -> Any:
        return None if fails is None else [fails.rate, fails.low, fails.high]

    return {
        "workload": found.workload.name, "release": found.release, "volume": found.volume,
        "before_usd": in_usd(found.before_nanousd), "after_usd": in_usd(found.after_nanousd),
        "saved_usd": in_usd(found.saved_nanousd), "saved_share": found.saved_share,
        "stays": float(found.stays), "fails_before": rate(found.fails_before),
        "fails_after": rate(found.fails_after), "measured_usd": in_usd(found.measured_nanousd),
        "measuring_usd_a_month": in_usd(found.measuring_nanousd),
        "net_usd": in_usd(found.net_nanousd),
        "break_even_requests": found.break_even,
    }  # fmt: skip


def _said(found: MonthlySavings) -> list[str]:
    from qfloor.pipeline.replaying import spoken

    share = "" if found.saved_share is None else f" ({found.saved_share:.0%})"
    lines = [
        f"{several(found.volume, 'request')} a month: {usd(found.before_nanousd)} now, "
        f"{usd(found.after_nanousd)} routed; saves {usd(found.saved_nanousd)}{share}"
    ]
    if found.stays:
        lines.append(f"{spoken(found.stays)} of them stay as they are: nothing is certified")
    for name, fails in (("now", found.fails_before), ("routed", found.fails_after)):
        if fails is not None:
            lines.append(
                f"fall short of their tier, {name}: {fails.rate:.1%} "
                f"({fails.low:.1%} to {fails.high:.1%})"
            )
    enough = (
        "routing never pays for it" if found.break_even is None
        else f"paid for from {several(found.break_even, 'request')} a month on"
    )  # fmt: skip
    lines.append(
        f"measuring these categories cost {usd(found.needed_nanousd)} of the release's "
        f"{usd(found.measured_nanousd)} (outputs, at its prices; ratings are not in it); "
        f"{usd(found.measuring_nanousd)} a month, {enough}: net "
        f"{usd(found.net_nanousd)}"
    )
    return [*lines, *found.remarks]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(savings)
