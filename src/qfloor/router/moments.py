"""Days and times as text: read, and how long ago they were. Knows no clock."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache


@lru_cache(maxsize=4096)
def moment(text: str) -> dt.datetime:
    """An ISO 8601 day or time, in UTC unless it says otherwise."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


SKEW_S = 60
"""Seconds by which two machines' clocks may differ."""


def is_ahead(as_of: str, now: str) -> bool:
    """Whether a time is still to come, by more than clocks differ; a day lasts to its end."""
    passed = (moment(as_of) - moment(now)).total_seconds()
    return passed >= 86_400 if len(now) == 10 else passed > SKEW_S


def days_old(as_of: str, now: str) -> float | None:
    """Whole days, in UTC, from the day a price was read to that of ``now``; None without a date.

    Days and not hours: most sources tell a day, and the hour at which one asks, or whether health
    was looked at, is not to decide what is bought.
    """
    try:
        passed = _day(now) - _day(as_of)
    except ValueError:
        return None
    return float(max(0, passed.days))


def _day(text: str) -> dt.date:
    return moment(text).astimezone(dt.UTC).date()
