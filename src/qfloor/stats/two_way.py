"""Bound of a fail rate over random prompts *and* random raters, when a fail is per rating.

Sharing a handful of raters among all prompts makes ratings alike: with 2-5 of them, ignoring
raters falsely certifies 13-17 % at a nominal 5 %. Here both enter the variance. Under
`FEW_RATERS` the bound is still computed, but stands on so few raters that it should be read as
conditional on this panel; the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.clusters import check_confidence, effective, effective_size, upper_at
from qfloor.stats.rater_parts import CrossedRatings, with_raters

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

FEW_RATERS = 6
"""With fewer raters than this a statement is about this panel, not about raters."""


@dataclass(frozen=True, kw_only=True)
class TwoWayKornGraubard:
    """A two-way Korn-Graubard bound, with the parts of its variance.

    ``variance`` is ``max(prompts + raters - cells, prompts, raters)`` of the three parts, and that
    of ratings apart at least where prompts do not vary (`rater_parts.with_raters`); cells' part is
    what they take off (`rater_parts.cell_prices`), and ``n_raters`` counts heads.
    """

    p: float
    upper: float
    design_effect: float
    n_effective: float
    n_star: float
    n_prompts: int
    n_raters: int
    n_ratings: int
    variance: float
    variance_prompts: float
    variance_raters: float
    variance_cells: float
    conditional_on_panel: bool
    confidence: float


def korn_graubard_two_way(
    fails: ArrayLike, mask: ArrayLike | None = None, confidence: float = 0.95
) -> TwoWayKornGraubard:
    """Two-way Korn-Graubard bound from a matrix of raters by prompts.

    Parameters
    ----------
    fails : array_like of bool, shape (raters, prompts)
        Whether the rating was a fail; anything (NaN too) where there is no rating.
    mask : array_like of bool, shape (raters, prompts), optional
        True where a rating is *missing*, as in numpy masked arrays, whose own mask is used when
        none is given; NaN counts as missing.
    confidence : float
        One-sided level, strictly between 0.5 and 1.

    Returns
    -------
    TwoWayKornGraubard
        See `korn_graubard_ratings`.

    Raises
    ------
    ValueError
        If shapes differ, no rating is left, or a rating is neither true nor false.

    Examples
    --------
    >>> fails = np.zeros((8, 40), dtype=bool)
    >>> fails[:4, ::5] = True
    >>> bound = korn_graubard_two_way(fails)
    >>> print(f"{bound.p:.2f} {bound.design_effect:.2f} {bound.upper:.3f}")
    0.10 8.16 0.277
    """
    given: np.ma.MaskedArray = np.ma.asarray(fails, dtype=np.float64)
    matrix = np.asarray(given.data)
    if matrix.ndim != 2:
        raise ValueError("fails must be a matrix of raters by prompts.")
    missing = np.asarray(np.ma.getmaskarray(given) if mask is None else mask, dtype=bool)
    if missing.shape != matrix.shape:
        raise ValueError("mask must have the shape of fails.")
    raters, prompts = np.nonzero(~(missing | np.isnan(matrix)))
    return korn_graubard_ratings(matrix[raters, prompts], prompts, raters, confidence)


def korn_graubard_ratings(
    fails: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike,
    raters: Sequence[Hashable] | ArrayLike,
    confidence: float = 0.95,
) -> TwoWayKornGraubard:
    """Two-way Korn-Graubard bound from a long list of ratings.

    Parameters
    ----------
    fails : array_like of bool, shape (ratings,)
        Whether each rating was a fail.
    prompts, raters : sequence, shape (ratings,)
        Labels of the prompt (family) and the rater of each rating; a rater may rate several
        outputs of a prompt.
    confidence : float
        One-sided level, strictly between 0.5 and 1.

    Returns
    -------
    TwoWayKornGraubard
        ``upper`` is 1 where raters are worth fewer than three who rate equally much: they say
        nothing about raters. It is never below Clopper-Pearson of no fail in as many prompts.

    Raises
    ------
    ValueError
        If lists differ in length, are empty, or a fail is neither true nor false.

    Notes
    -----
    Every prompt counts the same: rating r of a prompt with ``m`` ratings has weight
    ``w = 1/(G m)``, residual ``e = w (y - p)``. For each way of clustering (prompts, raters, and
    the rater-prompt cells counted twice), ``V = sum over clusters of c (sum of e)**2``, where
    ``c = G/(G-1)`` for prompts, ``1/(1 - 2 s + sum of s**2)`` for a rater with the share ``s`` of
    the weight (``R/(R-1)`` where shares are equal), and ``(1 - .45 (1 - 1/k)) C/(C-1)`` for the
    cells of a rater of ``k`` prompts: taken off in full they leave nothing of raters' part where
    fails are few. Then ``V = V_prompts + V_raters - V_cells``, floored at the larger of the first
    two (where prompts do not vary, at ``p(1-p)/n`` too), and
    ``n* = min(n, p(1-p)/V (t_(n-1)/t_df)**2)``, ``df = min(prompts - 1, R* - 2)`` with
    ``R* = 1 / sum of s**2``. When nothing failed,
    ``n* = min(prompts, n (t_(n-1)/t_df)**2)``. The bound is the rate u at which
    Clopper-Pearson of ``p n*`` in ``n*`` meets the level when what raters add, ``V - V_prompts``,
    is what it would be at u (`severity_ratio`); ``n_star`` and ``variance`` are those at p.

    False certificates by number of raters and their severity: results/false_certification.md.
    With three raters little can be certified: that is what three raters can say of all others.

    References
    ----------
    Cameron, Gelbach and Miller, J. Business & Economic Statistics 29 (2011) 238-249; Korn and
    Graubard, Survey Methodology 24 (1998) 193-201.

    Examples
    --------
    >>> bound = korn_graubard_ratings([0, 0, 1, 0], ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    >>> bound.n_prompts, bound.n_raters, bound.conditional_on_panel
    (2, 2, True)
    """
    alpha = check_confidence(confidence)
    y = np.asarray(fails, dtype=np.float64)
    if y.ndim != 1 or y.size == 0 or not np.all((y == 0.0) | (y == 1.0)):
        raise ValueError("fails must be a non-empty list of true or false, one for each rating.")
    prompt, rater = _codes(prompts, y.size, "prompts"), _codes(raters, y.size, "raters")
    n_prompts, n_raters = int(prompt.max()) + 1, int(rater.max()) + 1
    weight = 1.0 / (n_prompts * np.bincount(prompt)[prompt])
    p = float(y[0]) if y.min() == y.max() else float(np.sum(weight * y))
    crossed = CrossedRatings.of(weight, prompt, rater)
    by_prompts, by_raters, by_cells = crossed.parts(weight * (y - p))
    added = max(by_raters - by_cells, 0.0, by_raters - by_prompts)
    df = crossed_df(n_prompts, crossed.raters)

    def spread(more: float) -> float:
        return float(with_raters(by_prompts, more * added, p, y.size))

    def size(more: float) -> float:  # when raters add so many times what they were seen to add
        return effective_size(p, spread(more), float(y.size), float(n_prompts), df, alpha)

    n_star = size(1.0)
    upper = upper_at(p, n_star, float(n_prompts), alpha)
    if 0.0 < p < 1.0 and n_star > 0.0:
        seen = np.array([p])
        upper = float(upper_with_raters(
            seen, alpha, np.array([upper]),
            lambda rate: np.array([size(float(severity_ratio(seen, rate)[0]))]),
        )[0])  # fmt: skip
    variance = spread(1.0)
    n_effective = effective(p, variance, float(y.size), float(n_prompts))
    return TwoWayKornGraubard(
        p=p,
        upper=upper,
        design_effect=y.size / n_effective,
        n_effective=n_effective,
        n_star=n_star,
        n_prompts=n_prompts,
        n_raters=n_raters,
        n_ratings=y.size,
        variance=variance,
        variance_prompts=by_prompts,
        variance_raters=by_raters,
        variance_cells=by_cells,
        conditional_on_panel=n_raters < FEW_RATERS,
        confidence=confidence,
    )


def severity_ratio(p: ArrayLike, rate: ArrayLike) -> FloatArray:
    """By how much more raters add to a variance at a true rate than at the one that was seen.

    Take severities as normal on the scale on which quality is: then raters' own rates spread as
    ``phi(z)``, the normal density at the quantile of the rate, where single ratings spread as the
    root of ``p (1 - p)``. Lenient panels see few fails *and* little spread: taking the spread as
    they saw it certified up to 2.4 times as often as it may (decision 0032). Never below 1.

    Examples
    --------
    >>> print(np.round(severity_ratio([0.0, 0.1, 0.25, 0.4], 0.25), 3))
    [1.    1.574 1.    1.   ]
    """
    seen = np.asarray(p, dtype=np.float64)
    known = (seen > 0.0) & (seen < 1.0)
    there = _log_spread(np.clip(np.asarray(rate, dtype=np.float64), _EDGE, 1.0 - _EDGE))
    ratio = np.exp(there - _log_spread(np.where(known, seen, 0.5)))
    return np.asarray(np.where(known, np.maximum(1.0, ratio), 1.0))


_EDGE = 1e-15


def _log_spread(p: FloatArray) -> FloatArray:
    """Logarithm of raters' part over that of single ratings, up to a constant."""
    return np.asarray(-(special.ndtri(p) ** 2) - np.log(p * (1.0 - p)))


def crossed_df(n_prompts: float, raters: float) -> float:
    """Degrees of freedom of a two-way variance; `severity_ratio`, being estimated, costs one.

    ``raters`` are effective ones: heads would flatter a panel in which one rated most.
    """
    return min(n_prompts - 1, raters - 2)


def upper_with_raters(
    p: FloatArray, alpha: float, least: FloatArray, size: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Rates at which Clopper-Pearson meets alpha, the effective sizes being those at that rate.

    Parameters
    ----------
    p : ndarray, shape (bounds,)
        Fail rates seen.
    alpha : float
    least : ndarray, shape (bounds,)
        Bounds with raters' part as it was seen: none is below.
    size : callable
        From a true rate for each bound to its effective size, which shrinks as the rate moves
        away from the one seen.

    Returns
    -------
    ndarray, shape (bounds,)
        To 1e-12, from above.
    """
    low, high = np.minimum(least, 1.0), np.ones(p.size)
    while float((high - low).max(initial=0.0)) > 1e-12:
        middle = 0.5 * (low + high)
        n = size(middle)
        room = n * (1.0 - p)
        inside = room > 0.0
        tail = special.betainc(np.where(inside, room, 1.0), p * n + 1.0, 1.0 - middle)
        above = ~inside | (tail > alpha)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(p >= 1.0, 1.0, high)


def _codes(labels: Sequence[Hashable] | ArrayLike, n: int, name: str) -> Codes:
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    if codes.shape != (n,):
        raise ValueError(f"{name} must be one list of {n} labels, one for each rating.")
    return np.asarray(codes, dtype=np.intp)
