"""Jobs that end after their deadline: collected all the same, never bought again, never lost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import Seller, behave
from gateway_world import CLIP, MUG, by_sellers, drive, running, until

from qfloor.errors import InputError, StoreError
from qfloor.generators.protocol import Ended, Running
from qfloor.records import Attempt, Event, Output, Status
from qfloor.web.gateway import core, late
from qfloor.web.gateway.dispatch import Dispatcher
from qfloor.web.gateway.jobs import Jobs
from qfloor.web.gateway.ledger import GatewayLedger, LostJobError
from qfloor.web.gateway.plan import Plan
from qfloor.web.gateway.settings import Settings, read_settings

URL, VIDEOS = "/v1/images/generations", "/v1/videos"
KEY = {"idempotency-key": "order-17"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BEAT_S", 0.05)
    monkeypatch.setattr(late, "REST_S", 0.05)


def chosen(folder: Path, **given: Any) -> Any:
    return by_sellers(folder, **{"image_deadline_s": 0.2, "video_deadline_s": 0.2, **given})


async def ask(client: Any, **more: Any) -> Any:
    return await client.post(URL, json={"prompt": MUG, **more}, headers=KEY)


async def made(client: Any) -> Any:
    async def again() -> Any:
        answer = await ask(client)
        return answer if answer.status_code != 504 else None

    return await until(again)


def jobs(client: Any) -> Any:
    return client.gateway.ledger.rows("SELECT state, charged, charged_nanousd, plan FROM jobs")


def test_a_picture_that_comes_late_is_what_its_key_gets(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        first = await ask(client)
        between = jobs(client), client.gateway.jobs.spent("", _today(client))
        last = await made(client)
        return first, between, last, jobs(client), client.gateway.jobs.spent("", _today(client))

    with behave({"shop/value": "job:1.0"}) as calls:
        first, ((before,), held), last, (after,), spent = drive(chosen(tmp_path), work)
    assert (first.status_code, first.json()["error"]["code"]) == (504, "outcome_unknown")
    assert before[:3] == ("failed", "unknown", None)
    assert before[3] is not None
    assert (last.status_code, last.headers["x-qfloor-outcome"]) == (200, "made")
    assert after == ("completed", "yes", 20_000_000, None)  # the prompt is forgotten now
    assert (held, spent) == (80_000_000, 20_000_000)  # held: the dearest that may be asked
    assert calls == [("shop/value", calls[0][1])]


def _today(client: Any) -> str:
    return str(client.gateway.ledger.one("SELECT day FROM jobs")[0])


def test_a_restart_goes_on_with_what_is_late(tmp_path: Path) -> None:
    given = chosen(tmp_path)

    async def first() -> Any:
        async with running(given) as client:
            return (await client.post(VIDEOS, json={"prompt": CLIP})).json()["id"], await until(
                lambda: client.gateway.ledger.rows("SELECT 1 FROM jobs WHERE state = 'failed'")
            )

    async def second(job_id: str) -> Any:
        async with running(given) as client:

            async def known() -> Any:
                body = (await client.get(f"{VIDEOS}/{job_id}")).json()
                return body if body["error"]["code"] != "outcome_unknown" else None

            return await until(known)

    with behave({"shop/film": "job:1.0"}) as calls:
        job_id, _ = asyncio.run(first())
        last = asyncio.run(second(job_id))
    assert last["error"]["code"] == "blank_output"  # a picture is no clip: collected, and seen
    assert len(calls) == 1


@pytest.mark.parametrize("reason", ["capacity", "rate_limited", "provider_error"])
def test_what_fails_late_is_asked_of_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    over: list[bool] = []

    async def poll(self: Seller, job: Any) -> Any:
        return Ended(reason=reason, charged="no", amount_nanousd=0) if over else Running()

    async def work(client: Any) -> Any:
        await ask(client)
        over.append(True)
        last = await made(client)
        await until(lambda: not client.gateway.orders._late.under_way)
        await client.gateway.flush()
        return last, jobs(client)

    monkeypatch.setattr(Seller, "poll", poll)
    with behave({"shop/value": "job:9"}) as calls:
        last, ((state, charged, amount, plan),) = drive(chosen(tmp_path), work)
    assert last.status_code in (429, 502, 503)
    assert (state, charged, amount, plan) == ("failed", "no", 0, None)
    assert [offer for offer, _ in calls] == ["shop/value"]


def test_what_is_late_holds_no_place_of_its_account(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        await ask(client)
        await until(lambda: client.gateway.orders._late.under_way)
        with behave({}):
            return await asyncio.wait_for(client.post(URL, json={"prompt": MUG}), 30.0)

    given = chosen(tmp_path, accounts={"value": {"concurrency": 1}})
    with behave({"shop/value": "job:60"}):
        assert drive(given, work).status_code == 200


def test_a_late_job_whose_seller_answers_nothing_stops_no_purchase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, deaf = Seller.poll, []

    async def poll(self: Seller, job: Any) -> Any:
        if deaf and job["ready"] > 1e9:
            deaf.append(job)
            raise ConnectionResetError("nobody there")
        return await keep(self, job)

    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    async def work(client: Any) -> Any:
        client.gateway.singles.desk.sleep = no_wait
        await ask(client)
        deaf.append(None)
        await until(lambda: len(deaf) > 8)  # more than after which an account is left alone
        with behave({}):
            return await client.post(URL, json={"prompt": MUG})

    monkeypatch.setattr(Seller, "poll", poll)
    with behave({"shop/value": "job:9e9"}):
        answer = drive(chosen(tmp_path), work)
    assert (answer.status_code, answer.json()["model"]) == (200, "shop/value")


def test_what_was_accepted_before_the_gateway_failed_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, end: Any) -> None:
        raise ValueError("a bug of ours")

    async def work(client: Any) -> Any:
        first = await ask(client)

        async def again() -> Any:
            answer = await ask(client)
            return answer if answer.status_code == 200 else None

        return first, await until(again)

    monkeypatch.setattr(Dispatcher, "_note", broken)
    with behave({"shop/value": "job:0.1"}) as calls:
        first, last = drive(chosen(tmp_path, image_deadline_s=60.0), work)
    assert (first.status_code, first.json()["error"]["code"]) == (500, "gateway_error")
    assert last.json()["model"] == "shop/value"
    assert len(calls) == 1


def test_one_of_two_late_is_paid_for_and_the_answer_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over: list[bool] = []
    keep = Seller.poll

    async def poll(self: Seller, job: Any) -> Any:
        return Running() if "-1-" in job["key"] and not over else await keep(self, job)

    async def work(client: Any) -> Any:
        first = await ask(client, n=2)
        before = jobs(client)
        over.append(True)
        await until(lambda: jobs(client)[0][3] is None)
        await client.gateway.flush()
        counted = client.gateway.ledger.rows(
            "SELECT labels ->> 'outcome', value FROM counters WHERE name = 'qfloor_outputs_total'"
        )
        return first, before, await ask(client, n=2), jobs(client), counted

    monkeypatch.setattr(Seller, "poll", poll)
    with behave({"shop/value": "job:0.0"}) as calls:
        first, (before,), again, (after,), counted = drive(chosen(tmp_path), work)
    assert dict(counted) == {"made": 2.0, "unknown": 1.0}
    assert first.headers["x-qfloor-missing"] == "1"
    assert before[:3] == ("completed", "unknown", None)
    assert after == ("completed", "yes", 40_000_000, None)
    assert again.json()["data"] == first.json()["data"]
    assert len(calls) == 2


HEIR = "heir-1"
UNKNOWN = {"status": 504, "code": "outcome_unknown", "message": "nobody knows", "metadata": {}}


def taken_over(folder: Path) -> str:
    """Another worker takes the only job, cannot ask its seller, and ends it as unknown."""
    ledger = GatewayLedger(folder / "ws" / "gateway")
    ((job_id,),) = ledger.rows("SELECT id FROM jobs")
    ledger.write("UPDATE jobs SET owner = ?", (HEIR,))
    (call,) = ledger.history(f"{job_id}-0-0")
    lost = replace(call, event=Event.ENDED, status=Status.UNKNOWN, reason="timeout_ambiguous")
    ledger.append_attempts([lost])
    result = {"outputs": [], "fault": UNKNOWN, "missing": 1}
    Jobs(ledger, HEIR).end(
        job_id, state="failed", facts={}, charged="unknown", charged_nanousd=None, result=result
    )
    ledger.close()
    return str(job_id)


@pytest.mark.parametrize("how", ["picture", "handle", "refusal"])
def test_what_a_seller_answers_after_the_heir_gave_the_job_up_is_kept_and_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The answer was logged as lost, and the most that it could cost was held for ever."""
    submit = Seller.submit
    go = asyncio.Event()

    async def slow(self: Seller, request: Any) -> Any:
        answer = await submit(self, request)
        await go.wait()
        return answer

    async def work(client: Any) -> Any:
        first = asyncio.create_task(ask(client))
        await until(lambda: calls)
        before = client.gateway.ledger.rows("SELECT held_nanousd FROM jobs")
        job_id = await asyncio.to_thread(taken_over, tmp_path)
        told = client.gateway.jobs.spent("", _today(client))
        go.set()
        await first
        await until(lambda: jobs(client)[0][1] != "unknown")
        again = await ask(client)
        events = [a.event for a in client.gateway.ledger.history(f"{job_id}-0-0")]
        spent = client.gateway.jobs.spent("", _today(client))
        return before, told, again, jobs(client), spent, events

    monkeypatch.setattr(Seller, "submit", slow)
    seller = {"picture": "ok", "handle": "job:0.1", "refusal": "refused_input"}[how]
    with behave({"shop/value": seller}) as calls:
        ((held,),), told, again, ((state, charged, amount, plan),), spent, events = drive(
            chosen(tmp_path, image_deadline_s=60.0), work
        )
    assert told == held == 80_000_000
    assert plan is None, "its prompt is forgotten again"
    assert len(calls) == 1
    assert events[:2] == [Event.INTENDED, Event.ENDED]
    assert (Event.ACCEPTED in events) == (how == "handle")
    if how == "refusal":
        assert again.status_code == 400
        assert again.json()["error"]["code"] == "content_policy_violation"
        assert (state, charged, amount, spent) == ("failed", "no", 0, 0)
    else:
        assert again.status_code == 200, again.text
        assert again.json()["model"] == "shop/value"
        assert (state, charged, amount, spent) == ("completed", "yes", 20_000_000, 20_000_000)


def test_what_was_answered_after_the_job_was_given_up_is_found_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the worker that was answered knew of it, and it was gone before its next beat."""
    monkeypatch.setattr(core, "BEAT_S", 3600.0)
    submit = Seller.submit
    given = chosen(tmp_path, image_deadline_s=60.0)

    async def work() -> Any:
        go = asyncio.Event()

        async def slow(self: Seller, request: Any) -> Any:
            answer = await submit(self, request)
            await go.wait()
            return answer

        monkeypatch.setattr(Seller, "submit", slow)
        async with running(given) as client:
            first = asyncio.create_task(ask(client))
            await until(lambda: calls)
            await asyncio.to_thread(taken_over, tmp_path)
            go.set()
            told = await first
        monkeypatch.setattr(core, "BEAT_S", 0.05)
        async with running(given) as client:
            await until(lambda: jobs(client)[0][1] != "unknown")
            return (
                told,
                await ask(client),
                jobs(client),
                client.gateway.jobs.spent("", _today(client)),
            )

    with behave({"shop/value": "ok"}) as calls:
        told, again, after, spent = asyncio.run(work())
    assert told.status_code == 200, "who waited there was handed it"
    assert (again.status_code, again.json()["model"]) == (200, "shop/value")
    assert after == [("completed", "yes", 20_000_000, None)]
    assert (spent, len(calls)) == (20_000_000, 1)


def given_up(ledger: GatewayLedger, *answers: Attempt, state: Any = "failed") -> tuple[Jobs, Jobs]:
    """A job whose first worker was declared gone during its call; its heir ends it as unknown."""
    first, heir = Jobs(ledger, "m-first"), Jobs(ledger, HEIR)
    plan = {"prompt": "a secret mug", "negative": "people", "n": 1}
    ledger.write("INSERT INTO jobs (id, kind, key_name, body_digest, day, created_at, state, "
                 "owner, n, held_nanousd, plan) VALUES ('image_1', 'image', '', '', '', 0, "
                 "'queued', 'm-first', 1, 80, ?)", (json.dumps(plan),))  # fmt: skip
    ledger.fence = first.worker
    ledger.append_attempts([CALL])
    ledger.write("UPDATE jobs SET owner = ?", (HEIR,))
    ledger.append_attempts(answers)
    ledger.fence = HEIR
    ledger.append_attempts([LOST])
    result = {"outputs": [], "fault": UNKNOWN, "missing": 1}
    heir.end("image_1", state=state, facts={}, charged="unknown", charged_nanousd=None,
             result=result)  # fmt: skip
    return first, heir


CALL = Attempt(output_id="image_1-0-0", n=1, event=Event.INTENDED, at="2026-12-01")
LOST = replace(CALL, event=Event.ENDED, status=Status.UNKNOWN, reason="timeout_ambiguous")
TAKEN = replace(CALL, event=Event.ACCEPTED, job={"id": "at-the-seller"})
MADE = replace(CALL, event=Event.ENDED, status=Status.MADE, reason="ok", charged="yes")
AWAY = replace(CALL, event=Event.ENDED, status=Status.FAILED, reason="rate_limited", charged="no")


@pytest.mark.parametrize(
    ("answer", "order"),  # that nobody knows is not said after a last word: another test
    [(TAKEN, "before"), (TAKEN, "after"), (MADE, "after"), (AWAY, "after")],
    ids=["handle before", "handle", "picture", "429"],
)
def test_any_worker_finds_what_was_answered_and_nobody_buys_for_it(
    tmp_path: Path, answer: Attempt, order: str
) -> None:
    ledger = GatewayLedger(tmp_path)
    first, _ = given_up(ledger, *([answer] if order == "before" else []))
    if order == "after":
        (kept,) = ledger.rows("SELECT plan, doubt FROM jobs")
        assert kept[0] is None
        assert "secret" not in kept[1]
        assert "people" not in kept[1]
        assert Jobs(ledger, "m-other").adopt() == []
        ledger.fence = first.worker
        ledger.append_attempts([answer])
    (late,) = Jobs(ledger, "m-other").adopt()
    assert late.is_late
    assert late.plan == {"prompt": "", "negative": None, "n": 1}
    ledger.fence = "m-other"
    with pytest.raises(LostJobError, match="ended"):
        ledger.append_attempts([replace(CALL, output_id="image_1-0-1")])
    last = Jobs(ledger, "m-other")
    last.end(
        "image_1", state="failed", facts={}, charged="unknown", charged_nanousd=None, result={}
    )
    assert last.adopt() == [], "it was asked for once more, and that is all"
    assert ledger.rows("SELECT plan, doubt FROM jobs") == [(None, None)]
    ledger.close()


@pytest.mark.parametrize("prompt", ["", MUG])
def test_nothing_is_looked_up_by_a_prompt_that_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompt: str
) -> None:
    """Sellers in this house make a job of the request itself: it would be of another picture."""
    looked: list[str] = []

    async def lookup(self: Seller, request: Any) -> None:
        looked.append(request.prompt.text)

    async def work(client: Any) -> Any:
        await ask(client)
        ledger = client.gateway.ledger
        ((job_id, kept),) = ledger.rows("SELECT id, doubt FROM jobs")
        plan = Plan.read({**json.loads(kept), "prompt": prompt})
        return await client.gateway.orders._dispatcher.follow(plan, job_id, 0, 0.1)

    monkeypatch.setattr(Seller, "lookup", lookup, raising=False)
    with behave({"shop/value": "timeout_ambiguous"}):
        end = drive(chosen(tmp_path), work)
    assert looked == ([prompt] if prompt else [])
    if not prompt:
        assert end.outcome.status is Status.UNKNOWN


def test_a_job_that_ended_elsewhere_is_not_given_back_to_who_is_still_at_it(tmp_path: Path) -> None:
    """It would go on as if it had not ended: ask the next seller, or forget what was told."""
    ledger = GatewayLedger(tmp_path)
    first, _ = given_up(ledger)
    ledger.fence = first.worker
    ledger.append_attempts([AWAY])
    assert first.adopt(["image_1"]) == []
    assert ledger.rows("SELECT owner FROM jobs") == [(HEIR,)]
    assert [job.is_late for job in first.adopt()] == [True]
    ledger.close()


def test_what_the_heir_tells_last_replaces_no_picture(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    made = Output(
        id="image_1-0-0", prompt_id="p", prompt_digest="d", offer_id="shop/value", repeat=0,
        round="r", status=Status.MADE, reason="ok", media_sha256="0" * 64,
    )  # fmt: skip
    lost = replace(made, status=Status.UNKNOWN, reason="timeout_ambiguous", media_sha256=None)
    assert ledger.save_outputs([lost]) == ledger.save_outputs([made]) == 1
    assert ledger.save_outputs([lost]) == 0
    assert ledger.output(made.id) == made
    ledger.close()


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.REFUSED, "refused_input"), (Status.BLANK, "one_colour"),
                           (Status.FAILED, "provider_error")],
)  # fmt: skip
def test_that_nobody_knows_is_not_said_after_the_seller_has_answered(
    tmp_path: Path, status: Status, reason: str
) -> None:
    """The heir looked before the answer came, and its word hid what was charged for ever."""
    ledger = GatewayLedger(tmp_path)
    job_id = f"image_{'0' * 32}"
    for worker in ("first", HEIR):
        ledger.write("INSERT OR IGNORE INTO jobs (id, kind, key_name, body_digest, day, "
                     "created_at, state, owner, n, held_nanousd, plan) VALUES (?, 'image', '', "
                     "'', '', 0, 'queued', 'first', 1, 80, '{}')", (job_id,))  # fmt: skip
        ledger.write("UPDATE jobs SET owner = ?", (worker,))
        if worker == "first":
            ledger.fence = worker
            called = Attempt(output_id=f"{job_id}-0-0", n=1, event=Event.INTENDED, at="1")
            ledger.append_attempts([called])
    told = replace(called, event=Event.ENDED, status=status, reason=reason, charged="no",
                   amount_nanousd=0)  # fmt: skip
    lost = replace(told, status=Status.UNKNOWN, reason="timeout_ambiguous", charged="unknown")
    ledger.append_attempts([told])  # by who was declared dead
    ledger.fence = HEIR
    with pytest.raises(StoreError, match="has answered"):
        ledger.append_attempts([lost])
    assert ledger.in_doubt(job_id) == []
    ledger.close()


def test_the_deadline_is_the_offers_or_its_kinds(tmp_path: Path) -> None:
    given = Settings(offer_deadline_s={"shop/film": 30_000.0})
    assert given.deadline_s("shop/film", "video") == 30_000.0
    assert given.deadline_s("shop/reel", "video") == 14_400.0
    assert given.deadline_s("shop/value", "image") == 1_800.0
    config = tmp_path / "gateway.toml"
    config.write_text("[offer_deadline_s]\n'shop/film' = 0\n")
    with pytest.raises(
        InputError, match="offer_deadline_s': must be given in seconds, more than none"
    ):
        read_settings(config)
