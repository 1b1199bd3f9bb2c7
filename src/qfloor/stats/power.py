"""How many prompts a certificate needs, before a single output is bought.

For one independent output a prompt. With repeats the counts shrink by the design effect, which
only data can tell; how close the true fail rate is to the tolerated one matters far more.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.binomial import TIE, check_share, max_fails, min_prompts

# Beyond this many prompts a plan is not a plan.
_MOST_PROMPTS = 100_000

# Sizes that an answer is one of: above that many it is rounded up, by less than 1 in 1,000.
_SIZES = 4_000

# Sizes looked at in each round of the search for it.
_LOOKS = 16


def certification_power(fail_rate: float, n: int, alpha: float, max_fail: float = 0.25) -> float:
    """Probability that an offer with this true fail rate is certified on ``n`` prompts.

    Parameters
    ----------
    fail_rate : float
        True fail rate, in [0, 1].
    n : int
        Independent prompts, at least 1.
    alpha, max_fail : float
        Error probability and tolerated fail rate, strictly between 0 and 1.

    Returns
    -------
    float
        ``P(Binomial(n, fail_rate) <= max_fails(n, alpha, max_fail))``; 0.0 below `min_prompts`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> print(f"{certification_power(0.12, 60, 0.05):.2f}")
    0.82
    """
    if not 0.0 <= fail_rate <= 1.0:
        raise ValueError(f"fail_rate must lie in [0, 1], got {fail_rate!r}.")
    most = max_fails(n, alpha, max_fail)
    return 0.0 if most is None else float(special.bdtr(most, n, fail_rate))


def prompts_needed(
    fail_rate: float, alpha: float, max_fail: float = 0.25, power: float = 0.8
) -> int | None:
    """Fewest independent prompts from which on certification has the wanted power.

    Power is a saw-tooth in ``n``; the answer is the ``n`` from which it never falls below
    ``power`` again, so that buying a few prompts more cannot spoil the plan.

    Parameters
    ----------
    fail_rate : float
        True (or estimated) fail rate, in [0, 1].
    alpha, max_fail, power : float
        Error probability, tolerated fail rate and wanted power, strictly between 0 and 1.

    Returns
    -------
    int or None
        Prompts; None when the fail rate is not below ``max_fail`` or is so close to it that
        more than 100,000 prompts would be needed.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    With ``m`` repeats a prompt multiply by ``design_effect / m`` (see `clusters.korn_graubard`).

    Examples
    --------
    >>> prompts_needed(0.10, 0.05), prompts_needed(0.10, 0.05 / 7, power=0.9)
    (50, 99)
    """
    for name, value in (("power", power), ("alpha", alpha), ("max_fail", max_fail)):
        check_share(name, value)
    if not 0.0 <= fail_rate <= 1.0:
        raise ValueError(f"fail_rate must lie in [0, 1], got {fail_rate!r}.")
    if fail_rate >= max_fail:
        return None
    return _prompts_needed(float(fail_rate), float(alpha), float(max_fail), float(power))


@lru_cache(maxsize=8192)
def _prompts_needed(fail_rate: float, alpha: float, max_fail: float, power: float) -> int | None:
    """`prompts_needed` of checked arguments; cells of a table ask for the same rates again."""
    least = min_prompts(alpha, max_fail)
    spread = -special.ndtri(alpha) * math.sqrt(max_fail * (1 - max_fail))
    spread += abs(special.ndtri(power)) * math.sqrt(fail_rate * (1 - fail_rate))
    horizon = 2.0 * (spread / (max_fail - fail_rate)) ** 2 + 4.0 * least + 100.0
    if horizon > 3.0 * _MOST_PROMPTS:
        return None
    step = max(1, math.ceil(horizon) // _SIZES)
    n = np.arange(least, math.ceil(horizon) + step, step)

    def short(at: NDArray[np.int64]) -> NDArray[np.int64]:
        return at[_powers(n[at], fail_rate, alpha, max_fail) < power]

    low, high = -1, n.size - 1  # n[low] falls short; some n from there to n[high] is enough
    while high - low > _LOOKS:
        at = np.linspace(low + 1, high, _LOOKS).astype(np.int64)
        found = short(at)
        low = max(low, int(found.max(initial=low)))
        high = int(at[at > low].min(initial=n.size - 1))
    found = short(np.arange(low + 1, min(n.size, high + _teeth(fail_rate, max_fail, step))))
    last = int(found.max(initial=low))
    answer = int(n[0]) if last < 0 else int(n[last]) + step
    return answer if answer <= _MOST_PROMPTS else None


def _teeth(fail_rate: float, max_fail: float, step: int) -> int:
    """How many sizes past one with enough power a tooth may still reach below it.

    Power falls by ``fail_rate / max_fail`` units over a tooth of ``1 / max_fail`` prompts and
    rises by one at its end; the level's own slope may halve what is won.
    """
    tooth = fail_rate / max_fail / (max_fail - fail_rate)
    return math.ceil((4.0 * tooth + 4.0 / max_fail) / step) + 2


def _powers(
    n: NDArray[np.int64], fail_rate: float, alpha: float, max_fail: float
) -> NDArray[np.float64]:
    """`certification_power` for many ``n`` from `min_prompts` on."""
    most = _most_fails(n, alpha, max_fail)
    return np.asarray(special.bdtr(most, n, fail_rate), dtype=np.float64)


def _most_fails(n: NDArray[np.int64], alpha: float, max_fail: float) -> NDArray[np.float64]:
    """`max_fails` for many ``n`` from `min_prompts` on: guessed by Cornish and Fisher, checked."""
    z = float(special.ndtri(alpha))
    guess = n * max_fail + z * np.sqrt(n * (max_fail * (1.0 - max_fail)))
    guess = np.floor(guess + (z * z - 1.0) * (1.0 - 2.0 * max_fail) / 6.0 - 0.5)
    level = alpha * (1.0 + TIE)
    most = np.full(n.shape, -1.0)
    for more in (-1.0, 0.0, 1.0, 2.0):  # the tail itself decides
        k = np.clip(guess + more, 0.0, n - 1.0)
        most = np.where(special.bdtr(k, n, max_fail) <= level, k, most)
    far = (most < 0.0) | (special.bdtr(np.minimum(most + 1.0, n), n, max_fail) <= level)
    for i in np.flatnonzero(far):
        most[i] = float(max_fails(int(n[i]), alpha, max_fail) or 0)
    return np.asarray(most)
