"""``gateway.db`` and the media beside it: what outlives a worker.

It is what `qfloor.generate` writes attempts and outputs of single requests to, and where jobs
stand. Several workers share it: SQLite in WAL mode, short transactions. Decisions and counters,
which may be a moment late, are `records`' business.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qfloor.errors import StoreError
from qfloor.records import Attempt, Event, Output, Status, canonical_json
from qfloor.store import rows as r
from qfloor.store.connection import BUSY_SECONDS, Database
from qfloor.store.lock import folder_held
from qfloor.store.media_files import MediaFiles
from qfloor.store.media_kept import KeepsMedia
from qfloor.store.migrations import migrate
from qfloor.web.gateway.tables import MIGRATIONS

_SWEPT_AT_ONCE = 500
_FOLD = (
    "INSERT INTO spending SELECT day, key_name, count(*), sum(coalesce(charged_nanousd, 0)), "
    "sum(charged_nanousd IS NULL), sum(CASE WHEN charged_nanousd IS NULL THEN held_nanousd "
    "ELSE 0 END) FROM jobs WHERE id IN (SELECT value FROM json_each(?)) GROUP BY day, key_name "
    "ON CONFLICT (day, key_name) DO UPDATE SET jobs = jobs + excluded.jobs, "
    "charged_nanousd = charged_nanousd + excluded.charged_nanousd, "
    "unknown_jobs = unknown_jobs + excluded.unknown_jobs, "
    "held_nanousd = held_nanousd + excluded.held_nanousd"
)
_IN_DOUBT = (  # by the last row of each call
    "SELECT output_id, event, status, max(seq) FROM attempts WHERE output_id >= ? "
    "AND output_id < ? GROUP BY output_id, n HAVING event <> 'ended' OR status = 'unknown'"
)
_ANSWERED_SINCE = (
    "SELECT 1 FROM attempts AS told JOIN attempts AS other ON other.output_id = told.output_id "
    "AND other.n = told.n WHERE told.output_id >= ? AND told.output_id < ? "
    "AND told.event = 'ended' AND told.status = 'unknown' AND (other.event = 'accepted' "
    "OR (other.event = 'ended' AND other.status <> 'unknown')) LIMIT 1"
)
FOLDER = "gateway"
FILE = "gateway.db"


class LostJobError(StoreError):
    """A job that another worker has taken over: nothing more is bought or written for it here."""

    def __init__(self, job_id: str, what: str = "") -> None:
        super().__init__(f"job {job_id} is another worker's by now{what and f'; {what}'}")


class GatewayLedger(KeepsMedia, Database):
    """The gateway's own ledger; see `qfloor.generate.Ledger` for what a request needs of it."""

    media: MediaFiles

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self.media = MediaFiles(self.root / "media", renews=True)
        self.media.folder.mkdir(parents=True, exist_ok=True)
        self.fence: str | None = None
        """The worker that writes; it appends only to jobs that are its own."""
        self._inside = threading.local()
        self._lasts = self._syncs = True
        self._reading = threading.Lock()
        super().__init__(self.root / FILE)
        self._reader = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._reader.execute("PRAGMA query_only = ON")

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA secure_delete = ON")  # not every SQLite clears what is deleted
        migrate(connection, MIGRATIONS)

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; says how many rows it touched."""
        return self._write(sql, values)

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement for each row."""
        return self._write_many(sql, rows)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[list[BaseException]]:
        """Within a transaction: undo just this part when something is put into the list."""
        failed: list[BaseException] = []
        self._connection.execute("SAVEPOINT part")
        try:
            yield failed
        finally:
            if failed:
                if not self._connection.in_transaction:  # a full disk may end all of it
                    raise failed[0]
                self._connection.execute("ROLLBACK TO part")
                self._failed = False
            self._connection.execute("RELEASE part")

    @contextlib.contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[None]:
        """All writes within are kept or none is; reads within see them.

        What need not be ``lasting`` is seen by all at once and outlives every worker; should the
        machine itself stop, it is there if anything lasting was written after it. The outermost
        decides.
        """
        depth = getattr(self._inside, "depth", 0)
        self._inside.depth = depth + 1
        try:
            with self._lock:
                if self._depth == 0:
                    self._lasts = lasting
                with super().transaction():
                    yield
        finally:
            self._inside.depth = depth

    def _begin(self) -> None:
        if self._lasts is not self._syncs:  # FULL waits for the disk at a commit, NORMAL does not
            try:
                self._connection.execute(
                    f"PRAGMA synchronous = {'FULL' if self._lasts else 'NORMAL'}"
                )
            except sqlite3.ProgrammingError as error:
                raise StoreError(f"{self.path} is closed") from error
            except sqlite3.Error as error:  # the tables' form may have to be read for it
                raise self._told(error, "the store cannot be written") from error
            self._syncs = self._lasts
        super()._begin()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; outside a transaction it never waits for a writer's disk."""
        if getattr(self._inside, "depth", 0):
            return super().rows(sql, values)
        with self._reading:
            try:
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} cannot be read: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
        super().close()

    # -- what a request needs ------------------------------------------------------------------

    def append_attempts(self, attempts: Iterable[Attempt]) -> int:
        """Append events of attempts; `LostJobError` when a job is another worker's by now.

        What a seller answered to a call that is known here is a fact, whoever learns of it; a job
        that was told as unknown is followed from then on, by the worker that told it or its heir.
        """
        events = list(attempts)
        lost = set() if self.fence is None else self._check_owned(events)
        kept = self._write_many(r.insert("attempts", Attempt), (r.encode(a) for a in events))
        if lost:
            self.follow_on(lost)
        return kept

    def follow_on(self, jobs: Iterable[str]) -> None:
        """Make late what was told as unknown and has been answered: it is never bought again."""
        self._write(
            "UPDATE jobs SET plan = doubt, doubt = NULL WHERE plan IS NULL AND doubt IS NOT NULL "
            "AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(jobs)),),
        )

    def _is_late_answer(self, event: Attempt) -> bool:
        """Whether it answers the last call for an output, of which nobody has had an answer yet.

        That the heir told it as unknown is none. What has a handle is left to the owner.
        """
        known = [e for e in self.history(event.output_id) if e.n >= event.n]
        events = {e.event for e in known}
        is_last = all(e.n == event.n for e in known)
        if not is_last or Event.INTENDED not in events or Event.ACCEPTED in events:
            return False
        if event.event is Event.ENDED:
            told = [e.status for e in known if e.event is Event.ENDED]
            return event.status is not Status.UNKNOWN and set(told) <= {Status.UNKNOWN}
        return event.event is Event.ACCEPTED

    def _check_owned(self, events: Sequence[Attempt]) -> set[str]:
        """Within the transaction that writes them: who is declared dead learns of it here.

        So does who took its job over, if the seller has answered since it looked. Gives the jobs
        that are another's: what is let through for them is their sellers' answers.
        """
        jobs = {_job_of(event) for event in events}
        owned = dict(
            self.rows(
                "SELECT id, state IN ('completed', 'failed') FROM jobs "
                "WHERE owner = ? AND id IN (SELECT value FROM json_each(?))",
                (self.fence, json.dumps(sorted(jobs))),
            )
        )
        lost = jobs - owned.keys()
        for event in events:
            job_id = _job_of(event)
            if job_id in lost and not self._is_late_answer(event):
                handle = (
                    ""
                    if event.job is None
                    else f", its seller's handle is {canonical_json(event.job)}"
                )
                raise LostJobError(
                    job_id, f"not kept: {event.event.value} of {event.output_id}{handle}"
                )
            if event.event is Event.INTENDED and owned.get(job_id):
                raise LostJobError(job_id, "it has ended, and nothing is bought for it any more")
            if event.event is Event.INTENDED and self._is_begun(event):
                raise LostJobError(
                    job_id, f"call {event.n} of {event.output_id} was begun since it was looked at"
                )
            if event.status is Status.UNKNOWN and self._is_answered(event):
                raise StoreError(f"{event.output_id} is left open, for its seller has answered")
        return lost

    def _is_answered(self, event: Attempt) -> bool:
        """Whether more is known of a call already than that nobody knows."""
        known = "SELECT 1 FROM attempts WHERE output_id = ? AND n = ? AND event = ? AND status <> ?"
        given = event.output_id, event.n, Event.ENDED.value, Status.UNKNOWN.value
        return self.one(known, given) is not None

    def _is_begun(self, event: Attempt) -> bool:
        """Whether such a call was begun: by another, while this one held an older view of it."""
        begun = "SELECT 1 FROM attempts WHERE output_id = ? AND n >= ?"
        return self.one(begun, (event.output_id, event.n)) is not None

    def save_outputs(self, outputs: Sequence[Output]) -> int:
        """Keep outputs; a later word replaces an earlier, but for one that was made."""
        sql = (
            "INSERT INTO outputs VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "at = excluded.at, media_sha256 = excluded.media_sha256, record = excluded.record "
            "WHERE json_extract(outputs.record, '$.status') <> 'made'"
        )
        rows = [(o.id, o.at, o.media_sha256, canonical_json(o)) for o in outputs]
        return self._write_many(sql, rows)

    # -- reading back --------------------------------------------------------------------------

    def output(self, output_id: str) -> Output | None:
        """One output, or None."""
        row = self.one("SELECT record FROM outputs WHERE id = ?", (output_id,))
        return None if row is None else r.decode_record(Output, row[0])

    def history(self, output_id: str) -> list[Attempt]:
        """Ledger rows of an output, in order."""
        sql = r.select("attempts", Attempt, "output_id = ?", "seq")
        return [r.decode(Attempt, row) for row in self.rows(sql, (output_id,))]

    def in_doubt(self, job_id: str) -> list[str]:
        """Calls of a job that have no last word, or of which it is that nobody knows."""
        return [str(output_id) for output_id, *_ in self.rows(_IN_DOUBT, ids_of(job_id))]

    def is_answered_since(self, job_id: str) -> bool:
        """Whether a seller has answered a call of a job that was told as unknown."""
        return self.one(_ANSWERED_SINCE, ids_of(job_id)) is not None

    def calls(self, job_id: str) -> list[str]:
        """Outputs of a job for which a seller was called, or was about to be."""
        sql = "SELECT DISTINCT output_id FROM attempts WHERE output_id >= ? AND output_id < ?"
        return [str(row[0]) for row in self.rows(sql, ids_of(job_id))]

    def media_type(self, sha256: str) -> str | None:
        """What kept media are; None when there are none of that name."""
        row = self.one(
            "SELECT json_extract(record, '$.media_type') FROM outputs WHERE media_sha256 = ? "
            "LIMIT 1",
            (sha256,),
        )
        return None if row is None else str(row[0])

    def secret(self, name: str) -> bytes:
        """A secret that all workers share and nobody else knows; made when first asked for."""
        self._write(
            "INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING",
            (name, secrets.token_hex(32)),
        )
        row = self.one("SELECT value FROM secrets WHERE name = ?", (name,))
        assert row is not None
        return bytes.fromhex(row[0])

    # -- forgetting ----------------------------------------------------------------------------

    def sweep(self, before: float, *, most_decisions: int) -> int:
        """Forget jobs that ended before an instant, their rows and media, and old decisions.

        What they cost stays, as a sum by day and key. Some at a time, so that nobody who has
        something to write waits for long.
        """
        gone = 0
        while some := self._forget_some(before):
            gone += some
        self._write(
            "DELETE FROM decisions WHERE rowid <= (SELECT max(rowid) FROM decisions) - ?",
            (most_decisions,),
        )
        self._drop_media(before)
        return gone

    def _forget_some(self, before: float) -> int:
        with self.transaction():
            rows = self.rows(
                "SELECT id FROM jobs WHERE state IN ('completed', 'failed') AND ended_at < ? "
                "LIMIT ?",
                (before, _SWEPT_AT_ONCE),
            )
            ids = [row[0] for row in rows]
            self.forget_ended(ids)
        return len(ids)

    def forget_ended(self, ids: list[str]) -> None:
        """Remove jobs, within a transaction; what they cost stays in the sums."""
        self._write(_FOLD, (json.dumps(ids),))
        for job in ids:
            self.forget(job)

    def wipe(self) -> None:
        """Empty SQLite's log of pages, where what was forgotten can still be read.

        Nobody has to wait for it: a moment is sought, and else it stays until the next time.
        """
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(
                sqlite3.connect(self.path, timeout=0.0, isolation_level=None)
            ) as own,
        ):
            own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # most of it: others write on
            for _ in range(200):
                if not own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    break
                time.sleep(0.005)

    def forget(self, job_id: str) -> None:
        """Remove a job, and what its ledger says; its cost is kept by whoever wants it kept."""
        likes = ids_of(job_id)
        self._write("DELETE FROM attempts WHERE output_id >= ? AND output_id < ?", likes)
        self._write("DELETE FROM outputs WHERE id >= ? AND id < ?", likes)
        self._write("DELETE FROM jobs WHERE id = ?", (job_id,))

    def _drop_media(self, before: float) -> None:
        """Remove media that no row names any more; the newest are never looked at."""
        named = "SELECT 1 FROM outputs WHERE media_sha256 = ?"
        for path in self.media.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # another worker sweeps as well
                if path.stat().st_mtime < before and self.one(named, (path.stem,)) is None:
                    self._drop_unless_renewed(path, before)
        left = ("media/drafts/*", "generators/*/*/*", "releases/draft-*")  # by who was killed
        for path in (found for pattern in left for found in self.root.glob(pattern)):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime < before:
                    path.unlink()

    def _drop_unless_renewed(self, path: Path, before: float) -> None:
        """Remove a file, but not one that was made anew since it was looked at.

        Nobody gives a name meanwhile; where there are no locks, one may be gone for a moment.
        """
        aside = self.media.folder / "drafts" / f"dropped-{secrets.token_hex(8)}"
        aside.parent.mkdir(exist_ok=True)
        with folder_held(self.media.folder, alone=True):
            if path.stat().st_mtime >= before:
                return
            path.rename(aside)
            if aside.stat().st_mtime >= before:
                aside.rename(path)
            else:
                aside.unlink()


def _job_of(event: Attempt) -> str:
    return event.output_id.rsplit("-", 2)[0]


def ids_of(job_id: str) -> tuple[str, str]:
    """The range of a job's output ids, which an index serves: '.' follows '-'."""
    return f"{job_id}-", f"{job_id}."
