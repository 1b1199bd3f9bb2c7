"""Difference of two shares of the same trials: chose one side less chose the other.

Votes with a way out ("no visible difference") are paired shares: of ``n`` votes, ``first`` fell
on one arm, ``second`` on the other, the rest on neither. Wald's interval breaks down where few
choose at all, which is just where similar arms lie; the score interval does not. Counts may be
effective ones, of clustered votes. It knows nothing of raters (see `two_way_shares`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize, special

from qfloor.stats.binomial import check_share


def paired_difference_interval(
    first: float, second: float, n: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Two-sided score interval of ``(first - second) / n``.

    Parameters
    ----------
    first, second : float
        Votes for each of two arms, not negative; may be real (effective counts).
    n : float
        Votes in all, positive, at least ``first + second``.
    confidence : float
        Two-sided level, strictly between 0 and 1.

    Returns
    -------
    tuple of float
        ``(low, high)`` in [-1, 1].

    Raises
    ------
    ValueError
        If a count or the level is out of range.

    References
    ----------
    Tango, Statistics in Medicine 17 (1998) 891-908.

    Examples
    --------
    >>> low, high = paired_difference_interval(540, 180, 12_000)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0257 0.0344
    """
    alpha = (1.0 - check_share("confidence", confidence)) / 2.0
    high = paired_difference_upper(first, second, n, alpha)
    return -paired_difference_upper(second, first, n, alpha), high


def paired_difference_upper(first: float, second: float, n: float, alpha: float) -> float:
    """One-sided upper score bound of ``(first - second) / n`` at level ``1 - alpha``.

    Examples
    --------
    >>> print(f"{paired_difference_upper(0, 0, 100, 0.05):.4f}")
    0.0263
    """
    check_share("alpha", alpha)
    _check(first, second, n)
    z = -float(special.ndtri(alpha))
    return _root(lambda delta: _score(first, second, n, delta) + z, (first - second) / n)


def paired_difference_p_value(first: float, second: float, n: float, margin: float) -> float:
    """P-value of "the difference is at least ``margin``", by the test the bound inverts.

    Parameters
    ----------
    first, second, n : float
        As in `paired_difference_interval`.
    margin : float
        Strictly between -1 and 1; 0 asks for ``second`` being chosen more often.

    Returns
    -------
    float
        In [0, 1], one-sided.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> paired_difference_p_value(360, 0, 12_000, 0.05) < 1e-6
    True
    """
    _check(first, second, n)
    if not -1.0 < margin < 1.0:
        raise ValueError(f"margin must lie strictly between -1 and 1, got {margin!r}.")
    return float(special.ndtr(_score(first, second, n, margin)))


def _score(first: float, second: float, n: float, delta: float) -> float:
    """Tango's statistic: how far the counts lie from a difference of ``delta``, in deviations."""
    a = 2.0 * n
    b = -first - second + (2.0 * n - first + second) * delta
    c = -second * delta * (1.0 - delta)
    q = (math.sqrt(max(0.0, b * b - 4.0 * a * c)) - b) / (2.0 * a)
    variance = n * (2.0 * q + delta * (1.0 - delta))
    off = first - second - n * delta
    if variance <= 0.0:
        return 0.0 if off == 0.0 else math.copysign(math.inf, off)
    return off / math.sqrt(variance)


def _root(function: Callable[[float], float], start: float) -> float:
    """Where a falling function that is positive at ``start`` reaches nought; 1 if nowhere."""
    low, high = start, 1.0 - 1e-12
    if low >= high or function(high) > 0.0:
        return 1.0
    return float(optimize.brentq(function, low, high, xtol=1e-12))


def _check(first: float, second: float, n: float) -> None:
    if not (n > 0 and math.isfinite(n)):
        raise ValueError(f"n must be a positive number, got {n!r}.")
    if first < 0 or second < 0 or first + second > n * (1.0 + 1e-9):
        raise ValueError(
            f"first and second must be counts of at most n together, got {first!r}, {second!r} "
            f"of {n!r}."
        )
