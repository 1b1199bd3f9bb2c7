"""Moment fits of the generalised Gaussian, symmetric and asymmetric, over a grid of shapes.

A distribution is told by sums only (squares left and right of zero, absolute values, counts), so
a fit of a million coefficients is a few passes over them and one search in a table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gamma

Values = npt.NDArray[np.float64]

SHAPES: Values = np.arange(200, 10001) / 1000
"""The shapes tried: 0.200, 0.201 ... 10.000."""

_INVERSE = 1 / SHAPES
# E|x|^2 / E[x^2] of the generalised Gaussian of each shape: rises with the shape
_RATIOS: Values = gamma(2 * _INVERSE) ** 2 / (gamma(_INVERSE) * gamma(3 * _INVERSE))


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What a fit needs to know of one or many sets of coefficients; arrays of equal shape."""

    count: int
    squares: Values
    absolutes: Values
    negative_squares: Values
    negatives: Values
    positives: Values


def sums(coefficients: Values) -> Sums:
    """Return the sums over the last axis."""
    negative = np.minimum(coefficients, 0)
    negative_squares = np.einsum("...i,...i->...", negative, negative)
    squares = np.einsum("...i,...i->...", coefficients, coefficients)
    absolutes = coefficients.sum(axis=-1) - 2 * negative.sum(axis=-1)
    return Sums(
        count=coefficients.shape[-1],
        squares=squares,
        absolutes=absolutes,
        negative_squares=negative_squares,
        negatives=np.count_nonzero(coefficients < 0, axis=-1) * 1.0,
        positives=np.count_nonzero(coefficients > 0, axis=-1) * 1.0,
    )


def added(parts: list[Sums]) -> Sums:
    """Return the sums of the union of disjoint sets."""
    return Sums(
        count=sum(part.count for part in parts),
        **{
            name: np.sum([getattr(part, name) for part in parts], axis=0)
            for name in ("squares", "absolutes", "negative_squares", "negatives", "positives")
        },
    )


def symmetric(of: Sums) -> tuple[Values, Values]:
    """Fit a generalised Gaussian of mean 0: shape and variance.

    The shape is the one of `SHAPES` whose E[x^2] / E|x|^2 is nearest. NaN where all are 0.

    References
    ----------
    Sharifi, Leon-Garcia, "Estimation of shape parameter for generalized Gaussian distributions
    in subband decompositions of video", IEEE TCSVT 5(1), 1995.
    """
    variance = of.squares / of.count
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = variance / (of.absolutes / of.count) ** 2
    return _nearest(wanted, 1 / _RATIOS[::-1], SHAPES[::-1]), variance


def asymmetric(of: Sums) -> tuple[Values, Values, Values]:
    """Fit an asymmetric generalised Gaussian of mode 0: shape, left and right deviation.

    sigma_l and sigma_r are the root mean squares of what is below and above 0; with
    g = sigma_l / sigma_r the shape's Gamma(2/a)^2 / (Gamma(1/a) Gamma(3/a)) is nearest to
    E|x|^2 / E[x^2] * (g^3 + 1) (g + 1) / (g^2 + 1)^2. NaN where nothing is below, or above, 0.

    References
    ----------
    Lasmar, Stitou, Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis",
    ICIP 2009.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt(of.negative_squares / of.negatives)
        positive_squares = np.maximum(of.squares - of.negative_squares, 0)
        right = np.sqrt(positive_squares / of.positives)
        g = left / right
        ratio = of.absolutes**2 / (of.count * of.squares)
        wanted = ratio * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    return _nearest(wanted, _RATIOS, SHAPES), left, right


def _nearest(wanted: Values, rising: Values, shapes: Values) -> Values:
    """Return the shape whose table entry is nearest to each wanted value; NaN stays NaN."""
    above = np.clip(np.searchsorted(rising, wanted), 1, rising.size - 1)
    below = above - 1
    nearer_below = wanted - rising[below] <= rising[above] - wanted
    found = shapes[np.where(nearer_below, below, above)]
    return np.where(np.isfinite(wanted), found, np.nan)
