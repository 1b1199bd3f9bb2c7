"""How often a team's own traffic mix certifies falsely: three ways to count weighted prompts.

First exactly, at one output a prompt: the worst false certification over all pairs of fail rates
of two strata whose weighted mean is the tolerated .25, as a multiple of the level, for Korn-
Graubard with Kish's size wherever a count of prompts is meant, and as `stats.korn_graubard` has
it. Then by simulation with repeats that are alike, as floors do it: at .05 and .01 Korn-Graubard
joined by the exact bound of prompts thinned to the mix, at .05/7 that bound alone; beside it
Korn-Graubard alone, and how often offers with about half the fails (.12) are certified.

    python benchmarks/validity/traffic_weights.py [--runs 2000] [--out results/traffic_weights.md]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import special
from scipy import stats as scipy_stats

from qfloor import stats

RESULTS = Path(__file__).parents[2] / "results"
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


def exactly(alpha: float) -> list[str]:
    """Return the worst designs of both ways at one level, a row each."""
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
    rows = []
    for name, told in zip(("Kish's size", "ours"), found, strict=True):
        over = sum(multiple > 1.0 for multiple, _ in told)
        multiple, design = max(told)
        rows.append(f"| {alpha:g} | {name} | {multiple:.2f} | {design} | {over} of {len(told)} |")
    return rows


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
    """Shares of runs certified at each of `LEVELS` as floors do it, and by one bound alone."""
    sizes, traffic, at = design
    stratum = np.repeat([0, 1], sizes)
    prompt_weight = np.array(traffic)[stratum] / np.array(sizes)[stratum]
    keep = prompt_weight / prompt_weight.max()
    prompts = np.repeat(np.arange(stratum.size), repeats)
    drawn = fails(rng, runs, np.array(at)[stratum], repeats, rho)
    found = np.zeros(2 * len(LEVELS))
    for run in range(runs):
        scores = np.where(drawn[run].ravel(), 0.0, 1.0)
        first = np.zeros((stratum.size, repeats), dtype=bool)
        first[:, 0] = rng.random(stratum.size) < keep
        path = stats.build_path(
            scores, prompts, first.ravel(), weights=prompt_weight[prompts] / repeats
        )
        for i, level in enumerate(LEVELS):
            for at_once, rule in enumerate((stats.planned_rule(path, level), "korn_graubard")):
                to = stats.path_certified_to(path, alpha=level, max_fail=0.25, rule=rule)
                found[2 * i + at_once] += to is not None and to >= 1.0
    return list(found / runs)


def main() -> None:
    """Write the page."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=20261130)
    arguments.add_argument("--out", type=Path, default=RESULTS / "traffic_weights.md")
    told = arguments.parse_args()
    rng = np.random.default_rng(told.seed)
    heads = [f"{kind} {a:.4g}" for a in LEVELS for kind in ("floors", "Korn-Graubard alone")]
    lines = [
        "# A team's own traffic mix: how often weighted prompts certify falsely",
        "",
        f"`python benchmarks/validity/traffic_weights.py --runs {told.runs}`; what is compared "
        "stands in the script "
        "([decision 0011](../docs/decisions/0011-corrections-and-traffic.md)).",
        "",
        "## Exactly, one output a prompt, Korn-Graubard alone",
        "",
        "| level | prompts counted by | worst, times the level | where | designs above the level |",
        "|---|---|---|---|---|",
        *(row for alpha in (0.05, 0.02, 0.01) for row in exactly(alpha)),
        "",
    ]
    for title, factor, runs in (
        ("Offers exactly at the tolerated rate", 1.0, told.runs),
        ("Offers that fail .12 of the traffic", 0.48, told.runs // 4),
    ):
        lines += [
            f"## {title}, {runs:,} runs a row", "",
            "| prompts | traffic | fail rates | repeats | " + " | ".join(heads) + " |",
            "|---" * (4 + len(heads)) + "|",
        ]  # fmt: skip
        rows, shares = zip(*_rows(rng, factor, runs), strict=True)
        least = np.min(shares, axis=0) if factor < 1.0 else np.max(shares, axis=0)
        told_least = ", ".join(f"{h} **{w:.4f}**" for h, w in zip(heads, least, strict=True))
        lines += [*rows, "", f"{'Least' if factor < 1.0 else 'Worst'}: {told_least}"]
        if factor == 1.0:
            errors = ", ".join(f"{math.sqrt(a * (1 - a) / runs):.4f}" for a in LEVELS)
            lines[-1] += f"; Monte Carlo errors at the levels {errors}."
        lines.append("")
    told.out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def _rows(rng: np.random.Generator, factor: float, runs: int) -> Iterator[tuple[str, list[float]]]:
    """One row for each design, fail rates times ``factor``, and its shares."""
    for sizes, traffic, at in DESIGNS:
        rates = (at[0] * factor, at[1] * factor)
        for repeats, rho in ((2, 0.5), (4, 0.8)):
            shares = false_certificates(rng, runs, (sizes, traffic, rates), repeats, rho)
            shown = " | ".join(f"{share:.4f}" for share in shares)
            yield (
                f"| {sizes} | {traffic} | {tuple(round(a, 3) for a in rates)} | {repeats} "
                f"| {shown} |",
                shares,
            )


if __name__ == "__main__":
    main()
