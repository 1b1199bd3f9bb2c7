"""The log beside requests: few rows at a time, counts now and then, all of it and in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway_world import MUG, by_sellers, drive, until, with_pen

from qfloor.errors import StoreError
from qfloor.web.gateway import pen, records
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.pen import Pen
from qfloor.web.gateway.records import Records

SETTLED = {"served": None, "serving": "none", "charged": "no", "charged_nanousd": None,
           "outcome": "failed", "reason": "timeout", "status": 504, "attempts": 1,
           "fallback_from": None, "seconds": 0.1}  # fmt: skip


class Watched(Records):
    """Says what it writes: which rows, how many counts, and whether that lasts."""

    def __init__(self, ledger: GatewayLedger, written: Pen, monkeypatch: Any) -> None:
        super().__init__(ledger, written, keep_prompts=False)
        self.told: list[tuple[list[str], int, bool]] = []
        self.refuses = 0
        self.handed_over = asyncio.Event()
        self.beside: asyncio.Task[None]
        handed = written.write

        async def write(work: Any, *, lasting: bool = True, **given: Any) -> Any:
            self.lasting = lasting
            self.handed_over.set()
            return await handed(work, lasting=lasting, **given)

        monkeypatch.setattr(written, "write", write)
        monkeypatch.setattr(pen, "ALONG_S", 0.0)

    def _write(self, rows: Any, counts: Any) -> None:
        if self.refuses:
            self.refuses -= 1
            raise StoreError("the disk is full")
        super()._write(rows, counts)
        self.told.append(([row[1][-1] for row in rows], len(counts), self.lasting))

    @property
    def names(self) -> list[str]:
        return [name for rows, _, _ in self.told for name in rows]


def flushing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Watched], Awaitable[Any]]
) -> Any:
    """Run a test's coroutine beside what writes the log."""

    async def run(written: Pen, ledger: GatewayLedger) -> Any:
        kept = Watched(ledger, written, monkeypatch)
        kept.beside = asyncio.create_task(kept.keep_flushing())
        try:
            return await work(kept)
        finally:
            kept.beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await kept.beside

    return with_pen(folder, run)


def settle(kept: Records, names: range) -> None:
    for name in names:
        kept.settled(f"{name}", **SETTLED)


def test_many_rows_are_written_a_few_at_a_time_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, 400 took the interpreter from the requests of that moment for 10 ms."""
    monkeypatch.setattr(records, "FLUSH_S", 0.0)

    async def work(kept: Watched) -> None:
        settle(kept, range(2_000))
        await until(lambda: len(kept.names) == 2_000)
        assert kept.names == [f"{n}" for n in range(2_000)]
        sizes = [len(rows) for rows, _, _ in kept.told if rows]
        assert sizes[0] == 250, "an eighth of what waits"
        assert sizes == sorted(sizes, reverse=True)
        assert min(sizes[:-1]) == 64

    flushing(tmp_path, monkeypatch, work)


def test_rows_between_counts_need_not_last_and_counts_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk is waited for no more often than when rows were written together."""
    monkeypatch.setattr(records, "FLUSH_S", 3_600.0)

    async def work(kept: Watched) -> None:
        settle(kept, range(200))
        await until(lambda: len(kept.names) == 200)
        assert {(counted, lasts) for _, counted, lasts in kept.told} == {(0, False)}
        await kept.flush()
        ((rows, counted, lasts),) = kept.told[4:]
        assert (rows, counted > 0, lasts) == ([], True, True)

    flushing(tmp_path, monkeypatch, work)


def test_counts_are_written_where_no_row_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FLUSH_S", 0.0)

    async def work(kept: Watched) -> None:
        kept.count("qfloor_unauthorized_total")
        await until(lambda: kept.told)
        assert kept.told == [([], 1, True)]

    flushing(tmp_path, monkeypatch, work)


def test_rows_that_found_no_room_come_first_when_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FLUSH_S", 0.01)

    async def work(kept: Watched) -> Any:
        kept.refuses = 3
        settle(kept, range(100))
        await until(lambda: not kept.refuses)
        settle(kept, range(100, 200))
        await until(lambda: len(kept.names) == 200)
        await kept.flush()
        assert kept.names == [f"{n}" for n in range(200)]
        return kept._ledger.rows("SELECT sum(value) FROM counters WHERE name LIKE '%outputs%'")

    assert flushing(tmp_path, monkeypatch, work) == [(200.0,)]


def test_whoever_reads_the_log_finds_all_that_was_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is on its way to the disk by then."""
    monkeypatch.setattr(records, "FLUSH_S", 0.0)

    async def work(kept: Watched) -> None:
        settle(kept, range(500))
        await until(lambda: kept.told)
        settle(kept, range(500, 600))
        await kept.flush()
        assert kept.names == [f"{n}" for n in range(600)]

    flushing(tmp_path, monkeypatch, work)


@pytest.mark.parametrize("stops", [False, True])
def test_what_found_no_room_goes_before_what_came_later_also_when_all_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: bool
) -> None:
    """Else what came of a decision would be told before the decision, and of no row.

    Whoever asks looks at the numbers just then, or ends the gateway: nothing is lost by that.
    """
    monkeypatch.setattr(records, "FLUSH_S", 0.0)

    async def work(kept: Watched) -> None:
        monkeypatch.setattr(pen, "ALONG_S", 0.2)  # so that both are on their way together
        kept.refuses = 1
        settle(kept, range(100))
        await kept.handed_over.wait()
        settle(kept, range(100, 200))
        if stops:
            kept.beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await kept.beside
        with contextlib.suppress(StoreError):
            await kept.flush()
        await kept.flush()
        assert kept.refuses == 0
        assert kept.names == [f"{n}" for n in range(200)]

    flushing(tmp_path, monkeypatch, work)


@pytest.mark.parametrize("bound", ["MOST_WAITING", "MOST_CHARACTERS"])
def test_while_the_disk_refuses_only_what_bought_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """What came of a purchase would be told of a row that is not there."""
    monkeypatch.setattr(records, bound, 0)

    async def work(client: Any) -> Any:
        for path, body in (
            ("/v1/route", {"prompt": MUG}),
            ("/v1/images/generations", {"prompt": MUG}),
            ("/v1/images/generations", {"prompt": MUG, "routing": {"max_price_usd": 0}}),
        ):
            await client.post(path, json=body)
        await client.gateway.flush()
        ledger = client.gateway.ledger
        return (
            ledger.rows("SELECT endpoint, outcome FROM decisions"),
            ledger.rows("SELECT value FROM counters WHERE name = 'qfloor_log_rows_dropped_total'"),
        )

    assert drive(by_sellers(tmp_path), work) == ([("images", "made")], [(2.0,)])


def test_long_prompts_wait_for_the_disk_in_a_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand rows were kept however long each was."""
    for name, value in (("FLUSH_S", 3600.0), ("PACE_S", 3600.0), ("MOST_CHARACTERS", 20_000)):
        monkeypatch.setattr(records, name, value)

    async def work(client: Any) -> Any:
        async def asked() -> int:
            for _ in range(4):
                await client.post("/v1/route", json={"prompt": f"{MUG}, {'softly ' * 1_400}"})
            return len(kept._rows)

        kept = client.gateway.records
        full = await asked()
        with monkeypatch.context() as m:
            m.setattr(kept, "_write", fails)
            with pytest.raises(StoreError):
                await kept.flush()
        still = await asked()
        await kept.flush()
        return full, still, await asked()

    def fails(*_: Any) -> None:
        raise StoreError("the disk is full")

    chosen = by_sellers(tmp_path).model_copy(update={"keep_prompts": True})
    full, still, after = drive(chosen, work)
    assert 0 < full < 4
    assert (still, after) == (full, full)
