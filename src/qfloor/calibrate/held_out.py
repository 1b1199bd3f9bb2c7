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
MOST_AT_ONCE = 1 << 20
"""Ratings times draws that are held at a time."""


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
    drawn = _resampled(x, y, codes, np.random.default_rng(seed))
    tail = (1.0 - CONFIDENCE) / 2.0
    lo, hi = np.quantile(drawn, [tail, 1.0 - tail])
    return RankAgreement(
        correlation=_spearman(x, y),
        lo=float(lo),
        hi=float(hi),
        n_prompts=n,
        n_ratings=int(x.size),
    )


def _resampled(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    codes: NDArray[np.intp],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Correlations of `RESAMPLES` draws of as many prompts as there are, with repetition.

    A rating of a prompt that was drawn twice counts twice: weights instead of copies, so that all
    draws are ranked at once. Ranks are halves and their sums exact, however they are added.
    """
    n, ranks_x, ranks_y = int(codes.max()) + 1, _Ranks(x), _Ranks(y)
    at_once = max(1, MOST_AT_ONCE // x.size)
    found = []
    for start in range(0, RESAMPLES, at_once):
        draws = range(start, min(start + at_once, RESAMPLES))
        times = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in draws])
        weights = times[:, codes].astype(np.float64)
        found.append(_correlations(ranks_x.centred(weights), ranks_y.centred(weights), weights))
    return np.concatenate(found)


class _Ranks:
    """Mean ranks of numbers that count as often as their weights say."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._order = np.argsort(values, kind="stable")
        self._which = np.unique(values, return_inverse=True)[1]
        self._starts = np.searchsorted(self._which[self._order], np.arange(self._which.max() + 1))

    def centred(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ranks less their mean, by draw and number."""
        counts = np.add.reduceat(weights[:, self._order], self._starts, axis=1)
        last = np.cumsum(counts, axis=1)
        ranks = last - (counts - 1.0) / 2.0
        return (ranks - (last[:, -1:] + 1.0) / 2.0)[:, self._which]


def _correlations(
    a: NDArray[np.float64], b: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Pearson's correlations by draw, without draws in which one of the two does not vary."""
    aa, bb, ab = ((weights * p * q).sum(axis=1) for p, q in ((a, a), (b, b), (a, b)))
    both = (aa > 0.0) & (bb > 0.0)
    found: NDArray[np.float64] = ab[both] / np.sqrt(aa[both] * bb[both])
    return np.clip(found, -1.0, 1.0)


def _spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    a, b = scipy_stats.rankdata(x), scipy_stats.rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))
