"""The truth about the painters, by brute force: what every measured floor should recover.

For each painter and category it composes fresh grammar prompts (none of any suite), plans them
(no pixel is needed: raters read only the defect log) and computes, exactly over the panel of
raters, the share of ratings below each threshold and their lower quartile. Refused and blank
outputs count as fails of the delivered floor. Writes results/painters_truth.csv.

    python benchmarks/validity/painters_truth.py [--prompts 10000] [--seed 1]
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from qfloor.generators.builtin.painters import PAINTERS, Painter
from qfloor.generators.builtin.raters import RATERS, true_quality
from qfloor.generators.builtin.work import Commission, plan
from qfloor.generators.builtin.world.grammar import CATEGORIES, compose
from qfloor.records import Modality

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "results" / "painters_truth.csv"
THRESHOLDS = (4.0, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5)
APART = 0.5  # quality points from which an order must be recovered
Floats = npt.NDArray[np.float64]
Key = tuple[str, Modality, str]  # category, modality, painter
_GRID = np.arange(0, 101) / 10  # the raters' scale


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is true of one painter in one category and modality."""

    painter: str
    category: str
    modality: str
    prompts: int
    refused: float
    blank: float
    flawless: float
    mean: float
    q25: float
    q25_conditional: float
    fails: tuple[float, ...]
    median_quality: float


def fresh_texts(category: str, number: int, seed: int, *, moving: bool) -> list[str]:
    """Compose prompts that no suite has; for clips only those whose text says what moves."""
    known = suite_texts()
    rng = random.Random(f"truth {category} {moving} {seed}")
    texts: dict[str, None] = {}
    while len(texts) < number:
        text, scene = compose(category, rng)
        if text not in known and not (moving and scene.motion is None):
            texts.setdefault(text)
    return list(texts)


def suite_texts() -> set[str]:
    """Texts of the committed suite, if it is there yet."""
    path = ROOT / "prompts" / "painters.toml"
    if not path.exists():
        return set()
    return {row["text"] for row in tomllib.loads(path.read_text("utf-8"))["prompts"]}


def below(qualities: Floats, grid: Floats = _GRID) -> Floats:
    """Share of ratings that are below each value of a grid, over outputs and raters.

    A rating is below a value when what the rater felt rounds below it. Qualities are binned to
    a hundredth of a point, which moves no share by more than a thousandth.
    """
    if not qualities.size:
        return np.zeros(grid.size)
    bins, weight = np.unique(np.round(qualities, 2), return_counts=True)
    total = np.zeros(grid.size)
    for rater in RATERS:
        z = (grid[None, :] - 0.05 - bins[:, None] - rater.bias) / rater.noise
        total += weight @ ndtr(z)
    shares: Floats = total / (weight.sum() * len(RATERS))
    shares[grid <= 0] = 0.0  # nothing is below the scale's end
    return shares


def lower_quartile(shares: Floats) -> float:
    """Return the smallest value with a quarter of the ratings at or below it (inverted CDF)."""
    at_or_below = np.append(shares[1:], 1.0)
    return float(_GRID[int(np.argmax(at_or_below >= 0.25))])


def cell(painter: Painter, category: str, texts: list[str]) -> Cell:
    """Compute one cell."""
    offer = f"painters/{painter.name}"
    plans = [
        plan(
            Commission(text=text, modality=painter.modality),
            painter, offer_id=offer, round="truth",
        )
        for text in texts
    ]  # fmt: skip
    made = np.array([true_quality(p.defects) for p in plans if p.outcome == "made"])
    blanks = sum(p.outcome == "blank" for p in plans)
    share = made.size / len(plans)
    conditional_share = made.size / max(1, made.size + blanks)
    shares = below(made)
    delivered = shares * share + (1 - share) * (_GRID > 0)
    conditional = shares * conditional_share + (1 - conditional_share) * (_GRID > 0)
    fails = below(made, np.array(THRESHOLDS)) * share + (1 - share)
    quality = np.append(made, np.zeros(len(plans) - made.size))
    return Cell(
        painter=painter.name, category=category, modality=painter.modality, prompts=len(texts),
        refused=sum(p.outcome == "refused" for p in plans) / len(plans),
        blank=blanks / len(plans),
        flawless=sum(p.outcome == "made" and not p.defects for p in plans) / len(plans),
        mean=float(quality.mean()), median_quality=float(np.median(quality)),
        q25=lower_quartile(delivered), q25_conditional=lower_quartile(conditional),
        fails=tuple(fails.tolist()),
    )  # fmt: skip


def truth(prompts: int, seed: int) -> list[Cell]:
    """Compute every cell that a painter declares."""
    found = []
    for category in CATEGORIES:
        for modality in ("image", "video"):
            hands = [
                p for p in PAINTERS.values() if p.modality == modality and category in p.skills
            ]
            if hands:
                texts = fresh_texts(category, prompts, seed, moving=modality == "video")
                found += [cell(painter, category, texts) for painter in hands]
    return found


def apart(cells: list[Cell]) -> dict[tuple[str, str], float]:
    """Share of pairs of painters, by category and modality, more than `APART` points apart."""
    groups: dict[tuple[str, str], list[float]] = {}
    for c in cells:
        groups.setdefault((c.category, c.modality), []).append(c.q25)
    return {
        key: float(np.mean([abs(a - b) > APART for a, b in itertools.combinations(q25s, 2)]))
        for key, q25s in groups.items()
    }


def write(cells: list[Cell], path: Path) -> None:
    """Write the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(
            ["category", "modality", "painter", "prompts", "refused", "blank", "flawless",
             "mean_quality", "median_quality", "q25", "q25_conditional",
             *(f"fail_below_{t:g}" for t in THRESHOLDS)]
        )  # fmt: skip
        for c in cells:
            rows.writerow(
                [c.category, c.modality, c.painter, c.prompts, f"{c.refused:.4f}",
                 f"{c.blank:.4f}", f"{c.flawless:.4f}", f"{c.mean:.3f}",
                 f"{c.median_quality:.3f}", f"{c.q25:.1f}", f"{c.q25_conditional:.1f}",
                 *(f"{fail:.4f}" for fail in c.fails)]
            )  # fmt: skip


def read(path: Path = PATH) -> dict[Key, dict[str, str]]:
    """Read the table back, by category, modality and painter."""
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (row["category"], cast("Modality", row["modality"]), row["painter"]): row
            for row in csv.DictReader(file)
        }


def main() -> int:
    """Compute, write and summarise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=PATH)
    options = parser.parse_args()
    cells = truth(options.prompts, options.seed)
    write(cells, options.out)
    for (category, modality), share in apart(cells).items():
        print(f"{category} ({modality}): {share:.0%} of pairs more than {APART} points apart")
    for c in cells:
        at = dict(zip(THRESHOLDS, c.fails, strict=True))
        print(
            f"{c.category:21s}{c.modality:6s}{c.painter:10s} q25 {c.q25:4.1f}  mean {c.mean:4.1f}"
            f"  fail<5 {at[5.0]:.3f}  <6.5 {at[6.5]:.3f}  <8 {at[8.0]:.3f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
