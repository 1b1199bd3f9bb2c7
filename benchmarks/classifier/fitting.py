"""Logistic regressions over the features of prompts: one a category, "is it acceptable here?".

What `train.py` ships, and what `strangers.py` judges on writers that it has not read, is fitted
here. Features are those of `qfloor.router.reading`, the lexicon's sums, and word vectors
(`vectors.py`).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from corpus import ROOT, Item
from scipy import sparse
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(ROOT / "src"))

import vectors

from qfloor.records import CATEGORIES
from qfloor.router import Need, reading
from qfloor.router.beside import names_of
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS

IDS = tuple(sorted(c.id for c in CATEGORIES))
STRENGTH = 6.0  # inverse of the penalty: larger trusts rare words more
LEAST_SEEN = 2  # prompts a feature must stand in
LEAST_SEEN_PIECE = 10  # ... and a piece of words
WORTH = {"word": 0.4, "pair": 0.8, "piece": 0.4, "head": 0.4}
"""Largest weight below which a feature is not worth its place."""
LEXICON_SCALE = 3.0  # features of the lexicon are penalised less than words
PIECE_SCALE = 1.6  # ... and pieces of words

HIDDEN = 0.6
"""Share of words' own features that are hidden where a prompt is read once more."""
LISTS = ("things", "crossed", "languages", "template", "gibberish")
"""Sources that nobody wrote as prompts."""
MADE = ("typo", "hasty", "hidden")
"""Kinds of prompts that a script made of others."""

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
    """Prompts as a sparse matrix over the features that enough of them have, vectors last."""

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
        known = sparse.csr_matrix((values, (rows, columns)), shape=(len(items), len(at)))
        dense = [vectors.of_prompt(reading.read(item.text).tokens) for item in items]
        self.x = sparse.hstack([known, sparse.csr_matrix(np.array(dense))]).tocsr()

    def hide(self, items: Sequence[Item]) -> list[Item]:
        """Add what people wrote once more, with most words' own features hidden; return all.

        So vectors and pieces learn to do without: of a stranger's words many are unknown.
        """
        written = [i for i, item in enumerate(items) if item.source not in LISTS]
        written = [i for i in written if items[i].kind not in MADE]
        again = self.x[written].tocsr()
        own = np.array([kind_of(n) in ("word", "pair", "head") for n in self.names])
        own = np.concatenate([own, np.zeros(vectors.WIDTH, bool)])
        drawn = np.random.default_rng(5).random(len(again.indices)) < HIDDEN
        again.data[own[again.indices] & drawn] = 0
        again.eliminate_zeros()
        self.x = sparse.vstack([self.x, again]).tocsr()
        return [*items, *(replace(items[i], kind="hidden") for i in written)]


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
    largest = np.abs(coefficients[:, : len(table.names)]).max(axis=0)
    kept = [
        kind in ("known", "word")
        or (size >= WORTH[kind] and (kind != "piece" or table.seen[name] >= LEAST_SEEN_PIECE))
        for name, size, kind in zip(table.names, largest, map(kind_of, table.names), strict=True)
    ]
    worth = np.array([*kept, *[True] * vectors.WIDTH])
    return np.where(worth, coefficients, 0.0)


def fit(x: Any, items: Sequence[Item]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (categories x features) and biases of one regression a category."""
    weight = np.array([item.weight for item in items])
    coefficients, biases = [], []
    for category in IDS:
        y = np.array([targets(item, category) for item in items])
        # A share of a target is both answers, each with its part of the weight.
        yes, no = np.flatnonzero(y > 0), np.flatnonzero(y < 1)
        answers = np.repeat([1, 0], [len(yes), len(no)])
        weights = np.concatenate([(weight * y)[yes], (weight * (1 - y))[no]])
        model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0, tol=1e-3)
        model.fit(x[np.concatenate([yes, no])], answers, sample_weight=weights)
        coefficients.append(model.coef_[0])
        biases.append(float(model.intercept_[0]))
    return np.array(coefficients), np.array(biases)


def allowed(item: Item) -> list[int]:
    """Places of the categories that can be answered at all."""
    modality = item.fields.get("modality")
    kinds = {c.id: c.modalities for c in CATEGORIES}
    return [i for i, c in enumerate(IDS) if modality is None or modality in kinds[c]]
