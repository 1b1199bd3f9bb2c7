"""Many changes, one commit: what goes wrong by itself takes no other with it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from qfloor.abtest.writer import GroupWriter
from qfloor.errors import SessionError, VoteError


def _connection(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("CREATE TABLE IF NOT EXISTS kept (what TEXT NOT NULL) STRICT")
    return db


def _insert(what: Any) -> Any:
    return lambda db: db.execute("INSERT INTO kept VALUES (?)", (what,)).rowcount


def _refuse(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO kept VALUES ('refused')")
    raise VoteError("stale", "not this one")


def _stumble(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO kept VALUES ('stumbled')")
    db.execute("INSERT INTO kept VALUES (?)", ("\ud800",))  # no text that a file can hold


def test_one_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    writer = GroupWriter(_connection(tmp_path / "db"))
    gate = threading.Event()
    held = writer.submit(lambda db: gate.wait(20))  # the others wait, and share a commit
    changes = (_insert("a"), _refuse, _stumble, _insert("b"))
    futures = [writer.submit(change) for change in changes]
    gate.set()
    assert held.result(20) is True
    assert [futures[0].result(20), futures[3].result(20)] == [1, 1]
    with pytest.raises(VoteError, match="not this one"):
        futures[1].result(20)
    with pytest.raises(SessionError, match="could not be kept"):
        futures[2].result(20)
    writer.close()
    with sqlite3.connect(tmp_path / "db") as db:
        assert db.execute("SELECT what FROM kept ORDER BY 1").fetchall() == [("a",), ("b",)]
    db.close()


def test_who_no_longer_waits_stops_nobody(tmp_path: Path) -> None:
    writer = GroupWriter(_connection(tmp_path / "db"))
    gate = threading.Event()
    writer.submit(lambda db: gate.wait(20))
    gone = writer.submit(_insert("gone"))
    assert gone.cancel()  # as asyncio does with the task of an answer that it ends
    gate.set()
    assert writer.submit(_insert("b")).result(20) == 1
    writer.close()


def test_a_database_that_fails_answers_nobody_with_a_yes(tmp_path: Path) -> None:
    writer = GroupWriter(_connection(tmp_path / "db"))
    gate = threading.Event()
    writer.submit(lambda db: gate.wait(20))
    futures = [writer.submit(_insert("a")), writer.submit(lambda db: db.execute("nonsense"))]
    gate.set()
    for future in futures:
        with pytest.raises(SessionError, match="could not be kept"):
            future.result(20)
    assert writer.submit(_insert("c")).result(20) == 1  # and it goes on
    writer.close()
    with pytest.raises(SessionError, match="being closed"):
        writer.submit(_insert("d")).result(20)


def test_what_comes_while_it_is_closed_is_refused(tmp_path: Path) -> None:
    """It was queued after the last look into the queue, and who asked waited for ever."""
    writer = GroupWriter(_connection(tmp_path / "db"))
    put = writer._queue.put

    class Queue:
        get, get_nowait = writer._queue.get, writer._queue.get_nowait

        def put(self, entry: Any) -> None:
            if entry is not None:
                writer.close()  # another thread, between the look at whether it is and this
            put(entry)

    writer._queue = Queue()  # type: ignore[assignment]
    late = writer.submit(_insert("late"))
    assert late.done()
    with pytest.raises(SessionError, match="being closed"):
        late.result(0)


def test_a_disk_that_takes_nothing_back_leaves_nobody_waiting(tmp_path: Path) -> None:
    class Broken:
        in_transaction = True

        def execute(self, sql: str) -> None:
            if sql in ("COMMIT", "ROLLBACK"):
                raise sqlite3.OperationalError("disk I/O error")

        def close(self) -> None:
            pass

    writer = GroupWriter(Broken())  # type: ignore[arg-type]
    for _ in range(2):  # the thread that writes goes on
        with pytest.raises(SessionError, match="disk I/O error"):
            writer.submit(lambda db: None).result(20)
    writer.close()
