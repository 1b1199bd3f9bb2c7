"""The least that a sequential rule can spend when nobody tells it which cell is which.

Cells have one tier and fail rates drawn from a known list, which the rule may know by heart: what
it does not know is which rate the cell before it has, nor what the other cells drew. It may
certify, reject, leave, or buy one more prompt, after every prompt, and must certify (reject) a
cell whose rate is the tolerated one with a chance of at most ``alpha``. How few prompts can it
take for so many right verdicts?

With prices on the three demands (a right verdict earns, a false one at the tolerated rate costs)
the best rule is found by backward induction, exactly. By weak duality *any* prices give a number
that no rule can go below; the best prices give the least spend there is. Rules that look at other
cells, or toss coins, are covered: for independent cells the demands are on means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]

_NEVER = 40.0
"""Logarithm at which likelihood ratios are cut off: nobody certifies there, and less is no more."""


@dataclass(frozen=True, kw_only=True)
class Game:
    """Cells of which only the list of rates is known, up to ``horizon`` prompts each.

    By prompts n and fails k: ``good`` and ``bad``, the chances that the rate is below and above
    the tolerated one; ``next_fails``, that the next prompt fails; ``ratio``, how much likelier
    the data are at the tolerated rate. One array of n + 1 entries for each n.
    """

    horizon: int
    good: list[Floats]
    bad: list[Floats]
    next_fails: list[Floats]
    ratio: list[Floats]


def game(rates: Floats, max_fail: float, horizon: int) -> Game:
    """Work out what is known after every prompt."""
    low, high = np.log(rates), np.log1p(-rates)
    good, bad, ahead, ratio = [], [], [], []
    for n in range(horizon + 1):
        k = np.arange(n + 1.0)
        logs = np.outer(k, low) + np.outer(n - k, high) - math.log(rates.size)
        seen = special.logsumexp(logs, axis=1)
        belief = np.exp(logs - seen[:, None])
        good.append(belief @ (rates < max_fail))
        bad.append(belief @ (rates > max_fail))
        ahead.append(belief @ rates)
        there = k * math.log(max_fail) + (n - k) * math.log1p(-max_fail)
        ratio.append(np.exp(np.minimum(there - seen, _NEVER)))
    return Game(horizon=horizon, good=good, bad=bad, next_fails=ahead, ratio=ratio)


def value(of: Game, earns: float, certify: float, reject: float) -> float:
    """Least expected cost a cell at prices for a right verdict and for each false one."""
    after: Floats = np.zeros(0)
    for n in range(of.horizon, -1, -1):
        fine = certify * of.ratio[n] - earns * of.good[n]
        unfit = reject * of.ratio[n] - earns * of.bad[n]
        best = np.minimum(np.minimum(fine, unfit), 0.0)
        if n < of.horizon:
            p = of.next_fails[n]
            best = np.minimum(best, 1.0 + p * after[1:] + (1.0 - p) * after[:-1])
        after = best
    return float(after[0])


def least_prompts(
    rates: Floats, alpha: float, max_fail: float, right: float, horizon: int
) -> float:
    """Prompts a cell that no rule can go below, at ``right`` right verdicts a cell on average."""
    known = game(rates, max_fail, horizon)

    def bound(logs: Floats) -> float:
        earns, certify, reject = np.exp(logs)
        return value(known, earns, certify, reject) + earns * right - alpha * (certify + reject)

    start = np.log([horizon / 4.0, horizon / 40.0 / alpha, horizon / 40.0 / alpha])
    best = -math.inf
    for _ in range(3):  # a simplex that has shrunk too early is set up again
        found = optimize.minimize(
            lambda x: -bound(x), start, method="Nelder-Mead",
            options={"xatol": 1e-3, "fatol": 1e-3, "maxfev": 250},
        )  # fmt: skip
        if -found.fun - best < 0.01:
            break
        best, start = -float(found.fun), found.x
    return max(best, -float(found.fun))
