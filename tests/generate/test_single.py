from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from fakes.seller import FakeSeller, calls, offer, prompts

from qfloor.generate import Outcome, SingleRequests, Standing, Step, TurnedAway
from qfloor.generators.protocol import Request
from qfloor.records import Event, Status, output_id
from qfloor.store import Store

NEW = Standing(step=Step.NEW)


def drive(tmp_path: Path, work: Any, **given: Any) -> Any:
    async def run(store: Store) -> Any:
        singles = SingleRequests(store, **given)
        try:
            return await work(singles, store)
        finally:
            await singles.close(5.0)

    with Store.open(tmp_path / "ws", create=True) as store, store.writing("test"):
        return asyncio.run(run(store))


def request(store: Store, tmp_path: Path, text: str, repeat: int = 0) -> tuple[Request, FakeSeller]:
    made, (prompt,) = offer("one", tmp_path / "remote"), prompts(1, text)
    key = output_id(prompt, made, repeat, "r")
    with store.transaction():
        store.save_prompts([prompt])
        store.save_offers([made])
        store.save_requests([(key, prompt.digest, made.id, repeat, "r")])
    asked = Request(key=key, prompt=prompt, offer=made, repeat=repeat, round="r", seed=1)
    return asked, FakeSeller([made], tmp_path / "state", str(tmp_path / "remote"))


def test_one_request_is_written_ahead_and_made(tmp_path: Path) -> None:
    async def work(singles: SingleRequests, store: Store) -> Any:
        asked, seller = request(store, tmp_path, "a kettle")
        outcome = await singles.live(asked, seller, NEW, 10_000_000)
        events = [a.event for a in store.attempts_of(outputs=[asked.key])]
        return outcome, events, store.output(asked.key)

    outcome, events, output = drive(tmp_path, work)
    assert outcome.status is Status.MADE
    assert events == [Event.INTENDED, Event.ACCEPTED, Event.POLLED, Event.ENDED]
    assert output is not None
    assert output.media_sha256


@pytest.mark.parametrize("reason", ["rate_limited", "capacity", "provider_error"])
def test_a_failure_is_handed_back_after_one_call(tmp_path: Path, reason: str) -> None:
    async def work(singles: SingleRequests, store: Store) -> Any:
        asked, seller = request(store, tmp_path, f"a kettle #{reason}")
        return await singles.live(asked, seller, NEW, None)

    outcome = drive(tmp_path, work)
    assert isinstance(outcome, Outcome)
    assert outcome.reason == reason
    assert len([c for c in calls(tmp_path / "remote") if c["event"] == "submit"]) == 1


def test_an_offer_that_cannot_be_called_rests_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(singles: SingleRequests, store: Store) -> Any:
        shift = [0.0]
        singles.desk.clock = lambda: time.monotonic() + shift[0]
        bad, seller = request(store, tmp_path, "a kettle #auth")
        good, _ = request(store, tmp_path, "a kettle", repeat=1)
        first = await singles.live(bad, seller, NEW, None)
        second = await singles.live(good, seller, NEW, None)
        known = singles.unavailable({bad.offer.id: bad.offer})
        shift[0] += 60.0
        return first, second, known, await singles.live(good, seller, NEW, None)

    first, second, known, third = drive(tmp_path, work, rest_s=60.0)
    assert first.status is Status.SETUP
    assert isinstance(second, TurnedAway)
    assert 0 < second.free_in_s <= 60.0
    assert "auth" in second.why
    assert list(known) == ["fake/one@default"]
    assert "fake/one@default is left alone for 60 s: " in caplog.text, "who runs it is told why"
    assert third.status is Status.MADE


def test_a_doubt_is_settled_though_its_offer_rests(tmp_path: Path) -> None:
    async def work(singles: SingleRequests, store: Store) -> Any:
        bad, seller = request(store, tmp_path, "a kettle #auth")
        lost, _ = request(store, tmp_path, "a kettle", repeat=1)
        await singles.live(bad, seller, NEW, None)
        doubt = Standing(step=Step.DOUBT, n=1, ended=True)
        return await singles.live(lost, seller, doubt, None)

    outcome = drive(tmp_path, work, rest_s=60.0)
    assert isinstance(outcome, Outcome)
    assert outcome.reason == "timeout_ambiguous"
