"""Train the classifier's weights and write them where the package ships them.

    python benchmarks/classifier/train.py [--own FILE ...] [--out FILE]

One logistic regression a category ("is it acceptable here?") over the features of
`qfloor.router.reading` and the lexicon's sums; small weights are dropped, the rest rounded to
whole steps. The curve from score to confidence, and the bound, are fitted on prompts that each
model of a cross-validation had not seen, families kept together; test prompts are never read.
Seeded: the same prompts give the same bytes. Prompts of public suites are used where they are
there (corpus.py); ``--own`` adds a team's own, one a line as in written.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpus import ROOT, Item, everything, written
from scipy import sparse
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(ROOT / "src"))

from qfloor.records import CATEGORIES
from qfloor.router import Need, reading
from qfloor.router.classifier import UNLIKELY, Classifier, names_of
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.weights import FILE, FORMAT

IDS = tuple(sorted(c.id for c in CATEGORIES))
STEP = 1 / 32
STRENGTH = 10.0  # inverse of the penalty: larger trusts rare words more
LEAST_SEEN = 2  # prompts a feature must stand in
LEAST_SEEN_PIECE = 10  # ... and a piece of words
WORTH = {"word": 0.4, "pair": 0.8, "piece": 0.4, "head": 0.4}
"""Largest weight below which a feature is not worth its place."""
FOLDS = 5
BOUND, PLAUSIBLE = 0.72, 0.12
LEXICON_SCALE = 3.0  # features of the lexicon are penalised less than words
PIECE_SCALE = 1.6  # ... and pieces of words

_LEXICON = Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS)


def need_of(item: Item) -> Need:
    return Need(prompt=item.text, **item.fields)


def features(item: Item) -> dict[str, float]:
    """Features of one prompt by name, those of the lexicon spelled ``=category``."""
    need = need_of(item)
    told = reading.read(need.prompt)
    found = reading.features_of(reading.content_of(told.tokens))
    found = {n: v * (PIECE_SCALE if n[0] == "~" else 1.0) for n, v in found.items()}
    found |= dict.fromkeys(names_of(need, told), 1.0)
    sums = _LEXICON.sums(need, told)
    return found | {f"={c}": LEXICON_SCALE * reading.bounded(sums.get(c, 0.0)) for c in IDS}


class Table:
    """Prompts as a sparse matrix over the features that enough of them have."""

    def __init__(self, items: Sequence[Item]) -> None:
        told = [features(item) for item in items]
        self.seen = Counter(name for one in told for name in one)
        self.names = sorted(n for n, k in self.seen.items() if k >= LEAST_SEEN or n[0] in "#=")
        at = {name: i for i, name in enumerate(self.names)}
        rows, columns, values = [], [], []
        for i, one in enumerate(told):
            for name, value in one.items():
                if name in at:
                    rows.append(i)
                    columns.append(at[name])
                    values.append(value)
        self.x = sparse.csr_matrix((values, (rows, columns)), shape=(len(items), len(at)))


def targets(item: Item, category: str) -> float:
    """How far naming this category is right: less where "none of these" would be as well."""
    if category not in item.acceptable:
        return 0.0
    if item.acceptable[0] == "none":
        return 0.4
    if category == "video" and not item.fields and len(item.acceptable) > 1:
        return 0.5  # a verb of motion alone seldom asks for a clip
    share = 0.85 if "none" in item.acceptable else 1.0
    return share if item.acceptable[0] == category else 0.8 * share


def kind_of(name: str) -> str:
    if name[0] in "=#":
        return "known"
    if name[0] == "@":
        return "head"
    return "piece" if name[0] == "~" else "pair" if " " in name or name[0] in "^$!" else "word"


def pruned(table: Table, coefficients: np.ndarray) -> np.ndarray:
    """Set to zero what is not worth its place; words are looked at when pieces are in them."""
    largest = np.abs(coefficients).max(axis=0)
    kept = [
        kind in ("known", "word")
        or (size >= WORTH[kind] and (kind != "piece" or table.seen[name] >= LEAST_SEEN_PIECE))
        for name, size, kind in zip(table.names, largest, map(kind_of, table.names), strict=True)
    ]
    return coefficients * np.array(kept)


def fit(x: Any, items: Sequence[Item]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (categories x features) and biases of one regression a category."""
    weight = np.array([item.weight for item in items])
    coefficients, biases = [], []
    for category in IDS:
        y = np.array([targets(item, category) for item in items])
        # A share of a target is both answers, each with its part of the weight.
        both = sparse.vstack([x, x]).tocsr()
        answers = np.repeat([1, 0], len(items))
        weights = np.concatenate([weight * y, weight * (1 - y)])
        kept = weights > 0
        model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0, max_iter=300)
        model.fit(both[kept], answers[kept], sample_weight=weights[kept])
        coefficients.append(model.coef_[0])
        biases.append(float(model.intercept_[0]))
    return np.array(coefficients), np.array(biases)


def fold_of(item: Item) -> int:
    return int(hashlib.sha256((item.family or item.text).encode()).hexdigest()[:8], 16) % FOLDS


def allowed(item: Item) -> list[int]:
    """Places of the categories that can be answered at all."""
    modality = item.fields.get("modality")
    return [
        i
        for i, c in enumerate(IDS)
        if modality is None or modality in next(k for k in CATEGORIES if k.id == c).modalities
    ]


def held_out(table: Table, items: Sequence[Item]) -> np.ndarray:
    """Scores of every prompt by a model that has seen nothing of its family."""
    x = table.x
    folds = np.array([fold_of(item) for item in items])
    scores = np.zeros((len(items), len(IDS)))
    for k in range(FOLDS):
        others = np.flatnonzero(folds != k)
        coefficients, biases = fit(x[others], [items[i] for i in others])
        mine = np.flatnonzero(folds == k)
        scores[mine] = x[mine] @ pruned(table, coefficients).T + biases
    return scores


REAL = ("parti", "vbench", "core", "written", "taught", "template", "gibberish")


def curve_of(scores: np.ndarray, items: Sequence[Item]) -> list[tuple[float, float]]:
    """Confidence by score of the first category: how often it was acceptable, held out."""
    first, right, weight = [], [], []
    for row, item in zip(scores, items, strict=True):
        if item.source in REAL:
            best = max(allowed(item), key=lambda i: row[i])
            first.append(row[best])
            right.append(float(IDS[best] in item.acceptable))
            weight.append(item.weight)
    model = IsotonicRegression(y_min=0.01, y_max=0.995, out_of_bounds="clip")
    model.fit(first, right, sample_weight=weight)
    knots = np.quantile(first, np.linspace(0, 1, 17))
    smooth = [float(np.mean(model.predict(np.linspace(k - 0.35, k + 0.35, 15)))) for k in knots]
    rising = np.maximum.accumulate(smooth) + np.arange(len(knots)) * 1e-6
    return [(round(float(k), 4), round(float(v), 6)) for k, v in zip(knots, rising, strict=True)]


def tell(scores: np.ndarray, items: Sequence[Item], curve: Any) -> None:
    """Print what bounds do to held-out prompts: acceptable, unsure elsewhere, plausible ones."""
    told = np.interp(scores, *zip(*curve, strict=True))
    for bound in (0.5, 0.6, 0.65, 0.7, 0.75, 0.8):
        line = []
        for source in ("parti", "vbench", "core", "written"):
            right, unsure, width = [], [], []
            for row, chance, item in zip(told, 1 / (1 + np.exp(-scores)), items, strict=True):
                if item.source != source or item.kind == "typo":
                    continue
                places = sorted(allowed(item), key=lambda i: -row[i])
                first = row[places[0]]
                limit = PLAUSIBLE * chance[places[0]] if first >= UNLIKELY else 0.0
                likely = {IDS[i] for i in places if chance[i] >= limit}
                if first >= bound:
                    right.append(IDS[places[0]] in item.acceptable)
                else:
                    right.append(bool({"none", *likely} & set(item.acceptable)))
                    width.append(len(likely))
                if "none" not in item.acceptable:
                    unsure.append(first < bound)
            line.append(f"{source} {np.mean(right):.3f} {np.mean(unsure):.3f} {np.mean(width):.1f}")
        print(f"  bound {bound}: {' | '.join(line)}")


def content(
    table: Table, coefficients: np.ndarray, biases: np.ndarray, curve: Any
) -> dict[str, Any]:
    """Everything the router needs, as plain JSON; a known word carries its pieces' weights."""
    lexicon = np.zeros((len(IDS), len(IDS)))
    columns: dict[str, np.ndarray] = {}
    for j, name in enumerate(table.names):
        if name.startswith("="):
            lexicon[:, IDS.index(name[1:])] = coefficients[:, j] * LEXICON_SCALE
        else:
            columns[name] = coefficients[:, j] * (PIECE_SCALE if name[0] == "~" else 1.0)
    kept: dict[str, list[int]] = {}
    for name, column in columns.items():
        if kind_of(name) == "word":
            share, pieces = reading.pieces_of(name)
            column = column + share * sum(columns.get(f"~{p}", 0.0) for p in pieces)
            if np.abs(column).max() < WORTH["word"]:
                continue
        if np.any(column) or name[0] == "#":
            kept[name] = [int(v) for v in np.clip(np.rint(column / STEP), -127, 127)]
    return {
        "format": FORMAT,
        "categories": list(IDS),
        "bound": BOUND,
        "plausible": PLAUSIBLE,
        "step": STEP,
        "bias": [round(float(b), 4) for b in biases],
        "lexicon": [[round(float(v), 4) for v in row] for row in lexicon],
        "calibration": [list(pair) for pair in curve],
        "features": kept,
    }


def own_prompts(paths: Sequence[str]) -> list[Item]:
    return [item for path in paths for item in written(Path(path), split="train")]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--own", nargs="*", default=[], help="files of a team's own prompts")
    arguments.add_argument("--out", default=str(FILE))
    told = arguments.parse_args()
    items = [item for item in everything() if item.split == "train"] + own_prompts(told.own)
    print(f"{len(items)} prompts: {dict(Counter(i.source for i in items))}")
    table = Table(items)
    scores = held_out(table, items)
    curve = curve_of(scores, items)
    tell(scores, items, curve)
    coefficients, biases = fit(table.x, items)
    made = content(table, pruned(table, coefficients), biases, curve)
    made["about"] = {
        "trained_on": dict(sorted(Counter(i.source for i in items).items())),
        "prompts": hashlib.sha256("\n".join(sorted(i.text for i in items)).encode()).hexdigest(),
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    Path(told.out).write_text(text + "\n", encoding="utf-8")
    print(f"{told.out}: {len(made['features'])} features, {len(text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
