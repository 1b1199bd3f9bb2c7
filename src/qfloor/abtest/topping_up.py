"""Places for more raters, made of pairs that are short of votes.

A rater who never comes, or stops, leaves pairs with fewer votes than planned. New booklets take
up those and no others, from a rater's view like any booklet. The arms stay unknown: sides are
balanced by cells.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from qfloor.abtest import folder as f
from qfloor.abtest.assignment import Shares, Unit, arrange, deal, fitting_length
from qfloor.abtest.building import keep_booklet, lessons_of
from qfloor.abtest.protocol import Protocol
from qfloor.errors import SessionError

_UNITS = (
    "SELECT u.id, u.prompt, u.votes, u.identical, u.spoilt, s.cells FROM units u "
    "JOIN sheets s ON s.id = u.sheet"
)
_GIVEN = (
    "SELECT t.unit, count(*) AS n FROM votes v JOIN trials t ON t.token = v.trial "
    "WHERE v.undone_at IS NULL AND t.kind IN ('test', 'same_model') AND v.response != 'skip' "
    "GROUP BY 1"
)
_OPEN = (
    "SELECT t.unit, count(*) AS n FROM trials t JOIN raters r ON r.id = t.rater "
    "WHERE t.kind IN ('test', 'same_model') AND NOT EXISTS "
    "(SELECT 1 FROM votes v WHERE v.trial = t.token AND v.undone_at IS NULL) AND "
    "coalesce((SELECT max(v.submitted_at) FROM votes v WHERE v.rater = r.id), r.joined_at, ?1) "
    ">= ?1 GROUP BY 1"
)
_LEAN = (
    "SELECT unit, sum(CASE places WHEN '[0, 1]' THEN 1 ELSE -1 END) AS n FROM trials "
    "WHERE kind IN ('test', 'same_model') GROUP BY 1"
)
_SAME = "SELECT DISTINCT unit FROM trials WHERE kind = 'same_model'"
STILL_AT_IT = dt.timedelta(hours=2)
"""A rater who voted within this time is still expected to finish."""


def add_raters(session: str | Path, most: int) -> int:
    """Add raters for pairs that are short of votes.

    Votes that are still to come from places that nobody took yet, or from raters who voted within
    the last two hours, count as given.

    Parameters
    ----------
    session : str or Path
        The session's folder.
    most : int
        Raters to add at most.

    Returns
    -------
    int
        How many were added; nought when no pair is short.

    Raises
    ------
    SessionError
        When it is no session, or was unblinded.
    """
    _, protocol, db = f.open_folder(session)
    try:
        with f.change(db, session):
            return _add(db, protocol, most)
    finally:
        db.close()


def _add(db: sqlite3.Connection, protocol: Protocol, most: int) -> int:
    said = f.meta(db)
    if "unblinded_at" in said:
        raise SessionError(f"session {protocol.name} was unblinded; it takes no more votes")
    units = f.columns(db, _UNITS)
    now = dt.datetime.now(dt.UTC)
    since = f.stamp(now - STILL_AT_IT, "milliseconds")
    given: Counter[str] = Counter()
    given.update({row["unit"]: row["n"] for row in f.columns(db, _GIVEN)})
    given.update({row["unit"]: row["n"] for row in f.columns(db, _OPEN, since)})
    short = {u["id"]: u["votes"] - given[u["id"]] for u in units if u["votes"] > given[u["id"]]}
    if not short:
        return 0
    tested = [_unit(u) for u in units if u["id"] in short]
    shares = Shares(
        placebo=protocol.placebo, catch=protocol.catch, repeat=protocol.repeat,
        ask_when_none=protocol.ask_when_none,
    )  # fmt: skip
    secret = bytes.fromhex(said["secret"])
    length = fitting_length(protocol.per_rater, len({u["prompt"] for u in units}), shares)
    booklets = deal(tested, short, length, secret)[:most]
    first = int(db.execute("SELECT max(number) FROM raters").fetchone()[0]) + 1
    hidden = {
        "placebo": [_unit(u) for u in units if u["identical"] and u["prompt"] != u["id"]],
        "catch": [_unit(u) for u in units if u["spoilt"] is not None and u["prompt"] != u["id"]],
    }
    lean = {row["unit"]: row["n"] for row in f.columns(db, _LEAN)}
    arranged = arrange(booklets, hidden, shares, secret, already=lean, round_=first)
    lessons = lessons_of(protocol.training, protocol.question)
    same = {unit for (unit,) in db.execute(_SAME)}  # of one offer: never a test of the arms
    arranged = [
        [replace(s, kind="same_model") if s.unit in same and s.kind == "test" else s for s in slots]
        for slots in arranged
    ]
    for n, slots in enumerate(arranged):
        keep_booklet(db, first + n, lessons + slots)
    at = f.stamp(now)
    db.execute(
        "INSERT INTO log (at, event, detail) VALUES (?, 'extended', ?)",
        (at, json.dumps({"raters": len(arranged)})),
    )
    return len(arranged)


def _unit(row: dict[str, Any]) -> Unit:
    return Unit(id=row["id"], prompt=row["prompt"], cells=row["cells"])
