"""Does the built-in run recover the truth about the painters? The validity study, without pixels.

Plays many releases of benchmarks/painters.toml on fresh prompts through the pipeline's own panel,
floors and verdicts, and holds them against results/painters_truth.csv. Four demands:

1. false certificates: in at most 5 % of releases (plus two Monte Carlo errors) any offer is
   certified whose true fail rate is above what the tier allows;
2. power: at least 80 % of cells with a true fail rate of at most .12 are certified;
3. order: pairs of painters more than 0.5 points apart in true q25 are ordered alike by the
   committed suite's measured q25, and at least 70 % of the pairs of a category are so far apart;
4. refusals: delivered fail rate = refused + (1 - refused) x conditional fail rate, exactly.

Writes results/painters_recovery.json and .md and adds to results/LOG.md; exits 1 when a demand is
missed. Takes about ten minutes of CPU; `--releases 20` is enough for a look.

    python benchmarks/validity/painters_recovery.py --date 2026-11-24 [--releases 200]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from painters_demands import (
    NOTHING,
    Seen,
    Truth,
    exact_refusals,
    false_certificates,
    order,
    power,
)
from painters_release import (
    ROOT,
    Release,
    benchmark_of,
    digests,
    fresh_prompts,
    refused,
    release,
    suite_prompts,
)
from painters_report import code_version, write

from qfloor.benchmark import Benchmark
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.records import TIERS, Ruling


@lru_cache(maxsize=1)
def known() -> tuple[Benchmark, Truth]:
    """Load benchmark and truth once a process."""
    benchmark = benchmark_of()
    return benchmark, Truth.of(benchmark)


def play(seed: int | None) -> Seen:
    """Play a release on fresh prompts; with no seed, the committed suite in the real round."""
    benchmark, truth = known()
    prompts = suite_prompts() if seed is None else fresh_prompts(seed)
    return seen(release(benchmark, prompts, seed), benchmark, truth)


def seen(played: Release, benchmark: Benchmark, truth: Truth) -> Seen:
    """Arrange a release's findings as the truth is arranged."""
    place = {key: i for i, key in enumerate(truth.keys)}
    certified = np.zeros(truth.fails.shape, dtype=bool)
    q25, reached = np.full((2, len(place)), NOTHING)
    for verdict in played.findings.verdicts:
        cell = place[verdict.category, verdict.modality, verdict.offer_id.partition("/")[2]]
        certified[cell, TIERS.index(verdict.tier)] = verdict.ruling is Ruling.CERTIFIED
    for floor in played.findings.floors:
        cell = place[floor.category, floor.modality, floor.offer_id.partition("/")[2]]
        if floor.kind == "delivered":
            q25[cell] = NOTHING if floor.q25 is None else floor.q25
            reached[cell] = NOTHING if floor.q25_lo_release is None else floor.q25_lo_release
    return Seen(certified=certified, q25=q25, reached=reached, refusals=refusals(played, benchmark))


def refusals(played: Release, benchmark: Benchmark) -> list[dict[str, Any]]:
    """How every cell of a refusing painter falls; ``off`` is how far the sum is from exact."""
    kinds = {
        (CellKey(f.category, f.modality, f.offer_id), f.kind): f for f in played.findings.floors
    }
    offers = {offer.id: offer for offer in benchmark.offers}
    asked: Counter[CellKey] = Counter()
    turned_down: Counter[CellKey] = Counter()
    for output in played.outputs:
        if output.prompt_digest in played.rated:
            prompt = played.prompts[output.prompt_digest]
            key = CellKey(prompt.category, prompt.modality, output.offer_id)
            asked[key] += 1
            turned_down[key] += refused(prompt, offers[output.offer_id])
    rows: list[dict[str, Any]] = []
    for key, n in asked.items():
        delivered, conditional = kinds[key, "delivered"], kinds[key, "conditional"]
        share = turned_down[key] / n
        rates = [
            (d.threshold, d.rate, c.rate)
            for d, c in zip(delivered.fail_rates, conditional.fail_rates, strict=True)
        ]
        rows.append(
            {
                "category": key.category, "modality": key.modality,
                "painter": key.offer_id.partition("/")[2],
                "asked": n, "refused": turned_down[key],
                "counted": delivered.counts.get("refused", 0),
                "rates": rates,
                "off": max(abs(d - share - (1 - share) * c) for _, d, c in rates),
            }
        )  # fmt: skip
    return [row for row in rows if row["refused"] or row["counted"] or row["off"] > 1e-12]


def study(n: int, workers: int, seed: int = 1) -> dict[str, Any]:
    """Play ``n`` releases and the real round, and hold them against the truth."""
    benchmark, truth = known()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        real = pool.apply_async(play, (None,))
        releases = []
        for done in pool.imap(play, range(seed, seed + n), chunksize=2):
            releases.append(done)
            print(f"\r{len(releases)} of {n} releases", end="", file=sys.stderr, flush=True)
        found = real.get()
    print(file=sys.stderr)
    return {
        "releases": n, "seed": seed, "digests": digests(benchmark),
        "thresholds": sorted(
            {(t.tier, t.value, t.max_fail) for t in benchmark.thresholds}, key=lambda t: t[1]
        ),
        "panel": vars(benchmark.panel), "alpha": benchmark.alpha, "family": benchmark.family,
        "cells": len(truth.keys),
        "false_certificates": false_certificates(truth, releases),
        "power": power(truth, releases),
        "order": order(truth, found, releases),
        "refusals": exact_refusals(found, releases),
    }  # fmt: skip


def main() -> int:
    """Run the study and write what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--date", required=True, help="stands in the results, e.g. 2026-11-24")
    parser.add_argument("--releases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "results")
    parser.add_argument("--note", default="", help="one sentence for results/LOG.md")
    options = parser.parse_args()
    started = time.monotonic()
    code = code_version(ROOT)  # now: others may commit while this runs
    found = study(options.releases, options.workers, options.seed)
    wall = round(time.monotonic() - started)
    found = {"date": options.date, "code": code, "wall_s": wall, **found}
    write(json.loads(json.dumps(found)), options.out, options.note)
    held = [found[name]["held"] for name in ("false_certificates", "power", "order", "refusals")]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
