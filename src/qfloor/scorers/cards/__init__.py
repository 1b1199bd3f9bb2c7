"""Metric cards: what each metric of ours says, by which formula, from where, and how it misleads.

A card holds what a metric's declaration (`qfloor.records.Metric`) does not: words. Unit, range,
direction and identity stay with the declaration and are read from it. This package imports no
scorer; `docs/cards.py` puts the two together on the reference page, and a test fails when a
scorer declares a metric that no card describes.

`card` is the record; the cards stand in `pixels`, `learned`, `clips` and `text`.
"""

from __future__ import annotations

from qfloor.scorers.cards.card import Card
from qfloor.scorers.cards.clips import CLIPS
from qfloor.scorers.cards.learned import LEARNED
from qfloor.scorers.cards.pixels import PIXELS
from qfloor.scorers.cards.text import TEXT

__all__ = ["CARDS", "Card", "card_of"]

CARDS: tuple[Card, ...] = (*LEARNED, *TEXT, *PIXELS, *CLIPS)
"""Every card, in the order of the reference page."""


def card_of(metric: str) -> Card | None:
    """Return the card of a metric by its name or key; None when there is none.

    Examples
    --------
    >>> card_of("technical.sharpness").scorer
    'technical'
    >>> card_of("example.brightness") is None
    True
    """
    name = metric.partition("@")[0]
    return next((card for card in CARDS if card.describes(name)), None)
