"""What the squares of raters and of rater-prompt cells count in a two-way variance.

Raters seldom rate equally much. Where one gave a third of the ratings, counting raters by head
certified up to eight times as often as it may: the mean is mostly that one's, so his residual is
small by construction, and there are fewer raters than heads. And what cells take off raters' part
is itself an estimate: taken off in full, few fails leave nothing of it (decision 0032).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

KEPT_BACK = 0.45
"""Of what the cells of a rater with many prompts would take off raters' part, what is left."""


def effective_raters(given: ArrayLike) -> float:
    """Raters, as many as they would be if all had given the same (Kish).

    Ten raters of whom one gave nine tenths of the ratings are little more than one: how severe
    that one is cannot be seen in the data, and no bound could allow for it.

    Parameters
    ----------
    given : array_like, shape (raters,)
        Ratings of each rater, or what they weigh together, on any scale.

    Returns
    -------
    float
        To nine decimals, so that equal loads are whole raters exactly; 0 without ratings.

    Examples
    --------
    >>> effective_raters([7, 7, 7]), effective_raters([0.5, 0.25, 0.25]), effective_raters([])
    (3.0, 2.666666667, 0.0)
    """
    loads = np.asarray(given, dtype=np.float64)
    squares = float(np.sum(loads**2))
    return round(float(loads.sum()) ** 2 / squares, 9) if squares > 0.0 else 0.0


def rater_prices(shares: FloatArray) -> FloatArray:
    """What each rater's squared residual counts, so that their sum is right on average.

    With ``s`` shares of the weight and raters' own rates of equal variance, the expected square
    of rater r is ``s_r**2 (1 - 2 s_r + sum of s**2)`` of it. Where shares are equal, that is the
    usual ``R / (R - 1)``.

    Examples
    --------
    >>> rater_prices(np.array([0.5, 0.25, 0.25])).round(3).tolist()
    [2.667, 1.143, 1.143]
    """
    if shares.size < 2:
        return np.zeros(shares.size)
    return np.asarray(1.0 / (1.0 - 2.0 * shares + np.sum(shares**2)))


def cell_prices(rater: Codes) -> FloatArray:
    """What the squared residual of each rater-prompt cell takes off raters' part.

    ``rater`` is that of each cell. Cells of a rater with one prompt are the rater, and take off
    all; with many prompts they take off all but `KEPT_BACK`.

    Examples
    --------
    >>> cell_prices(np.array([0, 1, 1, 1, 1])).round(3).tolist()
    [1.25, 0.828, 0.828, 0.828, 0.828]
    """
    if rater.size < 2:
        return np.zeros(rater.size)
    prompts = np.bincount(rater)[rater]
    return np.asarray((1.0 - KEPT_BACK * (1.0 - 1.0 / prompts)) * rater.size / (rater.size - 1))


def with_raters(prompts: ArrayLike, more: ArrayLike, p: ArrayLike, n: ArrayLike) -> FloatArray:
    """Variance of a fail rate by prompts together with what raters add to it.

    Prompts that all failed equally often say nothing of how alike the ratings of one prompt are,
    and raters who differ by less than chance say little: ``n`` ratings are then worth no more
    than as many outputs apart, ``p (1 - p) / n``, which is what they are worth without raters.

    Parameters
    ----------
    prompts, more, p, n : array_like
        Variance by prompts, what raters add, the fail rate in [0, 1], and ratings (above 0); of
        shapes that broadcast.

    Returns
    -------
    ndarray of float64
        Of the shape they broadcast to.

    Examples
    --------
    >>> with_raters([0.0, 0.0, 0.001], [0.001, 0.004, 0.0], 0.2, 80).round(4).tolist()
    [0.002, 0.004, 0.001]
    """
    own, rate = np.asarray(prompts, dtype=np.float64), np.asarray(p, dtype=np.float64)
    apart = rate * (1.0 - rate) / np.asarray(n, dtype=np.float64)
    total = own + np.asarray(more, dtype=np.float64)
    return np.where(own > _ROUNDING * apart, total, np.maximum(total, apart))


_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class CrossedRatings:
    """Prompts, raters and cells of ratings, and what the squares of each count.

    Examples
    --------
    >>> prompts, raters = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> crossed = CrossedRatings.of(np.full(4, 0.25), prompts, raters)
    >>> crossed.raters, [round(part, 4) for part in crossed.parts(np.array([1.0, 1, -1, -1]))]
    (2.0, [16.0, 0.0, 4.1333])
    """

    prompt: Codes
    rater: Codes
    cell: Codes
    raters: float
    rater_price: FloatArray
    cell_price: FloatArray

    @classmethod
    def of(cls, weight: FloatArray, prompt: Codes, rater: Codes) -> CrossedRatings:
        """Cross ratings whose codes run from 0 and whose weights add up to 1."""
        heads = int(rater.max()) + 1
        pairs, cell = np.unique(prompt * heads + rater, return_inverse=True)
        shares = np.asarray(np.bincount(rater, weights=weight), dtype=np.float64)
        return cls(
            prompt=prompt,
            rater=rater,
            cell=np.asarray(cell, dtype=np.intp),
            raters=effective_raters(shares),
            rater_price=rater_prices(shares),
            cell_price=cell_prices(pairs % heads),
        )

    def parts(self, residual: FloatArray) -> tuple[float, float, float]:
        """Variance of a weighted mean by prompts and by raters, and what cells take off."""
        return (
            clustered(residual, self.prompt),
            float(np.bincount(self.rater, weights=residual) ** 2 @ self.rater_price),
            float(np.bincount(self.cell, weights=residual) ** 2 @ self.cell_price),
        )


def clustered(residual: FloatArray, codes: Codes) -> float:
    """Variance of a weighted mean when residuals of one code stand or fall together."""
    sums = np.bincount(codes, weights=residual)
    return 0.0 if sums.size < 2 else float(np.sum(sums**2)) * sums.size / (sums.size - 1)
