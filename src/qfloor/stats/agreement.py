"""Do raters agree? Krippendorff's alpha and intraclass correlations.

Ratings are a matrix of raters by units (alpha) or units by raters (ICC, as in the literature);
NaN means "did not rate". Nothing here drops a rater; intervals are `resampling`'s.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(ratings: ArrayLike, level: Level = "interval") -> float | None:
    """Krippendorff's alpha: agreement of any number of raters with missing ratings.

    Parameters
    ----------
    ratings : array_like, shape (raters, units)
        Ratings as numbers (code nominal labels as numbers); NaN where a rater gave none.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Scale of measurement: interval for 0-10 scores, ordinal for five-point scales.

    Returns
    -------
    float or None
        At most 1 (perfect); 0 is chance, negative is worse. None when no unit has two ratings
        or every paired rating is the same value, where agreement is undefined.

    Raises
    ------
    ValueError
        If ratings are not a matrix, are infinite, are negative at the ratio level, or the level
        is unknown.

    Notes
    -----
    ``1 - D_o / D_e`` over the coincidence matrix of values; memory grows with the square of the
    number of distinct values.

    References
    ----------
    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).

    Examples
    --------
    >>> krippendorff_alpha([[1, 2, 3, 4], [1, 2, 3, 4]])
    1.0
    >>> print(f"{krippendorff_alpha([[1, 2, 3, 4], [1, 2, 4, 4]], 'ordinal'):.4f}")
    0.9103
    """
    matrix = np.asarray(ratings, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError("ratings must be a matrix of raters by units.")
    if np.any(np.isinf(matrix)):
        raise ValueError("ratings must be finite, or NaN where there is none.")
    seen = ~np.isnan(matrix)
    seen &= seen.sum(axis=0) >= 2  # a unit rated once pairs with nothing
    if not seen.any():
        return None
    values, codes = np.unique(matrix[seen], return_inverse=True)
    counts = np.zeros((matrix.shape[1], values.size))
    np.add.at(counts, (np.nonzero(seen)[1], codes), 1.0)
    counts = counts[counts.sum(axis=1) > 0]
    pairable = counts.sum(axis=1) - 1.0
    together = counts.T @ (counts / pairable[:, None])
    together -= np.diag((counts / pairable[:, None]).sum(axis=0))
    return alpha_of_coincidences(together, values, level)


def alpha_of_coincidences(
    together: FloatArray, values: FloatArray, level: Level = "interval"
) -> float | None:
    """Krippendorff's alpha from a coincidence matrix.

    Parameters
    ----------
    together : ndarray, shape (values, values)
        How often two values meet within a unit, a unit of m ratings weighing ``1/(m - 1)``.
    values : ndarray, shape (values,)
        The values, rising.
    level : {"nominal", "ordinal", "interval", "ratio"}

    Returns
    -------
    float or None
        None where all paired ratings are alike.

    Examples
    --------
    >>> print(f"{alpha_of_coincidences(np.array([[2.0, 1.0], [1.0, 4.0]]), np.arange(2.0)):.3f}")
    0.533
    """
    totals = together.sum(axis=0)
    distance = _squared_distance(values, totals, level)
    expected = float(totals @ distance @ totals) / (totals.sum() - 1.0)
    if expected <= 0.0:
        return None
    return float(1.0 - (together * distance).sum() / expected)


def by_slot(values: FloatArray, unit: NDArray[np.intp]) -> FloatArray:
    """Lay ratings out as first, second, ... of each unit: alpha does not ask who gave which.

    So a crowd of thousands of raters takes no more room than its ratings.

    Parameters
    ----------
    values : ndarray, shape (ratings,)
    unit : ndarray of int, shape (ratings,)
        Number of the unit of each, from 0.

    Returns
    -------
    ndarray, shape (most ratings of a unit, units)
        NaN where a unit has fewer.

    Examples
    --------
    >>> by_slot(np.array([5.0, 3.0, 4.0]), np.array([1, 0, 1])).tolist()
    [[3.0, 5.0], [nan, 4.0]]
    """
    order = np.argsort(unit, kind="stable")
    counts = np.bincount(unit)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    matrix = np.full((int(counts.max()), counts.size), np.nan)
    matrix[np.arange(unit.size) - starts, unit[order]] = values[order]
    return matrix


def _squared_distance(values: FloatArray, totals: FloatArray, level: Level) -> FloatArray:
    a, b = values[:, None], values[None, :]
    if level == "nominal":
        return np.asarray(a != b, dtype=np.float64)
    if level == "interval":
        return np.asarray((a - b) ** 2)
    if level == "ordinal":
        rank = np.cumsum(totals) - totals / 2.0
        return np.asarray((rank[:, None] - rank[None, :]) ** 2)
    if level == "ratio":
        if np.any(values < 0.0):
            raise ValueError("ratings must not be negative at the ratio level.")
        total = np.where(a + b == 0.0, 1.0, a + b)
        return np.asarray(((a - b) / total) ** 2)
    raise ValueError(f"level must be nominal, ordinal, interval or ratio, got {level!r}.")


@dataclass(frozen=True, kw_only=True)
class IntraclassCorrelations:
    """The six coefficients of Shrout and Fleiss, with the sizes they rest on.

    ``icc1`` each unit has its own raters (crowds); ``icc2`` the same raters, drawn at random
    from many (absolute agreement); ``icc3`` the same raters and only they (consistency);
    a ``k`` at the end is the reliability of the mean of all raters.
    """

    icc1: float
    icc2: float
    icc3: float
    icc1k: float
    icc2k: float
    icc3k: float
    n_units: int
    n_raters: int


def intraclass_correlations(ratings: ArrayLike) -> IntraclassCorrelations | None:
    """ICC(1), ICC(2,1), ICC(3,1) and their means-of-k forms from a complete matrix.

    Parameters
    ----------
    ratings : array_like, shape (units, raters)
        Complete matrix of finite ratings, at least 2 by 2.

    Returns
    -------
    IntraclassCorrelations or None
        Each coefficient is at most 1; None when the units do not differ from each other at all,
        where the coefficients of means are undefined.

    Raises
    ------
    ValueError
        If the matrix is smaller than 2 by 2, or a rating is missing.

    References
    ----------
    Shrout and Fleiss, Psychological Bulletin 86 (1979) 420-428.

    Examples
    --------
    >>> first, second = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]], [[7, 1, 2, 6], [10, 5, 6, 9]]
    >>> icc = intraclass_correlations([*first, *second, [6, 2, 4, 7]])
    >>> print(f"{icc.icc1:.6f} {icc.icc2:.6f} {icc.icc3:.6f} {icc.icc2k:.6f}")
    0.165742 0.289764 0.714841 0.620051
    """
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError("ratings must be a matrix of at least 2 units by 2 raters.")
    if not np.all(np.isfinite(x)):
        raise ValueError("ratings must be complete; for missing ones use icc_oneway.")
    n, k = x.shape
    mean = x.mean()
    ss_units = k * float(np.sum((x.mean(axis=1) - mean) ** 2))
    ss_raters = n * float(np.sum((x.mean(axis=0) - mean) ** 2))
    ss_within = float(np.sum((x - x.mean(axis=1, keepdims=True)) ** 2))
    units, raters = ss_units / (n - 1), ss_raters / (k - 1)
    within = ss_within / (n * (k - 1))
    rest = max(0.0, ss_within - ss_raters) / ((n - 1) * (k - 1))
    if units <= 0.0 or units + (raters - rest) / n <= 0.0:
        return None
    return IntraclassCorrelations(
        icc1=(units - within) / (units + (k - 1) * within),
        icc2=(units - rest) / (units + (k - 1) * rest + k * (raters - rest) / n),
        icc3=(units - rest) / (units + (k - 1) * rest),
        icc1k=(units - within) / units,
        icc2k=(units - rest) / (units + (raters - rest) / n),
        icc3k=(units - rest) / units,
        n_units=n,
        n_raters=k,
    )


def icc_oneway(values: ArrayLike, groups: Sequence[Hashable] | ArrayLike) -> float | None:
    """ICC(1) from a long list with any number of values a group (crowds, repeats of a prompt).

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite values: ratings, or fail indicators of repeats.
    groups : sequence, shape (n,)
        Label of the unit (or prompt) each value belongs to.

    Returns
    -------
    float or None
        At most 1; the design effect of m repeats is about ``1 + (m - 1) * icc``. None with
        fewer than two groups, without a second value anywhere, or when all values agree.

    Raises
    ------
    ValueError
        If the lists differ in length or a value is not finite.

    References
    ----------
    Donner, International Statistical Review 54 (1986) 67-82 (unequal groups).

    Examples
    --------
    >>> print(f"{icc_oneway([1, 1, 0, 0, 0, 1], ['a', 'a', 'b', 'b', 'c', 'c']):.3f}")
    0.500
    """
    x = np.asarray(values, dtype=np.float64)
    labels, codes = np.unique(np.asarray(groups), return_inverse=True)
    if x.ndim != 1 or codes.shape != x.shape:
        raise ValueError("values and groups must be lists of the same length.")
    if not np.all(np.isfinite(x)):
        raise ValueError("values must be finite.")
    sizes = np.bincount(codes).astype(np.float64)
    n, g = x.size, labels.size
    if g < 2 or n == g:
        return None
    means = np.bincount(codes, weights=x) / sizes
    between = float(np.sum(sizes * (means - x.mean()) ** 2)) / (g - 1)
    within = float(np.sum((x - means[codes]) ** 2)) / (n - g)
    typical = (n - float(np.sum(sizes**2)) / n) / (g - 1)
    spread = between + (typical - 1.0) * within
    return None if spread <= 0.0 else (between - within) / spread
