"""What changed since an earlier release: fails before and after, verdicts that are other now."""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.counting import several
from qfloor.records import EVERY, TIERS, DriftFinding
from qfloor.report.content import ReportContent, Row, Since
from qfloor.report.drawing import Axis, axis_lane, dot, horizontal, lane, vertical
from qfloor.report.markup import (
    NOTHING,
    figure,
    folded,
    number,
    paragraph,
    share,
    table,
    text,
    usd,
)

HEIGHT = 22


def drift_section(content: ReportContent) -> str:
    """Give the section's body."""
    since = content.since
    if since is None:
        said = content.absent.get("since", "No earlier release was given (--before OLD.db).")
        return paragraph(said, "dim")
    told = [_opening(since)]
    if since.untested:
        told.append(paragraph(since.untested, "dim"))
    whole = [f for f in since.findings if f.category == EVERY]
    if whole:
        told += [_changed(content, since), _plot(content, whole), _all(content, since)]
    told += [_signs(since), _verdicts(content, since), _prices(content, since), _lists(since)]
    return "".join(told)


def _opening(since: Since) -> str:
    how = (
        "the same prompts, output by output" if since.paired else "counts of fails in each category"
    )
    return paragraph(
        f"Compared with {since.name} {since.round} (digest {since.digest[:12]}) by {how}. "
        f"{share(since.alpha)} is the chance that any unchanged offer is called changed."
    )


def _changed(content: ReportContent, since: Since) -> str:
    whole = [f for f in since.findings if f.category == EVERY]
    changed = sorted({f.offer_id for f in whole if f.word == "changed"})
    if not changed:
        return f"<p><b>No offer is shown to have changed</b> ({len({f.offer_id for f in whole})} compared).</p>"  # noqa: E501
    rows = [
        [
            text(content.name(f.offer_id)),
            text("all categories" if f.category == EVERY else f.category),
            text(f.modality),
            text(f.tier),
            share(f.before),
            share(f.after),
            number(f.p_adjusted, 2),
            text(f.sentence().partition(":")[0]),
        ]
        for f in since.findings
        if f.word == "changed"
    ]
    heads = ["offer", "category", "makes", "tier", "fails before", "fails after", "p adjusted", ""]
    named = ", ".join(f"<b>{text(offer)}</b>" for offer in changed)
    return f"<p>Changed: {named}.</p>" + table(heads, rows, numeric={4, 5, 6})


def _plot(content: ReportContent, whole: Sequence[DriftFinding]) -> str:
    axis = Axis(lo=0.0, hi=100.0)
    tiers = sorted({f.tier for f in whole}, key=lambda t: TIERS.index(t) if t in TIERS else 9)
    plots = "".join(
        _tier(content, tier, [f for f in whole if f.tier == tier], axis) for tier in tiers
    )
    marks = (
        '<span><svg width="14" height="14" aria-hidden="true"><circle class="before" cx="7" cy="7" '
        'r="4.5"/></svg>before</span><span><svg width="14" height="14" aria-hidden="true"><circle '
        'class="after" cx="7" cy="7" r="4.5"/></svg>now</span>'
    )
    return f'<div class="legend">{marks}</div><div class="grid">{plots}</div>'


def _tier(content: ReportContent, tier: str, found: Sequence[DriftFinding], axis: Axis) -> str:
    ordered = sorted(found, key=lambda f: (f.p_adjusted, f.offer_id))
    rows = "".join(_row(content.name(f.offer_id), f, axis) for f in ordered)
    foot = (
        f'<div class="row bare"><span></span>{axis_lane(axis)}<span class="dim">% fail</span></div>'
    )
    told = ", ".join(
        f"{content.name(f.offer_id)} {share(f.before)} then {share(f.after)}" for f in ordered
    )
    alt = f"Share of fails at {tier}, before and now, most surprising first: {told}."
    return figure(f"fails at {tier}", "most surprising first", alt, rows + foot)


def _row(name: str, finding: DriftFinding, axis: Axis) -> str:
    before, after = axis.at(100.0 * finding.before), axis.at(100.0 * finding.after)
    changed = finding.word == "changed"
    line = "moved" if changed else "still"
    body = horizontal(axis.at(0.0), axis.at(100.0), HEIGHT / 2, "base")
    body += vertical(axis.at(25.0), 0, HEIGHT, "tier-line")
    body += horizontal(min(before, after), max(before, after), HEIGHT / 2, line)
    body += dot(before, HEIGHT / 2, "before", 4) + dot(after, HEIGHT / 2, "after", 4)
    told = (
        f'<span class="chip open">{"worse" if finding.after > finding.before else "better"}</span>'
    )
    quiet = f'<span class="dim small">p {number(finding.p_adjusted, 2)}</span>'
    return (
        f'<div class="row"><span class="name">{text(name)}</span>'
        f"{lane(HEIGHT, body)}{told if changed else quiet}</div>"
    )


def _all(content: ReportContent, since: Since) -> str:
    rows = [
        [
            text(content.name(f.offer_id)),
            text("all" if f.category == EVERY else f.category),
            text(f.tier),
            number(f.n_before),
            number(f.n_after),
            share(f.before),
            share(f.after),
            number(f.p_adjusted, 2),
            NOTHING if f.detectable is None else f"+{100.0 * f.detectable:.0f} points",
        ]
        for f in since.findings
    ]
    heads = ["offer", "category", "tier", "prompts before", "now", "fails before", "now",
             "p adjusted", "could have seen"]  # fmt: skip
    return folded(
        f"{several(len(rows), 'comparison')}, and what each could have seen",
        table(heads, rows, numeric=set(range(3, 9))),
        "screen",
    )


def _signs(since: Since) -> str:
    if not since.signs:
        return ""
    items = "".join(f"<li>{text(sign)}</li>" for sign in since.signs)
    return f"<h3>Signs besides quality</h3><ul>{items}</ul>"


def _verdicts(content: ReportContent, since: Since) -> str:
    if not since.verdicts:
        return paragraph("Every verdict that both releases have is as before.")
    rows = [
        [text(content.name(v["offer_id"])), text(v["category"]), text(v["tier"]), text(v["before"]),
         text(v["now"]), _moved(v)]
        for v in since.verdicts
    ]  # fmt: skip
    heads = ["offer", "category", "tier", "before", "now", "bound of the lower quartile"]
    counted = several(len(rows), "verdict")
    return f"<h3>Verdicts that are other now ({counted})</h3>" + table(heads, rows)


def _moved(row: Row) -> str:
    sides = [row["bound_before"], row["bound_now"]]
    return " → ".join("none" if side is None else number(side) for side in sides)


def _prices(content: ReportContent, since: Since) -> str:
    if not since.prices:
        return ""
    rows = [
        [text(content.name(p["offer_id"])), usd(p["before"]), usd(p["now"])] for p in since.prices
    ]
    return "<h3>Prices</h3>" + table(["offer", "each before", "now"], rows, numeric={1, 2})


def _lists(since: Since) -> str:
    told = [
        paragraph(f"{label}: {', '.join(offers)}.")
        for label, offers in (("Gone", since.only_before), ("New", since.only_after))
        if offers
    ]
    return "".join(told)
