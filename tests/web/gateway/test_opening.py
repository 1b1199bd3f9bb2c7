"""A job of pictures is opened with its first claim: what that may not lose, nor buy twice."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import (
    MUG,
    SHELF,
    by_sellers,
    drive,
    running,
    until,
    with_pen,
)

from qfloor.errors import StoreError, UnwritableError
from qfloor.generate import TurnedAway
from qfloor.generate.gate import Gate
from qfloor.web.gateway import core, pen, records
from qfloor.web.gateway.dispatch import Dispatcher
from qfloor.web.gateway.jobs import Jobs
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.pen import LedgerPen, Pen

URL = "/v1/images/generations"
KEY = {"idempotency-key": "order-17"}
JOBS, CLAIMS = "SELECT id FROM jobs", "SELECT output_id FROM attempts WHERE event = 'intended'"
PUT = "INSERT INTO secrets VALUES (?, 'x')"
KEPT = "SELECT name FROM secrets WHERE value = 'x' ORDER BY name"


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BEAT_S", 60.0)
    monkeypatch.setattr(records, "FLUSH_S", 60.0)


def chosen(folder: Path, **given: Any) -> Any:
    return by_sellers(folder, **{"drain_s": 0.1, **given})


async def ask(client: Any, headers: Any = None) -> Any:
    return await client.post(URL, json={"prompt": MUG}, headers=headers)


def watched(monkeypatch: pytest.MonkeyPatch, look: Any) -> None:
    """Call ``look`` with the ledger after each commit that wrote something."""
    finish, seen = GatewayLedger._finish, [0]

    def then(self: GatewayLedger) -> None:
        finish(self)
        before, seen[0] = seen[0], self._connection.total_changes
        if before != seen[0]:
            look(self)

    monkeypatch.setattr(GatewayLedger, "_finish", then)


@pytest.mark.parametrize(("headers", "alone"), [({}, False), (KEY, True)])
def test_a_job_and_its_first_claim_are_one_commit_where_nothing_can_be_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: Any, alone: bool
) -> None:
    """With an Idempotency-Key the job is opened first: there may be one already."""
    found: list[tuple[int, int]] = []
    watched(monkeypatch, lambda led: found.append((len(led.rows(JOBS)), len(led.rows(CLAIMS)))))
    with behave({}) as calls:
        answer = drive(chosen(tmp_path), lambda client: ask(client, headers))
    assert (answer.status_code, len(calls)) == (200, 1)
    assert ((1, 0) in found) is alone
    assert (1, 1) in found


def test_a_job_whose_turn_is_not_yet_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = Gate.enter

    async def work(client: Any) -> Any:
        free = asyncio.Event()

        async def wait(self: Gate, *given: Any) -> Any:
            await free.wait()
            return await enter(self, *given)

        monkeypatch.setattr(Gate, "enter", wait)
        asked = asyncio.create_task(ask(client))
        await until(lambda: client.gateway.ledger.rows(JOBS))
        called = list(calls)
        free.set()
        return called, (await asked).status_code

    with behave({}) as calls:
        assert drive(chosen(tmp_path), work) == ([], 200)


@pytest.mark.parametrize("kind", [UnwritableError, StoreError])
def test_a_job_that_cannot_be_written_is_not_bought_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[StoreError]
) -> None:
    broken = [True]
    kept = Jobs.open

    def full(self: Jobs, *given: Any) -> Any:
        if broken:
            raise kind("the disk is full")
        return kept(self, *given)

    async def work(client: Any) -> Any:
        orders = client.gateway.orders
        first = await ask(client)
        left = orders.under_way, dict(orders._resting), list(calls)
        broken.clear()
        return first, left, await ask(client), client.gateway.ledger.rows(JOBS)

    monkeypatch.setattr(Jobs, "open", full)
    with behave({}) as calls:
        first, left, second, jobs = drive(chosen(tmp_path), work)
    assert (first.status_code, first.json()["error"]["code"]) == (503, "ledger_unavailable")
    assert left == (0, {}, [])
    assert (second.status_code, len(calls), len(jobs)) == (200, 1, 1)


def test_a_job_that_breaks_before_its_row_is_refused_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise StoreError("its release cannot be read")

    def full(*_: Any) -> Any:
        raise UnwritableError("the disk is full")

    async def work(client: Any) -> Any:
        first = await ask(client)
        return first.status_code, dict(client.gateway.orders._resting)

    monkeypatch.setattr(Dispatcher, "make", broken)
    monkeypatch.setattr(Jobs, "open", full)
    assert drive(chosen(tmp_path), work) == (503, {})


@pytest.mark.parametrize(
    ("does", "outcome"), [("ok", "made"), ("rate_limited", "failed"), (None, "turned_away")]
)
def test_what_came_of_a_job_is_in_the_log_however_soon_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str | None, outcome: str
) -> None:
    """Its decision is logged when its row is there, which is no sooner than its claim now."""

    async def nobody(*_: Any, **__: Any) -> TurnedAway:
        return TurnedAway(why="it rests", free_in_s=1.0)

    async def work(client: Any) -> Any:
        await ask(client)
        await client.gateway.flush()
        told = "SELECT outcome, attempts IS NOT NULL FROM decisions"
        return client.gateway.ledger.rows(told), client.gateway.ledger.rows(JOBS)

    if does is None:
        monkeypatch.setattr(Dispatcher, "_ask", nobody)
    with behave({f"shop/{seller.name}": does or "ok" for seller in SHELF}):
        told, jobs = drive(chosen(tmp_path), work)
    assert told == [(outcome, 1)]
    assert len(jobs) == (outcome == "made"), "nobody took it: asking again is new"


def test_a_claim_without_its_job_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the row of the job lost, say by a fault of ours, its seller is not called."""
    monkeypatch.setattr(Jobs, "open", lambda *given: None)
    with behave({}) as calls:
        answer = drive(chosen(tmp_path), ask)
    assert (answer.status_code, calls) == (503, [])


@pytest.mark.parametrize("headers", [{}, KEY])
def test_a_worker_killed_at_any_commit_buys_once_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: Any
) -> None:
    """After each commit the whole workspace is kept, and another worker goes on from there."""
    given, stops = chosen(tmp_path), []

    def keep(_: GatewayLedger) -> None:
        there = tmp_path / f"stop-{len(stops)}"
        shutil.copytree(given.workspace, there)
        stops.append((there, len(calls)))

    async def heir(workspace: Path) -> Any:
        async with running(given.model_copy(update={"workspace": workspace})) as client:
            ledger = client.gateway.ledger
            await until(lambda: not ledger.rows("SELECT 1 FROM jobs WHERE plan IS NOT NULL"))
            return ledger.rows("SELECT state, charged_nanousd, n FROM jobs"), ledger.rows(CLAIMS)

    async def first() -> Any:
        async with running(given) as client:
            with monkeypatch.context() as patch:
                watched(patch, keep)
                answer = await ask(client, headers)
                await client.gateway.flush()
            return answer

    with behave({}) as calls:
        answer = asyncio.run(first())
        bought = len(calls)
        monkeypatch.setattr(core, "BEAT_S", 0.02)
        ends = []
        for workspace, before in stops:
            calls[:] = []
            jobs, claims = asyncio.run(heir(workspace))
            ends.append((before, len(calls), jobs, len(claims)))
    assert (answer.status_code, bought) == (200, 1)
    assert len(ends) >= 3, "claim, outcome, end"
    for before, after, jobs, claims in ends:
        assert before + after <= 1, "bought twice"
        assert (before == 0) or claims == 1, "a call without its claim"
        assert before + after == 0 or len(jobs) == 1, "a purchase that no job tells of"
    assert ends[-1][1:3] == (0, [("completed", 20_000_000, 1)])


# -- the pen ------------------------------------------------------------------------------------


def test_what_goes_along_is_written_with_the_next_and_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of the ledger and of jobs share commits, in the order they were handed over."""
    monkeypatch.setattr(pen, "ALONG_S", 3_600.0)
    found: list[Any] = []

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        watched(monkeypatch, lambda led: found.append(led.rows(KEPT)))
        along = asyncio.create_task(
            written.write(lambda: ledger.write(PUT, ("along",)), lasting=False, along=True)
        )
        await asyncio.sleep(0)
        await LedgerPen(written, ledger).write()
        then = written.write(lambda: ledger.rows(KEPT), lasting=False)
        return await along, await then

    assert with_pen(tmp_path, work) == (1, [("along",)])
    assert found == [[("along",)]]


def test_what_goes_along_is_written_without_another_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen, "ALONG_S", 0.001)

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        return await written.write(lambda: ledger.write(PUT, ("along",)), along=True)

    assert with_pen(tmp_path, work) == 1


def test_what_goes_along_is_written_at_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen, "ALONG_S", 3_600.0)

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        along = asyncio.create_task(
            written.write(lambda: ledger.write(PUT, ("along",)), along=True)
        )
        await asyncio.sleep(0)
        await written.settle()
        return along.done() and await along

    assert with_pen(tmp_path, work) == 1


def test_the_log_goes_along_with_what_else_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times a second it made the disk wait for itself, and claims for the disk."""
    monkeypatch.setattr(pen, "ALONG_S", 3_600.0)
    monkeypatch.setattr(records, "FLUSH_S", 0.01)
    logged = "SELECT 1 FROM decisions"

    async def work(client: Any) -> Any:
        gateway = client.gateway
        await client.post("/v1/route", json={"prompt": MUG})
        await until(lambda: gateway.pen._waiting)
        before = gateway.ledger.rows(logged)
        await gateway.pen.write(lambda: None)
        return before, gateway.ledger.rows(logged)

    assert drive(chosen(tmp_path), work) == ([], [(1,)])


def test_a_disk_that_ends_a_whole_transaction_is_told_of_as_what_it_is(tmp_path: Path) -> None:
    """SQLite may take all back by itself; what was paid for is held only if that is seen."""

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        def full() -> None:
            ledger._connection.execute("ROLLBACK")
            raise UnwritableError("the disk is full")

        ends = await asyncio.gather(
            written.write(lambda: ledger.write(PUT, ("one",))), written.write(full),
            return_exceptions=True,
        )  # fmt: skip
        return [type(end) for end in ends], ledger.rows(KEPT)

    assert with_pen(tmp_path, work) == ([UnwritableError, UnwritableError], [])


def test_what_breaks_a_batch_breaks_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, broken = GatewayLedger._finish, []

    def refuse(self: GatewayLedger) -> None:
        if self.rows("SELECT 1 FROM secrets WHERE name = 'two'"):
            self._failed = True
            finish(self)
            broken.append(True)
            raise StoreError("of our own making")
        finish(self)

    async def work(written: Pen, ledger: GatewayLedger) -> Any:
        monkeypatch.setattr(GatewayLedger, "_finish", refuse)
        names = ("one", "two", "three")
        ends = await asyncio.gather(
            *(written.write(lambda name=name: ledger.write(PUT, (name,))) for name in names),
            return_exceptions=True,
        )
        return [type(end) for end in ends], ledger.rows(KEPT)

    assert with_pen(tmp_path, work) == ([int, StoreError, int], [("one",), ("three",)])
    assert len(broken) == 2
