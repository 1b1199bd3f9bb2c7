"""Bounds of a stream's mean that hold whenever one looks, kept value by value.

For a live audit: values come one after another, each in [0, 1], and somebody looks after every
one. The bounds are betting confidence sequences on a grid of rates: every rate that a gambler has
at some time refuted is gone for good. That holds for values whose mean, given all before, is the
rate; a stream whose mean drifts needs a new bound for a new period. `streams.anytime_bounds`
gives the same from a finished list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qfloor.stats.binomial import check_share
from qfloor.stats.sequential import BET_SHARES

FloatArray = NDArray[np.float64]

_STEPS = 200
_RATES = np.arange(1, _STEPS) / _STEPS


class AnytimeBound:
    """One-sided bounds of a mean in [0, 1], each valid at every moment.

    Parameters
    ----------
    alpha : float
        Error probability of each bound over the whole stream, strictly between 0 and 1.

    Attributes
    ----------
    n : int
        Values seen.
    lower, upper : float
        In steps of 0.005; 0 and 1 while nothing is known.

    Notes
    -----
    Against "the mean is at least m" the wealth is the mean over bets of
    ``prod(1 + bet (m - x))``; m is refuted for good once it reaches ``1/alpha`` (Ville). The
    lower bound is the mirror image.

    References
    ----------
    Waudby-Smith and Ramdas, JRSS B 86 (2024) 1-27.

    Examples
    --------
    >>> bound = AnytimeBound(alpha=0.05).update_many([0.0] * 60)
    >>> bound.lower, round(bound.upper, 3)
    (0.0, 0.075)
    >>> bound.above(0.25), bound.below(0.25)
    (False, True)
    """

    __slots__ = ("_down", "_logs", "_refuted_high", "_refuted_low", "_total", "_up", "alpha", "n")

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = check_share("alpha", alpha)
        self._up: FloatArray = np.outer(1.0 / (1.0 - _RATES), BET_SHARES)
        self._down: FloatArray = np.outer(1.0 / _RATES, BET_SHARES)
        self._logs: FloatArray = np.zeros((2, _RATES.size, BET_SHARES.size))
        self._refuted_high = _RATES.size  # this one and all above cannot be the mean
        self._refuted_low = -1  # this one and all below cannot
        self._total = 0.0
        self.n = 0

    def update(self, value: float) -> Self:
        """Take the next value, in [0, 1], and return this bound."""
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"value must lie in [0, 1], got {value!r}.")
        off = (_RATES - value)[:, None]
        self._logs[0] += np.log1p(self._up * off)
        self._logs[1] += np.log1p(-self._down * off)
        self.n += 1
        self._total += value
        bar = -math.log(self.alpha)
        high, low = (_mean_log(logs) >= bar for logs in self._logs)
        if high.any():
            self._refuted_high = min(self._refuted_high, _from_which_all(high))
        if low.any():
            self._refuted_low = max(self._refuted_low, low.size - 1 - _from_which_all(low[::-1]))
        return self

    def update_many(self, values: Iterable[float]) -> Self:
        """Take values in their order and return this bound."""
        for value in values:
            self.update(float(value))
        return self

    @property
    def mean(self) -> float | None:
        """Mean of the values seen; None before the first."""
        return self._total / self.n if self.n else None

    @property
    def lower(self) -> float:
        """Everything below it was refuted at some time."""
        return float(_RATES[self._refuted_low]) if self._refuted_low >= 0 else 0.0

    @property
    def upper(self) -> float:
        """Everything above it was refuted at some time."""
        return float(_RATES[self._refuted_high]) if self._refuted_high < _RATES.size else 1.0

    def above(self, limit: float) -> bool:
        """Whether the mean is known to lie above a limit: the alarm."""
        return self.lower > limit

    def below(self, limit: float) -> bool:
        """Whether the mean is known to lie at or below a limit: the all-clear."""
        return self.upper <= limit

    def __repr__(self) -> str:
        """Show the level, what was seen and the bounds."""
        return f"AnytimeBound(alpha={self.alpha:g}, n={self.n}, [{self.lower:g}, {self.upper:g}])"


def _mean_log(logs: FloatArray) -> FloatArray:
    top = logs.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(logs - top).mean(axis=1)))


def _from_which_all(refuted: NDArray[np.bool_]) -> int:
    """First place from which on all are refuted; the length if the last is not."""
    standing = np.flatnonzero(~refuted)
    return int(standing[-1]) + 1 if standing.size else 0
