"""How far each rater can be relied on, by catch trials, and whom the plan leaves out.

Controls say it: catch trials (a side spoilt on purpose), placebos (one thing twice), repeats with
sides swapped. Nobody is barred: the analysis is told with and without those who are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor import stats
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.votes import Flags, Votes
from qfloor.counting import several

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RaterRow:
    """One rater. Counts of controls, and ``left_out``: why the plan excludes this rater, or None.

    ``left`` and ``right`` count chosen sides in test trials, repeats and placebos;
    ``side_bias_p`` is two-sided for "no side is favoured". ``seconds`` is the median answer.
    """

    rater: str
    votes: int
    reference_chosen: int
    routed_chosen: int
    none: int
    both_bad: int
    catches: int
    catches_passed: int
    placebos: int
    false_alarms: int
    repeats: int
    repeats_agreed: int
    left: int
    right: int
    side_bias_p: float
    seconds: float | None
    left_out: str | None


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """All raters together.

    ``agreed`` is the share of repeats answered as the first time, by who was chosen and not by
    side; ``agreed_by_chance`` what their answers would give if unrelated. ``alpha`` is
    Krippendorff's, nominal, over pairs with two votes or more. ``left_share`` is the share of
    chosen sides that were left, ``side_bias_p`` two-sided.
    """

    repeats: int
    agreed: stats.Estimate | None
    agreed_by_chance: float | None
    alpha: stats.ResampledInterval | None
    catches_passed: stats.Estimate | None
    left_share: float | None
    side_bias_p: float | None


def raters_of(votes: Votes, plan: AnalysisPlan) -> list[RaterRow]:
    """Give a row for each rater, in the order of their names."""
    n = len(votes.raters)
    test, catch, placebo, repeat = (
        votes.of_kind(kind) for kind in ("test", "catch", "placebo", "repeat")
    )

    def count(chosen: Flags) -> NDArray[np.intp]:
        return np.bincount(votes.rater[chosen], minlength=n)

    first, agreed = repeats_of(votes)
    again = np.bincount(votes.rater[first], minlength=n)
    agree = np.bincount(votes.rater[first], weights=agreed, minlength=n).astype(int)
    sided = test | repeat | placebo
    left, right = count(sided & (votes.side < 0)), count(sided & (votes.side > 0))
    bias = side_bias_p_values(left, right)
    seconds = _medians(votes, test | repeat | placebo | catch)
    columns = {
        "votes": count(test),
        "reference_chosen": count(test & (votes.choice > 0)),
        "routed_chosen": count(test & (votes.choice < 0)),
        "none": count(test & (votes.choice == 0) & ~votes.both_bad),
        "both_bad": count(test & votes.both_bad),
        "catches": count(catch),
        "catches_passed": count(catch & (votes.choice > 0)),
        "placebos": count(placebo),
        "false_alarms": count(placebo & (votes.side != 0)),
        "repeats": again,
        "repeats_agreed": agree,
        "left": left,
        "right": right,
    }
    present = np.flatnonzero(np.bincount(votes.rater, minlength=n))
    rows = []
    for i in present:
        numbers = {name: int(column[i]) for name, column in columns.items()}
        why = _why_left_out(numbers, float(bias[i]), seconds[i], plan)
        rows.append(
            RaterRow(
                rater=votes.raters[i],
                **numbers,
                side_bias_p=float(bias[i]),
                seconds=seconds[i],
                left_out=why,
            )
        )
    return rows


def reliability_of(votes: Votes, plan: AnalysisPlan, rng: np.random.Generator) -> Reliability:
    """Say how far raters agree with themselves and with each other."""
    test, catch = votes.of_kind("test"), votes.of_kind("catch")
    first, agreed = repeats_of(votes)
    sided = (test | votes.of_kind("repeat", "placebo")) & (votes.side != 0)
    left = int((votes.side[sided] < 0).sum())
    n_sided = int(sided.sum())
    return Reliability(
        repeats=int(first.size),
        agreed=_share(votes, first, agreed, plan),
        agreed_by_chance=_chance_agreement(votes, first),
        alpha=_alpha(votes.where(test), plan, rng),
        catches_passed=_share(votes, np.flatnonzero(catch), votes.choice[catch] > 0, plan),
        left_share=left / n_sided if n_sided else None,
        side_bias_p=float(side_bias_p_values(np.array([left]), np.array([n_sided - left]))[0])
        if n_sided
        else None,
    )


def left_out_mask(votes: Votes, rows: list[RaterRow]) -> Flags:
    """Tell which answers are of raters whom the plan leaves out."""
    out = {row.rater for row in rows if row.left_out}
    codes = [i for i, name in enumerate(votes.raters) if name in out]
    return np.isin(votes.rater, codes)


def repeats_of(votes: Votes) -> tuple[NDArray[np.intp], Flags]:
    """Find repeats whose first showing was answered, and whether both say the same."""
    place = {trial: i for i, trial in enumerate(votes.trials)}
    again = [
        (i, place[name])
        for i in np.flatnonzero(votes.of_kind("repeat"))
        if (name := votes.repeat_of[i]) in place and votes.rater[place[name]] == votes.rater[i]
    ]
    at = np.array([i for i, _ in again], dtype=np.intp)
    first = np.array([j for _, j in again], dtype=np.intp)
    return at, np.asarray(votes.choice[at] == votes.choice[first])


def side_bias_p_values(left: NDArray[np.intp], right: NDArray[np.intp]) -> FloatArray:
    """Two-sided exact p-values of "no side is favoured"; 1 where no side was chosen."""
    n = left + right
    few = np.minimum(left, right)
    p = 2.0 * special.bdtr(few.astype(float), np.maximum(n, 1), 0.5)
    return np.where(n > 0, np.minimum(1.0, p), 1.0)


def _why_left_out(
    numbers: dict[str, int], bias: float, seconds: float | None, plan: AnalysisPlan
) -> str | None:
    """Why the plan leaves a rater out, in words; None if it does not."""
    reasons = []
    caught, passed = numbers["catches"], numbers["catches_passed"]
    if caught and passed / caught < plan.catch_share:
        reasons.append(f"passed {passed} of {several(caught, 'catch trial')}")
    if seconds is not None and seconds < plan.median_seconds:
        reasons.append(f"median answer after {seconds:.2g} s")
    if bias < plan.side_bias_p:
        reasons.append(
            f"chose left {numbers['left']} and right {several(numbers['right'], 'time')}"
        )
    return "; ".join(reasons) or None


def _medians(votes: Votes, chosen: Flags) -> list[float | None]:
    timed = chosen & ~np.isnan(votes.seconds)
    rater, seconds = votes.rater[timed], votes.seconds[timed]
    order = np.lexsort((seconds, rater))
    counts = np.bincount(rater, minlength=len(votes.raters))
    ends = np.cumsum(counts)
    sorted_seconds = seconds[order]
    return [
        float(np.median(sorted_seconds[end - n : end])) if n else None
        for end, n in zip(ends, counts, strict=True)
    ]


def _share(
    votes: Votes, at: NDArray[np.intp], chosen: Flags, plan: AnalysisPlan
) -> stats.Estimate | None:
    if not at.size:
        return None
    crossed = stats.crossing(votes.prompt[at], votes.rater[at])
    return stats.two_way_share(chosen, crossed, plan.confidence)


def _chance_agreement(votes: Votes, repeats: NDArray[np.intp]) -> float | None:
    if not repeats.size:
        return None
    shares = np.bincount(votes.choice[repeats] + 1, minlength=3) / repeats.size
    return float(np.sum(shares**2))


def _alpha(
    test: Votes, plan: AnalysisPlan, rng: np.random.Generator
) -> stats.ResampledInterval | None:
    """Krippendorff's alpha over pairs with at least two votes."""
    again = np.bincount(test.pair, minlength=len(test.pairs))[test.pair] >= 2
    if not again.any():
        return None
    return stats.krippendorff_alpha_interval(
        test.choice[again],
        test.pair[again],
        test.prompt[again],
        rng,
        level="nominal",
        confidence=plan.confidence,
        n_resamples=199,
    )
