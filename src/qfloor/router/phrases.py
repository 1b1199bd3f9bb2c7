"""Phrases of the lexicon, arranged so that one look at two words finds those that can stand there.

Knows nothing of categories or requests: a phrase is its words, with whatever weights go with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from qfloor.router.reading import MARKS, has_letter, words_of

_UNSPACED = "\u0600\u0700\u0900\u0980\u0e00\u0e80\u3040\ua000\uac00\ud7b0"
"""Where letters of scripts that do not always part words begin and end, in turns."""
PLURALS = ("s", "es", "'s", "’s")

Pairs = tuple[tuple[str, float], ...]
Phrase = tuple[tuple[str, ...], Pairs]


class Stop(NamedTuple):
    """A word at which a reader stops: phrases begin with it, or it is a mark (`MARKS`).

    Longer phrases stand by their second word.
    """

    longer: dict[str, list[Phrase]]
    alone: Phrase | None
    marks: bool


class Arranged(NamedTuple):
    """All that a lexicon says, by how it is found.

    ``signals`` are no words (``#quoted``); ``stops`` are the words at which a reader stops;
    ``unspaced`` are phrases of scripts that do not part words, by their first letter and in the
    order in which they are looked for.
    """

    signals: dict[str, Pairs]
    stops: dict[str, Stop]
    unspaced: dict[str, list[tuple[int, str, Pairs]]]


def arrange(by_signal: Mapping[str, Mapping[str, float]]) -> Arranged:
    """Arrange signals with their weights; longer ones are found first."""
    signals: dict[str, Pairs] = {}
    unspaced: dict[str, list[tuple[int, str, Pairs]]] = {}
    phrases: dict[str, list[Phrase]] = {}
    ordered = sorted(by_signal.items(), key=lambda item: (-len(item[0]), item[0]))
    for order, (signal, found) in enumerate(ordered):
        pairs = tuple(sorted(found.items()))
        if signal.startswith("#"):
            signals[signal] = pairs
        elif has_letter(signal, _UNSPACED):
            unspaced.setdefault(signal[0], []).append((order, signal, pairs))
        else:
            spelled = tuple(words_of(signal))
            phrases.setdefault(spelled[0], []).append((spelled, pairs))
    stops = {mark: Stop({}, None, True) for mark in MARKS}
    stops |= {first: _stop(first, told) for first, told in phrases.items()}
    return Arranged(signals, _with_plurals(stops), unspaced)


def _with_plurals(stops: dict[str, Stop]) -> dict[str, Stop]:
    """A word alone may be plural; what a longer phrase begins with may not."""
    found = dict(stops)
    for first, stop in stops.items():
        if stop.alone is None:
            continue
        only = Stop({}, stop.alone, False)  # one for all plurals
        for plural in (first + ending for ending in PLURALS):
            other = found.get(plural)
            if other is None:
                found[plural] = only
            elif other.alone is None:
                found[plural] = other._replace(alone=stop.alone)
    return found


def _stop(first: str, told: list[Phrase]) -> Stop:
    """Arrange phrases of one first word; the last word of a longer one may be plural."""
    longer: dict[str, list[Phrase]] = {}
    for phrase in sorted(told, key=lambda p: -len(p[0])):
        spelled = phrase[0]
        if len(spelled) == 1:
            continue
        endings = ("", *PLURALS) if len(spelled) == 2 else ("",)
        for ending in endings:
            longer.setdefault(spelled[1] + ending, []).append(phrase)
    return Stop(longer, next((p for p in told if len(p[0]) == 1), None), first in MARKS)


def longest(stop: Stop, tokens: list[str], at: int) -> Phrase | None:
    """The longest phrase that stands at a place whose word begins it, and that another follows."""
    for phrase in stop.longer.get(tokens[at + 1], ()):
        if len(phrase[0]) == 2 or _fits(phrase[0], tokens, at):
            return phrase
    return stop.alone


def _fits(phrase: tuple[str, ...], tokens: list[str], at: int) -> bool:
    """Whether a phrase whose first word stands here goes on; its last word may be plural."""
    last = len(phrase) - 1
    if at + last >= len(tokens) or tuple(tokens[at + 1 : at + last]) != phrase[1:last]:
        return False
    found, wanted = tokens[at + last], phrase[last]
    return found == wanted or (found.startswith(wanted) and found[len(wanted) :] in PLURALS)
