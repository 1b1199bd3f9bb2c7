"""One thread that writes: votes that come at the same time share one commit.

A caller is answered after the commit that holds its change is on disk, never before. What is
refused, or goes wrong by itself, is rolled back alone; only where the database fails does nobody's
change stand. It knows nothing of sessions.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from qfloor.errors import QfloorError, SessionError

MOST_TOGETHER = 256
Change = Callable[[sqlite3.Connection], Any]


class GroupWriter:
    """Runs changes in order on one connection, many to a transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        Used by this thread alone from now on; closed by `close`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[tuple[Change, Future[Any]] | None] = queue.SimpleQueue()
        self._closed = self._ended = False
        self._thread = threading.Thread(target=self._run, name="votes", daemon=True)
        self._thread.start()

    def submit(self, change: Change) -> Future[Any]:
        """Queue a change; its future is done when it is on disk, or refused."""
        future: Future[Any] = Future()
        if self._closed:
            future.set_exception(_closing())
        else:
            self._queue.put((change, future))
            if self._ended:  # closed between the two, so that nobody reads the queue any more
                self._refuse_rest()
        return future

    def close(self) -> None:
        """Finish what is queued and close the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self._connection.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            batch = [self._queue.get()]
            while len(batch) < MOST_TOGETHER and batch[-1] is not None:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            ended = batch[-1] is None
            if work := [entry for entry in batch if entry is not None]:
                self._write(work)
        self._ended = True
        self._refuse_rest()

    def _refuse_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                entry = self._queue.get_nowait()
                if entry is not None and entry[1].set_running_or_notify_cancel():
                    entry[1].set_exception(_closing())

    def _write(self, work: list[tuple[Change, Future[Any]]]) -> None:
        run = self._connection.execute
        done: list[tuple[Future[Any], Any]] = []
        try:
            run("BEGIN IMMEDIATE")
            for change, future in work:
                if not future.set_running_or_notify_cancel():
                    continue  # whoever asked is gone, and was told nothing
                run("SAVEPOINT one")
                try:
                    done.append((future, change(self._connection)))
                except sqlite3.Error:
                    raise
                except Exception as error:
                    run("ROLLBACK TO one")
                    future.set_exception(error if isinstance(error, QfloorError) else _lost(error))
                run("RELEASE one")
            run("COMMIT")
        except Exception as error:  # a full or broken disk: nobody may wait on
            with contextlib.suppress(sqlite3.Error):  # it would end this thread, and all would wait
                if self._connection.in_transaction:
                    run("ROLLBACK")
            for _, future in work:
                if not future.done():
                    future.set_exception(_lost(error))
            return
        for future, result in done:
            future.set_result(result)


def _closing() -> SessionError:
    return SessionError("the session is being closed")


def _lost(error: Exception) -> SessionError:
    return SessionError(f"the answer could not be kept ({error}); nothing of it was")
