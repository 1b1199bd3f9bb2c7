"""Two workers on a disk that fails at random, clients that leave and ask again: money adds up."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import MUG, SHELF, database, running, settings, until

from qfloor.errors import UnwritableError
from qfloor.generate.policy import RunPolicy
from qfloor.web.gateway import core, late, orders, records
from qfloor.web.gateway.ledger import GatewayLedger

URL = "/v1/images/generations"
NANOUSD = {"shop/thrift": 3_000_000, "shop/value": 20_000_000, "shop/grand": 80_000_000}
"""What a picture costs: while one seller is left alone, the next certified one is decided for."""
FAULTS = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_BUSY", "SQLITE_IOERR_READ", "SQLITE_NOMEM")


class Torn:
    """A connection whose disk fails now and then, and sometimes takes the transaction back."""

    def __init__(self, connection: Any, rng: random.Random, share: float) -> None:
        self.connection, self.rng, self.share = connection, rng, share

    def execute(self, sql: str, *values: Any) -> Any:
        if self.rng.random() < self.share and not sql.startswith(("ROLLBACK", "RELEASE")):
            error = sqlite3.OperationalError("a fault")
            error.sqlite_errorname = self.rng.choice(FAULTS)
            if self.rng.random() < 0.5 and self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise error
        return self.connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class Shop:
    """Clients of two workers, and what their seller has taken."""

    def __init__(self, given: Any, rng: random.Random) -> None:
        self.given, self.rng = given, rng
        self.taken: list[tuple[str, str]] = []
        self.answers: dict[str, list[Any]] = {}

    def sells(self, request: Any) -> Any:
        how = self.rng.choice(["ok", 0.01, "job:0.05", "rate_limited"])
        if how != "rate_limited":
            self.taken.append((request.key.rsplit("-", 1)[0], request.offer.id))
        return how

    async def ask(self, client: Any, key: str | None) -> None:
        n = 1 + (int(key[1:]) % 2 if key else self.rng.randrange(2))
        told = {"prompt": MUG, "n": n, "routing": {"allow_fallbacks": False}}
        headers = {"idempotency-key": key} if key else {}
        answer = await client.post(URL, json=told, headers=headers)
        if answer.status_code == 200 and key:
            self.answers.setdefault(key, []).append([d["b64_json"] for d in answer.json()["data"]])

    async def life(self) -> None:
        async with running(self.given) as one, running(self.given) as other:
            torn = []
            for client in (one, other):
                ledger, share = client.gateway.ledger, self.rng.choice([0.0, 0.02, 0.1])
                torn.append(Torn(ledger._connection, self.rng, share))
                ledger._connection = torn[-1]
            for _ in range(5):
                keys = [f"k{self.rng.randrange(8)}" for _ in range(3)]
                some = [
                    asyncio.create_task(self.ask(self.rng.choice([one, other]), key))
                    for key in (*keys, None, None)
                ]
                await asyncio.wait(some[:3], return_when=asyncio.FIRST_COMPLETED)
                self.rng.choice(some).cancel()
                await asyncio.gather(*some, return_exceptions=True)
            for each in torn:
                each.share = 0.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_bought_twice_lost_or_miscounted_on_a_torn_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    for place, name, value in (
        (core, "BEAT_S", 0.05), (records, "FLUSH_S", 0.02), (late, "REST_S", 0.05),
        (orders, "_LEAST_REST_S", 0.05), (orders, "_MOST_REST_S", 0.1),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, value)
    monkeypatch.setattr(RunPolicy, "wait_s", lambda *given: 0.01)
    put = GatewayLedger.put_media

    def torn(self: GatewayLedger, *given: Any) -> str:
        if rng.random() < 0.1:
            raise UnwritableError("the disk is full")
        return put(self, *given)

    monkeypatch.setattr(GatewayLedger, "put_media", torn)
    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller", providers=True)
    shop = Shop(settings(tmp_path, db, drain_s=5.0, answer_within_s=2.0), rng)

    async def work() -> Any:
        for _ in range(2):
            await shop.life()
        async with running(shop.given) as client:
            ledger = client.gateway.ledger
            await until(lambda: not ledger.rows("SELECT 1 FROM jobs WHERE plan IS NOT NULL"))
            return ledger.rows("SELECT id, charged_nanousd FROM jobs")

    with behave(dict.fromkeys(NANOUSD, shop.sells)):
        jobs = dict(asyncio.run(work()))
    outputs = Counter(output for output, _ in shop.taken)
    assert set(outputs.values()) == {1}, "bought twice"
    cost = dict.fromkeys(jobs, 0)
    for output, offer_id in shop.taken:
        cost[output.rsplit("-", 1)[0]] += NANOUSD[offer_id]
    assert jobs == cost, "what was paid for is told of, each at its cost"
    assert all(got == answers[0] for answers in shop.answers.values() for got in answers)
