"""How little could any sequential test spend? A lower bound beside results/adaptive_spend.md.

Let a cell's true fail rate at a tier be p, and let a run certify it (p < 1/4) or reject it
(p > 1/4) with probability g. Whatever the rule for stopping, and even if it were told p, the
chance of that verdict where the rate is 1/4 is at most a, and by the data processing
inequality (Wald 1945 for two hypotheses)

    E[prompts] >= d(g, a) / d(p, 1/4),    d(x, y) = x ln(x / y) + (1 - x) ln((1 - x) / (1 - y)).

One stream of a cell serves all its tiers. The least spend that comes to as many correct verdicts
as the planned design is then a concave programme (prompts go where they earn most): its value
over the planned cost is a ratio that no valid rule can go below. With a = alpha / m it speaks of
rules that keep alpha / m in each cell, as the planned design does; with a = alpha, the whole of
it, of every rule that keeps the family's error, however it deals alpha out. Only where the second
is above the bar of 0.4 can the bar be met by no one. Prompts count as drawn afresh, also from files
of ratings, and cells as independent: where offers answer the same prompts, a rule that lets one
offer's outputs speak of another's is not covered.

Nobody is told p. So beside both stands what no rule can go below whose cells have rates drawn
independently from the set's, which it knows by heart (`sequential_optimum`: the best rule of all,
by backward induction): the same demands, three times the planned prompts a cell at most. A rule
that knows the very list may use what it found of one cell for another, and is not covered. With
a = alpha it speaks of every rule that keeps alpha in the family. For let one cell lie at the
tolerated rate and the others be drawn: a false certificate of that cell is one of the family's, so
its chance is at most alpha; play the other cells by dice, and the family's rule has become a rule
for one cell, with a chance at most alpha of a false certificate (rejection), the cell's own prompts
and its own chance of a right verdict. The demands on means are then those of `sequential_optimum`,
cell by cell. With several tiers only the hardest of a cell (nearest to max_fail, in nats) is asked:
the verdicts of the others are given for nothing, and what its outputs do there says nothing of it.

Why not more? Two cells at the tolerated rate may be certified falsely with a chance of alpha
*together*, and that is not used. A rule may certify both only where both look good, so that the
chance of either is hardly more than of one; what that loses it in right verdicts hangs on the
states of both cells at once, and of ten at once with ten: backward induction over all of them, or
prices on them that split into prices of each. No split keeps anything: for a charge on "either"
to be at least the sum of a charge on each, whatever the other has shown, both have to be constant,
with sum 1, which is what alpha a cell says already. What is left between it and alpha over the
open cells is not known.

Last the exact test of the product, left by the best rule there is under a Beta(1/2, 1/2) prior
(`stats.worth_going_on`, with the patience at which correct verdicts equal the planned design's; the
product's own is `PATIENCE`); for one tier.

    python benchmarks/validity/sequential_bound.py [--data DIR] [--out results/sequential_bound.md]
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from adaptive_spend import (
    ALPHA,
    HARDER,
    MAX_FAIL,
    POWER,
    ROOT,
    STATED,
    CellSet,
    Floats,
    agiqa,
    genai_bench,
    painters,
    synthetic,
)
from numpy.typing import NDArray
from scipy import stats as ss
from scipy.special import rel_entr
from sequential_optimum import least_prompts

from qfloor import stats

BAR = 0.4
SHORT = 0.005  # verdicts of a whole set by which a rule may fall short of the planned design's
RAREST = 1e-4  # a rate of 0 has no logarithm
STEP = 0.25  # prompts; the curve of one cell is concave, so steps can be taken best first


def divergence(x: Floats | float, y: Floats | float) -> Floats:
    """Of two coins, in nats."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return np.asarray(rel_entr(x, y) + rel_entr(1 - x, 1 - y))


def most_power(prompts: Floats, rate: float, level: float) -> Floats:
    """Largest chance of the right verdict that so many prompts allow on average."""
    nats = prompts * float(divergence(rate, MAX_FAIL))
    low, high = np.full(prompts.shape, level), np.ones(prompts.shape)
    for _ in range(60):
        middle = (low + high) / 2
        fits = divergence(middle, level) <= nats
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return high


def planned_power(rate: float, prompts: int, level: float) -> float:
    """Chance that the exact test of a planned number of prompts comes to the right verdict."""
    if rate < MAX_FAIL:
        most = stats.max_fails(prompts, level, MAX_FAIL)
        return 0.0 if most is None else float(ss.binom.cdf(most, prompts, rate))
    clear = stats.max_fails(prompts, level, 1 - MAX_FAIL)
    return 0.0 if clear is None else float(ss.binom.cdf(clear, prompts, 1 - rate))


def least_ratio(cells: CellSet, stated: float, *, whole: bool = False) -> tuple[float, float]:
    """Least spend over the planned one at as many correct verdicts, and how many those are.

    For rules that keep alpha / m in each cell, or with ``whole`` alpha in each, as all rules do
    that keep it in the family.
    """
    levels = ALPHA / cells.m
    planned = [stats.prompts_needed(stated, float(a), MAX_FAIL, POWER) or 0 for a in levels]
    wanted = sum(
        planned_power(rate, n, float(a))
        for rates, n, a in zip(cells.truth.tolist(), planned, levels, strict=True)
        for rate in rates
    )
    grid = np.arange(0.0, 3.0 * max(planned) + STEP, STEP)
    curves = np.stack([
        sum(most_power(grid, rate, ALPHA if whole else float(a)) for rate in rates)
        for rates, a in zip(cells.truth.tolist(), levels, strict=True)
    ])  # fmt: skip
    gains = np.sort(np.diff(curves, axis=1).ravel())[::-1]
    have = curves[:, 0].sum() + np.cumsum(gains)
    wanted = min(wanted, float(have[-1]) - 1e-6)  # power 1 is out of any test's reach
    steps = int(np.searchsorted(have, wanted)) + 1 if wanted > curves[:, 0].sum() else 0
    return steps * STEP / sum(planned), wanted


def walk(
    boundary: stats.SequentialBoundary, go: Sequence[NDArray[np.bool_]], rate: float
) -> tuple[float, float]:
    """Prompts bought on average, and the chance of the right verdict; exactly."""
    chance, bought, right = np.ones(1), 0.0, 0.0
    for n in range(boundary.horizon + 1):
        k = np.arange(n + 1)
        if n:
            good = k <= boundary.certify[n] if rate < MAX_FAIL else k >= boundary.reject[n]
            right += float(chance[good].sum())
        chance = np.where(go[n], chance, 0.0)
        bought += float(chance.sum())
        chance = np.append(chance * (1 - rate), 0.0) + np.append(0.0, chance * rate)
    return bought, right


def best_leaving(cells: CellSet, stated: float) -> float:
    """Spend over the planned one when the exact test is left best, at as many correct verdicts."""
    level = ALPHA / int(cells.m[0])
    planned = stats.prompts_needed(stated, level, MAX_FAIL, POWER)
    assert planned is not None
    rates = cells.truth[:, 0].tolist()
    wanted = sum(planned_power(rate, planned, level) for rate in rates)
    boundary = stats.exact_boundary(2 * planned, level, MAX_FAIL)
    low, high = 0.05, 400.0  # patience: the more, the more verdicts
    spent = np.inf
    for _ in range(14):
        patience = float(np.sqrt(low * high))
        go = stats.worth_going_on(boundary, patience)
        found = [walk(boundary, go, rate) for rate in rates]
        if sum(right for _, right in found) >= wanted - SHORT:
            high, spent = patience, sum(bought for bought, _ in found)
        else:
            low = patience
    return float(spent / (planned * len(rates)))


def not_told_which(cells: CellSet, stated: float, *, whole: bool = False) -> float:
    """Least spend over the planned one for rules that know what rates are drawn from, no more.

    For rules that keep alpha / m in each cell (the largest of them where families differ), or with
    ``whole`` alpha in the family.
    """
    levels = ALPHA / cells.m
    planned = [stats.prompts_needed(stated, float(a), MAX_FAIL, POWER) or 0 for a in levels]
    wanted = least_ratio(cells, stated)[1] - SHORT
    nearest = divergence(cells.truth, MAX_FAIL).argmin(axis=1)
    rates = np.take_along_axis(cells.truth, nearest[:, None], axis=1)[:, 0]
    easy = cells.truth.size - rates.size  # verdicts given for nothing
    found = least_prompts(
        np.clip(rates, RAREST, 1.0 - RAREST), ALPHA if whole else float(levels.max()), MAX_FAIL,
        (wanted - easy) / rates.size, 3 * max(planned),
    )  # fmt: skip
    return found * rates.size / sum(planned)


def at_the_alternative(m: int, stated: float) -> float:
    """Of one cell that truly fails as often as the plan states, at the plan's own power."""
    level = ALPHA / m
    planned = stats.prompts_needed(stated, level, MAX_FAIL, POWER)
    assert planned is not None
    return float(divergence(POWER, level) / divergence(stated, MAX_FAIL)) / planned


def rows_of(sets: list[CellSet]) -> list[dict[str, str]]:
    """Bounds of each set and plan."""
    found = []
    for cells in sets:
        for stated in (STATED, HARDER):
            ratio, wanted = least_ratio(cells, stated)
            one_tier = cells.truth.shape[1] == 1
            found.append({
                "set": cells.name,
                "cells": str(cells.truth.shape[0]),
                "planned_at": f"{stated:g}",
                "correct": f"{wanted:.1f} of {cells.truth.size}",
                "no_rule_below": f"{ratio:.3f}",
                "whole_alpha": f"{least_ratio(cells, stated, whole=True)[0]:.3f}",
                "not_told_which": f"{not_told_which(cells, stated):.3f}",
                "whole_not_told": f"{not_told_which(cells, stated, whole=True):.3f}",
                "left_best": f"{best_leaving(cells, stated):.3f}" if one_tier else "",
            })  # fmt: skip
    return found


def verdict(row: Mapping[str, str]) -> str:
    """Who could meet the bar."""
    for column, told in (
        ("whole_alpha", "**cannot be met**"),
        ("whole_not_told", "**not by rules that do not know which is which**"),
        ("no_rule_below", "**not by rules that keep alpha / m in each cell**"),
        ("not_told_which", "**not by rules that take cells one by one**"),
    ):
        if float(row[column]) > BAR:
            return told
    return "not excluded"


def page(rows: list[dict[str, str]]) -> str:
    lines = [
        "# What no sequential test can go below",
        "",
        "`python benchmarks/validity/sequential_bound.py`; the argument stands in the script.",
        "",
        "Least spend over the planned design's, at as many correct verdicts and equal prices, even",
        "for rules that are told the true rates. *no rule below*: for rules that keep alpha / m in",
        "each cell, as the planned design does. *whole alpha*: for any rule that keeps alpha in",
        "the family, however it deals it out (the plan still pays for alpha / m). The bar of",
        f"results/adaptive_spend.md is {BAR}.",
        "",
        "*not told which*: the least for any rule whose cells have rates drawn independently",
        "from those of the set, which it knows, with alpha / m in each cell; *whole, not told*:",
        "for any rule that keeps alpha in the family. One that knows the very list, and lets what",
        "it found of one cell speak of another, is not covered. With three tiers only a cell's",
        "hardest is asked, and the others are given for nothing; so these two may be below the",
        "first two, which ask for all, and the larger holds. *left best*: the product's exact test",
        "at alpha / m under the best rule to leave a cell, which knows nothing of the set (one",
        f"tier). The last three may fall short of the planned design by {SHORT} verdicts of the",
        "whole set. All take cells as independent: where offers answer the same prompts, a rule",
        "that compares them prompt by prompt is not covered.",
        "",
        "Between *whole, not told* and what sharing by Holm spends nothing is proved: several",
        "cells at the tolerated rate have alpha together, and a rule may let them be wrong",
        "together; what that costs it hangs on the states of all cells at once (the script says",
        "why no split into single cells can show it). What was tried there:",
        "[alpha_sharing.md](alpha_sharing.md).",
        "",
        "| set | cells | planned at | correct verdicts | no rule below | whole alpha "
        "| not told which | whole, not told | left best | bar |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join([*row.values(), verdict(row)]) + " |" for row in rows]
    lines += ["", "One cell at the stated alternative itself, at 90% power:", ""]
    lines += ["| offers in the family | planned at | no rule below |", "|---|---|---|"]
    lines += [
        f"| {m} | {stated} | {at_the_alternative(m, stated):.2f} |"
        for m in (1, 6, 10, 40)
        for stated in (STATED, HARDER)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "sequential_bound.md")
    told = parser.parse_args()
    sets = [*synthetic(), painters()]
    for read, path in (
        (genai_bench, told.data / "genai_bench" / "genai_image.json"),
        (agiqa, told.data / "agiqa3k" / "data.csv"),
    ):
        if path.exists():
            sets.append(read(path))
    rows = rows_of(sets)
    with told.out.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    text = page(rows)
    print(text)
    told.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
