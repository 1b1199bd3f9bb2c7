"""Pictures are handed over once the ledger has them, before the job's own row says so."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import Seller, behave
from gateway_world import MUG, by_sellers, drive, running, until

from qfloor.errors import StoreError
from qfloor.web.gateway import core, orders
from qfloor.web.gateway.jobs import Jobs

URL = "/v1/images/generations"
KEY = {"idempotency-key": "order-17"}
JOBS = "SELECT state, charged_nanousd FROM jobs"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BEAT_S", 0.05)
    monkeypatch.setattr(orders, "_LEAST_REST_S", 0.05)


def chosen(folder: Path) -> Any:
    return by_sellers(folder, drain_s=0.1)


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


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[bool]:
    """Have the rows of jobs refused for as long as the list says so."""
    refused = [True]

    def refuse(*_: Any, **__: Any) -> None:
        if refused[0]:
            raise error

    ending(monkeypatch, refuse)
    return refused


def facts(answer: Any) -> dict[str, str]:
    """What an answer says of its job in headers."""
    aside = ("x-qfloor-replayed", "x-request-id")
    return {n: v for n, v in answer.headers.items() if n.startswith("x-") and n not in aside}


def test_what_was_answered_as_missing_is_not_bought_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was answered before its row was written; with no row, the second picture was bought."""
    refused, busy = failing(monkeypatch, StoreError("the disk is full")), [True]
    behaves = lambda r: "rate_limited" if busy[0] and r.repeat == 1 else "ok"  # noqa: E731

    async def work(client: Any) -> Any:
        one = asyncio.create_task(ask(client, n=2))
        await until(lambda: client.gateway.orders._resting or one.done())
        answered = one.done()
        busy[0] = False
        made = "SELECT count(*) FROM outputs WHERE media_sha256 IS NOT NULL"
        await until(lambda: client.gateway.ledger.rows(made) == [(2,)])
        refused[0] = False
        first = await one
        await client.gateway.flush()
        return answered, first, await ask(client, n=2), client.gateway.ledger.rows(JOBS)

    with behave(dict.fromkeys(("shop/value", "shop/grand"), behaves)):
        answered, one, again, after = drive(chosen(tmp_path), work)
    assert one.status_code == again.status_code == 200
    assert one.json() == again.json()
    assert facts(one) == facts(again)
    assert after == [("completed", 100_000_000)], "asked again where it stood, at the last offer"
    assert not answered


def test_what_fell_to_another_seller_is_told_alike_by_who_takes_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = failing(monkeypatch, StoreError("the disk is full"))

    async def work(client: Any) -> Any:
        one = await ask(client)
        await until(lambda: client.gateway.orders._resting)
        refused[0] = False
        await until(lambda: client.gateway.ledger.rows(f"{JOBS} WHERE state = 'completed'"))
        await client.gateway.flush()
        tried = client.gateway.ledger.rows("SELECT attempts, fallback_from FROM decisions")
        return one, await ask(client), tried

    with behave({"shop/value": "rate_limited"}) as calls:
        one, again, tried = drive(chosen(tmp_path), work)
    assert one.json() == again.json()
    assert one.headers["x-qfloor-attempts"] == "2"
    assert facts(one) == facts(again)
    assert tried == [(2, "shop/value")]
    assert len(calls) == 2


def test_what_was_answered_is_never_told_as_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of our own after the answer ended the job as failed, its cost as unknown."""
    tries: list[bool] = []

    def break_twice(*_: Any, **__: Any) -> None:
        tries.append(True)
        if len(tries) <= 2:
            raise RuntimeError("nobody thought of it")

    ending(monkeypatch, break_twice)

    async def work(client: Any) -> Any:
        one = await ask(client)
        await client.gateway.orders.answers_kept()
        again = await ask(client)
        await until(lambda: client.gateway.ledger.rows(f"{JOBS} WHERE state <> 'queued'"))
        await client.gateway.flush()
        return one, again, client.gateway.ledger.rows(JOBS)

    with behave({}) as calls:
        one, again, after = drive(chosen(tmp_path), work)
    assert again.json() == one.json()
    assert after == [("completed", 20_000_000)]
    assert len(calls) == 1


def test_who_is_answered_has_left_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked again at once was turned away as busy: its own last job was still counted."""
    ending(monkeypatch, lambda *_, **__: time.sleep(0.05))
    given = chosen(tmp_path).model_copy(update={"most_at_once": 1, "most_waiting": 0})

    async def work(client: Any) -> Any:
        told = [await client.post(URL, json={"prompt": MUG}) for _ in range(4)]
        await client.gateway.flush()
        return [one.status_code for one in told], client.gateway.orders.under_way

    with behave({}):
        assert drive(given, work) == ([200] * 4, 0)


def test_a_retry_of_a_row_is_no_news_of_its_seller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try to write the row counted the same picture again in the seller's health."""
    refused, noted = failing(monkeypatch, StoreError("the disk is full")), []
    tries: list[str] = []
    ending(monkeypatch, lambda job_id, **_: tries.append(job_id))

    async def work(client: Any) -> Any:
        window = client.gateway.watch.window
        monkeypatch.setattr(type(window), "record", lambda _, *told: noted.append(told))
        await ask(client)
        await until(lambda: len(tries) >= 3)
        refused[0] = False
        await until(lambda: client.gateway.ledger.rows(f"{JOBS} WHERE state = 'completed'"))

    with behave({}):
        drive(chosen(tmp_path), work)
    assert len(noted) == 1


@pytest.mark.parametrize("begun", ["now", "before"])
def test_a_budget_knows_what_an_answer_cost_when_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    """Another worker still held what the answered job could have cost at most."""
    tries: list[str] = []

    def full(job_id: str, **_: Any) -> None:
        tries.append(job_id)
        if len(tries) == 1 and begun == "before":
            raise StoreError("the disk is full")

    ending(monkeypatch, full)
    secret = "qf-a-key-of-the-test"
    keys = tmp_path / "keys.toml"
    keys.write_text(
        f'[[key]]\nname = "studio"\nsha256 = "{hashlib.sha256(secret.encode()).hexdigest()}"\n'
        "budget_usd_per_day = 0.1\n"  # $0.02 each, and at most $0.08
    )
    given = chosen(tmp_path).model_copy(update={"keys": keys})

    async def work() -> Any:
        mine = {"authorization": f"Bearer {secret}"}
        async with running(given, **mine) as one, running(given, **mine) as two:
            write = one.gateway.orders._pen.write

            async def slowly(does: Any, **how: Any) -> Any:  # as when its disk is busy
                await asyncio.sleep(0.1 if begun == "now" else 0.6)  # longer than who waits looks
                return await write(does, **how)

            monkeypatch.setattr(one.gateway.orders._pen, "write", slowly)
            first = await one.post(URL, json={"prompt": MUG})
            return first, await two.post(URL, json={"prompt": MUG})

    with behave({}):
        first, second = asyncio.run(work())
    assert (first.status_code, second.status_code) == (200, 200), second.text


def test_a_stop_does_not_break_off_what_was_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was written all the same, but what it cost never came into the log."""
    stopped = threading.Event()
    ending(monkeypatch, lambda *_, **__: stopped.wait(60))
    given = chosen(tmp_path)

    async def work() -> Any:
        async with running(given) as one:
            known = one.gateway.orders._is_answered

            def asked(job_id: str) -> bool:  # once no time is left, of what goes on all the same
                stopped.set()
                return known(job_id)

            one.gateway.orders._is_answered = asked
            answer = await ask(one)
        async with running(given) as two:
            await two.gateway.flush()
            log = "SELECT outcome, charged_nanousd FROM decisions"
            return answer, two.gateway.ledger.rows(log), two.gateway.ledger.rows(JOBS)

    with behave({}) as calls:
        answer, log, after = asyncio.run(work())
    assert answer.status_code == 200
    assert after == [("completed", 20_000_000)]
    assert log == [("made", 20_000_000)]
    assert len(calls) == 1


def test_who_asks_again_after_it_left_gets_what_was_made(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        orders = client.gateway.orders
        left = [asyncio.create_task(ask(client)) for _ in range(3)]
        await until(lambda: orders._answers and calls)
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        told = await asyncio.gather(*(ask(client) for _ in range(3)))
        await client.gateway.flush()
        return [one.json() for one in told], (orders._answers, orders._running, orders.under_way)

    with behave({"shop/value": 0.5}) as calls:
        told, kept = drive(chosen(tmp_path), work)
    assert told[0]["data"]
    assert told == [told[0]] * 3
    assert kept == ({}, {}, 0)
    assert len(calls) == 1


@pytest.mark.parametrize("said", ["long", 5, [1]])
def test_how_long_a_clip_is_is_no_word_of_its_seller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    """What was made and paid for was told as a fault of the gateway's, time and again."""
    submit = Seller.submit

    async def tells(self: Seller, request: Any) -> Any:
        return replace(await submit(self, request), report={"media_seconds": said})

    monkeypatch.setattr(Seller, "submit", tells)
    with behave({}):
        answer = drive(chosen(tmp_path), ask)
    assert answer.status_code == 200, answer.text
    assert "x-qfloor-seconds-delivered" not in answer.headers
