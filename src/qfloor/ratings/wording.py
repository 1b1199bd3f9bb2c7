"""Words for messages: a few of many, and the known value that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from functools import lru_cache

from qfloor.records import CATEGORIES, GENERAL

_SHIPPED = {category.id for category in (*CATEGORIES, GENERAL)}


def listed(values: Iterable[object], most: int = 6) -> str:
    """Join a few values for a sentence, and count the others."""
    found = [str(value) for value in values]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def nearest(given: str, known: Collection[str]) -> str:
    """Say in brackets which known value was probably meant, or which there are."""
    close = difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.5)
    return f"(did you mean {close[0]!r}?)" if close else f"(known: {listed(known, 20)})"


@lru_cache(maxsize=1024)
def category_of(text: str) -> str:
    """Give a category that ships in its own spelling, and any other as it is.

    Examples
    --------
    >>> category_of(" Product Photo"), category_of("Cinematic")
    ('product-photo', 'Cinematic')
    """
    text = text.strip()
    folded = "-".join(text.lower().replace("_", " ").replace("-", " ").split())
    return folded if folded in _SHIPPED else text
