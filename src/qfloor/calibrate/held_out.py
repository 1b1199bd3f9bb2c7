"""How far a metric's order agrees with people's, on prompts it was not fitted on.

Rank correlation, because a metric need not share the ratings' unit; with an interval over
prompts, because ratings of one prompt are alike and there are never many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

FEWEST_PROMPTS = 8
RESAMPLES = 400
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class RankAgreement:
    """Spearman's rank correlation of metric and ratings, with a cluster-bootstrap interval."""

    correlation: float
    lo: float
    hi: float
    n_prompts: int
    n_ratings: int


def rank_agreement(
    metric: ArrayLike, human: ArrayLike, families: Sequence[str], *, seed: int = 0
) -> RankAgreement | None:
    """Rank correlation between a metric and ratings, with a 95 % interval over prompts.

    Parameters
    ----------
    metric, human : array_like, shape (ratings,)
        Higher is better in both.
    families : sequence of str, shape (ratings,)
        Prompt family of each rating: what is resampled.
    seed : int
        Of the resampling.

    Returns
    -------
    RankAgreement or None
        None with fewer than `FEWEST_PROMPTS` prompts, or where one of the two never varies: then
        there is no correlation to speak of.

    Notes
    -----
    Percentile bootstrap over prompts, `RESAMPLES` draws. Resamples in which one of the two does
    not vary are left out.

    Examples
    --------
    >>> x = np.arange(40.0)
    >>> found = rank_agreement(x, np.sqrt(x), [f"p{i}" for i in range(40)])
    >>> print(f"{found.correlation:.2f} {found.lo:.2f} {found.n_prompts}")
    1.00 1.00 40
    """
    x, y = np.asarray(metric, dtype=np.float64), np.asarray(human, dtype=np.float64)
    codes = np.unique(np.asarray(families), return_inverse=True)[1]
    n = int(codes.max()) + 1 if codes.size else 0
    if n < FEWEST_PROMPTS or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return None
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([rows[i] for i in rng.integers(0, n, n)])
        if np.ptp(x[chosen]) > 0.0 and np.ptp(y[chosen]) > 0.0:
            drawn.append(_spearman(x[chosen], y[chosen]))
    tail = (1.0 - CONFIDENCE) / 2.0
    lo, hi = np.quantile(drawn, [tail, 1.0 - tail])
    return RankAgreement(
        correlation=_spearman(x, y),
        lo=float(lo),
        hi=float(hi),
        n_prompts=n,
        n_ratings=int(x.size),
    )


def _spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    a, b = scipy_stats.rankdata(x), scipy_stats.rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))
