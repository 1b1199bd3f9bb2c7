"""What sequential certification spends, against designs with a fixed number of prompts.

Fixed before the first run of this study:

- level: 0.05 / m, m the offers of the category; max_fail 0.25; both kinds of verdict.
- sets: synthetic cells (*clear*: true fail rates .03 and .6; *mixed*: uniform on 0 .. .6;
  *close*: uniform on .1 .. .4; 10 offers), the painters (results/painters_truth.csv, tiers 5.0,
  6.5 and 8.0, fresh prompts drawn from the known rates), and replays of people's ratings: GenAI-
  Bench (527 prompts, one of three raters drawn a prompt, the tiers of benchmarks/genai_bench.toml)
  and AGIQA-3K (300 prompts, mean opinion scores, tiers 1, 2 and 3 of its 0 .. 5), each in random
  orders without replacement. The truth of a replay is its whole file.
- a cell is *clear* when every tier's true fail rate is <= .03 or >= .6, *close* when some tier's
  lies in .1 .. .4, else *between*.
- the planned design: prompts for 90% power at a true fail rate of .12 (`stats.prompts_needed`),
  for every cell; beside it, at .15. The hindsight design: the smallest number of prompts, one for
  all cells, whose exact fixed-size tests come to at least as many correct verdicts (mean over
  orders) as the sequential run did; "per order" lets it choose anew for every order.
- a correct verdict certifies a true fail rate below .25 or rejects one above. Spend counts every
  output and a rating of $0.05 each. Outputs cost $0.04 (equal prices) or what the catalogue says
  an image costs (drawn anew for every order; without the file 0.003 .. 0.4, evenly in the log).
- horizon: twice the planned design, or what there is.

Added on 2026-12-01: cells that share alpha by Holm (`adaptive_holm`), with the patience at which
the synthetic cells come to about as many correct verdicts as their planned designs; and batches
that end where a cell may be left.

Added after a trial of five orders: the design planned at .15 and the purse. How the exact test
spends alpha and when it leaves a cell were chosen on synthetic cells, by exact computation
(`stats.operation`), before any painter or rating was looked at.

- "to planned" counts the whole sequential run, whatever it found; "purse" is the budget, spent
  one batch after the other on the highest log-growth per dollar, at which as many correct
  verdicts have come (mean over orders) as the planned design comes to, over what that costs.

    python benchmarks/validity/adaptive_spend.py [--orders 200] [--prices FILE] [--data DIR]
"""

from __future__ import annotations

import argparse
import csv
import functools
import heapq
import json
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adaptive_holm
import numpy as np
from adaptive_holm import FamilyWalk
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors import Demand, SequentialCell, SequentialDesign, judge_sequentially
from qfloor.floors.sequential import PATIENCE, PATIENCE_SHARED, WARM, log_growth
from qfloor.stats import SequentialBoundary

ROOT = Path(__file__).resolve().parents[2]
ALPHA, MAX_FAIL, POWER = 0.05, 0.25, 0.9
STATED, HARDER = 0.12, 0.15
RATING_USD, OUTPUT_USD = 0.05, 0.04
BATCH = 5
LONGEST = 1200  # prompts of a synthetic stream: more than any design here takes

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Streams = Callable[[np.random.Generator], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class CellSet:
    """Cells with known truth.

    ``levels(rng)`` gives, for every cell and prompt of one order, how many of the tiers (lowest
    first) its output does *not* fail: tier k fails when k >= level.
    """

    name: str
    truth: Floats  # cells x tiers
    m: Ints  # offers of the cell's family
    family: Ints
    prompts: int
    levels: Streams

    @property
    def group(self) -> list[str]:
        """Name each cell clear, close or between."""
        clear = np.all((self.truth <= 0.03) | (self.truth >= 0.6), axis=1)
        close = np.any((self.truth >= 0.1) & (self.truth <= 0.4), axis=1)
        return [
            "clear" if a else "close" if b else "between" for a, b in zip(clear, close, strict=True)
        ]


def drawn(name: str, truth: Floats, m: Ints, family: Ints) -> CellSet:
    """Cells whose prompts are drawn anew from known, nested fail rates."""

    def levels(rng: np.random.Generator) -> Ints:
        # One value a prompt: it fails tier k when a uniform number falls below the tier's rate.
        u = rng.random((truth.shape[0], 1, LONGEST))
        return np.asarray((u >= truth[:, :, None]).sum(axis=1))

    return CellSet(name=name, truth=truth, m=m, family=family, prompts=LONGEST, levels=levels)


def replayed(name: str, fails: Bools) -> CellSet:
    """A table of fails (cells x prompts x raters x tiers) in random orders."""
    cells, prompts, raters, tiers = fails.shape

    def levels(rng: np.random.Generator) -> Ints:
        order = rng.permutation(prompts)
        who = rng.integers(raters, size=prompts)
        return np.asarray(tiers - fails[:, order, who, :].sum(axis=2))

    truth = fails.mean(axis=(1, 2))
    return CellSet(
        name=name,
        truth=truth,
        m=np.full(cells, cells),
        family=np.zeros(cells, dtype=np.int64),
        prompts=prompts,
        levels=levels,
    )


def painters() -> CellSet:
    with (ROOT / "results" / "painters_truth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = np.array([[float(r[f"fail_below_{t}"]) for t in ("5", "6.5", "8")] for r in rows])
    places = [(r["category"], r["modality"]) for r in rows]
    family = np.array([sorted(set(places)).index(p) for p in places])
    return drawn("painters", truth, np.bincount(family)[family], family)


def synthetic() -> list[CellSet]:
    tens = np.full(40, 10), np.arange(40) // 10
    rates = {
        "synthetic clear": np.where(np.arange(40) % 2, 0.6, 0.03),
        "synthetic mixed": (np.arange(40) + 0.5) / 40 * 0.6,
        "synthetic close": 0.1 + (np.arange(40) + 0.5) / 40 * 0.3,
    }
    return [drawn(name, rate[:, None], *tens) for name, rate in rates.items()]


def genai_bench(path: Path) -> CellSet:
    entries = list(json.loads(path.read_text(encoding="utf-8")).values())
    models = sorted(entries[0]["models"])
    scores = np.array([[e["models"][m] for e in entries] for m in models], dtype=float)
    misprint = scores > 5  # two of them; a prompt's other raters stand in
    scores[misprint] = np.broadcast_to(np.median(scores, axis=2)[..., None], scores.shape)[misprint]
    settings = tomllib.loads((ROOT / "benchmarks" / "genai_bench.toml").read_text("utf-8"))
    tiers = sorted({t["value"] for t in settings["thresholds"]})
    return replayed("GenAI-Bench", np.stack([scores < t for t in tiers], axis=3))


def agiqa(path: Path) -> CellSet:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores: dict[str, dict[str, float]] = {}
    for row in rows:
        model = row["name"].rsplit("_", 1)[0]
        scores.setdefault(model, {})[row["prompt"]] = float(row["mos_quality"])
    shared = sorted(set.intersection(*(set(s) for s in scores.values())))
    table = np.array([[s[p] for p in shared] for _, s in sorted(scores.items())])
    return replayed("AGIQA-3K", np.stack([table[:, :, None] < t for t in (1, 2, 3)], axis=3))


# -- sequential runs ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A rule with its way to leave cells."""

    name: str
    rule: str
    patience: float | None = PATIENCE
    looks: int | None = None
    shares: bool = False
    """Whether cells of a family share alpha by Holm, as it is decided."""

    def boundary(self, horizon: int, level: float) -> SequentialBoundary:
        """Fails that decide."""
        if self.rule == "e_process":
            return stats.e_process_boundary(horizon, level, MAX_FAIL)
        if self.looks is None:
            return stats.exact_boundary(horizon, level, MAX_FAIL)
        at = tuple(round(horizon * (i + 1) / self.looks) for i in range(self.looks))
        return stats.exact_boundary(horizon, level, MAX_FAIL, at)


HOLM = Strategy(name="exact, Holm", rule="exact_sequential", patience=PATIENCE_SHARED, shares=True)
STRATEGIES = (
    Strategy(name="exact sequential", rule="exact_sequential"),
    HOLM,
    Strategy(name="exact, leaves no cell", rule="exact_sequential", patience=None),
    Strategy(name="e-process", rule="e_process"),
    Strategy(name="e-process, leaves no cell", rule="e_process", patience=None),
    Strategy(name="group-sequential, 5 looks", rule="exact_sequential", looks=5),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One purchase of a cell: from prompt ``n`` on, why, and its verdicts afterwards."""

    n: int
    size: int
    growth: float
    verdict: Ints


def purse(
    cells: Sequence[Sequence[Step]], usd: Floats, right: Ints
) -> tuple[list[float], list[int]]:
    """Spend on the best growth per dollar first; what was spent and correct after each purchase."""
    queue: list[tuple[bool, float, int, int]] = []

    def offer(c: int, i: int) -> None:
        if i < len(cells[c]):
            step = cells[c][i]
            heapq.heappush(queue, (step.n >= WARM, -step.growth / usd[c], c, i))

    for c in range(len(cells)):
        offer(c, 0)
    spent, correct = [0.0], [0]
    had = np.zeros(len(cells), dtype=np.int64)
    while queue:
        _, _, c, i = heapq.heappop(queue)
        now = int((cells[c][i].verdict == right[c]).sum())
        spent.append(spent[-1] + cells[c][i].size * float(usd[c]))
        correct.append(correct[-1] + now - int(had[c]))
        had[c] = now
        offer(c, i + 1)
    return spent, correct


class Walk:
    """The loop of `qfloor.floors.judge_sequentially` on counts, for one cell; checked against it.

    Verdicts may fall after every prompt that was bought; prompts are bought in batches, cut where
    the cell may be decided or left sooner.
    """

    def __init__(self, strategy: Strategy, horizon: int, level: float) -> None:
        self.strategy, self.horizon = strategy, horizon
        self.boundary = strategy.boundary(horizon, level)
        patience = strategy.patience
        self.leave = None if patience is None else stats.prompts_to_leave(self.boundary, patience)
        at = np.arange(horizon + 1)
        every = self.boundary.horizon // strategy.looks if strategy.looks else 0
        self.batch = every or BATCH
        # First prompts at which so many fails certify, or so many clears are too few.
        most = np.maximum.accumulate(self.boundary.certify)
        self.clean = np.searchsorted(most, at)
        self.dirty = np.searchsorted(np.maximum.accumulate(at - self.boundary.reject), at)

    def __call__(self, fails: Ints) -> tuple[Ints, int, list[Step]]:
        """Verdict of each tier (1, -1, 0), prompts bought, and how; ``fails``: tiers x prompts."""
        n, tiers = 0, fails.shape[0]
        certify, reject = self.boundary.certify, self.boundary.reject
        verdict = np.zeros(tiers, dtype=np.int64)
        steps: list[Step] = []
        while True:
            open_tiers = np.flatnonzero(verdict == 0)
            if not open_tiers.size or n >= self.horizon:
                return verdict, n, steps
            now = fails[open_tiers, n - 1] if n else np.zeros(open_tiers.size, dtype=np.int64)
            ends = np.minimum(self.clean[now], self.dirty[n - now]) - n
            worth = np.ones(now.shape, dtype=bool)
            if self.leave is not None:
                leaves = self.leave[n][now]
                worth, ends = leaves > 0, np.minimum(ends, np.maximum(leaves, WARM - n))
            if n >= WARM and not worth.any():
                return verdict, n, steps
            some = worth if worth.any() else np.ones(now.shape, dtype=bool)
            likely, soonest = now[some], max(1, int(ends[some].max()))
            size = min(self.batch, max(soonest, self.batch // 5, 1), self.horizon - n)
            span = np.arange(n + 1, n + size + 1)
            seen = fails[:, n : n + size]
            fine = (seen <= certify[span]).any(axis=1)
            bad = (seen >= reject[span]).any(axis=1)
            verdict = np.where(fine | (verdict == 1), 1, np.where(bad | (verdict == -1), -1, 0))
            growth = max(log_growth((k + 0.5) / (n + 1), MAX_FAIL) for k in likely.tolist())
            steps.append(Step(n=n, size=size, growth=growth, verdict=verdict))
            n += size


def walk_of(strategy: Strategy, horizon: int, level: float) -> Walk | FamilyWalk:
    """The loop of a strategy, for one cell or for a family."""
    if not strategy.shares:
        return Walk(strategy, horizon, level)
    assert strategy.patience is not None
    chains = round(ALPHA / level)
    return FamilyWalk(horizon, ALPHA, chains, patience=strategy.patience, batch=BATCH)


def check_walk(seed: int = 3) -> int:
    """Compare `Walk` with the library on random cells; returns how many were compared."""
    rng, horizon, level = np.random.default_rng(seed), 120, 0.005
    demands = tuple(Demand(tier=str(k), threshold=k + 0.5) for k in range(3))
    n = 0
    for strategy in STRATEGIES:
        if strategy.looks is not None or strategy.shares:
            continue
        walk = Walk(strategy, horizon, level)
        for _ in range(12):
            rates = np.sort(rng.random(3) * 0.7)
            values = (rng.random(horizon)[None, :] >= rates[:, None]).sum(axis=0).astype(float)
            design = SequentialDesign(rule=strategy.rule, horizon=horizon, level=level)  # type: ignore[arg-type]
            cell = SequentialCell(key="c", design=design, demands=demands)
            found = judge_sequentially(
                [cell],
                lambda _key, first, end, v=values: [[float(x)] for x in v[first:end]],
                batch=BATCH,
                patience=strategy.patience,
            )["c"]
            fails = np.cumsum(values[None, :] < np.array([[0.5], [1.5], [2.5]]), axis=1)
            verdict, bought, _ = walk(fails)
            words = {1: "certified", -1: "rejected", 0: "undecided"}
            assert [words[int(v)] for v in verdict] == list(found.standing.rulings.values())
            assert bought == found.standing.n, (strategy, bought, found.standing)
            n += 1
    return n


# -- the study ---------------------------------------------------------------------------------


def fixed_verdicts(fails: Ints, levels: Floats) -> NDArray[np.int8]:
    """Verdicts of exact fixed-size tests at every n: cells x tiers x n (prompts n = 1 ..)."""
    n = fails.shape[2]
    verdict = np.zeros(fails.shape, dtype=np.int8)
    for level in np.unique(levels):
        at = np.arange(1, n + 1)
        most = np.array([_or(stats.max_fails(i, level, MAX_FAIL), -1) for i in at.tolist()])
        clear = np.array([_or(stats.max_fails(i, level, 1 - MAX_FAIL), -1) for i in at.tolist()])
        rows = levels == level
        verdict[rows] = np.where(fails[rows] <= most, 1, np.where(at - fails[rows] <= clear, -1, 0))
    return verdict


def _or(value: int | None, other: int) -> int:
    return other if value is None else value


def study(
    cells: CellSet,
    orders: int,
    prices: Sequence[float],
    seed: int,
    *,
    stated: float = STATED,
    strategies: Sequence[Strategy] = STRATEGIES,
) -> list[dict[str, Any]]:
    """Run every strategy on the same orders; a row for each strategy, group and price list."""
    level = ALPHA / cells.m
    right = np.where(cells.truth < MAX_FAIL, 1, -1)
    planned = np.array([_or(stats.prompts_needed(stated, a, MAX_FAIL, POWER), 0) for a in level])
    horizon = np.minimum(2 * planned, cells.prompts)
    walks = {
        (s.name, int(h), float(a)): walk_of(s, int(h), float(a))
        for s in strategies
        for h, a in set(zip(horizon.tolist(), level.tolist(), strict=True))
    }
    shape = (orders, *cells.truth.shape)
    verdicts = {s.name: np.zeros(shape, dtype=np.int8) for s in strategies}
    bought = {s.name: np.zeros(shape[:2]) for s in strategies}
    longest = min(cells.prompts, LONGEST)
    fixed = np.zeros((*shape, longest), dtype=np.int8)
    cost = {"equal": np.full(shape[:2], OUTPUT_USD), "catalogue": np.zeros(shape[:2])}
    tiers = np.arange(cells.truth.shape[1])
    steps: list[list[list[Step]]] = [[] for _ in range(orders)]
    for order in range(orders):
        rng = np.random.default_rng([seed, order])
        kept = cells.levels(rng)
        # A value that fails tier k fails every higher one: level is how many it clears.
        fails = np.cumsum(kept[:, None, :] <= tiers[None, :, None], axis=2)
        fixed[order] = fixed_verdicts(fails[:, :, :longest], level)
        cost["catalogue"][order] = rng.choice(np.asarray(prices), cells.truth.shape[0])
        for s in strategies:
            for f in np.unique(cells.family) if s.shares else ():
                mine = np.flatnonzero(cells.family == f)
                shared = walks[s.name, int(horizon[mine[0]]), float(level[mine[0]])]
                assert isinstance(shared, FamilyWalk)
                verdicts[s.name][order, mine], bought[s.name][order, mine] = shared(fails[mine])
            for c in () if s.shares else range(cells.truth.shape[0]):
                walk = walks[s.name, int(horizon[c]), float(level[c])]
                assert isinstance(walk, Walk)
                verdict, n, found = walk(fails[c])
                verdicts[s.name][order, c], bought[s.name][order, c] = verdict, n
                if s.name == strategies[0].name:
                    steps[order].append(found)
    groups = {"all": np.ones(cells.truth.shape[0], dtype=bool)}
    names = np.array(cells.group)
    if len(set(cells.group)) > 1:
        groups |= {g: names == g for g in ("clear", "between", "close") if (names == g).any()}
    by_n = {  # correct verdicts of fixed-size tests: orders x n
        group: np.stack([
            (fixed[order] == right[..., None])[inside].sum(axis=(0, 1)) for order in range(orders)
        ])
        for group, inside in groups.items()
    }  # fmt: skip
    rows = []
    for s in strategies:
        for group, inside in groups.items():
            for list_name, output_usd in cost.items():
                rows.append(
                    _row(cells, s, group, inside, list_name, output_usd + RATING_USD,
                         verdicts[s.name], bought[s.name], fixed, by_n[group], right, planned)
                )  # fmt: skip
                rows[-1]["stated"] = stated
                if s.name == strategies[0].name:
                    usd = output_usd + RATING_USD
                    rows[-1]["purse_to_planned"] = _purse_ratio(
                        rows[-1]["planned_correct"], steps, inside, usd, right, planned
                    )
    return rows


def _purse_ratio(
    wanted: float,
    steps: Sequence[Sequence[Sequence[Step]]],
    inside: Bools,
    usd: Floats,
    right: Ints,
    planned: Ints,
) -> float | None:
    """Budget at which mean correct verdicts equal the planned design's, over what that costs."""
    chosen = np.flatnonzero(inside)
    curves = [
        purse([found[c] for c in chosen], usd[order, chosen], right[chosen])
        for order, found in enumerate(steps)
    ]
    grid = np.linspace(0.0, max(spent[-1] for spent, _ in curves), 2000)
    mean = np.mean(
        [np.asarray(correct)[np.searchsorted(spent, grid, side="right") - 1]
         for spent, correct in curves], axis=0,
    )  # fmt: skip
    enough = np.flatnonzero(mean >= wanted - 1e-12)
    cost = (usd[:, chosen] * planned[chosen]).sum(axis=1).mean()
    return float(grid[enough[0]] / cost) if enough.size else None


def _row(
    cells: CellSet,
    strategy: Strategy,
    group: str,
    inside: Bools,
    prices: str,
    usd: Floats,
    verdict: NDArray[np.int8],
    bought: Floats,
    fixed: NDArray[np.int8],
    by_n: Ints,
    right: Ints,
    planned: Ints,
) -> dict[str, Any]:
    correct = (verdict == right)[:, inside].sum(axis=(1, 2))
    spent = (bought * usd)[:, inside].sum(axis=1)
    each = usd[:, inside].sum(axis=1)
    enough = np.flatnonzero(by_n.mean(axis=0) >= correct.mean() - 1e-12)
    n = int(enough[0]) + 1 if enough.size else by_n.shape[1]
    reached = by_n >= correct[:, None]
    per_order = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, by_n.shape[1])
    plan = np.minimum(planned, by_n.shape[1])
    plan_correct = np.stack([(fixed[:, c, :, plan[c] - 1] == right[c]).sum(axis=1)
                             for c in np.flatnonzero(inside)]).sum(axis=0)  # fmt: skip
    false = (verdict == -right) & (verdict != 0)
    families = [cells.family == f for f in np.unique(cells.family)]
    wrong = np.stack([(false & (verdict == 1))[:, f].any(axis=(1, 2)) for f in families], axis=1)
    unfit = np.stack([(false & (verdict == -1))[:, f].any(axis=(1, 2)) for f in families], axis=1)
    ratio = spent.mean() / (n * each).mean()
    return {
        "set": cells.name, "stated": STATED, "strategy": strategy.name, "cells": group,
        "prices": prices,
        "orders": verdict.shape[0], "n_cells": int(inside.sum()),
        "prompts_a_cell": bought[:, inside].mean(), "correct": correct.mean(),
        "of": int(inside.sum() * right.shape[1]), "planned_n": int(planned[inside].mean()),
        "planned_correct": plan_correct.mean(),
        "to_planned": spent.mean() / (usd[:, inside] * plan[inside]).sum(axis=1).mean(),
        "purse_to_planned": None,
        "hindsight_n": n, "hindsight_reached": bool(enough.size), "to_hindsight": ratio,
        "ratio_error": spent.std(ddof=1) / np.sqrt(spent.size) / (n * each).mean(),
        "to_hindsight_per_order": spent.mean() / (per_order * each).mean(),
        "false_certificate": wrong.mean(), "false_rejection": unfit.mean(),
        "error": np.sqrt(max(wrong.mean(), 0.5 / wrong.size) / wrong.size),
    }  # fmt: skip


def catalogue_prices(path: Path | None) -> tuple[list[float], str]:
    if path is None or not path.exists():
        return list(np.geomspace(0.003, 0.4, 40)), "0.003 .. 0.4 USD, evenly in the log"
    with path.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["price_unit"] == "per_image"]
    found = [float(r["price_amount"]) for r in rows if r["modality"] == "image"]
    return found, f"{len(found)} prices of an image, {min(found)} .. {max(found)} USD"


def markdown(rows: Sequence[Mapping[str, Any]], about: str, seconds: float | None) -> str:
    """Write the tables."""
    lines = [
        "# What sequential certification spends",
        "",
        f"`python benchmarks/validity/adaptive_spend.py`; {rows[0]['orders']} orders, {about}"
        f"{'' if seconds is None else f'; {seconds:.0f} s'}. Definitions stand in the script; "
        "those it calls fixed were so before its first run.",
        "",
        "Ratios are spend over spend, outputs and ratings. *planned*: 90% power at a true fail "
        f"rate of {STATED}, or {HARDER} where the row says so. *purse*: the budget at which "
        "growth per dollar has come to as many correct verdicts as that design, over its cost. "
        "*hindsight*: smallest common number of prompts with as many correct verdicts on average "
        "(per order: chosen anew for each order, which looks at the very data it is "
        "judged on). *false*: share of families (categories) with any false certificate / "
        f"any false rejection; the level of each is {ALPHA}. A `>` says that no number of prompts "
        "there are came to as many correct verdicts: the ratio is then an upper bound.",
        "",
    ]
    lines += bars(rows)
    for name in dict.fromkeys(r["set"] for r in rows):
        lines += [
            f"## {name}", "",
            "| strategy | cells | prices | prompts a cell | correct | planned: correct "
            "| to planned | purse | hindsight n | to hindsight | per order | false |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
        ]  # fmt: skip
        lines += [_line(r) for r in rows if r["set"] == name]
        lines.append("")
    return "\n".join(lines)


def bars(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of the exact test, with and without Holm, which bars it meets."""
    return [
        "## Bars: the exact test", "",
        "*no rule below* and *not told which* are what any rule that keeps alpha / m in each cell "
        "spends at least for as many correct verdicts, when it is told every cell's rate, and when "
        "cells' rates are drawn independently from those of the set and only these are known; of "
        "three tiers that one asks for a cell's hardest alone "
        "([sequential_bound.md](sequential_bound.md)).", "",
        "| set | cells | prices | ratio | bar | got | no rule below | not told which | |",
        "|---|---|---|---|---|---|---|---|---|",
        *_bars(rows, STRATEGIES[0].name), "",
        "## Bars: the exact test, cells sharing alpha by Holm", "",
        'With `correction = "holm"`: a cell that is decided in all its tiers passes its share of '
        "alpha on to the open ones, certificates and rejections each for themselves. *no rule "
        "below* and *not told which* are as above, for any rule that keeps alpha in the family; "
        "the planned design pays for alpha / m. Rates rise from family to family in the synthetic "
        "sets, so that whole families close; with the same cells dealt out, and more patience, "
        f"Holm comes to the plan's correct verdicts at {_dealt_out()} of its spend "
        "([alpha_sharing.md](alpha_sharing.md)).", "",
        "| set | cells | prices | ratio | bar | got | no rule below | not told which | |",
        "|---|---|---|---|---|---|---|---|---|",
        *_bars(rows, HOLM.name), "",
    ]  # fmt: skip


def _bars(rows: Sequence[Mapping[str, Any]], strategy: str) -> list[str]:
    demands = (  # group, column, bar, which plan
        ("all", "to_planned", 0.4, STATED), ("all", "to_planned", 0.4, HARDER),
        ("clear", "to_hindsight", 0.6, STATED), ("close", "to_hindsight", 1.25, STATED),
    )  # fmt: skip
    lines = []
    for name in dict.fromkeys(r["set"] for r in rows):
        for group, column, bar, stated in demands:
            of_synthetic = name == f"synthetic {group}"
            for r in rows:
                if (r["set"], r["strategy"], r["stated"]) != (name, strategy, stated):
                    continue
                if r["cells"] != ("all" if of_synthetic else group):
                    continue
                lines.append(_bar(r, group, column, bar, shares=strategy == HOLM.name))
    return lines


def _bar(r: Mapping[str, Any], group: str, column: str, bar: float, *, shares: bool) -> str:
    is_spend = column == "to_planned"
    to = f"planned at {r['stated']:g}" if is_spend else "hindsight"
    fewer = is_spend and r["correct"] < r["planned_correct"] - 1e-9
    verdict = "met" if r[column] <= bar else "**not met**"
    columns = ("whole_alpha", "whole_not_told") if shares else ("no_rule_below", "not_told_which")
    least = [""] * len(columns)
    if is_spend and r["prices"] == "equal":
        found = least_spend().get((r["set"], f"{r['stated']:g}"), {})
        least = [found.get(name, "") for name in columns]
        if verdict != "met" and any(float(b) > bar for b in least if b):
            kept = "alpha in the family" if shares else "alpha / m in each cell"
            verdict += f"; no rule can that keeps {kept}"
            verdict += "" if float(least[0]) > bar else " and takes cells one by one"
    return (
        f"| {r['set']} | {group} ({r['n_cells']}) | {r['prices']} | to {to} | {bar} "
        f"| {r[column]:.2f} | {' | '.join(least)} "
        f"| {verdict}{', at fewer correct verdicts' * bool(fewer)} |"
    )


def _dealt_out() -> str:
    """What `alpha_sharing` found of mixed and close cells whose families hold all kinds."""
    import alpha_sharing  # which imports this file

    with (ROOT / "results" / "alpha_sharing.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = []
    for name in ("mixed", "close"):
        found = [
            alpha_sharing.at_the_plans_verdicts(rows, f"synthetic {name}, dealt out", f"{p:g}")
            for p in (STATED, HARDER)
        ]
        shares = " / ".join(f.partition(" ")[0] for f in found)
        told.append(f"{shares} ({name}, planned at {STATED} / {HARDER})")
    return " and ".join(told)


@functools.lru_cache(maxsize=1)
def least_spend() -> dict[tuple[str, str], dict[str, str]]:
    """Bounds by set and plan, as `sequential_bound` left them; none before it has run."""
    path = ROOT / "results" / "sequential_bound.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(r["set"], r["planned_at"]): r for r in rows}


def _kept(path: Path) -> list[dict[str, Any]]:
    """Rows of an earlier run."""

    def typed(text: str) -> Any:
        if text in ("True", "False", ""):
            return {"True": True, "False": False, "": None}[text]
        try:
            return int(text) if text.isdigit() else float(text)
        except ValueError:
            return text

    with path.open(encoding="utf-8") as file:
        return [{k: typed(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _line(r: Mapping[str, Any]) -> str:
    more = "" if r["hindsight_reached"] else "> "
    stated = "" if r["stated"] == STATED else f", planned at {r['stated']:g}"
    purse_to = "" if r["purse_to_planned"] is None else f"{r['purse_to_planned']:.2f}"
    return (
        f"| {r['strategy']}{stated} | {r['cells']} ({r['n_cells']}) | {r['prices']} "
        f"| {r['prompts_a_cell']:.1f} | {r['correct']:.1f} of {r['of']} "
        f"| {r['planned_n']}: {r['planned_correct']:.1f} | {r['to_planned']:.2f} "
        f"| {purse_to} | {more}{r['hindsight_n']} "
        f"| {r['to_hindsight']:.2f} ± {r['ratio_error']:.2f} "
        f"| {r['to_hindsight_per_order']:.2f} "
        f"| {r['false_certificate']:.3f} / {r['false_rejection']:.3f} ± {r['error']:.3f} |"
    )


def sets(data: Path | None) -> list[CellSet]:
    """All sets that are there."""
    found = [*synthetic(), painters()]
    if data is not None and (data / "genai_bench" / "genai_image.json").exists():
        found.append(genai_bench(data / "genai_bench" / "genai_image.json"))
    if data is not None and (data / "agiqa3k" / "data.csv").exists():
        found.append(agiqa(data / "agiqa3k" / "data.csv"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prices", type=Path, default=None)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "adaptive_spend")
    parser.add_argument("--render", action="store_true", help="write the page from the CSV again")
    given = parser.parse_args()
    if given.render:
        _, about = catalogue_prices(given.prices)
        text = markdown(_kept(given.out.with_suffix(".csv")), about, None)
        given.out.with_suffix(".md").write_text(text, encoding="utf-8")
        return
    started = time.monotonic()
    print(
        f"loops agree with the library on {check_walk()} cells, and on "
        f"{adaptive_holm.check(BATCH)} that share alpha",
        flush=True,
    )
    prices, about = catalogue_prices(given.prices)
    rows: list[dict[str, Any]] = []
    for cells in sets(given.data):
        rows += study(cells, given.orders, prices, given.seed)
        rows += study(
            cells, given.orders, prices, given.seed, stated=HARDER, strategies=STRATEGIES[:2]
        )
        print(f"{cells.name}: {time.monotonic() - started:.0f} s", flush=True)
    with given.out.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    text = markdown(rows, about, time.monotonic() - started)
    given.out.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
