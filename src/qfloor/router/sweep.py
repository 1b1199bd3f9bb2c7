"""One pass over the words of a request: all that is added up word by word.

`qfloor.router.reading.content_of` and `qfloor.router.weights.Weights.total` say the same in two
steps, plain enough for training and tests to hold this against.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from qfloor.router.phrases import Stop
from qfloor.router.reading import BREAKS, MOST_WORDS, REACH, Reading, length_of
from qfloor.router.vocabulary import Word

Stops = list[tuple[int, Stop]]


class Swept(NamedTuple):
    """What the words of a request come to.

    ``stops`` are the words at which a reader stops, with their places; ``languages`` what
    `qfloor.router.languages.BY_WORD` has for all of them; ``total`` their learned weights, and
    ``length`` how many count (see `qfloor.router.reading.Content`).
    """

    stops: Stops
    languages: int
    total: int
    length: float


def sweep(reading: Reading, words: list[Word], others: Mapping[str, int]) -> Swept:
    """Add up what is known of each word; ``others`` are weights of ends and negated words."""
    stops: Stops = []
    plain: list[str] = []
    tokens = reading.tokens
    languages = total = negated = 0
    reach, after = -1, None
    for i, (token, word) in enumerate(zip(tokens[:MOST_WORDS], words, strict=False)):
        packed, follows, stop, speaks, _ = word
        languages += speaks
        if stop is not None:
            stops.append((i, stop))
            if stop[2]:  # a mark
                reach = -1 if token in BREAKS else i + REACH
                after = None
                continue
        if i <= reach:
            total += others.get(f"!{token}", 0)
            negated += 1
            continue
        plain.append(token)
        total += packed
        if after is not None and token in after:
            total += after[token]
        after = follows
    for i, word in enumerate(words[MOST_WORDS:], MOST_WORDS):
        languages += word[3]
        if word[2] is not None:
            stops.append((i, word[2]))
    if plain:
        total += others.get(f"^{plain[0]}", 0) + others.get(f"${plain[-1]}", 0)
    return Swept(stops, languages, total, length_of(plain, negated))
