"""How far raters agree and how severe each is, and what verdicts would be without one of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from qfloor.counting import several
from qfloor.report.content import ReportContent, Row
from qfloor.report.drawing import Axis, axis_lane, dot, horizontal, lane, vertical
from qfloor.report.markup import NOTHING, figure, folded, number, paragraph, share, table, text
from qfloor.report.verdicts_table import SIGNS

HEIGHT = 18
MOST_RATERS = 60
"""Raters that the plot shows; of more only the most and the least severe."""


def raters_section(content: ReportContent) -> str:
    """Give the section's body."""
    told = [_panel(content)]
    if content.agreement and not any(r["shared_items"] for r in content.agreement):
        said = (
            "No output was rated twice: how far raters agree, and how severe each is, is unknown."
        )
        told += [paragraph(said), _listed(content.raters)]
    elif content.agreement:
        told += [_agreement(content.agreement), _severity(content.raters)]
    else:
        told.append(paragraph(content.absent.get("raters", "No ratings are at hand."), "dim"))
    told.append(_left_out(content))
    return "".join(told)


def _panel(content: ReportContent) -> str:
    """What the floors say of who judged."""
    told = sorted({str(f["population"].get("raters")) for f in content.floors if f["n_raters"]})
    counts = sorted({f["n_raters"] for f in content.floors if f["n_raters"]})
    if not counts:
        return paragraph("No person judged.")
    n = several(counts[-1], "rater")
    n = n if len(counts) == 1 else f"{counts[0]} to {n}"
    is_simulated = content.provenance.get("judgments") == "simulated raters"
    simulated = " They are simulated: each reads an output's defect log." * is_simulated
    untested = content.provenance.get("pooled_untested", ())
    pooled = [f"{said[:1].upper()}{said[1:]}." for said in untested]
    return paragraph(" ".join([f"{n} a floor: {', '.join(told)}.{simulated}", *pooled]))


def _agreement(rows: Sequence[Row]) -> str:
    heads = ["category", "criterion", "by", "ratings", "raters", "alpha (ordinal)", "95 %",
             "one rating (ICC)", "tells apart"]  # fmt: skip
    cells = [
        [
            text(r["category"]), text(r["criterion"]), text(r["by"]), number(r["ratings"]),
            number(r["raters"] + r["anonymous"]),
            f"{number(r['alpha'])} ({number(r['alpha_ordinal'])})",
            NOTHING if r["alpha_95"] is None else " to ".join(number(a, 2) for a in r["alpha_95"]),
            number(r["icc1"]), number(r["resolution"]),
        ]
        for r in rows
    ]  # fmt: skip
    said = (
        "Krippendorff's alpha: 1 is agreement, 0 chance; a dash where too few outputs were rated "
        "twice. The last column: how far apart two outputs' mean ratings must lie to be told apart."
    )
    return paragraph(said) + table(heads, cells, numeric=set(range(3, 9)))


def _severity(rows: Sequence[Row]) -> str:
    known = [r for r in rows if r["severity"] is not None]
    if not known:
        means = [r for r in rows if r["mean"] is not None]
        if not means:
            return ""
        said = "No two raters saw the same output, so severity cannot be told from taste."
        return paragraph(said, "dim") + _listed(rows)
    shown = known if len(known) <= MOST_RATERS else [*known[:30], *known[-30:]]
    ends = [v for r in shown for v in (r["severity"], r["severity_lo"], r["severity_hi"])
            if v is not None]  # fmt: skip
    edge = max(abs(v) for v in ends) or 1.0
    axis = Axis(lo=-edge, hi=edge)
    body = "".join(_rater(r, axis) for r in shown)
    foot = f'<div class="row bare"><span></span>{axis_lane(axis)}<span></span></div>'
    worst, best = shown[0], shown[-1]
    alt = (
        f"Severity of {several(len(shown), 'rater')} in points, from {worst['rater']} "
        f"({number(worst['severity'])}) to {best['rater']} ({number(best['severity'])})."
    )
    plot = figure("Severity", "points from the mean of all who rated the same outputs", alt,
                  body + foot)  # fmt: skip
    return plot + _listed(rows)


def _rater(row: Row, axis: Axis) -> str:
    middle = HEIGHT / 2
    body = vertical(axis.at(0.0), 0, HEIGHT, "base")
    if row["severity_lo"] is not None:
        body += horizontal(
            axis.at(row["severity_lo"]), axis.at(row["severity_hi"]), middle, "range"
        )
    body += dot(axis.at(row["severity"]), middle, "dot", 3.5)
    name = text(str(row["rater"])[:16])
    return (
        f'<div class="row"><span class="name">{name}</span>{lane(HEIGHT, body)}'
        f'<span class="dim small">n {number(row["n_ratings"])}</span></div>'
    )


def _listed(rows: Sequence[Row]) -> str:
    heads = ["rater", "by", "ratings", "mean", "severity", "inconsistency", "far from others",
             "screening", "same again", "catches seen"]  # fmt: skip
    cells = [
        [
            text(str(r["rater"])[:16]), text(r["by"]), number(r["n_ratings"]), number(r["mean"]),
            number(r["severity"], 2), number(r["inconsistency"], 2), share(r["outside_share"]),
            text(r["bt500"]), share(r["repeat_same"]), share(r["catches_seen"]),
        ]
        for r in rows
    ]  # fmt: skip
    shown = [n for n in range(len(heads)) if any(row[n] not in (NOTHING, "") for row in cells)]
    listed = table(
        [heads[n] for n in shown],
        [[row[n] for n in shown] for row in cells],
        numeric={place for place, n in enumerate(shown) if n not in (0, 1, 7)},
    )
    return folded(f"All {several(len(rows), 'rater')}", listed)


def _left_out(content: ReportContent) -> str:
    rows = [
        r
        for r in content.tables.get("leave_one_rater_out", ())
        if r["quality"] == content.quality["id"]
    ]
    if not rows:
        return ""
    cells: defaultdict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row["offer_id"], row["category"], row["tier"], row["ruling_with_all"]].append(row)
    listed = [
        [
            text(content.name(offer)), text(category), text(tier),
            f"{SIGNS[ruling]} {ruling}", _without(found, ruling),
        ]
        for (offer, category, tier, ruling), found in sorted(cells.items())
        if any(r["ruling"] != ruling for r in found)
    ]  # fmt: skip
    n = len(cells)
    if not listed:
        return paragraph(f"Leaving out any one rater changes none of {several(n, 'verdict')}.")
    said = f"Verdicts that hang on one rater, {len(listed)} of {n}; the others stay as they are."
    heads = ["offer", "category", "tier", "with all", "without one"]
    return paragraph(said) + table(heads, listed)


def _without(found: Sequence[Row], ruling: str) -> str:
    counted = Counter(r["ruling"] for r in found if r["ruling"] != ruling)
    return ", ".join(
        f"{other} {n} of {several(len(found), 'time')}" for other, n in sorted(counted.items())
    )
