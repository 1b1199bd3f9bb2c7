"""The pages: today at a glance, and one decision in full."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from qfloor.counting import several
from qfloor.prices import usd
from qfloor.records import PriceRule
from qfloor.router.moments import moment
from qfloor.router.request import DECLARED
from qfloor.web.gateway.core import Gateway
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.guard import Call
from qfloor.web.gateway.pages import figures as fig
from qfloor.web.gateway.pages import parts as p
from qfloor.web.gateway.pages.again import explained

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_MONEY = ("price_nanousd", "baseline_nanousd", "charged_nanousd")


async def dashboard(call: Call) -> Response:
    """The last 24 hours."""
    gateway = call.gateway
    await gateway.flush()
    found = await asyncio.to_thread(fig.collect, gateway.ledger)
    ages = await asyncio.to_thread(_ages, gateway)
    body = "".join(
        (
            _top(gateway),
            _tiles(found),
            '<div class="two">',
            p.card("Spend against the baseline, 24 h", _money(gateway, found)),
            p.card("Who serves which category", p.mix(found)),
            p.card("Feeds", ages),
            p.card("Refusals", _refusals(found)),
            "</div>",
            p.card("Latency and outcomes by offer", _fared(gateway, found), wide=True),
            p.card("Recent decisions", p.decisions(found.recent), wide=True),
        )
    )
    return HTMLResponse(p.page("qfloor gateway", body, refresh_s=30), headers=HEADERS)


async def one_decision(call: Call) -> Response:
    """One decision, every field of it."""
    await call.gateway.flush()
    name = call.request.path_params["request_id"]
    row = await asyncio.to_thread(fig.one, call.gateway.ledger, name)
    if row is None:
        raise Fault(404, "decision_not_found", "there is no such decision, or it was forgotten")
    lines = [
        f"<dt>{escape(field.replace('_nanousd', '').replace('_', ' '))}</dt>"
        f"<dd>{escape(_shown(field, value))}</dd>"
        for field, value in row.items()
        if value not in (None, "")
    ]
    said, changed = await asyncio.to_thread(explained, call.gateway, row)
    since = f"Since then changed: {', '.join(changed)}." if changed else ""
    body = "".join(
        (
            '<header><h1>Decision</h1><a href="/">all decisions</a></header>',
            p.card(
                "Decided again, by the same rules", f"<pre>{escape(said)}</pre>{p.nothing(since)}"
            ),
            p.card(name, f"<dl>{''.join(lines)}</dl>", wide=True),
        )
    )
    return HTMLResponse(p.page("Decision", body), headers=HEADERS)


def _shown(field: str, value: Any) -> str:
    """A column of the log as a person reads it."""
    if field in _MONEY:
        return usd(value)
    if field == "plausible":
        return ", ".join(json.loads(value))
    if field == "need":
        told = {k: v for k, v in json.loads(value).items() if v not in (None, [], "")}
        return ", ".join(f"{name} {told[name]}" for name in told)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _top(gateway: Gateway) -> str:
    picture, settings = gateway.picture, gateway.settings
    db = picture.stable.db
    said = [f"release {db.name} {db.round} ({db.digest[:12]})"]
    if picture.canary is not None:
        canary = picture.canary.db
        said.append(f"canary {canary.round} ({canary.digest[:12]}) on {picture.percent:g}%")
    if settings.shadow:
        said.append("shadow mode: " + ", ".join(settings.shadow.values()) + " serves")
    notes = "".join(f'<span class="soft">{escape(text)}</span>' for text in said)
    faults = "".join(
        f'<span class="warn">{escape(what)}: {escape(fault)}</span>'
        for what, fault in gateway.watch.faults.items()
    )
    return f"<header><h1>qfloor gateway</h1>{notes}{faults}</header>"


def _tiles(found: fig.Figures) -> str:
    spend = found.spend
    saved = spend.saved_share
    unknown = f"{spend.unknown} of unknown charge" if spend.unknown else "all charges known"
    against = f"on {several(spend.compared, 'request')}"
    tiles = (
        p.tile("Requests, 24 h", f"{found.requests:,}", _beside(found.dry_runs)),
        p.tile("Made", f"{found.made:,}", f"{found.under_way} under way"),
        p.tile("Charged", usd(spend.charged_nanousd), unknown),
        p.tile("Against baseline", "–" if saved is None else f"{-saved:+.0%}", against),
        p.tile("Refused", f"{found.refused:,}", "by providers"),
        p.tile("Turned away", f"{found.turned_away:,}", "no seller took it"),
    )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _beside(dry_runs: int) -> str:
    return f"{several(dry_runs, 'dry run')} beside"


def _money(gateway: Gateway, found: fig.Figures) -> str:
    chosen = gateway.settings.baseline
    dearest = "the dearest offer certified for the highest tier"
    against = (
        [f"{chosen.get(m, dearest)} for {m}s" for m in ("image", "video")] if chosen else [dearest]
    )
    below = f'<p class="soft"><small>Baseline: {escape("; ".join(against))}.</small></p>'
    return p.money_chart(found.hours) + below


def _fared(gateway: Gateway, found: fig.Figures) -> str:
    health = {} if gateway.picture.health is None else gateway.picture.health.offers
    if not found.fared:
        return p.nothing("nothing served yet")
    rows = []
    for f in found.fared:
        seen = health.get(f.offer)
        now = "unknown" if seen is None or seen.p95_s is None else p.seconds(seen.p95_s)
        if seen is not None and not seen.available:
            now = "left alone"
        rows.append(
            [escape(f.offer), str(f.made), str(f.refused), str(f.failed), p.seconds(f.p50_s),
             p.seconds(f.p95_s), escape(now), usd(f.charged_nanousd)]
        )  # fmt: skip
    head = [("offer", False), ("made", True), ("refused", True), ("failed", True), ("p50", True),
            ("p95", True), ("seller p95", True), ("charged", True)]  # fmt: skip
    return p.table(head, rows, cards=True)


def _ages(gateway: Gateway) -> str:
    """How old prices and health are; the release's own prices are a feed too, by the oldest."""
    db = gateway.picture.stable.db
    rows = [["release", str(len(db.prices)), _oldest(db.prices.values()), "0"]]
    rows += [
        [escape(str(age.source)), str(age.rows), _days(age.age_days), str(age.held)]
        for age in gateway.watch.feeds.ages(datetime.now(UTC))
    ]
    head = [("source of prices", False), ("rows", True), ("age", True), ("held back", True)]
    health = gateway.picture.health
    known = 0 if health is None else sum(bool(seen.n) for seen in health.offers.values())
    said = f"Health is known of {known} of {several(len(db.offers), 'offer')}; stale is unknown."
    return p.table(head, rows) + f'<p class="soft"><small>{escape(said)}</small></p>'


def _days(age: float | None) -> str:
    return "unknown" if age is None else f"{age:.1f} days"


def _oldest(rules: Iterable[PriceRule]) -> str:
    """Age of the oldest price; those that their owner declares do not age."""
    days = [rule.as_of for rule in rules if not rule.source.startswith(DECLARED)]
    if not days:
        return "declared"
    try:
        oldest = min(moment(day) for day in days)
    except ValueError:
        return "unknown"
    return f"{(datetime.now(UTC) - oldest).total_seconds() / 86_400:.1f} days"


def _refusals(found: fig.Figures) -> str:
    if not found.refusals:
        return p.nothing("none in 24 hours")
    rows: list[list[Any]] = [
        [escape(who), escape(why.replace("_", " ")), str(n)] for who, why, n in found.refusals
    ]
    return p.table([("who", False), ("why", False), ("times", True)], rows)
