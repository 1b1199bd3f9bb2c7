"""Refusals, blanks and failures of each offer, and what the round cost in money and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from qfloor.counting import several
from qfloor.report.content import ReportContent, Row
from qfloor.report.drawing import Axis, axis_lane, band, horizontal, lane
from qfloor.report.markup import (
    NOTHING,
    figure,
    folded,
    number,
    paragraph,
    seconds,
    share,
    table,
    text,
    usd,
)

HEIGHT = 22
KINDS = (("refused", "fbad"), ("blank", "f2"), ("unsafe", "f3"), ("failed", "fbound"))
"""What can become of an output instead of a usable one, and its colour, in order."""
MISSING = ("failed", "unknown", "setup", "unjudged", "scorer_failed", "no_reference")


def counts_of(content: ReportContent) -> Mapping[str, Counter[str]]:
    """Outputs by offer and status, over all categories."""
    found: dict[str, Counter[str]] = {}
    for floor in content.floors or _of_a_metric(content):
        mine = found.setdefault(floor["offer_id"], Counter())
        mine.update({k: n for k, n in floor["counts"].items() if isinstance(n, int)})
    return found


def _of_a_metric(content: ReportContent) -> list[Row]:
    """Floors of the metric that has most of them, where nobody has judged yet."""
    floors = [f for f in content.tables["floors"] if f["kind"] == "delivered"]
    counted = Counter(f["quality"] for f in floors)
    return [f for f in floors if f["quality"] == counted.most_common(1)[0][0]]


def outcomes_section(content: ReportContent) -> str:
    """Give the section's body."""
    counts = counts_of(content)
    said = (
        "Of the outputs that floors rest on. Refused and blank ones are fails of the offer; what "
        "failed for the seller's or our own reasons is missing, counted, and may be made again."
    )
    known = list(dict.fromkeys(k for c in counts.values() for k in c))
    heads = ["offer", *(k.replace("_", " ") for k in known)]
    rows = [
        [text(content.name(offer)), *(number(counted[k]) if counted[k] else NOTHING for k in known)]
        for offer, counted in sorted(counts.items(), key=lambda pair: (_bad(pair[1]), pair[0]))
    ]
    made = table(heads, rows[::-1], numeric=set(range(1, len(heads))))
    return paragraph(said) + _plot(content, counts) + folded("Counts by offer", made)


def _bad(counted: Counter[str]) -> float:
    total = _total(counted)
    return sum(counted[kind] for kind, _ in KINDS) / total if total else 0.0


def _total(counted: Counter[str]) -> int:
    statuses = ("made", "refused", "blank", "failed", "setup", "unknown")
    return sum(counted[status] for status in statuses)


def _plot(content: ReportContent, counts: Mapping[str, Counter[str]]) -> str:
    worst = max((_bad(c) for c in counts.values()), default=0.0)
    if not worst:
        return paragraph("Nothing was refused, blank, unsafe or failed.")
    axis = Axis(lo=0.0, hi=100.0 * worst)
    named = sorted((o for o in counts if _bad(counts[o])), key=lambda o: -_bad(counts[o]))
    rows = "".join(_row(content.name(offer), counts[offer], axis) for offer in named)
    foot = f'<div class="row bare"><span></span>{axis_lane(axis)}<span class="dim">%</span></div>'
    told = ", ".join(f"{content.name(offer)} {share(_bad(counts[offer]))}" for offer in named)
    alt = f"Share refused, blank, unsafe or failed: {told}; the others none."
    present = [k for k in KINDS if any(c[k[0]] for c in counts.values())]
    marks = "".join(
        f'<span><svg width="14" height="12" aria-hidden="true"><rect class="{kind}" width="14" '
        f'height="12"/></svg>{name}</span>'
        for name, kind in present
    )
    legend = f'<div class="legend">{marks}</div>'
    n = len(counts) - len(named)
    others = paragraph(f"{several(n, 'other offer')}: none.", "dim small") if n else ""
    return legend + figure("Not usable at all", "share of outputs", alt, rows + foot) + others


def _row(name: str, counted: Counter[str], axis: Axis) -> str:
    at, total, body = 0.0, _total(counted), ""
    for kind, colour in KINDS:
        wide = 100.0 * counted[kind] / total
        if wide:
            body += band(axis.at(at), axis.at(at + wide), 4, HEIGHT - 8, colour)
            at += wide
    body += horizontal(axis.at(0.0), axis.at(axis.hi), HEIGHT - 2, "base")
    return (
        f'<div class="row"><span class="name">{text(name)}</span>{lane(HEIGHT, body)}'
        f"<span>{share(_bad(counted))}</span></div>"
    )


def costs_section(content: ReportContent) -> str:
    """Give the body of the section on money and time."""
    spent = {s["offer_id"]: s for s in content.tables.get("spending", ())}
    latency = {r["offer_id"]: r for r in content.tables["latency"]}
    if not spent and not latency:
        return paragraph("Nothing was bought for this release, so nothing was spent.", "dim")
    clock = content.clock
    heads = ["offer", "attempts", "charged", "spent", "each", "p50", "p95", "time in all"]
    rows = []
    for offer in sorted(spent.keys() | latency.keys()):
        row, quick = spent.get(offer), latency.get(offer, {})
        took = None if clock is None else clock.seconds.get(offer)
        rows.append([
            text(content.name(offer)),
            number(None if row is None else row["attempts"]),
            number(None if row is None else row["charged"]),
            usd(None if row is None else row["amount_nanousd"] / 1e9),
            usd(content.paid.get(offer)),
            seconds(quick.get("p50_s")),
            seconds(quick.get("p95_s")),
            seconds(took),
        ])  # fmt: skip
    listed = table(heads, rows, numeric=set(range(1, len(heads))))
    return "".join(paragraph(said) for said in _totals(content)) + listed


def _totals(content: ReportContent) -> list[str]:
    spent = content.tables.get("spending", ())
    total = sum(s["amount_nanousd"] for s in spent) / 1e9
    unknown = sum(s["unknown"] for s in spent)
    play = " Painters' prices are play money." if content.painters else ""
    told = [
        f"{usd(total)} for {several(sum(s['charged'] for s in spent), 'charged output')}.{play}"
    ]
    if unknown:
        told.append(f"{several(unknown, 'attempt')} may have been charged: see qfloor unknown.")
    clock = content.clock
    if clock is None:
        return [*told, content.absent.get("clock", "")]
    if clock.seconds:
        told.append(f"Sellers worked {seconds(sum(clock.seconds.values()))} on the outputs.")
    if clock.elapsed_s is not None:
        span = f"{clock.first_at} to {clock.last_at}"
        told.append(f"From the first call to the last: {seconds(clock.elapsed_s)} ({span}).")
    if clock.rating_seconds:
        told.append(f"People rated for {seconds(clock.rating_seconds)}.")
    return told
