"""Limits that share one look: they end what is slow, nothing else, and leave cancelling alone."""

from __future__ import annotations

import asyncio

import pytest

from qfloor.web.gateway import patience
from qfloor.web.gateway.patience import within


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOOK_S", 0.01)


async def waiting(limit_s: float, takes_s: float) -> tuple[bool, bool]:
    ended = False
    with within(limit_s) as limit:
        await asyncio.sleep(takes_s)
        ended = True
    await asyncio.sleep(0)  # a task that was cancelled for good would end here
    return limit.ran_out, ended


def test_only_what_is_slow_is_ended() -> None:
    async def many() -> list[tuple[bool, bool]]:
        return await asyncio.gather(*(waiting(0.05, takes) for takes in (0.0, 5.0, 0.01, 5.0)))

    fine, late = (False, True), (True, False)
    assert asyncio.run(many()) == [fine, late, fine, late]
    assert asyncio.run(many()) == [fine, late, fine, late]  # with a loop of its own
    assert not patience._open


def test_what_waits_while_the_loop_stands_still_is_not_ended() -> None:
    """A machine that slept ended all that was being read, though it had come meanwhile."""

    async def stood() -> tuple[bool, bool]:
        loop, passed = asyncio.get_running_loop(), [0.0]
        true = loop.time
        loop.time = lambda: true() + passed[0]  # type: ignore[method-assign]
        with within(5.0) as one:
            passed[0] += 100.0
            for _ in range(5):  # it looks in the first of them
                await asyncio.sleep(0)
        with within(0.05) as other:  # and whoever is slow by himself is ended still
            await asyncio.sleep(600.0)
        return one.ran_out, other.ran_out

    assert asyncio.run(stood()) == (False, True)


def test_who_is_cancelled_by_others_is_cancelled() -> None:
    async def told() -> bool:
        task = asyncio.create_task(waiting(0.05, 5.0))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert asyncio.run(told())
    assert not patience._open


def test_errors_go_through() -> None:
    async def fails() -> None:
        with within(5.0):
            raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        asyncio.run(fails())
    assert not patience._open
