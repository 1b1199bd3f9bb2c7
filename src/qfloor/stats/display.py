"""Bands for plots. Nothing here may decide a verdict.

The percentile bootstrap of a quantile is anti-conservative for few prompts and knows nothing
of repeats; it draws a familiar band and that is all it is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qfloor.stats.binomial import check_share
from qfloor.stats.quantiles import check_scores, finite_or_none


@dataclass(frozen=True, kw_only=True)
class QuantileBand:
    """Percentile bootstrap band of a quantile, for display only.

    ``low``, ``estimate`` and ``high`` are scores, or None where the band falls on a fail
    marker; ``purpose`` is always ``"display"``, so a band can never be taken for a bound.
    """

    low: float | None
    estimate: float | None
    high: float | None
    q: float
    confidence: float
    n: int
    method: str = "percentile bootstrap of the inverted_cdf quantile, closed form"
    purpose: Literal["display"] = "display"


def quantile_band(scores: ArrayLike, q: float = 0.25, confidence: float = 0.95) -> QuantileBand:
    """Percentile bootstrap band of a quantile in closed form: no resampling, no seed.

    Parameters
    ----------
    scores : array_like, shape (n,)
        One independent score a prompt; ``-inf`` marks an output that failed outright.
    q : float
        Quantile, strictly between 0 and 1.
    confidence : float
        Two-sided level, strictly between 0 and 1.

    Returns
    -------
    QuantileBand
        What infinitely many bootstrap resamples would give.

    Raises
    ------
    ValueError
        If scores are missing, NaN or ``+inf``, or a level is out of range.

    Notes
    -----
    The resampled k-th order statistic is ``x_(ceil(n U))`` with ``U ~ Beta(k, n-k+1)`` and
    ``k = ceil(n q)``, because the k-th of ``n`` uniform variates has that law.

    Examples
    --------
    >>> band = quantile_band(range(1, 101))
    >>> band.low, band.estimate, band.high, band.purpose
    (17.0, 25.0, 34.0, 'display')
    """
    ordered = np.sort(check_scores(scores))
    check_share("q", q)
    tail = (1.0 - check_share("confidence", confidence)) / 2.0
    n = ordered.size
    k = max(1, math.ceil(n * q - 1e-9))
    uniform = special.betaincinv(k, n - k + 1, np.array([tail, 1.0 - tail]))
    rank = np.clip(np.ceil(n * uniform).astype(np.int64), 1, n)
    return QuantileBand(
        low=finite_or_none(ordered[rank[0] - 1]),
        estimate=finite_or_none(ordered[k - 1]),
        high=finite_or_none(ordered[rank[1] - 1]),
        q=q,
        confidence=confidence,
        n=n,
    )
