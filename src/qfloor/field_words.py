"""Where a field stands in a file, and what its text may hold, in words for messages."""

from __future__ import annotations

from collections.abc import Iterable

PATTERNS = {
    r"^[a-z0-9][a-z0-9-]*$": "small letters, digits and hyphens, such as my-shop-2",
    r"^\d+\.\d+\.\d+$": "three numbers with dots between, such as 1.0.0",
    r"^[1-9]\d*:[1-9]\d*$": "two numbers with a colon between, such as 16:9",
    r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$": "a language code such as en or zh-Hant",
    r"^[0-9a-f]{32}$": "32 digits and letters a to f, as a digest is printed",
    r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$": "letters, digits and . _ : / -, beginning with a letter or "
    "digit",
}
"""What patterns of fields mean."""


def place(path: Iterable[str | int]) -> str:
    """Name a field by the path to it, entries of a list counted from one as people do.

    Examples
    --------
    >>> place(("thresholds", 1, "usable")), place(("benchmark", "name"))
    ('thresholds (entry 2).usable', 'benchmark.name')
    """
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f" (entry {part + 1})"
        else:
            told += f".{part}" if told else part
    return told


def rule(kind: str, pattern: object) -> str | None:
    """Say what a text must be that does not match its pattern; None where that is not the fault.

    Examples
    --------
    >>> rule("string_pattern_mismatch", r"^[a-z0-9][a-z0-9-]*$")
    'must be small letters, digits and hyphens, such as my-shop-2'
    """
    if kind != "string_pattern_mismatch" or pattern not in PATTERNS:
        return None
    return f"must be {PATTERNS[str(pattern)]}"
