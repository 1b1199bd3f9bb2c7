"""How a store comes to have its tables: small named functions, in order, each recorded.

A migration is never edited once released; a change of the schema is a new function at the end
of `MIGRATIONS`. All that are due run in one transaction: a store is migrated or untouched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from qfloor.errors import StoreError
from qfloor.store.schema import (
    CORRECTIONS,
    DRIFT,
    EVIDENCE,
    FIRST,
    FROZEN,
    LINKINGS,
    PARITIES,
    PREDICTIONS,
    REFERENCES,
    ROUND_PARITIES,
    SEQUENTIAL,
    TIMES,
    TRIALS,
)
from qfloor.store.schema_beside import BESIDE
from qfloor.store.schema_learned import LEARNED
from qfloor.store.schema_tiers import TIERS

Migration = Callable[[sqlite3.Connection], None]


def create_tables(connection: sqlite3.Connection) -> None:
    """Prompts, offers, outputs, the ledger, scores, judgments, imports and runs."""
    for statement in FIRST:
        connection.execute(statement)


def create_evidence(connection: sqlite3.Connection) -> None:
    """Thresholds, calibrations, floors and verdicts of a run."""
    for statement in EVIDENCE:
        connection.execute(statement)


def create_references(connection: sqlite3.Connection) -> None:
    """Frozen reference sets of metrics that compare only within a prompt."""
    for statement in REFERENCES:
        connection.execute(statement)


def create_parities(connection: sqlite3.Connection) -> None:
    """Checks of coarser precisions against float32."""
    for statement in PARITIES:
        connection.execute(statement)


def create_predictions(connection: sqlite3.Connection) -> None:
    """How metrics predict people's fails; the rank correlation of calibrations."""
    for statement in PREDICTIONS:
        connection.execute(statement)


def create_sequential(connection: sqlite3.Connection) -> None:
    """States of tests that look after every prompt."""
    for statement in SEQUENTIAL:
        connection.execute(statement)


def create_linkings(connection: sqlite3.Connection) -> None:
    """Whether two sessions of ratings may be pooled."""
    for statement in LINKINGS:
        connection.execute(statement)


def create_frozen_plans(connection: sqlite3.Connection) -> None:
    """Plans frozen before the first score; what differs from one is marked, or not known."""
    for statement in FROZEN:
        connection.execute(statement)
    _allow_null(connection, "thresholds", "post_hoc INTEGER")


def _allow_null(connection: sqlite3.Connection, table: str, column: str) -> None:
    """Make a table again, as it is by now, but for a column that may be absent."""
    run = connection.execute
    (sql,) = run("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    run(f"ALTER TABLE {table} RENAME TO {table}_before")
    run(sql.replace(f"{column} NOT NULL", column))
    run(f"INSERT INTO {table} SELECT * FROM {table}_before")
    run(f"DROP TABLE {table}_before")


def add_trials(connection: sqlite3.Connection) -> None:
    """Of a comparison: the names of its trial and pair, its arms, and when it was shown."""
    for statement in TRIALS:
        connection.execute(statement)


def add_corrections(connection: sqlite3.Connection) -> None:
    """P-values, how a family's error was shared, and the upper bound of a lower quartile."""
    for statement in CORRECTIONS:
        connection.execute(statement)


def create_drift(connection: sqlite3.Connection) -> None:
    """What comparisons of two rounds found."""
    for statement in DRIFT:
        connection.execute(statement)


def create_beside(connection: sqlite3.Connection) -> None:
    """Pass rates, floors of tags and languages, panels less one rater, and verdicts' panels."""
    for statement in BESIDE:
        connection.execute(statement)


def check_precisions_by_round(connection: sqlite3.Connection) -> None:
    """Checks of coarser precisions by round; earlier ones, of no known round, are kept as such."""
    for statement in ROUND_PARITIES:
        connection.execute(statement)


def time_outputs(connection: sqlite3.Connection) -> None:
    """Of an output: how long our own limits kept it, its download, and whose clock was read."""
    for statement in TIMES:
        connection.execute(statement)


def create_learned(connection: sqlite3.Connection) -> None:
    """What rules for thresholds found; pass rates at the family's level."""
    for statement in LEARNED:
        connection.execute(statement)


def create_tierings(connection: sqlite3.Connection) -> None:
    """What policies moved and deleted of media."""
    for statement in TIERS:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (
    create_tables,
    create_evidence,
    create_references,
    create_parities,
    create_predictions,
    create_sequential,
    create_linkings,
    create_frozen_plans,
    add_trials,
    add_corrections,
    create_drift,
    create_beside,
    check_precisions_by_round,
    time_outputs,
    create_learned,
    create_tierings,
)


def applied(connection: sqlite3.Connection) -> list[str]:
    """Names of the migrations a store has had, in order; empty for a new file."""
    exists = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
    ).fetchone()
    if not exists:
        return []
    return [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY n")]


def migrate(
    connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None
) -> list[str]:
    """Bring a store up to date in one transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode (``isolation_level=None``).
    migrations : sequence of callables, optional
        `MIGRATIONS` unless a test says otherwise.

    Returns
    -------
    list of str
        Names of the migrations that ran now.

    Raises
    ------
    StoreError
        When a newer qfloor wrote the store, or it is not a store of qfloor.
    """
    todo = MIGRATIONS if migrations is None else migrations
    names = [m.__name__ for m in todo]
    if applied(connection) == names:
        return []
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = applied(connection)  # again: another process may have been faster
        _refuse_foreign(connection, done, names)
        for n, migration in enumerate(todo[len(done) :], start=len(done) + 1):
            migration(connection)
            _note(connection, n, migration.__name__)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return names[len(done) :]


def _note(connection: sqlite3.Connection, n: int, name: str) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(n INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL) STRICT"
    )
    at = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (n, name, at))


def _refuse_foreign(connection: sqlite3.Connection, done: list[str], names: list[str]) -> None:
    if not done and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StoreError("this SQLite file holds other tables and is not a store of qfloor")
    if done == names[: len(done)]:
        return
    if done[: len(names)] == names:
        raise StoreError(
            f"this store was written by a newer qfloor (it has {done[-1]!r}, number {len(done)}, "
            f"and this version knows {len(names)}); upgrade qfloor"
        )
    raise StoreError(f"this store's history is not one this version knows: {', '.join(done)}")
