"""A known word one slip of the fingers away from an unknown one.

Letters swapped, doubled, left out, hit twice, or one vowel for another; the first letter stays, for
that one is seldom missed. Knows nothing of how often words are used: the first that is known is
taken, likelier slips before others.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

SHORTEST, LONGEST = 5, 14
"""Letters of words that are looked at: one letter away from a short word lies any other."""
_VOWELS, _OFTEN = "aeiou", "tnrslhcd"
"""Letters that are left out, or taken for each other, most often."""


def near(word: str, known: Sequence[Container[str]]) -> str | None:
    """Return the word of any of ``known`` that was likely meant; none where nothing is near."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isascii() or not word.isalpha():
        return None
    for slip in _slips(word):
        for words in known:
            if slip in words:
                return slip
    return None


def _slips(word: str) -> Iterator[str]:
    n = len(word)
    for i in range(1, n - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in range(1, n):
        yield word[:i] + word[i + 1 :]
    for i in range(1, n):
        before, after = word[:i], word[i:]
        for letter in _VOWELS:
            yield before + letter + after
            if after[0] in _VOWELS and letter != after[0]:
                yield before + letter + after[1:]
        yield before + after[0] + after
    for i in range(1, n + 1):
        for letter in _OFTEN:
            yield word[:i] + letter + word[i:]
