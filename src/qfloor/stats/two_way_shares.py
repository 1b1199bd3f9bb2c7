"""Shares and means of votes over random prompts *and* random raters, with intervals.

Where every rater and every prompt comes once, Clopper-Pearson is exact and is used; otherwise
both enter the variance (as in `two_way`, whose one-sided bound of a fail rate this widens to
intervals, weights and means).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qfloor.stats.binomial import clopper_pearson_lower, clopper_pearson_upper
from qfloor.stats.clusters import check_confidence, effective, effective_size
from qfloor.stats.crossing import (
    Crossing,
    Estimate,
    FloatArray,
    checked_values,
    estimate,
    weighted_mean,
)
from qfloor.stats.rater_parts import with_raters
from qfloor.stats.two_way import severity_ratio, upper_with_raters


def two_way_share(chosen: ArrayLike, crossed: Crossing, confidence: float = 0.95) -> Estimate:
    """Share of votes of which something holds.

    Parameters
    ----------
    chosen : array_like of bool, shape (votes,)
    crossed : Crossing
    confidence : float
        Strictly between 0.5 and 1.

    Returns
    -------
    Estimate
        In [0, 1]. Clopper-Pearson of the votes where all are independent and weigh the same, of
        the effective number of votes ``n*`` otherwise (see `two_way.korn_graubard_ratings`): each
        end is the share at which it meets its level when raters add what they would there.

    Raises
    ------
    ValueError
        If the lists differ in length or the level is out of range.

    Examples
    --------
    >>> from qfloor.stats.crossing import crossing
    >>> votes = crossing(np.arange(12_000), np.arange(12_000))
    >>> share = two_way_share(np.arange(12_000) < 360, votes)
    >>> print(f"{share.value:.4f} {share.low:.4f} {share.high:.4f} {share.upper:.4f}")
    0.0300 0.0270 0.0332 0.0327
    """
    alpha = check_confidence(confidence)
    y = checked_values(chosen, crossed)
    p = weighted_mean(y, crossed)
    size = _sizes(p, y - p, crossed, alpha / 2.0)
    n_star = size(p)
    known = n_star > 0.0
    floor = clopper_pearson_upper(0, crossed.clusters, alpha / 2.0)  # what no vote at all rules out
    k = min(p * n_star, n_star)
    low = min(clopper_pearson_lower(k, n_star, alpha / 2.0), 1.0 - floor) if known else None
    high = max(clopper_pearson_upper(k, n_star, alpha / 2.0), floor) if known else None
    least = clopper_pearson_upper(0, crossed.clusters, alpha)
    upper = max(clopper_pearson_upper(k, n_star, alpha), least) if known else None
    if low is not None and high is not None and upper is not None and not crossed.independent:
        high = _asked_there(p, alpha / 2.0, high, size)
        upper = _asked_there(p, alpha, upper, size)
        low = 1.0 - _asked_there(1.0 - p, alpha / 2.0, 1.0 - low, lambda rate: size(1.0 - rate))
    return estimate(p, low, high, upper, n_star, crossed, confidence)


def two_way_mean(values: ArrayLike, crossed: Crossing, confidence: float = 0.95) -> Estimate:
    """Weighted mean of finite numbers, with Student's interval over prompts and raters.

    Parameters, returns and errors are those of `two_way_share`; equal numbers have no interval,
    since nothing is known of their spread.

    Examples
    --------
    >>> from qfloor.stats.crossing import crossing
    >>> found = two_way_mean([0.5, 1.5, 0.0, 2.0], crossing(range(4), range(4)))
    >>> print(f"{found.value:.2f} {found.low:.2f} {found.high:.2f}")
    1.00 -0.45 2.45
    """
    alpha = check_confidence(confidence)
    x = checked_values(values, crossed)
    mean = weighted_mean(x, crossed)
    low = high = upper = None
    if crossed.df >= 1 and x.min() < x.max():
        error = math.sqrt(crossed.variance(x - mean))
        both = float(special.stdtrit(crossed.df, 1.0 - alpha / 2.0)) * error
        low, high = mean - both, mean + both
        upper = mean + float(special.stdtrit(crossed.df, 1.0 - alpha)) * error
    return estimate(mean, low, high, upper, float(x.size), crossed, confidence)


def mean_p_value(values: ArrayLike, crossed: Crossing, margin: float) -> float | None:
    """One-sided p-value of "the mean is at least ``margin``"; None where nothing can be said.

    Examples
    --------
    >>> from qfloor.stats.crossing import crossing
    >>> print(f"{mean_p_value([0.1, -0.1, 0.2, 0.0], crossing(range(4), range(4)), 0.5):.4f}")
    0.0030
    """
    if crossed.df < 1:
        return None
    x = checked_values(values, crossed)
    mean = weighted_mean(x, crossed)
    error = math.sqrt(crossed.variance(x - mean))
    if error == 0.0:
        return 0.0 if mean < margin else 1.0
    return float(special.stdtr(crossed.df, (mean - margin) / error))


def plain_size(crossed: Crossing) -> float:
    """Independent votes: all of them, or what unequal weights leave (Kish)."""
    return effective(0.5, 0.25 * float(np.sum(crossed.weight**2)), crossed.prompt.size, 0.0)


def _sizes(
    p: float, residual: FloatArray, crossed: Crossing, alpha: float
) -> Callable[[float], float]:
    """Effective votes when raters add what they would at a true rate, not at the one seen."""
    n, seen = float(residual.size), min(max(p, 0.0), 1.0)
    if crossed.independent:
        return lambda _rate: plain_size(crossed)
    if seen in (0.0, 1.0):
        none = effective_size(seen, 0.0, n, crossed.clusters, crossed.df, alpha)
        return lambda _rate: none
    prompts, more = crossed.parts(residual)

    def size(rate: float) -> float:
        variance = float(with_raters(prompts, more * severity_ratio(seen, rate), seen, n))
        return effective_size(seen, variance, n, crossed.clusters, crossed.df, alpha)

    return size


def _asked_there(p: float, alpha: float, least: float, size: Callable[[float], float]) -> float:
    """End of the interval above p at which raters' part is that of the end (decision 0032)."""
    if not 0.0 < p < 1.0:
        return least
    return float(
        upper_with_raters(
            np.array([p]), alpha, np.array([least]), lambda rate: np.array([size(float(rate[0]))])
        )[0]
    )
