"""How often is a certificate false, and how often is a good offer certified?

    python benchmarks/validity/false_certification.py [--data ../shared/data] [--part NAME]

writes ``results/false_certification.csv`` and ``.md``. Parts (each under ten minutes on two cores;
without ``--part`` all of them in turn): ``grid`` (prompts x values a prompt x what makes them
alike, prompts that always fail, max_fail), ``raters`` (shared, severe raters), ``loads``
(raters who rate unequally much, or their own prompts, or where little is tolerated), ``family``
(offers sharing prompts; Holm, BY, e-BH), ``yield`` (offers that should be certified), ``ratings``
(resampled real ratings; skipped without ``--data``). A part replaces its rows; the page is written
from all rows. ``raters`` and ``loads`` draw a million cells of each population, write every row as
it is done, and with ``--resume`` keep those that are there with as many draws.
"""

from __future__ import annotations

import argparse
import csv
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import false_raters
import numpy as np
from false_cells import (
    LEVELS,
    Array,
    Cells,
    Rule,
    best_against,
    bets,
    cells_of,
    every,
    floors,
    hardest,
    icc_of,
    korn_graubard,
    latent,
    one_drawn,
    rate_of,
    twice_the_mean,
)
from false_report import page

RESULTS = Path(__file__).parents[2] / "results"
FIELDS = ("part", "case", "prompts", "values", "max_fail", "truth", "icc", "rule", "level",
          "alpha", "chance", "error", "draws", "seconds")  # fmt: skip
"""``draws``: how many cells were drawn outright; none where all were enumerated or weighted."""
Row = dict[str, str]
Key = tuple[str, ...]

OUTRIGHT, LESS = 1_000_000, 20_000
"""Cells drawn of each population that shares raters: where false certificates are counted, and
where offers should be certified, which is no rare event."""

DESIGNS = ((12, 4), (16, 2), (30, 4), (60, 1), (60, 4), (100, 4), (60, 10), (120, 2), (120, 4))
ALIKE = (
    (0.0, 0.0), (0.5, 0.0), (0.8, 0.0), (0.0, 0.02), (0.0, 0.05), (0.0, 0.10), (0.0, 0.20),
    (0.5, 0.05),
)  # fmt: skip
STRICT_ALIKE = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.02), (0.0, 0.05))
STRICT_DESIGNS = ((60, 1), (60, 4), (60, 10), (120, 2), (120, 4))
RULES: dict[str, Rule] = {"korn_graubard": korn_graubard, "every_repeat": every, "floors": floors}
YIELDING: dict[str, Rule] = {
    "one_repeat": one_drawn, "twice_mean_p": twice_the_mean, "bets": bets,
    "korn_graubard": korn_graubard, "every_repeat": every, "floors": floors,
}  # fmt: skip


def rows_of(part: str, case: str, cells: Cells, pmf: Array, rules: dict[str, Rule]) -> list[Row]:
    """Chance of a certificate by each rule at each level, for one population."""
    since = time.perf_counter()
    found = []
    for name, rule in rules.items():
        for level, alpha in LEVELS.items():
            chance, error = cells.share(rule(cells, alpha))
            found.append((name, level, alpha, chance, error))
    seconds = time.perf_counter() - since
    return [
        _row(part, case, cells.prompts, cells.m, cells.max_fail, rate_of(pmf), icc_of(pmf), *told,
             "", seconds / len(found))
        for told in found
    ]  # fmt: skip


def _row(*told: object) -> Row:
    return {
        name: f"{value:.6g}" if isinstance(value, float) else str(value)
        for name, value in zip(FIELDS, told, strict=True)
    }


def case_of(rho: float, always: float) -> str:
    """Name what makes a prompt's outputs alike."""
    told = [f"rho {rho:g}"] if rho or not always else []
    return ", ".join([*told, f"{always:.0%} always fail"] if always else told)


def grid(seed: int) -> Iterator[list[Row]]:
    """Populations whose true fail rate is exactly what is tolerated, and just above."""
    for max_fail in (0.25, 0.10, 0.05):
        alike = ALIKE if max_fail == 0.25 else STRICT_ALIKE
        for prompts, m in DESIGNS if max_fail == 0.25 else STRICT_DESIGNS:
            for rho, always in alike[:1] if m == 1 else alike:
                for truth in (max_fail, max_fail * 1.04) if m <= 2 else (max_fail,):
                    if always >= truth:
                        continue
                    seed += 1
                    pmf = latent(m, truth, rho, always)
                    cells = cells_of(prompts, pmf, max_fail, seed)
                    yield rows_of("grid", case_of(rho, always), cells, pmf, RULES)


def raters(seed: int, kept: set[Key]) -> Iterator[list[Row]]:
    """Panels of two to five judged as such, and raters drawn from a population."""
    rng = np.random.default_rng(seed)
    for count in (2, 3, 5):
        for sd in (0.4, 1.0):
            severity = rng.standard_normal(count) * sd
            pmf = false_raters.panel(severity, 1, 0.25)
            case = f"panel of {count}, severity sd {sd:g}"
            for prompts in (60, 120):
                cells = cells_of(prompts, pmf, 0.25, seed + prompts)
                yield rows_of("panel", case, cells, pmf, RULES)
    shared = _Shared(seed, kept)
    for count, sd, harsh in SHARED:
        for prompts in (60, 120):
            told = f"{count} raters, severity sd {sd:g}"
            told += f", {harsh:.0%} of them harsh" if harsh else ""
            part = "raters" if sd <= 1.0 and not harsh else "raters beyond"
            yield from shared(part, told, prompts, count, sd, harsh=harsh)
    for count in (6, 10, 20):
        for truth in (0.06, 0.12):
            told = f"{count} raters, severity sd 0.4"
            yield from shared("raters yield", told, 120, count, 0.4, runs=LESS, truth=truth)


def loads(seed: int, kept: set[Key]) -> Iterator[list[Row]]:
    """Raters who rate unequally much, or prompts of their own; and less tolerated."""
    shared = _Shared(seed, kept)
    for max_fail in (0.25, 0.10, 0.05):
        for count, how, values in SEATED:
            for sd in (0.4, 1.0):
                told = f"{count} raters, {how}, severity sd {sd:g}"
                yield from shared("loads", told, 120, count, sd, truth=max_fail,
                                  max_fail=max_fail, how=how, values=values)  # fmt: skip
    for max_fail in (0.10, 0.05):
        for count in (6, 10, 20):
            for sd in (0.4, 1.0):
                for prompts in (60, 120):
                    told = f"{count} raters, severity sd {sd:g}"
                    yield from shared("strict", told, prompts, count, sd, truth=max_fail,
                                      max_fail=max_fail)  # fmt: skip
    for count, how, values in SEATED:
        told = f"{count} raters, {how}, severity sd 0.4"
        yield from shared("loads yield", told, 120, count, 0.4, runs=LESS, truth=0.12, how=how,
                          values=values)  # fmt: skip
    for count in (6, 10, 20):
        told = f"{count} raters, severity sd 0.4"
        yield from shared("loads yield", told, 120, count, 0.4, runs=LESS, truth=0.04,
                          max_fail=0.10)  # fmt: skip


SEATED = (  # raters, how they are seated, ratings a prompt
    (61, "a third", 3), (61, "40%", 3), (30, "Zipf", 3), (10, "nested", 1), (10, "nested", 3),
    (20, "nested", 3),
)  # fmt: skip

SHARED = (  # raters, sd of their severity, share of them who are harsh
    *((count, sd, 0.0) for count in (6, 10, 20) for sd in (0.4, 1.0)),
    *((count, 2.0, 0.0) for count in (6, 10, 20)),
    *((count, 0.4, 0.1) for count in (6, 10, 20)),
)  # fmt: skip


class _Shared:
    """Rows of raters drawn from a population, but those that are kept.

    Each population has a seed of its own: a run that was cut off and resumed says the same.
    """

    def __init__(self, seed: int, kept: set[Key]) -> None:
        self.seed, self.kept = seed, kept

    def __call__(
        self, part: str, case: str, prompts: int, count: int, sd: float, *, runs: int = OUTRIGHT,
        harsh: float = 0.0, truth: float = 0.25, max_fail: float = 0.25, how: str = "in turn",
        values: int = 3,
    ) -> Iterator[list[Row]]:  # fmt: skip
        """Draw them, unless they are kept."""
        named = _row(part, case, prompts, values, max_fail, truth, 0.0, "", "", 0.0, 0.0, 0.0,
                     runs, 0.0)  # fmt: skip
        if key_of(named) in self.kept:
            return
        since = time.perf_counter()
        rng = np.random.default_rng([self.seed, zlib.crc32("|".join(key_of(named)).encode())])
        told = false_raters.population(rng, prompts, count, sd, runs, harsh=harsh, truth=truth,
                                       max_fail=max_fail, how=how, values=values)  # fmt: skip
        seconds = (time.perf_counter() - since) / told.size
        yield [
            _row(part, case, prompts, values, max_fail, truth, 0.0, rule, level, alpha,
                 float(share), float(np.sqrt(max(share, 1 / runs) / runs)), runs, seconds)
            for rule, shares in zip(false_raters.RULES, told, strict=True)
            for share, (level, alpha) in zip(shares, LEVELS.items(), strict=True)
        ]  # fmt: skip


def key_of(row: Row) -> Key:
    """Tell populations and their draws apart."""
    return tuple(
        row[name] for name in ("part", "case", "prompts", "values", "max_fail", "truth", "draws")
    )


def family(seed: int, runs: int = 4_000) -> Iterator[list[Row]]:
    """Releases of 7 and 40 offers on the same 120 prompts, two outputs each."""
    rng = np.random.default_rng(seed)
    for m in (7, 40):
        all_null = np.full(m, 0.25)
        half = np.where(np.arange(m) < m // 2, 0.25, np.linspace(0.02, 0.12, m))
        for truths, name in ((all_null, "all at .25"), (half, "half at .25, half .07 to .12")):
            for correction in ("bonferroni", "holm", "by", "e-bh"):
                since = time.perf_counter()
                told = false_raters.families(rng, truths, correction, runs)  # type: ignore[arg-type]
                seconds = time.perf_counter() - since
                error = float(np.sqrt(0.05 * 0.95 / runs))
                yield [
                    _row("family", f"{m} offers, {name}", 120, 2, 0.25, 0.25, 0.0,
                         f"{correction}: {what}", ".05", 0.05, share, error, "", seconds)
                    for what, share in zip(("any false", "false share", "found"), told, strict=True)
                ]  # fmt: skip


def yields(seed: int) -> Iterator[list[Row]]:
    """Offers that fail .12 of the time or less, on 120 prompts with two outputs."""
    for truth in (0.02, 0.04, 0.06, 0.08, 0.10, 0.12):
        for rho, always in ((0.3, 0.0), (0.5, 0.0), (0.8, 0.0), (0.3, 0.02)):
            if always < truth:
                pmf = latent(2, truth, rho, always)
                cells = cells_of(120, pmf, 0.25, seed)
                ceilings = {
                    "best_icc_known": best_against(latent(2, 0.25, rho, always), pmf),
                    "best_valid": best_against(hardest(pmf, 0.25), pmf),
                }
                yield rows_of("yield", case_of(rho, always), cells, pmf, YIELDING | ceilings)
    for prompts, m in ((60, 4), (120, 4), (60, 10), (30, 4)):
        for truth in (0.05, 0.12):
            pmf = latent(m, truth, 0.5)
            cells = cells_of(prompts, pmf, 0.25, seed + prompts + m)
            yield rows_of("yield", case_of(0.5, 0.0), cells, pmf, RULES | {"bets": bets})


def ratings(data: Path, seed: int) -> Iterator[list[Row]]:
    """Prompts drawn again from published ratings: each model, at each threshold of the scale.

    A model's own share of ratings below the threshold is the truth, and what is tolerated: the
    boundary exactly. Where it is at most .12, how often a quarter is certified.
    """
    for source, models in published(data).items():
        for name, scores in models.items():
            for threshold in (2, 3, 4, 5):
                bad = (scores < threshold).sum(axis=1)
                pmf = np.bincount(bad, minlength=scores.shape[1] + 1) / bad.size
                truth, case = rate_of(pmf), f"{source}: {name} < {threshold}"
                if 0.04 <= truth <= 0.5:
                    seed += 1
                    yield rows_of("ratings", case, cells_of(120, pmf, truth, seed), pmf, RULES)
                if 0.0 < truth <= 0.12:
                    cells = cells_of(120, pmf, 0.25, seed + 1)
                    yield rows_of("ratings yield", case, cells, pmf, RULES)


def published(data: Path) -> dict[str, dict[str, NDArrayInt]]:
    """Ratings by model, shape (prompts, raters): prompts that all raters of a panel judged."""
    import json

    import pandas as pd

    found: dict[str, dict[str, NDArrayInt]] = {}
    path = data / "genai_bench" / "genai_image.json"
    if path.exists():
        told = json.loads(path.read_text(encoding="utf-8")).values()
        models: dict[str, list[list[int]]] = {}
        for prompt in told:
            for name, given in prompt["models"].items():
                if all(1 <= score <= 5 for score in given):
                    models.setdefault(name, []).append(given)
        found["GenAI-Bench"] = {name: np.array(rows) for name, rows in sorted(models.items())}
    path = data / "dsg" / "tifa160-likert-anns.csv"
    if path.exists():
        table = pd.read_csv(path)
        wide = table.pivot_table(
            index=["t2i_model", "item_id"], columns="worker_id", values="answer"
        ).dropna()
        found["DSG on TIFA-160"] = {
            str(name): part.to_numpy(dtype=int) for name, part in wide.groupby(level=0)
        }
    return found


NDArrayInt = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def main() -> None:
    """Run parts, replace their rows and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[
        "grid", "raters", "loads", "family", "yield", "ratings", "page"])  # fmt: skip
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=20261130)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the csv and the page")
    parser.add_argument("--resume", action="store_true", help="keep what is drawn as often")
    told = parser.parse_args()
    path = told.out / "false_certification.csv"
    rows = read(path)
    kept = {key_of(row) for row in rows} if told.resume else set()
    parts: dict[str, Callable[[], Iterator[list[Row]]]] = {
        "grid": lambda: grid(told.seed),
        "raters": lambda: raters(told.seed, kept),
        "loads": lambda: loads(told.seed, kept),
        "family": lambda: family(told.seed),
        "yield": lambda: yields(told.seed),
        "ratings": lambda: ratings(told.data, told.seed),
    }
    for name in [told.part] if told.part else list(parts):
        if name == "page":
            continue
        if name == "ratings" and not told.data.exists():
            print(f"ratings skipped: {told.data} is not here (give it with --data)")
            continue
        new: set[Key] = set()
        for found in parts[name]():
            again = {(key_of(row)[:-1], row["rule"]) for row in found}
            rows = [row for row in rows if (key_of(row)[:-1], row["rule"]) not in again] + found
            write(path, rows)
            new.add(key_of(found[0]))
            print(found[0]["part"], found[0]["case"], found[0]["prompts"], found[0]["values"],
                  " ".join(r["chance"] for r in found), flush=True)  # fmt: skip
        if not told.resume:  # what the part no longer asks goes
            done = {key[0] for key in new}
            rows = [row for row in rows if row["part"] not in done or key_of(row) in new]
            write(path, rows)
    (told.out / "false_certification.md").write_text(page(rows), encoding="utf-8")


def read(path: Path) -> list[Row]:
    """Read all rows there are."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [{"draws": "", **row} for row in csv.DictReader(file)]


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows, in the order of the parts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["part"]))


if __name__ == "__main__":
    main()
