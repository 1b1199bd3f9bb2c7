"""Prediction-powered fail rates with many values a prompt, where a few prompts always fail.

`ppi_coverage` has repeats that are alike by a normal correlation. Here a share of the prompts
fails with every repeat and the others by chance: what Korn-Graubard alone is least good at. The
metric follows the chance and is blind to the prompts that always fail, or sees them. Rates are
of runs certified at .05, as multiples of it: with all values as one sample, and with the sample
of one value a prompt joined, as floors do with more than two values a prompt.

    python benchmarks/validity/ppi_repeats.py [--runs 8000] [--out results/ppi_repeats.md]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import ppi_coverage as study
from numpy.typing import NDArray
from scipy import special

from qfloor.floors.powered import FEWEST_FAILS

Array = NDArray[np.float64]
RESULTS = Path(__file__).parents[2] / "results"
ALPHA, R, CHUNK = 0.05, 0.7, 2_000_000
CELLS = [
    (max_fail, hard, repeats, prompts)
    for max_fail, hard in ((0.25, 0.05), (0.25, 0.10), (0.10, 0.02), (0.10, 0.05))
    for repeats in (2, 4, 10)
    for prompts in (100, 200)
]


def draw(
    rng: np.random.Generator, shape: tuple[int, int, int], rate: float, hard: float, *, sees: bool
) -> tuple[Array, Array]:
    """Fails and predictions, shape (runs, prompts, repeats); ``hard`` prompts always fail."""
    cut = special.ndtri((rate - hard) / (1.0 - hard))
    own, noise = rng.standard_normal(shape), rng.standard_normal(shape)
    always = rng.random((*shape[:2], 1)) < hard
    metric = R * own + np.sqrt(1.0 - R**2) * noise
    said = special.ndtr((cut - R * metric) / np.sqrt(1.0 - R**2))
    return ((own < cut) | always).astype(float), np.where(always & sees, 0.8, said)


def passes(
    shares: Array, said: Array, pool: Array, rng: np.random.Generator, max_fail: float, repeats: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each run is certified, by labels alone where the metric is not let in; and where."""
    prompts, spread = shares.shape[1], float(pool.var()) / study.UNLABELLED
    unlabelled = pool.mean() + np.sqrt(spread) * rng.standard_normal(len(shares))
    p, theta, own, variance, weight = study._estimates(shares, said, unlabelled, spread)
    enough = np.minimum(p, 1.0 - p) * prompts >= FEWEST_FAILS
    use = (weight > 0) & (variance < own) & enough
    most = prompts * repeats
    alone = study._passes(p, own, most, prompts - 1, max_fail, ALPHA, exact=repeats == 1)
    more = most + study.UNLABELLED * repeats
    powered = study._passes(theta, variance, more, prompts - 2, max_fail, ALPHA)
    return np.where(use, powered, alone), np.asarray(use)


def rates(
    cell: tuple[float, float, int, int], factor: float, runs: int, *, sees: bool
) -> tuple[float, float]:
    """Shares of runs certified: by all values, and joined by one value a prompt."""
    max_fail, hard, repeats, prompts = cell
    rng = np.random.default_rng(20261202)
    rate, hard = max_fail * factor, hard * factor
    pool = draw(rng, (1, 200_000 // repeats, repeats), rate, hard, sees=sees)[1][0]
    found = np.zeros(2)
    step = max(1, CHUNK // (prompts * repeats))
    for done in range(0, runs, step):
        shape = (min(step, runs - done), prompts, repeats)
        fails, said = draw(rng, shape, rate, hard, sees=sees)
        all_, use = passes(
            fails.mean(axis=-1), said.mean(axis=-1), pool.mean(axis=-1), rng, max_fail, repeats
        )
        one, _ = passes(fails[..., 0], said[..., 0], pool[:, 0], rng, max_fail, 1)
        found += all_.sum(), (all_ & (one | ~use)).sum()
    return float(found[0] / runs), float(found[1] / runs)


def main() -> None:
    """Write the page."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=8_000)
    arguments.add_argument("--out", type=Path, default=RESULTS / "ppi_repeats.md")
    told = arguments.parse_args()
    error = float(np.sqrt((1.0 - ALPHA) / ALPHA / told.runs))
    lines = [
        "# Prediction-powered floors with many values a prompt, some prompts always failing",
        "",
        f"`python benchmarks/validity/ppi_repeats.py --runs {told.runs}`; what is simulated stands "
        "in the script. False: certified at the tolerated rate, times the level .05 "
        f"(Monte Carlo error {error:.2f}). Good: certified at half of it. *All*: all values as one "
        "sample; *joined*: by that of one value a prompt as well, which floors do with more than "
        "two values a prompt, where the metric is let in. Where it is not, labels decide by "
        "Korn-Graubard alone here and by the exact bound too in floors: with a tenth tolerated and "
        "100 prompts the certificates are all of that kind, and floors give fewer.",
        "",
        "| may fail | always fail | values | prompts | blind: all | joined | sees: all | joined "
        "| good: all | joined |",
        "|---" * 10 + "|",
    ]
    for cell in CELLS:
        blind, sees = (rates(cell, 1.0, told.runs, sees=sees) for sees in (False, True))
        good = rates(cell, 0.5, told.runs // 10, sees=False)
        false = " | ".join(f"{x / ALPHA:.2f}" for x in (*blind, *sees))
        first = " | ".join(f"{x:g}" for x in cell)
        lines.append(f"| {first} | {false} | {good[0]:.2f} | {good[1]:.2f} |")
        print(lines[-1], flush=True)
    told.out.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
