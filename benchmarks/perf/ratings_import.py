"""How fast ratings are imported, beside pandas merely parsing the same file.

    python benchmarks/perf/ratings_import.py [rows] [--beside SRC]

Writes a long CSV of 100,000 ratings (20 raters, 12 offers) to a temporary folder, imports it into
a fresh store with every check and one transaction, imports it again (nothing is added), and
prints wall and CPU seconds, rows a second, and the time as a multiple of ``pandas.read_csv``. A
loop and a product of matrices of fixed size say how fast the machine was meanwhile. ``--beside``
takes the ``src`` folder of another version: both import by turns, each in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from qfloor.ratings import import_ratings
from qfloor.store import Store

OFFERS, RATERS, VOTES = 12, 20, 3
CATEGORIES = ("product-photo", "portrait", "landscape", "animation")
HEADER = (
    "item_id", "prompt_id", "category", "model_id", "seed", "rater_id", "dimension", "score",
    "scale_min", "scale_max", "session_id", "submitted_at", "duration_ms", "kind", "source",
)  # fmt: skip


def write_ratings(path: Path, rows: int) -> None:
    """Write a made-up file of ratings."""
    rng = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            item, vote = divmod(n, VOTES)
            prompt, offer = divmod(item, OFFERS)
            at = f"2026-01-02T03:{n // 60 % 60:02d}:{n % 60:02d}Z"
            rater = f"r{(item + vote * 7) % RATERS}"
            what = (f"g{item}", f"p{prompt}", CATEGORIES[prompt % 4], f"model-{offer}", 1)
            said = (rater, "overall", round(rng.uniform(0, 10), 1), 0, 10)
            writer.writerow((*what, *said, f"s{prompt % 50}", at, 4321 + item, "test", "made-up"))


ONE_IMPORT = """
import sys, time
from qfloor.ratings import import_ratings
from qfloor.store import Store
with Store.open(sys.argv[2], create=True) as store:
    wall, cpu = time.perf_counter(), time.process_time()
    import_ratings(store, sys.argv[1], round="2026-01")
    print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def seconds_of(task: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - cpu


def machine() -> str:
    """Time a loop and a product of matrices that are always the same."""
    side = np.random.default_rng(0).random((600, 600))
    loop = min(seconds_of(lambda: sum(n * n for n in range(1_000_000)))[1] for _ in range(3))
    product = min(seconds_of(lambda: side @ side)[0] for _ in range(3))
    return f"a loop of a million {loop:.3f} s of CPU, a 600 x 600 product {product * 1000:.1f} ms"


def in_process_of(src: str, path: Path, workspace: Path) -> tuple[float, float]:
    """Import once in a process of its own with another version."""
    ran = subprocess.run(
        [sys.executable, "-c", ONE_IMPORT, str(path), str(workspace)],
        env={**os.environ, "PYTHONPATH": src},
        capture_output=True,
        text=True,
        check=True,
    )
    wall, cpu = ran.stdout.split()
    return float(wall), float(cpu)


def show(label: str, rows: int, found: list[tuple[float, float]], reference: float) -> None:
    wall, cpu = (statistics.median(values) for values in zip(*found, strict=True))
    print(
        f"{label}: {wall:.2f} s, CPU {cpu:.2f} s (least {min(c for _, c in found):.2f} s), "
        f"{rows / wall:,.0f} rows/s, {wall / reference:.1f} x pandas.read_csv"
    )


def main(rows: int, beside: str | None, repeats: int = 5) -> None:
    here = str(Path(__file__).resolve().parents[2] / "src")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "ratings.csv"
        write_ratings(path, rows)
        first, again, parsed, other, this = [], [], [], [], []
        for i in range(repeats):
            if beside:
                other.append(in_process_of(beside, path, folder / f"other-{i}"))
                this.append(in_process_of(here, path, folder / f"this-{i}"))
            with Store.open(folder / f"store-{i}", create=True) as store:
                first.append(seconds_of(lambda: import_ratings(store, path, round="2026-01")))
                again.append(seconds_of(lambda: import_ratings(store, path, round="2026-01")))
            parsed.append(seconds_of(lambda: pd.read_csv(path))[0])
        reference = statistics.median(parsed)
    print(f"{rows} rows, median of {repeats}; pandas.read_csv {reference:.3f} s; {machine()}")
    show("import", rows, first, reference)
    show("the same file again", rows, again, reference)
    if beside:
        show(f"import by {beside}", rows, other, reference)
        show("import by this version, by turns with it", rows, this, reference)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    parser.add_argument("--beside", metavar="SRC")
    said = parser.parse_args()
    main(said.rows, said.beside)
