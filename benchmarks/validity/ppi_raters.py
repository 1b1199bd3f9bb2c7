"""Prediction-powered fail rates whose labels come from few raters, shared by the prompts.

Three ratings a prompt, raters in turn; a fail is of a rating, the truth is of all raters who might
have been asked. Cells are drawn many at a time by formulas of their own, which are those of
`qfloor.stats.ppi` (tests/validity/test_ppi_coverage).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.floors.powered import FEWEST_FAILS, FEWEST_FAILS_STRICT
from qfloor.stats import ADDS_NOTHING, TRUSTED_ALPHA
from qfloor.stats.rater_parts import cell_prices
from qfloor.stats.two_way import crossed_df, severity_ratio

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

RATINGS, UNLABELLED, POOL, CHUNK = 3, 1000, 200_000, 4_000


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Outputs judged by raters of severity ``sd``, and a metric that correlates ``r``.

    The sd is in units of prompts'; a single rating adds noise of sd 1.
    """

    r: float
    raters: int
    sd: float
    fail: float

    @property
    def cut(self) -> float:
        """Below which ratings fail."""
        return float(special.ndtri(self.fail)) * math.sqrt(2.0 + self.sd**2)

    def predict(self, x: Array) -> Array:
        """P(fail | metric), true."""
        rest = math.sqrt(2.0 - self.r**2 + self.sd**2)
        return np.asarray(special.ndtr((self.cut - self.r * x) / rest))

    def draw(self, rng: np.random.Generator, runs: int, prompts: int) -> tuple[Bools, Array]:
        """Fails of ratings (runs, prompts, ratings) and predictions (runs, prompts)."""
        quality = rng.standard_normal((runs, prompts))
        x = self.r * quality + math.sqrt(1.0 - self.r**2) * rng.standard_normal((runs, prompts))
        severe = self.sd * rng.standard_normal((runs, self.raters))
        noise = rng.standard_normal((runs, prompts, RATINGS))
        ratings = quality[:, :, None] + noise - severe[:, seats(prompts, self.raters)]
        return ratings < self.cut, self.predict(x)


def seats(prompts: int, raters: int) -> NDArray[np.int64]:
    """Who rates which prompt: in turn."""
    return (RATINGS * np.arange(prompts)[:, None] + np.arange(RATINGS)) % raters


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Of many cells: fail rate, variance, what raters add to it; with predictions and without."""

    p: Array
    own: Array
    own_raters: Array
    theta: Array
    variance: Array
    raters: Array
    weight: Array


def estimates(fails: Bools, said: Array, mean: Array, spread: float, raters: int) -> Estimates:
    """`stats.PoweredSample.fail_rate` of many cells at once.

    ``mean`` is that of the unlabelled predictions in each cell, ``spread`` its variance.
    """
    cells, n, _ = fails.shape
    p, f = fails.mean(axis=(1, 2)), said.mean(axis=1)
    u = fails.mean(axis=2) - p[:, None]
    v = said - f[:, None]
    own, cross, square = ((a * b).sum(axis=1) / (n * (n - 1)) for a, b in ((u, u), (u, v), (v, v)))
    weight = np.clip(cross / np.maximum(square + spread, 1e-15), 0.0, 1.0)
    weight = np.where(weight < ADDS_NOTHING, 0.0, weight)
    who = np.zeros((n * RATINGS, raters))
    who[np.arange(n * RATINGS), seats(n, raters).ravel()] = 1.0
    off = cell_prices(seats(n, raters).ravel())

    def added(w: Array) -> Array:
        """What raters add to the variance of labels less ``w`` times their predictions."""
        e = (fails - p[:, None, None]) - (w[:, None] * v)[:, :, None]
        e = e.reshape(cells, -1) / (n * RATINGS)
        people = np.sum((e @ who) ** 2, axis=1) * raters / (raters - 1)
        single = e**2 @ off  # what cells take off: each rating is one
        by_prompt = np.sum(e.reshape(fails.shape).sum(axis=2) ** 2, axis=1) * n / (n - 1)
        return np.asarray(np.maximum(people - single, np.maximum(people - by_prompt, 0.0)))

    df = int(crossed_df(n, raters))
    alone, more = added(np.zeros(cells)), added(weight)
    variance = own - 2 * weight * cross + weight**2 * (square + spread) + more
    dearer = df / (df - 1)
    return Estimates(
        p=p, own=own + alone, own_raters=alone, theta=p - weight * (f - mean),
        variance=variance * dearer, raters=more * dearer, weight=weight,
    )  # fmt: skip


def passes(
    p: Array, variance: Array, more: Array, most: int, df: int, prompts: int, tolerated: float,
    alpha: float, *, as_seen: bool = False,
) -> Bools:  # fmt: skip
    """Whether a bound is at most ``tolerated``; with raters' part as it was seen, or as it is."""
    inner = (p > 0.0) & (p < 1.0)
    ratio = 1.0 if as_seen else severity_ratio(p, tolerated)
    df += as_seen  # until decision 0032 raters cost one degree of freedom less
    total = variance + (ratio - 1.0) * more
    t = float(special.stdtrit(most - 1.0, alpha) / special.stdtrit(df, alpha)) ** 2
    factor = min(1.0, t)
    worth = p * (1 - p) / np.maximum(total, 1e-15) * factor
    size = np.where(inner, np.minimum(most, worth), min(prompts, most * factor))
    fine = p < tolerated
    tail = special.betaincc(p * size + 1, np.where(fine, size * (1 - p), 1.0), tolerated)
    least = (1.0 - tolerated) ** prompts
    return np.asarray(fine & (tail <= alpha) & (least <= alpha))


def certified(
    panel: Panel, prompts: int, tolerated: float, runs: int, seed: int, levels: tuple[float, ...]
) -> dict[str, dict[float, float]]:
    """Shares of cells certified: with predictions, the same with raters as seen, labels alone."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(POOL)
    pool = panel.predict(x)
    mean, spread = float(pool.mean()), float(pool.var()) / UNLABELLED
    counts = {kind: dict.fromkeys(levels, 0.0) for kind in ("powered", "as seen", "alone")}
    df, most = int(crossed_df(prompts, panel.raters)), RATINGS * prompts
    for start in range(0, runs, CHUNK):
        k = min(CHUNK, runs - start)
        fails, said = panel.draw(rng, k, prompts)
        unlabelled = mean + math.sqrt(spread) * rng.standard_normal(k)
        e = estimates(fails, said, unlabelled, spread, panel.raters)
        for a in levels:
            fewest = FEWEST_FAILS if a >= TRUSTED_ALPHA else FEWEST_FAILS_STRICT
            use = (e.weight > 0) & (e.variance < e.own) & (e.theta > 0) & (e.theta < 1)
            use &= np.minimum(e.p, 1 - e.p) * prompts >= fewest
            alone = passes(e.p, e.own, e.own_raters, most, df, prompts, tolerated, a)
            with_them, seen = (
                passes(e.theta, e.variance, e.raters, most + UNLABELLED, max(df - 1, 1), prompts,
                       tolerated, a, as_seen=as_seen)
                for as_seen in (False, True)
            )  # fmt: skip
            old = passes(e.p, e.own, e.own_raters, most, df, prompts, tolerated, a, as_seen=True)
            counts["alone"][a] += float(alone.sum()) / runs
            counts["powered"][a] += float(np.where(use, with_them, alone).sum()) / runs
            counts["as seen"][a] += float(np.where(use, seen, old).sum()) / runs
    return counts


def table(runs: int, levels: tuple[float, ...]) -> Iterator[tuple[list[str], float]]:
    """One line a panel; the second value is its worst excess in Monte Carlo errors."""
    for raters in (6, 10, 20):
        for sd in (0.4, 1.0):
            for r in (0.3, 0.9):
                for prompts in (120, 300):
                    panel = Panel(r=r, raters=raters, sd=sd, fail=0.25)
                    found = certified(panel, prompts, 0.25, runs, 5, levels)
                    good = Panel(r=r, raters=raters, sd=sd, fail=0.12)
                    yields = certified(good, prompts, 0.25, 2000, 6, levels[:1])
                    worst = max(
                        (found["powered"][a] - a) / math.sqrt(a * (1 - a) / runs) for a in levels
                    )
                    kinds = ("powered", "as seen", "alone")
                    cells = [
                        str(raters), f"{sd:g}", f"{r:g}", str(prompts),
                        *(" / ".join(f"{found[k][a]:.4f}" for k in kinds) for a in levels),
                        " / ".join(f"{yields[k][levels[0]]:.2f}" for k in kinds),
                    ]  # fmt: skip
                    yield cells, worst
