"""Bounds of a fail rate when outputs come in clusters: repeats of a prompt, ratings of a rater.

Repeats are not prompts: pooling them falsely certifies 10-15 % at a nominal 5 %. The
Korn-Graubard bound shrinks the count of outputs to an effective one and stays exact at one
output a prompt. It is not monotone in the fails, not to be trusted below alpha 0.01 (15 times the
nominal error was seen), and not quite above where a few prompts always fail; `fail_rules` takes
care of that, this file does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.binomial import clopper_pearson_upper

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class KornGraubard:
    """A Korn-Graubard upper bound and what it rests on.

    ``p`` fail rate, ``design_effect`` outputs per effective output, ``n_effective`` before and
    ``n_star`` after the correction for few prompts, ``upper`` the one-sided bound.
    """

    p: float
    upper: float
    design_effect: float
    n_effective: float
    n_star: float
    n_prompts: int
    n_outputs: int
    confidence: float


@lru_cache(maxsize=4096)
def few_clusters_factor(n: float, df: float, alpha: float) -> float:
    """Return ``(t_(n-1) / t_df)**2`` at ``1 - alpha``: what few clusters cost, in (0, 1]."""
    if df < 1:
        return 0.0
    ratio = float(special.stdtrit(n - 1.0, alpha)) / float(special.stdtrit(df, alpha))
    return min(1.0, ratio**2)


def check_confidence(confidence: float) -> float:
    """Return alpha of a one-sided confidence, which must lie in (0.5, 1)."""
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"confidence must lie strictly between 0.5 and 1, got {confidence!r}.")
    return 1.0 - confidence


def check_shares(fail_shares: ArrayLike) -> FloatArray:
    """Return fail shares as an array; they must be one non-empty list in [0, 1]."""
    shares = np.asarray(fail_shares, dtype=np.float64)
    if shares.ndim != 1 or shares.size == 0:
        raise ValueError("fail_shares must be one non-empty list, one share a prompt.")
    if not np.all((shares >= 0.0) & (shares <= 1.0)):
        raise ValueError("fail_shares must lie in [0, 1].")
    return shares


def _check_repeats(repeats: ArrayLike, n_prompts: int) -> NDArray[np.int64]:
    given = np.asarray(repeats)
    if given.ndim > 1 or (given.ndim == 1 and given.size != n_prompts):
        raise ValueError(f"repeats must be one number, or one for each of {n_prompts} prompts.")
    counts = np.broadcast_to(given, (n_prompts,)).astype(np.int64)
    if not (np.all(counts == given) and np.all(counts >= 1)):
        raise ValueError("repeats must be whole numbers of at least 1.")
    return counts


def korn_graubard(
    fail_shares: ArrayLike,
    repeats: ArrayLike,
    confidence: float = 0.95,
    weights: ArrayLike | None = None,
) -> KornGraubard:
    """Korn-Graubard upper bound of a fail rate, prompts being the clusters.

    Parameters
    ----------
    fail_shares : array_like, shape (prompts,)
        Share of failed outputs of each prompt, in [0, 1].
    repeats : int or array_like of int, shape (prompts,)
        Outputs of each prompt, at least 1.
    confidence : float
        One-sided level, strictly between 0.5 and 1.
    weights : array_like, shape (prompts,), optional
        Positive traffic weights of the prompts.

    Returns
    -------
    KornGraubard
        The bound is at least Clopper-Pearson of no fail in as many prompts, and equals
        Clopper-Pearson at one output a prompt. With one prompt that failed it is 1.

    Raises
    ------
    ValueError
        If shares, repeats, weights or the level are out of range.

    Notes
    -----
    ``p`` is the mean share, ``v = var(Z)/G``, ``n_eff = p(1-p)/v``,
    ``n* = min(n, n_eff (t_(n-1)/t_(G-1))**2)``, ``n* = G`` when nothing failed; the bound is
    Clopper-Pearson at ``k = p n*``. With weights ``v`` is the larger of the linearised variance
    and Kish's (``var_w(Z) sum(w**2)/sum(w)**2``), and ``G`` becomes ``sum(w)/max(w)`` wherever a
    count of prompts is meant: with Kish's size there, few heavy prompts falsely certify up to 3.4
    times as often as they may (``benchmarks/validity/traffic_weights.py``).

    References
    ----------
    Korn and Graubard, Survey Methodology 24 (1998) 193-201; R survey ``svyciprop("beta")``.

    Examples
    --------
    >>> bound = korn_graubard([0.0, 0.5, 0.0, 0.0, 1.0] * 8, repeats=2)
    >>> print(f"{bound.p:.2f} {bound.design_effect:.3f} {bound.n_star:.2f} {bound.upper:.4f}")
    0.30 1.563 49.95 0.4238
    """
    alpha = check_confidence(confidence)
    shares = check_shares(fail_shares)
    counts = _check_repeats(repeats, shares.size)
    n_outputs = int(counts.sum())
    p, variance, size = _moments(shares, weights)
    if np.all(counts == 1):
        # Nothing is clustered: Clopper-Pearson is exact, only unequal weights cost something.
        plain = variance * (shares.size - 1) / shares.size
        n_effective = size if weights is None else effective(p, plain, size, size)
        n_star = min(size, n_effective)
    else:
        most = n_outputs * size / shares.size
        n_effective = effective(p, variance, most, size)
        n_star = effective_size(p, variance, most, size, size - 1.0, alpha)
    return KornGraubard(
        p=p,
        upper=upper_at(p, n_star, size, alpha),
        design_effect=n_outputs / n_effective,
        n_effective=n_effective,
        n_star=n_star,
        n_prompts=shares.size,
        n_outputs=n_outputs,
        confidence=confidence,
    )


def korn_graubard_upper(
    fail_shares: ArrayLike, repeats: ArrayLike, confidence: float = 0.95
) -> float:
    """Upper bound of P(fail) from one fail share a prompt; see `korn_graubard`.

    Examples
    --------
    >>> print(f"{korn_graubard_upper([0.0] * 11, repeats=4):.4f}")
    0.2384
    """
    return korn_graubard(fail_shares, repeats, confidence).upper


def korn_graubard_lower(
    fail_shares: ArrayLike, repeats: ArrayLike, confidence: float = 0.95
) -> float:
    """Lower bound of P(fail): one minus the upper bound of P(no fail); see `korn_graubard`.

    Examples
    --------
    >>> print(f"{korn_graubard_lower([1.0] * 11, repeats=4):.4f}")
    0.7616
    """
    return 1.0 - korn_graubard(1.0 - check_shares(fail_shares), repeats, confidence).upper


def exact_one_repeat_upper(first_fails: ArrayLike, confidence: float = 0.95) -> float:
    """Exact upper bound of P(fail) from one output a prompt, chosen without looking at scores.

    Parameters
    ----------
    first_fails : array_like of bool, shape (prompts,)
        Whether the chosen output of each prompt failed.
    confidence : float
        One-sided level, strictly between 0.5 and 1.

    Returns
    -------
    float
        Clopper-Pearson upper bound: exact at any level, at the cost of the other repeats.

    Raises
    ------
    ValueError
        If the input is not one list of fails or the level is out of range.

    Examples
    --------
    >>> print(f"{exact_one_repeat_upper([False] * 18, confidence=1 - 0.05 / 7):.4f}")
    0.2401
    """
    alpha = check_confidence(confidence)
    fails = check_shares(first_fails)
    if not np.all((fails == 0.0) | (fails == 1.0)):
        raise ValueError("first_fails must hold true or false for each prompt.")
    return clopper_pearson_upper(float(fails.sum()), fails.size, alpha)


def effective_size(
    p: float, variance: float, most: float, n_prompts: float, df: float, alpha: float
) -> float:
    """Return ``n*``: independent outputs worth what ``most`` clustered ones are."""
    factor = few_clusters_factor(most, df, alpha)
    if p in (0.0, 1.0):
        return min(n_prompts, most * factor) if df < n_prompts - 1 else n_prompts
    return min(most, effective(p, variance, most, n_prompts) * factor)


def effective_sizes(
    p: FloatArray,
    variance: FloatArray,
    most: FloatArray | float,
    factor: FloatArray | float,
    ends: FloatArray | float,
) -> FloatArray:
    """`effective_size` at many fail rates, with the price of few prompts and the ends given."""
    inner, seen = (p > 0.0) & (p < 1.0), variance > 0.0
    worth = np.where(seen, p * (1.0 - p) / np.where(seen, variance, 1.0), most)
    return np.where(inner, np.minimum(most, worth * factor), ends)


def effective(p: float, variance: float, most: float, n_prompts: float) -> float:
    """Return ``n_eff = p(1-p)/v``, where that says nothing: prompts at the ends, else ``most``."""
    if p in (0.0, 1.0):
        return n_prompts
    return most if variance <= 0.0 else p * (1.0 - p) / variance


def upper_at(p: float, n_star: float, n_prompts: float, alpha: float) -> float:
    """Return Clopper-Pearson of ``p n*`` in ``n*``, never below that of 0 in ``n_prompts``."""
    if n_star <= 0.0:
        return 1.0
    floor = clopper_pearson_upper(0, n_prompts, alpha)
    return max(floor, clopper_pearson_upper(p * n_star, n_star, alpha))


def _moments(shares: FloatArray, weights: ArrayLike | None) -> tuple[float, float, float]:
    """Fail rate, variance of it, and the number of prompts (of the heaviest, with weights)."""
    n = shares.size
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (n,) or not np.all((w > 0.0) & np.isfinite(w)):
        raise ValueError(f"weights must be {n} positive numbers, one for each prompt.")
    w = w / w.sum()
    size = float(n) if weights is None else float(1.0 / w.max())
    if shares.min() == shares.max():
        return float(shares[0]), 0.0, size
    p = float(shares.mean() if weights is None else np.sum(w * shares))
    off = (shares - p) ** 2
    linear, kish = float(np.sum(w**2 * off)), float(np.sum(w * off) * np.sum(w**2))
    return p, max(linear, kish) * n / (n - 1), size
