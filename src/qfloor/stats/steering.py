"""What may yet come of an exact sequential test: chances, prompts, and whether to go on.

All of it steers money and none a level: boundaries hold whenever, and for whatever reason, a
cell is left. What is thought of an offer before its first prompt is Beta(1/2, 1/2).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.boundaries import SequentialBoundary

FloatArray = NDArray[np.float64]

_PRIOR = 0.5  # Jeffreys: an offer of which nothing is known is clear more often than close


@dataclass(frozen=True, kw_only=True)
class SequentialOperation:
    """What a boundary does at one true fail rate: chances of each end, prompts it takes."""

    certified: float
    rejected: float
    prompts: float


def operation(
    boundary: SequentialBoundary,
    fail_rate: float,
    *,
    patience: float | None = None,
    every: int = 1,
) -> SequentialOperation:
    """Chances of each verdict and expected prompts at a true fail rate, exactly.

    Parameters
    ----------
    boundary : SequentialBoundary
    fail_rate : float
        True fail rate, in [0, 1].
    patience : float, optional
        Leave a cell when going on is worth nothing (`worth_going_on`); by default never.
    every : int
        Ask that after every so many prompts.

    Returns
    -------
    SequentialOperation

    Examples
    --------
    >>> from qfloor.stats import exact_boundary
    >>> done = operation(exact_boundary(120, 0.005), 0.03)
    >>> print(f"{done.certified:.3f} {done.prompts:.0f}")
    1.000 31
    """
    at = np.zeros(boundary.horizon + 1)
    at[0] = 1.0
    certified = rejected = prompts = 0.0
    for n in range(1, boundary.horizon + 1):
        at[1:] = at[1:] * (1.0 - fail_rate) + at[:-1] * fail_rate
        at[0] *= 1.0 - fail_rate
        low, high = int(boundary.certify[n]) + 1, int(boundary.reject[n])
        fine, bad = float(at[:low].sum()), float(at[high:].sum())
        at[:low] = at[high:] = 0.0
        left = 0.0
        if patience is not None and n % every == 0 and n < boundary.horizon:
            hopeless = ~worth_going_on(boundary, patience)[n]
            left = float(at[: n + 1][hopeless].sum())
            at[: n + 1][hopeless] = 0.0
        certified, rejected = certified + fine, rejected + bad
        prompts += n * (fine + bad + left)
    return SequentialOperation(
        certified=certified, rejected=rejected, prompts=prompts + boundary.horizon * at.sum()
    )


def chance_to_decide(boundary: SequentialBoundary, fails: int, n: int) -> float:
    """Chance that a verdict falls by the horizon, as far as ``fails`` of ``n`` prompts tell.

    Beta(1/2, 1/2) before the first prompt; counted is a verdict at the horizon itself, which is
    nearly all of them (who crosses early would seldom come back). It steers money, never a level.

    Examples
    --------
    >>> from qfloor.stats import exact_boundary
    >>> boundary = exact_boundary(120, 0.005)
    >>> [round(chance_to_decide(boundary, fails, 40), 2) for fails in (2, 6, 12)]
    [0.97, 0.31, 0.08]
    """
    return float(chances_to_decide(boundary, n)[fails])


@functools.lru_cache(maxsize=8192)
def chances_to_decide(boundary: SequentialBoundary, n: int) -> FloatArray:
    """`chance_to_decide` for every number of fails, 0 .. ``n``."""
    left = boundary.horizon - n
    s, k = np.arange(n + 1)[:, None], np.arange(left + 1)[None, :]
    log = special.gammaln(np.arange(boundary.horizon + 1) + _PRIOR)
    ways = special.gammaln(left + 1.0) - special.gammaln(k + 1.0) - special.gammaln(left - k + 1.0)
    base = special.gammaln(n + 2 * _PRIOR) - special.gammaln(boundary.horizon + 2 * _PRIOR)
    pmf = np.exp(ways + log[s + k] + log[boundary.horizon - s - k] - log[s] - log[n - s] + base)
    total = s + k
    decided = (total <= boundary.certify[-1]) | (total >= boundary.reject[-1])
    chances = np.asarray((pmf * decided).sum(axis=1), dtype=np.float64)
    chances.flags.writeable = False
    return chances


@functools.lru_cache(maxsize=128)
def worth_going_on(
    boundary: SequentialBoundary, patience: float = 1.0
) -> tuple[NDArray[np.bool_], ...]:
    """Whether the next prompt of an undecided cell is worth buying, for every n and fails of n.

    Parameters
    ----------
    boundary : SequentialBoundary
    patience : float
        A verdict is worth this many times the horizon in prompts; above 0.

    Returns
    -------
    tuple of ndarray of bool
        One array of n + 1 entries for n = 0 .. horizon; False where a verdict has fallen.

    Raises
    ------
    ValueError
        If ``patience`` is not above 0.

    Notes
    -----
    Optimal stopping by backward induction, under Beta(1/2, 1/2) before the first prompt: with k
    fails of n the value is 1 where a verdict has fallen, else the larger of 0 (leave) and the
    expected value after one more prompt less its cost. It steers money, never a level: the
    boundaries hold whenever a cell is left.

    Examples
    --------
    >>> from qfloor.stats import exact_boundary
    >>> go = worth_going_on(exact_boundary(120, 0.005))
    >>> [fails for fails in range(41) if go[40][fails]]  # 2 certify, 20 reject
    [3, 4, 5, 6, 14, 15, 16, 17, 18, 19]
    """
    if not patience > 0:
        raise ValueError(f"patience must be above 0, got {patience}.")
    horizon = boundary.horizon
    prompt_cost = 1.0 / (patience * horizon)
    go = [np.zeros(n + 1, dtype=np.bool_) for n in range(horizon + 1)]
    after = _decided(boundary, horizon).astype(np.float64)
    for n in range(horizon - 1, -1, -1):
        fails = (np.arange(n + 1) + _PRIOR) / (n + 2 * _PRIOR)
        ahead = fails * after[1:] + (1.0 - fails) * after[:-1] - prompt_cost
        decided = _decided(boundary, n)
        go[n] = (ahead > 0.0) & ~decided
        go[n].flags.writeable = False
        after = np.where(decided, 1.0, np.where(go[n], ahead, 0.0))
    return tuple(go)


@functools.lru_cache(maxsize=128)
def prompts_to_leave(
    boundary: SequentialBoundary, patience: float = 1.0
) -> tuple[NDArray[np.int64], ...]:
    """Fewest further prompts after which a cell may be decided, or not worth going on any more.

    Parameters and errors are those of `worth_going_on`.

    Returns
    -------
    tuple of ndarray of int
        One array of n + 1 entries for n = 0 .. horizon, by fails of n; 0 where it is now.
        So many prompts can be bought at once, and none in vain.

    Examples
    --------
    >>> from qfloor.stats import exact_boundary
    >>> prompts_to_leave(exact_boundary(120, 0.005))[40][[3, 6, 7]].tolist()
    [5, 1, 0]
    """
    go = worth_going_on(boundary, patience)
    found = [np.zeros(n + 1, dtype=np.int64) for n in range(boundary.horizon + 1)]
    for n in range(boundary.horizon - 1, -1, -1):
        soonest = 1 + np.minimum(found[n + 1][:-1], found[n + 1][1:])
        found[n] = np.where(go[n], soonest, 0)
        found[n].flags.writeable = False
    return tuple(found)


def _decided(boundary: SequentialBoundary, n: int) -> NDArray[np.bool_]:
    fails = np.arange(n + 1)
    return np.asarray((fails <= boundary.certify[n]) | (fails >= boundary.reject[n]))


def prompts_to_decide(boundary: SequentialBoundary, fails: float, n: int, fail_rate: float) -> int:
    """Further prompts until a verdict if fails come in exactly at ``fail_rate``; at most all left.

    Examples
    --------
    >>> from qfloor.stats import exact_boundary
    >>> prompts_to_decide(exact_boundary(120, 0.005), 0, 0, 0.0)
    23
    """
    ahead = np.arange(n, boundary.horizon + 1)
    expected = fails + fail_rate * (ahead - n)
    crossed = (expected <= boundary.certify[n:]) | (expected >= boundary.reject[n:])
    return int(crossed.argmax()) if crossed.any() else boundary.horizon - n
