from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import BEHAVES, behave
from gateway_world import MUG, drive, running, until
from gateway_world import by_sellers as chosen

from qfloor.errors import StoreError
from qfloor.web.gateway.jobs import Jobs

URL = "/v1/images/generations"
KEY = {"idempotency-key": "order-17"}
EARLIER_DIGEST = "5c2c00e267fb0532f9f32a6284cea20c"


def twice(tmp_path: Path, first: Any, second: Any, how: dict[str, Any]) -> Any:
    async def work(client: Any) -> Any:
        one = await client.post(URL, json=first, headers=KEY)
        return one, await client.post(URL, json=second, headers=KEY)

    with behave(how) as calls:
        one, two = drive(chosen(tmp_path), work)
    return one, two, len(calls)


def test_the_same_key_gets_the_same_answer_and_buys_nothing(tmp_path: Path) -> None:
    one, two, bought = twice(tmp_path, {"prompt": MUG}, {"prompt": MUG}, {})
    assert one.json()["data"] == two.json()["data"]
    assert bought == 1
    assert two.headers["idempotency-key"] == "order-17"
    assert two.headers["x-qfloor-replayed"] == "yes"
    assert two.headers["x-qfloor-model"] == one.headers["x-qfloor-model"]
    assert "x-qfloor-replayed" not in one.headers


def test_the_same_key_for_another_body_is_an_error(tmp_path: Path) -> None:
    _, two, bought = twice(tmp_path, {"prompt": MUG}, {"prompt": MUG, "n": 2}, {})
    assert (two.status_code, two.json()["error"]["code"], bought) == (
        422, "idempotency_mismatch", 1,
    )  # fmt: skip
    assert two.json()["error"]["type"] == "invalid_request_error"
    assert "x-qfloor-replayed" not in two.headers


@pytest.mark.parametrize(("reason", "status"), [("refused_input", 400), ("timeout_ambiguous", 504)])
def test_what_a_seller_answered_or_may_have_taken_is_not_asked_again(
    tmp_path: Path, reason: str, status: int
) -> None:
    body = {"prompt": MUG}
    one, two, bought = twice(tmp_path, body, body, {"shop/value": reason})
    assert one.status_code == two.status_code == status
    assert one.json() == two.json()
    assert bought == 1


def test_what_nobody_took_may_be_asked_again_under_its_key(tmp_path: Path) -> None:
    body = {"prompt": MUG, "routing": {"allow_fallbacks": False}}

    async def work(client: Any) -> Any:
        one = await client.post(URL, json=body, headers=KEY)
        with behave({}):
            desk = client.gateway.singles.desk
            clock = desk.clock
            desk.clock = lambda: clock() + 1.1  # the account pauses for a second after a 429
            return one, await client.post(URL, json=body, headers=KEY)

    with behave({"shop/value": "rate_limited"}):
        one, two = drive(chosen(tmp_path), work)
    assert (one.status_code, two.status_code) == (429, 200)


def test_two_at_once_are_one_purchase_also_across_workers(tmp_path: Path) -> None:
    given = chosen(tmp_path)

    async def both() -> Any:
        async with running(given) as one, running(given) as two:
            return await asyncio.gather(
                *(c.post(URL, json={"prompt": MUG}, headers=KEY) for c in (one, two, one, two))
            )

    with behave({"shop/value": 0.3}) as calls:
        answers = asyncio.run(both())
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.json()["data"][0]["b64_json"] for a in answers}) == 1
    assert len(calls) == 1


def test_an_answer_outlives_the_worker(tmp_path: Path) -> None:
    given = chosen(tmp_path)

    async def once() -> Any:
        async with running(given) as client:
            return await client.post(URL, json={"prompt": MUG}, headers=KEY)

    with behave({}) as calls:
        one, two = asyncio.run(once()), asyncio.run(once())
    assert one.json()["data"] == two.json()["data"]
    assert len(calls) == 1


def test_what_was_asked_is_forgotten_when_it_is_answered(tmp_path: Path) -> None:
    given = chosen(tmp_path)

    async def work(client: Any) -> Any:
        await client.post(URL, json={"prompt": MUG}, headers=KEY)

    with behave({}):
        drive(given, work)
    kept = b"".join(p.read_bytes() for p in (tmp_path / "ws" / "gateway").glob("gateway.db*"))
    row = _rows(given, "SELECT plan FROM jobs")
    assert row == [(None,)]
    assert kept
    dumped = _rows(given, "SELECT * FROM decisions") + _rows(given, "SELECT * FROM outputs")
    assert MUG not in str(dumped)


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "ü"])
def test_a_key_that_is_none(tmp_path: Path, key: str) -> None:
    async def work(client: Any) -> Any:
        headers = {"idempotency-key": key.encode("latin-1")}
        return await client.post(URL, json={"prompt": MUG}, headers=headers)

    answer = drive(chosen(tmp_path), work)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_idempotency_key"


def test_who_asks_again_after_an_upgrade_asks_the_same(tmp_path: Path) -> None:
    """The digest is what a gateway without ``resolution`` and ``language`` kept."""
    given = chosen(tmp_path)

    async def work(client: Any) -> Any:
        return await client.post(URL, json={"prompt": MUG}, headers=KEY)

    with behave({}):
        assert drive(given, work).status_code == 200
    assert _rows(given, "SELECT body_digest FROM jobs") == [(EARLIER_DIGEST,)]


def _rows(given: Any, sql: str) -> Any:
    from qfloor.web.gateway.ledger import GatewayLedger

    ledger = GatewayLedger(given.workspace / "gateway")
    try:
        return ledger.rows(sql)
    finally:
        ledger.close()


def test_what_a_failing_ledger_left_open_goes_on_with_who_was_called_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first seller was busy, the second made it; then the answer could not be written."""
    failing, keep = [True], Jobs.end

    def end(self: Jobs, *given: Any, **told: Any) -> None:
        if failing:
            failing.clear()
            raise StoreError("another process is writing")
        keep(self, *given, **told)

    async def work(client: Any) -> Any:
        asked = asyncio.create_task(client.post(URL, json={"prompt": MUG}, headers=KEY))
        await until(lambda: not failing)
        BEHAVES.clear()  # the first would take it by now

        async def answered() -> bool:
            await client.gateway.orders.take_over()
            return asked.done()

        await until(answered)
        return await asked

    monkeypatch.setattr(Jobs, "end", end)
    with behave({"shop/value": "rate_limited"}) as calls:
        answer = drive(chosen(tmp_path), work)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == "shop/grand"
    assert [offer for offer, _ in calls] == ["shop/value", "shop/grand"]
