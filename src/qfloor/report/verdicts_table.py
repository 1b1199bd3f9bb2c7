"""Verdicts of every offer, and what it would take to decide the undecided."""

from __future__ import annotations

from collections import Counter

from qfloor.counting import several
from qfloor.records import TIERS
from qfloor.records.needed import PROMPTS, lacking, lacks_prompts
from qfloor.report.content import Place, ReportContent, Row
from qfloor.report.markup import (
    NOTHING,
    folded,
    number,
    paragraph,
    share,
    table,
    text,
    usd,
)

SIGNS = {"certified": "✓", "rejected": "✕", "undecided": "?"}
REASONS = {
    "more_prompts": "more prompts would decide",
    "too_few_prompts": "too few prompts for any certificate",
    "too_much_missing": "more than 5 % of the outputs are missing: run again",
    "empty": "nothing was judged",
    "provisional": "no person judged this offer: rate some of its outputs",
    "drifted": "the offer changed since; only a new round can certify it",
}


def best_section(content: ReportContent) -> str:
    """Give the cheapest certified offer of each category and tier: what a router would choose."""
    if not content.verdicts:
        return paragraph("Nothing can be said yet: there are no verdicts.")
    tiers = [t for t in TIERS if any(v["tier"] == t for v in content.verdicts)]
    rows = [
        [text(" · ".join(place)), *(_cheapest(content, place, tier) for tier in tiers)]
        for place in content.places
    ]
    said = (
        "The cheapest offer whose bound clears the tier, by what an output cost in this round; "
        "of how many that clear it."
        if content.paid
        else "No prices are known: the certified offer with the best bound stands here, of how "
        "many that are certified."
    )
    return paragraph(said) + table(["category", *tiers], rows)


def _cheapest(content: ReportContent, place: Place, tier: str) -> str:
    held = [
        f
        for f in content.floors_at(place)
        if content.rulings.get((f["offer_id"], *place, tier), {}).get("ruling") == "certified"
    ]
    if not held:
        return f'<span class="dim">{NOTHING} none</span>'
    if not content.paid:
        return f"<b>{text(content.name(held[0]['offer_id']))}</b> of {len(held)}"
    best = min(held, key=lambda f: content.paid.get(f["offer_id"], float("inf")))
    price = content.paid.get(best["offer_id"])
    told = "price unknown" if price is None else usd(price)
    of = f'<span class="dim">of\N{NO-BREAK SPACE}{len(held)}</span>'
    return f'<span class="nowrap"><b>{text(content.name(best["offer_id"]))}</b> {told} {of}</span>'


def verdicts_section(content: ReportContent) -> str:
    """Give the table of verdicts, category by category, and that of the undecided."""
    if not content.verdicts:
        return paragraph("There are no verdicts, so nothing is undecided either.")
    counted = Counter(v["ruling"] for v in content.verdicts)
    told = ", ".join(f"{counted[ruling]} {ruling}" for ruling in SIGNS if counted[ruling])
    said = (
        f"{told}. Each cell: the share of outputs that fall below the tier's "
        "threshold; certified is at most, rejected at least, undecided between."
    )
    tables = "".join(
        folded(f"{' · '.join(place)}: {_summary(content, place)}", _table(content, place))
        for place in content.places
    )
    return paragraph(said) + tables + "<h3>What would decide the undecided</h3>" + _open(content)


def _summary(content: ReportContent, place: Place) -> str:
    held: Counter[str] = Counter(
        v["tier"]
        for v in content.verdicts
        if (v["category"], v["modality"]) == place and v["ruling"] == "certified"
    )
    return ", ".join(f"{held[t]} {t}" for t in TIERS if held[t]) or "nobody is certified"


def _table(content: ReportContent, place: Place) -> str:
    tiers = list(content.thresholds_at(place))
    heads = ["offer", "q25", "bound", "prompts"]
    heads += [f"{tier} (≥ {value:g})" for tier, value in tiers]
    rows = [
        [
            text(content.name(f["offer_id"])),
            number(f["q25"]),
            number(f["q25_lo_release"]),
            number(f["n_prompts"]),
            *(_cell(content.rulings.get((f["offer_id"], *place, tier))) for tier, _ in tiers),
        ]
        for f in content.floors_at(place)
    ]
    return table(heads, rows, numeric={1, 2, 3})


def _cell(verdict: Row | None) -> str:
    if verdict is None:
        return NOTHING
    ruling, low, high = verdict["ruling"], verdict["lower"], verdict["upper"]
    late = " (post hoc)" if verdict["post_hoc"] else ""
    told = {
        "certified": f"≤ {share(high)} fail",
        "rejected": f"≥ {share(low)} fail",
        "undecided": f"{share(low)} to {share(high)}",
    }[ruling]
    if low is None or high is None:
        told = _reason(verdict)
    return f'<span class="nowrap">{SIGNS[ruling]} {told}{late}</span>'


def _reason(verdict: Row) -> str:
    reason = str(verdict["reason"])
    return text(REASONS.get(reason, reason.replace("_", " ")))


def _open(content: ReportContent) -> str:
    """What each undecided verdict lacks, and about what that costs."""
    undecided = [v for v in content.verdicts if v["ruling"] == "undecided"]
    if not undecided:
        return paragraph("Nothing is undecided.")
    floors = {_cell_of(f): f for f in content.floors}
    rows = [
        [
            text(content.name(v["offer_id"])),
            text(f"{v['category']} · {v['modality']}"),
            text(v["tier"]),
            f"{share(v['lower'])} to {share(v['upper'])}",
            share(v["max_fail"]),
            _needed(v, floors.get(_cell_of(v)), content.paid.get(v["offer_id"])),
        ]
        for v in sorted(undecided, key=_nearest)
    ]
    said = (
        f"{several(len(rows), 'verdict')}, the nearest to a decision first. Prompts are estimated "
        "as if the share of fails stayed where it is now and raters were many; ratings cost extra."
    )
    heads = ["offer", "category", "tier", "fails", "allowed", "what it would take"]
    return paragraph(said) + table(heads, rows, numeric={3, 4}, words={5})


def _nearest(verdict: Row) -> tuple[int, str, str]:
    more = verdict["more_prompts"]
    return 10**9 if more is None else more, verdict["offer_id"], verdict["tier"]


def _cell_of(row: Row) -> tuple[str, str, str]:
    return row["offer_id"], row["category"], row["modality"]


def _needed(verdict: Row, floor: Row | None, price: float | None) -> str:
    more = verdict["more_prompts"]
    if more is None and verdict["reason"] not in PROMPTS:
        return _reason(verdict)
    bound = None if floor is None else floor["bound"]
    told = lacking(str(verdict["reason"]), more, bound)
    if (
        more is None
        or price is None
        or floor is None
        or not floor["n_prompts"]
        or not lacks_prompts(more, bound)
    ):
        return told
    return f"{told}, {usd(more * floor['n_outputs'] / floor['n_prompts'] * price)} of outputs"
