"""A session's folder: ``protocol.json``, ``session.db`` and the sheets, and nothing of the arms.

The database is SQLite, written ahead and synchronised with every commit: what was answered is on
disk. Names in it are random. Which cell is which arm's stands in the arm key only
(`abtest.key`), so whoever holds the folder, its host included, is as blind as the raters.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qfloor.abtest.protocol import Protocol, read_protocol
from qfloor.errors import SessionError
from qfloor.wal import use_wal

DATABASE = "session.db"
SHEETS = "sheets"
LOCK = "session.lock"
BUSY_SECONDS = 10.0

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE sheets (
  id TEXT PRIMARY KEY, file TEXT NOT NULL, media_type TEXT NOT NULL, cells INTEGER NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL, stride INTEGER NOT NULL, seconds REAL
) STRICT;
CREATE TABLE units (
  id TEXT PRIMARY KEY, sheet TEXT NOT NULL REFERENCES sheets, prompt TEXT NOT NULL,
  prompt_text TEXT NOT NULL, category TEXT NOT NULL, votes INTEGER NOT NULL,
  identical INTEGER NOT NULL DEFAULT 0, spoilt INTEGER, audit INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE raters (
  id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, number INTEGER NOT NULL UNIQUE,
  source TEXT NOT NULL DEFAULT 'link', person TEXT UNIQUE, joined_at TEXT, consented_at TEXT,
  completion TEXT NOT NULL
) STRICT;
CREATE TABLE trials (
  token TEXT PRIMARY KEY, rater TEXT NOT NULL REFERENCES raters, position INTEGER NOT NULL,
  kind TEXT NOT NULL, unit TEXT NOT NULL REFERENCES units, places TEXT NOT NULL,
  ask INTEGER NOT NULL, repeat_of TEXT REFERENCES trials, UNIQUE (rater, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE votes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, trial TEXT NOT NULL REFERENCES trials,
  rater TEXT NOT NULL REFERENCES raters, submission TEXT NOT NULL UNIQUE,
  response TEXT NOT NULL, both_bad INTEGER NOT NULL, scores TEXT, usable TEXT, ranks TEXT,
  reason TEXT, shown_at TEXT NOT NULL, submitted_at TEXT NOT NULL, duration_ms INTEGER NOT NULL,
  paused_ms INTEGER NOT NULL, undone_at TEXT
) STRICT;
CREATE UNIQUE INDEX one_vote ON votes (trial) WHERE undone_at IS NULL;
CREATE INDEX votes_of ON votes (rater, seq);
CREATE TABLE log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, event TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
"""


def stamp(at: dt.datetime, digits: str = "seconds") -> str:
    """A moment in UTC as a session keeps it."""
    return at.isoformat(timespec=digits).replace("+00:00", "Z")


def token() -> str:
    """A name that says nothing and cannot be guessed: 128 bits."""
    return secrets.token_urlsafe(16)


def for_places(secret: bytes) -> bytes:
    """Derive what later places are drawn by from a session's secret, which no folder may hold.

    The secret itself orders the cells: with it, whoever knows ids of outputs knows the arms.
    """
    return hmac.new(secret, b"places added later", hashlib.sha256).digest()


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a session's database, every commit on disk before it returns.

    Raises
    ------
    SessionError
        When there is none or it is none.
    """
    if not create and not path.is_file():
        raise SessionError(f"{path.parent} is no blind session: it has no {path.name}")
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        use_wal(connection, BUSY_SECONDS)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if create:
            connection.executescript(SCHEMA)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise SessionError(f"{path} cannot be opened as a session: {error}") from error
    return connection


def open_folder(folder: str | Path) -> tuple[Path, Protocol, sqlite3.Connection]:
    """Open a session: its folder, protocol and database, which must belong together.

    Raises
    ------
    SessionError
        When it is no session, the protocol was edited, or it is another session's.
    """
    root = Path(folder).expanduser().resolve()
    protocol = read_protocol(root)
    connection = connect(root / DATABASE)
    try:
        said = meta(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise SessionError(f"{root / DATABASE} cannot be read: {error}") from error
    if said.get("protocol_digest") != protocol.digest:
        connection.close()
        raise SessionError(
            f"{root}: protocol and votes are of two sessions ({protocol.digest} and "
            f"{said.get('protocol_digest')}); restore the folder"
        )
    return root, protocol, connection


@contextlib.contextmanager
def change(connection: sqlite3.Connection, session: str | Path) -> Iterator[None]:
    """One commit, or nothing of it.

    Raises
    ------
    SessionError
        When another process writes the session for too long, or the disk takes nothing.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise SessionError(
            f"{session} cannot be written just now ({error}); nothing was changed, try again"
        ) from error


def meta(connection: sqlite3.Connection) -> dict[str, str]:
    """What the session says of itself: digest, what draws places, tokens, when it was unblinded."""
    return dict(connection.execute("SELECT name, value FROM meta").fetchall())


def say_meta(connection: sqlite3.Connection, **values: str) -> None:
    """Keep facts about the session."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def columns(connection: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a query by name of column."""
    found = connection.execute(sql, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
