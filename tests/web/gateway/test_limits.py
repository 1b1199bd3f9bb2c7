from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from gateway_sellers import behave
from gateway_world import CLIP, MUG, SHELF, Seller, database, drive, running, settings, until

from qfloor.web.gateway.keys import Rate, new_key

URL = "/v1/images/generations"


def one_key(folder: Path, **limits: float) -> tuple[Path, dict[str, str]]:
    key, digest = new_key()
    lines = "\n".join(f"{name} = {value}" for name, value in limits.items())
    path = folder / "keys.toml"
    path.write_text(f'[[key]]\nname = "studio"\nsha256 = "{digest}"\n{lines}\n')
    return path, {"authorization": f"Bearer {key}"}


def db_of(folder: Path, sellers: Any = SHELF) -> Path:
    return database(folder, sellers, generator="gateway_sellers:Seller", providers=True)


def test_a_daily_budget_covers_the_worst_case_before_anything_is_bought(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=0.05)
    only = {"only": ["shop/value"]}

    async def work(client: Any) -> Any:
        return [
            await client.post(URL, json={"prompt": MUG, "routing": only}, headers=mine)
            for _ in range(3)
        ]

    with behave({}) as calls:
        answers = drive(settings(tmp_path, db_of(tmp_path), keys=keys), work)
    assert [a.status_code for a in answers] == [200, 200, 402]
    error = answers[2].json()
    assert error["error"]["code"] == "budget_exceeded"
    assert error["metadata"]["left_usd"] == 0.01
    assert error["error"]["message"].endswith("left, and this request may cost $0.02")
    assert answers[2].headers["x-should-retry"] == "false"
    assert len(calls) == 2


def test_a_budget_that_only_a_fallback_would_break_says_so(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=0.05)
    alone = {"allow_fallbacks": False}

    async def work(client: Any) -> Any:
        ask = {"prompt": MUG}
        return [
            await client.post(URL, json=body, headers=mine)
            for body in (ask, ask | {"routing": alone})
        ]

    with behave({}):
        refused, taken = drive(settings(tmp_path, db_of(tmp_path), keys=keys), work)
    assert (refused.status_code, taken.status_code) == (402, 200)
    message = refused.json()["error"]["message"]
    assert "may cost $0.08 at the dearest offer it may fall back to" in message


def test_many_at_once_cannot_overspend(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=0.1)
    given = settings(tmp_path, db_of(tmp_path), keys=keys)
    body = {"prompt": MUG, "routing": {"only": ["shop/value"]}}

    async def both() -> Any:
        async with running(given) as one, running(given) as two:
            return await asyncio.gather(
                *(c.post(URL, json=body, headers=mine) for c in (one, two) * 10)
            )

    with behave({"shop/value": 0.1}) as calls:
        answers = asyncio.run(both())
    assert sorted(a.status_code for a in answers) == [200] * 5 + [402] * 15
    assert len(calls) == 5


def test_what_is_unknown_stays_held_and_what_was_refused_is_given_back(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=0.04)
    only = {"only": ["shop/value"]}

    async def work(client: Any) -> Any:
        out = []
        for how in ("refused_input", "timeout_ambiguous", "ok", "ok"):
            with behave({"shop/value": how}):
                body = {"prompt": MUG, "routing": only}
                out.append(await client.post(URL, json=body, headers=mine))
        return out

    answers = drive(settings(tmp_path, db_of(tmp_path), keys=keys), work)
    assert [a.status_code for a in answers] == [400, 504, 200, 402]


def test_an_unknown_price_is_not_bought_on_a_budget(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=100)
    db = db_of(tmp_path, [Seller(name="free", usd=None, clears=7.0)])

    async def work(client: Any) -> Any:
        return await client.post(URL, json={"prompt": MUG}, headers=mine)

    answer = drive(settings(tmp_path, db, keys=keys), work)
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "price_unknown")


def test_requests_a_minute(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, requests_per_minute=12)

    async def work(client: Any) -> Any:
        return [
            await client.post("/v1/route", json={"prompt": MUG}, headers=mine) for _ in range(4)
        ]

    answers = drive(settings(tmp_path, keys=keys), work)
    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    last = answers[3]
    assert last.json()["error"]["code"] == "gateway_rate_limited"
    assert last.json()["metadata"]["category"] == "gateway"
    told = f"are used up; ask again in {last.headers['retry-after']} s"
    assert told in last.json()["error"]["message"]
    assert 1 <= int(last.headers["retry-after"]) <= 10


def test_a_rate_is_kept_over_any_span() -> None:
    now = 0.0
    rate = Rate(60.0, clock=lambda: now)
    taken = 0
    for tick in range(3_000):
        now = tick / 10.0
        taken += rate.take() == 0.0
    assert 300 <= taken <= 300 + 10 + 1


def test_too_many_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    given = settings(tmp_path, db_of(tmp_path), most_at_once=2, most_waiting=3)

    async def work(client: Any) -> Any:
        return await asyncio.gather(*(client.post(URL, json={"prompt": MUG}) for _ in range(12)))

    with behave({"shop/value": 0.2}) as calls:
        answers = drive(given, work)
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [200] * 5 + [429] * 7
    busy = next(a for a in answers if a.status_code == 429)
    assert busy.json()["error"]["code"] == "gateway_busy"
    assert busy.headers["retry-after"] == "2"
    assert len(calls) == 5


def test_draining_takes_nothing_more_and_ends_what_it_has(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        gateway = client.gateway
        slow = asyncio.create_task(client.post(URL, json={"prompt": MUG}))
        await until(lambda: gateway.orders.under_way)
        drained = asyncio.create_task(gateway.orders.drain())
        await asyncio.sleep(0)
        refused = await client.post(URL, json={"prompt": MUG})
        ready = await client.get("/readyz")
        await drained
        return await slow, refused, ready

    with behave({"shop/value": 0.2}):
        slow, refused, ready = drive(settings(tmp_path, db_of(tmp_path), drain_s=50.0), work)
    assert slow.status_code == 200
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
    assert ready.status_code == 503


def test_an_account_that_says_no_is_left_alone_and_tried_again(tmp_path: Path) -> None:
    given = settings(tmp_path, db_of(tmp_path), rest_s=2.0)

    async def value(client: Any, *, available: bool) -> Any:
        """The offer's row once it stands so: the picture of health is taken now and then."""
        async with asyncio.timeout(20):
            while True:
                rows = (await client.get("/v1/health/models")).json()["data"]
                row = next(row for row in rows if row["model"] == "shop/value")
                if row["available"] is available:
                    return row
                await asyncio.sleep(0.02)

    async def work(client: Any) -> Any:
        with behave({"shop/value": "permission"}):
            first = await client.post(URL, json={"prompt": MUG})
        with behave({}) as calls:
            resting = await value(client, available=False)
            second = await client.post(URL, json={"prompt": MUG})
            await value(client, available=True)
            third = await client.post(URL, json={"prompt": MUG})
            return first, second, resting, third, list(calls)

    first, second, resting, third, calls = drive(given, work)
    assert first.status_code == 502
    assert second.json()["model"] == "shop/grand"
    assert second.headers["x-qfloor-attempts"] == "1"  # routed around, not fallen back to
    assert resting["cooling_s"] > 0
    assert third.json()["model"] == "shop/value"
    assert [offer for offer, _ in calls] == ["shop/grand", "shop/value"]


def test_clips_count_against_the_budget_too(tmp_path: Path) -> None:
    keys, mine = one_key(tmp_path, budget_usd_per_day=0.3)

    async def work(client: Any) -> Any:
        body = {"prompt": CLIP, "seconds": 4}
        return [await client.post("/v1/videos", json=body, headers=mine) for _ in range(2)]

    with behave({"shop/film": "job:5"}):
        given = settings(tmp_path, db_of(tmp_path), keys=keys, drain_s=0.01)
        answers = drive(given, work)
    assert [a.status_code for a in answers] == [200, 402]
