"""The report of a session as one HTML file: nothing fetched, no script, readable on a phone.

The claim stands first, with what it rests on; a refused one stands there with its reasons. It
arranges what `analysis` computed and `claims` wrote.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from qfloor.abtest.analysis import Analysis, Headline
from qfloor.abtest.claims import Claim, interval, p_text, percent, why_no_interval
from qfloor.abtest.page_plots import Line, Part, forest, histogram, stacked, table
from qfloor.abtest.page_style import STYLE
from qfloor.counting import several
from qfloor.stats import Estimate

MAIN = "not_distinguished"
_SHOWN_ITEMS = 12


def page_of(analysis: Analysis) -> str:
    """Write the report.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    plan = analysis.plan
    title = f"Blind session {plan.name}".strip() + f": {plan.routed} beside {plan.reference}"
    sections = (
        _main(analysis),
        _cards(analysis),
        _chosen(analysis),
        _discriminability(analysis),
        _severity(analysis),
        _items(analysis),
        _offers(analysis),
        _exclusions(analysis),
        _raters(analysis),
        _claims(analysis),
        _method(analysis),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{''.join(sections)}</main></body></html>\n"
    )


def _p(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{html.escape(text)}</p>' if kind else f"<p>{html.escape(text)}</p>"


def _section(title: str, parts: Iterable[str]) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{''.join(parts)}</section>"


def _main(analysis: Analysis) -> str:
    counts = analysis.headline.counts
    said = (
        f"{several(counts.pairs, 'pair')}, {several(counts.votes, 'vote')} of "
        f"{several(counts.raters, 'rater')} on "
        f"{several(counts.prompts, 'prompt')}"
    )
    claim = next(c for c in analysis.claims if c.name == MAIN)
    early = _p(analysis.early.sentence, "warn") if analysis.early else ""
    return _p(said, "dim") + early + _claim(claim)


def _claim(claim: Claim) -> str:
    said = f'<p class="said">{html.escape(claim.text)}</p>'
    if claim.supported:
        return f'<div class="claim">{said}</div>'
    reasons = "".join(f"<li>{html.escape(why)}</li>" for why in claim.why)
    refused = html.escape(claim.refused or "")
    return (
        f'<div class="claim refused">{said}<p class="struck">Not supported, and not claimed: '
        f"&ldquo;{refused}&rdquo;</p><ul>{reasons}</ul></div>"
    )


def _cards(analysis: Analysis) -> str:
    plan, head = analysis.plan, analysis.headline
    net, severity = head.discriminability.net, head.severity
    cards = [
        (
            percent(head.detection.detected.value),
            f"of votes preferred {plan.reference}",
            interval(head.detection.detected),
        ),
        (
            percent(net.value),
            "net discriminability",
            f"at most {percent(net.upper)}; {percent(plan.pd0)} would matter",
        ),
        (
            percent(severity.material.value),
            "of votes saw a loss that matters",
            interval(severity.material),
        ),
    ]
    if severity.minor is not None:
        said = "of the detected were minor and usable"
        cards.insert(2, (percent(severity.minor.value, 1), said, interval(severity.minor, 1)))
    return (
        '<div class="cards">'
        + "".join(
            f'<div class="card"><div class="big">{html.escape(big)}</div>'
            f'<div class="what">{html.escape(what)}</div><div class="dim">{html.escape(more)}</div>'
            "</div>"
            for big, what, more in cards
        )
        + "</div>"
    )


def _chosen(analysis: Analysis) -> str:
    plan, found = analysis.plan, analysis.headline.detection
    parts = [
        Part(
            name=name,
            share=share.value,
            fill=fill,
            said=f"{percent(share.value)} {interval(share)}",
        )
        for name, share, fill in (
            (f"{plan.reference} chosen", found.detected, "ref"),
            (f"{plan.routed} chosen", found.wrong_way, "rou"),
            ("neither is any good", found.both_bad, "bad"),
            ("no visible difference", found.none, "no"),
        )
    ]
    if found.false_alarms is None:
        placebo = (
            "There were no placebos: how often people choose where nothing differs is unknown."
        )
    else:
        placebo = (
            f"Where both sides were the same thing, a side was chosen in "
            f"{percent(found.false_alarms.value)} {interval(found.false_alarms)} of "
            f"{several(found.false_alarms.n, 'placebo')}."
        )
        if found.corrected is not None:
            placebo += (
                f" Beyond such false alarms {percent(found.corrected.value)} "
                f"{interval(found.corrected)} detected a difference."
            )
    return _section("What people chose", (stacked(parts, "Answers"), _p(placebo)))


def _discriminability(analysis: Analysis) -> str:
    plan, found = analysis.plan, analysis.headline.discriminability
    lines = [Line(name="all", found=found.net, said=_net(found.net.value, interval(found.net)))]
    if len(analysis.categories) > 1:
        lines += [
            Line(
                name=row.category,
                found=row.discriminability.net,
                said=_net(row.discriminability.net.value, interval(row.discriminability.net)),
            )
            for row in analysis.categories
        ]
    note = (
        f"Votes for {plan.reference} less votes for {plan.routed}, with "
        f"{100 * plan.confidence:g} % intervals."
    )
    rows = [
        (
            row.category, f"{row.pairs:,}", percent(row.detected.value),
            percent(row.wrong_way.value), percent(row.discriminability.net.upper),
            _p_cell(row.p_similar_adjusted), percent(row.material.value),
        )
        for row in analysis.categories
    ]  # fmt: skip
    parts = [forest(lines, plan.pd0, f"pd0 = {percent(plan.pd0)}, what would matter", note)]
    if len(rows) > 1:
        columns = (
            "category", "pairs", f"{plan.reference} chosen", f"{plan.routed} chosen",
            "net at most", "p similar (Holm)", "loss that matters",
        )  # fmt: skip
        parts.append(table(columns, rows))
    return _section("Can people tell them apart?", parts)


def _net(value: float, ends: str) -> str:
    return f"{100 * value:+.2f} % {ends}"


def _p_cell(p_value: float | None) -> str:
    return "-" if p_value is None else p_text(p_value).removeprefix("p ").removeprefix("= ")


def _severity(analysis: Analysis) -> str:
    plan, found = analysis.plan, analysis.headline.severity
    parts = []
    if analysis.gaps:
        what = f"Score of {plan.reference} less score of {plan.routed}, where it was preferred"
        parts += [
            histogram(analysis.gaps, plan.minor_gap, what),
            _p(f"{what}, in points of 10.", "dim"),
        ]
    parts += [_p(c.text) for c in analysis.claims if c.name == "severity"]
    if found.gap is not None:
        ends = "" if found.gap.low is None else f" [{found.gap.low:.2f}, {found.gap.high:.2f}]"
        parts.append(
            _p(
                f"Mean gap over all votes {found.gap.value:.2f} points{ends}; a margin of "
                f"{plan.margin_score:g}: {found.why_untested or p_text(found.p_noninferior)}."
            )
        )
    usable = analysis.usable
    if usable is not None:
        parts.append(
            _p(
                f"Usable as it is: {plan.routed} {percent(usable.routed.value, 1)} "
                f"{interval(usable.routed, 1)}, {plan.reference} "
                f"{percent(usable.reference.value, 1)} {interval(usable.reference, 1)}; difference "
                f"{_net(usable.difference.value, interval(usable.difference))}."
            )
        )
    return _section("Where they can, does it matter?", parts)


def _items(analysis: Analysis) -> str:
    claim = next(c for c in analysis.claims if c.name == "items")
    parts = [_p(claim.text)]
    parts += [_p(why, "dim") for why in claim.why]
    if analysis.items is not None:
        rows = [
            (
                row.pair, row.category, str(row.votes), str(row.reference_chosen),
                f"{row.p_value:.2g}", f"{row.p_adjusted:.2g}", "yes" if row.distinguished else "no",
            )
            for row in analysis.items.rows[:_SHOWN_ITEMS]
        ]  # fmt: skip
        columns = ("pair", "category", "votes", "reference chosen", "p", "p (BH)", "distinguished")
        parts.append(
            f"<details><summary>The {len(rows)} most telling pairs</summary>"
            f"{table(columns, rows, (1,))}</details>"
        )
    return _section("Single pairs", parts)


def _offers(analysis: Analysis) -> str:
    """Offers behind the arms by Davidson's strengths; nothing where they are not known."""
    if not analysis.offers:
        return ""
    rows = [
        (s.name, f"{s.value:+.2f}", "-" if s.low is None else f"[{s.low:+.2f}, {s.high:+.2f}]",
         f"{s.n:,}")
        for s in analysis.offers
    ]  # fmt: skip
    said = (
        "Log strengths by Bradley-Terry with ties, their mean at 0: a difference of 0.69 is odds "
        "of two to one, given that one of two is preferred. Intervals over resampled prompts; no "
        "interval where an offer won or lost everything. Who met whom was the router's choice, so "
        "this is no ranking of offers on the same prompts."
    )
    columns = ("offer", "log strength", "interval", "votes")
    return _section("Offers behind the arms", (table(columns, rows), _p(said, "dim")))


def _exclusions(analysis: Analysis) -> str:
    out = [row for row in analysis.raters if row.left_out]
    if not out:
        return _section("Exclusions", (_p("The plan leaves nobody out."),))
    rows = [
        _compared("without them", analysis.headline),
        _compared("everyone", analysis.everyone),
    ]
    columns = ("", "votes", "reference", "routed", "net", "net at most", "p similar",
               "minor of detected", "loss that matters")  # fmt: skip
    why = [(row.rater, str(row.votes), row.left_out or "") for row in out]
    parts = (
        _p(
            f"The plan leaves out {len(out)} of {several(len(analysis.raters), 'rater')}. With "
            "and without:"
        ),
        table(columns, rows),
        f"<details><summary>Who was left out, and why</summary>"
        f"{table(('rater', 'votes', 'why'), why, (2,))}</details>",
    )
    return _section("Exclusions", parts)


def _compared(name: str, head: Headline) -> tuple[str, ...]:
    found, severity = head.discriminability, head.severity
    minor = None if severity.minor is None else severity.minor.value
    return (
        name, f"{head.counts.votes:,}", percent(head.detection.detected.value),
        percent(head.detection.wrong_way.value), percent(found.net.value),
        percent(found.net.upper), _p_cell(found.p_similar), percent(minor, 1),
        percent(severity.material.value),
    )  # fmt: skip


def _raters(analysis: Analysis) -> str:
    found = analysis.reliability
    said = []
    if found.catches_passed is not None:
        said.append(
            f"Of {several(found.catches_passed.n, 'catch trial')} "
            f"{percent(found.catches_passed.value, 1)} {interval(found.catches_passed, 1)} "
            "were passed."
        )
    if found.agreed is not None:
        said.append(
            "Shown again with sides swapped, "
            f"{several(found.repeats, 'trial was', 'trials were')} answered as before in "
            f"{percent(found.agreed.value, 1)} {interval(found.agreed, 1)}; unrelated answers "
            f"would agree in {percent(found.agreed_by_chance, 1)}."
        )
    if found.alpha is not None:
        ends = (
            "" if found.alpha.low is None else f" [{found.alpha.low:.2f}, {found.alpha.high:.2f}]"
        )
        said.append(
            f"Krippendorff's alpha over pairs with several votes {found.alpha.value:.2f}{ends}."
        )
    if found.left_share is not None:
        said.append(
            f"Of chosen sides {percent(found.left_share, 1)} were left "
            f"({p_text(found.side_bias_p)})."
        )
    columns = ("rater", "votes", "reference", "routed", "none", "both bad", "catches passed",
               "false alarms", "repeats agreed", "left / right", "median s")  # fmt: skip
    rows = [
        (
            row.rater, str(row.votes), str(row.reference_chosen), str(row.routed_chosen),
            str(row.none), str(row.both_bad), f"{row.catches_passed}/{row.catches}",
            f"{row.false_alarms}/{row.placebos}", f"{row.repeats_agreed}/{row.repeats}",
            f"{row.left}/{row.right}", "-" if row.seconds is None else f"{row.seconds:.1f}",
        )
        for row in analysis.raters
    ]  # fmt: skip
    parts = [_p(sentence) for sentence in said]
    parts.append(
        "<details><summary>All "
        f"{several(len(rows), 'rater')}</summary>{table(columns, rows)}</details>"
    )
    return _section("How far raters can be relied on", parts)


def _claims(analysis: Analysis) -> str:
    rest = [claim for claim in analysis.claims if claim.name != MAIN]
    return _section("Every claim, supported or not", [_claim(claim) for claim in rest])


def _intervals(net: Estimate) -> str:
    """Name the intervals; which of the two a share has depends on its own votes."""
    said = (
        "Intervals of shares: Clopper-Pearson's, exact where every vote is of another rater on "
        "another prompt, else with raters and prompts both as clusters. Of the net difference: "
        "Student's; Tango's score where few chose a side; exact where all did. Of mean scores: "
        "Student's."
    )
    if net.low is None:
        return f"{said} The net difference has none: {why_no_interval(net)}."
    if net.method == "independent":
        return said
    return (
        f"{said} The {net.n:,} votes ({several(net.n_raters, 'rater')}, "
        f"{several(net.n_prompts, 'prompt')}) are worth {net.n_star:,.0f} independent ones."
    )


def _method(analysis: Analysis) -> str:
    plan, counts, odds = analysis.plan, analysis.headline.counts, analysis.ranking
    said = [
        f"Protocol {plan.digest}, frozen before the first vote."
        if plan.digest
        else "No frozen protocol: margins are post hoc and support no claim.",
        f"Margins: pd0 {percent(plan.pd0)}, minor gap {plan.minor_gap:g}, mean score "
        f"{plan.margin_score:g}; alpha {plan.alpha:g}, one-sided. Left out: under "
        f"{percent(plan.catch_share, 0)} of catch trials, median under {plan.median_seconds:g} s, "
        f"side bias p < {plan.side_bias_p:g}.",
        _intervals(analysis.headline.discriminability.net),
        f"Not in any number above: {several(counts.placebos, 'placebo')}, "
        f"{several(counts.catches, 'catch trial')}, "
        f"{several(counts.repeats, 'repeat')}, {several(counts.same_model, 'pair')} of one model, "
        f"{several(counts.skipped, 'skipped trial')} of the test, {counts.skipped_others} skipped "
        "of others.",
    ]
    if odds.log_odds is not None:
        ends = odds.why if odds.low is None else f"[{odds.low:.3f}, {odds.high:.3f}]"
        said.append(
            f"Bradley-Terry with ties (Davidson): log-odds {odds.log_odds:.3f} ({ends}), tie "
            f"parameter {odds.tie:.3g}."
        )
    else:
        said.append(f"Bradley-Terry with ties (Davidson): {odds.why}.")
    return _section("How this was computed", [_p(sentence) for sentence in said])
