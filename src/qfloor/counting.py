"""Counts in words: ``1 offer``, ``2 offers``. Of itself it knows regular plurals only."""

from __future__ import annotations

VOWELS = "aeiou"


def several(n: int, what: str, many: str | None = None) -> str:
    """Count something in words; ``many`` is what more than one are, where that is not regular.

    Examples
    --------
    >>> several(1, "offer"), several(2, "category"), several(3, "day"), several(1200, "prompt")
    ('1 offer', '2 categories', '3 days', '1,200 prompts')
    >>> several(1, "row has", "rows have"), several(0, "row has", "rows have")
    ('1 row has', '0 rows have')
    """
    if many is None:
        is_category = what.endswith("y") and what[-2:-1] not in VOWELS
        many = f"{what[:-1]}ies" if is_category else f"{what}s"
    return f"{n:,} {what if n == 1 else many}"
