"""BRISQUE: 36 statistics of local contrast at two scales, and a regression to opinion scores.

References
----------
Mittal, Moorthy, Bovik, "No-Reference Image Quality Assessment in the Spatial Domain", IEEE TIP
21(12), 2012, and the MATLAB release of its authors (LIVE, 2011), whose conventions these are.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gamma

from qfloor.scorers.naturalness.filters import Plane, halved, normalised
from qfloor.scorers.naturalness.fits import Sums, Values, added, asymmetric, sums, symmetric
from qfloor.scorers.naturalness.parameters import SupportVectors, brisque_model

SCALES = 2
_STRIP = 64
_WRITTEN = 6  # decimals, then significant digits: what the release's text files keep


def features(y: Plane) -> Values:
    """Return the 36 features of a picture's luma, 18 a scale; NaN where a fit has no value.

    A scale has the shape and variance of the normalised coefficients, then for the products with
    the left, upper, upper left and lower left neighbour (wrapped around the picture) the shape,
    the mean and the left and right variance. Outside the picture is black.

    Parameters
    ----------
    y : ndarray of float64
        Whole grey levels, `filters.rounded_luma`.
    """
    found: list[Values] = []
    for scale in range(SCALES):
        if scale:
            y = halved(y)
        alone, *products = _sums_of_scale(normalised(y, "constant"))
        found += symmetric(alone)
        for product in products:
            shape, left, right = asymmetric(product)
            to_deviation = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
            mean = (right - left) * gamma(2 / shape) / gamma(1 / shape) * to_deviation
            found += [shape, mean, left**2, right**2]
    return np.array(found)


def _sums_of_scale(coefficients: Plane) -> list[Sums]:
    """Return the sums of the coefficients and of their four products, strip by strip."""
    around = np.pad(coefficients, 1, mode="wrap")
    height, width = coefficients.shape
    parts: list[list[Sums]] = [[] for _ in range(5)]
    for top in range(0, height, _STRIP):
        here = coefficients[top : top + _STRIP]
        rows = slice(top + 1, top + 1 + here.shape[0])
        above = slice(top, top + here.shape[0])
        below = slice(top + 2, top + 2 + here.shape[0])
        parts[0].append(sums(here.ravel()))
        neighbours = (
            around[rows, :width],
            around[above, 1 : 1 + width],
            around[above, :width],
            around[below, :width],
        )
        for part, neighbour in zip(parts[1:], neighbours, strict=True):
            part.append(sums((here * neighbour).ravel()))
    return [added(part) for part in parts]


def regression(of: Values, model: SupportVectors | None = None) -> float:
    """Return the score of 36 features; 0 is pristine and 100 the worst of LIVE, both exceedable.

    Features and their scaled values are rounded to what the release's text files hold (6
    decimals, 6 significant digits): the published numbers were computed from those.
    """
    model = brisque_model() if model is None else model
    written = np.array([float(f"{value:.{_WRITTEN}f}") for value in of])
    scaled = 2 * (written - model.lows) / (model.highs - model.lows) - 1
    scaled = np.array([float(f"{value:.{_WRITTEN}g}") for value in scaled])
    distances = np.square(model.vectors - scaled).sum(axis=1)
    return float((model.weights * np.exp(-model.width * distances)).sum() - model.offset)
