"""The rate of a mixture: known shares of strata, a counted rate in each.

Which offer serves how many requests is known exactly; how often it fails there was counted. It
knows nothing of offers or requests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qfloor.stats.binomial import clopper_pearson


@dataclass(frozen=True, kw_only=True)
class MixtureRate:
    """A rate with its interval, and what it was computed from."""

    rate: float
    low: float
    high: float
    confidence: float
    strata: int


def mixture_rate(
    weights: Sequence[float],
    fails: Sequence[float],
    trials: Sequence[float],
    confidence: float = 0.95,
) -> MixtureRate | None:
    """Rate of fails of a mixture of independently counted strata, with a two-sided interval.

    Parameters
    ----------
    weights : sequence of float
        How much of the mixture each stratum is; they need not add up to one.
    fails, trials : sequence of float
        Counted in each stratum; may be real (effective counts).
    confidence : float
        Two-sided level.

    Returns
    -------
    MixtureRate or None
        None when nothing has any weight.

    Raises
    ------
    ValueError
        If lengths differ, a weight is negative, or counts are out of range.

    Notes
    -----
    Variances are recovered from each stratum's Clopper-Pearson limits (MOVER): the lower limit
    is ``p - sqrt(sum w^2 (p_i - l_i)^2)``, the upper one likewise. One stratum gives
    Clopper-Pearson back. Strata are taken as independent.

    References
    ----------
    Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702.

    Examples
    --------
    >>> found = mixture_rate([0.4, 0.6], [2, 9], [60, 60])
    >>> print(f"{found.rate:.3f} [{found.low:.3f}, {found.high:.3f}]")
    0.103 [0.054, 0.180]
    """
    if not len(weights) == len(fails) == len(trials):
        raise ValueError("weights, fails and trials must have the same length.")
    if any(w < 0 or not math.isfinite(w) for w in weights):
        raise ValueError("weights must be finite and not negative.")
    whole = math.fsum(weights)
    if whole <= 0:
        return None
    rate = below = above = 0.0
    counted = [row for row in zip(weights, fails, trials, strict=True) if row[0] > 0]
    for weight, k, n in counted:
        low, high = clopper_pearson(k, n, confidence)
        share, p = weight / whole, k / n
        rate += share * p
        below += (share * (p - low)) ** 2
        above += (share * (high - p)) ** 2
    return MixtureRate(
        rate=rate,
        low=max(0.0, rate - math.sqrt(below)),
        high=min(1.0, rate + math.sqrt(above)),
        confidence=confidence,
        strata=len(counted),
    )
