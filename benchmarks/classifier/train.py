"""Train the classifier's weights and write them where the package ships them.

    python benchmarks/classifier/train.py [--own FILE ...] [--out FILE]

One logistic regression a category over words, the lexicon's sums and word vectors (fitting.py);
small weights are dropped, the rest rounded to whole steps, and what vectors say of a word becomes
a weight of that word, for words that no prompt has as well. The curve from score to confidence,
and the bound, are fitted on writers that each model has not read (strangers.py); test prompts are
never read. Seeded: the same prompts give the same bytes. Prompts of public suites are used where
they are there (corpus.py); ``--own`` adds a team's own, one a line as in written.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import vectors
from corpus import Item, written
from fitting import IDS, LEXICON_SCALE, PIECE_SCALE, WORTH, Table, fit, kind_of, pruned
from strangers import (
    BOUND,
    PLAUSIBLE,
    bounds,
    curve_of,
    left_out,
    rows_of,
    shipped,
    table,
    trained_on,
)

from qfloor.router import reading
from qfloor.router.stored import packed
from qfloor.router.weights import FILE, FORMAT

STEP = 1 / 32
UNREAD_MOST, UNREAD_WORTH, COARSE = 40_000, {"word": 1.2, "head": 1.0}, 8
"""Of words that no prompt has: how many are looked at, the most frequent first, the largest weight
below which one is dropped, and how many steps are told as one.
"""
Columns = dict[str, np.ndarray]


def _spelled(read: Collection[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Words that a request may hold as one: those that prompts have, and frequent ones."""
    for rank, (word, vector) in enumerate(vectors.words().items()):
        if rank >= UNREAD_MOST and word not in read:
            continue
        if len(word) > 2 and word.isascii() and reading.WORD.fullmatch(word) and word[0].isalpha():
            yield word, vector


def with_vectors(columns: Columns, coefficients: np.ndarray) -> Columns:
    """Columns of names with what vectors say of words, and of words as heads, added to them."""
    words = coefficients[:, :50] * vectors.BAG
    heads = coefficients[:, 50:] * vectors.HEAD
    nothing = np.zeros(len(IDS))
    found = dict(columns)
    for word, vector in _spelled(columns.keys()):
        found[word] = columns.get(word, nothing) + words @ vector
        found[f"@{word}"] = columns.get(f"@{word}", nothing) + heads @ vector
    return found


def features_of(columns: Columns, read: Collection[str]) -> dict[str, list[int]]:
    """Whole steps of what is worth its place; a known word carries its pieces' weights.

    What only vectors know, and no prompt has, must say more, and is told in coarser steps.
    """
    kept: dict[str, list[int]] = {}
    for name, column in columns.items():
        kind = kind_of(name)
        if kind == "word":
            share, pieces = reading.pieces_of(name)
            column = column + share * sum(columns.get(f"~{p}", 0.0) for p in pieces)
        worth, coarse = (WORTH, 1) if name in read else (UNREAD_WORTH, COARSE)
        if kind in worth and np.abs(column).max() < worth[kind]:
            continue
        steps = np.rint(np.clip(column / STEP, -127, 127) / coarse) * coarse
        kept[name] = [int(v) for v in np.clip(steps, -127, 127)]
    return kept


def content(
    known: Table, coefficients: np.ndarray, biases: np.ndarray, curve: Any
) -> tuple[dict[str, Any], int]:
    """Everything the router needs, as plain JSON, and how many features are in it."""
    lexicon = np.zeros((len(IDS), len(IDS)))
    columns: Columns = {}
    for name, column in zip(known.names, coefficients.T, strict=False):
        if name.startswith("="):
            lexicon[:, IDS.index(name[1:])] = column * LEXICON_SCALE
        else:
            columns[name] = column * (PIECE_SCALE if name[0] == "~" else 1.0)
    kept = features_of(with_vectors(columns, coefficients[:, -vectors.WIDTH :]), columns.keys())
    made = {
        "format": FORMAT,
        "categories": list(IDS),
        "bound": BOUND,
        "plausible": PLAUSIBLE,
        "step": STEP,
        "bias": [round(float(b), 4) for b in biases],
        "lexicon": [[round(float(v), 4) for v in row] for row in lexicon],
        "calibration": [list(pair) for pair in curve],
        **packed(kept),
    }
    return made, len(kept)


def own_prompts(paths: Sequence[str]) -> list[Item]:
    return [item for path in paths for item in written(Path(path), split="train")]


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--own", nargs="*", default=[], help="files of a team's own prompts")
    arguments.add_argument("--out", default=str(FILE))
    told = arguments.parse_args()
    items = trained_on() + own_prompts(told.own)
    print(f"{len(items)} prompts: {dict(Counter(i.source for i in items))}")
    known = Table(items)
    rows = known.hide(items)
    scores = left_out(known, rows)
    print("\n".join([*table(rows_of(scores)), "", *bounds(scores)]))
    coefficients, biases = fit(known.x, rows)
    made, number = content(known, pruned(known, coefficients), biases, shipped(curve_of(scores)))
    made["about"] = {
        "trained_on": dict(sorted(Counter(i.source for i in items).items())),
        "prompts": hashlib.sha256("\n".join(sorted(i.text for i in items)).encode()).hexdigest(),
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    Path(told.out).write_text(text + "\n", encoding="utf-8")
    print(f"{told.out}: {number} features, {len(text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
