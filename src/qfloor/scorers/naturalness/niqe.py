"""NIQE: the distance of a picture's patch statistics from those of pristine photographs.

References
----------
Mittal, Soundararajan, Bovik, "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal
Processing Letters 20(3), 2013, and the MATLAB release of its authors, whose conventions these are.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gamma

from qfloor.scorers.naturalness.filters import Plane, halved, normalised
from qfloor.scorers.naturalness.fits import Values, asymmetric, sums
from qfloor.scorers.naturalness.parameters import Pristine, niqe_model

PATCH = 96
SCALES = 2


def features(y: Plane) -> Values:
    """Return 36 features of each patch of 96 x 96, 18 a scale, shape (patches, 36).

    What is left over at the right and lower side is cut off first. A scale has the shape and
    mean scale of the normalised coefficients, then for the products with the left, upper, upper
    left and upper right neighbour (wrapped around the patch) the shape, the mean and the left
    and right scale. NaN where a fit has no value: a patch without texture.

    Parameters
    ----------
    y : ndarray of float64
        Whole grey levels, `filters.rounded_luma`, at least 96 x 96.
    """
    down, across = y.shape[0] // PATCH, y.shape[1] // PATCH
    y = np.ascontiguousarray(y[: down * PATCH, : across * PATCH])
    scales = []
    for scale in range(SCALES):
        if scale:
            y = halved(y)
        side = PATCH >> scale
        rows = normalised(y, "edge").reshape(down, side, across, side).transpose(0, 2, 1, 3)
        scales.append(np.concatenate([_features_of_row(row) for row in rows]))
    return np.concatenate(scales, axis=1)


def _features_of_row(patches: Values) -> Values:
    """Return 18 features of each of a row of patches, shape (patches, side, side)."""
    patches = np.ascontiguousarray(patches)
    shape, left, right = _fit(patches)
    found = [shape, (left + right) / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        shape, left, right = _fit(patches * np.roll(patches, shift, axis=(1, 2)))
        mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
        found += [shape, mean, left, right]
    return np.stack(found, axis=1)


def _fit(coefficients: Values) -> tuple[Values, Values, Values]:
    """Return shape, left and right scale; the scale is deviation sqrt(G(1/a) / G(3/a))."""
    shape, left, right = asymmetric(sums(coefficients.reshape(len(coefficients), -1)))
    to_scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * to_scale, right * to_scale


def distance(of: Values, model: Pristine | None = None) -> float:
    """Return the distance of patches from the pristine model; 0 is as pristine photographs.

    sqrt((m - n)' pinv((S + T) / 2) (m - n)) with the mean m and covariance S of the model, n and
    T of the patches. At least two patches, none with NaN.
    """
    model = niqe_model() if model is None else model
    apart = model.mean - of.mean(axis=0)
    pooled = (model.covariance + np.cov(of, rowvar=False)) / 2
    rcond = len(apart) * float(np.finfo(np.float64).eps)  # MATLAB's pinv
    return float(np.sqrt(max(0.0, apart @ np.linalg.pinv(pooled, rcond=rcond) @ apart)))
