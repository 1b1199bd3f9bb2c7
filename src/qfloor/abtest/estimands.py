"""The four estimands of a blind session, always all four, each with its interval.

1. raw detection: the share of votes for the reference (D), for the routed side (W), net D - W,
   and what remains of D after taking off what placebos show to be false alarms
2. discriminability of the population, with an upper bound, against the plan's pd0
3. pairs that are reliably distinguished one by one, on those with enough votes
4. severity: of the detected the share that is minor and usable; the loss that matters, over all
   pairs; the mean score gap and whether it is shown to be below its margin

Every pair weighs the same, however many votes it got. It works on `Votes` and a plan; it writes
no sentence (see `claims`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.abtest.answers import HIGHEST
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.votes import UNKNOWN, Flags, Votes
from qfloor.counting import several

FloatArray = NDArray[np.float64]


FEWEST_SCORED = 100
"""Scored votes without a difference, each standing for ten, below which the mean gap is shown and
not tested, unless all were scored: what was missed is rare, and too few may hold none of it."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A number that is computed from two estimates, with its interval; None where it has none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Shares of votes: ``detected`` (D), ``wrong_way`` (W), ``none``, ``both_bad``.

    ``false_alarms`` (F0) is the share of placebos on which a side was chosen, None without
    placebos. ``corrected`` is D after Abbott: ``(D - F) / (1 - F)`` with ``F = F0/2``, since a
    false alarm falls on the reference half the time.
    """

    detected: stats.Estimate
    wrong_way: stats.Estimate
    none: stats.Estimate
    both_bad: stats.Estimate
    false_alarms: stats.Estimate | None
    corrected: Interval | None


@dataclass(frozen=True, kw_only=True)
class Severity:
    """How bad a detected difference is.

    ``minor`` is the share of detected votes (for the reference) with a gap below the plan's and
    a usable routed side; ``material`` the share of all votes that detect a larger gap or an
    unusable one, where a detection without a score counts as material. ``gap`` is the mean of
    reference less routed score, each vote standing for those that were not asked;
    ``p_noninferior`` belongs to "the mean gap is at least the margin", and is never below what as
    many votes without any gap rule out. ``why_untested`` says why there is none.
    """

    minor: stats.Estimate | None
    material: stats.Estimate
    n_detected: int
    n_unscored: int
    gap: stats.Estimate | None
    p_noninferior: float | None
    why_untested: str | None


@dataclass(frozen=True, kw_only=True)
class Usable:
    """Shares of each arm that people would use as it is, and routed less reference."""

    routed: stats.Estimate
    reference: stats.Estimate
    difference: stats.Estimate


def pair_weights(votes: Votes) -> FloatArray:
    """Weigh each vote so that every pair weighs the same."""
    counts = np.bincount(votes.pair, minlength=len(votes.pairs))[votes.pair]
    return np.asarray(1.0 / counts, dtype=np.float64)


def pair_crossing(votes: Votes, part: Flags | None = None) -> stats.Crossing:
    """Cross prompts and raters, of all votes or of a part that keeps its weights."""
    weight = pair_weights(votes)
    if part is None:
        return stats.crossing(votes.prompt, votes.rater, weight)
    return stats.crossing(votes.prompt[part], votes.rater[part], weight[part])


def detection_of(test: Votes, placebo: Votes, plan: AnalysisPlan) -> Detection:
    """Count who chose what in test trials, and who chose at all in placebos."""
    crossed = pair_crossing(test)

    def share(chosen: Flags) -> stats.Estimate:
        return stats.two_way_share(chosen, crossed, plan.confidence)

    detected = share(test.choice > 0)
    alarms = None
    if len(placebo):
        alarms = stats.two_way_share(placebo.side != 0, pair_crossing(placebo), plan.confidence)
    return Detection(
        detected=detected,
        wrong_way=share(test.choice < 0),
        none=share((test.choice == 0) & ~test.both_bad),
        both_bad=share(test.both_bad),
        false_alarms=alarms,
        corrected=None if alarms is None else abbott(detected, alarms),
    )


def abbott(detected: stats.Estimate, false_alarms: stats.Estimate) -> Interval | None:
    """Detection beyond false alarms, with an interval from both (MOVER on the log scale).

    ``1 - v = (1 - D) / (1 - F)``, F being half of the false alarms; never below 0. None when
    everybody detects something everywhere.

    References
    ----------
    Abbott, J. Economic Entomology 18 (1925) 265-267; Donner and Zou, Statistical Methods in
    Medical Research 21 (2012) 347-359 (square-and-add intervals).
    """
    half = [None if v is None else v / 2.0 for v in (false_alarms.low, false_alarms.high)]
    if false_alarms.value >= 2.0 or detected.value >= 1.0:
        return None
    missed, quiet = math.log1p(-detected.value), math.log1p(-false_alarms.value / 2.0)
    value = max(0.0, -math.expm1(missed - quiet))
    ends = (detected.low, detected.high, *half)
    if any(end is None for end in ends) or (detected.high or 0.0) >= 1.0:
        return Interval(value=value, low=None, high=None)
    d_low, d_high, f_low, f_high = (math.log1p(-float(end or 0.0)) for end in ends)
    # A larger D lowers its log; a larger F lowers its own, which enters with the other sign.
    fall = math.hypot(missed - d_high, f_low - quiet)
    rise = math.hypot(d_low - missed, quiet - f_high)
    return Interval(
        value=value,
        low=max(0.0, -math.expm1(missed - quiet + rise)),
        high=max(0.0, -math.expm1(missed - quiet - fall)),
    )


def discriminability_of(test: Votes, plan: AnalysisPlan) -> stats.Discriminability:
    """Net share of votes for the reference, with the similarity test against the plan's pd0."""
    return stats.two_way_discriminability(
        test.choice, pair_crossing(test), plan.pd0, plan.confidence
    )


def severity_of(test: Votes, plan: AnalysisPlan) -> Severity:
    """Say how bad detected differences are, and how large the mean gap is."""
    found = test.choice > 0
    scored = found & ~np.isnan(test.gap) & (test.routed_usable != UNKNOWN)
    with np.errstate(invalid="ignore"):
        small = scored & (test.gap < plan.minor_gap) & (test.routed_usable == 1)
    gap, p_value, why = _gap(test, plan)
    minor = None
    if scored.any():
        minor = stats.two_way_share(small[scored], pair_crossing(test, scored), plan.confidence)
    return Severity(
        minor=minor,
        material=stats.two_way_share(found & ~small, pair_crossing(test), plan.confidence),
        n_detected=int(found.sum()),
        n_unscored=int((found & ~scored).sum()),
        gap=gap,
        p_noninferior=p_value,
        why_untested=why,
    )


def usable_of(test: Votes, plan: AnalysisPlan) -> Usable | None:
    """Shares that people would use as they are; None where nobody was asked of both sides."""
    asked = (test.routed_usable != UNKNOWN) & (test.reference_usable != UNKNOWN)
    weight, _ = _standing_for(test, asked)
    if weight is None:
        return None
    crossed = stats.crossing(test.prompt[asked], test.rater[asked], weight)
    routed, reference = test.routed_usable[asked] == 1, test.reference_usable[asked] == 1
    return Usable(
        routed=stats.two_way_share(routed, crossed, plan.confidence),
        reference=stats.two_way_share(reference, crossed, plan.confidence),
        difference=stats.two_way_discriminability(
            routed.astype(float) - reference.astype(float), crossed, plan.pd0, plan.confidence
        ).net,  # two paired shares, as votes for either arm are
    )


def _gap(test: Votes, plan: AnalysisPlan) -> tuple[stats.Estimate | None, float | None, str | None]:
    """Mean gap over all votes, the p-value of non-inferiority, or why there is neither."""
    asked = ~np.isnan(test.gap)
    weight, why = _standing_for(test, asked)
    if weight is None:
        return None, None, why
    crossed = stats.crossing(test.prompt[asked], test.rater[asked], weight)
    gaps = test.gap[asked]
    mean = stats.two_way_mean(gaps, crossed, plan.confidence)
    neither = test.choice == 0
    n_asked = int((neither & asked).sum())
    needed = min(FEWEST_SCORED, int(neither.sum()))
    if n_asked < needed:
        why = (
            f"only {several(n_asked, 'vote')} without a difference "
            f"{'was' if n_asked == 1 else 'were'} scored; {needed} are needed "
            "to see what was missed"
        )
        return mean, None, why
    p_value = stats.mean_p_value(gaps, crossed, plan.margin_score)
    if p_value is None:
        return mean, None, None
    return mean, max(p_value, _unseen(crossed, plan)), None


def _unseen(crossed: stats.Crossing, plan: AnalysisPlan) -> float:
    """Chance to see no gap at all where so many are of the whole scale that the mean is the margin.

    Equal scores have no spread, and Student's test then takes two of them for proof.
    """
    nobody = stats.two_way_share(np.zeros(crossed.prompt.size, bool), crossed, plan.confidence)
    return float((1.0 - plan.margin_score / HIGHEST) ** nobody.n_star)


def _standing_for(test: Votes, asked: Flags) -> tuple[FloatArray | None, str | None]:
    """How much each asked vote weighs, those standing in that were not asked; or why not.

    Of votes without a difference a tenth is asked. A stratum (for the reference, for the routed
    side, neither) that was never asked leaves the mean unknown, and it is not guessed.
    """
    weight = pair_weights(test)
    names = {1: "for the reference", -1: "for the routed side", 0: "without a difference"}
    for sign, name in names.items():
        stratum = test.choice == sign
        said = float(weight[stratum & asked].sum())
        if stratum.any() and not said:
            return None, f"no vote {name} was scored"
        if said:
            weight[stratum] *= float(weight[stratum].sum()) / said
    return weight[asked], None
