"""Phrases of the lexicon, arranged so that one look at two words finds those that can stand there.

Knows nothing of categories or requests: a phrase is its words, with whatever weights go with it.
"""

from __future__ import annotations

from typing import NamedTuple

PLURALS = ("s", "es", "'s", "’s")

Pairs = tuple[tuple[str, float], ...]
Phrase = tuple[tuple[str, ...], Pairs]


class Begun(NamedTuple):
    """Phrases that begin with one word: longer ones by their second word, and the word alone."""

    longer: dict[str, list[Phrase]]
    alone: Phrase | None


def begun_by(told: list[Phrase]) -> Begun:
    """Arrange phrases of one first word; the last word of a longer one may be plural."""
    longer: dict[str, list[Phrase]] = {}
    for phrase in sorted(told, key=lambda p: -len(p[0])):
        spelled = phrase[0]
        if len(spelled) == 1:
            continue
        endings = ("", *PLURALS) if len(spelled) == 2 else ("",)
        for ending in endings:
            longer.setdefault(spelled[1] + ending, []).append(phrase)
    return Begun(longer, next((p for p in told if len(p[0]) == 1), None))


def longest(begun: Begun, tokens: list[str], at: int) -> Phrase | None:
    """The longest phrase that stands at a place whose word begins it."""
    if begun.longer and at + 1 < len(tokens):
        for phrase in begun.longer.get(tokens[at + 1], ()):
            if len(phrase[0]) == 2 or _fits(phrase[0], tokens, at):
                return phrase
    return begun.alone


def _fits(phrase: tuple[str, ...], tokens: list[str], at: int) -> bool:
    """Whether a phrase whose first word stands here goes on; its last word may be plural."""
    last = len(phrase) - 1
    if at + last >= len(tokens) or tuple(tokens[at + 1 : at + last]) != phrase[1:last]:
        return False
    found, wanted = tokens[at + last], phrase[last]
    return found == wanted or (found.startswith(wanted) and found[len(wanted) :] in PLURALS)
