"""Certificates where cells share something: raters who are severe, and prompts that are hard.

Raters shared by prompts make a cell's prompts dependent, so nothing can be enumerated: cells are
drawn outright, a million of them. Offers that share prompts make the errors of a family dependent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from false_cells import LEVELS, Array, cells_of, mixed
from numpy.typing import NDArray
from scipy import optimize, special

from qfloor import stats
from qfloor.floors.family import Claim, FamilyPlan, adjust
from qfloor.records import Correction
from qfloor.stats import every_repeat_many
from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.two_way import crossed_df, severity_ratio

PROMPT, NOISE = 1.0, 1.0
"""Standard deviations of what a prompt and a single rating add to an output's quality."""


def panel(severity: Array, repeats: int, rate: float) -> Array:
    """Chances of fails a prompt, all of a panel rating everything; ``rate`` is the panel's own."""
    u = np.linspace(-8.5, 8.5, 2001)
    weight = np.exp(-u * u / 2.0)
    weight /= weight.sum()

    def chances(cut: float) -> Array:
        one = special.ndtr((cut + severity[None, :] - PROMPT * u[:, None]) / NOISE)
        return np.asarray(np.repeat(one, repeats, axis=1))

    cut = optimize.brentq(lambda c: float(weight @ chances(c).mean(axis=1)) - rate, -12, 12)
    return mixed(chances(float(cut)), weight)


RULES = ("as_seen", "two_way", "floors")
"""Two-way Korn-Graubard with raters' variance as it was seen (until decision 0032), as it would be
at the tolerated rate, and that joined by the exact bound of every rating, as floors have it."""


def severities(rng: np.random.Generator, size: tuple[int, int], sd: float, harsh: float) -> Array:
    """Draw raters: normal, and a share ``harsh`` of them severer by three prompts' sd."""
    found = rng.standard_normal(size, dtype=np.float32) * np.float32(sd)
    if harsh:
        found += np.float32(3.0) * (rng.random(size, dtype=np.float32) < harsh)
    return found


def cut_at(rate: float, sd: float, harsh: float) -> float:
    """Quality below which ``rate`` of all ratings by all raters fall."""
    spread = math.sqrt(PROMPT**2 + NOISE**2 + sd**2)

    def excess(cut: float) -> float:
        usual, severe = special.ndtr(cut / spread), special.ndtr((cut + 3.0) / spread)
        return float((1.0 - harsh) * usual + harsh * severe) - rate

    return float(optimize.brentq(excess, -30.0, 30.0))


def population(
    rng: np.random.Generator,
    prompts: int,
    raters: int,
    sd: float,
    runs: int,
    *,
    harsh: float = 0.0,
    truth: float = 0.25,
    max_fail: float = 0.25,
) -> Array:
    """How often cells certify whose three ratings a prompt come from ``raters`` in turn.

    ``truth`` is the rate of all raters who might have been asked; shape (`RULES`, levels).
    """
    turn = (3 * np.arange(prompts)[:, None] + np.arange(3)) % raters
    who = np.zeros((3 * prompts, raters), dtype=np.float32)
    who[np.arange(3 * prompts), turn.ravel()] = 1.0
    cut = np.float32(cut_at(truth, sd, harsh))
    found = np.zeros((len(RULES), len(LEVELS)))
    step = 10_000
    for _ in range(0, runs, step):
        quality = rng.standard_normal((step, prompts, 1), dtype=np.float32) * np.float32(PROMPT)
        severe = severities(rng, (step, raters), sd, harsh)
        noise = rng.standard_normal((step, prompts, 3), dtype=np.float32)
        fails = quality + noise * np.float32(NOISE) - severe[:, turn] < cut
        for i, (as_seen, passed) in enumerate(_two_way(fails, who, max_fail)):
            found[0, i] += as_seen.sum()
            found[1, i] += passed.sum()
            found[2, i] += (passed & _every(fails, passed, max_fail, i)).sum()
    return found / runs


def _two_way(
    fails: NDArray[np.bool_], who: NDArray[np.float32], max_fail: float
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """`stats.korn_graubard_two_way` of many cells, at each level, before and since 0032."""
    cells, prompts, _ = fails.shape
    n, raters = 3 * prompts, who.shape[1]
    flat = fails.reshape(cells, n).astype(np.float32)
    p = flat.mean(axis=1, dtype=np.float64)
    by_prompt = fails.sum(axis=2) - 3.0 * p[:, None]
    by_rater = (flat @ who).astype(np.float64) - p[:, None] * who.sum(axis=0)
    own = np.sum(by_prompt**2, axis=1) * prompts / (prompts - 1) / n**2
    people = np.sum(by_rater**2, axis=1) * raters / (raters - 1) / n**2
    more = np.maximum(people - p * (1.0 - p) / (n - 1), np.maximum(people - own, 0.0))
    inner = (p > 0.0) & (p < 1.0)
    for alpha in LEVELS.values():
        passed = []
        since = severity_ratio(p, max_fail), crossed_df(prompts, raters)
        for ratio, df in ((1.0, min(prompts, raters) - 1.0), since):
            factor = few_clusters_factor(n, df, alpha)
            variance = own + ratio * more
            worth = p * (1.0 - p) / np.where(variance > 0.0, variance, np.inf)
            size = np.where(inner, np.minimum(n, worth * factor), min(prompts, n * factor))
            tail = special.betaincc(p * size + 1.0, np.maximum(size * (1.0 - p), 1e-9), max_fail)
            fine = (tail <= alpha) & (p < max_fail) & ((1.0 - max_fail) ** prompts <= alpha)
            passed.append(fine)
        yield passed[0], passed[1]


def _every(
    fails: NDArray[np.bool_], passed: NDArray[np.bool_], max_fail: float, level: int
) -> NDArray[np.bool_]:
    """Which of the cells that passed the exact bound of every rating lets pass as well."""
    alpha = list(LEVELS.values())[level]
    some = np.flatnonzero(passed)
    found = np.zeros(passed.size, dtype=bool)
    if some.size:
        bad = fails[some].sum(axis=2)
        counts = np.stack([(bad == j).sum(axis=1) for j in range(4)], axis=1).astype(np.float64)
        counts[:, -1] += 1.0
        unique, back = np.unique(counts, axis=0, return_inverse=True)
        p = every_repeat_many.tails(np.arange(4) / 3.0, unique, max_fail)
        found[some] = (p <= alpha)[back.ravel()]
    return found


def families(
    rng: np.random.Generator,
    truths: Array,
    correction: Correction,
    runs: int,
    *,
    prompts: int = 120,
    max_fail: float = 0.25,
) -> tuple[float, float, float]:
    """False certificates of releases whose offers answer the same prompts, two outputs each.

    Half of what makes a prompt's outputs alike is the prompt's own and shared by all offers.

    Returns
    -------
    any_false, false_share, found : float
        Share of releases with any false certificate, mean share of false ones among the
        certificates, share of the offers below ``max_fail`` that are certified.
    """
    plan = FamilyPlan(name="study", m=truths.size, alpha=0.05, correction=correction)
    tables = _tables(prompts, max_fail)
    cut = special.ndtri(truths)[None, None, :, None]
    null = truths >= max_fail
    any_false = false_share = found = 0.0
    for _ in range(runs):
        shared = rng.standard_normal((1, prompts, 1, 1))
        own = rng.standard_normal((1, prompts, truths.size, 1))
        noise = rng.standard_normal((1, prompts, truths.size, 2))
        latent = 0.5 * shared + 0.5 * own + math.sqrt(0.5) * noise
        bad = (latent < cut)[0].sum(axis=2)
        one, two = (bad == 1).sum(axis=0), (bad == 2).sum(axis=0)
        p, e = tables[0][one, two], tables[1][one, two]
        claims = [Claim(chain=i, p_value=float(p[i]), e_value=float(e[i])) for i in range(p.size)]
        certified = np.array([a.certified(plan.alpha) for a in adjust(plan, claims)])
        wrong = int((certified & null).sum())
        any_false += wrong > 0
        false_share += wrong / max(1, int(certified.sum()))
        found += float((certified & ~null).sum()) / max(1, int((~null).sum()))
    return any_false / runs, false_share / runs, found / runs


def _tables(prompts: int, max_fail: float) -> tuple[Array, Array]:
    """P-values (every repeat) and e-values of all cells with two outputs a prompt."""
    cells = cells_of(prompts, np.full(3, 1.0 / 3.0), max_fail, 0)
    p, e = np.ones((2, prompts + 1, prompts + 1))
    counts = cells.counts.astype(np.float64)
    counts[:, -1] += 1.0
    one, two = cells.counts[:, 1], cells.counts[:, 2]
    p[one, two] = every_repeat_many.tails(cells.shares, counts, max_fail)
    grid = stats.sequential.BET_SHARES / (1.0 - max_fail)
    logs = cells.counts @ np.log1p(np.multiply.outer(max_fail - cells.shares, grid))
    e[one, two] = np.exp(special.logsumexp(logs, axis=1) - math.log(grid.size))
    return p, e
