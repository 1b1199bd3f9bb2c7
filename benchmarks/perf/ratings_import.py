"""How fast ratings are imported, beside pandas merely parsing the same file.

    python benchmarks/perf/ratings_import.py [rows]

Writes a long CSV of 100,000 ratings (20 raters, 12 offers) to a temporary folder, imports it into
a fresh store with every check and one transaction, imports it again (nothing is added), and
prints rows a second and the time as a multiple of ``pandas.read_csv``.
"""

from __future__ import annotations

import csv
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def seconds_of(task: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def main(rows: int = 100_000, repeats: int = 3) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "ratings.csv"
        write_ratings(path, rows)
        first, again, pandas = [], [], []
        for i in range(repeats):
            with Store.open(folder / f"store-{i}", create=True) as store:
                first.append(seconds_of(lambda: import_ratings(store, path, round="2026-01")))
                again.append(seconds_of(lambda: import_ratings(store, path, round="2026-01")))
            pandas.append(seconds_of(lambda: pd.read_csv(path)))
    reference = statistics.median(pandas)
    print(f"{rows} rows, median of {repeats}; pandas.read_csv {reference:.3f} s")
    for label, found in (("import", first), ("the same file again", again)):
        middle = statistics.median(found)
        print(
            f"{label}: {middle:.2f} s, {rows / middle:,.0f} rows/s, "
            f"{middle / reference:.1f} x pandas.read_csv"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
