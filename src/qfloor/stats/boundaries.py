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
    >>> from qfloor.stats.steering import operation
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


@functools.lru_cache(maxsize=512)
def shared_boundary(
    horizon: int,
    alpha: float,
    max_fail: float = 0.25,
    *,
    chains: int,
    closed: tuple[int, int] = (0, 0),
    rule: SequentialRule = "exact_sequential",
) -> SequentialBoundary:
    """Boundaries of one of many tests that share alpha by Holm, given how many have closed.

    Parameters
    ----------
    horizon, alpha, max_fail
        As for `exact_boundary`; ``alpha`` is that of all tests together.
    chains : int
        How many tests share it, at least 1; fixed before the data.
    closed : tuple of int
        How many of them have certified all that they ask, and how many have rejected all.
    rule : {"exact_sequential", "e_process"}

    Returns
    -------
    SequentialBoundary
        Certifying at alpha over the tests not closed by certificates, rejecting at alpha over those
        not closed by rejections; ``alpha`` is the level of certifying.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Each boundary lies within all laxer ones (it is cut off there where it does not by itself), so
    what has crossed at a level has crossed at every larger one. The chance of any false
    certificate among the tests is then at most alpha, at any stopping time, however prompts were
    dealt out and whatever the dependence: let k of the tests ask something that is not so. Up to
    the first false certificate none of them has closed, for closing takes all it asks; so the
    level is at most alpha / k, and that test's stream has crossed its boundary at alpha / k at
    some time up to the horizon, which happens with probability alpha / k at most. Whether earlier
    prompts are held against a level that came later makes no difference to that. The mirror image
    holds for rejections.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6 (1979) 65-70; Ye, Li, Liu and Yao, Statistics in
    Medicine 32 (2013) 1112-1124 (group-sequential Holm); Maurer and Bretz, Statistics in
    Biopharmaceutical Research 5 (2013) 311-320.

    Examples
    --------
    >>> first = shared_boundary(120, 0.05, chains=10)
    >>> later = shared_boundary(120, 0.05, chains=10, closed=(7, 2))
    >>> [int((b.certify >= 0).argmax()) for b in (first, later)]  # clean prompts that certify
    [23, 19]
    """
    if chains < 1 or not all(0 <= n <= chains for n in closed):
        raise ValueError(f"of {chains} tests {closed[0]} and {closed[1]} cannot have closed.")
    shares = [max(1, chains - n) for n in closed]
    if rule == "exact_sequential":
        ladder = _ladder(horizon, alpha, max_fail, chains)
        fine, bad = (ladder[share - 1] for share in shares)
    else:  # the same wealth against another bar: within each other as they are
        fine, bad = (e_process_boundary(horizon, alpha / share, max_fail) for share in shares)
    return _frozen(fine.certify, bad.reject, fine.alpha, max_fail, rule)


@functools.lru_cache(maxsize=128)
def _ladder(
    horizon: int, alpha: float, max_fail: float, chains: int
) -> tuple[SequentialBoundary, ...]:
    """Exact boundaries at alpha, alpha / 2 .. alpha / ``chains``, each within those before it."""
    found = [exact_boundary(horizon, alpha, max_fail)]
    for k in range(2, chains + 1):
        # Kept here, and not there as well, where so many would drive all others out.
        plain, lax = exact_boundary.__wrapped__(horizon, alpha / k, max_fail), found[-1]
        certify = np.minimum(plain.certify, lax.certify)
        reject = np.maximum(plain.reject, lax.reject)
        found.append(_frozen(certify, reject, alpha / k, max_fail, "exact_sequential"))
    return tuple(found)


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
