"""The words of the package, or of a database, with those that categories declare, by signal.

Knows what is read in place of a category; no request, and no learned weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from qfloor.router.lexicon import WORDS
from qfloor.router.phrases import Arranged, arrange

NEUTRAL, CLIP, ONLY_CLIP = "-", "@clip", "@clip only"
"""In place of a category: phrases that say nothing, speak for a clip, or that no still answers."""

Declared = tuple[tuple[str, tuple[str, ...]], ...]
"""Categories with the words that they declare themselves."""


def arranged_for(
    words: Mapping[str, Mapping[str, float]], declared: Declared, weight: float
) -> Arranged:
    """Words arranged for reading; those of the package once for all databases that go by them."""
    return _ours(declared, weight) if words is WORDS else _by_signal(words, declared, weight)


@lru_cache(maxsize=8)
def _ours(declared: Declared, weight: float) -> Arranged:
    return _by_signal(WORDS, declared, weight)


def _by_signal(
    words: Mapping[str, Mapping[str, float]], declared: Declared, weight: float
) -> Arranged:
    found: dict[str, dict[str, float]] = {}
    for category, told in declared:
        own = {signal.lower(): weight for signal in told}
        for signal, value in {**words.get(category, {}), **own}.items():
            found.setdefault(signal, {})[category] = value
    for beside in (NEUTRAL, CLIP, ONLY_CLIP):
        for signal, value in words.get(beside, {}).items():
            found.setdefault(signal, {})[beside] = value
    return arrange(found)
