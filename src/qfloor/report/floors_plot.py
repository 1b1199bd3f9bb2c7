"""Floors with their bounds, a lane an offer: dot-and-interval plots of each category."""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.counting import several
from qfloor.records import TIERS
from qfloor.report.content import Place, ReportContent, Row
from qfloor.report.drawing import Axis, axis_lane, dot, horizontal, label, lane, vertical
from qfloor.report.markup import figure, folded, number, paragraph, table, text

HEIGHT = 24
SHORT = {"standard": "std", "professional": "pro", "premium": "prem"}


def axis_of(content: ReportContent) -> Axis:
    """The scale of the quality that decides; where it has no ends, those of what was found."""
    lo, hi = content.quality["lo"], content.quality["hi"]
    found = [
        f[name]
        for f in content.floors
        for name in ("q25", "q25_lo_release", "q25_hi_release", "mean")
        if f[name] is not None
    ]
    found += [v["threshold"] for v in content.verdicts] or [0.0, 1.0]
    return Axis(lo=min(found) if lo is None else lo, hi=max(found) if hi is None else hi)


def floors_section(content: ReportContent) -> str:
    """Give the section's body."""
    if not content.floors:
        said = f"Nobody has judged {content.quality['name']} yet, so there are no floors on it."
        return paragraph(said, "warn") + _of_metrics(content)
    axis = axis_of(content)
    plots = "".join(_plot(content, place, axis) for place in content.places)
    said = (
        "Circle: the lower quartile (q25), a quarter of the outputs fall below it. Grey band: "
        "where it may really lie. Orange bar: the largest threshold that can be certified, which "
        "is what decides. Dashed: what the tiers demand. Sorted by the bar."
    )
    drawn = f'<div class="grid">{plots}</div>'
    return paragraph(said) + legend() + drawn + _without(content) + _of_metrics(content)


def _without(content: ReportContent) -> str:
    """Name the offers that have no lane in any drawing."""
    judged = {f["offer_id"] for f in content.floors}
    lacking = [
        f"{content.name(offer)} ({several(content.outputs.get(offer, 0), 'output')})"
        for offer in sorted(content.offers)
        if offer not in judged
    ]
    if not lacking:
        return ""
    counts = "it counts" if len(lacking) == 1 else "they count"
    return paragraph(
        f"No floor of {', '.join(lacking)}: nothing was judged on {content.quality['name']} in "
        f"this round; {counts} among the offers of a family all the same.",
        "warn",
    )


def _of_metrics(content: ReportContent) -> str:
    """Floors of single metrics: shown, and deciding nothing by themselves."""
    groups: dict[str, list[Row]] = {}
    for floor in content.tables["floors"]:
        if floor["quality"] != content.quality["id"] and floor["kind"] == "delivered":
            groups.setdefault(floor["quality"], []).append(floor)
    heads = ["offer", "category", "q25", "bound", "prompts", "provisional"]
    return "".join(
        folded(
            f"Floors on {quality.partition(':')[2].partition('@')[0] or quality} ({len(found)})",
            table(heads, [_metric_row(content, floor) for floor in found], numeric={2, 3, 4}),
            "screen",
        )
        for quality, found in sorted(groups.items())
    )


def _metric_row(content: ReportContent, floor: Row) -> list[str]:
    return [
        text(content.name(floor["offer_id"])),
        f'<span class="nowrap">{text(floor["category"])} · {text(floor["modality"])}</span>',
        number(floor["q25"]),
        number(floor["q25_lo_release"]),
        number(floor["n_prompts"]),
        "yes" if floor["provisional"] else "no",
    ]


def legend() -> str:
    """What the marks mean."""
    marks = (
        ('<circle class="dot" cx="8" cy="8" r="4.5"/>', "lower quartile (q25)"),
        ('<line class="range" x1="0" x2="26" y1="8" y2="8"/>', "its interval"),
        ('<line class="bound" x1="4" x2="4" y1="1" y2="15"/>', "bound: certified up to here"),
        ('<line class="tier-line" x1="4" x2="4" y1="0" y2="16"/>', "a tier's threshold"),
    )
    shown = "".join(
        f'<span><svg width="28" height="16" aria-hidden="true">{mark}</svg>{text(said)}</span>'
        for mark, said in marks
    )
    return f'<div class="legend">{shown}</div>'


def _plot(content: ReportContent, place: Place, axis: Axis) -> str:
    floors, tiers = content.floors_at(place), list(content.thresholds_at(place))
    names = "".join(_tier_name(n, len(tiers), axis, *one) for n, one in enumerate(tiers))
    head = f'<div class="row bare"><span></span>{lane(14, names)}<span></span></div>'
    rows = "".join(_row(content, floor, axis, tiers) for floor in floors)
    foot = f'<div class="row bare"><span></span>{axis_lane(axis)}<span></span></div>'
    note = f"{prompts_of(floors)}; {floors[0]['m']} judged together"
    return figure(" · ".join(place), note, alt_of(content, place), head + rows + foot)


def _tier_name(n: int, of: int, axis: Axis, tier: str, value: float) -> str:
    """Name a tier above its line; the outer ones lean outwards, so that names stay apart."""
    anchor = "end" if n == 0 and of > 1 else "start" if n == of - 1 and of > 1 else "middle"
    shift = {"end": 1.5, "start": -1.5}.get(anchor, 0.0)
    return label(axis.at(value) + shift, 11, SHORT.get(tier, tier), anchor=anchor)


def prompts_of(floors: Sequence[Row]) -> str:
    """Say how many prompts a category's floors rest on.

    Examples
    --------
    >>> prompts_of([{"n_prompts": 106}, {"n_prompts": 90}])
    '90 to 106 prompts each'
    """
    counts = sorted({f["n_prompts"] for f in floors})
    return f"{counts[0]} to {counts[-1]} prompts each" if len(counts) > 1 else several(
        counts[0], "prompt"
    ) + " each"  # fmt: skip


def _row(content: ReportContent, floor: Row, axis: Axis, tiers: Sequence[tuple[str, float]]) -> str:
    name = content.name(floor["offer_id"])
    return (
        f'<div class="row"><span class="name" title="{text(floor["offer_id"])}">{text(name)}</span>'
        f"{lane(HEIGHT, _marks(floor, axis, tiers))}{chip(content, floor)}</div>"
    )


def _marks(floor: Row, axis: Axis, tiers: Sequence[tuple[str, float]]) -> str:
    middle = HEIGHT / 2
    body = "".join(vertical(axis.at(value), 0, HEIGHT, "tier-line") for _, value in tiers)
    body += horizontal(axis.at(axis.lo), axis.at(axis.hi), middle, "base")
    quartile, low, high = (floor[n] for n in ("q25", "q25_lo_release", "q25_hi_release"))
    start = axis.lo if low is None else low
    end = quartile if high is None else high
    if end is not None and end > start:
        body += horizontal(axis.at(start), axis.at(end), middle, "range")
    if low is not None:
        body += vertical(axis.at(low), middle - 8, middle + 8, "bound")
    if quartile is None:  # the quartile itself is an output that failed outright
        x = axis.at(axis.lo)
        return body + label(x, middle + 4, "✕", kind="ink")
    return body + dot(axis.at(quartile), middle, "dot")


def chip(content: ReportContent, floor: Row) -> str:
    """The highest tier an offer holds, as a word on a shade; or what is open."""
    best, open_tiers = content.best_tier(floor), content.open_tiers(floor)
    if best is not None:
        return f'<span class="chip t{TIERS.index(best) + 1}">{text(best)}</span>'
    if floor["provisional"]:
        return '<span class="chip open">provisional</span>'
    if open_tiers:
        return '<span class="chip open">undecided</span>'
    return '<span class="chip none">no tier</span>'


def alt_of(content: ReportContent, place: Place) -> str:
    """A category's floors in words."""
    told = [
        f"{content.name(f['offer_id'])} {number(f['q25'])} (bound {number(f['q25_lo_release'])})"
        for f in content.floors_at(place)
    ]
    return f"Lower quartiles in {place[0]} ({place[1]}), best first: {', '.join(told)}."
