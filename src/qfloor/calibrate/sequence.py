"""Fixed-sequence testing over candidate thresholds, from strict to lax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GRID_STEPS = 40
"""Candidate thresholds, at fixed ranks of the values alone: chosen without ratings or flags."""


def rank_grid(values: FloatArray) -> FloatArray:
    """Values at `GRID_STEPS` evenly spaced ranks, each once, rising; empty of nothing."""
    if not values.size:
        return np.array([])
    ranks = np.unique(np.linspace(0, values.size - 1, GRID_STEPS).astype(int))
    return np.unique(np.sort(values)[ranks])


def fixed_sequence(grid: FloatArray, passes: Callable[[float], bool | None]) -> float | None:
    """Test candidates from the highest down and stop at the first that fails.

    Parameters
    ----------
    grid : array of float
        Candidates, rising.
    passes : callable
        Whether a candidate passes at the level; None where it is not tried, which must not depend
        on what is tested.

    Returns
    -------
    float or None
        The lowest candidate that passed, or None. One level covers all of them: the first false
        candidate in the order is the only one whose passing does harm.
    """
    learned: float | None = None
    for candidate in grid[::-1]:
        passed = passes(float(candidate))
        if passed is False:
            break
        if passed:
            learned = float(candidate)
    return learned
