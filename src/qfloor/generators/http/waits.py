"""How long a seller says to wait: the Retry-After ladder.

Header in seconds or as a date, then Google's RetryInfo in the body, then a sentence ("resets in
~30s"). Nothing told is None: the driver then backs off by itself. Capping a wait is the driver's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qfloor.generators.http.answers import Answer, at, number

_SENTENCE = re.compile(
    r"(?:re(?:set|tr)\w*|again|wait)\D{0,30}?~?\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h)\w*\b",
    re.IGNORECASE,
)
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def retry_after(answer: Answer, now: datetime | None = None) -> float | None:
    """Seconds that an answer asks to wait, or None when it does not say.

    Parameters
    ----------
    answer : Answer
        Usually a 429 or a 503.
    now : datetime, optional
        For a header that holds a date; the seller's own ``Date`` header when it has one, so
        that a clock that is wrong here does no harm.
    """
    header = answer.headers.get("retry-after", "").strip()
    if header:
        seconds = number(header)
        return seconds if seconds is not None else _until(header, answer, now)
    milliseconds = number(answer.headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    for delay in at(answer.json, "error.details.*.retryDelay"):
        seconds = number(str(delay).removesuffix("s"))
        if seconds is not None:
            return seconds
    said = _SENTENCE.search(answer.text)
    return float(said[1]) * _UNITS[said[2].lower()] if said else None


def _until(header: str, answer: Answer, now: datetime | None) -> float | None:
    told, here = _date(header), _date(answer.headers.get("date", "")) or now or datetime.now(UTC)
    return None if told is None else max(0.0, (told - here).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
