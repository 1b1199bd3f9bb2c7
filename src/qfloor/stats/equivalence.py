"""Are two sets of ratings on one scale? Equivalence of a paired shift, tested both ways.

Not finding a shift is no proof that there is none. Two one-sided tests (TOST) turn the burden
round: ratings may be pooled only when a shift as large as the margin is ruled out.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

FEWEST_CLUSTERS = 5

Equivalence = Literal["equivalent", "shifted", "open", "too few"]


@dataclass(frozen=True, kw_only=True)
class PairedEquivalence:
    """A paired shift with its interval at ``1 - 2 alpha``, and what it says about a margin.

    ``ruling``: ``equivalent`` (the interval lies inside the margin), ``shifted`` (wholly
    outside), ``open`` (neither), or ``too few`` (even no shift at all could not have passed:
    the half-width of the interval is not below the margin).
    """

    shift: float
    low: float | None
    high: float | None
    p_value: float | None
    margin: float
    alpha: float
    n_pairs: int
    n_clusters: int
    ruling: Equivalence

    @property
    def half_width(self) -> float | None:
        """Half the interval: the smallest margin that no shift at all could have met."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2.0


def paired_equivalence(
    differences: ArrayLike,
    clusters: Sequence[Hashable] | ArrayLike,
    margin: float,
    alpha: float = 0.05,
) -> PairedEquivalence:
    """Two one-sided tests that the mean difference lies within the margin, prompts as clusters.

    Parameters
    ----------
    differences : array_like, shape (pairs,)
        Second less first rating of each item.
    clusters : sequence, shape (pairs,)
        Prompt of each item; prompts weigh the same.
    margin : float
        Largest shift that does not matter, above nought, in the unit of the ratings.
    alpha : float
        Level of each of the two tests, in (0, 0.5).

    Returns
    -------
    PairedEquivalence
        ``p_value`` is the larger of the two one-sided ones.

    Raises
    ------
    ValueError
        If there is no difference, one is not finite, or an argument is out of range.

    References
    ----------
    Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680.

    Examples
    --------
    >>> d = [0.1, -0.1, 0.2, 0.0, -0.2, 0.1, 0.0, -0.1, 0.1, 0.0]
    >>> paired_equivalence(d, range(10), margin=0.3).ruling
    'equivalent'
    >>> paired_equivalence(d, range(10), margin=0.05).ruling
    'too few'
    """
    if not (margin > 0.0 and math.isfinite(margin)) or not 0.0 < alpha < 0.5:
        raise ValueError("margin must be above nought and alpha in (0, 0.5).")
    x = np.asarray(differences, dtype=np.float64)
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    if x.ndim != 1 or not x.size or codes.shape != x.shape or not np.all(np.isfinite(x)):
        raise ValueError("differences must be finite, at least one, with a cluster each.")
    means = np.bincount(codes, weights=x) / np.bincount(codes)
    shift, n = float(means.mean()), means.size
    low = high = p_value = None
    if n >= FEWEST_CLUSTERS:
        error = float(means.std(ddof=1)) / math.sqrt(n)
        reach = float(scipy_stats.t.ppf(1.0 - alpha, n - 1)) * error
        low, high = shift - reach, shift + reach
        p_value = _p_value(shift, error, margin, n - 1)
    return PairedEquivalence(
        shift=shift,
        low=low,
        high=high,
        p_value=p_value,
        margin=margin,
        alpha=alpha,
        n_pairs=int(x.size),
        n_clusters=n,
        ruling=_ruling(low, high, margin),
    )


def _p_value(shift: float, error: float, margin: float, df: int) -> float:
    if error == 0.0:
        return 0.0 if abs(shift) < margin else 1.0
    above = scipy_stats.t.sf((shift + margin) / error, df)
    below = scipy_stats.t.cdf((shift - margin) / error, df)
    return float(max(above, below))


def _ruling(low: float | None, high: float | None, margin: float) -> Equivalence:
    if low is None or high is None:
        return "too few"
    if -margin < low and high < margin:
        return "equivalent"
    if low > margin or high < -margin:
        return "shifted"
    return "too few" if (high - low) / 2.0 >= margin else "open"
