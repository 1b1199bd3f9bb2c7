"""Whose a job is: nothing is taken from a worker that lives, and what a dead one left, by one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.seller import calls
from gateway_sellers import behave
from gateway_world import CLIP, MUG, database, drive, running, until
from gateway_world import by_sellers as chosen

from qfloor.errors import StoreError
from qfloor.generate import Step, standing
from qfloor.records import Attempt, Event, Status
from qfloor.store.lock import WriterLock
from qfloor.web.gateway import presence
from qfloor.web.gateway.app import make_app
from qfloor.web.gateway.jobs import Job, Jobs
from qfloor.web.gateway.ledger import GatewayLedger, LostJobError

ROOT = Path(__file__).resolve().parents[3]
VIDEOS, IMAGES = "/v1/videos", "/v1/images/generations"


# -- as processes -------------------------------------------------------------------------------


class Worker:
    """A worker in a process of its own."""

    def __init__(self, folder: Path, *how: str) -> None:
        path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
        self.errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (closed by `end`)
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "gateway_process.py"), str(folder), *how],
            env={**os.environ, "PYTHONPATH": path}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
        )  # fmt: skip
        self.name = ""

    def there(self) -> Worker:
        self.name = self.hear()["worker"]
        return self

    def hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(timeout=30)
            self.errors.seek(0)
            raise AssertionError(f"the worker ended: {self.errors.read()[-4_000:]}")
        return json.loads(line)

    def ask(self, path: str, body: Any, **headers: str) -> None:
        assert self.process.stdin is not None
        print(json.dumps({"path": path, "body": body, "headers": headers}),
              file=self.process.stdin, flush=True)  # fmt: skip

    def signal(self, what: int) -> None:
        os.kill(self.process.pid, what)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.process.communicate(timeout=30)
        self.errors.close()


@contextlib.contextmanager
def workers(folder: Path, *hows: tuple[str, ...]) -> Iterator[list[Worker]]:
    """So many workers of one workspace, each in its situation."""
    started = [Worker(folder, *how) for how in hows]
    try:
        yield [worker.there() for worker in started]
    finally:
        for worker in started:
            worker.end()


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(folder / "ws" / "gateway" / "gateway.db")) as db:
        return db.execute(sql).fetchall()


def wait_for(check: Any, seconds: float = 120.0) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def count(folder: Path, event: str) -> int:
    return sum(c["event"] == event for c in calls(folder / "remote"))


def ended(folder: Path) -> Any:
    return rows(folder, "SELECT owner, state FROM jobs WHERE state IN ('completed', 'failed')")


@pytest.mark.slow
def test_a_killed_workers_job_goes_on_with_exactly_one_of_the_others(tmp_path: Path) -> None:
    database(tmp_path, polls=150)
    with workers(tmp_path, (), (), ()) as (owner, one, two):
        for _ in range(3):
            owner.ask(VIDEOS, {"prompt": CLIP})
        wait_for(lambda: count(tmp_path, "submit") == 3 and len(rows(
            tmp_path, "SELECT 1 FROM attempts WHERE event = 'accepted'")) == 3)  # fmt: skip
        assert {r[0] for r in rows(tmp_path, "SELECT owner FROM jobs")} == {owner.name}
        owner.signal(signal.SIGKILL)
        last = wait_for(lambda: len(found := ended(tmp_path)) == 3 and found)
    assert {name for name, _ in last} in ({one.name}, {two.name})
    assert count(tmp_path, "submit") == count(tmp_path, "collect") == 3
    ends = rows(tmp_path, "SELECT count(*) FROM attempts WHERE event = 'ended' GROUP BY output_id")
    assert ends == [(1,), (1,), (1,)]


@pytest.mark.slow
def test_a_call_that_died_with_its_worker_is_made_by_nobody_else(tmp_path: Path) -> None:
    database(tmp_path, latency_s=30.0)
    with workers(tmp_path, (), (), ()) as (owner, *_):
        owner.ask(VIDEOS, {"prompt": CLIP})
        wait_for(lambda: count(tmp_path, "submit") == 1)
        owner.signal(signal.SIGKILL)
        ((_, state),) = wait_for(lambda: ended(tmp_path))
        charged = rows(tmp_path, "SELECT charged FROM jobs")
    assert (state, charged) == ("failed", [("unknown",)])
    assert count(tmp_path, "submit") == 1


@pytest.mark.slow
@pytest.mark.parametrize("how", ["clock=-86400", "clock=86400", "pid", "stopped"])
def test_nothing_is_taken_from_a_worker_that_lives(tmp_path: Path, how: str) -> None:
    """Whatever its clock or its number says, and however long it stood still."""
    database(tmp_path, polls=1_000)
    told = () if how == "stopped" else (how,)
    with workers(tmp_path, told, ("lease=0.3",), ("lease=0.3",)) as (owner, *_):
        owner.ask(VIDEOS, {"prompt": CLIP})
        wait_for(lambda: rows(tmp_path, "SELECT 1 FROM attempts WHERE event = 'accepted'"))
        if how == "stopped":
            owner.signal(signal.SIGSTOP)
        time.sleep(2.0)  # six leases, and twenty beats of the others
        assert rows(tmp_path, "SELECT owner FROM jobs") == [(owner.name,)]
        if how == "stopped":
            assert count(tmp_path, "collect") == 0
            owner.signal(signal.SIGCONT)
        last = wait_for(lambda: ended(tmp_path))
    assert [name for name, _ in last] == [owner.name]
    assert (count(tmp_path, "submit"), count(tmp_path, "collect")) == (1, 1)


@pytest.mark.slow
def test_a_budget_is_kept_by_several_workers_together(tmp_path: Path) -> None:
    database(tmp_path, latency_s=0.05, jobs=False)
    secret = "qf-a-key-of-the-test"
    keys = tmp_path / "keys.toml"
    keys.write_text(
        f'[[key]]\nname = "studio"\nsha256 = "{hashlib.sha256(secret.encode()).hexdigest()}"\n'
        "budget_usd_per_day = 0.1\n"
    )
    body = {"prompt": MUG, "model": "shop/value"}  # $0.02 each: five of them
    with workers(tmp_path, *[(f"keys={keys}",)] * 3) as several:
        for worker in several:
            for _ in range(8):
                worker.ask(IMAGES, body, authorization=f"Bearer {secret}")
        told = [worker.hear() for worker in several for _ in range(8)]
    codes = sorted(str(answer["code"]) for answer in told)
    assert codes == ["None"] * 5 + ["budget_exceeded"] * 19
    assert count(tmp_path, "submit") == 5


def taken(folder: Path, jobs: float, accepted: float) -> bool:
    """Whether so many jobs are there, and so many calls known to their sellers."""
    counts = "SELECT count(*) FROM "
    return (
        rows(folder, f"{counts}jobs")[0][0] >= jobs
        and rows(folder, f"{counts}attempts WHERE event = 'accepted'")[0][0] >= accepted
    )


@pytest.mark.slow
@pytest.mark.parametrize("seller", ["FakeSeller", "RememberingSeller"])
def test_workers_killed_at_random_lose_nothing_and_buy_nothing_twice(
    tmp_path: Path, seller: str
) -> None:
    """Eight kills among three workers with sixty jobs: the seller's own log is the judge."""
    database(tmp_path, generator=f"fakes.seller:{seller}", remote=str(tmp_path / "remote"),
             polls=60, latency_s=0.1)  # fmt: skip
    draw, wanted, alive = random.Random(7), 60, []
    try:
        for turn in range(8):
            while len(alive) < 3:
                alive.append(Worker(tmp_path))
            for worker in alive:
                if not worker.name:
                    worker.there()
            for n in range(wanted // 8 + (turn < wanted % 8)):
                alive[n % 3].ask(IMAGES, {"prompt": MUG})
            wait_for(lambda n=turn + 1: taken(tmp_path, 5 * n, 3.75 * n))  # on a slow machine too
            time.sleep(draw.uniform(0.05, 0.8))
            alive.pop(draw.randrange(3)).end()
        alive.append(Worker(tmp_path).there())
        wait_for(lambda: not rows(tmp_path, "SELECT 1 FROM jobs WHERE plan IS NOT NULL"))
    finally:
        for worker in alive:
            worker.end()
    submitted = [c["key"] for c in calls(tmp_path / "remote") if c["event"] == "submit"]
    assert len(submitted) == len(set(submitted))  # nothing was bought twice
    intended = rows(tmp_path, "SELECT output_id FROM attempts WHERE event = 'intended'")
    assert set(submitted) <= {key for (key,) in intended}  # nothing without its row
    jobs = rows(tmp_path, "SELECT id, state, charged_nanousd, held_nanousd FROM jobs")
    accepted = {r[0] for r in rows(tmp_path, "SELECT output_id FROM attempts "
                                             "WHERE event = 'accepted'")}  # fmt: skip
    for job, state, charged, held in jobs:
        if f"{job}-0-0" in accepted:  # what the seller is known to have taken is here
            assert (state, charged) == ("completed", 20_000_000)
        else:  # nobody knows, where nobody can be asked: said so, held, and not asked for again
            assert (seller, state, charged) == ("FakeSeller", "failed", None)
            assert held >= 20_000_000
    assert len(jobs) >= 40  # of sixty; those that a kill met on their way in were never taken
    assert len(accepted) >= 30


# -- another machine's, on a shared disk --------------------------------------------------------


def a_job(owner: str) -> Job:
    return Job(id="video_1", kind="video", key_name="", idempotency=None, body_digest="d",
               day="2026-12-01", created_at=0.0, owner=owner, plan={})  # fmt: skip


def test_another_machines_worker_is_gone_when_its_sign_has_stood_by_our_clock(
    tmp_path: Path,
) -> None:
    ledger, now = GatewayLedger(tmp_path), [0.0]
    theirs = Jobs(ledger, "othermachine-1")
    theirs.presence.come()
    theirs.open(a_job("othermachine-1"), None)
    theirs.presence.drop()  # a lock that this disk does not tell us of
    ours = Jobs(ledger, presence.new_worker())
    ours.presence._clock = lambda: now[0]

    def found_from(first: int, last: int) -> list[str]:
        found = []
        for at in range(first, last, 3):  # as often as a worker looks
            now[0] = float(at)
            found += [job.id for job in ours.adopt()]
        return found

    assert found_from(0, 21) == []
    theirs.presence.seen()
    theirs.presence.drop()
    assert found_from(21, 51) == []
    assert found_from(100, 130) == []  # we stood still as well: it gets another lease
    assert found_from(130, 136) == ["video_1"]
    ledger.close()


def test_a_workspace_that_another_machine_uses_now_is_not_served_from(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    theirs, waited = presence.Presence(ledger, "othermachine-1"), [0.0]
    neighbour = presence.Presence(ledger, presence.new_worker())  # another process of this one
    theirs.seen()
    ours = presence.Presence(ledger, presence.new_worker())

    def both_beat(seconds: float) -> None:
        waited[0] += seconds
        neighbour.seen()
        if 3.0 <= waited[0] < 3.5:
            theirs.seen()

    with pytest.raises(StoreError, match=r"used by a gateway on another machine .*othermachine-1"):
        ours.check_alone(both_beat)
    assert waited[0] == 3.0

    waited[0] = 4.0  # from here on it does not beat: it is dead, or was started anew
    ours.check_alone(both_beat)
    assert waited[0] == 4.0 + 7.0
    ledger.write("DELETE FROM workers WHERE id = ?", (theirs.worker,))
    ours.check_alone(both_beat)  # alone, nothing is waited for
    assert waited[0] == 4.0 + 7.0
    for one in (theirs, neighbour):
        one.drop()
    ledger.close()


def test_the_gateway_says_so_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = chosen(tmp_path)
    ledger = GatewayLedger(given.workspace / "gateway")
    theirs = presence.Presence(ledger, "othermachine-1")
    theirs.seen()
    monkeypatch.setattr("qfloor.web.gateway.core.time.sleep", lambda _: theirs.seen())
    with pytest.raises(StoreError, match="give each a workspace of its own"):
        make_app(given)
    theirs.drop()
    ledger.close()


def test_of_two_machines_that_start_at_once_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither saw the other before it was there itself, and both served."""
    given = chosen(tmp_path)
    ledger = GatewayLedger(given.workspace / "gateway")
    theirs = presence.Presence(ledger, "othermachine-1")
    app, signs = make_app(given), []
    theirs.seen()
    ours = "SELECT seen_at FROM workers WHERE id <> 'othermachine-1'"

    def asleep(_: float) -> None:
        signs.extend(ledger.rows(ours))
        if len(signs) == 3:
            theirs.seen()

    async def start() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it serves")

    monkeypatch.setattr("qfloor.web.gateway.core.time.sleep", asleep)
    with pytest.raises(StoreError, match="give each a workspace of its own"):
        asyncio.run(start())
    assert len(set(signs)) == 3, "it beats meanwhile, or neither would see the other"
    assert ledger.rows(ours) == []
    with pytest.raises(StoreError, match="closed"):  # who is refused lets go of all
        app.state.gateway.ledger.rows(ours)
    theirs.drop()
    ledger.close()


def test_who_was_declared_gone_neither_buys_nor_ends_what_was_its_own(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    first, second = Jobs(ledger, "othermachine-1"), Jobs(ledger, presence.new_worker())
    first.presence.come()
    first.open(a_job(first.worker), None)
    ledger.fence = first.worker
    bought = Attempt(output_id="video_1-0-0", n=1, event=Event.INTENDED, at="2026-12-01")
    ledger.append_attempts([bought])
    first.presence.leave()
    assert second.adopt()
    told = replace(bought, event=Event.ACCEPTED, job={"id": "at-the-seller"})
    lost = replace(bought, event=Event.ENDED, status=Status.UNKNOWN, reason="timeout_ambiguous")
    ok = replace(bought, event=Event.ENDED, status=Status.MADE, reason="ok", charged="yes")
    elsewhere = [replace(a, output_id="video_1-1-0") for a in (told, ok)]
    for attempt in (bought, replace(told, n=2), replace(ok, n=2), *elsewhere, lost):
        with pytest.raises(LostJobError, match=r"another worker's by now.*of video_1-"):
            ledger.append_attempts([attempt])
    ledger.append_attempts([told])  # that its seller took the call is a fact, whoever learns of it
    for attempt in (told, ok):  # what is asked for by a handle is the heir's
        with pytest.raises(LostJobError):
            ledger.append_attempts([attempt])
    with pytest.raises(LostJobError):
        first.end("video_1", state="failed", result={}, facts={}, charged="no", charged_nanousd=0)
    with pytest.raises(LostJobError):
        first.forget("video_1")
    history = ledger.history("video_1-0-0")
    assert [a.event for a in history] == [Event.INTENDED, Event.ACCEPTED]
    assert standing(history, None, 1).step is Step.RESUME  # so that the heir collects it
    second.presence.drop()
    ledger.close()


def test_who_has_a_job_back_does_not_make_a_call_that_was_made_between(tmp_path: Path) -> None:
    """The heir bought, died too, and the first goes on with what it knew before."""
    ledger = GatewayLedger(tmp_path)
    first, second = Jobs(ledger, presence.new_worker()), Jobs(ledger, presence.new_worker())
    call = Attempt(output_id="video_1-0-0", n=1, event=Event.INTENDED, at="2026-12-01")
    first.open(a_job(first.worker), None)
    first.presence.leave()
    assert second.adopt()
    ledger.fence = second.worker
    ledger.append_attempts([call])
    second.presence.leave()
    assert first.adopt()
    ledger.fence = first.worker
    with pytest.raises(LostJobError, match="call 1 of video_1-0-0 was begun since"):
        ledger.append_attempts([call])
    ledger.append_attempts([replace(call, event=Event.ENDED), replace(call, n=2)])
    ledger.close()


def test_a_disk_without_locks_is_not_served_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*given: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("qfloor.store.lock.fcntl.flock", none)
    ledger = GatewayLedger(tmp_path)
    with pytest.raises(StoreError, match="without file locks"):
        presence.Presence(ledger, "m-1").come()
    ledger.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_lock_file_that_someone_tidied_away_is_made_again(tmp_path: Path, how: str) -> None:
    ledger = GatewayLedger(tmp_path)
    ours, other = (presence.Presence(ledger, presence.new_worker()) for _ in range(2))
    ours.come()
    other.come()
    ours.seen()
    assert other.gone() == []
    for lock in list((tmp_path / "workers").iterdir()):
        if how == "replaced":  # restored, or edited in place: the copy's lock is free
            copy = lock.with_suffix(".copy")
            shutil.copy(lock, copy)
            copy.replace(lock)
        else:
            lock.unlink()
    ours.seen()
    assert other.gone() == []
    ours.drop()
    assert other.gone() == [ours.worker]
    other.drop()
    ledger.close()


def test_whose_sign_of_life_moves_is_not_gone_whatever_its_lock_says(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    ours, other = (presence.Presence(ledger, presence.new_worker()) for _ in range(2))
    ours.come()
    ours.seen()
    ours.drop()  # a lock that does not tell the truth
    assert other.gone() == []  # seen for the first time
    ledger.write("UPDATE workers SET seen_at = seen_at + 3")
    assert other.gone() == []
    assert other.gone() == [ours.worker]
    ledger.close()


def _taken(lock: WriterLock) -> bool:
    with contextlib.suppress(StoreError):
        lock.acquire("taking over")
    return lock.held


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_does_not_hold_its_parents_lock(tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    lock = WriterLock(tmp_path / "workers" / "m-1.lock")
    lock.acquire("gateway worker")
    child = os.fork()
    if child == 0:
        time.sleep(30)
        os._exit(0)
    try:
        lock.release()  # as the parent's death does
        again = WriterLock(lock.path)
        wait_for(lambda: _taken(again))
        again.release()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


# -- within one worker --------------------------------------------------------------------------


def test_a_worker_that_stood_still_before_its_call_does_not_make_it(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        desk, shift = client.gateway.singles.desk, [0.0]
        desk.clock = lambda: time.monotonic() + shift[0]

        def stand_still(step: str, key: str) -> None:
            if step == "after_intended":
                shift[0] += presence.LEASE_S + 1.0

        desk.trace = stand_still
        body = {"prompt": MUG, "routing": {"allow_fallbacks": False}}
        return await client.post(IMAGES, json=body)

    with behave({}) as bought:
        answer = drive(chosen(tmp_path), work)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "provider_unavailable")
    told = answer.json()["metadata"]
    assert (told["reason"], told["charged"]) == ("not_sent", "no")
    assert bought == []


def test_a_call_that_outlasts_the_drain_is_broken_off_before_the_job_is_free(
    tmp_path: Path,
) -> None:
    given = chosen(tmp_path, drain_s=0.1)

    async def work() -> Any:
        async with running(given) as one:
            asked = asyncio.create_task(one.post(VIDEOS, json={"prompt": CLIP}))
            await until(lambda: bought)
            await asked
            gateway = one.gateway
        return gateway.singles.desk.under_way

    with behave({"shop/film": 20.0}) as bought:
        assert asyncio.run(work()) == set()
    left = rows(tmp_path, "SELECT event FROM attempts")
    assert left == [("intended",)]
