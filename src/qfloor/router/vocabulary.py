"""All that is known of single words, in one look: a request's words are each looked up once.

What the lexicon begins with a word, which languages it belongs to, and what learned weights count
for it; of a word that neither knows, what they know of the one that was likely meant. Words are
worked out when first met, for most of a request have been met before; bounded.
"""

from __future__ import annotations

from collections.abc import Mapping

from qfloor.router.languages import BY_WORD
from qfloor.router.phrases import Stop
from qfloor.router.reading import MOST_WORDS
from qfloor.router.spelling import near
from qfloor.router.weights import Weights

MOST = 50_000
"""Words that are remembered before starting over."""
LONG = 40
"""Characters of a word above which it is not remembered."""

Word = tuple[int, Mapping[str, int] | None, Stop | None, int]
"""Learned weights as `Weights.word` tells them; what the lexicon begins with it; languages."""


class Vocabulary(dict[str, Word]):
    """Words that were met; safe in threads, for what is worked out twice is the same."""

    def __init__(self, stops: Mapping[str, Stop], weights: Weights | None) -> None:
        super().__init__()
        self._stops, self._weights = stops, weights
        self._known = (stops, BY_WORD) if weights is None else (weights.own_words, stops, BY_WORD)

    def __missing__(self, word: str) -> Word:
        meant = self._meant(word)
        packed, after = (0, None) if self._weights is None else self._weights.word(meant)
        found = packed, after, self._stops.get(meant), BY_WORD.get(word, 0)
        if len(word) <= LONG:
            if len(self) >= MOST:
                self.clear()
            self[word] = found
        return found

    def _meant(self, word: str) -> str:
        """The word itself, or without any knowledge of it the known one next to it."""
        if self._weights is None or any(word in words for words in self._known):
            return word
        return near(word, self._known) or word

    def look_up(self, words: list[str]) -> list[Word]:
        """Look up words of a request; learned weights look at no more than `MOST_WORDS`."""
        found = list(map(self.__getitem__, words[:MOST_WORDS]))
        # the others as they are spelled, whether or not they were met before
        rest = words[MOST_WORDS:]
        return found + [(0, None, self._stops.get(w), BY_WORD.get(w, 0)) for w in rest]
