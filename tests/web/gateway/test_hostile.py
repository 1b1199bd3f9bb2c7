"""Clients and sellers that mean harm, or behave as if they did."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fakes.seller import picture
from gateway_sellers import Seller, behave
from gateway_world import CLIP, MUG, drive, listening, running
from gateway_world import by_sellers as chosen
from PIL import Image

from qfloor.generators.protocol import Artifact, Ended
from qfloor.web import wire
from qfloor.web.gateway import delivery, forms
from qfloor.web.gateway.delivery import MARK
from qfloor.web.gateway.facts import header_value

URL, VIDEOS = "/v1/images/generations", "/v1/videos"
KEY = {"idempotency-key": "order-17"}
HEAD = b"POST /v1/images/generations HTTP/1.1\r\nhost: 127.0.0.1\r\n"


def connect(base: str) -> socket.socket:
    host, _, port = base.removeprefix("http://").partition(":")
    line = socket.create_connection((host, int(port)), timeout=60)
    line.settimeout(60)
    return line


# -- slow ones ----------------------------------------------------------------------------------


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_who_does_not_finish_asking_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.5)
    with listening(chosen(tmp_path)) as base, connect(base) as first, connect(base) as again:
        again.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert again.recv(4_000).startswith(b"HTTP/1.1 200")
        for line in (first, again):  # at its first request, and at one more on a kept connection
            line.sendall(HEAD)
            began = time.monotonic()
            ended = b"?"
            while ended and time.monotonic() - began < 60.0:
                try:
                    line.sendall(b"x: 1\r\n")  # a little now and then
                    line.settimeout(0.1)
                    ended = line.recv(4_000)
                except TimeoutError:
                    continue
                except OSError:
                    ended = b""
            assert ended == b""


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_who_waits_for_a_slow_seller_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.3)
    with (
        behave({"shop/value": 1.0}),
        listening(chosen(tmp_path)) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=60) as client,
    ):
        for _ in range(2):
            assert client.post(URL, json={"prompt": MUG}).status_code == 200


def large_picture() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (1_200, 1_200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("reads", [False, True])
def test_who_takes_nothing_of_an_answer_is_cut_off_and_who_takes_little_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    ended, lost = threading.Event(), wire.HurriedProtocol.connection_lost

    def seen(self: wire.HurriedProtocol, error: Exception | None) -> None:
        lost(self, error)
        ended.set()

    monkeypatch.setattr(wire, "STALL_S", 2.0)
    monkeypatch.setattr(wire.HurriedProtocol, "connection_lost", seen)
    monkeypatch.setattr(delivery, "_MOST_PIECES", 1)  # a busy machine takes one within that too
    body = json.dumps({"prompt": MUG}).encode()
    with (
        behave({"shop/value": large_picture()}),
        listening(chosen(tmp_path)) as base,
        connect(base) as line,
    ):
        line.sendall(HEAD + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"
                     % len(body) + body)  # fmt: skip
        got, ends = 0, time.monotonic() + (4.0 if reads else 0.0)
        while time.monotonic() < ends:
            got += len(line.recv(50_000))
            time.sleep(0.02)
        assert reads or ended.wait(60)
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(1 << 18):
                got += len(piece)
                if reads and got > 5_700_000:
                    break
    assert (got > 5_700_000) is reads  # four megabytes in base64


@pytest.mark.parametrize(("others", "most"), [(0, 8 * 131_072), (15, 2 * 131_072), (31, 131_072)])
def test_answers_go_out_in_small_pieces(tmp_path: Path, others: int, most: int) -> None:
    """What a reader who takes nothing holds in memory is a piece or two; of many, small ones."""

    async def work(client: Any) -> Any:
        delivery = client.gateway.delivery
        delivery._going_out = others
        sha256 = client.gateway.ledger.put_media(large_picture(), "image/png")
        answer = delivery.inline({"b64_json": MARK}, [sha256], {})
        return [len(piece) async for piece in answer.body_iterator], answer.headers

    pieces, headers = drive(chosen(tmp_path), work)
    assert sum(pieces) == int(headers["content-length"]) > 5_000_000
    assert max(pieces) <= most


def test_a_body_that_trickles_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for byte in b'{"prompt": "a mug"}' * 3:
            yield bytes([byte])
            await asyncio.sleep(0.05)

    monkeypatch.setattr(forms, "BODY_S", 0.3)
    answer = drive(chosen(tmp_path), lambda c: c.post(URL, content=trickle()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "body_too_slow")


# -- large ones ---------------------------------------------------------------------------------


def form(*parts: bytes) -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


NAMED = b'content-disposition: form-data; name="a%d"\r\n\r\n1'
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "many fields": ("json", lambda: json.dumps({f"a{i}": 1 for i in range(70_000)}).encode()),
    "many fields within": (
        "json",
        lambda: json.dumps(
            {"prompt": MUG, "routing": {f"a{i}": 1 for i in range(60_000)}}
        ).encode(),
    ),
    "deep": ("json", lambda: b'{"prompt":' + b"[" * 900_000),
    "a long number": ("json", lambda: b'{"prompt":"a mug","seed":' + b"9" * 900_000 + b"}"),
    "a long amount": (
        "json",
        lambda: b'{"prompt":"a mug","routing":{"max_price_usd":"' + b"9" * 900_000 + b'"}}',
    ),
    "a long prompt": ("json", lambda: b'{"prompt":"' + b"a mug " * 150_000 + b'"}'),
    "a form of many": ("form", lambda: form(*(NAMED % i for i in range(15_000)))),
    "a form of heads": ("form", lambda: form(b"a:b\r\n" * 180_000 + b"\r\n\r\n1")),
    "a form of forms": (
        "form",
        lambda: form(
            b"content-type: multipart/mixed; boundary=y\r\n\r\n" + b"--y\r\n\r\n" * 100_000
        ),
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_large_body_is_refused_and_holds_up_nobody(tmp_path: Path, bomb: str) -> None:
    kind, make = BOMBS[bomb]
    body = make()
    assert 200_000 < len(body) < 1_000_000  # within what may be sent
    declared = "application/json" if kind == "json" else "multipart/form-data; boundary=x"

    async def work(client: Any) -> Any:
        await client.post(VIDEOS, json={"prompt": ""})
        began = time.process_time()
        answer = await client.post(VIDEOS, content=body, headers={"content-type": declared})
        return answer, time.process_time() - began

    answer, took = drive(chosen(tmp_path), work)
    assert answer.status_code == 400, answer.text[:300]
    assert took < 2  # of processor: a form of forms took eight seconds, and everybody waited
    assert len(answer.text) < 1_000


@pytest.mark.parametrize("field", ["max_price_usd", "max_latency_s", "speed_premium_pct"])
@pytest.mark.parametrize("number", ["1e999", '"1e999"', '"inf"', "-1e999", '"9' + "9" * 400 + '"'])
def test_a_number_beyond_all_numbers_is_an_error_of_its_field(
    tmp_path: Path, field: str, number: str
) -> None:
    content = f'{{"prompt": "a mug", "routing": {{"{field}": {number}}}}}'.encode()
    headers = {"content-type": "application/json"}
    answer = drive(chosen(tmp_path), lambda c: c.post(URL, content=content, headers=headers))
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]["param"]


# -- leaving, repeating, crowding ---------------------------------------------------------------


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_what_a_client_that_left_asked_for_is_there_when_it_comes_back(tmp_path: Path) -> None:
    body = json.dumps({"prompt": MUG}).encode()
    with (
        behave({"shop/value": 0.6}) as calls,
        listening(chosen(tmp_path)) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=60) as client,
    ):
        with connect(base) as line:
            line.sendall(HEAD + b"idempotency-key: order-17\r\ncontent-type: application/json\r\n"
                         b"content-length: %d\r\n\r\n" % len(body) + body)  # fmt: skip
            while not calls:
                time.sleep(0.02)
        answer = client.post(URL, content=body, headers=KEY | {"content-type": "application/json"})
    assert (answer.status_code, answer.headers["x-qfloor-replayed"]) == (200, "yes")
    assert len(calls) == 1


def test_one_key_for_two_bodies_at_once_buys_one(tmp_path: Path) -> None:
    given = chosen(tmp_path)

    async def both() -> Any:
        async with running(given) as one, running(given) as two:
            return await asyncio.gather(
                one.post(URL, json={"prompt": MUG}, headers=KEY),
                two.post(URL, json={"prompt": MUG, "n": 2}, headers=KEY),
                two.post(VIDEOS, json={"prompt": CLIP}, headers=KEY),
            )

    with behave({}) as calls:
        answers = asyncio.run(both())
    assert sorted(a.status_code for a in answers) == [200, 422, 422]
    assert len(calls) in (1, 2)  # two: the request for two pictures came first
    assert len({key.partition("-")[0] for _, key in calls}) == 1


def test_clips_that_take_hours_hold_up_no_picture(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        asked = [await client.post(VIDEOS, json={"prompt": CLIP}) for _ in range(3)]
        return asked, await client.post(URL, json={"prompt": MUG})

    given = chosen(tmp_path, most_at_once=1, most_clips_at_once=2, most_waiting=0, drain_s=0.1)
    with behave({"shop/film": "job:60"}):
        clips, still = drive(given, work)
    assert [c.status_code for c in clips] == [200, 200, 429]
    assert still.status_code == 200


# -- words that become headers ------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    ["shop/a\r\nx-evil: 1", "shop/a\nb", "caf\u00e9", "\u2028", "a\x00b", "\ud800", "x" * 9_000],
)
def test_no_name_can_add_a_header(word: str) -> None:
    value = header_value(word)
    assert value.isascii()
    assert value.isprintable()
    assert len(value) <= 400


@pytest.mark.parametrize("how", ["whole", "head"])
def test_a_sellers_media_type_adds_no_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def submit(self: Seller, request: Any) -> Any:
        media = Artifact(content=picture("x"), media_type="image/png\r\nx-evil: 1")
        return Ended(reason="ok", artifact=media)

    async def work(client: Any) -> Any:
        answer = await client.post(URL, json={"prompt": MUG, "response_format": "url"})
        assert answer.status_code == 200, answer.text
        url = answer.json()["data"][0]["url"]
        return await client.get(url.partition("8080")[2])

    monkeypatch.setattr(Seller, "submit", submit)
    with behave({}):
        given = drive(chosen(tmp_path, inspect=how), work)
    assert given.status_code == 200
    assert given.headers["content-type"] == "image/png"
    assert "x-evil" not in given.headers
