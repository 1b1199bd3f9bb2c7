"""An answer of an HTTP seller, and paths into its JSON; nothing here knows a provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer, read to its end; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_structured(self) -> bool:
        """Whether the body is the JSON object of an API and not a proxy's page."""
        return isinstance(self.json, dict | list)

    @property
    def text(self) -> str:
        """The body as text, for a message."""
        return self.body[:4_000].decode("utf-8", "replace")

    def first(self, *paths: str) -> Any:
        """Value at the first path that leads somewhere; see `at`."""
        return first(self.json, *paths)


def at(value: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a dotted path; ``*`` is every item of a list, a number is an index.

    Examples
    --------
    >>> list(at({"detail": [{"type": "a"}, {"type": "b"}]}, "detail.*.type"))
    ['a', 'b']
    >>> list(at({"detail": "no list"}, "detail.*.type"))
    []
    """
    head, _, rest = path.partition(".")
    found: list[Any] = []
    if head == "*" and isinstance(value, list):
        found = value
    elif head.isdigit() and isinstance(value, list):
        found = value[int(head) : int(head) + 1]
    elif isinstance(value, dict) and value.get(head) is not None:
        found = [value[head]]
    for item in found:
        if rest:
            yield from at(item, rest)
        else:
            yield item


def first(value: Any, *paths: str) -> Any:
    """Give what the first path that leads somewhere leads to; None when none does.

    Examples
    --------
    >>> first({"video": {"url": "u"}}, "images.0.url", "video.url")
    'u'
    """
    for path in paths:
        for found in at(value, path):
            return found
    return None


def number(value: Any) -> float | None:
    """Read a finite number >= 0 out of what a seller wrote, or None.

    Examples
    --------
    >>> number("12.5"), number(True), number("soon"), number(-1)
    (12.5, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if 0 <= read < 1e15 else None


def seconds_between(start: Any, end: Any) -> float | None:
    """Seconds between two of a seller's own times; None when they make no sense.

    Examples
    --------
    >>> seconds_between("2026-11-01T10:00:00Z", "2026-11-01T10:00:02.5Z"), seconds_between(None, "")
    (2.5, None)
    """
    try:
        return number((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (TypeError, ValueError):
        return None
