"""SQLite's write-ahead log, where several processes open a new file at the same moment."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_S = 0.005


def use_wal(connection: sqlite3.Connection, within_s: float) -> None:
    """Let readers and a writer of a file not wait for each other, from now on.

    A file becomes one with a write-ahead log under a lock that two connections cannot both come
    to; SQLite answers the second that it is busy without waiting, whatever its timeout is. Hence
    it is asked again here: workers that start at once would otherwise end each other.

    Parameters
    ----------
    connection : sqlite3.Connection
        Outside a transaction.
    within_s : float
        For how long it is asked again, in seconds.

    Raises
    ------
    sqlite3.OperationalError
        When the file is still busy after that time, or cannot be written.
    """
    ends = time.monotonic() + within_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= ends:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
