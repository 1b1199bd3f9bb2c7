"""Which thresholds an offer clears: one function behind the verdict and the number, ``q25_lo``.

"The q-quantile is at least t" means that at most a share q falls strictly below t, so every
statement here is a bound of a fail rate. ``certified_to`` is the largest threshold that can be
certified, and a verdict is a comparison with it: number and verdict cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from qfloor.stats.binomial import check_share, max_fails
from qfloor.stats.clusters import check_confidence
from qfloor.stats.fail_groups import BoolArray, FloatArray
from qfloor.stats.fail_path import FailPath, build_path
from qfloor.stats.fail_rules import Rule, exact_bound, n_passing, p_value, rule_of, upper_bound
from qfloor.stats.quantiles import check_scores, finite_or_none

FailBound = Callable[[BoolArray], float]
"""Upper bound of P(fail) from fails in the order of the scores; called on the complement too."""

Clears = Literal["certified", "rejected", "undecided"]


@dataclass(frozen=True, kw_only=True)
class ThresholdLimits:
    """Between which thresholds the data cannot decide.

    ``certified_to`` is the largest threshold that is certified (None: nothing is);
    ``rejected_above`` the largest that is *not* rejected (None: nothing is rejected; ``-inf``:
    everything is). The rest echoes the inputs.
    """

    certified_to: float | None
    rejected_above: float | None
    alpha: float
    max_fail: float
    bound: str

    def verdict(self, threshold: float) -> Clears:
        """Return the verdict at a finite threshold."""
        if not math.isfinite(threshold):
            raise ValueError(f"threshold must be finite, got {threshold!r}.")
        if self.certified_to is not None and threshold <= self.certified_to:
            return "certified"
        if self.rejected_above is not None and threshold > self.rejected_above:
            return "rejected"
        return "undecided"


@dataclass(frozen=True, kw_only=True)
class FailRateBounds:
    """One-sided bounds of P(score < threshold), each at ``1 - alpha``, monotone in the threshold.

    ``design_effect`` and ``n_star`` are Korn-Graubard's at this threshold; ``bound`` names the
    rule that decided (``one_repeat`` and ``every_repeat`` are exact); ``upper_one_repeat`` is the
    exact bound of one output a prompt, whichever decided.
    """

    threshold: float
    fail_rate: float
    lower: float
    upper: float
    upper_one_repeat: float
    design_effect: float
    n_star: float
    n_prompts: int
    n_outputs: int
    alpha: float
    bound: str


def threshold_limits(
    scores: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    *,
    alpha: float = 0.05,
    max_fail: float = 0.25,
    bound: Rule | FailBound = "auto",
    first: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    raters: Sequence[Hashable] | ArrayLike | None = None,
) -> ThresholdLimits:
    """Largest certified and largest not rejected threshold; the verdict at every threshold.

    Parameters
    ----------
    scores : array_like, shape (outputs,)
        Scores, higher is better; ``-inf`` marks an output that failed outright (refused, blank,
        not scorable): a fail at every threshold.
    prompts : sequence, shape (outputs,), optional
        Label of the prompt (family) of each output: the clusters. Without it every output is a
        prompt of its own.
    alpha : float
        One-sided error probability, in (0, 0.5); each side gets all of it.
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1 (0.25: the lower quartile).
    bound : {"auto", "korn_graubard", "one_repeat", "every_repeat", "both"} or callable
        ``auto``: exact at one output a prompt; with repeats Korn-Graubard, joined by the exact
        bound of every repeat (the stricter counts) and, below 15 prompts, by
        that of one repeat; below alpha 0.01 the exact bound of every repeat alone (joined, with
        raters). ``both``: joined at every level. A callable maps fails (bool, in the order of the
        scores) to an upper bound of P(fail) and is tried at every threshold; weights and raters
        are its own business.
    first : array_like of bool, shape (outputs,), optional
        Which output stands for its prompt in the exact bound of one repeat, one each, chosen
        without looking at scores. By default the first row of each prompt: pass rows in the order
        of repeats. With weights at most one each: exact bounds count prompts alike, so they hold
        only if prompts were thinned to the weights' mix by chance.
    weights : array_like, shape (outputs,), optional
        Positive weights of the outputs, e.g. a traffic mix; see `clusters.korn_graubard`.
    raters : sequence, shape (outputs,), optional
        Who gave each score: then raters too are random, and enter the variance (`two_way`).

    Returns
    -------
    ThresholdLimits
        In the unit of the scores.

    Raises
    ------
    ValueError
        If scores are missing, NaN or ``+inf``, labels do not fit, or a level is out of range.

    Notes
    -----
    Korn-Graubard is not monotone in the fails, so a threshold passes only if all lower ones do
    (``U(t) = max of U(s) over s <= t``), and no bound is below Clopper-Pearson of no fail in as
    many prompts. Thresholds nest, so one alpha covers all of them.

    Examples
    --------
    >>> limits = threshold_limits(range(100))
    >>> limits.certified_to, limits.rejected_above
    (17.0, 32.0)
    >>> [limits.verdict(t) for t in (17, 18, 33)]
    ['certified', 'undecided', 'rejected']
    """
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, got {alpha!r}.")
    check_share("max_fail", max_fail)
    if callable(bound):
        low, high = _limits_by_trial(check_scores(scores), max_fail, bound)
    elif prompts is None and weights is None and raters is None:
        low, high = _limits_exact(check_scores(scores), alpha, max_fail)
    else:
        path = build_path(scores, prompts, first, weights=weights, raters=raters)
        return path_limits(path, alpha=alpha, max_fail=max_fail, rule=bound)
    decides = "callable" if callable(bound) else "one_repeat"
    return ThresholdLimits(
        certified_to=low, rejected_above=high, alpha=alpha, max_fail=max_fail, bound=decides
    )


def path_limits(
    path: FailPath, *, alpha: float, max_fail: float, rule: Rule = "auto"
) -> ThresholdLimits:
    """`threshold_limits` of a cell whose fails were counted before (`build_path`)."""
    low = path_certified_to(path, alpha=alpha, max_fail=max_fail, rule=rule)
    trail = n_passing(path, alpha, 1.0 - max_fail, rule, mirror=True)
    return ThresholdLimits(
        certified_to=low,
        rejected_above=_from_above(path.threshold, path.at.size - 1, trail),
        alpha=alpha,
        max_fail=max_fail,
        bound=rule_of(path, alpha, rule)[0],
    )


def path_certified_to(
    path: FailPath, *, alpha: float, max_fail: float, rule: Rule = "auto"
) -> float | None:
    """The one of `path_limits` that certifies."""
    lead = n_passing(path, alpha, max_fail, rule, mirror=False)
    return _from_below(path.threshold, path.at.size - 1, lead)


def lower_bound(
    scores: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    *,
    alpha: float = 0.05,
    max_fail: float = 0.25,
    bound: Rule | FailBound = "auto",
    first: ArrayLike | None = None,
) -> float | None:
    """Largest threshold that can be certified, or None; see `threshold_limits`.

    Examples
    --------
    >>> lower_bound(range(100), max_fail=0.1, alpha=0.05)
    4.0
    >>> lower_bound(range(100), max_fail=0.1, alpha=0.05 / 280) is None
    False
    """
    limits = threshold_limits(
        scores, prompts, alpha=alpha, max_fail=max_fail, bound=bound, first=first
    )
    return limits.certified_to


def q25_lower_bound(
    scores: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    first: ArrayLike | None = None,
) -> float | None:
    """Lower confidence bound of the lower quartile: the largest certifiable threshold.

    Parameters, errors and notes are those of `threshold_limits` with ``max_fail`` 0.25;
    ``confidence`` is one-sided, strictly between 0.5 and 1.

    Returns
    -------
    float or None
        An observed score; None when nothing can be certified (fewer than 11 prompts at 95 %, or
        the bound falls on an output that failed outright).

    Examples
    --------
    >>> q25_lower_bound(range(100))
    17.0
    >>> q25_lower_bound(range(10)) is None
    True
    """
    return lower_bound(scores, prompts, alpha=check_confidence(confidence), first=first)


def fail_rate_bounds(
    scores: ArrayLike,
    threshold: float,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    *,
    alpha: float = 0.05,
    bound: Rule = "auto",
    first: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    raters: Sequence[Hashable] | ArrayLike | None = None,
) -> FailRateBounds:
    """Bounds of P(score < threshold) to print beside a verdict.

    Parameters, errors and rules are those of `threshold_limits`; ``threshold`` is finite. The
    verdict itself comes from there: ``upper <= max_fail`` says the same up to rounding.

    Returns
    -------
    FailRateBounds
        Rates in [0, 1].

    Examples
    --------
    >>> bounds = fail_rate_bounds(range(100), 17)
    >>> print(f"{bounds.fail_rate:.2f} {bounds.lower:.4f} {bounds.upper:.4f}")
    0.17 0.1113 0.2440
    """
    if not math.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold!r}.")
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, got {alpha!r}.")
    path = build_path(scores, prompts, first, weights=weights, raters=raters)
    return path_bounds(path, threshold, alpha=alpha, rule=bound)


def path_bounds(
    path: FailPath, threshold: float, *, alpha: float, rule: Rule = "auto"
) -> FailRateBounds:
    """`fail_rate_bounds` of a cell whose fails were counted before (`build_path`)."""
    at = path.step(threshold)
    n_effective, n_star = path.worth(at, alpha)
    return FailRateBounds(
        threshold=float(threshold),
        fail_rate=float(path.p[at]),
        lower=1.0 - upper_bound(path, at, alpha, rule, mirror=True),
        upper=upper_bound(path, at, alpha, rule, mirror=False),
        upper_one_repeat=exact_bound(path, at, alpha, mirror=False),
        design_effect=1.0 if path.exact else path.n_outputs / n_effective,
        n_star=n_star,
        n_prompts=path.n_prompts,
        n_outputs=path.n_outputs,
        alpha=alpha,
        bound=rule_of(path, alpha, rule)[0],
    )


def path_upper(path: FailPath, threshold: float, *, alpha: float, rule: Rule = "auto") -> float:
    """The upper one of `path_bounds` alone."""
    return upper_bound(path, path.step(threshold), alpha, rule, mirror=False)


def path_lower(path: FailPath, threshold: float, *, alpha: float, rule: Rule = "auto") -> float:
    """The lower one of `path_bounds` alone."""
    return 1.0 - upper_bound(path, path.step(threshold), alpha, rule, mirror=True)


def certification_p_value(
    scores: ArrayLike,
    threshold: float,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    *,
    max_fail: float = 0.25,
    bound: Rule = "auto",
    first: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    raters: Sequence[Hashable] | ArrayLike | None = None,
) -> float:
    """Smallest level at which a threshold is certified, at it and at every level above.

    Parameters, errors and rules are those of `threshold_limits`; ``threshold`` is finite.

    Returns
    -------
    float
        In [0, 1]: the threshold is certified at ``alpha`` where this is at most ``alpha``; for
        ``auto`` at alpha .01 and above, below which another rule decides. 1 when it is certified
        at no level below one half.

    Examples
    --------
    >>> print(f"{certification_p_value([0] * 9 + [1] * 41, 1):.4f}")
    0.1637
    """
    if not math.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold!r}.")
    path = build_path(scores, prompts, first, weights=weights, raters=raters)
    return p_value(path, threshold, max_fail, bound)


def _limits_exact(
    scores: FloatArray, alpha: float, max_fail: float
) -> tuple[float | None, float | None]:
    """One output a prompt: both limits are order statistics."""
    ordered, n = np.sort(scores), scores.size
    most, most_fine = max_fails(n, alpha, max_fail), max_fails(n, alpha, 1.0 - max_fail)
    low = None if most is None else finite_or_none(ordered[most])
    high = None if most_fine is None else float(ordered[n - most_fine - 1])
    return low, high


def _from_below(nth: Callable[[int], float], n: int, passing: int) -> float | None:
    """The last threshold of so many steps from the lowest of ``n`` on; the last step has none."""
    passing = min(passing, n)
    return nth(passing - 1) if passing else None


def _from_above(nth: Callable[[int], float], n: int, passing: int) -> float | None:
    """The threshold below so many steps from the highest on; ``-inf`` below all of them."""
    if passing == 0:
        return None
    first = n + 1 - passing
    return nth(first - 1) if first else -math.inf


def _limits_by_trial(
    scores: FloatArray, max_fail: float, bound: FailBound
) -> tuple[float | None, float | None]:
    """Limits by calling a bound at one threshold after the other until it says no."""
    thresholds = np.unique(scores[np.isfinite(scores)])
    certified = rejected = 0
    for threshold in thresholds:
        if bound(scores < threshold) > max_fail:
            break
        certified += 1
    for fine in (scores >= t for t in [math.inf, *thresholds[::-1]]):
        if bound(fine) > 1.0 - max_fail:
            break
        rejected += 1
    nth, n = thresholds.item, thresholds.size
    return _from_below(nth, n, certified), _from_above(nth, n, rejected)
