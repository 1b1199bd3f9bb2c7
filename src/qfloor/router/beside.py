"""What is known of a request beside its words: features of learned weights, and its modality.

Training reads requests with it as well; it knows no categories and no weights.
"""

from __future__ import annotations

from qfloor.router.heads import heads_of, opening_of
from qfloor.router.needs import Need
from qfloor.router.reading import Reading, shape_of

ASKS = frozenset("?？؟")
"""Marks of a question."""


def names_of(need: Need, reading: Reading) -> list[str]:
    """What is known of a request beside its words, as features of learned weights."""
    names = []
    if reading.quotes:
        names.append("#quoted")
    if reading.quotes > 1:
        names.append("#quoted-again")
    if need.ratio is not None:
        names.append(shape_of(need.ratio))
    given = given_modality(need)
    if given:
        names.append("#clip" if given == "video" else "#still")
    n = len(reading.tokens)
    if n <= 2:
        names.append("#brief")
    if n > 40:
        names.append("#long")
    if n > 6 and reading.tokens.count(",") > n / 6:
        names.append("#listed")
    if not ASKS.isdisjoint(reading.tokens):
        names.append("#asks")
    return names + opening_of(reading.tokens) + heads_of(reading.tokens)


def weighed(need: Need, reading: Reading) -> list[str]:
    """Those of them that are weighed: in a word or two, the last letters of one tell nothing."""
    names = names_of(need, reading)
    if "#brief" in names:
        return [name for name in names if not name.startswith("@-")]
    return names


def given_modality(need: Need) -> str | None:
    """What a need says outright."""
    if need.modality is None and (need.seconds is not None or need.audio):
        return "video"
    return need.modality
