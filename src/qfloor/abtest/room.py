"""The rater's room: what a rater is shown next, and votes that are kept before the page moves on.

All that happens here goes by random tokens. It opens the session's folder and nothing else, and
it does not know the arms. A vote counts once whatever the network does (its submission is its
name), only for the trial that is due, and not before the pictures could be seen.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from qfloor.abtest import folder as f
from qfloor.abtest.ballots import Ballot, check_ballot, only_asked
from qfloor.abtest.closing import Standing, standing_of
from qfloor.abtest.protocol import Protocol
from qfloor.abtest.writer import GroupWriter
from qfloor.errors import VoteError
from qfloor.store.lock import WriterLock

_DUE = (
    "SELECT t.*, u.sheet, u.prompt_text, u.identical, u.spoilt, s.media_type, s.cells, s.width, "
    "s.height, s.stride, s.seconds FROM trials t JOIN units u ON u.id = t.unit "
    "JOIN sheets s ON s.id = u.sheet WHERE t.rater = ? AND NOT EXISTS "
    "(SELECT 1 FROM votes v WHERE v.trial = t.token AND v.undone_at IS NULL) "
    "ORDER BY t.position LIMIT 2"
)
_LAST = "SELECT * FROM votes WHERE rater = ? ORDER BY seq DESC LIMIT 1"


def iso(at: float) -> str:
    """A moment as the session keeps it: UTC, milliseconds."""
    return f.stamp(dt.datetime.fromtimestamp(at, dt.UTC), "milliseconds")


class Room:
    """A session that is open to raters; one process at a time.

    Parameters
    ----------
    folder : str or Path
        The session's folder.
    clock, stopwatch : callable, optional
        Seconds since 1970, which may jump, and seconds that never do; for tests.

    Raises
    ------
    SessionError
        When it is no session, was edited, or is open in another process.
    """

    def __init__(
        self,
        folder: str | Path,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        with contextlib.ExitStack() as opened:  # whatever refuses to open, nothing stays open
            self._open(folder, opened)
            opened.pop_all()
        self._clock, self._stopwatch = clock, stopwatch
        self._opened: dict[str, float] = {}  # trial -> when it was first told of, by stop-watch

    def _open(self, folder: str | Path, opened: contextlib.ExitStack) -> None:
        self.root, self.protocol, self._reader = f.open_folder(folder)
        opened.callback(self._reader.close)
        self._reading = threading.Lock()
        self._host_reader = f.connect(self.root / f.DATABASE)
        self._host_reading = threading.Lock()
        opened.callback(self._host_reader.close)
        said = f.meta(self._reader)
        self.join_token, self.host_token = said["join_token"], said["host_token"]
        self._salt = bytes.fromhex(said["salt"])
        self._lock = WriterLock(self.root / f.LOCK)
        self._lock.acquire("ab serve")
        opened.callback(self._lock.release)
        self._writer = GroupWriter(f.connect(self.root / f.DATABASE))

    def close(self) -> None:
        """Finish what is being written and let others open the session."""
        self._writer.close()
        with self._reading:
            self._reader.close()
        with self._host_reading:
            self._host_reader.close()
        self._lock.release()

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- reading ---------------------------------------------------------------------------

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the session's database, by name of column."""
        with self._reading:
            return f.columns(self._reader, sql, *values)

    def host_rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows for the host: all votes at once, by a connection that no rater waits for."""
        with self._host_reading:
            return f.columns(self._host_reader, sql, *values)

    def standing(self) -> Standing:
        """How far the planned votes are in."""
        with self._host_reading:
            return standing_of(self._host_reader)

    def rater(self, token: str) -> dict[str, Any]:
        """Find who holds a token.

        Raises
        ------
        VoteError
            When nobody does.
        """
        return _rater(self.rows("SELECT * FROM raters WHERE token = ?", token))

    def state(self, token: str) -> dict[str, Any]:
        """All that a rater's page needs: where they stand, the trial that is due, the next."""
        rater = self.rater(token)
        due = self.rows(_DUE, rater["id"])
        counted = self.rows(
            "SELECT t.kind = 'training' AS training, count(*) AS total, count(v.seq) AS done "
            "FROM trials t LEFT JOIN votes v ON v.trial = t.token AND v.undone_at IS NULL "
            "WHERE t.rater = ? GROUP BY 1",
            rater["id"],
        )
        last = self.rows(_LAST, rater["id"])
        phase = self._phase(rater, due)
        shown = due if phase in ("training", "trials") else []
        for trial in shown[:1]:  # from now on it can be looked at, and not before consent
            self._opened.setdefault(trial["token"], self._stopwatch())
        return {
            "phase": phase,
            "rater": rater["number"],
            "progress": {
                "training" if c["training"] else "trials": {"done": c["done"], "total": c["total"]}
                for c in counted
            },
            "trial": _told(shown[0]) if shown else None,
            "next": _told(shown[1]) if len(shown) > 1 else None,
            "can_undo": phase in ("trials", "done") and self._may_undo(last),
            "completion": self._completion(rater) if phase == "done" else None,
        }

    def _phase(self, rater: dict[str, Any], due: list[dict[str, Any]]) -> str:
        if self._meta_value("unblinded_at") is not None:
            return "closed"
        if rater["consented_at"] is None:
            return "consent"
        if not due:
            return "done"
        return "training" if due[0]["kind"] == "training" else "trials"

    def _meta_value(self, name: str) -> str | None:
        found = self.rows("SELECT value FROM meta WHERE name = ?", name)
        return found[0]["value"] if found else None

    def _may_undo(self, last: list[dict[str, Any]]) -> bool:
        """Only the very last answer, once, and never one of the training."""
        if not last or last[0]["undone_at"] is not None:
            return False
        kind = self.rows("SELECT kind FROM trials WHERE token = ?", last[0]["trial"])[0]["kind"]
        return str(kind) != "training"

    def _completion(self, rater: dict[str, Any]) -> dict[str, Any]:
        """Tell the study's code, or the rater's own, and where the rater came from."""
        code = self.protocol.completion_code
        return {
            "source": rater["source"], "code": code or rater["completion"], "own": not code,
        }  # fmt: skip

    def sheet(self, trial: str) -> tuple[Path, str]:
        """Find the file that a trial shows, and what it is.

        Raises
        ------
        VoteError
            When there is no such trial.
        """
        found = self.rows(
            "SELECT s.file, s.media_type FROM trials t JOIN units u ON u.id = t.unit "
            "JOIN sheets s ON s.id = u.sheet WHERE t.token = ?",
            trial,
        )
        if not found:
            raise VoteError("unknown", "there is nothing here")
        return self.root / f.SHEETS / found[0]["file"], found[0]["media_type"]

    # -- writing ---------------------------------------------------------------------------

    def join(self, source: str, person: str | None) -> Future[str]:
        """Give a person a booklet that nobody has, or the one that they have already.

        Parameters
        ----------
        source : str
            ``link``, ``prolific`` or ``mturk``.
        person : str or None
            Their id there; only a salted hash of it is kept.

        Returns
        -------
        Future of str
            The rater's token.
        """
        named = None
        if person is not None:
            said = f"{source}:{person}".encode()
            named = hmac.new(self._salt, said, hashlib.sha256).hexdigest()[:24]
        at = iso(self._clock())
        return self._writer.submit(lambda db: _join(db, source, named, at))

    def consent(self, token: str) -> Future[None]:
        """Keep that a rater agreed to take part."""
        at = iso(self._clock())

        def agree(db: sqlite3.Connection) -> None:
            _rater(f.columns(db, "SELECT * FROM raters WHERE token = ?", token))
            db.execute(
                "UPDATE raters SET consented_at = coalesce(consented_at, ?), "
                "joined_at = coalesce(joined_at, ?) WHERE token = ?",
                (at, at, token),
            )

        return self._writer.submit(agree)

    def vote(self, token: str, ballot: Ballot) -> Future[dict[str, Any] | None]:
        """Keep a vote; the future gives what training says of it, else None.

        The same submission again is the same vote. Refused with a `VoteError` are: a trial that
        is not due (``stale``), an answer faster than eyes (``too_soon``), one that is
        ``not_whole``, and any once the session is ``closed``.
        """
        opened = self._opened.get(ballot.trial)
        open_s = None if opened is None else self._stopwatch() - opened
        now = self._clock()
        return self._writer.submit(
            lambda db: _keep_vote(db, self.protocol, token, ballot, now, open_s)
        )

    def undo(self, token: str) -> Future[None]:
        """Take back a rater's last vote; it stays in the database, marked."""
        at = iso(self._clock())

        def take_back(db: sqlite3.Connection) -> None:
            _check_open(db)
            rater = _rater(f.columns(db, "SELECT * FROM raters WHERE token = ?", token))
            last = f.columns(db, _LAST, rater["id"])
            if not last or last[0]["undone_at"] is not None:
                raise VoteError("stale", "there is nothing to undo")
            kind = f.columns(db, "SELECT kind FROM trials WHERE token = ?", last[0]["trial"])
            if kind[0]["kind"] == "training":
                raise VoteError("stale", "there is nothing to undo")
            db.execute("UPDATE votes SET undone_at = ? WHERE seq = ?", (at, last[0]["seq"]))
            self._opened.pop(last[0]["trial"], None)

        return self._writer.submit(take_back)


def _rater(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        raise VoteError("unknown", "there is nothing here")
    return found[0]


def _check_open(db: sqlite3.Connection) -> None:
    if db.execute("SELECT 1 FROM meta WHERE name = 'unblinded_at'").fetchone():
        raise VoteError("closed", "the session has ended; thank you for your time")


def _told(trial: dict[str, Any]) -> dict[str, Any]:
    """What a page is told of a trial: nothing of its kind but that it is training."""
    return {
        "trial": trial["token"],
        "prompt": trial["prompt_text"],
        "places": json.loads(trial["places"]),
        "cells": trial["cells"],
        "width": trial["width"],
        "height": trial["height"],
        "stride": trial["stride"],
        "clip": trial["media_type"].startswith("video/"),
        "scores_when_none": bool(trial["ask"]),
        "training": trial["kind"] == "training",
    }


def _join(db: sqlite3.Connection, source: str, person: str | None, at: str) -> str:
    if person is not None:
        known = db.execute("SELECT token FROM raters WHERE person = ?", (person,)).fetchone()
        if known:
            return str(known[0])
    _check_open(db)
    free = db.execute(
        "SELECT id, token FROM raters WHERE joined_at IS NULL ORDER BY number LIMIT 1"
    ).fetchone()
    if free is None:
        raise VoteError("full", "every place in this session is taken; thank you for your interest")
    db.execute(
        "UPDATE raters SET joined_at = ?, source = ?, person = ? WHERE id = ?",
        (at, source, person, free[0]),
    )
    return str(free[1])


def _keep_vote(
    db: sqlite3.Connection,
    protocol: Protocol,
    token: str,
    ballot: Ballot,
    now: float,
    open_s: float | None,
) -> dict[str, Any] | None:
    rater = _rater(f.columns(db, "SELECT * FROM raters WHERE token = ?", token))
    known = db.execute(
        "SELECT v.trial, v.rater, v.undone_at FROM votes v WHERE v.submission = ?",
        (ballot.submission,),
    ).fetchone()
    due = f.columns(db, _DUE, rater["id"])[:1]
    if known is not None:
        if known[:2] == (ballot.trial, rater["id"]) and known[2] is None:
            return None  # the page asked again; it is kept already
        raise VoteError("stale", "this answer was given before; the page shows where you are")
    _check_open(db)
    if rater["consented_at"] is None:
        raise VoteError("stale", "please read and accept the invitation first")
    if not due or due[0]["token"] != ballot.trial:
        raise VoteError("stale", "this pair is not the one that is due; here is where you are")
    trial = due[0]
    check_ballot(ballot, protocol, trial["cells"], bool(trial["ask"]))
    ballot = only_asked(ballot, bool(trial["ask"]))
    if open_s is None:  # the session was opened anew while the page stood there
        open_s = _since_last(db, rater["id"], now, ballot.elapsed_ms / 1000)
    if ballot.response != "skip" and open_s < protocol.min_seconds:
        raise VoteError("too_soon", "please look a moment longer")
    _insert(db, rater["id"], ballot, now, int(open_s * 1000))
    return _lesson(trial, ballot) if trial["kind"] == "training" else None


def _since_last(db: sqlite3.Connection, rater: str, now: float, told: float) -> float:
    """Seconds since a rater's vote before; where clocks disagree, what the page says."""
    last = db.execute("SELECT max(submitted_at) FROM votes WHERE rater = ?", (rater,)).fetchone()[0]
    gone = now - dt.datetime.fromisoformat(last).timestamp() if last else told
    return gone if gone >= 0 else told


def _insert(db: sqlite3.Connection, rater: str, ballot: Ballot, now: float, open_ms: int) -> None:
    """Keep a vote; the page's own stop-watch is believed within what ours allows."""
    paused = min(ballot.paused_ms, open_ms)
    seen = min(ballot.elapsed_ms or open_ms, open_ms - paused)
    listed = (
        None if value is None else json.dumps(value)
        for value in (ballot.scores, ballot.usable, ballot.ranks)
    )
    db.execute(
        "INSERT INTO votes (trial, rater, submission, response, both_bad, scores, usable, ranks, "
        "reason, shown_at, submitted_at, duration_ms, paused_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (ballot.trial, rater, ballot.submission, ballot.response, int(ballot.both_bad), *listed,
         ballot.reason, iso(now - (seen + paused) / 1000), iso(now), seen, paused),
    )  # fmt: skip


def _lesson(trial: dict[str, Any], ballot: Ballot) -> dict[str, Any]:
    """What training says after an answer; the truth of training pictures is no secret."""
    side = None
    if trial["spoilt"] is not None:
        side = "left" if json.loads(trial["places"])[0] == trial["spoilt"] else "right"
    truth = {"left": "right", "right": "left", None: "none"}[side]
    return {"right": ballot.response == truth, "spoilt": side}
