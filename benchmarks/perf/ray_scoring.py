"""Scoring on Ray against scoring here: what it costs, what a second worker brings, rows a second.

    python benchmarks/perf/ray_scoring.py [--pictures 400] [--trivial 100000] [--rounds 3]

Two loads. *Real*: pictures of 512x512 through the technical scorer, which keeps one core busy for
milliseconds a picture; ``local`` on one core and on two, Ray with one actor and with two, in turn,
in one run. *Trivial*: a scorer that returns a constant and pictures of 8x8, so that everything
but scoring is measured: packing, Ray, unpacking, rows into SQLite.

Ray is told twice: with everything, and from the first rows to the last. The difference is
the start of the cluster and of its actors, once a run.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from qfloor import plugins
from qfloor.records import Metric, Output, PluginSpec, Prompt, ScoreStatus, Status
from qfloor.score import score_outputs
from qfloor.scorers.lanes import CORES
from qfloor.scorers.protocol import Item, Row
from qfloor.store import Store

TOGETHER_S = 0.02
"""Rows that arrive closer than this are of one parcel."""


class Constant:
    """Says 1 of everything; a scorer that costs nothing."""

    inputs = ()
    metrics = (Metric(name="perf.constant", unit="number", lo=None, hi=None, definition={"v": 1}),)
    concurrent = True

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Of everything."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Return a constant."""
        row = Row(metric="perf.constant", status=ScoreStatus.SCORED, value=1.0)
        return [(row,)] * len(batch)


def picture(seed: int, side: int) -> bytes:
    """A square JPEG of soft noise."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8))
    stream = io.BytesIO()
    small.resize((side, side), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def fill(folder: Path, contents: Sequence[bytes], n: int) -> None:
    """Keep n outputs that take turns with some media."""
    with Store.open(folder, create=True) as store, store.transaction():
        media = [store.put_media(content, "image/jpeg") for content in contents]
        prompts = [Prompt(id=f"p{i}", text=f"prompt {i}", category="landscape") for i in range(840)]
        store.save_prompts(prompts)
        store.save_outputs(
            Output(
                id=f"o{i:07}", prompt_id=prompts[i % 840].id,
                prompt_digest=prompts[i % 840].digest, offer_id=f"shop/{i // 840}", repeat=0,
                round="2026-11", status=Status.MADE, reason="ok",
                media_sha256=media[i % len(media)], media_type="image/jpeg", width=512, height=512,
                at="2026-11-02T00:00:00+00:00",
            )
            for i in range(n)
        )  # fmt: skip


def timed(folder: Path, spec: PluginSpec, engine: str, cores: int) -> tuple[float, float, float]:
    """Score all from nothing: seconds in all, seconds to the first rows, outputs/s after them.

    Rows of a parcel arrive together, so the rate runs from one arrival to another.
    """
    os.environ[CORES] = str(cores)
    arrivals: list[tuple[float, int]] = []

    def progress(done: int, _: int) -> None:
        now = time.perf_counter()
        if arrivals and now - last[0] < TOGETHER_S:
            arrivals[-1] = (arrivals[-1][0], done)
        else:
            arrivals.append((now, done))
        last[0] = now

    last = [0.0]
    with Store.open(folder) as store:
        store._connection.execute("DELETE FROM scores")
        started = time.perf_counter()
        done = score_outputs(
            store, store.outputs_of(), store.prompts_by_digest(), [plugins.build_scorer(spec)],
            engine=engine, progress=progress,
        )  # fmt: skip
        whole = time.perf_counter() - started
    assert done.n_failed_rows == 0, done.failures
    (first, before), (end, all_) = arrivals[0], arrivals[-1]
    later = (all_ - before) / (end - first) if end > first else all_ / whole
    return whole, first - started, later


def show(load: str, n: int, ways: dict[str, list[tuple[float, float, float]]]) -> None:
    """Print medians, against the first way."""
    print(f"\n{load}, {n:,} outputs, median of {len(next(iter(ways.values())))}\n")
    print(f"  {'way':<16} {'outputs/s':>10} {'after start':>12} {'start, s':>9} {'x local 1':>10}")
    whole = {way: statistics.median(n / r[0] for r in runs) for way, runs in ways.items()}
    later = {way: statistics.median(r[2] for r in runs) for way, runs in ways.items()}
    base = later[next(iter(ways))]
    for way, runs in ways.items():
        start = statistics.median(r[1] for r in runs)
        print(f"  {way:<16} {whole[way]:>10,.0f} {later[way]:>12,.0f} {start:>9.1f} "
              f"{later[way] / base:>10.2f}")  # fmt: skip


def main() -> None:
    """Run both loads."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--trivial", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    here = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([here, *filter(None, sys.path)])
    sys.path.insert(0, here)
    constant = PluginSpec(name="ray_scoring:Constant", args={})
    ways = {"local 1": ("local", 1), "local 2": ("local", 2), "ray 1": ("ray:actors=1", 1),
            "ray 2": ("ray:actors=2", 2)}  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        loads = (
            ("real", PluginSpec(name="technical", args={}), asked.pictures, 512),
            ("trivial", constant, asked.trivial, 8),
        )
        for load, spec, n, side in loads:
            folder = Path(name, load)
            fill(folder, [picture(i, side) for i in range(16)], n)
            runs: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
            for _ in range(asked.rounds):
                for way, (engine, cores) in ways.items():
                    runs[way].append(timed(folder, spec, engine, cores))
            show(load, n, runs)


if __name__ == "__main__":
    main()
