"""Quality from biased, noisy raters by ITU-T P.910 Annex E, and whom BT.500 would reject.

A rating is modelled as ``quality of the item + bias of the rater + noise of that rater``. Raters
with much noise count little, none is ever removed. Screening is a report: it says whom BT.500
would leave out and why, and leaves everyone in.

Both know ratings as long lists and nothing of prompts: for intervals resample prompts.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

FEWEST_RATINGS = 3
"""A rater needs this many ratings of shared items before bias and noise can be told apart."""

TINY = 1e-8
"""Added to every rater's variance, as in SUREAL: nobody's word counts infinitely."""

PRIOR_RATINGS = 5.0
"""How many ratings' worth of the panel's noise every rater is credited with."""

OUTSIDE_SHARE, LOPSIDED = 0.05, 0.3
"""BT.500: share of ratings far out above which, and asymmetry below which, a rater is rejected."""

FEWEST_FOR_SCREENING = 5
"""With fewer ratings an item nobody can lie two standard deviations out."""


@dataclass(frozen=True, kw_only=True)
class MosRecovery:
    """Quality of items and character of raters, each in the order of its labels.

    ``quality`` and its standard error ``quality_se`` are in the unit of the ratings; ``bias`` is
    above nought for a lenient rater and averages nought; ``inconsistency`` is the standard
    deviation of a rater's noise. Raters with too few shared items are in ``left_out``.
    """

    items: tuple[Hashable, ...]
    quality: FloatArray
    quality_se: FloatArray
    raters: tuple[Hashable, ...]
    bias: FloatArray
    bias_se: FloatArray
    inconsistency: FloatArray
    left_out: tuple[Hashable, ...]
    n_iterations: int


def recover_mos(
    values: ArrayLike,
    items: Sequence[Hashable] | ArrayLike,
    raters: Sequence[Hashable] | ArrayLike,
    *,
    prior_ratings: float = PRIOR_RATINGS,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
) -> MosRecovery | None:
    """Estimate quality, bias and inconsistency by alternating projection (P.910 Annex E).

    Parameters
    ----------
    values : array_like, shape (ratings,)
        Finite ratings; a rater may rate an item several times.
    items, raters : sequence, shape (ratings,)
        Labels of the item and the rater of each rating.
    prior_ratings : float
        Ratings' worth of the panel's pooled noise that each rater's own is mixed with, not below
        nought; 0 is Annex E to the letter.
    tolerance : float
        Norm of the change of ``quality`` at which the iteration has converged.
    max_iterations : int
        Iterations after which it is an error not to have converged.

    Returns
    -------
    MosRecovery or None
        None when fewer than two raters have `FEWEST_RATINGS` ratings of items that somebody else
        rated too.

    Raises
    ------
    ValueError
        If the lists differ in length, a rating is not finite or the prior is below nought.
    ArithmeticError
        If the iteration does not converge.

    Notes
    -----
    Alternates ``quality_j = sum_i w_i (x_ij - bias_i) / sum_i w_i`` with ``w_i = 1 / v_i``, the
    biases as mean offsets and ``v_i`` as the variance of each rater's residuals. That likelihood
    has no maximum: the quality may follow one rater until that rater's noise vanishes, as it
    did in 167 of 200 panels of 12 with gaps (`tests/stats/test_recovery.py`), which left the
    quality worse than the plain mean. A few ratings' worth of everybody's noise prevents it.

    References
    ----------
    ITU-T P.910 (2023), Annex E; Li, Bampis, Krasula, Janowski and Katsavounidis, "A Simple Model
    for Subject Behavior in Subjective Experiments", HVEI 2020, arXiv 2004.02067.

    Examples
    --------
    >>> scores = [[1, 2, 4], [3, 3, 5], [5, 5, 7], [2, 3, 4]]
    >>> flat = [v for row in scores for v in row]
    >>> found = recover_mos(flat, [i // 3 for i in range(12)], ["a", "b", "c"] * 4)
    >>> found.raters, [round(float(b), 2) for b in found.bias]
    (('a', 'b', 'c'), [-0.92, -0.42, 1.33])
    """
    if not prior_ratings >= 0.0:
        raise ValueError(f"prior_ratings must not be below nought, got {prior_ratings!r}.")
    x, item, rater, item_names, rater_names = _coded(values, items, raters)
    kept, left_out = _shared(item, rater, len(rater_names))
    x, item, rater = x[kept], item[kept], rater[kept]
    used_items, item = np.unique(item, return_inverse=True)
    used_raters, rater = np.unique(rater, return_inverse=True)
    if used_raters.size < 2:
        return None
    quality = _means(x, item)
    bias = _means(x - quality[item], rater)
    n_iterations = 0
    while True:
        n_iterations += 1
        variance = _variances(x - quality[item] - bias[rater], rater, prior_ratings)
        weight = 1.0 / (variance + TINY)
        before, quality = quality, _means(x - bias[rater], item, weight[rater])
        bias = _means(x - quality[item], rater)
        if float(np.linalg.norm(quality - before)) < tolerance:
            break
        if n_iterations == max_iterations:
            raise ArithmeticError(
                f"quality did not settle within {max_iterations} iterations; raters are too few "
                "or hardly share items"
            )
    variance = np.maximum(variance, TINY)
    centre = float(bias.mean())
    return MosRecovery(
        items=tuple(item_names[i] for i in used_items),
        quality=quality + centre,
        quality_se=1.0 / np.sqrt(np.bincount(item, weights=1.0 / variance[rater])),
        raters=tuple(rater_names[r] for r in used_raters),
        bias=bias - centre,
        bias_se=np.sqrt(variance / np.bincount(rater)),
        inconsistency=np.sqrt(variance),
        left_out=tuple(rater_names[r] for r in left_out),
        n_iterations=n_iterations,
    )


@dataclass(frozen=True, kw_only=True)
class Screened:
    """What BT.500 says of one rater: ratings far above and far below the others', and the verdict.

    ``asymmetry`` is ``|above - below| / (above + below)``, None when there is neither. Where
    ``n_ratings`` counts only items that enough people rated, nought of them leaves ``rejected``
    at None: nothing can be said.
    """

    rater: Hashable
    n_ratings: int
    above: int
    below: int
    outside_share: float | None
    asymmetry: float | None
    rejected: bool | None


def bt500_screening(
    values: ArrayLike,
    items: Sequence[Hashable] | ArrayLike,
    raters: Sequence[Hashable] | ArrayLike,
) -> tuple[Screened, ...]:
    """Say whom the screening of ITU-R BT.500 would reject; nobody is removed.

    Parameters
    ----------
    values : array_like, shape (ratings,)
        Finite ratings.
    items, raters : sequence, shape (ratings,)
        Labels of the item and the rater of each rating.

    Returns
    -------
    tuple of Screened
        One for each rater, in the order of the labels.

    Raises
    ------
    ValueError
        If the lists differ in length or a rating is not finite.

    Notes
    -----
    An item's ratings with kurtosis between 2 and 4 pass for normal and reach two standard
    deviations, others ``sqrt(20)``. A rater is rejected with more than 5 % of ratings at or
    beyond, unless nearly all lie on one side (asymmetry 0.3 or more: a bias, not carelessness).
    The largest of ``n`` ratings can lie ``sqrt(n - 1)`` deviations out, so small panels reject
    nobody. Shares are of a rater's own ratings; items whose ratings are all alike say nothing.

    References
    ----------
    ITU-R BT.500-15, A1-2.3.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=(40, 20))
    >>> scores[:, 7] = np.where(np.arange(40) % 2, 2.7, -2.7)
    >>> item, rater = np.indices(scores.shape)
    >>> found = bt500_screening(scores.ravel(), item.ravel(), rater.ravel())
    >>> [screened.rater for screened in found if screened.rejected]
    [7]
    """
    x, item, rater, item_names, rater_names = _coded(values, items, raters)
    n_items, n_raters = len(item_names), len(rater_names)
    mean = _means(x, item)
    off = x - mean[item]
    second = _means(off**2, item)
    telling = (np.bincount(item, minlength=n_items) >= FEWEST_FOR_SCREENING) & (second > 0.0)
    kurtosis = np.where(telling, _means(off**4, item), 0.0) / np.where(telling, second**2, 1.0)
    reach = np.where((kurtosis >= 2.0) & (kurtosis <= 4.0), 2.0, math.sqrt(20.0))
    reach = (reach * np.sqrt(second))[item]
    counted = telling[item]
    counts = [
        np.bincount(rater[counted & mask], minlength=n_raters)
        for mask in (np.ones(x.size, dtype=bool), off >= reach, off <= -reach)
    ]
    return tuple(
        _screened(name, *(int(c[code]) for c in counts)) for code, name in enumerate(rater_names)
    )


def _screened(rater: Hashable, n: int, above: int, below: int) -> Screened:
    far = above + below
    share = far / n if n else None
    asymmetry = abs(above - below) / far if far else None
    careless = share is not None and share > OUTSIDE_SHARE
    return Screened(
        rater=rater,
        n_ratings=n,
        above=above,
        below=below,
        outside_share=share,
        asymmetry=asymmetry,
        rejected=None if not n else careless and asymmetry is not None and asymmetry < LOPSIDED,
    )


def _coded(
    values: ArrayLike,
    items: Sequence[Hashable] | ArrayLike,
    raters: Sequence[Hashable] | ArrayLike,
) -> tuple[FloatArray, Codes, Codes, list[Hashable], list[Hashable]]:
    x = np.asarray(values, dtype=np.float64)
    item_names, item = np.unique(np.asarray(items), return_inverse=True)
    rater_names, rater = np.unique(np.asarray(raters), return_inverse=True)
    if x.ndim != 1 or item.shape != x.shape or rater.shape != x.shape:
        raise ValueError("values, items and raters must be lists of the same length.")
    if not np.all(np.isfinite(x)):
        raise ValueError("ratings must be finite.")
    return x, item, rater, item_names.tolist(), rater_names.tolist()


def _shared(item: Codes, rater: Codes, n_raters: int) -> tuple[NDArray[np.bool_], list[int]]:
    """Keep ratings of items that two or more of the kept raters rated, until nothing changes."""
    kept = np.ones(item.size, dtype=bool)
    while True:
        pairs = np.unique(np.stack([item[kept], rater[kept]]), axis=1)
        raters_of = np.bincount(pairs[0], minlength=int(item.max(initial=0)) + 1)
        now = kept & (raters_of[item] >= 2)
        ratings_of = np.bincount(rater[now], minlength=n_raters)
        now &= ratings_of[rater] >= FEWEST_RATINGS
        if np.array_equal(now, kept):
            break
        kept = now
    used = set(rater[kept].tolist())
    return kept, [r for r in range(n_raters) if r not in used]


def _means(x: FloatArray, group: Codes, weights: FloatArray | None = None) -> FloatArray:
    w = np.ones(x.size) if weights is None else weights
    return np.asarray(np.bincount(group, weights=w * x) / np.bincount(group, weights=w))


def _variances(x: FloatArray, group: Codes, prior_ratings: float) -> FloatArray:
    squares = (x - _means(x, group)[group]) ** 2
    n = np.bincount(group)
    own = np.bincount(group, weights=squares)
    return np.asarray((own + prior_ratings * squares.mean()) / (n + prior_ratings))
