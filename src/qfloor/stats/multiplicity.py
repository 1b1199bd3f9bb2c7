"""Many verdicts at once: p-values adjusted by Holm, Benjamini and others, and e-values.

Each function returns adjusted values in the order given: reject (certify) where the adjusted
value is at most the level. None of them knows which family it was given; fixing the family
before the data is the caller's duty.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def _p_values(p_values: ArrayLike) -> FloatArray:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError(f"p-values must form one list, got an array of {p.ndim} dimensions.")
    if not np.all((p >= 0.0) & (p <= 1.0)):
        raise ValueError("p-values must lie in [0, 1].")
    return p


def holm(p_values: ArrayLike) -> FloatArray:
    """Holm's step-down adjustment (family-wise error, any dependence).

    Parameters
    ----------
    p_values : array_like, shape (m,)
        P-values in [0, 1].

    Returns
    -------
    ndarray, shape (m,)
        Adjusted p-values in [0, 1].

    Raises
    ------
    ValueError
        If the input is not one list of p-values.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.

    Examples
    --------
    >>> holm([0.01, 0.02, 0.03, 0.04, 0.05]).round(6).tolist()
    [0.05, 0.08, 0.09, 0.09, 0.09]
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _restore(stepped, order)


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg adjustment (false discovery rate under positive dependence).

    Parameters, returns and errors are those of `holm`.

    References
    ----------
    Benjamini and Hochberg, JRSS B 57 (1995) 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.02, 0.03, 0.04, 0.05]).round(6).tolist()
    [0.05, 0.05, 0.05, 0.05, 0.05]
    """
    return _step_up(_p_values(p_values), 1.0)


def benjamini_yekutieli(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Yekutieli adjustment (false discovery rate under any dependence).

    Parameters, returns and errors are those of `holm`; the price against
    `benjamini_hochberg` is the factor ``sum(1/i)``, 6.2 at 280 verdicts.

    References
    ----------
    Benjamini and Yekutieli, Annals of Statistics 29 (2001) 1165-1188.

    Examples
    --------
    >>> benjamini_yekutieli([0.01, 0.02, 0.03, 0.04, 0.05]).round(6).tolist()
    [0.114167, 0.114167, 0.114167, 0.114167, 0.114167]
    """
    p = _p_values(p_values)
    return _step_up(p, float(np.sum(1.0 / np.arange(1, p.size + 1))))


def e_bh(e_values: ArrayLike) -> FloatArray:
    """e-BH adjustment (false discovery rate, any dependence, any stopping time).

    Parameters
    ----------
    e_values : array_like, shape (m,)
        E-values, non-negative; infinity is allowed.

    Returns
    -------
    ndarray, shape (m,)
        Adjusted values in [0, 1]: those at most ``alpha`` are the discoveries of e-BH at
        ``alpha`` (the largest ``k`` with ``e_(k) >= m / (alpha k)``).

    Raises
    ------
    ValueError
        If the input is not one list of non-negative numbers.

    References
    ----------
    Wang and Ramdas, JRSS B 84 (2022) 822-852.

    Examples
    --------
    >>> (e_bh([500, 120, 80, 10, 300]) <= 0.05).tolist()
    [True, True, True, False, True]
    """
    e = np.asarray(e_values, dtype=np.float64)
    if e.ndim != 1:
        raise ValueError(f"e-values must form one list, got an array of {e.ndim} dimensions.")
    if not np.all(e >= 0.0):
        raise ValueError("e-values must not be negative.")
    # 1/e is a p-value only when capped; uncapped it keeps the step-up of e-BH exact.
    with np.errstate(divide="ignore", over="ignore"):
        return _step_up(1.0 / e, 1.0)


def e_from_p(p_value: float) -> float:
    """Turn a p-value into an e-value, for evidence that knows no bets.

    Parameters
    ----------
    p_value : float
        P-value in [0, 1].

    Returns
    -------
    float
        ``(1 - p + p ln p) / (p ln(p)**2)``, the mixture of all calibrators ``k p**(k-1)``: one
        half at 1, falling in p; infinite at 0.

    Raises
    ------
    ValueError
        If it is no p-value.

    References
    ----------
    Vovk and Wang, Annals of Statistics 49 (2021) 1736-1754, equation (2).

    Examples
    --------
    >>> print(f"{e_from_p(0.0001):.1f} {e_from_p(0.05):.2f}")
    117.8 1.78
    """
    if not 0.0 <= p_value <= 1.0:
        raise ValueError(f"p_value must lie in [0, 1], got {p_value!r}.")
    if p_value == 0.0:
        return math.inf
    log = math.log(p_value)
    if log > -1e-3:  # where the formula is 0/0
        return 0.5 - log / 6.0
    return (1.0 - p_value + p_value * log) / (p_value * log**2)


def _step_up(p: FloatArray, price: float) -> FloatArray:
    order = np.argsort(p, kind="stable")
    raised = p[order] * (price * p.size / np.arange(1, p.size + 1))
    return _restore(np.minimum.accumulate(raised[::-1])[::-1], order)


def _restore(ordered: FloatArray, order: NDArray[np.intp]) -> FloatArray:
    adjusted = np.empty_like(ordered)
    adjusted[order] = np.minimum(ordered, 1.0)
    return adjusted


def error_over(alphas: ArrayLike, times: int = 1) -> tuple[float, float]:
    """Probability of at least one error in families judged again and again.

    Parameters
    ----------
    alphas : array_like
        Error probability of each family, each time.
    times : int, default 1
        How often all of them are judged, e.g. 12 monthly releases.

    Returns
    -------
    (float, float)
        The ceiling whatever depends on what (the sum, at most 1), and the value when families
        and times err independently.

    Raises
    ------
    ValueError
        If a probability is none, or ``times`` is below 1.

    Examples
    --------
    >>> [round(p, 2) for p in error_over([0.05], times=12)]
    [0.6, 0.46]
    """
    p = _p_values(alphas)
    if times < 1:
        raise ValueError(f"times must be at least 1, not {times}.")
    most = min(1.0, times * math.fsum(p.tolist()))
    return most, float(1.0 - np.prod(1.0 - p) ** times)
