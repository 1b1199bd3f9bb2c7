"""How good the classifier is on prompts of a writer that it has not read.

    python benchmarks/classifier/strangers.py [--out results/classifier_strangers.md]

Folds within one writer's prompts flatter: people repeat their own subjects and turns of phrase.
Here every writer (a public suite, a file of ours) is left out as a whole, with what was made of
its prompts by scripts; weights are trained on all others and judged on that one. From these
scores `train.py` fits the curve from score to confidence, and the bound is chosen by them. Each
writer's own table below is judged by a curve of the other writers' scores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from corpus import ROOT, Item, everything
from fitting import IDS, MADE, Table, allowed, fit, pruned
from sklearn.isotonic import IsotonicRegression

from qfloor.router.classifier import UNLIKELY

BOUND, PLAUSIBLE = 0.72, 0.12
SURE, EASIER, TOP = 0.8, 0.02, 0.995
"""Above which confidence the curve that ships tells so much more, and what is the most it tells."""
Curve = list[tuple[float, float]]
NONSENSE = "letters that mean nothing"
_WRITERS = {
    "parti": "PartiPrompts", "vbench": "VBench", "dsg": "other suites", "agiqa3k": "other suites",
    "genai_arena_votes": "other suites", "core": "our core suite", "written": "written, taught",
    "taught": "written, taught", "unseen": "unseen", "gibberish": NONSENSE,
}  # fmt: skip


def writer_of(item: Item) -> str | None:
    """Who wrote a prompt, as it is told; none for lists, templates and scripts."""
    first, _, name = item.source.partition("_")
    return name if first == "strangers" else _WRITERS.get(item.source)


@dataclass(frozen=True)
class Scores:
    """Scores of prompts by weights that have read nothing of their writers."""

    items: list[Item]
    scores: np.ndarray
    writers: list[str]

    def of(self, writers: Sequence[str]) -> Scores:
        """Only what these have written."""
        kept = [i for i, w in enumerate(self.writers) if w in writers]
        told = [self.items[i] for i in kept]
        return Scores(told, self.scores[kept], [self.writers[i] for i in kept])

    @property
    def firsts(self) -> np.ndarray:
        """The likeliest category of each, by place."""
        rows = zip(self.items, self.scores, strict=True)
        return np.array([max(allowed(item), key=lambda i: row[i]) for item, row in rows])

    @property
    def right(self) -> np.ndarray:
        """Whether that one is acceptable."""
        rows = zip(self.items, self.firsts, strict=True)
        return np.array([IDS[i] in item.acceptable for item, i in rows])


def left_out(table: Table, items: Sequence[Item]) -> Scores:
    """Scores of every writer's prompts by weights trained on all others."""
    writers = [writer_of(item) for item in items]
    jobs = sorted({w for w in writers if w})
    rows = [[i for i, w in enumerate(writers) if w == job] for job in jobs]
    with ProcessPoolExecutor(2, get_context("fork"), _hand_over, (table, items)) as pool:
        told = list(pool.map(_one, rows))
    kept = [i for found, _ in told for i in found]
    scores = np.concatenate([found for _, found in told])
    return Scores([items[i] for i in kept], scores, [writers[i] or "" for i in kept])


_SHARED: list[Any] = []


def _hand_over(table: Table, items: Sequence[Item]) -> None:
    _SHARED[:] = [table, items]


def _one(mine: list[int]) -> tuple[list[int], np.ndarray]:
    table, items = _SHARED
    others = sorted(set(range(len(items))) - set(mine))
    coefficients, biases = fit(table.x[others], [items[i] for i in others])
    judged = [i for i in mine if items[i].kind not in MADE]
    return judged, table.x[judged] @ pruned(table, coefficients).T + biases


def curve_of(told: Scores) -> Curve:
    """Confidence by score of the first category: how often it was acceptable for a stranger.

    A writer of many prompts counts more than one of few, but by the root of their number.
    """
    first = told.scores[np.arange(len(told.items)), told.firsts]
    number = {w: told.writers.count(w) for w in set(told.writers)}
    weight = [number[w] ** -0.5 for w in told.writers]
    model = IsotonicRegression(y_min=0.01, y_max=0.995, out_of_bounds="clip")
    model.fit(first, told.right.astype(float), sample_weight=weight)
    knots = np.quantile(first, np.linspace(0, 1, 17))
    smooth = [float(np.mean(model.predict(np.linspace(k - 0.35, k + 0.35, 15)))) for k in knots]
    rising = np.maximum.accumulate(smooth) + np.arange(len(knots)) * 1e-6
    return [(round(float(k), 4), round(float(v), 6)) for k, v in zip(knots, rising, strict=True)]


def shipped(curve: Curve) -> Curve:
    """The curve that ships: writers that are left out are harder than those who come.

    Found on judged sets, and confirmed on one that was written after it was told (decision 0038).
    """
    return [(x, max(y, min(round(y + EASIER, 6), TOP)) if y > SURE else y) for x, y in curve]


@dataclass(frozen=True)
class Judged:
    """What a curve and a bound make of some scores."""

    confidence: np.ndarray
    named: np.ndarray
    acceptable: np.ndarray
    right: np.ndarray
    fits: np.ndarray
    nothing: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over ten bins of equal width."""
        place = np.minimum((self.confidence * 10).astype(int), 9)
        gap = self.confidence - self.right
        return float(sum(abs(gap[place == k].sum()) for k in range(10)) / len(gap))


def judge(told: Scores, curve: Curve, bound: float = BOUND) -> Judged:
    firsts, right = told.firsts, told.right
    first = told.scores[np.arange(len(firsts)), firsts]
    confidence = np.interp(first, [x for x, _ in curve], [y for _, y in curve])
    chance = 1 / (1 + np.exp(-told.scores))
    found = []
    for item, row, i, sure in zip(told.items, chance, firsts, confidence, strict=True):
        limit = PLAUSIBLE * row[i] if sure >= UNLIKELY else 0.0
        likely = {IDS[j] for j in allowed(item) if row[j] >= limit}
        found.append(bool({"none", *likely} & set(item.acceptable)))
    named = confidence >= bound
    return Judged(
        confidence, named, np.where(named, right, found), right,
        np.array(["none" not in i.acceptable for i in told.items]),
        np.array([i.acceptable == ("none",) for i in told.items]),
    )  # fmt: skip


def rows_of(told: Scores) -> list[tuple[str, Judged]]:
    """Each writer, judged by a curve of all others."""
    writers = sorted(set(told.writers))
    return [
        (w, judge(told.of([w]), curve_of(told.of([o for o in writers if o != w])))) for w in writers
    ]


def table(rows: Sequence[tuple[str, Judged]]) -> list[str]:
    lines = [
        "| writer left out | prompts | first is acceptable | acceptable | where one was named "
        "| unsure where a category fits | unsure where none fits | calibration error |",
        f"|{'---|' * 8}",
    ]
    for writer, j in rows:
        nothing = f"{int((~j.named)[j.nothing].sum())}/{int(j.nothing.sum())}"
        lines.append(
            f"| {writer} | {len(j.named)} | {_share(j.right[j.fits])} "
            f"| {_share(j.acceptable)} | {_share(j.right[j.named])} "
            f"| {_share(~j.named[j.fits])} | {nothing} | {j.calibration_error:.3f} |"
        )
    return lines


def _share(told: np.ndarray) -> str:
    return f"{told.mean():.1%}" if len(told) else "none"


def bounds(told: Scores) -> list[str]:
    """What bounds do, over all writers alike, by the curve of all."""
    curve, writers = curve_of(told), sorted(set(told.writers) - {NONSENSE})
    lines = ["| bound | acceptable | where one was named | unsure where a category fits "
             "| unsure where none fits |", f"|{'---|' * 5}"]  # fmt: skip
    for bound in (0.6, 0.65, 0.68, 0.7, 0.72, 0.75, 0.8):
        js = [judge(told.of([w]), curve, bound) for w in writers]
        nothing = np.concatenate([(~j.named)[j.nothing] for j in js])
        means = [
            float(np.mean(values))
            for values in (
                [j.acceptable.mean() for j in js],
                [j.right[j.named].mean() for j in js],
                [(~j.named)[j.fits].mean() for j in js],
                nothing,
            )
        ]
        lines.append(f"| {bound} | {' | '.join(f'{m:.1%}' for m in means)} |")
    return lines


def trained_on() -> list[Item]:
    return [item for item in everything() if item.split == "train"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--out", default=str(ROOT / "results" / "classifier_strangers.md"))
    told = arguments.parse_args()
    items = trained_on()
    known = Table(items)
    scores = left_out(known, known.hide(items))
    lines = [
        "# The classifier on writers it has not read", "",
        "`python benchmarks/classifier/strangers.py`: weights are trained on all writers but one "
        "and judged on that one, by a curve of the other writers' scores and the bound that "
        f"ships ({BOUND}). What the columns mean: [classifier.md](classifier.md).", "",
        "Wrong answers on suites, motion and traps were read before `qfloor.router.words_wide` was "
        "written, so these three are a little flattered; before that the first was acceptable for "
        "84.7 %, 85.8 % and 83.2 % of them "
        "([decision 0041](../docs/decisions/0041-strangers.md)).", "",
        *table(rows_of(scores)), "",
        "The same scores, with the curve of all writers, by bound; means over writers:", "",
        *bounds(scores),
    ]  # fmt: skip
    Path(told.out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
