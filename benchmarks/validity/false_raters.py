"""Certificates where cells share something: raters who are severe, and prompts that are hard.

Raters shared by prompts make a cell's prompts dependent, so nothing can be enumerated: cells are
drawn outright, a million of each population. Offers that share prompts make the errors of a family
dependent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from false_cells import LEVELS, Array, cells_of, mixed
from numpy.typing import NDArray
from scipy import optimize, special

from qfloor import stats
from qfloor.floors.family import Claim, FamilyPlan, adjust
from qfloor.records import Correction
from qfloor.stats import every_repeat_many
from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.rater_parts import cell_prices, effective_raters, rater_prices, with_raters
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


RULES = ("as_seen", "by_heads", "two_way", "floors")
"""Two-way Korn-Graubard with raters' variance as it was seen (until decision 0032); as it would be
at the tolerated rate, raters counted by head and cells taken off in full (until its amendment);
as it is; and that joined by the exact bound of every rating, as floors have it."""

Codes = NDArray[np.intp]


def seats(how: str, prompts: int, values: int, raters: int) -> Codes:
    """Who gives which rating of which prompt: codes from 0, shape (prompts, values).

    ``in turn``; ``a third`` and ``40%`` of all ratings by one rater, the rest in turn by the
    others; ``Zipf``, raters by chance with odds 1, 1/2, 1/3, ...; ``nested``, each rater all
    ratings of his own prompts.
    """
    place = np.arange(prompts * values).reshape(prompts, values)
    if how == "in turn":
        found = place % raters
    elif how in ("a third", "40%"):
        order = place.T.ravel()  # the first ratings of all prompts, then second ones
        most = order[: prompts * values // 3 if how == "a third" else 2 * prompts * values // 5]
        rest = np.setdiff1d(order, most)
        found = np.zeros((prompts, values), dtype=np.intp)
        found.flat[rest] = 1 + np.arange(rest.size) % (raters - 1)
    elif how == "Zipf":
        rng, odds = np.random.default_rng(0), 1.0 / np.arange(1, raters + 1)
        rows = [rng.choice(raters, values, replace=False, p=odds / odds.sum()) for _ in place]
        found = np.array(rows)
    elif how == "nested":
        found = np.repeat((np.arange(prompts) * raters // prompts)[:, None], values, axis=1)
    else:
        raise ValueError(f"no such seats: {how}")
    codes = np.unique(found, return_inverse=True)[1]
    return np.asarray(codes.reshape(prompts, values), dtype=np.intp)


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
    how: str = "in turn",
    values: int = 3,
) -> Array:
    """How often cells certify whose ratings come from ``raters`` who are seated as `seats` says.

    ``truth`` is the rate of all raters who might have been asked; shape (`RULES`, levels).
    """
    turn = seats(how, prompts, values, raters)
    raters = int(turn.max()) + 1
    who = np.zeros((values * prompts, raters), dtype=np.float32)
    who[np.arange(values * prompts), turn.ravel()] = 1.0
    cut = np.float32(cut_at(truth, sd, harsh))
    found = np.zeros((len(RULES), len(LEVELS)))
    most = _most_fails(prompts * values, max_fail)
    certified: list[list[Array]] = [[] for _ in LEVELS]
    for first in range(0, runs, _BLOCK):
        kept = []
        for step in _steps(min(_BLOCK, runs - first)):
            latent = rng.standard_normal((step, prompts, values), dtype=np.float32)
            latent *= np.float32(NOISE)
            latent += rng.standard_normal((step, prompts, 1), dtype=np.float32) * np.float32(PROMPT)
            latent -= severities(rng, (step, raters), sd, harsh)[:, turn]
            fails = latent < cut
            kept.append(fails[np.count_nonzero(fails.reshape(step, -1), axis=1) <= most])
        fails = np.concatenate(kept)
        for i, passed in enumerate(_two_way(fails, who, max_fail)):
            found[: len(passed), i] += [some.sum() for some in passed]
            certified[i].append(_outcomes(fails[passed[-1]]))
    found[-1] = _every(certified, max_fail)
    return found / runs


def _steps(cells: int) -> Iterator[int]:
    for first in range(0, cells, _STEP):
        yield min(_STEP, cells - first)


_STEP, _BLOCK = 500, 20_000
"""Cells drawn at a time, few enough for a processor's cache, and cells judged at a time."""


def _most_fails(n: int, max_fail: float) -> int:
    """Fails above which no cell of n ratings passes at any level: they count as n at best."""
    within = np.flatnonzero(_least_size(n, max_fail, max(LEVELS.values())) <= n)
    return int(within.max(initial=-1))


def _two_way(
    fails: NDArray[np.bool_], who: NDArray[np.float32], max_fail: float
) -> Iterator[list[NDArray[np.bool_]]]:
    """`stats.korn_graubard_two_way` of many cells at each level: all `RULES` but the last."""
    cells, prompts, values = fails.shape
    n, heads = values * prompts, who.shape[1]
    flat = fails.reshape(cells, n).astype(np.float32)
    p = np.count_nonzero(fails.reshape(cells, n), axis=1) / n
    bad = np.add.reduce([fails[:, :, j] for j in range(values)], axis=0, dtype=np.float64)
    by_prompt = (bad - values * p[:, None]) ** 2 / n**2
    by_rater = ((flat @ who).astype(np.float64) - p[:, None] * who.sum(axis=0)) ** 2 / n**2
    own = by_prompt.sum(axis=1) * prompts / (prompts - 1)
    loads = who.sum(axis=0, dtype=np.float64) / n
    whole, off = _cells(flat, by_prompt, who, p)

    def added(people: Array, less: Array) -> Array:
        return np.asarray(np.maximum(people - less, np.maximum(people - own, 0.0)))

    head = added(by_rater.sum(axis=1) * heads / (heads - 1), whole)
    ratio = severity_ratio(p, max_fail)
    rules = (
        (head, min(prompts, heads) - 1.0),
        (ratio * head, min(prompts - 1.0, heads - 2.0)),
        (ratio * added(by_rater @ rater_prices(loads), off),
         crossed_df(prompts, effective_raters(loads))),
    )  # fmt: skip
    for alpha in LEVELS.values():
        yield [
            _passed(p, with_raters(own, more, p, n), n, prompts, df, max_fail, alpha)
            for more, df in rules
        ]


def _cells(
    flat: NDArray[np.float32], by_prompt: Array, who: NDArray[np.float32], p: Array
) -> tuple[Array, Array]:
    """Variance by rater-prompt cells, of one rating each or a prompt's all; what they take off."""
    n, prompts = flat.shape[1], by_prompt.shape[1]
    rater = who.argmax(axis=1)
    pairs = np.unique(np.repeat(np.arange(prompts), n // prompts) * who.shape[1] + rater)
    price = cell_prices(pairs % who.shape[1])
    if pairs.size == prompts:
        return by_prompt.sum(axis=1) * prompts / (prompts - 1), by_prompt @ price
    price = cell_prices(rater)  # of each rating
    taken = (flat @ price.astype(np.float32)) * (1.0 - 2.0 * p) + p**2 * price.sum()
    return p * (1.0 - p) / (n - 1), taken / n**2


def _passed(
    p: Array, variance: Array, n: int, prompts: int, df: float, max_fail: float, alpha: float
) -> NDArray[np.bool_]:
    """Whether the bound is at most ``max_fail``."""
    factor = few_clusters_factor(n, df, alpha)
    inner = (p > 0.0) & (p < 1.0)
    worth = p * (1.0 - p) / np.where(variance > 0.0, variance, np.inf)
    size = np.where(inner, np.minimum(n, worth * factor), min(prompts, n * factor))
    enough = size >= _least_size(n, max_fail, alpha)[np.rint(p * n).astype(np.intp)]
    return np.asarray(enough & ((1.0 - max_fail) ** prompts <= alpha))


@lru_cache(maxsize=64)
def _least_size(n: int, max_fail: float, alpha: float) -> Array:
    """Effective size from which on so many fails of n pass; each cell's tail would take long."""
    p = np.arange(n + 1) / n
    low, high = np.zeros(n + 1), np.full(n + 1, 2.0 * n)
    for _ in range(60):
        size = 0.5 * (low + high)
        tail = special.betaincc(p * size + 1.0, np.maximum(size * (1.0 - p), 1e-9), max_fail)
        passes = (tail <= alpha) & (p < max_fail)
        low, high = np.where(passes, low, size), np.where(passes, size, high)
    return np.where(high < 2.0 * n, high, np.inf)


def _outcomes(fails: NDArray[np.bool_]) -> Array:
    """Prompts of each cell by how many of their ratings fail, shape (cells, values + 1)."""
    bad, values = fails.sum(axis=2), fails.shape[2]
    return np.stack([(bad == j).sum(axis=1) for j in range(values + 1)], axis=1).astype(float)


def _every(outcomes: list[list[Array]], max_fail: float) -> Array:
    """How many cells of each level's the exact bound of every rating lets pass as well."""
    found = np.zeros(len(LEVELS))
    for i, alpha in enumerate(LEVELS.values()):
        counts, often = np.unique(np.concatenate(outcomes[i]), axis=0, return_counts=True)
        counts[:, -1] += 1.0
        shares = np.arange(counts.shape[1]) / (counts.shape[1] - 1)
        for some in np.array_split(np.arange(often.size), 1 + often.size // 2_000):
            if some.size:
                p = every_repeat_many.tails(shares, counts[some], max_fail)
                found[i] += often[some][p <= alpha].sum()
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
