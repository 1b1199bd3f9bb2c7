"""Ways in which the gateway lost money or bought twice, found by a second reader; one test each."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from factories import misprice
from fakes.seller import offer, prompts
from gateway_sellers import Seller, behave
from gateway_world import CLIP, MUG, SHELF, by_sellers, database, drive, running, settings, until

from qfloor.errors import DatabaseError, PluginError, StoreError
from qfloor.generate import Standing, Step
from qfloor.generators.protocol import Ended, Ready, Request, Running
from qfloor.records import REASONS, Attempt, Event
from qfloor.router import choose, load
from qfloor.router.asked import read_log
from qfloor.web.gateway import core, records
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.records import Records
from qfloor.web.gateway.sellers import Sellers

URL, VIDEOS = "/v1/images/generations", "/v1/videos"
KEY = {"idempotency-key": "order-17"}
ALONE = {"routing": {"allow_fallbacks": False}}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BEAT_S", 0.05)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[core.Gateway]:
    """Whose beats are through, one after the other."""
    through: list[core.Gateway] = []
    keep = core.Gateway._beat

    async def beat(self: core.Gateway) -> None:
        await keep(self)
        through.append(self)

    monkeypatch.setattr(core.Gateway, "_beat", beat)
    return through


async def some(beats: list[core.Gateway]) -> None:
    """Wait for beats that began from now on."""
    beats.clear()
    await until(lambda: len(beats) > 3)


def chosen(folder: Path, **given: Any) -> Any:
    return by_sellers(folder, **{"drain_s": 0.1, **given})


async def ask(client: Any, **more: Any) -> Any:
    return await client.post(URL, json={"prompt": MUG, **more}, headers=KEY)


def rows(client: Any, sql: str) -> Any:
    return client.gateway.ledger.rows(sql)


def accepted(client: Any) -> Any:
    return rows(client, "SELECT 1 FROM attempts WHERE event = 'accepted'")


@pytest.mark.parametrize("usd", ["9000000000", "-1", "free"])
def test_a_price_that_cannot_be_is_unknown_and_the_answer_comes(tmp_path: Path, usd: str) -> None:
    """It broke the ledger after the pictures were bought, or for ever the log's own task."""
    db = misprice(database(tmp_path, [replace(SHELF[1], name="odd")]), "shop/odd", usd)
    given = settings(tmp_path, db)

    async def work(client: Any) -> Any:
        body = {"prompt": MUG, "n": 2, "model": "shop/odd"}
        return await client.post("/v1/route", json=body), await client.post(URL, json=body)

    route, answer = drive(given, work)
    assert (route.status_code, route.json()["price_usd"]) == (200, None)
    assert answer.status_code == 200, answer.text
    assert answer.json()["usage"]["cost"] is None
    ledger = GatewayLedger(given.workspace / "gateway")
    assert ledger.rows("SELECT endpoint, charged FROM decisions ORDER BY at") == [
        ("route", "no"), ("images", "unknown"),
    ]  # fmt: skip
    ledger.close()


def test_the_log_goes_on_after_a_failure_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, write = [True], Records._write
    monkeypatch.setattr(records, "FLUSH_S", 0.02)

    def broken(self: Records, *given: Any) -> None:
        if failing:
            failing.clear()
            raise OverflowError("too large")
        write(self, *given)

    async def work(client: Any) -> Any:
        monkeypatch.setattr(Records, "_write", broken)
        await client.post("/v1/route", json={"prompt": MUG})
        await until(lambda: not failing)
        await client.post("/v1/route", json={"prompt": MUG})
        return await until(lambda: rows(client, "SELECT id FROM decisions"))

    assert len(drive(chosen(tmp_path), work)) == 1


def test_a_small_size_does_not_let_an_offer_of_its_own_size_under_a_ceiling(tmp_path: Path) -> None:
    """It was priced as 16x16, asked for a square, and charged as the megapixel that it made."""
    today = datetime.now(UTC).date().isoformat()
    own = replace(SHELF[1], usd="0.01", unit="megapixel", as_of=today)
    db = database(tmp_path, [own])

    async def work(client: Any) -> Any:
        body = {"prompt": MUG, "size": "16x16"}
        return [
            await client.post("/v1/route", json=body | {"routing": {"max_price_usd": most}})
            for most in (0.01, 0.0105)
        ]

    low, enough = drive(settings(tmp_path, db), work)
    assert (low.status_code, low.json()["metadata"]["binding_rule"]) == (422, "budget")
    assert enough.json()["price_usd"] == "0.01048576"
    (_, asked) = read_log(tmp_path / "ws" / "gateway" / "gateway.db")
    again = choose(load(db), asked.need, classification=asked.classification)
    assert again.price_nanousd == 10_485_760, "a replay prices as it did"


def test_pictures_that_fell_to_another_seller_are_counted_as_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = Seller.submit

    async def busy_for_one(self: Seller, request: Request) -> Any:
        if request.key.endswith("-1-0"):
            return Ended(reason="rate_limited", charged="no", amount_nanousd=0)
        return await submit(self, request)

    async def work(client: Any) -> Any:
        answer = await ask(client, n=2)
        await client.gateway.flush()
        found = rows(client, "SELECT labels, value FROM counters WHERE name LIKE '%charged_usd%'")
        return answer, {json.loads(labels)["offer"]: value for labels, value in found}

    monkeypatch.setattr(Seller, "submit", busy_for_one)
    with behave({}):
        answer, charged = drive(chosen(tmp_path), work)
    assert [item["model"] for item in answer.json()["data"]] == ["shop/value", "shop/grand"]
    assert answer.json()["usage"]["cost"] == 0.1
    assert charged == {"shop/value": 0.02, "shop/grand": 0.08}


POLLS: list[str] = []


async def _as_told(self: Seller, job: Any) -> Any:
    return Ready() if POLLS else Running(retry_after_s=0.02)


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Offers whose generators cannot be built."""
    keep, offers = Sellers.of, set[str]()

    def of(self: Sellers, db: Any, offer_id: str) -> Any:
        if offer_id in offers:
            raise PluginError(f"{offer_id}: its key is not set here")
        return keep(self, db, offer_id)

    monkeypatch.setattr(Sellers, "of", of)
    return offers


@pytest.mark.parametrize("more", [{}, ALONE], ids=["others_may_be_asked", "alone"])
def test_what_was_accepted_waits_until_its_seller_can_be_asked_again(
    tmp_path: Path, unbuilt: set[str], beats: Any, monkeypatch: pytest.MonkeyPatch, more: Any
) -> None:
    given = chosen(tmp_path)
    monkeypatch.setattr(Seller, "poll", _as_told)

    async def first() -> None:
        async with running(given) as client:
            asked = asyncio.create_task(ask(client, **more))
            await until(lambda: accepted(client))
            asked.cancel()

    async def second() -> Any:
        unbuilt.add("shop/value")
        async with running(given) as client:
            await some(beats)
            between = rows(client, "SELECT state FROM jobs"), list(bought)
            unbuilt.clear()
            POLLS.append("ready")
            return between, await ask(client, **more)

    POLLS.clear()
    with behave({"shop/value": "job:0"}) as bought:
        asyncio.run(first())
        (states, before), last = asyncio.run(second())
    assert states == [("queued",)]
    assert len(before) == 1
    assert (last.status_code, last.json()["model"]) == (200, "shop/value")
    assert [offer for offer, _ in bought] == ["shop/value"]


def test_after_a_lost_answer_nobody_else_is_asked_though_its_seller_rests(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        jobs, singles, failed = client.gateway.jobs, client.gateway.singles, []
        end = jobs.end

        def fails_once(*given: Any, **more: Any) -> None:
            if not failed:
                failed.append(1)
                singles._resting["shop/value"] = (singles.desk.clock() + 60.0, "a revoked key")
                raise StoreError("the disk is full")
            end(*given, **more)

        jobs.end = fails_once
        return await ask(client)

    with behave({"shop/value": "timeout_ambiguous"}) as bought:
        answer = drive(chosen(tmp_path), work)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "outcome_unknown")
    assert [offer for offer, _ in bought] == ["shop/value"]


def test_a_job_is_not_forgotten_while_a_seller_may_have_it(tmp_path: Path) -> None:
    def doubts(*events: tuple[str, str | None]) -> list[str]:
        ledger.write("DELETE FROM attempts")
        for event, reason in events:
            ledger.append_attempts([_attempt(event, reason)])
        return ledger.in_doubt("image_1")

    ledger = GatewayLedger(tmp_path)
    lost, never = ("ended", "timeout_ambiguous"), ("ended", "not_sent")
    assert doubts() == doubts(("intended", None), never) == []
    assert doubts(("intended", None), lost, never) == []  # it was looked up
    for last in (("intended", None), ("accepted", None), ("polled", None), lost):
        assert doubts(("intended", None), last) == ["image_1-0-0"]
    assert doubts(("intended", None), never, ("accepted", None)) == ["image_1-0-0"]
    ledger.close()


def _attempt(event: str, reason: str | None) -> Attempt:
    status = None if reason is None else REASONS[reason]
    return Attempt(output_id="image_1-0-0", n=1, event=Event(event), at="2026-12-01",
                   status=status, reason=reason)  # fmt: skip


def test_what_was_called_waits_until_its_release_can_be_read_again(
    tmp_path: Path, beats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, unread = core.Gateway.database, [True]

    def database(self: core.Gateway, digest: str) -> Any:
        if unread:
            raise DatabaseError("unable to open database file")
        return keep(self, digest)

    async def first() -> Any:
        async with running(given) as client:
            job = (await client.post(VIDEOS, json={"prompt": CLIP})).json()["id"]
            await until(lambda: accepted(client))
            return job

    async def second(job: str) -> Any:
        monkeypatch.setattr(core.Gateway, "database", database)
        async with running(given) as client:
            await some(beats)
            between = (await client.get(f"{VIDEOS}/{job}")).json()["status"]
            unread.clear()
            POLLS.append("ready")
            return between, await until(
                lambda: rows(client, "SELECT 1 FROM jobs WHERE plan IS NULL")
            )

    POLLS.clear()
    monkeypatch.setattr(Seller, "poll", _as_told)
    given = chosen(tmp_path)
    with behave({"shop/film": "job:0"}) as bought:
        job = asyncio.run(first())
        between, _ = asyncio.run(second(job))
    assert between == "in_progress"
    assert len(bought) == 1


def test_what_is_taken_over_while_the_gateway_ends_is_begun_by_the_next(
    tmp_path: Path, beats: Any
) -> None:
    """Its own call is under way still: who asks its seller again would buy twice, or too early."""
    asked: list[str] = []

    async def lookup(self: Seller, request: Any) -> None:
        asked.append(request.key)  # the seller shows a call only once it is through

    async def work() -> Any:
        async with running(given) as client:
            orders, slow, ended = client.gateway.orders, threading.Event(), threading.Event()
            adopt = orders.jobs.adopt

            def slowly(known: Any) -> Any:
                slow.set()
                ended.wait(60)
                return adopt()

            await client.post(VIDEOS, json={"prompt": CLIP})
            await until(lambda: bought)
            orders.jobs.adopt = slowly
            await until(slow.is_set)
            ledger, singles = client.gateway.ledger, client.gateway.singles
            task = asyncio.create_task(orders.drain())
            await task
            beats.clear()
            ended.set()
            await until(lambda: beats)  # the take-over came through
            with pytest.raises(StoreError, match="its call is under way here"):
                await singles.live(_request(bought[0][1]), Seller([], tmp_path),
                                   Standing(step=Step.DOUBT, n=1, ended=False), None)  # fmt: skip
            return ledger.rows("SELECT event FROM attempts")

    given = chosen(tmp_path)
    with pytest.MonkeyPatch.context() as patch, behave({"shop/film": 3.0}) as bought:
        patch.setattr(Seller, "lookup", lookup, raising=False)
        events = asyncio.run(work())
    assert asked == []
    assert events == [("intended",)]


def _request(key: str) -> Any:
    return Request(key=key, prompt=prompts(1)[0], offer=offer("one", Path("unused")), repeat=0,
                   round="r", seed=1)  # fmt: skip


def test_a_clock_that_jumps_forgets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hours(wall: float, passed: float) -> None:
        told = SimpleNamespace(time=lambda: time.time() + wall * 3600,
                               monotonic=lambda: time.monotonic() + passed * 3600)  # fmt: skip
        monkeypatch.setattr(core, "time", told)

    async def work(client: Any) -> Any:
        first = await ask(client)
        for wall, passed in ((25, 0), (25, 0), (48, 23)):  # it jumps, stays there, and goes on
            hours(wall, passed)
            await client.gateway._sweep()
        again = await ask(client)
        hours(50, 25)
        await client.gateway._sweep()
        return first, again, rows(client, "SELECT 1 FROM jobs")

    with behave({}) as bought:
        first, again, left = drive(chosen(tmp_path), work)
    assert first.status_code == again.status_code == 200
    assert again.headers["x-qfloor-replayed"] == "yes"
    assert len(bought) == 1
    assert left == []


def test_what_nobody_can_be_asked_for_any_more_is_told_as_unknown_in_the_end(
    tmp_path: Path, unbuilt: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = chosen(tmp_path)

    async def first() -> None:
        async with running(given) as client:
            asked = asyncio.create_task(ask(client))
            await until(lambda: accepted(client))
            asked.cancel()

    async def second() -> Any:
        unbuilt.add("shop/value")
        async with running(given) as client:
            ledger = client.gateway.ledger
            tries = len(await until(lambda: client.gateway.orders._resting))
            ledger.write("UPDATE jobs SET created_at = created_at - 25 * 3600")
            await until(lambda: rows(client, "SELECT 1 FROM jobs WHERE state = 'failed'"))
            return tries, rows(client, "SELECT charged, plan IS NULL FROM jobs")

    with behave({"shop/value": "job:0.5"}) as bought:
        asyncio.run(first())
        tries, ends = asyncio.run(second())
    assert tries == 1
    assert ends == [("unknown", 0)]  # its plan stays: it is followed as long as it is kept
    assert len(bought) == 1
