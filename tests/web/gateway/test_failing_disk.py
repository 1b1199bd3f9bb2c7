"""A disk that fails in the middle of what is written: who paid is not let down for it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import (
    MUG,
    by_sellers,
    drive,
    running,
    until,
    with_pen,
)

from qfloor.errors import UnwritableError
from qfloor.generate.policy import RunPolicy
from qfloor.web.gateway import core, records
from qfloor.web.gateway.dispatch import Dispatcher
from qfloor.web.gateway.jobs import Jobs
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.orders import Orders
from qfloor.web.gateway.pen import Pen

URL = "/v1/images/generations"
PUT = "INSERT INTO secrets VALUES (?, ?)"
KEPT = "SELECT name FROM secrets WHERE name LIKE 'row%' ORDER BY name"


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BEAT_S", 60.0)
    monkeypatch.setattr(records, "FLUSH_S", 60.0)
    monkeypatch.setattr(RunPolicy, "wait_s", lambda *given: 0.01)


def chosen(folder: Path, **given: Any) -> Any:
    return by_sellers(folder, **{"drain_s": 0.1, "answer_within_s": 2.0, **given})


class Failing:
    """A connection whose disk fails at a statement, so many times."""

    def __init__(self, connection: Any, says: str, times: int, name: str) -> None:
        self.connection, self.says, self.times, self.name = connection, says, times, name

    def execute(self, sql: str, *values: Any) -> Any:
        if self.says in sql and self.times:
            self.times -= 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = self.name
            raise error
        return self.connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@pytest.mark.parametrize("name", ["SQLITE_IOERR_READ", "SQLITE_NOMEM", "SQLITE_CANTOPEN"])
def test_what_was_paid_for_is_held_while_its_job_cannot_be_read(tmp_path: Path, name: str) -> None:
    """Whose job it is, is read before the row of its outcome is written."""

    async def work(client: Any) -> Any:
        ledger = client.gateway.ledger

        def begin(_: Any) -> str:
            ledger._connection = Failing(ledger._connection, "FROM jobs WHERE owner = ?", 2, name)
            return "ok"

        with behave({"shop/value": begin}) as calls:
            answer = await client.post(URL, json={"prompt": MUG})
            return answer.status_code, len(calls), ledger._connection.times

    assert drive(chosen(tmp_path), work) == (200, 1, 0)


def test_a_log_that_finds_no_room_takes_nothing_else_with_it(tmp_path: Path) -> None:
    """SQLite ends the whole transaction then; what is small, and was paid for, has room."""

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        (pages,) = ledger._connection.execute("PRAGMA page_count").fetchone()
        ledger._connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        ends = await asyncio.gather(
            written.write(lambda: ledger.write(PUT, ("row 1", "x"))),
            written.write(lambda: ledger.write(PUT, ("log", "x" * 100_000)), yields=True),
            written.write(lambda: ledger.write(PUT, ("row 2", "x"))),
            return_exceptions=True,
        )
        return [type(end) for end in ends], ledger.rows(KEPT)

    ends, kept = with_pen(tmp_path, work)
    assert ends == [int, UnwritableError, int]
    assert kept == [("row 1",), ("row 2",)]


def test_a_disk_that_fails_while_jobs_are_taken_over_ends_no_call_that_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker would end, in the middle of what it had begun: nobody knew what was bought."""
    given = chosen(tmp_path, answer_within_s=0.05)
    get, broken, began = Jobs.get, [False], []
    ended = "SELECT 1 FROM jobs WHERE plan IS NULL"

    def fails(self: Jobs, job_id: str) -> Any:
        if broken[0] and began:
            broken[0] = False
            raise UnwritableError("disk I/O error")
        return get(self, job_id)

    async def first() -> None:
        async with running(given) as client:
            asked = (client.post(URL, json={"prompt": MUG}, headers={"idempotency-key": k})
                     for k in "ab")  # fmt: skip
            await asyncio.gather(*asked)

    async def second() -> Any:
        async with running(given) as client:
            ledger = client.gateway.ledger
            await until(lambda: len(ledger.rows(ended)) == 2)
            return ledger.rows("SELECT state, charged_nanousd FROM jobs"), broken[0]

    async def work() -> Any:
        with monkeypatch.context() as patch:  # claimed, and killed before its row is looked at
            patch.setattr(Dispatcher, "make", _never)
            await first()
        broken[0] = True
        start = Orders._start

        def begin(self: Orders, job: Any, *, resumed: bool) -> None:
            start(self, job, resumed=resumed)
            began.append(job.id)

        monkeypatch.setattr(Jobs, "get", fails)
        monkeypatch.setattr(Orders, "_start", begin)
        monkeypatch.setattr(core, "BEAT_S", 0.05)
        return await second()

    with behave({"shop/value": 0.2}) as calls:
        jobs, left = asyncio.run(work())
    assert jobs == [("completed", 20_000_000)] * 2
    assert (len(calls), left) == (2, False)


async def _never(*_: Any, **__: Any) -> Any:
    await asyncio.Event().wait()


def test_a_job_that_rested_here_and_went_on_elsewhere_is_not_remembered_for_ever(
    tmp_path: Path,
) -> None:
    async def work(client: Any) -> Any:
        mine = client.gateway.orders
        mine._resting["image_of_another"] = time.monotonic() - 1e6, 1.0
        await mine.take_over()
        return mine._resting

    assert drive(chosen(tmp_path), work) == {}
