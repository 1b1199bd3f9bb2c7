"""Do intervals over prompts and raters hold where raters give very uneven numbers of votes?

`qfloor.stats.two_way_share` and `two_way_mean` are what blind sessions and live audits report.
Raters are drawn anew in every session, with a severity of their own; so are prompts. A vote is
yes when prompt, rater and the moment together lie below a line, and a score is their sum. Loads
run from equal to one rater with half of all votes. Counted is how often the truth lies outside
the two-sided 95 % interval, below its low and above its high end, and above the one-sided bound.

    python benchmarks/validity/crossing_coverage.py --out results/crossing_coverage.md

Exits 1 when any is more than three Monte Carlo errors above its level.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from qfloor import stats

Floats = NDArray[np.float64]
LEVEL, SEED, ALLOWED = 0.05, 20_261_201, 3.0


@dataclass(frozen=True)
class Loads:
    """How votes fall to raters: shares of all votes, one for each rater."""

    name: str
    shares: tuple[float, ...]


def _odds(n: int) -> tuple[float, ...]:
    weight = 1.0 / np.arange(1, n + 1)
    return tuple((weight / weight.sum()).tolist())


LOADS = (
    Loads("12 raters alike", (1 / 12,) * 12),
    Loads("30 raters alike", (1 / 30,) * 30),
    Loads("30 raters, odds 1, 1/2, 1/3 ..", _odds(30)),
    Loads("one of 61 gives a fifth", (0.2, *[0.8 / 60] * 60)),
    Loads("one of 61 gives a third", (1 / 3, *[2 / 180] * 60)),
    Loads("one of 31 gives half", (0.5, *[0.5 / 30] * 30)),
    Loads("three of 33 give a fifth each", (0.2, 0.2, 0.2, *[0.4 / 30] * 30)),
    Loads("four of 34 give a fifth each", (*[0.2] * 4, *[0.2 / 30] * 30)),
    Loads("5 raters alike", (0.2,) * 5),
)
SEVERITIES, RATES = (0.4, 1.0), (0.05, 0.25, 0.5)
PROMPTS, VOTES = 200, 600


def votes(
    loads: Loads, severity: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """One session: prompt, rater and what is felt, with unit variance in all."""
    shares = np.array(loads.shares)
    rater = np.repeat(np.arange(shares.size), np.maximum(1, np.round(shares * VOTES).astype(int)))
    rater = rng.permutation(rater)
    prompt = rng.permutation(np.arange(rater.size) % PROMPTS)
    parts = np.array([0.5, 0.5 * severity**2, 0.5])
    own, severe, moment = np.sqrt(parts / parts.sum())
    felt = (
        own * rng.standard_normal(PROMPTS)[prompt]
        + severe * rng.standard_normal(shares.size)[rater]
        + moment * rng.standard_normal(rater.size)
    )
    return prompt, rater, felt


def misses(loads: Loads, severity: float, rate: float | None, runs: int, seed: int) -> Floats:
    """Shares of sessions with the truth below low, above high, outside, above upper, and silent.

    With no rate the mean of what is felt, whose truth is 0.
    """
    rng = np.random.default_rng([SEED, seed])
    found = np.zeros(5)
    for _ in range(runs):
        prompt, rater, felt = votes(loads, severity, rng)
        crossed = stats.crossing(prompt, rater)
        if rate is None:
            seen, truth = stats.two_way_mean(felt, crossed), 0.0
        else:
            seen, truth = stats.two_way_share(felt < ndtri(rate), crossed), rate
        if seen.low is None or seen.high is None or seen.upper is None:
            found[4] += 1
            continue
        below, above = truth < seen.low, truth > seen.high
        found[:4] += [below, above, below or above, truth > seen.upper]
    return found / runs


def rows(runs: int) -> Iterator[tuple[list[str], bool]]:
    """Each row and whether it holds."""
    error = math.sqrt(LEVEL * (1 - LEVEL) / runs)
    for i, loads in enumerate(LOADS):
        for severity in SEVERITIES:
            for j, rate in enumerate((*RATES, None)):
                seed = 100 * i + 10 * j + int(severity > 0.5)
                below, above, outside, over, silent = misses(loads, severity, rate, runs, seed)
                holds = max(outside, over) <= LEVEL + ALLOWED * error
                what = "mean" if rate is None else f"share, {rate:g}"
                numbers = (below, above, outside, over, silent)
                yield (
                    [loads.name, f"{severity:g}", what, *(f"{x:.3f}" for x in numbers),
                     "yes" if holds else "**no**"],
                    holds,
                )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    found = list(rows(told.runs))
    worst = max(max(float(r[5]), float(r[6])) for r, _ in found)
    lines = [
        "# Intervals over prompts and raters, with raters who give uneven numbers of votes",
        "",
        f"`python benchmarks/validity/crossing_coverage.py --runs {told.runs} --out "
        "results/crossing_coverage.md`",
        "",
        f"{PROMPTS} prompts, about {VOTES} votes; {told.runs:,} sessions a row, Monte Carlo error "
        f"{math.sqrt(LEVEL * (1 - LEVEL) / told.runs):.4f}. *severity*: what raters vary by, "
        "beside what prompts do. *outside*: the truth outside the two-sided 95 % interval, of "
        "which *below* and *above*; *over*: above the one-sided bound; at most .05 each. "
        f"*silent*: no interval. Worst {worst:.3f}.",
        "",
        "| loads | severity | what | below | above | outside | over | silent | holds |",
        "|---|---|---|---|---|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row, _ in found),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if told.out is not None:
        told.out.write_text(text, encoding="utf-8")
    return 0 if all(holds for _, holds in found) else 1


if __name__ == "__main__":
    sys.exit(main())
