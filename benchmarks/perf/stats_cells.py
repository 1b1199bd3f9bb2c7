"""How fast is the certification of a whole release? 280 cells of 1,000 scores, all verdicts.

    python benchmarks/perf/stats_cells.py [--prompts 500] [--repeats 2] [--growth] [--json]
    python benchmarks/perf/stats_cells.py --beside SRC [--prompts 500] [--repeats 2]

A made-up release: 40 offers in 7 categories, three tiers each, one output in a hundred refused
and one in two hundred lost to outages. What is timed is what verdicts are made of: the delivered
floor of every cell (quartiles, bounds, design effect) and the verdicts of every family (p-values,
adjusted ones, bounds, prompts still needed), by the same calls as `qfloor floors`, from outputs
that are laid out as arrays; conditional floors and laying out are timed apart. Beside it, in the
same run and on the same scores: scipy's percentile bootstrap of one quartile a cell, and its
quantile test. ``--growth`` times releases of 10,000 to 1,000,000 scores in 280 cells. ``--beside``
takes the ``src`` folder of another version: both certify by turns, each in a process of its own,
and seconds are of CPU, which a machine that does other work as well tells better.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from qfloor.floors import (
    Assessed,
    CellRequest,
    FamilyPlan,
    Judged,
    assess_all,
    rule_family,
)
from qfloor.records import Quality, Status, Threshold, Verdict

OFFERS, CATEGORIES, TIERS = 40, 7, (4.0, 5.0, 6.0)
ALPHA = 0.05
QUALITY = Quality(source="human", name="made-up", lo=0.0, hi=10.0)
ROUNDS = 5

Rows = list[list[Judged]]


def outputs_of(prompts: int, repeats: int) -> Rows:
    """Make up the judged outputs of every cell; prompts are harder or easier than others."""
    rng = np.random.default_rng(0)
    cells: Rows = []
    for _ in range(OFFERS * CATEGORIES):
        hard = rng.normal(size=prompts).repeat(repeats)
        scores = rng.normal(6.0, 0.6) + 0.7 * hard + 0.7 * rng.normal(size=hard.size)
        fate = rng.random(scores.size)
        cells.append(
            [
                _judged(n, repeats, float(score), float(luck))
                for n, (score, luck) in enumerate(zip(scores, fate, strict=True))
            ]
        )
    return cells


def _judged(n: int, repeats: int, score: float, luck: float) -> Judged:
    status = Status.REFUSED if luck < 0.01 else Status.FAILED if luck < 0.015 else Status.MADE
    prompt, repeat = divmod(n, repeats)
    values = (score,) if status is Status.MADE else ()
    return Judged(
        output_id=f"o{n}", family=f"p{prompt}", repeat=repeat, status=status, values=values
    )


def requests_of(cells: Rows) -> list[CellRequest]:
    """Ask of each cell what a release asks; this lays its outputs out."""
    found = []
    for n, outputs in enumerate(cells):
        offer, category = divmod(n, CATEGORIES)
        thresholds = tuple(
            Threshold(
                category=f"c{category}", modality="image", quality=QUALITY.id, tier=f"t{value}",
                value=value,
            )
            for value in TIERS
        )  # fmt: skip
        found.append(
            CellRequest(
                offer_id=f"shop/o{offer}", category=f"c{category}", modality="image",
                quality=QUALITY, outputs=outputs, thresholds=thresholds,
                family=FamilyPlan(name=f"c{category}/image", m=OFFERS, alpha=ALPHA),
            )
        )  # fmt: skip
    return found


def certify(requests: list[CellRequest], *, both: bool = True) -> list[Verdict]:
    """Floors of every cell, of one kind or both, and the verdicts of every family."""
    families: dict[str, list[Assessed]] = {}
    for one in assess_all(requests):
        families.setdefault(one.request.family.name, []).append(one)
    if both:
        assess_all(requests, "conditional")
    return [verdict for family in families.values() for verdict in rule_family(family)]


def bootstrap(scores: NDArray[np.float64]) -> None:
    """Scipy's percentile bootstrap of the quartile, with its usual 9,999 resamples."""
    scipy_stats.bootstrap(
        (scores,),
        lambda x, axis: np.quantile(x, 0.25, axis=axis, method="inverted_cdf"),
        batch=500,
        method="percentile",
        confidence_level=1 - 2 * ALPHA / OFFERS,
        alternative="greater",
        rng=np.random.default_rng(0),
    )


def quantile_test(scores: NDArray[np.float64]) -> None:
    """Scipy's order-statistic test of the quartile and its one-sided interval."""
    test = scipy_stats.quantile_test(scores, p=0.25, alternative="greater")
    test.confidence_interval(1 - ALPHA / OFFERS)


def seconds(task: Callable[[], object]) -> float:
    """Time a call, as `timeit` does without the search for cycles that its objects set off."""
    gc.disable()
    try:
        start = time.perf_counter()
        task()
        return time.perf_counter() - start
    finally:
        gc.enable()


def of_all(peer: Callable[[NDArray[np.float64]], None], cells: Rows, timed: int) -> float:
    """Median seconds of a peer for all cells, scaled from those timed."""
    tables = [np.array([v for o in outputs for v in o.values]) for outputs in cells[:timed]]
    peer(tables[0])
    found = [seconds(lambda: [peer(table) for table in tables]) for _ in range(3)]
    return statistics.median(found) * len(cells) / len(tables)


def release(prompts: int, repeats: int) -> dict[str, float]:
    """Seconds of a release: the first time, at its median, and of laying it out."""
    cells = outputs_of(prompts, repeats)
    n = sum(len(o.values) for outputs in cells for o in outputs)
    laid = seconds(lambda: requests_of(cells))
    # Requests are made anew: nothing is remembered of the last round's cells.
    first, *later = (seconds(partial(certify, requests_of(cells))) for _ in range(1 + ROUNDS))
    verdicts = [seconds(partial(certify, requests_of(cells), both=False)) for _ in range(ROUNDS)]
    return {
        "scores": n,
        "laid out": laid,
        "first": first,
        "both kinds": statistics.median(later),
        "median": statistics.median(verdicts),
    }


def peers(prompts: int, repeats: int) -> Iterator[tuple[str, float]]:
    cells = outputs_of(prompts, repeats)
    yield "scipy.stats.bootstrap, 9,999 resamples", of_all(bootstrap, cells, 2)
    yield "scipy.stats.quantile_test", of_all(quantile_test, cells, len(cells))


ONE_VERSION = """
import gc, sys, time
sys.path.insert(0, sys.argv[1])
import stats_cells as s
cells, taken = s.outputs_of(int(sys.argv[2]), int(sys.argv[3])), []
for _ in range(1 + s.ROUNDS):
    requests = s.requests_of(cells)
    gc.disable()
    start = time.process_time()
    s.certify(requests, both=False)
    taken.append(time.process_time() - start)
    gc.enable()
print(taken[0], min(taken[1:]))
"""


def in_process_of(src: str, prompts: int, repeats: int) -> tuple[float, float]:
    """CPU seconds of floors and verdicts by another version: the first time, and at least."""
    here = Path(__file__).resolve().parent
    ran = subprocess.run(
        [sys.executable, "-c", ONE_VERSION, str(here), str(prompts), str(repeats)],
        env={**os.environ, "PYTHONPATH": src},
        capture_output=True,
        text=True,
        check=True,
    )
    first, least = ran.stdout.split()
    return float(first), float(least)


def beside(other: str, prompts: int, repeats: int, turns: int = 3) -> None:
    """Compare with another version, by turns."""
    here = str(Path(__file__).resolve().parents[2] / "src")
    found = [
        (in_process_of(here, prompts, repeats), in_process_of(other, prompts, repeats))
        for _ in range(turns)
    ]
    for name, each in zip(("this version", other), zip(*found, strict=True), strict=True):
        first, least = (min(values) * 1e3 for values in zip(*each, strict=True))
        print(f"{name}: {least:.0f} ms of CPU, the first time in a process {first:.0f} ms")


GROWTH = ((18, 2), (179, 2), (500, 2), (1786, 2))
"""Prompts and repeats a cell: 10,000, 100,000, 280,000 and 1,000,000 scores in all."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--beside", metavar="SRC")
    options = parser.parse_args()
    if options.beside:
        beside(options.beside, options.prompts, options.repeats)
        return
    if options.growth:
        found = [release(*size) for size in GROWTH]
        if options.json:
            print(json.dumps(found))
            return
        print("|    scores | floors and verdicts | a score | both kinds | laid out |")
        print("|--:|--:|--:|--:|--:|")
        for row in found:
            each = row["median"] / row["scores"] * 1e6
            print(
                f"| {row['scores']:9,.0f} | {row['median'] * 1e3:.0f} ms | {each:.2f} us "
                f"| {row['both kinds'] * 1e3:.0f} ms | {row['laid out'] * 1e3:.0f} ms |"
            )
        return
    ours = release(options.prompts, options.repeats)
    others = dict(peers(options.prompts, options.repeats))
    if options.json:
        print(json.dumps({"ours": ours, "peers": others}))
        return
    print(f"{OFFERS * CATEGORIES} cells, {ours['scores']:,.0f} scores, {len(TIERS)} tiers")
    print(
        f"floors and all verdicts: {ours['median'] * 1e3:.1f} ms; with the conditional floors "
        f"beside them {ours['both kinds'] * 1e3:.1f} ms, the first time in a process "
        f"{ours['first'] * 1e3:.1f} ms; laying rows out {ours['laid out'] * 1e3:.0f} ms"
    )
    for name, taken in others.items():
        print(f"{name}, one interval a cell: {taken:.3f} s, {taken / ours['median']:.1f} x")


if __name__ == "__main__":
    main()
