"""Health in ``feeds.db``: answers by the minute and hour, added up over every program.

Functions of a connection; whoever calls holds the transaction. Sketches add up exactly, so it
does not matter which worker saw what. How far an offer's requests are steered away stands in the
file too and is moved by whoever looks first after a step is due: workers agree.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qfloor.router.health import (
    HOUR_S,
    SLOT_S,
    SPAN_SLOTS,
    USUAL_HOURS,
    Slot,
    Unkept,
    Usual,
    current_of,
    health_of,
    ratio_of,
    total_of,
    usual_of,
)
from qfloor.router.policy import HealthFeed
from qfloor.router.sketch import from_plain
from qfloor.router.steering import STEP_S, Steering, steer

_COUNTED = (
    "offer TEXT NOT NULL, slot INTEGER NOT NULL, counts TEXT NOT NULL, ok INTEGER NOT NULL, "
    "failed INTEGER NOT NULL, last_at REAL NOT NULL, PRIMARY KEY (offer, slot)"
)
TABLES = (
    f"CREATE TABLE minutes ({_COUNTED}) WITHOUT ROWID",
    f"CREATE TABLE hours ({_COUNTED}) WITHOUT ROWID",
    "CREATE TABLE steering (offer TEXT PRIMARY KEY, elevated INTEGER NOT NULL, shed REAL NOT NULL, "
    "step REAL NOT NULL, direction INTEGER NOT NULL, calm INTEGER NOT NULL, "
    "stepped_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE resting (offer TEXT PRIMARY KEY, rest_until REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE taken (what TEXT PRIMARY KEY, upto TEXT NOT NULL) WITHOUT ROWID",
)


class UsualMemory:
    """Hours that are over do not change: read once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], Usual | None] = {}
        self.usual: dict[str, float | None] = {}
        self.of_hour: int | None = None

    def forget(self, unkept: Iterable[Unkept]) -> None:
        """What is added to an hour that was read is to be read again."""
        for one in unkept:
            for slot in one.slots:
                hour = slot * SLOT_S // HOUR_S
                if (self.of_hour or 0) > hour or (one.offer, hour) in self.known:
                    self.known.pop((one.offer, hour), None)
                    self.of_hour = None

    def refresh(self, db: sqlite3.Connection, now: float) -> None:
        """Read the hours that are new since the last time an hour began."""
        this = int(now // HOUR_S)
        if self.of_hour == this:
            return
        first = this - USUAL_HOURS[1]
        by_offer: dict[str, list[int]] = {}
        for offer, hour in db.execute(
            "SELECT offer, slot FROM hours WHERE slot >= ? AND slot < ?", (first, this)
        ):
            by_offer.setdefault(offer, []).append(hour)
        known = {}
        for offer, hours in by_offer.items():
            for hour in hours:
                key = offer, hour
                known[key] = self.known[key] if key in self.known else _usual(db, offer, hour)
        self.known, self.of_hour = known, this
        self.usual = {
            offer: usual_of(u for hour in hours if (u := known[offer, hour]) is not None)
            for offer, hours in by_offer.items()
        }


def _usual(db: sqlite3.Connection, offer: str, hour: int) -> Usual | None:
    row = db.execute(
        "SELECT counts FROM hours WHERE offer = ? AND slot = ?", (offer, hour)
    ).fetchone()
    times = from_plain(json.loads(row[0]))
    p95 = times.quantile(0.95)
    return None if p95 is None else Usual(p95, times.n)


@dataclass(frozen=True)
class HealthRead:
    """What the file says at one moment."""

    current: Mapping[str, Slot]
    usual: Mapping[str, float | None]
    states: Mapping[str, Steering]
    resting: Mapping[str, float]
    due: tuple[str, ...]
    empty: bool

    def feed(self, now: float) -> HealthFeed | None:
        """The same for `qfloor.router.choose`."""
        if self.empty:
            return None
        found = {}
        for offer in sorted({*self.current, *self.resting}):
            state = self.states.get(offer, Steering())
            resting = self.resting.get(offer, 0.0) > now
            health = health_of(
                self.current.get(offer, Slot()), self.usual.get(offer), state, resting, now
            )
            if health is not None:
                found[offer] = health
        return HealthFeed(offers=found)


def keep(db: sqlite3.Connection, unkept: Iterable[Unkept], *, live: bool = True) -> None:
    """Add what a window recorded; forget minutes and hours that no window reaches any more.

    ``live`` is False for what happened before: it says nothing of who rests now.
    """
    latest = 0.0
    for one in unkept:
        hours: dict[int, list[Slot]] = {}
        for slot, counted in one.slots.items():
            _add(db, "minutes", one.offer, slot, counted)
            hours.setdefault(slot * SLOT_S // HOUR_S, []).append(counted)
        for hour, counted_in in hours.items():
            _add(db, "hours", one.offer, hour, total_of(counted_in))
        if live:
            db.execute(
                "INSERT OR REPLACE INTO resting VALUES (?, ?)", (one.offer, one.breaker.rest_until)
            )
        latest = max(latest, one.at)
    newest = db.execute("SELECT max(last_at) FROM hours").fetchone()[0] or latest
    db.execute("DELETE FROM minutes WHERE slot < ?", (newest // SLOT_S - 4 * SPAN_SLOTS[1],))
    db.execute("DELETE FROM hours WHERE slot < ?", (newest // HOUR_S - USUAL_HOURS[1] - 1,))
    db.execute("DELETE FROM resting WHERE rest_until < ?", (newest - HOUR_S,))


def taken_upto(db: sqlite3.Connection, what: str) -> str:
    """How far ``what`` was taken."""
    row = db.execute("SELECT upto FROM taken WHERE what = ?", (what,)).fetchone()
    return "" if row is None else str(row[0])


def note_taken(db: sqlite3.Connection, what: str, upto: str) -> None:
    """Remember how far ``what`` was taken."""
    db.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (what, upto))


def _add(db: sqlite3.Connection, table: str, offer: str, slot: int, counted: Slot) -> None:
    row = db.execute(
        f"SELECT counts, ok, failed, last_at FROM {table} WHERE offer = ? AND slot = ?",
        (offer, slot),
    ).fetchone()
    total = counted if row is None else total_of((_slot(row), counted))
    counts = json.dumps(total.times.to_plain())
    db.execute(
        f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?)",
        (offer, slot, counts, total.ok, total.failed, total.last_at),
    )


def _slot(row: tuple[str, int, int, float]) -> Slot:
    return Slot(from_plain(json.loads(row[0])), row[1], row[2], row[3])


def read(
    db: sqlite3.Connection, now: float, memory: UsualMemory, other: Mapping[str, float]
) -> HealthRead:
    """Read what is current, what is usual, and how requests are steered."""
    memory.refresh(db, now)
    this = int(now // SLOT_S)
    slots: dict[str, dict[int, Slot]] = {}
    for offer, slot, *row in db.execute(
        "SELECT offer, slot, counts, ok, failed, last_at FROM minutes WHERE slot > ? AND slot <= ?",
        (this - SPAN_SLOTS[1], this),
    ):
        slots.setdefault(offer, {})[slot] = _slot((row[0], row[1], row[2], row[3]))
    states = {
        offer: Steering(
            elevated=bool(elevated), shed=shed, step=step, direction=direction, calm=calm,
            stepped_at=stepped_at,
        )
        for offer, elevated, shed, step, direction, calm, stepped_at in db.execute(
            "SELECT offer, elevated, shed, step, direction, calm, stepped_at FROM steering"
        )
    }  # fmt: skip
    current = {offer: current_of(found, now) for offer, found in slots.items()}
    steered = {*current, *(o for o, s in states.items() if s.shed or s.elevated)}
    return HealthRead(
        current=current,
        usual={o: memory.usual.get(o) or other.get(o) for o in steered},
        states=states,
        resting=dict(db.execute("SELECT offer, rest_until FROM resting")),
        due=tuple(o for o in steered if _is_due(states.get(o, Steering()), now)),
        empty=db.execute("SELECT 1 FROM hours LIMIT 1").fetchone() is None,
    )


def _is_due(state: Steering, now: float) -> bool:
    return not 0.0 <= now - state.stepped_at < STEP_S


def stepped(read: HealthRead, now: float) -> HealthRead:
    """Return what holds after the steps that are due."""
    states = dict(read.states)
    for offer in read.due:
        ratio = ratio_of(read.current.get(offer, Slot()), read.usual.get(offer))
        states[offer] = steer(read.states.get(offer, Steering()), ratio, now)
    return replace(read, states=states)


def write_steps(db: sqlite3.Connection, read: HealthRead) -> None:
    """Keep the steps that were taken."""
    for offer in read.due:
        state = read.states[offer]
        db.execute(
            "INSERT OR REPLACE INTO steering VALUES (?, ?, ?, ?, ?, ?, ?)",
            (offer, state.elevated, state.shed, state.step, state.direction, state.calm,
             state.stepped_at),
        )  # fmt: skip
