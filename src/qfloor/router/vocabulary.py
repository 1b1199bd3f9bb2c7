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
SHORT = 3
"""Digits of an unknown number above which it is not."""
MOST_MEANT = 3
"""Unknown words of a request up to which each is read as the known word next to it: of more, the
request is in words of its own, and guesses would take their time and say little."""

Word = tuple[int, Mapping[str, int] | None, Stop | None, int, bool]
"""Learned weights as `Weights.word` tells them; what the lexicon begins with it; languages; and
whether nobody knows it, so that another word may be meant."""

_NUMBER: Word = (0, None, None, 0, True)
_DIGITS = frozenset("0123456789")


class Vocabulary(dict[str, Word]):
    """Words that were met; safe in threads, for what is worked out twice is the same."""

    def __init__(self, stops: Mapping[str, Stop], weights: Weights | None) -> None:
        super().__init__()
        self._stops, self._weights = stops, weights
        self._meant: dict[str, Word] = {}

    def __missing__(self, word: str) -> Word:
        if len(word) > SHORT and word[0] in _DIGITS and self._says_nothing(word):
            return _NUMBER
        found = (*self._told(word), BY_WORD.get(word, 0), not self._knows(word))
        if len(word) <= LONG:
            if len(self) >= MOST:
                self.clear()
                self._meant.clear()
            self[word] = found
        return found

    def _says_nothing(self, word: str) -> bool:
        """Whether a word is a number that nobody knows: they are without end."""
        weights = self._weights
        return (
            weights is not None
            and weights.weighs_nothing(word)
            and word not in self._stops
            and word not in BY_WORD
        )

    def _knows(self, word: str) -> bool:
        weights = self._weights
        return (
            weights is None or word in weights.own_words or word in self._stops or word in BY_WORD
        )

    def look_up(self, words: list[str]) -> list[Word]:
        """Look up words of a request; learned weights look at no more than `MOST_WORDS`."""
        looked_at = words[:MOST_WORDS]
        found = list(map(self.__getitem__, looked_at))
        strange = [i for i, word in enumerate(found) if word[4]]
        if strange and len({looked_at[i] for i in strange}) <= MOST_MEANT:
            for i in strange:
                if looked_at[i].isalpha():  # nothing is near to any other
                    found[i] = self._as_meant(looked_at[i])
        if len(words) <= MOST_WORDS:
            return found
        # the others as they are spelled, whether or not they were met before
        rest = words[MOST_WORDS:]
        return found + [(0, None, self._stops.get(w), BY_WORD.get(w, 0), False) for w in rest]

    def _as_meant(self, word: str) -> Word:
        """An unknown word as the known one that was likely meant, if there is one."""
        found = self._meant.get(word)
        if found is None:
            assert self._weights is not None, "without weights every word is known"
            meant = near(word, self._weights.own_words, self._weights.sorted_words)
            found = self[word] if meant is None else (*self._told(meant), 0, True)
            if len(word) <= LONG:
                self._meant[word] = found
        return found

    def _told(self, word: str) -> tuple[int, Mapping[str, int] | None, Stop | None]:
        packed, after = (0, None) if self._weights is None else self._weights.word(word)
        return packed, after, self._stops.get(word)
