"""Words for messages: a few of many, and the known value that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def listed(values: Iterable[object], most: int = 6) -> str:
    """Join a few values for a sentence, and count the others."""
    found = [str(value) for value in values]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def nearest(given: str, known: Collection[str]) -> str:
    """Say in brackets which known value was probably meant, or which there are."""
    spelled = {name.lower(): name for name in known}
    close = difflib.get_close_matches(given.lower(), spelled, n=1, cutoff=0.5)
    return f"(did you mean {spelled[close[0]]!r}?)" if close else f"(known: {listed(known, 20)})"
