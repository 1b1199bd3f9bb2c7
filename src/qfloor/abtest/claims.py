"""Sentences that a session supports, and those that it does not, with the reason.

A failure to find a difference is not evidence that there is none. So "could not reliably
distinguish" is printed only when the similarity test passes against a margin that stood before
the first vote, and placebos tell how often people choose where there is nothing to choose.
Otherwise the sentence is refused, and what may be said instead stands in its place.

It reads an `Analysis` and computes nothing but the difference that would have been found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy import special

from qfloor import stats
from qfloor.counting import several

if TYPE_CHECKING:
    from qfloor.abtest.analysis import Analysis
    from qfloor.abtest.plan import AnalysisPlan

POWER = 0.8

TOO_FEW = "too few raters or prompts, or one has most votes, to say anything of others"

WIDEST_ALARMS = 0.5
"""Width of the interval of false alarms from which on placebos say nothing: five quiet ones."""

FEWEST_PLACEBOS = 6
"""With fewer the interval is wider than `WIDEST_ALARMS` whatever people say."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence about the session.

    ``text`` may be printed as it stands. ``refused`` is the sentence that was wanted and is not
    supported, ``why`` each reason; both are empty for a supported claim.
    """

    name: str
    supported: bool
    text: str
    refused: str | None = None
    why: tuple[str, ...] = ()


def claims_of(analysis: Analysis) -> tuple[Claim, ...]:
    """Write every claim of a session, supported or refused, in a fixed order."""
    return (
        _detection(analysis),
        _similarity(analysis),
        _not_distinguished(analysis),
        _severity(analysis),
        _noninferiority(analysis),
        _items(analysis),
    )


def would_have_found(found: stats.Discriminability, alpha: float) -> float | None:
    """Smallest net discriminability found with 80 % power by the test at this level."""
    if found.standard_error is None:
        return None
    if found.standard_error == 0.0:  # nobody chose at all: what that many votes rule out
        return max(0.0, found.net.upper or 0.0)
    return float(special.ndtri(1.0 - alpha) + special.ndtri(POWER)) * found.standard_error


def percent(value: float | None, digits: int = 2) -> str:
    """Write a share as a percentage; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def interval(found: Any, digits: int = 2) -> str:
    """Write an interval of shares in percent, in brackets."""
    if found.low is None or found.high is None:
        return "[no interval]"
    return f"[{100 * found.low:.{digits}f}, {100 * found.high:.{digits}f}]"


def why_no_interval(found: stats.Estimate) -> str:
    """Say why an estimate that has no interval has none."""
    for n, one in ((found.n_raters, "rater"), (found.n_prompts, "prompt")):
        if n == 1:
            return f"one {one} says nothing of others"
    return "one rater or one prompt has most of the votes and says nothing of others"


def p_text(p_value: float | None) -> str:
    """Write a p-value as people do."""
    if p_value is None:
        return "no p-value"
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"


def panel_note(found: stats.Estimate) -> str:
    """Warn where few raters speak for themselves only; empty otherwise."""
    if not found.conditional_on_panel:
        return ""
    these = "this 1 rater" if found.n_raters == 1 else f"these {found.n_raters} raters"
    return f" This is about {these} and says nothing of others."


def _detection(analysis: Analysis) -> Claim:
    counts, found, plan = analysis.headline.counts, analysis.headline.detection, analysis.plan
    level = f"{100 * plan.confidence:g} % CI"
    ends = f"{level} {interval(found.detected)}"
    if found.detected.low is None:
        ends = f"no {level}: {why_no_interval(found.detected)}"
    alarms = found.false_alarms
    placebo = (
        "placebo trials are missing, so false alarms are unknown"
        if alarms is None
        else f"placebo false alarms {percent(alarms.value)} {interval(alarms)} (n = {alarms.n})"
    )
    text = (
        f"Over {several(counts.pairs, 'pair')} from {several(counts.raters, 'rater')}, "
        f"{plan.reference} was "
        f"preferred in {percent(found.detected.value)} ({ends}), "
        f"{plan.routed} in {percent(found.wrong_way.value)} {interval(found.wrong_way)}; {placebo}."
    )
    if found.corrected is not None:
        text += (
            f" Beyond false alarms {percent(found.corrected.value)} "
            f"{interval(found.corrected)} are detected."
        )
    return Claim(name="detection", supported=True, text=text + panel_note(found.detected))


def _similarity(analysis: Analysis) -> Claim:
    found = analysis.headline.discriminability
    net = f"Net discriminability pd = {percent(found.net.value)} (upper {percent(found.net.upper)})"
    wanted = f"{net}, below the pre-set pd0 = {percent(found.pd0)} ({p_text(found.p_similar)})."
    why = _why_not_similar(analysis)
    if not why:
        text = wanted + _seen_all_the_same(analysis)
        return Claim(name="similarity", supported=True, text=text + panel_note(found.net))
    return Claim(
        name="similarity", supported=False, text=instead_of_similarity(analysis), refused=wanted,
        why=why,
    )  # fmt: skip


def instead_of_similarity(analysis: Analysis) -> str:
    """Say what may be said of the difference where similarity was not shown."""
    found, plan = analysis.headline.discriminability, analysis.plan
    direction = _difference(found, plan)
    net = f"net {percent(found.net.value)} {interval(found.net)}"
    if direction == "reference":
        return f"People prefer {plan.reference} ({net}, {p_text(found.p_different)})."
    if direction == "routed":
        return f"People prefer {plan.routed} ({net})."
    if found.similar(plan.alpha):  # the margin, not the numbers, is what is missing
        return f"No evidence of a difference ({net}, upper {percent(found.net.upper)})."
    smallest = would_have_found(found, plan.alpha)
    if smallest is None:
        return f"No evidence of a difference ({TOO_FEW})."
    return (
        "No evidence of a difference (underpowered: would have found pd >= "
        f"{percent(min(1.0, smallest))})."
    )


def _difference(found: stats.Discriminability, plan: AnalysisPlan) -> str | None:
    """Which arm is preferred beyond chance, if any."""
    if found.p_different is not None and found.p_different <= plan.alpha:
        return "reference"
    if found.net.high is not None and found.net.high < 0.0:
        return "routed"
    return None


def _seen_all_the_same(analysis: Analysis) -> str:
    """What a sentence about similarity must also tell: that a difference is seen, and whose."""
    found, plan = analysis.headline.discriminability, analysis.plan
    direction = _difference(found, plan)
    if direction is None:
        return ""
    if direction == "routed" and _beyond(found):
        return f" People prefer {plan.routed} (net {percent(found.net.value)})."
    return (
        f" A difference is detectable all the same (net {percent(found.net.value)} "
        f"{interval(found.net)}), and smaller than the {percent(found.pd0)} that matter."
    )


def _beyond(found: stats.Discriminability) -> bool:
    """Whether a preference for the routed side may be as large as what matters."""
    return found.net.low is None or found.net.low <= -found.pd0


def _why_not_similar(analysis: Analysis) -> tuple[str, ...]:
    found, plan = analysis.headline.discriminability, analysis.plan
    why = []
    if not plan.frozen:
        why.append(f"pd0 = {percent(found.pd0)} was not set before the first vote")
    if found.p_similar is None:
        why.append(TOO_FEW)
    elif not found.similar(plan.alpha):
        why.append(
            f"the similarity test fails: pd may be as large as {percent(found.net.upper)}, pd0 is "
            f"{percent(found.pd0)} ({p_text(found.p_similar)})"
        )
    return tuple(why)


def _not_distinguished(analysis: Analysis) -> Claim:
    """The claim that is made of routers: nobody could tell, and where they could it was minor."""
    counts, plan = analysis.headline.counts, analysis.plan
    detected, severity = analysis.headline.detection.detected, analysis.headline.severity
    missed = f"[{_percent(detected.high)}, {_percent(detected.low)}]"
    wanted = (
        f"Over {several(counts.pairs, 'pair')} people could not reliably distinguish "
        f"{plan.routed} from "
        f"{plan.reference}: {percent(1.0 - detected.value)} {missed} of votes did not prefer "
        f"{plan.reference}"
    )
    if severity.minor is not None:
        wanted += (
            f"; where they did, {percent(severity.minor.value, 1)} {interval(severity.minor, 1)} "
            f"differed by less than {plan.minor_gap:g} of 10 points and were usable as they are"
        )
    wanted += "." + _seen_all_the_same(analysis)
    seen = _why_seen(analysis)
    why = [*_why_not_similar(analysis), *_why_unknown(analysis), *seen]
    if severity.n_detected and severity.n_unscored:
        why.append(
            f"{severity.n_unscored} of "
            f"{several(severity.n_detected, 'detection was', 'detections were')} given no "
            "score, so how minor they are is not known"
        )
    if not why:
        text = wanted + panel_note(detected)
        return Claim(name="not_distinguished", supported=True, text=text)
    return Claim(
        name="not_distinguished", supported=False,
        text=_seen_both_ways(analysis) if seen else instead_of_similarity(analysis),
        refused=wanted, why=tuple(why),
    )  # fmt: skip


def _why_unknown(analysis: Analysis) -> list[str]:
    """Why nobody knows how often people choose where there is nothing to choose."""
    alarms = analysis.headline.detection.false_alarms
    if alarms is None:
        return ["placebo trials are missing, so nobody knows how often people choose by chance"]
    if alarms.low is None or alarms.high is None or alarms.high - alarms.low > WIDEST_ALARMS:
        return [
            f"{several(alarms.n, 'placebo')} of {several(alarms.n_raters, 'rater')} "
            f"{'is' if alarms.n == 1 else 'are'} too few to know how often people "
            f"choose by chance: {percent(alarms.value)} {interval(alarms)}"
        ]
    return []


def _why_seen(analysis: Analysis) -> list[str]:
    """Why it is plain that people see a difference, which the similarity test does not look for."""
    net, plan = analysis.headline.discriminability, analysis.plan
    if _difference(net, plan) == "routed" and _beyond(net):
        return [
            f"people prefer {plan.routed} (net {percent(net.net.value)} {interval(net.net)}): they "
            "tell the two apart"
        ]
    found = analysis.headline.detection
    wrong, placebo = found.wrong_way, found.false_alarms
    if placebo is None or None in (found.detected.low, wrong.low, placebo.high):
        return []
    if min(float(found.detected.low or 0), float(wrong.low or 0)) <= float(placebo.high or 0) / 2:
        return []
    return [
        "people choose sides more often than on placebos, and in both directions: they see a "
        "difference and do not agree which is better"
    ]


def _seen_both_ways(analysis: Analysis) -> str:
    """Say what was seen where people tell two arms apart and the net does not show it."""
    found, plan = analysis.headline.detection, analysis.plan
    if _difference(analysis.headline.discriminability, plan) is not None:
        return instead_of_similarity(analysis)
    return (
        f"People see a difference and do not agree which is better: {plan.reference} was preferred "
        f"in {percent(found.detected.value)} {interval(found.detected)}, {plan.routed} in "
        f"{percent(found.wrong_way.value)} {interval(found.wrong_way)}."
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * (1.0 - value):.2f}"


def _severity(analysis: Analysis) -> Claim:
    found, plan = analysis.headline.severity, analysis.plan
    loss = (
        f"A loss that matters ({plan.minor_gap:g} point or more, or not usable) was seen in "
        f"{percent(found.material.value)} {interval(found.material)} of all votes."
    )
    if found.minor is None:
        why = "no detection was scored" if found.n_detected else "nothing was detected"
        text = f"{loss} Of minor ones {why}." + panel_note(found.material)
        return Claim(name="severity", supported=True, text=text)
    text = (
        f"Of the detected, {percent(found.minor.value, 1)} {interval(found.minor, 1)} differed by "
        f"less than {plan.minor_gap:g} point and were usable. {loss}"
    )
    if found.n_unscored:
        text += f" {several(found.n_unscored, 'detection')} without a score "
        text += "counts as a loss." if found.n_unscored == 1 else "count as losses."
    return Claim(name="severity", supported=True, text=text + panel_note(found.material))


def _noninferiority(analysis: Analysis) -> Claim:
    found, plan = analysis.headline.severity, analysis.plan
    margin = f"{plan.margin_score:g} points of 10"
    if found.gap is None:
        return Claim(
            name="noninferiority", supported=False,
            text="The mean score gap is not known.",
            refused=f"On average {plan.routed} is not worse than {plan.reference} by {margin}.",
            why=(found.why_untested or "nothing was scored",),
        )  # fmt: skip
    gap = found.gap
    said = f"mean gap {gap.value:.2f} points"
    if gap.low is not None and gap.high is not None:
        said += f" [{gap.low:.2f}, {gap.high:.2f}]"
    wanted = (
        f"On average {plan.routed} is not worse than {plan.reference} by {margin} ({said}, "
        f"{p_text(found.p_noninferior)})."
    )
    why = [] if plan.frozen else [f"the margin of {margin} was not set before the first vote"]
    if found.why_untested is not None:
        why.append(found.why_untested)
    elif found.p_noninferior is None or found.p_noninferior > plan.alpha:
        why.append(f"a gap of {margin} is not ruled out ({p_text(found.p_noninferior)})")
    if why:
        return Claim(
            name="noninferiority", supported=False, refused=wanted, why=tuple(why),
            text=f"Measured: {said}.",
        )  # fmt: skip
    return Claim(name="noninferiority", supported=True, text=wanted + panel_note(gap))


def _items(analysis: Analysis) -> Claim:
    found, plan = analysis.items, analysis.plan
    if found is None:
        return Claim(
            name="items", supported=False,
            text="How many single pairs can be told apart is not known.",
            refused="Pairs that are reliably distinguished, one by one.",
            why=(f"no pair has {plan.audit_votes} votes, the fewest to judge one by itself",),
        )  # fmt: skip
    votes = several(found.most_votes, "vote")
    if found.most_votes > found.fewest_votes:
        votes = f"{found.fewest_votes} to {votes}"
    are = "is" if found.n_distinguished == 1 else "are"
    text = (
        f"Of {several(found.n_items, 'pair')} judged one by one ({votes} each) "
        f"{found.n_distinguished} {are} reliably distinguished (Benjamini-Hochberg at "
        f"{100 * plan.alpha:g} %); {found.n_by_rule} "
        f"{'passes' if found.n_by_rule == 1 else 'pass'} the uncorrected rule, where chance alone "
        f"gives up to {found.by_chance:.1f}."
    )
    if found.fewest_found > 1:
        text += (
            f" With so few votes no fewer than {found.fewest_found:,} pairs could be, all chosen "
            f"by everyone: that there are {found.n_distinguished} says little."
        )
    return Claim(name="items", supported=True, text=text)
