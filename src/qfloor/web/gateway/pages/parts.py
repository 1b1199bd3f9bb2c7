"""Pieces of HTML for the dashboard; everything that comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from qfloor.prices import usd
from qfloor.web.gateway.pages.figures import Figures, Hour
from qfloor.web.gateway.pages.style import CSS

_COLOURS = 7
_LONG = frozenset({"request", "offer", "why"})
_BAD = frozenset({"refused", "failed", "unknown", "turned_away", "setup", "blank"})


def page(title: str, body: str, *, refresh_s: int | None = None) -> str:
    """A whole page."""
    again = "" if refresh_s is None else f'<meta http-equiv="refresh" content="{refresh_s}">'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{again}<title>{escape(title)}</title><style>{CSS}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )


def seconds(value: float | None) -> str:
    """A span of time."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def card(title: str, content: str, *, wide: bool = False) -> str:
    """A titled box."""
    kind = "card wide" if wide else "card"
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{content}</section>'


def tile(name: str, figure: str, below: str = "") -> str:
    """A number with its name."""
    under = f'<small class="soft">{escape(below)}</small>' if below else ""
    return (
        f'<div class="card tile"><span class="soft">{escape(name)}</span>'
        f"<b>{escape(figure)}</b>{under}</div>"
    )


def table(
    head: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]], *, cards: bool = False
) -> str:
    """A table; cells are HTML already. ``head`` says name and whether it is a number."""
    top = "".join(f"<th{' class=n' if num else ''}>{escape(name)}</th>" for name, num in head)
    lines = []
    for row in rows:
        cells = "".join(
            f'<td class="{_kind(name, num)}" data-name="{escape(name)}"><span>{cell}</span></td>'
            for (name, num), cell in zip(head, row, strict=True)
        )
        lines.append(f"<tr>{cells}</tr>")
    kind = ' class="cards"' if cards else ""
    return f"<table{kind}><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _kind(name: str, number: bool) -> str:
    """How a cell is set: numbers to the right; on a phone, what is long has a line of its own."""
    return "n" if number else "whole" if name in _LONG else ""


def nothing(text: str) -> str:
    """What stands where there is nothing to show."""
    return f'<p class="soft">{escape(text)}</p>'


def tag(text: str | None) -> str:
    """An outcome or reason as a small label."""
    said = text or "under way"
    kind = " bad" if said in _BAD else " good" if said == "made" else ""
    return f'<span class="tag{kind}">{escape(said.replace("_", " "))}</span>'


def mix(figures: Figures) -> str:
    """Who served each category, as bars of shares."""
    if not figures.mix:
        return nothing("nothing served yet")
    offers = sorted({offer for served in figures.mix.values() for offer in served})
    colour = {offer: f"var(--c{min(i, _COLOURS - 1)})" for i, offer in enumerate(offers)}
    lines = []
    for category, served in figures.mix.items():
        total = sum(served.values())
        parts = "".join(
            f'<i style="width:{100 * n / total:.2f}%;background:{colour[offer]}" '
            f'title="{escape(offer)}: {n}"></i>'
            for offer, n in served.items()
        )
        lines.append(
            f'<div class="mix"><div class="name"><span>{escape(category)}</span>'
            f'<span class="soft">{total}</span></div><div class="bar">{parts}</div></div>'
        )
    key = "".join(
        f'<span><i style="background:{colour[offer]}"></i>{escape(offer)}</span>'
        for offer in offers
    )
    return "".join(lines) + f'<div class="key">{key}</div>'


def money_chart(hours: Sequence[Hour]) -> str:
    """Charged against the baseline, hour by hour."""
    most = max((max(h.charged_nanousd, h.baseline_nanousd) for h in hours), default=0)
    if not most:
        return nothing("no request with a known charge and a known baseline yet")
    step = 600 / len(hours)
    bars = []
    for i, hour in enumerate(hours):
        for value, fill, width in (
            (hour.baseline_nanousd, "var(--other)", 0.8),
            (hour.charged_nanousd, "var(--accent)", 0.5),
        ):
            height = 100 * value / most
            x = i * step + step * (1 - width) / 2
            said = f"{hour.at[11:]}:00 {usd(value)}"
            bars.append(
                f'<rect x="{x:.1f}" y="{108 - height:.1f}" width="{step * width:.1f}" '
                f'height="{height:.1f}" fill="{fill}"><title>{said}</title></rect>'
            )
    key = (
        '<div class="key"><span><i style="background:var(--accent)"></i>charged</span>'
        '<span><i style="background:var(--other)"></i>baseline</span>'
        f"<span>highest hour {usd(most)}</span></div>"
    )
    svg = f'<svg viewBox="0 0 600 110" preserveAspectRatio="none" role="img">{"".join(bars)}</svg>'
    first, middle, last = (hours[i].at[11:] for i in (0, len(hours) // 2, -1))
    when = f"<span>{first}:00</span><span>{middle}:00</span><span>{last}:00 UTC</span>"
    return f'{svg}<div class="when">{when}</div>{key}'


def decisions(rows: Sequence[Mapping[str, Any]]) -> str:
    """The last decisions, a line each."""
    if not rows:
        return nothing("no request yet")
    head = [("time", False), ("request", False), ("offer", False), ("why", False),
            ("estimate", True), ("charged", True), ("took", True), ("outcome", False)]  # fmt: skip
    lines = []
    for row in rows:
        category = row["category"] or "unsure"
        asked = f"{escape(category)}, {escape(row['tier'])}"
        offer = row["served_offer"] or row["decided_offer"]
        outcome = "dry run" if row["endpoint"] == "route" else row["outcome"]
        if row["http_status"] >= 400 and row["endpoint"] == "route":
            outcome = "turned_away"
        why = row["cause"].replace("_", " ")
        if row["binding_rule"]:
            why += f": {row['binding_rule'].replace('_', ' ')}"
        if row["serving"] in ("shadow", "probe", "fallback"):
            why += f" ({row['serving']})"
        charged = "–" if row["charged_nanousd"] is None else usd(row["charged_nanousd"])
        charged = "unknown" if row["charged"] == "unknown" and row["outcome"] else charged
        lines.append(
            [
                f'<a href="/decisions/{escape(row["id"])}">{escape(row["at"][11:19])}</a>',
                asked,
                escape(offer) if offer else '<span class="soft">none</span>',
                escape(why),
                usd(row["price_nanousd"]) if row["price_nanousd"] is not None else "–",
                charged,
                seconds(row["seconds"]),
                tag(outcome),
            ]
        )
    return table(head, lines, cards=True)
