"""Answers of /v1/route that are put together once say what an explained one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from factories import Seller
from gateway_world import MUG, database, drive, settings

from qfloor.router import Need
from qfloor.router.decision import plain_need
from qfloor.web.gateway import alike, guard, records

ROUTE = "/v1/route"
SHELF = (
    Seller(name="value", usd="0.02", clears=6.8),
    Seller(name="grand", usd="0.2", clears=9.5),
    Seller(name="film", usd="0.05", unit="second", clears=6.5, modalities=("video",)),
)
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"routing": {"tier": "premium"}},
    {"routing": {"allow_fallbacks": False}},
    {"routing": {"language": "en"}},
    {"routing": {"category": "portrait"}},
    {"model": "auto/image"},
    {"model": "auto/image", "quality": "high", "style": "vivid"},
    {"model": "shop/grand"},
    {"prompt": "a red mug"},
    {"prompt": "short clip of waves rolling", "seconds": 4, "model": "auto/video"},
    {"n": 3, "size": "1024x1024"},
)


def put(client: Any, body: dict[str, Any], *, explain: bool) -> Any:
    routing = {**body.get("routing", {}), "explain": explain}
    return client.post(ROUTE, json={"prompt": MUG, **body, "routing": routing})


def told(answer: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What must be equal of two answers to one body."""
    body = {k: v for k, v in answer.json().items() if k not in ("id", "now", "decision")}
    heads = dict(answer.headers)
    assert len(answer.content) == int(heads.pop("content-length"))
    assert heads.pop("x-request-id") == answer.json()["id"]
    return body, heads


@pytest.mark.parametrize("most", [1_000, 1])
def test_what_is_told_alike_is_told_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(alike, "_MOST", most)
    monkeypatch.setattr(alike, "_kept", {})

    async def work(client: Any) -> Any:
        return [
            [await put(client, body, explain=explain) for explain in (False, True, False)]
            for body in (*ASKED, *ASKED)
        ]

    for plain, explained, again in drive(settings(tmp_path, database(tmp_path, SHELF)), work):
        assert plain.status_code == 200, plain.text
        assert "decision" in explained.json()
        assert "decision" not in plain.json()
        assert told(plain) == told(explained) == told(again)
        assert list(plain.json()) == [k for k in explained.json() if k != "decision"]
    assert 0 < len(alike._kept) <= most


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"tier": "draft", "modality": "image", "n": 2},
        {"tier": "draft", "modality": "image", "n": 2, "separately": True},
        {"size": "1024x1024"},
        {"size": "1024x1024", "by_shape": True},
        {"size": "1024x1024", "by_shape": True, "resolution": "1K", "language": "pt-BR"},
        {"seconds": 4.0, "audio": True, "max_price_usd": "0.05", "max_latency_s": 3.5},
        {"negative": "hats", "max_latency_s": "batch"},
        {"max_latency_s": {"p50": 1.0}, "only": ("shop/value",), "tags": ("hands", "0" * 16)},
        {"pin": "shop/value", "project": "site"},
    ],
)
def test_a_need_in_the_log_is_all_of_it_but_its_words(told: dict[str, Any]) -> None:
    for prompt in (MUG, "ein roter Becher", 'a "quoted" mug\n'):
        need = Need(prompt=prompt, **told)
        assert records._told(need) == json.dumps(plain_need(need))


def test_needs_that_are_long_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand of them, with labels that nobody bounded together, were a gigabyte."""
    monkeypatch.setattr(records, "_around", {})
    tagged = [Need(prompt=MUG, tags=tuple(f"{n}-{i:0200}" for i in range(n))) for n in (1, 200)]
    for need in tagged + tagged[::-1]:
        assert records._told(need) == json.dumps(plain_need(need))
    assert [len(key[-1]) for key in records._around] == [1]


@pytest.mark.parametrize("n", [1, 63, 131])
def test_a_burst_is_logged_whole(tmp_path: Path, n: int) -> None:
    """However many rows come together; each stands once, in the order in which they came."""

    async def work(client: Any) -> Any:
        ids = [(await client.post(ROUTE, json={"prompt": MUG})).json()["id"] for _ in range(n)]
        await client.gateway.flush()
        rows = client.gateway.ledger.rows("SELECT id FROM decisions ORDER BY rowid")
        return ids, [row[0] for row in rows]

    ids, logged = drive(settings(tmp_path, database(tmp_path, SHELF)), work)
    assert logged == ids


def test_names_of_requests_rise_with_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the log that come together are written together."""
    moments = (0, 1_000_000, 1_700_000_000_000_000_000, 1_796_000_000_001_999_999)
    names: list[str] = []
    for moment in moments:
        monkeypatch.setattr(guard.time, "time_ns", lambda moment=moment: moment)
        some = sorted(guard.new_request_id() for _ in range(3))
        assert not names or names[-1] < some[0]
        names += some
    assert len(set(names)) == 12
    assert all(len(name) == 36 for name in names)
