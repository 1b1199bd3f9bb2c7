"""Media go out as the very bytes they are, in pieces that memory has room for."""

from __future__ import annotations

import asyncio
import base64
import random
from pathlib import Path
from typing import Any

import pytest
from fakes.seller import picture
from gateway_sellers import behave
from gateway_world import MUG, SHELF, database, drive, settings

from qfloor.web.gateway import delivery
from qfloor.web.gateway.delivery import Delivery
from qfloor.web.gateway.ledger import GatewayLedger

URL = "/v1/images/generations"
PIECE = delivery._PIECE


def of_size(size: int) -> bytes:
    """A picture's head, and what no base64 may change."""
    head = picture("large")
    return head + random.Random(size).randbytes(size - len(head))


def answered(folder: Path, content: bytes) -> bytes:
    """What a client makes of an answer."""
    db = database(folder, SHELF, generator="gateway_sellers:Seller", providers=True)
    given = settings(folder, db, inspect="head")

    async def work(client: Any) -> Any:
        return await client.post(URL, json={"prompt": MUG})

    with behave({"shop/value": content}):
        answer = drive(given, work)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    return base64.b64decode(answer.json()["data"][0]["b64_json"], validate=True)


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * 8 * PIECE, 20 * PIECE + 5])
@pytest.mark.parametrize("others", [0, 5, 2_000])
def test_the_bytes_are_the_same_in_pieces_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, others: int
) -> None:
    content = of_size(size)
    begin = delivery.Delivery.__init__

    def busy(self: Any, *given: Any) -> None:
        begin(self, *given)
        self._going_out = others

    monkeypatch.setattr(delivery.Delivery, "__init__", busy)
    assert answered(tmp_path, content) == content


def test_the_more_answers_go_out_the_less_each_holds(tmp_path: Path) -> None:
    """Two thousand who read slowly hold less than a gigabyte, whenever each of them began."""
    path = tmp_path / "media"
    path.write_bytes(of_size(20 * PIECE))

    async def work() -> Any:
        made = Delivery(GatewayLedger(tmp_path / "ledger"), "http://gateway")
        readers, held = [], []
        for _ in range(2_000):
            reader = made._woven([b"{", b"}"], [(path, path.stat().st_size)])
            assert await anext(reader) == b"{"
            held.append(len(await anext(reader)))
            readers.append(reader)
        for reader in readers:
            await reader.aclose()
        alone = made._woven([b"{", b"}"], [(path, path.stat().st_size)])
        sizes = [len(piece) async for piece in alone]
        return held, sizes, made._going_out

    held, sizes, left = asyncio.run(work())
    assert held[0] == sizes[1] == 8 * PIECE // 3 * 4
    assert held[-1] == PIECE // 3 * 4
    assert 2 * sum(held) < 600e6  # once more in the line's own buffer
    assert sum(sizes) == 2 + 20 * PIECE // 3 * 4
    assert left == 0


def test_no_text_of_a_client_is_taken_for_the_place_of_media(tmp_path: Path) -> None:
    """A tag that was, broke an answer off in the middle, and its picture was paid for."""
    mark = "\x00media\x00"
    told = {"explain": True, "tags": [mark, delivery.MARK[:-1]], "project": mark}

    async def work(client: Any) -> Any:
        return await client.post(URL, json={"prompt": MUG, "routing": told})

    with behave({}):
        answer = drive(settings(tmp_path, database(tmp_path, SHELF)), work)
    assert repr(mark)[1:-1] in str(answer.json()["routing"])
    assert base64.b64decode(answer.json()["data"][0]["b64_json"], validate=True)
