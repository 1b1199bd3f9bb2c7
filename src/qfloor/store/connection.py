"""The connection to ``store.db``: transactions, reads and the two ways SQLite says no.

One connection, shared by the threads of a process under a lock. Writers take the database with
BEGIN IMMEDIATE, so two processes never interleave; readers are never blocked (WAL).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from qfloor.errors import StoreError, UnwritableError
from qfloor.store.migrations import migrate
from qfloor.wal import use_wal

T = TypeVar("T")
BUSY_SECONDS = 10.0
CHUNK = 5_000
_PASSING = tuple(
    f"SQLITE_{what}"
    for what in ("BUSY", "LOCKED", "FULL", "READONLY", "IOERR", "CANTOPEN", "NOMEM", "PROTOCOL")
)
"""Names of errors that tell of the disk or of other writers, not of what was to be written."""
CACHE_KIB = 65_536
"""How much of the file SQLite may hold: its own 2 MiB are full long before an import is done."""


class Database:
    """A migrated ``store.db``; the base that the groups of tables build on."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._failed = False
        self._is_reading = False
        self._busy_seconds = busy_seconds
        self._connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        try:
            use_wal(self._connection, self._busy_seconds)
            run("PRAGMA synchronous = FULL")
            run("PRAGMA foreign_keys = ON")
            run("PRAGMA wal_autocheckpoint = 4000")
            run(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._bring_up_to_date(self._connection)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be opened as a store: {error}") from error

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or change them to what this version keeps."""
        migrate(connection)

    def close(self) -> None:
        """Close the file; everything committed is already on disk."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are kept or none is; may be nested, the outermost decides.

        Raises
        ------
        StoreError
            When another process holds the store for longer than the busy time, or a row is
            refused by the schema.
        """
        with self._lock:
            if self._depth == 0:
                self._begin()
            self._depth += 1
            try:
                yield
            except BaseException as error:
                self._failed = True
                if isinstance(error, sqlite3.Error):
                    raise self._told(error, "the store refused a row") from error
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._finish()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read within is of one moment, whatever others write meanwhile; may be nested.

        For what is put together from several tables, such as a release; nothing is written within.
        """
        with self._lock:
            if self._depth or self._is_reading:
                yield
                return
            self.rows("BEGIN")
            self._is_reading = True
            try:
                yield
            finally:
                self._is_reading = False
                self.rows("ROLLBACK")

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            busy = f"another process is writing {self.path} and did not finish in time; try again"
            raise self._told(error, busy) from error
        except sqlite3.ProgrammingError as error:
            raise StoreError(f"{self.path} is closed") from error

    def _finish(self) -> None:
        """Commit, or roll back when anything within failed, even if its error was caught."""
        failed, self._failed = self._failed, False
        if failed:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise self._told(error, "the store refused rows") from error

    def _told(self, error: sqlite3.Error, otherwise: str) -> StoreError:
        """One sentence for what the disk did; what it did not do is said ``otherwise``."""
        sentence = self._sentence(error, otherwise)
        name = str(getattr(error, "sqlite_errorname", ""))
        return UnwritableError(sentence) if name.startswith(_PASSING) else StoreError(sentence)

    def _sentence(self, error: sqlite3.Error, otherwise: str) -> str:
        name = str(getattr(error, "sqlite_errorname", ""))
        kept = "what was kept is safe"
        if name.startswith("SQLITE_FULL"):
            return f"the disk of {self.path} is full; {kept}, make room and run again"
        if name.startswith("SQLITE_READONLY"):
            return f"{self.path} is read-only for this user; {kept}, make it writable and run again"
        if name.startswith("SQLITE_IOERR"):
            return f"the disk of {self.path} failed ({error}); {kept}, mend it and run again"
        return f"{otherwise} ({error})"

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._told(error, f"{self.path} cannot be read") from error

    def one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def _write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement inside a transaction; returns how many rows it touched."""
        with self.transaction():
            return self._connection.execute(sql, values).rowcount

    def _write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement for each row, all or none; returns how many rows were touched."""
        touched = 0
        with self.transaction():
            for chunk in chunks(rows, CHUNK):
                touched += max(0, self._connection.executemany(sql, chunk).rowcount)
        return touched


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size`` values, in order."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def among(column: str, values: Iterable[str] | None) -> tuple[str, list[str]]:
    """SQL that limits a column to some values, and the values; nothing for None."""
    if values is None:
        return "", []
    given = [str(v) for v in values]
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(given)]


def where(*clauses: tuple[str, list[str]]) -> tuple[str, list[str]]:
    """Join the clauses that say something with AND."""
    said = [c for c in clauses if c[0]]
    return " AND ".join(c[0] for c in said), [v for c in said for v in c[1]]
