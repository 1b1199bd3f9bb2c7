"""How much of a difference people see, over random prompts *and* random raters.

Each vote is for one arm, for the other, or for neither ("no visible difference"). Where nobody
may say neither, choices are forced and the binomial is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qfloor.stats.binomial import check_share, clopper_pearson_upper
from qfloor.stats.clusters import check_confidence, effective_size
from qfloor.stats.crossing import (
    Crossing,
    Estimate,
    FloatArray,
    checked_values,
    estimate,
    weighted_mean,
)
from qfloor.stats.discrimination import difference_p_value, similarity_p_value
from qfloor.stats.paired_shares import paired_difference_p_value, paired_difference_upper
from qfloor.stats.two_way_shares import plain_size

ENOUGH_CHOICES = 100
"""Effective votes for either arm from which on Student's interval of their difference is used."""

Bounds = tuple[float | None, float | None, float | None, float | None, float | None]
"""Low, high, one-sided upper; p-values of "similar" and "different"."""


@dataclass(frozen=True, kw_only=True)
class Discriminability:
    """How much of a difference people see: share for one arm less share for the other.

    ``net`` holds the difference, its score interval and its upper bound. ``p_similar`` belongs
    to "the difference is at least ``pd0``", ``p_different`` to "there is none".
    """

    net: Estimate
    pd0: float
    p_similar: float | None
    p_different: float | None
    standard_error: float | None

    @property
    def pd(self) -> float:
        """Discriminability: the net difference, and 0 where it is negative."""
        return max(0.0, self.net.value)

    def similar(self, alpha: float) -> bool:
        """Whether a discriminability of ``pd0`` is ruled out at this level."""
        return self.p_similar is not None and self.p_similar <= alpha


def two_way_discriminability(
    choices: ArrayLike, crossed: Crossing, pd0: float, confidence: float = 0.95
) -> Discriminability:
    """Net share of votes for an arm, with a similarity test, over prompts and raters.

    Parameters
    ----------
    choices : array_like, shape (votes,)
        +1 for the arm that is said to be better, -1 for the other, 0 for neither.
    crossed : Crossing
    pd0 : float
        Difference that would matter, strictly between 0 and 1.
    confidence : float
        Strictly between 0.5 and 1.

    Returns
    -------
    Discriminability
        Without any 0 choices are forced, and the exact binomial of correct choices decides, at
        ``n*`` votes. Otherwise Student's interval of the mean choice; where fewer than
        `ENOUGH_CHOICES` chose a side, Tango's score interval of paired shares, at ``n*`` votes.

    Raises
    ------
    ValueError
        If a choice is none of the three, or an argument is out of range.

    Examples
    --------
    >>> from qfloor.stats.crossing import crossing
    >>> choices = np.repeat([1, -1, 0], [540, 180, 11_280])
    >>> found = two_way_discriminability(choices, crossing(range(12_000), range(12_000)), 0.05)
    >>> print(f"{found.net.value:.4f} {found.net.low:.4f} {found.net.high:.4f}")
    0.0300 0.0257 0.0343
    """
    alpha = check_confidence(confidence)
    check_share("pd0", pd0)
    x = checked_values(choices, crossed)
    if not np.all(np.isin(x, (-1.0, 0.0, 1.0))):
        raise ValueError("choices must be +1, -1 or 0.")
    net, seen = weighted_mean(x, crossed), weighted_mean(np.abs(x), crossed)
    n_star = _effective_net(net, seen, x, crossed, alpha / 2.0)
    forced = bool(np.all(x != 0.0))
    ends: Bounds
    if n_star <= 0.0:
        ends = (None, None, None, None, None)
    elif not forced and seen * n_star >= ENOUGH_CHOICES:
        variance = (seen - net**2) / n_star if crossed.independent else crossed.variance(x - net)
        df = math.inf if crossed.independent else crossed.df
        ends = _normal(net, math.sqrt(variance), df, pd0, alpha)
    else:
        chosen = (seen + net) / 2.0 * n_star, (seen - net) / 2.0 * n_star
        ends = (_forced if forced else _scored)(*chosen, n_star, pd0, alpha)
    error = None if n_star <= 0.0 else math.sqrt(max(seen - net**2, 0.0) / n_star)
    return Discriminability(
        net=estimate(net, *ends[:3], n_star, crossed, confidence),
        pd0=pd0,
        p_similar=ends[3],
        p_different=ends[4],
        standard_error=error,
    )


def _forced(first: float, second: float, n: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of forced choices: exact, at an effective number of votes."""
    first, second = min(first, n), min(second, n)
    half = alpha / 2.0
    return (
        1.0 - 2.0 * clopper_pearson_upper(second, n, half),
        2.0 * clopper_pearson_upper(first, n, half) - 1.0,
        2.0 * clopper_pearson_upper(first, n, alpha) - 1.0,
        similarity_p_value(first, n, pd0),
        difference_p_value(first, n),
    )


def _normal(net: float, error: float, df: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of a mean choice: Student's, or the normal's with infinite ``df``."""
    both, one = (float(special.stdtrit(df, 1.0 - a)) * error for a in (alpha / 2.0, alpha))
    similar, different = (float(special.stdtr(df, z / error)) for z in (net - pd0, -net))
    return net - both, net + both, net + one, similar, different


def _scored(first: float, second: float, n: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of choices with a way out: Tango's score, at an effective number."""
    half = alpha / 2.0
    return (
        -paired_difference_upper(second, first, n, half),
        paired_difference_upper(first, second, n, half),
        paired_difference_upper(first, second, n, alpha),
        paired_difference_p_value(first, second, n, pd0),
        paired_difference_p_value(second, first, n, 0.0),
    )


def _effective_net(
    net: float, seen: float, x: FloatArray, crossed: Crossing, alpha: float
) -> float:
    """Votes that are worth what clustered ones are, for a difference of paired shares."""
    if crossed.independent:
        return plain_size(crossed)
    plain = seen - net**2
    if plain <= 1e-15:  # all chose alike: it says as much as there are prompts
        return effective_size(0.0, 0.0, x.size, crossed.clusters, crossed.df, alpha)
    variance = crossed.variance(x - net)
    factor = effective_size(0.5, 0.25 / x.size, x.size, crossed.clusters, crossed.df, alpha)
    return min(float(x.size), plain / variance * factor / x.size) if variance > 0 else factor
