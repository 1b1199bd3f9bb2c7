"""Several processes that open a new file at the same moment: all come to open it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qfloor.abtest.folder import connect
from qfloor.errors import StoreError
from qfloor.router.feeds import FeedStore
from qfloor.store.connection import Database
from qfloor.wal import use_wal

OPENERS: dict[str, Callable[[Path], object]] = {
    "store": Database,
    "feeds": FeedStore.open,
    "session": lambda path: connect(path, create=True),
}


@contextlib.contextmanager
def another_begins(path: Path, seconds: float) -> Iterator[None]:
    """Another process that makes the new file just now, and takes so long for it."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def end() -> None:
        time.sleep(seconds)
        other.execute("ROLLBACK")
        other.close()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("what", OPENERS)
def test_who_opens_a_file_that_another_is_making_waits_for_it(tmp_path: Path, what: str) -> None:
    """SQLite says at once that the file is busy, whatever its timeout: workers ended by it."""
    path = tmp_path / "new.db"
    with another_begins(path, 0.3):
        opened = OPENERS[what](path)
    assert opened is not None
    opened.close()  # type: ignore[attr-defined]
    with contextlib.closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with another_begins(path, 0.5), pytest.raises(StoreError, match=r"new\.db cannot be opened"):
        Database(path, busy_seconds=0.05)


def test_what_is_not_busy_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_bytes(b"not a database" * 100)
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as opened,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        use_wal(opened, 1e9)
