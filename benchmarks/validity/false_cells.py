"""Cells whose truth is known, and how often each bound certifies them: exactly, or nearly so.

A prompt's outcome is how many of its ``m`` values fail; a cell of ``G`` independent prompts is
therefore a multinomial count over 0..m, whatever made the values alike. With up to two values a
prompt all counts are enumerated. With more they are drawn from mixtures in which certificates are
frequent and weighted back (importance sampling): the error is what it would be after millions of
plain repetitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from qfloor import stats
from qfloor.stats import every_repeat_many
from qfloor.stats.sequential import BET_SHARES

Array = NDArray[np.float64]

LEVELS = {".05": 0.05, ".05/7": 0.05 / 7, ".05/40": 0.05 / 40, ".05/280": 0.05 / 280}

DRAWS = 10_000
"""Cells drawn from each part of a mixture."""

_CHUNK = 2_000

_ROUGH = 0.15
"""Distance from the log of a level within which p-values are computed in full."""


def latent(m: int, rate: float, rho: float, always: float = 0.0) -> Array:
    """Chances of 0..m fails when a share of prompts always fails and the rest have a latent normal.

    ``rho`` is the correlation of the latent values of a prompt; ``rate`` the fail rate of all.
    """
    rest = (rate - always) / (1.0 - always)
    if not 0.0 <= rest < 1.0:
        raise ValueError(f"{always:g} of prompts always fail, more than {rate:g} of outputs")
    u = np.linspace(-8.5, 8.5, 4001)
    weight = np.exp(-u * u / 2.0)
    chance = special.ndtr((special.ndtri(rest) + math.sqrt(rho) * u) / math.sqrt(1.0 - rho))
    found = mixed(np.repeat(chance[:, None], m, axis=1), weight / weight.sum())
    found *= 1.0 - always
    found[-1] += always
    return found


def mixed(chances: Array, weight: Array) -> Array:
    """Chances of 0..m fails of prompts whose m values fail with ``chances``, prompts weighted."""
    found = np.zeros((chances.shape[0], chances.shape[1] + 1))
    found[:, 0] = 1.0
    for fail in chances.T:
        found[:, 1:] = found[:, 1:] * (1.0 - fail[:, None]) + found[:, :-1] * fail[:, None]
        found[:, 0] *= 1.0 - fail
    return np.asarray(weight @ found)


def rate_of(pmf: Array) -> float:
    """Fail rate of a population of prompts."""
    return float(pmf @ np.arange(pmf.size)) / (pmf.size - 1)


def icc_of(pmf: Array) -> float:
    """Correlation of two fails of a prompt; 0 with one value."""
    m, rate = pmf.size - 1, rate_of(pmf)
    if m < 2 or not 0.0 < rate < 1.0:
        return 0.0
    j = np.arange(m + 1)
    both = float(pmf @ (j * (j - 1))) / (m * (m - 1))
    return (both - rate**2) / (rate * (1.0 - rate))


@dataclass(frozen=True)
class Cells:
    """Cells of one population: counts of prompts by fails, and what each cell weighs.

    ``counts`` has shape (cells, m + 1); ``weight`` adds up to 1 on average. ``exact`` says that
    these are all cells there can be.
    """

    counts: NDArray[np.int64]
    weight: Array
    exact: bool
    max_fail: float

    @property
    def prompts(self) -> int:
        """Prompts of a cell."""
        return int(self.counts[0].sum())

    @property
    def m(self) -> int:
        """Values a prompt."""
        return self.counts.shape[1] - 1

    @cached_property
    def shares(self) -> Array:
        """Fail shares a prompt can have."""
        return np.arange(self.m + 1) / self.m

    @cached_property
    def rate(self) -> Array:
        """Fail rate seen in each cell."""
        return self.counts @ self.shares / self.prompts

    @cached_property
    def every_p(self) -> Array:
        """P-value of the exact bound of every repeat; 1 where too many fail to look.

        Where it is far from every level an approximation that is good to some percent stands.
        """
        found = np.ones(self.rate.size)
        low = np.flatnonzero(self.rate < self.max_fail)
        counts, back = np.unique(self.counts[low], axis=0, return_inverse=True)
        counts = counts.astype(np.float64)
        counts[:, -1] += 1.0
        off = self.shares - self.max_fail
        p = _rough_tails(off, counts)
        gap = np.abs(np.log(p)[:, None] - np.log(list(LEVELS.values()))).min(axis=1)
        for part in np.array_split(np.flatnonzero(gap < _ROUGH), 1 + counts.shape[0] // _CHUNK):
            if part.size:
                p[part] = every_repeat_many.tails(self.shares, counts[part], self.max_fail)
        found[low] = p[back.ravel()]
        return found

    def share(self, passed: Array) -> tuple[float, float]:
        """Chance that a cell passes, and its Monte Carlo error (0 when exact)."""
        if self.exact:
            return float(self.weight @ passed), 0.0
        often = float((self.weight * passed).mean()) > 0.5  # then what fails is the rarer
        found = self.weight * (1.0 - passed if often else passed)
        chance, error = float(found.mean()), float(found.std() / math.sqrt(found.size))
        return 1.0 - chance if often else chance, error


def _rough_tails(off: Array, counts: Array) -> Array:
    """Lugannani and Rice's approximation of `every_repeat_many.tails`, in [1e-30, 1].

    Rice's formula needs the saddle point of the cumulants alone, which lies right of 0 where the
    mean of the random weights is below ``max_fail``; else the tail is large and 1 will do.
    """
    p = np.ones(counts.shape[0])
    some = np.flatnonzero(counts @ off < 0.0)
    n = counts[some]
    low, high = np.zeros(some.size), np.full(some.size, 1.0 / off[-1])
    at = 0.5 * high
    for _ in range(60):
        parts = off / (1.0 - at[:, None] * off)
        slope = np.einsum("ij,ij->i", n, parts)
        low, high = np.where(slope > 0.0, low, at), np.where(slope > 0.0, at, high)
        new = at - slope / np.einsum("ij,ij->i", n, parts**2)
        new = np.where((low < new) & (new < high), new, 0.5 * (low + high))
        if np.all(np.abs(new - at) <= 1e-7 * at):
            break
        at = new
    size = np.einsum("ij,ij->i", n, np.log1p(-at[:, None] * off))
    w = np.sqrt(np.maximum(2.0 * size, 1e-12))
    u = at * np.sqrt(np.einsum("ij,ij->i", n, (off / (1.0 - at[:, None] * off)) ** 2))
    found = special.ndtr(-w) + np.exp(-w * w / 2.0) / math.sqrt(2.0 * math.pi) * (1.0 / u - 1.0 / w)
    p[some] = np.clip(found, 1e-30, 1.0)
    return p


def cells_of(prompts: int, pmf: Array, max_fail: float, seed: int) -> Cells:
    """All cells of a population, or a sample of them in which certificates are frequent."""
    if pmf.size <= 3:
        return _enumerated(prompts, pmf, max_fail)
    rng = np.random.default_rng(seed)
    shares = np.arange(pmf.size) / (pmf.size - 1)
    spread = math.sqrt(float(pmf @ (shares - rate_of(pmf)) ** 2) / prompts)
    tilts = [(0.0, 0.0)]
    for alpha in LEVELS.values():
        target = max(max_fail + float(special.ndtri(alpha)) * spread, 0.3 * max_fail)
        tilts.append((_tilt(pmf, shares, target), 0.0))
    # what fools a bound is a sample without the prompts that always fail: drawn often as well
    tilts += [(tilts[1][0] / 2.0, 3.0), (tilts[2][0] / 2.0, 3.0), (tilts[3][0] / 2.0, 4.0)]
    drawn, logs = [], []
    for theta, less in tilts:
        tilted = pmf * np.exp(-theta * shares)
        tilted[-1] *= math.exp(-less)
        logs.append((theta, less, prompts * math.log(tilted.sum())))
        drawn.append(rng.multinomial(prompts, tilted / tilted.sum(), size=DRAWS))
    counts = np.concatenate(drawn)
    total, ends = counts @ shares, counts[:, -1]
    ratios = np.array([-theta * total - less * ends - log for theta, less, log in logs])
    weight = len(tilts) / np.exp(ratios).sum(axis=0)
    return Cells(counts, weight, exact=False, max_fail=max_fail)


def _tilt(pmf: Array, shares: Array, target: float) -> float:
    """How strongly to favour few fails so that the mean fail rate is ``target``."""

    def excess(theta: float) -> float:
        tilted = pmf * np.exp(-theta * shares)
        return float(tilted @ shares / tilted.sum()) - target

    return float(optimize.brentq(excess, 0.0, 200.0)) if excess(0.0) > 0.0 else 0.0


def _enumerated(prompts: int, pmf: Array, max_fail: float) -> Cells:
    if pmf.size == 2:
        bad = np.arange(prompts + 1)
        counts = np.stack([prompts - bad, bad], axis=1)
    else:
        one, two = np.indices((prompts + 1, prompts + 1)).reshape(2, -1)
        inside = one + two <= prompts
        one, two = one[inside], two[inside]
        counts = np.stack([prompts - one - two, one, two], axis=1)
    ways = special.gammaln(prompts + 1) - special.gammaln(counts + 1).sum(axis=1)
    weight = np.exp(ways + special.xlogy(counts, pmf).sum(axis=1))
    return Cells(counts, weight, exact=True, max_fail=max_fail)


Rule = Callable[[Cells, float], Array]
"""Chance that each cell is certified at a level: 0 or 1, between where a draw decides."""


def korn_graubard(cells: Cells, alpha: float) -> Array:
    """Korn-Graubard alone, as `stats.korn_graubard` has it, never below no fail in as many."""
    g, n = cells.prompts, cells.prompts * cells.m
    p = cells.rate
    if cells.m == 1:
        return np.asarray(special.bdtr(cells.counts[:, 1], g, cells.max_fail) <= alpha, float)
    variance = (cells.counts @ cells.shares**2 / g - p**2) / (g - 1)
    factor = min(1.0, float(special.stdtrit(n - 1.0, alpha) / special.stdtrit(g - 1.0, alpha)) ** 2)
    seen, inner = variance > 1e-14, (p > 0.0) & (p < 1.0)
    worth = np.where(seen, p * (1.0 - p) / np.where(seen, variance, 1.0), n)
    size = np.where(inner, np.minimum(n, worth * factor), g)
    tail = special.betaincc(p * size + 1.0, np.maximum(size * (1.0 - p), 1e-9), cells.max_fail)
    floor = (1.0 - cells.max_fail) ** g <= alpha
    return np.asarray((tail <= alpha) & (p < cells.max_fail) & floor, float)


def every(cells: Cells, alpha: float) -> Array:
    """The exact bound of every repeat."""
    return np.asarray(cells.every_p <= alpha * (1.0 + 1e-12), float)


def one_drawn(cells: Cells, alpha: float) -> Array:
    """The exact bound of one value a prompt: the share of draws on which it certifies."""
    most = stats.max_fails(cells.prompts, alpha, cells.max_fail)
    if most is None:
        return np.zeros(cells.rate.size)
    return np.asarray(_drawn_fails(cells)[:, : most + 1].sum(axis=1))


def twice_the_mean(cells: Cells, alpha: float) -> Array:
    """Twice the mean p-value over all draws of one value a prompt (Rueschendorf)."""
    k = np.arange(cells.prompts + 1)
    mean = _drawn_fails(cells) @ special.bdtr(k, cells.prompts, cells.max_fail)
    return np.asarray(2.0 * mean <= alpha, float)


def _drawn_fails(cells: Cells) -> Array:
    """Chances of 0..G fails among one drawn value of each prompt, shape (cells, G + 1)."""
    k = np.arange(cells.prompts + 1)
    if cells.m == 1:
        return np.asarray(k[None, :] == cells.counts[:, 1:2], float)
    if cells.m != 2:
        raise ValueError("draws are enumerated for one and two values a prompt")
    more = k[None, :] - cells.counts[:, 2:3]
    one = cells.counts[:, 1:2]
    inside = (more >= 0) & (more <= one)
    more = np.where(inside, more, 0)
    logs = special.gammaln(one + 1) - special.gammaln(more + 1) - special.gammaln(one - more + 1)
    return np.where(inside, np.exp(logs - one * math.log(2.0)), 0.0)


def bets(cells: Cells, alpha: float) -> Array:
    """The e-value of bets on fail shares, averaged over a grid of bets (`certifying_e_value`)."""
    grid = BET_SHARES / (1.0 - cells.max_fail)
    logs = cells.counts @ np.log1p(np.multiply.outer(cells.max_fail - cells.shares, grid))
    return np.asarray(special.logsumexp(logs, axis=1) - math.log(grid.size) >= -math.log(alpha))


def floors(cells: Cells, alpha: float) -> Array:
    """What decides in qfloor (`stats.fail_rules`): where prompts weigh alike, without raters."""
    if cells.m == 1 or alpha < stats.TRUSTED_ALPHA:
        return every(cells, alpha)
    passed = every(cells, alpha) * korn_graubard(cells, alpha)
    if cells.prompts < stats.FEW_PROMPTS:
        most = stats.max_fails(cells.prompts, alpha, cells.max_fail)
        if most not in (None, 0):
            raise ValueError("with few prompts only no fail at all certifies here")
        clear = np.exp(cells.counts @ np.log(np.maximum(1.0 - cells.shares, 1e-300)))
        passed = passed * (0.0 if most is None else clear)
    return passed


def hardest(pmf: Array, max_fail: float) -> Array:
    """The population that fails ``max_fail`` of the time and is hardest to tell from ``pmf``.

    It has the least relative entropy: each outcome as likely as before over ``1 + b (its share -
    max_fail)``, with ``b`` such that chances add up to 1; the mean is then ``max_fail``.
    """
    off = np.arange(pmf.size) / (pmf.size - 1) - max_fail
    # b lies between where an outcome's chance would be infinite and 0, at which nothing changes.
    low, high = -1.0 / off[-1] * (1.0 - 1e-12), -1e-9
    b = optimize.brentq(lambda b: float(np.sum(pmf / (1.0 + b * off))) - 1.0, low, high)
    return np.asarray(pmf / (1.0 + b * off))


def best_against(null: Array, pmf: Array) -> Rule:
    """The most powerful test of ``pmf`` against ``null`` (Neyman-Pearson): a ceiling.

    Whatever is valid certifies ``null`` with a chance of at most alpha, so nothing valid certifies
    ``pmf`` more often. Only where all cells are enumerated.
    """

    def passed(cells: Cells, alpha: float) -> Array:
        if not cells.exact:
            raise ValueError("the most powerful test needs all cells")
        logs = special.xlogy(cells.counts, null).sum(axis=1)
        ratio = special.xlogy(cells.counts, pmf).sum(axis=1) - logs
        ways = special.gammaln(cells.prompts + 1) - special.gammaln(cells.counts + 1).sum(axis=1)
        order = np.argsort(-ratio, kind="stable")
        chance = np.exp(ways + logs)[order]
        before = np.cumsum(chance) - chance
        found = np.empty(order.size)
        # What straddles the level is certified by a toss of a coin: the ceiling has no gaps.
        found[order] = np.clip((alpha - before) / np.maximum(chance, 1e-300), 0.0, 1.0)
        return found

    return passed
