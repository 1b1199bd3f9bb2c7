"""Pictures are handed over once the ledger has them, before the job's own row says so."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import MUG, SHELF, database, drive, running, settings, until

from qfloor.errors import StoreError
from qfloor.web.gateway import core, orders
from qfloor.web.gateway.jobs import Jobs

URL = "/v1/images/generations"
KEY = {"idempotency-key": "order-17"}
JOBS = "SELECT state, charged_nanousd FROM jobs"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_BEAT_S", 0.05)
    monkeypatch.setattr(orders, "_LEAST_REST_S", 0.05)


def chosen(folder: Path) -> Any:
    db = database(folder, SHELF, generator="gateway_sellers:Seller", providers=True)
    return settings(folder, db, drain_s=0.1)


async def ask(client: Any, **more: Any) -> Any:
    return await client.post(URL, json={"prompt": MUG, **more}, headers=KEY)


def ending(monkeypatch: pytest.MonkeyPatch, before: Any) -> None:
    """Have something happen before a job's row is ended."""
    end = Jobs.end

    def late(self: Jobs, *given: Any, **more: Any) -> None:
        before(*given, **more)
        end(self, *given, **more)

    monkeypatch.setattr(Jobs, "end", late)


def test_an_answer_does_not_wait_for_the_row_of_its_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = threading.Event()
    ending(monkeypatch, lambda *_, **__: may.wait(20))

    async def work(client: Any) -> Any:
        one = await ask(client, n=2)
        then = client.gateway.ledger.rows(JOBS)
        kept = client.gateway.ledger.rows("SELECT count(*) FROM outputs")
        two = await ask(client, n=2)  # nobody is asked again, though the row does not say it ended
        may.set()
        await client.gateway.flush()
        return one, then, kept, two, client.gateway.ledger.rows(JOBS), await ask(client, n=2)

    with behave({}) as calls:
        one, then, kept, two, after, three = drive(chosen(tmp_path), work)
    assert one.status_code == 200
    assert then == [("queued", None)]
    assert kept == [(2,)], "what is handed over is in the ledger"
    assert after == [("completed", 40_000_000)]
    assert two.json() == one.json() == three.json()
    told = {n: v for n, v in one.headers.items() if n.startswith("x-qfloor") and "replay" not in n}
    again = {n: v for n, v in three.headers.items() if n in told}
    assert again == told
    assert len(calls) == 2


def test_a_row_that_cannot_be_written_is_written_later_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def full(job_id: str, **_: Any) -> None:
        tries.append(job_id)
        if len(tries) < 3:
            raise StoreError("the disk is full")

    ending(monkeypatch, full)

    async def work(client: Any) -> Any:
        one = await ask(client)
        await until(lambda: client.gateway.ledger.rows(f"{JOBS} WHERE state = 'completed'"))
        await client.gateway.flush()
        made = "SELECT value FROM counters WHERE name = 'qfloor_outputs_total'"
        return one, client.gateway.ledger.rows(JOBS), client.gateway.ledger.rows(made)

    with behave({}) as calls:
        one, after, made = drive(chosen(tmp_path), work)
    assert one.status_code == 200
    assert after == [("completed", 20_000_000)]
    assert made == [(1.0,)]
    assert len(tries) == 3
    assert len(calls) == 1


def test_who_takes_an_answered_job_over_ends_it_as_it_was_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, dead = chosen(tmp_path), [True]

    def gone(*_: Any, **__: Any) -> None:
        if dead[0]:
            raise StoreError("the worker is killed here")

    ending(monkeypatch, gone)

    async def work() -> Any:
        async with running(given) as one:
            first = await ask(one)
            for task in list(one.gateway.orders._running.values()):  # as a kill would
                task.cancel()
        dead[0] = False
        async with running(given) as two:
            again = await ask(two)
            await two.gateway.flush()
            return first, again, two.gateway.ledger.rows(JOBS)

    with behave({}) as calls:
        first, again, after = asyncio.run(work())
    assert again.json() == first.json()
    assert after == [("completed", 20_000_000)]
    assert len(calls) == 1
