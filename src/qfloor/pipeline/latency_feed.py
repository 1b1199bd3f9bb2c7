"""What a round's calls say of latency goes into the workspace's feeds, once.

A benchmark's calls are answers of sellers like any other: how long each took, and whether one
came. Refusals and blanks are answers; what our own settings broke is none, and what nobody knows
of is none either. Imported outputs took nobody here any time.
"""

from __future__ import annotations

import datetime as dt

from qfloor.records import Status
from qfloor.router.feeds import FeedStore
from qfloor.router.health import HealthWindow
from qfloor.store import Store

FEEDS = "feeds.db"
_ANSWERS = (Status.MADE, Status.REFUSED, Status.BLANK)
_NEW = (
    "SELECT offer_id, status, coalesce(seconds_total, seconds_run), at FROM outputs "
    "WHERE round = ? AND at > ? AND timing_source IS NOT NULL AND status IN (?, ?, ?, ?) "
    "ORDER BY at"
)


def feed_latency(store: Store, round: str) -> int:
    """Record the round's calls that were not recorded before; return how many.

    Parameters
    ----------
    store : Store
        Its folder holds the feeds.
    round : str
    """
    with FeedStore.open(store.root / FEEDS) as feeds:
        statuses = (*_ANSWERS, Status.FAILED)
        rows = store.rows(_NEW, (round, feeds.taken_upto(round), *(s.value for s in statuses)))
        if not rows:
            return 0
        window = HealthWindow()
        for offer, status, seconds, at in rows:
            moment = dt.datetime.fromisoformat(at)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            took = seconds if status == Status.MADE else None
            window.record(offer, took, Status(status) in _ANSWERS, moment.timestamp())
        feeds.take(round, window, rows[-1][3])
    return len(rows)
