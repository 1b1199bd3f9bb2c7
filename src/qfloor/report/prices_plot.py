"""Price against floor in each category, with the offers that nobody beats on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from qfloor.report.content import Place, ReportContent, Row
from qfloor.report.drawing import Axis, dot, horizontal, label, lane, vertical
from qfloor.report.floors_plot import SHORT, axis_of
from qfloor.report.markup import figure, number, paragraph, text, usd

HEIGHT, TOP, BOTTOM = 230, 12, 196
LEFT, RIGHT = 6.0, 11.0
"""Percent kept free for the names of values and tiers."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """An offer at its price and bound; ``front`` where no offer is both cheaper and better."""

    offer_id: str
    price: float
    floor: float | None
    front: bool = False


def front_of(points: Sequence[Point]) -> list[Point]:
    """Mark the offers on the Pareto front, cheapest first.

    Examples
    --------
    >>> found = front_of([
    ...     Point(offer_id="a", price=1.0, floor=5.0),
    ...     Point(offer_id="b", price=2.0, floor=4.0),
    ...     Point(offer_id="c", price=3.0, floor=6.0),
    ...     Point(offer_id="d", price=0.5, floor=None),
    ... ])
    >>> [(p.offer_id, p.front) for p in found]
    [('d', False), ('a', True), ('b', False), ('c', True)]
    """
    best = float("-inf")
    marked = []
    for point in sorted(points, key=lambda p: (p.price, -_height(p.floor), p.offer_id)):
        front = point.floor is not None and point.floor > best
        best = max(best, _height(point.floor))
        marked.append(
            Point(offer_id=point.offer_id, price=point.price, floor=point.floor, front=front)
        )
    return marked


def _height(floor: float | None) -> float:
    return float("-inf") if floor is None else floor


def prices_section(content: ReportContent) -> str:
    """Give the section's body."""
    if not content.places:
        return paragraph("There are no floors to weigh prices against.", "dim")
    if not content.paid:
        said = "No prices are known for these offers, so there is nothing to weigh floors against."
        return paragraph(said, "dim")
    plots = "".join(_plot(content, place) for place in content.places)
    said = (
        "Across: what one charged output cost in this round, from the ledger. Up: the bound of the "
        "lower quartile. Filled: nobody is both cheaper and better, the Pareto front; the line is "
        "the best bound that a price buys. Below the axis: no bound at all."
    )
    return paragraph(said) + f'<div class="grid">{plots}</div>'


def _plot(content: ReportContent, place: Place) -> str:
    floors = [f for f in content.floors_at(place) if f["offer_id"] in content.paid]
    unpriced = [f for f in content.floors_at(place) if f["offer_id"] not in content.paid]
    points = front_of([_point(content, floor) for floor in floors])
    note = f"{len(unpriced)} without a price are not here" if unpriced else ""
    paid = [point.price for point in points if point.price > 0.0] or [0.01]
    if not points:
        return figure(" · ".join(place), note, "No offer here has a price.", "")
    lo, hi = paid[0] / 1.3, paid[-1] * 1.3  # what is free has no logarithm: it stands at the edge
    across = Axis(lo=lo, hi=hi, log=True, left=LEFT, right=RIGHT)
    up = axis_of(content)
    body = _tiers(content, place, up) + _scales(across, up) + _front(points, across, up)
    body += "".join(_mark(n, point, across, up) for n, point in enumerate(points, start=1))
    front = ", ".join(
        f"{content.name(p.offer_id)} {usd(p.price)} ({number(p.floor)})" for p in points if p.front
    )
    alt = f"Price against bound in {place[0]} ({place[1]}); on the front: {front or 'nobody'}."
    drawn = lane(HEIGHT, body) + _list(content, points)
    return figure(" · ".join(place), note, alt, drawn)


def _point(content: ReportContent, floor: Row) -> Point:
    offer = floor["offer_id"]
    return Point(offer_id=offer, price=content.paid[offer], floor=floor["q25_lo_release"])


def _y(up: Axis, floor: float | None) -> float:
    if floor is None:
        return BOTTOM + 10.0
    share = (floor - up.lo) / (up.hi - up.lo)
    return BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0)


def _scales(across: Axis, up: Axis) -> str:
    body = horizontal(LEFT, 100.0 - RIGHT, BOTTOM + 20, "base")
    for tick in across.ticks(7):
        x = across.at(tick)
        body += vertical(x, BOTTOM + 20, BOTTOM + 24, "base")
        body += label(x, HEIGHT, usd(tick))
    for tick in up.ticks():
        body += label(0, _y(up, tick) + 4, f"{tick:g}", anchor="start")
    return body


def _tiers(content: ReportContent, place: Place, up: Axis) -> str:
    return "".join(
        horizontal(LEFT, 100.0 - RIGHT, _y(up, value), "tier-line")
        + label(100, _y(up, value) + 4, SHORT.get(tier, tier), anchor="end")
        for tier, value in content.thresholds_at(place)
    )


def _front(points: Sequence[Point], across: Axis, up: Axis) -> str:
    """The staircase under the front: what a budget buys."""
    held = [point for point in points if point.front]
    body = ""
    for point, following in zip_longest(held, held[1:]):
        x, y = across.at(point.price), _y(up, point.floor)
        end = 100.0 - RIGHT if following is None else across.at(following.price)
        body += horizontal(x, end, y, "step")
        if following is not None:
            body += vertical(end, _y(up, following.floor), y, "step")
    return body


def _mark(n: int, point: Point, across: Axis, up: Axis) -> str:
    x, y = across.at(point.price), _y(up, point.floor)
    kind = " front" if point.front else ""
    return dot(x, y, f"point{kind}", 8.5) + label(x, y + 3.5, str(n), kind=f"in{kind}")


def _list(content: ReportContent, points: Sequence[Point]) -> str:
    rows = "".join(
        f"<li><b>{n}</b>{'<strong>' if p.front else ''}{text(content.name(p.offer_id))}"
        f"{'</strong>' if p.front else ''} {usd(p.price)}, "
        f"{'no bound' if p.floor is None else number(p.floor)}</li>"
        for n, p in enumerate(points, start=1)
    )
    return f'<ol class="numbered">{rows}</ol>'
