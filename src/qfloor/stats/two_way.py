"""Bound of a fail rate over random prompts *and* random raters, when a fail is per rating.

Sharing a handful of raters among all prompts makes ratings alike: with 2-5 of them, ignoring
raters falsely certifies 13-17 % at a nominal 5 %. Here both enter the variance. Under
`FEW_RATERS` the bound is still computed, but stands on so few raters that it should be read as
conditional on this panel; the result says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.clusters import check_confidence, effective, effective_size, upper_at

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

FEW_RATERS = 6
"""With fewer raters than this a statement is about this panel, not about raters."""


@dataclass(frozen=True, kw_only=True)
class TwoWayKornGraubard:
    """A two-way Korn-Graubard bound, with the parts of its variance.

    ``variance`` is ``max(prompts + raters - cells, prompts, raters)`` of the three parts.
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
    0.10 7.72 0.234
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
        ``upper`` is 1 when there is only one rater: one rater says nothing about raters. It is
        never below Clopper-Pearson of no fail in as many prompts.

    Raises
    ------
    ValueError
        If lists differ in length, are empty, or a fail is neither true nor false.

    Notes
    -----
    Every prompt counts the same: rating r of a prompt with ``m`` ratings has weight
    ``w = 1/(G m)``, residual ``e = w (y - p)``. For each way of clustering (prompts, raters, and
    the rater-prompt cells counted twice), ``V = C/(C-1) sum over clusters of (sum of e)**2``.
    Then ``V = V_prompts + V_raters - V_cells``, floored at the larger of the first two, and
    ``n* = min(n, p(1-p)/V (t_(n-1)/t_df)**2)`` with ``df = min(prompts, raters) - 1``. When
    nothing failed, ``n* = min(prompts, n (t_(n-1)/t_df)**2)``.

    Simulated at a true fail rate of .25, nominal 5 % (rater sd .4 of prompt sd, 60-150 prompts):
    2-6 shared raters 0-4 % (ignoring raters 8-28 %), 10-20 raters 3-6 %. With two raters hardly
    anything can be certified, with three little: that is what two and three raters can say.

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
    parts = variance_parts(weight * (y - p), prompt, rater)
    variance = max(parts[0] + parts[1] - parts[2], parts[0], parts[1])
    df = min(n_prompts, n_raters) - 1
    n_star = effective_size(p, variance, float(y.size), float(n_prompts), df, alpha)
    n_effective = effective(p, variance, float(y.size), float(n_prompts))
    return TwoWayKornGraubard(
        p=p,
        upper=upper_at(p, n_star, float(n_prompts), alpha),
        design_effect=y.size / n_effective,
        n_effective=n_effective,
        n_star=n_star,
        n_prompts=n_prompts,
        n_raters=n_raters,
        n_ratings=y.size,
        variance=variance,
        variance_prompts=parts[0],
        variance_raters=parts[1],
        variance_cells=parts[2],
        conditional_on_panel=n_raters < FEW_RATERS,
        confidence=confidence,
    )


def _codes(labels: Sequence[Hashable] | ArrayLike, n: int, name: str) -> Codes:
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    if codes.shape != (n,):
        raise ValueError(f"{name} must be one list of {n} labels, one for each rating.")
    return np.asarray(codes, dtype=np.intp)


def variance_parts(residual: FloatArray, prompt: Codes, rater: Codes) -> tuple[float, ...]:
    """Variance of a weighted mean over prompts, over raters, and over both crossed."""
    cell = np.unique(prompt * (rater.max() + 1) + rater, return_inverse=True)[1]
    return tuple(clustered(residual, codes) for codes in (prompt, rater, cell))


def clustered(residual: FloatArray, codes: Codes) -> float:
    """Variance of a weighted mean when residuals of one code stand or fall together."""
    sums = np.bincount(codes, weights=residual)
    return 0.0 if sums.size < 2 else float(np.sum(sums**2)) * sums.size / (sums.size - 1)
