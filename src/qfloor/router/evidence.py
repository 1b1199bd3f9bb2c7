"""What spoke for a category, put together for a person who asks: a choice needs none of it."""

from __future__ import annotations

from qfloor.router.classification import Evidence
from qfloor.router.phrases import Pairs
from qfloor.router.reading import Content, damping
from qfloor.router.weights import Weights

TOLD = 3
"""Signals of the lexicon from which on no learned words are told beside them."""

Hit = tuple[tuple[str, ...], Pairs, float]
"""What the lexicon found: how it is spelled, what it says of categories, and how far it counts."""


def evidence_of(hits: list[Hit], allowed: tuple[str, ...]) -> list[Evidence]:
    """What was found for the categories that may be answered, as it is told."""
    return [
        Evidence(" ".join(spelled), category, weight * factor)
        for spelled, pairs, factor in hits
        for category, weight in pairs
        if category in allowed
    ]


def told_of(
    hits: list[Hit],
    allowed: tuple[str, ...],
    first: str | None,
    weights: Weights,
    content: Content,
) -> list[Evidence]:
    """What the lexicon found; where that says little of the first, its learned words as well."""
    kept = evidence_of(hits, allowed)
    if first is None or sum(e.category == first and e.weight > 0 for e in kept) >= TOLD:
        return kept
    return kept + _learned_evidence(weights, content.words, damping(content.length), first, kept)


def _learned_evidence(
    weights: Weights, words: list[str], share: float, category: str, told: list[Evidence]
) -> list[Evidence]:
    """The words that learned weights count most for a category."""
    known = {word for e in told for word in e.signal.split(" ")}
    fresh = dict.fromkeys(w for w in words[:10] if len(w) > 3 or not w.isascii())
    fresh = {word: None for word in fresh if word not in known}
    found = [Evidence(w, category, share * weights.of_word(w, category)) for w in fresh]
    found.sort(key=lambda e: (-e.weight, e.signal))
    return [e for e in found[:TOLD] if e.weight > 0.05]
