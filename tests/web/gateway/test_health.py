from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from gateway_sellers import behave
from gateway_world import MUG, Seller, database, drive, settings, until

URL = "/v1/images/generations"
PAIR = (
    Seller(name="value", usd="0.0200", clears=6.8),
    Seller(name="near", usd="0.0210", clears=6.9),  # within the surcharge that speed may cost
    Seller(name="grand", usd="0.0800", clears=8.6),
)


def db_of(folder: Path) -> Path:
    return database(folder, PAIR, generator="gateway_sellers:Seller", providers=True)


async def health(client: Any) -> dict[str, Any]:
    rows = (await client.get("/v1/health/models")).json()["data"]
    return {row["model"]: row for row in rows}


def test_what_was_served_is_known_and_what_was_not_is_unknown(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        before = await health(client)
        await asyncio.gather(*(client.post(URL, json={"prompt": MUG}) for _ in range(25)))

        async def known() -> Any:
            found = await health(client)
            return found if found["shop/value"]["n"] >= 25 else None

        return before, await until(known)

    with behave({"shop/value": 0.05}):
        before, after = drive(settings(tmp_path, db_of(tmp_path)), work)
    assert not any(row["known"] for row in before.values())
    assert before["shop/value"]["p95_s"] is None  # no number stands for what is not known
    assert 0.04 <= after["shop/value"]["p50_s"] <= 2.0
    assert after["shop/value"]["known"] is True
    assert after["shop/grand"]["known"] is False
    assert after["shop/grand"]["p50_s"] is None


def test_health_outlives_the_worker_and_is_shared(tmp_path: Path) -> None:
    given = settings(tmp_path, db_of(tmp_path))

    async def serve(client: Any) -> None:
        await asyncio.gather(*(client.post(URL, json={"prompt": MUG}) for _ in range(5)))

    async def look(client: Any) -> Any:
        async def known() -> Any:
            found = await health(client)
            return found if found["shop/value"]["n"] else None

        return await until(known)

    with behave({}):
        drive(given, serve)
        assert drive(given, look)["shop/value"]["n"] == 5


def test_a_capped_share_of_requests_keeps_unrouted_latency_fresh(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("probe_share = 0.05\n")
    given = settings(tmp_path, db_of(tmp_path), policy=policy, probes=True)

    async def work(client: Any) -> Any:
        answers = [await client.post(URL, json={"prompt": MUG}) for _ in range(60)]
        await client.gateway.flush()
        rows = client.gateway.ledger.rows(
            "SELECT served_offer, serving, cause FROM decisions WHERE serving <> 'decided'"
        )
        dry = [await client.post("/v1/route", json={"prompt": MUG}) for _ in range(30)]
        return answers, rows, dry

    with behave({}):
        answers, rows, dry = drive(given, work)
    assert 1 <= len(rows) <= 3  # at most 5% of 60
    assert set(rows) == {("shop/near", "probe", "probe_for_latency")}  # never the dear one
    probed = [a for a in answers if a.headers["x-qfloor-reason"] == "probe_for_latency"]
    assert len(probed) == len(rows)
    assert {a.json()["model"] for a in probed} == {"shop/near"}
    assert {a.json()["offer"] for a in dry} == {"shop/value"}  # a dry run is never a probe


def test_no_probes_where_the_operator_wants_none(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("probe_share = 1.0\n")

    async def work(client: Any) -> Any:
        return [await client.post(URL, json={"prompt": MUG}) for _ in range(10)]

    with behave({}):
        answers = drive(settings(tmp_path, db_of(tmp_path), policy=policy), work)
    assert {a.json()["model"] for a in answers} == {"shop/value"}
