"""What is on the disk at each instant: a machine that stops loses nothing that was paid for."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import CLIP, MUG, by_sellers, drive, running, until

from qfloor.errors import StoreError, UnwritableError
from qfloor.web.gateway import core, records
from qfloor.web.gateway.ledger import GatewayLedger

URL, VIDEOS = "/v1/images/generations", "/v1/videos"
KEY = {"idempotency-key": "order-17"}
FULL = 2


@pytest.fixture
def lasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``gateway.db`` as a machine would find it again that stops now.

    SQLite waits for the disk at a commit that has written something, if it is told to (FULL).
    """
    monkeypatch.setattr(core, "BEAT_S", 60.0)  # it makes all last that was written before,
    monkeypatch.setattr(records, "FLUSH_S", 60.0)  # and so does this
    there = tmp_path / "lasted"
    there.mkdir()
    finish, seen = GatewayLedger._finish, {}

    def kept(self: GatewayLedger) -> None:
        finish(self)
        written, seen[id(self)] = seen.get(id(self), 0), self._connection.total_changes
        told = self._connection.execute("PRAGMA synchronous").fetchone()
        if told == (FULL,) and seen[id(self)] != written:
            for ending in ("", "-wal"):
                shutil.copyfile(f"{self.path}{ending}", there / f"gateway.db{ending}")

    monkeypatch.setattr(GatewayLedger, "_finish", kept)
    return there


def read(lasted: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read what has lasted, from a copy: who opens a database may change it."""
    copy = lasted.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(lasted, copy)
    connection = sqlite3.connect(copy / "gateway.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def chosen(folder: Path, **given: Any) -> Any:
    return by_sellers(folder, **{"drain_s": 0.1, **given})


async def ask(client: Any, **more: Any) -> Any:
    return await client.post(URL, json={"prompt": MUG, **more}, headers=KEY)


def test_a_call_is_made_when_its_job_and_its_claim_have_lasted(
    tmp_path: Path, lasted: Path
) -> None:
    found: list[Any] = []

    def look(_: Any) -> str:
        jobs = read(lasted, "SELECT state, idempotency, plan IS NOT NULL FROM jobs")
        found.append((jobs, read(lasted, "SELECT event FROM attempts")))
        return "ok"

    with behave({"shop/value": look}):
        answer = drive(chosen(tmp_path), ask)
    assert answer.status_code == 200
    assert found == [([("queued", "order-17", 1)], [("intended",)])]


def test_an_answer_is_given_when_its_picture_and_its_row_have_lasted(
    tmp_path: Path, lasted: Path
) -> None:
    async def work(client: Any) -> Any:
        answer = await ask(client)
        return answer, read(lasted, "SELECT media_sha256 FROM outputs WHERE media_sha256 <> ''")

    with behave({}):
        answer, rows = drive(chosen(tmp_path), work)
    assert answer.status_code == 200
    assert len(rows) == 1


def test_what_was_answered_before_the_machine_stopped_is_answered_alike_and_not_bought_again(
    tmp_path: Path, lasted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that ends the job is not waited for: it can be told from what is."""
    given = chosen(tmp_path)
    after = given.model_copy(update={"workspace": tmp_path / "after"})
    ended = "SELECT 1 FROM jobs WHERE state = 'completed'"

    async def first() -> Any:
        async with running(given) as client:
            answer = await ask(client, n=2)
            await until(lambda: client.gateway.ledger.rows(ended))
            shutil.copytree(given.workspace, after.workspace)
            for file in (after.workspace / "gateway").glob("gateway.db*"):
                file.unlink()
            shutil.copytree(lasted, after.workspace / "gateway", dirs_exist_ok=True)
            return answer, read(lasted, "SELECT state FROM jobs")

    async def second() -> Any:
        async with running(after) as client:
            again = await ask(client, n=2)
            await client.gateway.flush()
            cost = "SELECT state, charged_nanousd FROM jobs"
            return again, client.gateway.ledger.rows(cost)

    with behave({}) as calls:
        answer, stood = asyncio.run(first())
        monkeypatch.setattr(core, "BEAT_S", 0.05)
        again, jobs = asyncio.run(second())
    assert stood == [("queued",)]
    assert answer.json() == again.json()
    assert jobs == [("completed", 40_000_000)]
    assert len(calls) == 2


def test_what_was_not_answered_yet_has_lasted_when_it_is(tmp_path: Path, lasted: Path) -> None:
    """A fault is told by the row of its job alone."""

    async def work(client: Any) -> Any:
        return await ask(client), read(lasted, "SELECT state FROM jobs")

    with behave({"shop/value": "timeout_ambiguous"}):
        answer, rows = drive(chosen(tmp_path), work)
    assert (answer.status_code, rows) == (504, [("failed",)]), answer.text


def test_a_clip_whose_id_was_told_has_lasted(tmp_path: Path, lasted: Path) -> None:
    async def work(client: Any) -> Any:
        told = await client.post(VIDEOS, json={"prompt": CLIP})
        return told.json()["id"], read(lasted, "SELECT id FROM jobs")

    with behave({"shop/film": "job:30"}):
        told, rows = drive(chosen(tmp_path), work)
    assert rows == [(told,)]


def test_a_clip_that_was_told_as_completed_has_lasted_as_such(tmp_path: Path, lasted: Path) -> None:
    async def work(client: Any) -> Any:
        told = (await client.post(VIDEOS, json={"prompt": CLIP})).json()["id"]

        async def ended() -> bool:
            return (await client.get(f"{VIDEOS}/{told}")).json()["status"] == "completed"

        await until(ended)
        await client.gateway.pen.settle()  # the row can be read a moment before it is copied here
        return read(lasted, "SELECT state FROM jobs")

    with behave({"shop/film": b"\x1a\x45\xdf\xa3" + b"webm" * 100}):  # as its head says
        assert drive(chosen(tmp_path, inspect="head"), work) == [("completed",)]


def test_a_batch_lasts_when_one_of_it_must(tmp_path: Path, lasted: Path) -> None:
    async def work(client: Any) -> Any:
        pen, ledger = client.gateway.pen, client.gateway.ledger
        put = "INSERT INTO secrets VALUES (?, 'x')"
        kept = "SELECT name FROM secrets WHERE value = 'x' ORDER BY name"
        await pen.write(lambda: ledger.write(put, ("a",)), lasting=False)
        first = ledger.rows(kept), read(lasted, kept)
        await asyncio.gather(
            pen.write(lambda: ledger.write(put, ("b",)), lasting=False),
            pen.write(lambda: ledger.write(put, ("c",))),
        )
        return first, read(lasted, kept)

    first, then = drive(chosen(tmp_path), work)
    assert first == ([("a",)], [])
    assert then == [("a",), ("b",), ("c",)]


def test_a_closed_ledger_says_so_whatever_it_is_to_do(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    ledger.close()
    with pytest.raises(StoreError, match="is closed"), ledger.transaction(lasting=False):
        pass


def test_a_disk_that_fails_where_a_commit_is_told_to_wait_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite may have to read the tables' form for it; what was paid for is held meanwhile."""
    ledger = GatewayLedger(tmp_path)
    with ledger.transaction(lasting=False):
        pass

    class Broken:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            if "synchronous" in sql:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = "SQLITE_IOERR_READ"
                raise error
            return self.connection.execute(sql, *values)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_connection", Broken(ledger._connection))
        with pytest.raises(UnwritableError, match="failed"):
            ledger.secret("one")
    assert len(ledger.secret("one")) == 32
    ledger.close()
