"""How long does `qfloor floors` take on a whole release? 280 cells of 1,000 scores, from the store.

    python benchmarks/perf/certify_store.py [--offers 40] [--prompts 500] [--profile]

Makes a store of 40 offers in 7 categories, 500 prompts a category with 2 outputs each, all scored
on one metric, one output in a hundred refused; then computes and saves the floors of both kinds,
the verdicts of three tiers and the floors of languages and tags, as the command does, and says
the seconds of reading, of all, and for each score.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from qfloor import benchmark, pipeline
from qfloor.benchmark import Benchmark
from qfloor.pipeline.rounds.planned import view_of
from qfloor.records import Metric, Offer, Output, Prompt, Score, ScoreStatus, Status
from qfloor.store import Store

CATEGORIES = (
    "product-photo", "portrait", "landscape", "text-in-image", "animation",
    "architectural-render", "general",
)  # fmt: skip
ROUND = "2026-11"
METRIC = Metric(name="made.up", unit="1", lo=None, hi=None, definition={"of": "chance"})
FILE = """
[benchmark]
name = "speed"
offers = ["shop/*"]
imported = true
round = "2026-11"

[quality]
source = "uncalibrated"
metrics = ["made.up"]
"""
TIER = """
[[thresholds]]
tier = "{tier}"
value = {value}
"""


def benchmark_in(folder: Path) -> Benchmark:
    """Write the benchmark file and load it."""
    tiers = zip(("standard", "professional", "premium"), (4.0, 5.0, 6.0), strict=True)
    path = folder / "speed.toml"
    path.write_text(FILE + "".join(TIER.format(tier=t, value=v) for t, v in tiers))
    return benchmark.load(path)


def fill(store: Store, offers: int, prompts: int, repeats: int = 2) -> int:
    """Fill a store; returns how many outputs have a score."""
    rng = np.random.default_rng(0)
    asked = [
        Prompt(
            id=f"{category}-{n}", text=f"request {n}", category=category, family=f"{category}-{n}",
            modality="video" if category == "animation" else "image",
            tags=("count",) if n % 4 == 0 else (),
        )
        for category in CATEGORIES
        for n in range(prompts)
    ]  # fmt: skip
    store.save_prompts(asked)
    store.save_metrics([METRIC])
    named = [f"shop/o{n}" for n in range(offers)]
    both = ("image", "video")
    store.save_offers(
        Offer(id=o, model=o[5:], provider="shop", modality="image", modalities=both) for o in named
    )
    scored = 0
    for offer in named:
        outputs = list(_outputs(offer, asked, repeats))
        store.save_outputs(outputs)
        hard = rng.normal(size=len(asked)).repeat(repeats)
        values = rng.normal(6.0, 0.6) + 0.7 * hard + 0.7 * rng.normal(size=len(outputs))
        scores = [
            Score(output_id=o.id, metric=METRIC.key, status=ScoreStatus.SCORED, value=float(value))
            for o, value in zip(outputs, values, strict=True)
            if o.status is Status.MADE
        ]
        scored += store.save_scores(scores)
    return scored


def _outputs(offer: str, prompts: list[Prompt], repeats: int) -> Iterator[Output]:
    for i, (prompt, digest) in enumerate((p, p.digest) for p in prompts):
        for repeat in range(repeats):
            refused = (i * repeats + repeat) % 100 == 7
            yield Output(
                id=f"{offer}-{i}-{repeat}", prompt_id=prompt.id, prompt_digest=digest,
                offer_id=offer, repeat=repeat, round=ROUND, at="t",
                status=Status.REFUSED if refused else Status.MADE,
                reason="input" if refused else "ok",
                media_sha256=None if refused else f"{i:064d}",
            )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--offers", type=int, default=40)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        chosen = benchmark_in(Path(name))
        with Store.open(Path(name) / "store", create=True) as store, store.writing("speed"):
            scores = fill(store, options.offers, options.prompts)
            start = time.perf_counter()
            view_of(store, chosen, ())
            read = time.perf_counter() - start
            profile = cProfile.Profile()
            start = time.perf_counter()
            if options.profile:
                found = profile.runcall(pipeline.certify_round, store, chosen, ())
            else:
                found = pipeline.certify_round(store, chosen, ())
            whole = time.perf_counter() - start
    print(
        f"{scores:,} scores, {len(found.floors)} floors, {len(found.verdicts)} verdicts, "
        f"{len(found.tag_floors)} floors of tags and languages: {whole:.2f} s in all "
        f"({whole / scores * 1e6:.1f} us a score), of which {read:.2f} s read the round's outputs"
    )
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
