"""A known word one slip of the fingers away from an unknown one.

Letters swapped, doubled, left out, hit twice, or one vowel for another; the first letter stays, for
that one is seldom missed. Knows nothing of how often words are used: the first that is known is
taken, likelier slips before others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

SHORTEST, LONGEST = 5, 14
"""Letters of words that are looked at: one letter away from a short word lies any other."""
_VOWELS, _OFTEN = "aeiou", "tnrslhcd"
"""Letters that are left out, or taken for each other, most often."""


def near(word: str, known: Mapping[str, object], names: Sequence[str]) -> str | None:
    """Return the known word that was likely meant; none where nothing is near.

    ``names`` are the known words, sorted. A slip leaves the letters before it as they were: where
    no word begins like that, none is looked for.
    """
    if not SHORTEST <= len(word) <= LONGEST or not word.isascii() or not word.isalpha():
        return None
    return next(filter(known.__contains__, _slips(word, _begun(word, names))), None)


def _begun(word: str, names: Sequence[str]) -> int:
    """How many letters a known word begins with as this one does."""
    least, most = 0, len(word)
    while least < most:
        middle = (least + most + 1) // 2
        at = bisect_left(names, word[:middle])
        if at < len(names) and names[at].startswith(word[:middle]):
            least = middle
        else:
            most = middle - 1
    return least


def _slips(word: str, begun: int) -> Iterator[str]:
    """Words one slip away that leave no more than so many letters as they are; likelier first."""
    n = len(word)
    inner, all_ = range(1, min(n, begun + 1)), range(1, min(n, begun) + 1)
    for i in inner[: n - 2]:
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in inner:
        yield word[:i] + word[i + 1 :]
    for i in inner:
        yield word[:i] + word[i] + word[i:]
    for i in inner:
        before, after = word[:i], word[i:]
        for letter in _VOWELS:
            yield before + letter + after
            if after[0] in _VOWELS and letter != after[0]:
                yield before + letter + after[1:]
    for i in all_:
        for letter in _OFTEN:
            yield word[:i] + letter + word[i:]
