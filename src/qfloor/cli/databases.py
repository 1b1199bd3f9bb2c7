"""``qfloor db``: quality databases beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.cli.output import Csv, Json, emit, say
from qfloor.cli.replaying import Now, Objective
from qfloor.cli.routing import Feeds, PolicyFile, Uncertified, feeds_of, note_changes, orders_of
from qfloor.cli.usage import refuse
from qfloor.counting import several
from qfloor.prices import in_usd, usd

if TYPE_CHECKING:
    from qfloor.router.diff import DatabaseDiff

app = typer.Typer(help="Compare quality databases.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Compare quality databases."""


@app.command()
def diff(
    context: typer.Context,
    old: Path = typer.Argument(help="The quality database in use."),
    new: Path = typer.Argument(help="The one to take its place."),
    log: Path | None = typer.Option(
        None, "--log", "-l", help="Requests to decide by both: gateway.db, .jsonl or .csv."
    ),
    policy: Path | None = PolicyFile,
    on_uncertified: str | None = Uncertified,
    objective: Literal["price", "usable_cost"] | None = Objective,
    feeds: Path | None = Feeds,
    now: str | None = Now,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show lost and gained certificates, moved prices, and what a log would decide otherwise.

    With --log and --csv the rows are the changed decisions, else the changed certificates.

    Example: qfloor db diff october.db november.db --log .qfloor/gateway/gateway.db
    """
    from qfloor import router
    from qfloor.router.asked import read_log
    from qfloor.router.diff import diff as compared

    if log is None:
        refuse(context, ("policy", "on_uncertified", "objective"), "goes with --log")
    asked = () if log is None else read_log(log)
    before, after = router.load(old), router.load(new)
    note_changes(old, new)
    orders = orders_of(policy, on_uncertified, objective)
    prices = feeds_of(after, feeds, now)[0]
    found = compared(before, after, asked, policy=orders, prices=prices, now=now)
    if as_json:
        typer.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2))
        return
    if as_csv:
        emit(_moves(found) if found.log else _certificates(found), as_csv=True)
        return
    emit(_told(found), title="certificates", empty="the same certificates")
    if found.prices:
        emit([vars(p) for p in found.prices], title="prices")
    if found.demands:
        emit([vars(d) for d in found.demands], title="thresholds")
    if found.log is not None:
        emit(_moves(found), title="decisions", empty="every request is decided as before")
    for line in _said(found):
        say(line)


def _certificates(found: DatabaseDiff) -> list[dict[str, Any]]:
    return [dict(vars(c)) for c in found.certificates]


def _told(found: DatabaseDiff) -> list[dict[str, Any]]:
    """Certificates for people: how many may fail as shares, and why in words."""
    return [
        {
            "change": c.change, "offer": c.offer, "category": c.category, "modality": c.modality,
            "tier": c.tier, "at most fail before": _share(c.upper_before),
            "at most fail after": _share(c.upper_after), "why": c.why,
        }
        for c in found.certificates
    ]  # fmt: skip


def _share(upper: float | None) -> str:
    return "-" if upper is None else f"{upper:.1%}"


def _moves(found: DatabaseDiff) -> list[dict[str, Any]]:
    if found.log is None:
        return []
    return [
        {
            "requests": _count(m.requests), "before": m.before, "after": m.after,
            "category": m.category, "tier": m.tier, "usd_before": in_usd(m.before_nanousd),
            "usd_after": in_usd(m.after_nanousd), "why": m.why,
        }
        for m in found.log.moves
    ]  # fmt: skip


def _count(value: Any) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _plain(found: DatabaseDiff) -> dict[str, Any]:
    log = found.log
    return {
        "before": found.before, "after": found.after, "comparable": found.comparable,
        "reads_alike": found.reads_alike,
        "offers_gone": found.offers_gone, "offers_new": found.offers_new,
        "certificates": _certificates(found), "prices": [vars(p) for p in found.prices],
        "thresholds": [vars(d) for d in found.demands],
        "log": None if log is None else {
            "requests": _count(log.requests), "changed": _count(log.changed),
            "lost": _count(log.lost), "gained": _count(log.gained),
            "compared": _count(log.compared), "usd_before": in_usd(log.spend_before_nanousd),
            "usd_after": in_usd(log.spend_after_nanousd), "moves": _moves(found),
        },
    }  # fmt: skip


def _said(found: DatabaseDiff) -> list[str]:
    lost, gained = (len(found.certificates_called(c)) for c in ("lost", "gained"))
    lines = [
        f"{found.before} -> {found.after}: {several(lost, 'certificate')} lost, {gained} gained"
    ]
    if not found.comparable:
        lines.append("the two judge by different qualities: their certificates mean other things")
    if not found.reads_alike:
        lines.append(
            "their classifiers differ: a request may be taken for another category (see --log)"
        )
    for what, offers in (("gone", found.offers_gone), ("new", found.offers_new)):
        if offers:
            lines.append(f"offers {what}: {', '.join(offers)}")
    log = found.log
    if log is not None:
        lines.append(
            f"{_count(log.changed):g} of {_count(log.requests):g} requests would be decided "
            f"otherwise; {_count(log.lost):g} are served no more, {_count(log.gained):g} newly"
        )
        lines.append(
            f"the {_count(log.compared):g} that both serve at known prices: "
            f"{usd(log.spend_before_nanousd, exact=True)} -> "
            f"{usd(log.spend_after_nanousd, exact=True)}"
        )
    return lines
