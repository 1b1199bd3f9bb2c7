"""How often a team's own traffic mix certifies falsely: three ways to count weighted prompts.

First exactly, at one output a prompt: the worst false certification over all pairs of fail rates
of two strata whose weighted mean is the tolerated .25, as a multiple of the level, for Korn-
Graubard with Kish's size wherever a count of prompts is meant, and as `stats.korn_graubard` has
it. Then by simulation with repeats that are alike, at levels .05 and .01 by Korn-Graubard, and at
.05/7 by the exact bound of prompts thinned to the mix.

    python benchmarks/validity/traffic_weights.py [--runs 4000]
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from scipy import special
from scipy import stats as scipy_stats

from qfloor import stats

DESIGNS = [
    # prompts, traffic, fail rates (weighted mean .25)
    ((60, 60), (0.5, 0.5), (0.25, 0.25)),
    ((60, 60), (0.8, 0.2), (0.25, 0.25)),
    ((60, 60), (0.8, 0.2), (0.0625, 1.0)),
    ((100, 20), (0.5, 0.5), (0.10, 0.40)),
    ((100, 20), (0.5, 0.5), (0.40, 0.10)),
    ((100, 10), (0.3, 0.7), (0.60, 0.10)),
    ((100, 10), (0.3, 0.7), (0.05, 0.3357142857142857)),
    ((40, 8), (0.5, 0.5), (0.02, 0.48)),
    ((40, 8), (0.5, 0.5), (0.48, 0.02)),
    ((200, 4), (0.75, 0.25), (0.02, 0.94)),
    ((200, 4), (0.75, 0.25), (0.30, 0.10)),
    ((20, 20), (0.9, 0.1), (0.25, 0.25)),
]
SIZES = ((60, 60), (100, 20), (100, 10), (40, 8), (200, 4), (20, 20), (150, 40), (100, 5))
FIRST_SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9)
LEVELS = (0.05, 0.01, 0.05 / 7)


def certified_sets(
    sizes: tuple[int, int], traffic: tuple[float, float], alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs of fail counts certify: by Kish's size, and as the code has it."""
    weights = np.repeat(np.array(traffic) / np.array(sizes), sizes)
    kish = 1.0 / float(np.sum(weights**2))
    by_kish = np.zeros((sizes[0] + 1, sizes[1] + 1), dtype=bool)
    by_ours = by_kish.copy()
    for first, second in np.ndindex(by_kish.shape):
        p = first * traffic[0] / sizes[0] + second * traffic[1] / sizes[1]
        if p > 0.25:
            continue
        shares = np.zeros(sum(sizes))
        shares[:first] = shares[sizes[0] : sizes[0] + second] = 1.0
        found = stats.korn_graubard(shares, 1, 1 - alpha, weights)
        n_star = min(kish, found.n_effective) if 0.0 < p < 1.0 else kish
        upper = max(
            stats.clopper_pearson_upper(p * n_star, n_star, alpha),
            stats.clopper_pearson_upper(0, kish, alpha),
        )
        by_kish[first, second], by_ours[first, second] = upper <= 0.25, found.upper <= 0.25
    return by_kish, by_ours


def exactly(alpha: float) -> None:
    """Print the worst designs of both ways at one level."""
    found: list[list[tuple[float, str]]] = [[], []]
    for sizes in SIZES:
        for share in FIRST_SHARES:
            traffic = (share, 1.0 - share)
            certified = certified_sets(sizes, traffic, alpha)
            worst = [0.0, 0.0]
            for first in np.linspace(0.0, 1.0, 101):
                second = (0.25 - share * first) / (1.0 - share)
                if not 0.0 <= second <= 1.0:
                    continue
                chance = np.outer(
                    scipy_stats.binom.pmf(np.arange(sizes[0] + 1), sizes[0], first),
                    scipy_stats.binom.pmf(np.arange(sizes[1] + 1), sizes[1], second),
                )
                worst = [max(w, float(chance[c].sum())) for w, c in zip(worst, certified,
                                                                       strict=True)]  # fmt: skip
            for told, value in zip(found, worst, strict=True):
                told.append((value / alpha, f"{sizes} at {share:g} : {1 - share:g}"))
    for name, told in zip(("Kish's size", "ours"), found, strict=True):
        over = sum(multiple > 1.0 for multiple, _ in told)
        multiple, design = max(told)
        print(f"level {alpha:g}, {name}: worst {multiple:.2f} x nominal ({design}), "
              f"above nominal in {over} of {len(told)} designs", flush=True)  # fmt: skip


def fails(
    rng: np.random.Generator, runs: int, rates: np.ndarray, repeats: int, rho: float
) -> np.ndarray:
    """Fails of repeats that share a latent prompt effect, shape (runs, prompts, repeats)."""
    cut = special.ndtri(rates)[None, :, None]
    prompt = rng.normal(size=(runs, rates.size, 1))
    own = rng.normal(size=(runs, rates.size, repeats))
    return np.asarray(math.sqrt(rho) * prompt + math.sqrt(1 - rho) * own < cut)


def false_certificates(
    rng: np.random.Generator,
    runs: int,
    design: tuple[tuple[int, int], tuple[float, float], tuple[float, float]],
    repeats: int,
    rho: float,
) -> list[float]:
    """Shares of runs certified at each of `LEVELS`, the last by thinning."""
    sizes, traffic, at = design
    stratum = np.repeat([0, 1], sizes)
    prompt_weight = np.array(traffic)[stratum] / np.array(sizes)[stratum]
    keep = prompt_weight / prompt_weight.max()
    prompts = np.repeat(np.arange(stratum.size), repeats)
    drawn = fails(rng, runs, np.array(at)[stratum], repeats, rho)
    found = np.zeros(len(LEVELS))
    for run in range(runs):
        scores = np.where(drawn[run].ravel(), 0.0, 1.0)
        first = np.zeros((stratum.size, repeats), dtype=bool)
        first[:, 0] = rng.random(stratum.size) < keep
        path = stats.build_path(
            scores, prompts, first.ravel(), weights=prompt_weight[prompts] / repeats
        )
        for i, level in enumerate(LEVELS):
            rule = stats.planned_rule(path, level)
            limits = stats.path_limits(path, alpha=level, max_fail=0.25, rule=rule)
            found[i] += limits.verdict(1.0) == "certified"
    return list(found / runs)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=4000)
    arguments.add_argument("--seed", type=int, default=20261130)
    told = arguments.parse_args()
    rng = np.random.default_rng(told.seed)
    for alpha in (0.05, 0.02, 0.01):
        exactly(alpha)
    print("| prompts | traffic | fail rates | repeats | " + " | ".join(f"{a:.4g}" for a in LEVELS))
    worst = np.zeros(len(LEVELS))
    for design in DESIGNS:
        for repeats, rho in ((2, 0.5), (4, 0.8)):
            shares = false_certificates(rng, told.runs, design, repeats, rho)
            worst = np.maximum(worst, shares)
            told_shares = " | ".join(f"{share:.4f}" for share in shares)
            sizes, traffic, at = design
            print(f"| {sizes} | {traffic} | {tuple(round(a, 3) for a in at)} | {repeats} "
                  f"| {told_shares}", flush=True)  # fmt: skip
    error = [math.sqrt(a * (1 - a) / told.runs) for a in LEVELS]
    print("worst", " ".join(f"{w:.4f} (nominal {a:.4g}, MC error {e:.4f})"
                            for w, a, e in zip(worst, LEVELS, error, strict=True)))  # fmt: skip


if __name__ == "__main__":
    main()
