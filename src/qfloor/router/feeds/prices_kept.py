"""Prices in ``feeds.db``: the last good row of each source, and what is held back.

Functions of a connection; whoever calls holds the transaction. A row that a source no longer has
stays and ages, and is dropped after `KEPT_DAYS`: under a ceiling its age rules it out long before.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qfloor.records import Offer, PriceRule
from qfloor.router.feeds.guards import Checked, Held
from qfloor.router.feeds.pricing import PriceShelf, told_apart
from qfloor.router.feeds.rows import PriceRow
from qfloor.router.moments import days_old, moment

KEPT_DAYS = 90

_KEY = (
    "source TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, unit TEXT NOT NULL, "
    "above REAL NOT NULL, variant TEXT NOT NULL, usd TEXT NOT NULL, upto REAL, "
    "rounding TEXT NOT NULL, minimum TEXT, as_of TEXT NOT NULL, page TEXT NOT NULL, retires TEXT"
)
_PRIMARY = "PRIMARY KEY (source, provider, model, unit, above, variant)"
TABLES = (
    f"CREATE TABLE prices ({_KEY}, {_PRIMARY})",
    f"CREATE TABLE held_prices ({_KEY}, before_usd TEXT NOT NULL, held_at TEXT NOT NULL, "
    f"{_PRIMARY})",
    "CREATE TABLE sources (source TEXT PRIMARY KEY, place TEXT NOT NULL, checked_at TEXT NOT NULL, "
    "taken_at TEXT, outcome TEXT NOT NULL, said TEXT NOT NULL)",
)
_COLUMNS = (
    "source, provider, model, unit, above, variant, usd, upto, rounding, minimum, as_of, page, "
    "retires"
)


@dataclass(frozen=True, kw_only=True)
class SourceAge:
    """How a source stands: ``outcome`` of the last update is taken, held or refused."""

    source: str
    place: str
    rows: int
    held: int
    as_of: str | None
    age_days: float | None
    checked_at: str
    outcome: str
    said: str


def keep(
    db: sqlite3.Connection, source: str, place: str, checked: Checked, at: dt.datetime
) -> None:
    """Keep what was taken, hold what was held, drop what is past its day or long unseen."""
    gone = [(source, *row.key) for row in checked.retired]
    where = "source = ? AND provider = ? AND model = ? AND unit = ? AND above = ? AND variant = ?"
    db.executemany(f"DELETE FROM prices WHERE {where}", gone)
    marks = ", ".join("?" * 13)
    db.executemany(
        f"INSERT OR REPLACE INTO prices ({_COLUMNS}) VALUES ({marks})",
        [_values(source, row) for row in checked.taken],
    )
    _drop_other_units(db, source, checked)
    oldest = (at - dt.timedelta(days=KEPT_DAYS)).date().isoformat()
    db.execute("DELETE FROM prices WHERE source = ? AND as_of < ?", (source, oldest))
    db.execute("DELETE FROM held_prices WHERE source = ?", (source,))
    db.executemany(
        f"INSERT INTO held_prices ({_COLUMNS}, before_usd, held_at) VALUES ({marks}, ?, ?)",
        [(*_values(source, h.row), h.before_usd, _text(at)) for h in checked.held],
    )
    said = "; ".join(h.text for h in checked.held)
    note(db, source, place, "held" if checked.held else "taken", said, at)


def _drop_other_units(db: sqlite3.Connection, source: str, checked: Checked) -> None:
    """Who prices by the megapixel now does so no more by the picture: both would be added up."""
    units: dict[tuple[str, str], set[str]] = {}
    for row in checked.taken:
        units.setdefault((row.provider, row.model), set()).add(row.unit)
    for provider, model, unit in db.execute(
        "SELECT DISTINCT provider, model, unit FROM prices WHERE source = ?", (source,)
    ).fetchall():
        if unit not in units.get((provider, model), {unit}):
            db.execute(
                "DELETE FROM prices WHERE source = ? AND provider = ? AND model = ? AND unit = ?",
                (source, provider, model, unit),
            )


def note(
    db: sqlite3.Connection, source: str, place: str, outcome: str, said: str, at: dt.datetime
) -> None:
    """Remember what the last update of a source came to."""
    taken_at = None if outcome == "refused" else _text(at)
    db.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "place = excluded.place, checked_at = excluded.checked_at, outcome = excluded.outcome, "
        "said = excluded.said, taken_at = coalesce(excluded.taken_at, taken_at)",
        (source, place, _text(at), taken_at, outcome, said),
    )


def rows_by_source(db: sqlite3.Connection) -> dict[str, list[PriceRow]]:
    """Every good row."""
    found: dict[str, list[PriceRow]] = {}
    for source, *values in db.execute(
        f"SELECT {_COLUMNS} FROM prices ORDER BY source, provider, model, unit, above, variant"
    ):
        found.setdefault(source, []).append(_row(values))
    return found


def held(db: sqlite3.Connection) -> list[tuple[str, Held]]:
    """Every price that waits for a person."""
    query = f"SELECT {_COLUMNS}, before_usd FROM held_prices ORDER BY source, provider, model"
    return [(source, Held(_row(values), before)) for source, *values, before in db.execute(query)]


def ages(db: sqlite3.Connection, now: dt.datetime) -> list[SourceAge]:
    """How every source stands; its age is that of its newest row."""
    found = []
    query = (
        "SELECT s.source, place, checked_at, outcome, said, "
        "(SELECT count(*) FROM prices p WHERE p.source = s.source), "
        "(SELECT max(as_of) FROM prices p WHERE p.source = s.source), "
        "(SELECT count(*) FROM held_prices h WHERE h.source = s.source) "
        "FROM sources s ORDER BY s.source"
    )
    for source, place, checked_at, outcome, said, rows, as_of, n_held in db.execute(query):
        found.append(
            SourceAge(
                source=source,
                place=place,
                rows=rows,
                held=n_held,
                as_of=as_of,
                age_days=None if as_of is None else days_old(as_of, now.isoformat()),
                checked_at=checked_at,
                outcome=outcome,
                said=said,
            )
        )
    return found


def rules_of(
    kept: Mapping[str, Iterable[PriceRow]],
    offers: Mapping[str, Offer],
    known: Mapping[str, PriceRule],
    today: str | None,
) -> dict[str, PriceRule]:
    """Price offers by the newest source that knows each, unless what is known is newer still."""
    shelves = [
        PriceShelf(source, [r for r in rows if not (today and r.retires and r.retires <= today)])
        for source, rows in sorted(kept.items())
    ]
    found: dict[str, PriceRule] = {}
    apart = told_apart(offers.values(), known)
    for offer in offers.values():
        before = known.get(offer.id)
        told = (s.rule_of(offer, before, apart=offer.id in apart) for s in shelves)
        rules = [rule for rule in told if rule is not None]
        if not rules:
            continue
        newest = max(rules, key=lambda rule: moment(rule.as_of))
        declared = before is not None and before.source.startswith("declared")
        if before is None or declared or _as_new(newest.as_of, before.as_of):
            found[offer.id] = newest
    return found


def _as_new(one: str, other: str) -> bool:
    """Whether a price is at least as new as another; one of unknown age is older than all."""
    try:
        return moment(one) >= moment(other)
    except ValueError:
        return True


def _values(source: str, row: PriceRow) -> tuple[object, ...]:
    return (
        source, *row.key, row.usd, row.upto, row.rounding, row.minimum, row.as_of, row.page,
        row.retires,
    )  # fmt: skip


def _row(values: list[object]) -> PriceRow:
    provider, model, unit, above, variant, usd, upto, rounding, minimum, as_of, page, retires = (
        values
    )
    return PriceRow(
        provider=str(provider), model=str(model), unit=str(unit), above=float(str(above)),
        variant=json.loads(str(variant)), usd=str(usd),
        upto=None if upto is None else float(str(upto)), rounding=str(rounding),
        minimum=None if minimum is None else str(minimum), as_of=str(as_of), page=str(page),
        retires=None if retires is None else str(retires),
    )  # fmt: skip


def _text(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds")
