"""Intervals by drawing whole prompts again: for numbers about raters, never for verdicts.

Ratings of one prompt are alike, so prompts are drawn, not ratings. What is drawn is a count for
every cluster; statistics that are sums over clusters are then one matrix product for all draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.agreement import (
    Level,
    alpha_of_coincidences,
    by_slot,
    krippendorff_alpha,
)

FloatArray = NDArray[np.float64]

RESAMPLES = 999
FEWEST_CLUSTERS = 5
"""With fewer prompts an interval of this kind says nothing."""

_FEW_VALUES = 5
_MOST_CELLS = 20_000_000  # of the draws x values x values table, 160 MB


@dataclass(frozen=True, kw_only=True)
class ResampledInterval:
    """A number with its percentile interval over resampled clusters.

    ``low`` and ``high`` are None with fewer than `FEWEST_CLUSTERS` clusters, or where most draws
    leave the number undefined.
    """

    value: float
    low: float | None
    high: float | None
    confidence: float
    n_clusters: int
    n_resamples: int


def cluster_counts(
    n_clusters: int, rng: np.random.Generator, n_resamples: int = RESAMPLES
) -> FloatArray:
    """Draw how often each cluster is taken, for every resample.

    Parameters
    ----------
    n_clusters : int
    rng : numpy.random.Generator
    n_resamples : int

    Returns
    -------
    ndarray, shape (n_resamples, n_clusters)
        Whole numbers whose rows add up to ``n_clusters``.

    Examples
    --------
    >>> cluster_counts(4, np.random.default_rng(0), 3).sum(axis=1).tolist()
    [4.0, 4.0, 4.0]
    """
    even = np.full(n_clusters, 1.0 / n_clusters)
    return rng.multinomial(n_clusters, even, size=n_resamples).astype(np.float64)


def interval_of(
    value: float, draws: Sequence[float | None] | FloatArray, n_clusters: int, confidence: float
) -> ResampledInterval:
    """Make an interval of a number and its values over resamples, None where undefined."""
    defined = np.array([d for d in draws if d is not None and np.isfinite(d)], dtype=np.float64)
    enough = n_clusters >= FEWEST_CLUSTERS and 2 * defined.size > len(draws)
    tail = (1.0 - confidence) / 2.0
    ends = np.quantile(defined, [tail, 1.0 - tail]) if enough else (None, None)
    low, high = (None if e is None else float(e) for e in ends)
    return ResampledInterval(
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        n_clusters=n_clusters,
        n_resamples=len(draws),
    )


def krippendorff_alpha_interval(
    values: ArrayLike,
    units: Sequence[Hashable] | ArrayLike,
    clusters: Sequence[Hashable] | ArrayLike,
    rng: np.random.Generator,
    *,
    level: Level = "interval",
    confidence: float = 0.95,
    n_resamples: int = RESAMPLES,
) -> ResampledInterval | None:
    """Krippendorff's alpha with an interval over resampled clusters.

    Parameters
    ----------
    values : array_like, shape (ratings,)
        Finite ratings.
    units : sequence, shape (ratings,)
        Label of the unit (output) each rating is of.
    clusters : sequence, shape (ratings,)
        Label of the cluster (prompt) of each; a unit lies in one cluster.
    rng : numpy.random.Generator
    level : {"nominal", "ordinal", "interval", "ratio"}
    confidence : float
        Two-sided, in (0, 1).
    n_resamples : int

    Returns
    -------
    ResampledInterval or None
        None where alpha itself is undefined (see `krippendorff_alpha`).

    Raises
    ------
    ValueError
        If lists differ in length, a value is not finite, the level is unknown, or ``confidence``
        is out of range.

    References
    ----------
    Hayes and Krippendorff, Communication Methods and Measures 1 (2007) 77-89 (bootstrap of
    alpha); clusters as in Field and Welsh, JRSS B 69 (2007) 369-390.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> quality = rng.integers(1, 6, 60)
    >>> ratings = np.clip(quality[:, None] + rng.integers(-1, 2, (60, 3)), 1, 5)
    >>> unit = np.repeat(np.arange(60), 3)
    >>> found = krippendorff_alpha_interval(ratings.ravel(), unit, unit // 2, rng)
    >>> found.low < found.value < found.high, found.n_clusters
    (True, 30)
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence!r}.")
    x = np.asarray(values, dtype=np.float64)
    unit = np.unique(np.asarray(units), return_inverse=True)[1]
    cluster = np.unique(np.asarray(clusters), return_inverse=True)[1]
    if x.ndim != 1 or unit.shape != x.shape or cluster.shape != x.shape:
        raise ValueError("values, units and clusters must be lists of the same length.")
    if not np.all(np.isfinite(x)):
        raise ValueError("values must be finite.")
    alpha = krippendorff_alpha(by_slot(x, unit), level)
    if alpha is None:
        return None
    paired = np.bincount(unit)[unit] >= 2
    scale, code = np.unique(x[paired], return_inverse=True)
    cluster = np.unique(cluster[paired], return_inverse=True)[1]
    n_clusters = int(cluster.max()) + 1
    together = _coincidences(code, np.unique(unit[paired], return_inverse=True)[1], cluster)
    taken = cluster_counts(n_clusters, rng, n_resamples)
    flat = together.reshape(n_clusters, -1)
    size = max(1, _MOST_CELLS // flat.shape[1])
    draws: list[float | None] = []
    for start in range(0, n_resamples, size):
        tables = (taken[start : start + size] @ flat).reshape(-1, scale.size, scale.size)
        draws += [alpha_of_coincidences(table, scale, level) for table in tables]
    return interval_of(alpha, draws, n_clusters, confidence)


def mean_interval(
    values: ArrayLike,
    clusters: Sequence[Hashable] | ArrayLike,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    n_resamples: int = RESAMPLES,
) -> ResampledInterval:
    """Mean of values with an interval over resampled clusters.

    Parameters
    ----------
    values : array_like, shape (n,)
        At least one finite value.
    clusters : sequence, shape (n,)
    rng, confidence, n_resamples
        As in `krippendorff_alpha_interval`.

    Returns
    -------
    ResampledInterval
        Its value is the plain mean of ``values``, in their unit.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or the lists differ in length.

    Examples
    --------
    >>> mean_interval([1, 2, 3, 4, 5, 6], list("abcdef"), np.random.default_rng(0)).value
    3.5
    """
    x = np.asarray(values, dtype=np.float64)
    cluster = np.unique(np.asarray(clusters), return_inverse=True)[1]
    if x.ndim != 1 or not x.size or cluster.shape != x.shape or not np.all(np.isfinite(x)):
        raise ValueError("values must be finite, at least one, with a cluster each.")
    sums, sizes = np.bincount(cluster, weights=x), np.bincount(cluster)
    taken = cluster_counts(sizes.size, rng, n_resamples)
    return interval_of(float(x.mean()), taken @ sums / (taken @ sizes), sizes.size, confidence)


def _coincidences(
    code: NDArray[np.intp], unit: NDArray[np.intp], cluster: NDArray[np.intp]
) -> FloatArray:
    """Coincidence matrix of each cluster: pairs within units, each unit weighing ``1/(m - 1)``."""
    n_values, n_units = int(code.max()) + 1, int(unit.max()) + 1
    counts = np.zeros((n_units, n_values))
    np.add.at(counts, (unit, code), 1.0)
    shares = counts / (counts.sum(axis=1) - 1.0)[:, None]
    of_unit = np.zeros(n_units, dtype=np.intp)
    of_unit[unit] = cluster
    together = np.zeros((int(cluster.max()) + 1, n_values, n_values))
    if n_values <= _FEW_VALUES:  # all units at once: votes on many pairs have three values
        each = counts[:, :, None] * shares[:, None, :]
        diagonal = np.arange(n_values)
        each[:, diagonal, diagonal] -= shares
        np.add.at(together, of_unit, each)
        return together
    for u in range(n_units):
        seen = np.flatnonzero(counts[u])
        pairs = np.outer(counts[u, seen], shares[u, seen])
        pairs[np.diag_indices(seen.size)] -= shares[u, seen]
        together[of_unit[u]][np.ix_(seen, seen)] += pairs
    return together
