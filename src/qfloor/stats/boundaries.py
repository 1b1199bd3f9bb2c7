"""Exact sequential tests of a fail rate: how many fails decide after each prompt.

One output and one judgment a prompt, at most ``horizon`` prompts, the number fixed before the
first. The chance that fails *ever* touch a boundary is computed exactly, by walking the
binomial distribution prompt by prompt and taking out what has crossed; boundaries spend all of
``alpha``, where an e-process leaves a third of it. What is not seen here: whether prompts came
in an order fixed before the data, once each, within one round.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.binomial import check_share
from qfloor.stats.sequential import BET_SHARES

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
SequentialRule = Literal["exact_sequential", "e_process"]

SPENDING_SCALE = 30.0
"""Prompts after which alpha is spent ever more slowly; see `spent_share`."""

_PRIOR = 0.5  # Jeffreys: an offer of which nothing is known is clear more often than close


@dataclass(frozen=True, kw_only=True, eq=False)
class SequentialBoundary:
    """Fails that decide after n prompts, for n = 0 .. ``horizon``.

    ``certify[n]`` is the most fails that certify (-1: none do), ``reject[n]`` the fewest that
    reject (n + 1: none do). Both never fall, so for certifying only the first prompt at which one
    more fail is allowed is a new chance.
    """

    certify: IntArray
    reject: IntArray
    alpha: float
    max_fail: float
    horizon: int
    rule: SequentialRule


@dataclass(frozen=True, kw_only=True)
class SequentialOperation:
    """What a boundary does at one true fail rate: chances of each end, prompts it takes."""

    certified: float
    rejected: float
    prompts: float


def spent_share(n: int, horizon: int) -> float:
    """Share of alpha that may be spent by prompt ``n``: ``log(1 + n/30) / log(1 + horizon/30)``.

    Between Pocock (early) and O'Brien-Fleming (late): by the logarithm, so that an offer that is
    clear and one that is close both find some of it left.

    Examples
    --------
    >>> print(f"{spent_share(30, 120):.2f} {spent_share(120, 120):.2f}")
    0.43 1.00
    """
    return math.log1p(n / SPENDING_SCALE) / math.log1p(horizon / SPENDING_SCALE)


@functools.lru_cache(maxsize=512)
def exact_boundary(
    horizon: int, alpha: float, max_fail: float = 0.25, looks: tuple[int, ...] | None = None
) -> SequentialBoundary:
    """Boundaries whose chance of a false certificate over all looks is ``alpha``, and as often
    of a false rejection.

    Parameters
    ----------
    horizon : int
        Most prompts there can be, at least 1; fixed before the first.
    alpha : float
        Error probability of each side over the whole sequence, strictly between 0 and 1.
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1.
    looks : tuple of int, optional
        Prompts after which to look: a group-sequential test. By default after every prompt.

    Returns
    -------
    SequentialBoundary

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Each side is computed as if the other, and futility, did not exist ("non-binding"), so that a
    cell may be left at any time, for any reason, and the level holds. With ``S_n`` the fails of
    n prompts, P(some S_n <= certify[n]) falls in the true fail rate, so it is largest at
    ``max_fail`` among the rates that must not be certified.

    It also holds for all thresholds at once, at one ``max_fail`` and without correction: let t*
    be the smallest threshold with a fail rate of ``max_fail`` or more. Any falsely certified t
    is t* or above; it fails every output that t* fails, hence when S_n(t) <= certify[n] so is
    S_n(t*). The mirror image holds for rejecting.

    References
    ----------
    Lan and DeMets, Biometrika 70 (1983) 659-663; Jennison and Turnbull, Group Sequential Methods
    (2000), chapter 12 (exact binomial).

    Examples
    --------
    >>> boundary = exact_boundary(120, 0.005)
    >>> int((boundary.certify >= 0).argmax())  # clean prompts that certify
    23
    >>> print(f"{operation(boundary, 0.25).certified:.4f}")
    0.0049
    """
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1 prompt, got {horizon}.")
    check_share("alpha", alpha)
    check_share("max_fail", max_fail)
    at = None if looks is None else frozenset(looks)
    certify = _spend(horizon, alpha, max_fail, at)
    clears = _spend(horizon, alpha, 1.0 - max_fail, at)
    n = np.arange(horizon + 1)
    reject = np.where(clears >= 0, n - clears, n + 1)
    return _frozen(certify, reject, alpha, max_fail, "exact_sequential")


@functools.lru_cache(maxsize=128)
def e_process_boundary(horizon: int, alpha: float, max_fail: float = 0.25) -> SequentialBoundary:
    """Fails at which `EProcess` decides when every prompt has one output and one judgment.

    Parameters and errors are those of `exact_boundary`.

    Examples
    --------
    >>> int((e_process_boundary(120, 0.05).certify >= 0).argmax())
    16
    """
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1 prompt, got {horizon}.")
    check_share("alpha", alpha)
    check_share("max_fail", max_fail)
    bets = BET_SHARES / (1.0 - max_fail)
    mirrored = bets * (1.0 - max_fail) / max_fail
    certify = np.full(horizon + 1, -1)
    reject = np.arange(horizon + 1) + 1
    for n in range(1, horizon + 1):
        fails = np.arange(n + 1)
        for_it = _log_wealth(n - fails, fails, bets * max_fail, bets * (1.0 - max_fail))
        against = _log_wealth(fails, n - fails, mirrored * (1.0 - max_fail), mirrored * max_fail)
        fine = np.flatnonzero(for_it >= -math.log(alpha))
        bad = np.flatnonzero(against >= -math.log(alpha))
        certify[n] = max(int(certify[n - 1]), int(fine[-1]) if fine.size else -1)
        reject[n] = int(bad[0]) if bad.size else n + 1
    return _frozen(certify, reject, alpha, max_fail, "e_process")


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


def _decided(boundary: SequentialBoundary, n: int) -> NDArray[np.bool_]:
    fails = np.arange(n + 1)
    return np.asarray((fails <= boundary.certify[n]) | (fails >= boundary.reject[n]))


def prompts_to_decide(boundary: SequentialBoundary, fails: float, n: int, fail_rate: float) -> int:
    """Further prompts until a verdict if fails come in exactly at ``fail_rate``; at most all left.

    Examples
    --------
    >>> prompts_to_decide(exact_boundary(120, 0.005), 0, 0, 0.0)
    23
    """
    ahead = np.arange(n, boundary.horizon + 1)
    expected = fails + fail_rate * (ahead - n)
    crossed = (expected <= boundary.certify[n:]) | (expected >= boundary.reject[n:])
    return int(crossed.argmax()) if crossed.any() else boundary.horizon - n


def _spend(horizon: int, alpha: float, rate: float, looks: frozenset[int] | None) -> IntArray:
    """Most events after n prompts such that P(ever so few | rate) spends alpha as allowed."""
    at = np.zeros(horizon + 1)
    at[0], spent = 1.0, 0.0
    most = np.full(horizon + 1, -1)
    for n in range(1, horizon + 1):
        at[1:] = at[1:] * (1.0 - rate) + at[:-1] * rate
        at[0] *= 1.0 - rate
        if looks is not None and n not in looks:
            continue
        # A hair less than alpha, so that rounding cannot spend more.
        room = alpha * (1.0 - 1e-9) * spent_share(n, horizon) - spent
        allowed = int(np.searchsorted(np.cumsum(at[: n + 1]), room, side="right")) - 1
        # Nobody is left at or below the last boundary, so keeping it costs what has come since.
        most[n] = max(allowed, int(most[:n].max()) if looks is None else -1)
        spent += float(at[: most[n] + 1].sum())
        at[: most[n] + 1] = 0.0
    return most


def _log_wealth(wins: IntArray, losses: IntArray, won: FloatArray, lost: FloatArray) -> FloatArray:
    """Log of the mean over bets of ``(1 + won)**wins * (1 - lost)**losses``."""
    logs = np.outer(wins, np.log1p(won)) + np.outer(losses, np.log1p(-lost))
    return np.asarray(special.logsumexp(logs, axis=1) - math.log(won.size), dtype=np.float64)


def _frozen(
    certify: IntArray, reject: IntArray, alpha: float, max_fail: float, rule: SequentialRule
) -> SequentialBoundary:
    certify.flags.writeable = reject.flags.writeable = False
    return SequentialBoundary(
        certify=certify,
        reject=reject,
        alpha=alpha,
        max_fail=max_fail,
        horizon=certify.size - 1,
        rule=rule,
    )
