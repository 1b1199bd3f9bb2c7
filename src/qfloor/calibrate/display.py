"""From a metric to a 0-10 quality: for display and sorting only, never for a floor.

The curve is a regression. It gives mean ratings, and the quartile of mean ratings is not the
quartile of ratings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

DISPLAY_POINTS = 21


def display_curve(
    metric: ArrayLike, human: ArrayLike, scale: tuple[float, float] | None = None
) -> tuple[tuple[float, float], ...]:
    """Monotone curve from a metric to the mean rating there.

    Parameters
    ----------
    metric, human : array_like, shape (ratings,)
        Higher is better in both.
    scale : tuple of float, optional
        Lowest and highest possible rating; with it the curve's values are quality from 0 to 10,
        without it they are in the ratings' own unit.

    Returns
    -------
    tuple of (metric, quality)
        At up to `DISPLAY_POINTS` quantiles of the metric; empty for fewer than two ratings.

    Examples
    --------
    >>> display_curve([1, 2], [1.0, 5.0], scale=(1, 5))[-1]
    (2.0, 10.0)
    """
    x, y = np.asarray(metric, dtype=np.float64), np.asarray(human, dtype=np.float64)
    if x.size < 2:
        return ()
    from sklearn.isotonic import IsotonicRegression

    if scale is not None:
        y = 10.0 * (y - scale[0]) / (scale[1] - scale[0])
    curve = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    points = np.unique(np.quantile(x, np.linspace(0.0, 1.0, DISPLAY_POINTS)))
    return tuple((float(p), float(q)) for p, q in zip(points, curve.predict(points), strict=True))
