"""Learn-then-test: from which value of a metric on are people content?

The question is one-sided and exact: from which metric value on is at most a share epsilon of
outputs below the human threshold, at confidence 1 - alpha? The value is learned on prompts that
never certify. That says nothing of an offer nobody rated, so each offer is left out in turn and
the worst excess of fails is added to epsilon wherever the threshold is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.calibrate.display import display_curve
from qfloor.calibrate.held_out import RankAgreement, rank_agreement
from qfloor.calibrate.sequence import fixed_sequence, rank_grid
from qfloor.counting import several
from qfloor.errors import CertificationError
from qfloor.records import Calibration, Direction, Modality, digest_of


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One output with both numbers: what the metric said and what a person said."""

    output_id: str
    offer_id: str
    family: str
    fit: bool
    metric: float
    human: float


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest:
    """Which metric shall speak for which quality, where, and how wrong it may be.

    ``epsilon`` bounds P(human < ``human_threshold`` | metric at or above the learned value);
    ``scale`` is that of the ratings, for the 0-10 display curve.
    """

    category: str
    modality: Modality
    quality: str
    metric: str
    human_threshold: float
    epsilon: float
    alpha: float
    direction: Direction = "higher"
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What learn-then-test found: None where no metric value is good enough."""

    threshold: float | None
    grid: tuple[float, ...]
    n_passed: int


def learn_threshold(
    metric: Sequence[float] | NDArray[np.float64],
    fails: Sequence[bool] | NDArray[np.bool_],
    families: Sequence[str],
    epsilon: float,
    alpha: float,
) -> Learned:
    """Smallest metric value above which people fail at most a share ``epsilon``.

    Parameters
    ----------
    metric : sequence of float, shape (outputs,)
        Higher is better.
    fails : sequence of bool, shape (outputs,)
        Whether a person put the output below the human threshold.
    families : sequence of str, shape (outputs,)
        Prompt family of each output: the clusters.
    epsilon, alpha : float
        Tolerated fail rate among outputs that pass, and error probability.

    Returns
    -------
    Learned

    Notes
    -----
    Fixed-sequence testing: candidates go from strict to lax, starting where enough prompts
    remain to certify anything, and stop at the first that fails; so one alpha covers all.
    Korn-Graubard over prompts, because several offers answered each prompt, joined by the exact
    bound of their shares, which alone decides below .01.

    References
    ----------
    Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test", arXiv 2110.01052.
    """
    values = np.asarray(metric, dtype=np.float64)
    bad = np.asarray(fails, dtype=bool)
    codes = np.unique(np.asarray(families), return_inverse=True)[1]
    if not values.size:
        return Learned(threshold=None, grid=(), n_passed=0)
    grid = rank_grid(values)
    needed = stats.min_prompts(alpha, epsilon)

    def passes(candidate: float) -> bool | None:
        chosen = values >= candidate
        if np.unique(codes[chosen]).size < needed:
            return None
        return _fail_upper(bad[chosen], codes[chosen], alpha) <= epsilon

    learned = fixed_sequence(grid, passes)
    passed = 0 if learned is None else int((values >= learned).sum())
    return Learned(threshold=learned, grid=tuple(map(float, grid)), n_passed=passed)


def _fail_upper(bad: NDArray[np.bool_], codes: NDArray[np.intp], alpha: float) -> float:
    _, inverse, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    shares = np.bincount(inverse, weights=bad) / sizes
    exact = stats.every_repeat_upper(shares, 1.0 - alpha)
    if alpha < stats.TRUSTED_ALPHA:
        return exact
    return max(stats.korn_graubard_upper(shares, sizes, 1.0 - alpha), exact)


def calibrate(request: CalibrationRequest, pairs: Sequence[Pair]) -> Calibration:
    """Learn a metric's threshold on fit prompts and say how well it holds elsewhere.

    Parameters
    ----------
    request : CalibrationRequest
    pairs : sequence of Pair
        Outputs with both numbers, of every offer that has them.

    Returns
    -------
    Calibration
        ``metric_threshold`` is None, with the reason, when no value is good enough; with one,
        ``reason`` names offers without which none is learned, so that nobody knows how they fare.
        ``held_out_agreement`` is the share of held-out outputs on which metric and person agree
        about failing, ``rank_correlation`` Spearman's there with an interval over prompts;
        ``worst_leave_one_model_out`` the largest excess of the true fail rate
        above epsilon among outputs that pass, of an offer that was left out of the fit.

    Raises
    ------
    CertificationError
        When epsilon or alpha leave no room for a certificate.
    """
    if not 0.0 < request.epsilon < 0.25 or not 0.0 < request.alpha < 0.5:
        raise CertificationError(
            f"epsilon {request.epsilon:g} must lie in (0, 0.25) and alpha {request.alpha:g} in "
            "(0, 0.5), else a passing metric could never certify a lower quartile"
        )
    # Inside, higher is always better; what goes out is in the metric's own direction again.
    sign = 1.0 if request.direction == "higher" else -1.0
    turned = [replace(p, metric=sign * p.metric) for p in pairs]
    fit = [p for p in turned if p.fit]
    held_out = [p for p in turned if not p.fit]
    learned = _learn(request, fit)
    ranked = _ranked(held_out)
    left_out = _leave_one_out(request, fit)
    return Calibration(
        category=request.category,
        modality=request.modality,
        quality=request.quality,
        metric=request.metric,
        method="learn-then-test, fixed sequence, exact bound of prompts' shares",
        human_threshold=request.human_threshold,
        metric_threshold=None if learned.threshold is None else sign * learned.threshold,
        epsilon=request.epsilon,
        alpha=request.alpha,
        t_grid=tuple(sorted(sign * t for t in learned.grid)),
        n_fit=len(fit),
        n_passed=learned.n_passed,
        fitted_on=digest_of(sorted((p.output_id, p.metric, p.human) for p in pairs if p.fit)),
        held_out_agreement=_agreement(request, learned, held_out),
        worst_leave_one_model_out=max(left_out.excess, default=None),
        display=_display(request, fit, sign),
        reason=_reason(request, learned, fit, left_out.untried),
        rank_correlation=None if ranked is None else ranked.correlation,
        rank_lo=None if ranked is None else ranked.lo,
        rank_hi=None if ranked is None else ranked.hi,
    )


def _learn(request: CalibrationRequest, pairs: Sequence[Pair]) -> Learned:
    return learn_threshold(
        [p.metric for p in pairs],
        [p.human < request.human_threshold for p in pairs],
        [p.family for p in pairs],
        request.epsilon,
        request.alpha,
    )


def _reason(
    request: CalibrationRequest, learned: Learned, fit: Sequence[Pair], untried: Sequence[str]
) -> str:
    if learned.threshold is not None:
        if not untried:
            return ""
        return (
            f"without {', '.join(untried)} no threshold is learned: what such an offer adds when "
            "it is left out is not known"
        )
    needed = stats.min_prompts(request.alpha, request.epsilon)
    have = len({p.family for p in fit})
    if have < needed:
        return f"{several(have, 'rated prompt')} to fit on, at least {needed} needed"
    return (
        f"no value of the metric keeps people's fails at or below {request.epsilon:g}: "
        "it does not tell good outputs from bad ones well enough here"
    )


def _agreement(
    request: CalibrationRequest, learned: Learned, held_out: Sequence[Pair]
) -> float | None:
    if learned.threshold is None or not held_out:
        return None
    same = [
        (p.metric >= learned.threshold) == (p.human >= request.human_threshold) for p in held_out
    ]
    return sum(same) / len(same)


class _LeftOut(NamedTuple):
    """Excess fails of offers that were left out, and those without which nothing is learned."""

    excess: list[float]
    untried: list[str]


def _leave_one_out(request: CalibrationRequest, fit: Sequence[Pair]) -> _LeftOut:
    """Fit without each offer in turn, and see how the left-out one does above the threshold."""
    found = _LeftOut([], [])
    for offer in sorted({p.offer_id for p in fit}):
        learned = _learn(request, [p for p in fit if p.offer_id != offer])
        if learned.threshold is None:
            found.untried.append(offer)
            continue
        passing = [
            p.human < request.human_threshold
            for p in fit
            if p.offer_id == offer and p.metric >= learned.threshold
        ]
        if passing:
            found.excess.append(sum(passing) / len(passing) - request.epsilon)
    return found


def _display(
    request: CalibrationRequest, fit: Sequence[Pair], sign: float
) -> tuple[tuple[float, float], ...]:
    curve = display_curve([p.metric for p in fit], [p.human for p in fit], request.scale)
    return tuple(sorted((sign * x, y) for x, y in curve))


def _ranked(held_out: Sequence[Pair]) -> RankAgreement | None:
    return rank_agreement(
        [p.metric for p in held_out], [p.human for p in held_out], [p.family for p in held_out]
    )


def total_epsilon(calibration: Calibration) -> float | None:
    """Epsilon with the worst error of an offer that was left out; None where none could be.

    Calibrations do not carry over to other models by themselves: a pool of good offers would
    vouch for a bad one. The excess seen when each was left out is the price of trusting it.
    """
    worst = calibration.worst_leave_one_model_out
    return None if worst is None else calibration.epsilon + max(0.0, worst)


def total_max_fail(max_fail: float, epsilon: float) -> float:
    """Metric fails tolerated so that people's fails stay within ``max_fail``.

    P(human < t) <= P(metric fails) + epsilon P(metric passes), so at most
    ``(max_fail - epsilon) / (1 - epsilon)`` of the outputs may fail the metric.

    Examples
    --------
    >>> round(total_max_fail(0.25, 0.1), 4)
    0.1667
    """
    return (max_fail - epsilon) / (1.0 - epsilon)
