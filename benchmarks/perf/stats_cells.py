"""How fast is the certification of a whole release? 280 cells of 1,000 scores, side by side.

Times the exact bound of the lower quartile (one output a prompt), the clustered bound (250
prompts with 4 repeats), scipy's own order-statistic test and scipy's percentile bootstrap, in
one run on one machine, and prints ratios. The slow peers run on fewer cells and are scaled.

    python benchmarks/perf/stats_cells.py [--cells 280] [--scores 1000] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from qfloor import stats

Cells = NDArray[np.float64]
ALPHA = 0.05 / 40  # one category's family of 40 offers


def exact(scores: Cells) -> None:
    """Largest certifiable threshold, one output a prompt."""
    stats.lower_bound(scores, alpha=ALPHA)


def clustered(scores: Cells) -> None:
    """Largest certifiable threshold, four repeats a prompt, Korn-Graubard."""
    prompts = np.arange(scores.size) // 4
    stats.lower_bound(scores, prompts, alpha=0.05)


def order_statistic(scores: Cells) -> None:
    """Scipy's quantile test and its one-sided interval."""
    test = scipy_stats.quantile_test(scores, p=0.25, alternative="greater")
    test.confidence_interval(1 - ALPHA)


def bootstrap(scores: Cells) -> None:
    """Scipy's percentile bootstrap of the quartile, 999 resamples."""
    scipy_stats.bootstrap(
        (scores,),
        lambda x, axis: np.quantile(x, 0.25, axis=axis, method="inverted_cdf"),
        n_resamples=999,
        method="percentile",
        confidence_level=1 - 2 * ALPHA,
        alternative="greater",
        rng=np.random.default_rng(0),
    )


METHODS: dict[str, tuple[Callable[[Cells], None], int, int]] = {
    # name: (method, cells timed at most, rounds)
    "qfloor exact": (exact, 280, 5),
    "qfloor clustered": (clustered, 40, 3),
    "scipy quantile_test": (order_statistic, 280, 3),
    "scipy bootstrap 999": (bootstrap, 5, 3),
}


def seconds_per_release(cells: Cells, method: Callable[[Cells], None], most: int, n: int) -> float:
    """Return the median over rounds of seconds for all cells, scaled from those timed."""
    timed = cells[:most]
    method(timed[0])  # warm tables and imports
    rounds = []
    for _ in range(n):
        start = time.perf_counter()
        for scores in timed:
            method(scores)
        rounds.append((time.perf_counter() - start) * len(cells) / len(timed))
    return statistics.median(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=280)
    parser.add_argument("--scores", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cells = np.random.default_rng(0).normal(size=(options.cells, options.scores))
    found = {name: seconds_per_release(cells, *how) for name, how in METHODS.items()}
    reference = found["qfloor exact"]
    if options.json:
        print(json.dumps({"cells": options.cells, "scores": options.scores, "seconds": found}))
        return
    print(f"{options.cells} cells x {options.scores} scores, median seconds for all cells")
    for name, seconds in found.items():
        print(f"{name:22s} {seconds * 1e3:12.1f} ms   {seconds / reference:10.1f} x qfloor exact")


if __name__ == "__main__":
    main()
