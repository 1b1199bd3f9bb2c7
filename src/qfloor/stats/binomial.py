"""Exact binomial bounds and tests.

Everything here is about one independent output a prompt: ``n`` prompts, ``k`` of them failed.
It knows nothing of repeats (see `clusters`), of scores (see `thresholds`), of looking twice
(see `sequential`) or of plans (see `power`).
"""

from __future__ import annotations

import math
from functools import lru_cache

from scipy import special

# A p-value equal to alpha on paper (0.5**5 against 1/32) must not fail on the last bit.
TIE = 1e-12


def check_share(name: str, value: float) -> float:
    """Return ``value`` if it lies strictly between 0 and 1, else raise ValueError."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value!r}.")
    return float(value)


def at_most(p_value: float, alpha: float) -> bool:
    """Compare a p-value with a level, giving an exact tie the benefit of the last bits."""
    return p_value <= alpha * (1.0 + TIE)


def _check_counts(k: float, n: float) -> None:
    if not (n > 0 and math.isfinite(n)):
        raise ValueError(f"n must be a positive number, got {n!r}.")
    if not 0 <= k <= n:
        raise ValueError(f"k must lie between 0 and n = {n!r}, got {k!r}.")


def clopper_pearson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided Clopper-Pearson interval of a proportion.

    Parameters
    ----------
    k : float
        Count of fails, ``0 <= k <= n``; may be real (an effective count).
    n : float
        Count of independent trials, positive; may be real.
    confidence : float
        Two-sided level, strictly between 0 and 1; each tail gets half of the rest.

    Returns
    -------
    tuple of float
        ``(low, high)``, proportions in [0, 1].

    Raises
    ------
    ValueError
        If a count or the level is out of range.

    Notes
    -----
    Beta quantiles: ``low = B(a/2; k, n-k+1)``, ``high = B(1-a/2; k+1, n-k)``.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934) 404-413.

    Examples
    --------
    >>> low, high = clopper_pearson(360, 12_000)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0270 0.0332
    """
    alpha = (1.0 - check_share("confidence", confidence)) / 2.0
    return clopper_pearson_lower(k, n, alpha), clopper_pearson_upper(k, n, alpha)


def clopper_pearson_upper(k: float, n: float, alpha: float) -> float:
    """One-sided upper Clopper-Pearson bound of a proportion at level ``1 - alpha``.

    Parameters
    ----------
    k, n : float
        Fails and trials, ``0 <= k <= n``, ``n > 0``; both may be real.
    alpha : float
        Error probability of this one side, strictly between 0 and 1.

    Returns
    -------
    float
        The bound, in (0, 1]; 1.0 when every trial failed.

    Raises
    ------
    ValueError
        If a count or ``alpha`` is out of range.

    Examples
    --------
    >>> print(f"{clopper_pearson_upper(0, 11, 0.05):.4f}")
    0.2384
    """
    check_share("alpha", alpha)
    _check_counts(k, n)
    return 1.0 if k >= n else float(special.betainccinv(k + 1.0, n - k, alpha))


def clopper_pearson_lower(k: float, n: float, alpha: float) -> float:
    """One-sided lower Clopper-Pearson bound of a proportion at level ``1 - alpha``.

    Parameters, errors and source are those of `clopper_pearson_upper`; the bound lies in [0, 1)
    and is 0.0 when no trial failed.

    Examples
    --------
    >>> print(f"{clopper_pearson_lower(20, 40, 0.05):.4f}")
    0.3611
    """
    check_share("alpha", alpha)
    _check_counts(k, n)
    return 0.0 if k <= 0 else float(special.betaincinv(k, n - k + 1.0, alpha))


def fail_p_value(k: int, n: int, max_fail: float = 0.25) -> float:
    """P-value of "at least ``max_fail`` of outputs fail" after ``k`` fails in ``n`` prompts.

    Parameters
    ----------
    k, n : int
        Fails and independent prompts.
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1.

    Returns
    -------
    float
        ``P(Binomial(n, max_fail) <= k)``; small means "fails less often than that".

    Raises
    ------
    ValueError
        If a count or ``max_fail`` is out of range.

    Examples
    --------
    >>> print(f"{fail_p_value(29, 160):.6f}")
    0.024703
    """
    check_share("max_fail", max_fail)
    _check_counts(k, n)
    return float(special.bdtr(k, n, max_fail))


def max_fails(n: int, alpha: float, max_fail: float = 0.25) -> int | None:
    """Most fails among ``n`` prompts that still certify a fail rate of at most ``max_fail``.

    Parameters
    ----------
    n : int
        Independent prompts, at least 1.
    alpha : float
        Error probability, strictly between 0 and 1.
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1 (0.25 is the lower quartile).

    Returns
    -------
    int or None
        ``max{k : P(Binomial(n, max_fail) <= k) <= alpha}``; None when even no fail is not enough.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> [max_fails(n, 0.05) for n in (10, 11, 20, 50, 100)]
    [None, 0, 1, 7, 17]
    """
    check_share("alpha", alpha)
    check_share("max_fail", max_fail)
    _check_counts(0, n)
    return _max_fails(int(n), float(alpha), float(max_fail))


@lru_cache(maxsize=8192)
def _max_fails(n: int, alpha: float, max_fail: float) -> int | None:
    low, high = -1, n  # F(low) <= alpha < F(high) = 1
    while high - low > 1:
        middle = (low + high) // 2
        if at_most(float(special.bdtr(middle, n, max_fail)), alpha):
            low = middle
        else:
            high = middle
    return None if low < 0 else low


def min_prompts(alpha: float, max_fail: float = 0.25) -> int:
    """Fewest prompts with which anything can be certified (no fail at all).

    Parameters
    ----------
    alpha, max_fail : float
        Error probability and tolerated fail rate, strictly between 0 and 1.

    Returns
    -------
    int
        Smallest ``n`` with ``(1 - max_fail)**n <= alpha``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> min_prompts(0.05), min_prompts(0.05, max_fail=0.10), min_prompts(0.05, max_fail=0.05)
    (11, 29, 59)
    """
    check_share("alpha", alpha)
    check_share("max_fail", max_fail)
    n = max(1, math.floor(math.log(alpha) / math.log1p(-max_fail)) - 1)
    while _max_fails(n, float(alpha), float(max_fail)) is None:
        n += 1
    return n


def mcnemar_exact(n01: int, n10: int, *, two_sided: bool = False) -> float:
    """Exact McNemar p-value for paired fails of the same prompts in two rounds.

    Parameters
    ----------
    n01 : int
        Prompts that were fine before and fail now.
    n10 : int
        Prompts that failed before and are fine now.
    two_sided : bool
        Test any change; by default only "fails more often now".

    Returns
    -------
    float
        P-value in (0, 1]; 1.0 when nothing changed.

    Raises
    ------
    ValueError
        If a count is negative.

    References
    ----------
    McNemar, Psychometrika 12 (1947) 153-157.

    Examples
    --------
    >>> print(f"{mcnemar_exact(86, 150, two_sided=True):.3e}")
    3.716e-05
    """
    if n01 < 0 or n10 < 0:
        raise ValueError(f"Counts of changed prompts must not be negative, got {n01}, {n10}.")
    total = n01 + n10
    if total == 0:
        return 1.0
    if two_sided:
        return min(1.0, 2.0 * float(special.bdtr(min(n01, n10), total, 0.5)))
    return float(special.bdtr(n10, total, 0.5))
