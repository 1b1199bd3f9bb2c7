"""What came back from a seller is kept, though the store is busy or its disk full for a while."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.seller import FakeSeller, calls, offer, prompts

from qfloor.errors import StoreError, UnwritableError
from qfloor.generate import RunPolicy, SingleRequests, Standing, Step, desk, plan_generation
from qfloor.generate.run import run_anywhere, run_generation
from qfloor.generators.protocol import Request
from qfloor.records import Status, output_id
from qfloor.store import Store, media_files

QUICK = RunPolicy(backoff_s=0.01, backoff_most_s=0.02)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "ws", create=True) as opened:
        opened._connection.execute("PRAGMA busy_timeout = 20")
        yield opened


@pytest.fixture
def sibling(store: Store) -> Iterator[sqlite3.Connection]:
    """Another process that writes the same file."""
    other = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(other):
        yield other


class Hurdle(FakeSeller):
    """A seller during whose call another takes the store, for a while."""

    sibling: sqlite3.Connection
    seconds = 0.3

    async def submit(self, request: Request) -> Any:
        self.sibling.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(self.seconds, self.sibling.execute, "ROLLBACK")
        return await super().submit(request)


def run(store: Store, tmp_path: Path, sibling: Any = None, **args: Any) -> Any:
    bought = offer("one", tmp_path / "remote")
    seller = Hurdle([bought], tmp_path / "state", str(tmp_path / "remote"), **args)
    if sibling is None:
        seller.submit = super(Hurdle, seller).submit  # type: ignore[method-assign]
    seller.sibling = sibling
    given = {bought.id: seller}
    plan = plan_generation(prompts(1), [bought], 1, "r", store, generators=given)
    return run_anywhere(run_generation(plan, store, given, policy=QUICK))


def submits(tmp_path: Path) -> int:
    return sum(c["event"] == "submit" for c in calls(tmp_path / "remote"))


@pytest.mark.parametrize("jobs", [True, False], ids=["a_handle", "a_picture"])
def test_what_comes_back_while_the_store_is_busy_is_kept(
    store: Store, tmp_path: Path, sibling: Any, caplog: Any, jobs: bool
) -> None:
    result = run(store, tmp_path, sibling, jobs=jobs)
    assert result.counts == {Status.MADE: 1}
    assert submits(tmp_path) == 1
    assert "another process is writing" in caplog.text
    assert "tried again in" in caplog.text
    assert ("its seller's handle is {" in caplog.text) == jobs


@pytest.mark.parametrize("files", [True, False])
def test_what_comes_back_while_the_disk_is_full_is_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: bool
) -> None:
    full, true = [1, 2, 3], os.fsync

    def fsync(descriptor: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device", full.pop())
        true(descriptor)

    monkeypatch.setattr(media_files.os, "fsync", fsync)
    result = run(store, tmp_path, jobs=False, files=files)
    assert full == []
    assert result.counts == {Status.MADE: 1}
    assert submits(tmp_path) == 1


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("fails", [0, 2])
def test_media_are_looked_at_once_and_kept_in_the_same_turn_of_a_thread(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: bool, fails: int
) -> None:
    """However often the disk refuses them: each try is one turn, and the look is remembered."""
    turns: list[str] = []
    beside, put, look = desk.Desk.beside, store.put_media, desk.inspect

    async def counted(self: desk.Desk, *given: Any) -> Any:
        turns.append("turn")
        return await beside(self, *given)

    def looked(*given: Any) -> Any:
        turns.append("look")
        return look(*given)

    def kept(*given: Any) -> str:
        if turns.count("turn") <= fails:
            raise UnwritableError("the disk is full")
        return put(*given)

    monkeypatch.setattr(desk.Desk, "beside", counted)
    monkeypatch.setattr(store, "put_media", kept)
    asked, seller = _asked(store, tmp_path, files)

    async def live() -> Any:
        single = SingleRequests(store, policy=QUICK, look=looked)
        outcome = await single.live(asked, seller, Standing(step=Step.NEW), None)
        await single.close(5.0)
        return outcome

    with store.writing("test"):
        outcome = asyncio.run(live())
    assert outcome.status is Status.MADE
    assert turns == ["turn", "look", *["turn"] * fails]


def _asked(store: Store, tmp_path: Path, files: bool) -> tuple[Request, FakeSeller]:
    bought, (prompt,) = offer("one", tmp_path / "remote"), prompts(1)
    key = output_id(prompt, bought, 0, "r")
    with store.transaction():
        store.save_prompts([prompt])
        store.save_offers([bought])
        store.save_requests([(key, prompt.digest, bought.id, 0, "r")])
    remote = str(tmp_path / "remote")
    seller = FakeSeller([bought], tmp_path / "state", remote, jobs=False, files=files)
    return Request(key=key, prompt=prompt, offer=bought, repeat=0, round="r", seed=1), seller


def test_before_the_call_nothing_is_insisted_on(store: Store, tmp_path: Path, sibling: Any) -> None:
    bought = offer("one", tmp_path / "remote")
    seller = FakeSeller([bought], tmp_path / "state", str(tmp_path / "remote"))

    def busy(step: str, key: str) -> None:
        sibling.execute("BEGIN IMMEDIATE")

    given = {bought.id: seller}
    plan = plan_generation(prompts(1), [bought], 1, "r", store, generators=given)
    with pytest.raises(StoreError, match="another process is writing"):
        run_anywhere(run_generation(plan, store, given, policy=QUICK, trace=busy))
    assert submits(tmp_path) == 0


def test_what_no_waiting_mends_is_raised(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def refuses(attempts: Any) -> int:
        if [a for a in attempts if a.event == "accepted"]:
            raise StoreError("the store refused a row")
        return 1

    monkeypatch.setattr(store, "append_attempts", refuses)
    with pytest.raises(StoreError, match="refused a row"):
        run(store, tmp_path)
    assert "its seller's handle is {" in caplog.text


def test_a_service_that_ends_keeps_first_what_has_come_back(
    store: Store, tmp_path: Path, sibling: Any
) -> None:
    bought, (prompt,) = offer("one", tmp_path / "remote"), prompts(1)
    seller = Hurdle([bought], tmp_path / "state", str(tmp_path / "remote"), jobs=False)
    seller.sibling, seller.seconds = sibling, 0.5
    submit, there = seller.submit, asyncio.Event()

    async def noted(request: Request) -> Any:
        told = await submit(request)
        there.set()
        return told

    seller.submit = noted  # type: ignore[method-assign]
    asked = Request(key="k", prompt=prompt, offer=bought, repeat=0, round="r", seed=1)
    with store.transaction():
        store.save_prompts([prompt])
        store.save_offers([bought])
        store.save_requests([("k", prompt.digest, bought.id, 0, "r")])

    async def serve() -> None:
        singles = SingleRequests(store, policy=QUICK)
        live = asyncio.create_task(singles.live(asked, seller, Standing(step=Step.NEW), None))
        await there.wait()  # the picture is, the store is not
        await asyncio.sleep(0)
        live.cancel()
        await singles.close(0.05)

    asyncio.run(serve())
    kept = store.output("k")
    assert kept is not None
    assert kept.status is Status.MADE


def test_a_file_that_cannot_be_stored_lies_where_it_lay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    given = tmp_path / "clip"
    given.write_bytes(b"the only one there is")
    monkeypatch.setattr(media_files.os, "fsync", fsync)
    with pytest.raises(StoreError, match="No space left"):
        media_files.MediaFiles(tmp_path / "media").put_file(given, "video/mp4", take=True)
    assert given.read_bytes() == b"the only one there is"
