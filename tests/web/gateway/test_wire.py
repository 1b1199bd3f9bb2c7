"""Connections as workers share them."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from gateway_sellers import behave
from gateway_world import MUG, by_sellers, listening, settings

from qfloor.web import wire
from qfloor.web.gateway.app import make_app
from qfloor.web.wire import HurriedProtocol

HOST = b"host: 127.0.0.1\r\n"
MANNERED = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
UPGRADE = (
    b"connection: upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def connect(base: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=60)
    line.settimeout(60)
    return line


def asking(path: str, body: Any, *more: bytes) -> bytes:
    told = json.dumps(body).encode()
    head = b"POST %s HTTP/1.1\r\n" % path.encode() + HOST + b"".join(more)
    return head + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(told) + told


def all_of(line: socket.socket) -> bytes:
    told = b""
    while piece := line.recv(65_536):
        told += piece
    return told


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_small_answers_wait_for_no_receipt(tmp_path: Path) -> None:
    """On a socket that does not name its protocol, as uvicorn before 0.55 binds for its workers."""
    seen: list[int] = []

    class Spied(HurriedProtocol):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            line = transport.get_extra_info("socket")
            seen.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    config = uvicorn.Config(make_app(settings(tmp_path)), http=Spied, log_level="error")
    shared = socket.socket()
    shared.bind(("127.0.0.1", 0))
    assert shared.proto == 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([shared],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    base = f"http://127.0.0.1:{shared.getsockname()[1]}"
    try:
        assert httpx.get(f"{base}/healthz", trust_env=False).status_code == 200
    finally:
        server.should_exit = True
        thread.join(20)
        shared.close()
    assert seen == [1]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_headers_laid_ready_go_out_once_with_their_answer(tmp_path: Path) -> None:
    """On one kept connection: a dry run, what is no dry run, and one that is refused."""
    with (
        listening(settings(tmp_path)) as base,
        httpx.Client(base_url=base, trust_env=False) as client,
    ):
        asked = {"prompt": MUG}
        plain = [client.post("/v1/route", json=asked) for _ in range(4)]
        health = client.get("/healthz")
        wrong = client.post("/v1/route", json={})
        whole = client.post("/v1/route", json={**asked, "routing": {"explain": True}})
        plain.append(client.post("/v1/route", json=asked, headers={"connection": "close"}))
    closes = plain[-1].headers.pop("connection")
    assert closes == "close"
    names = sorted(name for name, _ in whole.headers.multi_items())
    assert "x-qfloor-model" in names
    for answer in plain:
        assert answer.json()["offer"] == whole.json()["offer"]
        assert sorted(name for name, _ in answer.headers.multi_items()) == names
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-request-id"] == answer.json()["id"]
    for answer in (health, wrong):
        assert not [name for name in answer.headers if name.startswith("x-qfloor")]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_what_follows_the_last_request_of_a_connection_does_not_take_its_answer(
    tmp_path: Path,
) -> None:
    """Old clients send an empty line after a body: they were told 400 while it was bought."""
    with (
        behave({"shop/value": 0.5}) as calls,
        listening(by_sellers(tmp_path)) as base,
        connect(base) as line,
    ):
        line.sendall(asking("/v1/images/generations", {"prompt": MUG}, b"connection: close\r\n"))
        while not calls:
            time.sleep(0.01)
        line.sendall(b"\r\n")
        told = all_of(line)
    assert told.startswith(b"HTTP/1.1 200"), told[:300]
    assert told.count(b"HTTP/1.1") == len(calls) == 1


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_request_of_two_lengths_is_none(tmp_path: Path) -> None:
    """Whoever stands before us may go by the other one: what follows would be a request to us."""
    smuggled = b"0\r\n\r\n" + MANNERED
    head = b"POST /v1/route HTTP/1.1\r\n" + HOST + b"content-type: application/json\r\n"
    for lengths in (
        b"content-length: %d\r\ntransfer-encoding: chunked\r\n" % len(smuggled),
        b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % len(smuggled),
    ):
        with listening(settings(tmp_path)) as base, connect(base) as line:
            line.sendall(head + lengths + b"\r\n" + smuggled)
            told = all_of(line)
        assert told.startswith(b"HTTP/1.1 400"), told[:300]
        assert told.count(b"HTTP/1.1") == 1


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_who_would_rather_speak_another_protocol_is_answered_in_this_one(tmp_path: Path) -> None:
    mannered = MANNERED.replace(b"host", UPGRADE + b"host")
    with listening(settings(tmp_path)) as base:
        for asked in (asking("/v1/route", {"prompt": MUG}, UPGRADE), mannered):
            with connect(base) as line:
                line.sendall(asked)
                told = all_of(line)
            assert told.startswith(b"HTTP/1.1 200"), told[:300]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_path_with_a_slash_too_many_sends_nobody_elsewhere(tmp_path: Path) -> None:
    """Where to would be what a header says of the host, and by plain HTTP."""
    with (
        listening(settings(tmp_path)) as base,
        httpx.Client(base_url=base, trust_env=False) as client,
    ):
        answer = client.post("/v1/route/", json={"prompt": MUG}, headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "location" not in answer.headers


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("closes", [True, False])
def test_who_leaves_the_rest_of_an_answer_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closes: bool
) -> None:
    """However little is left: the connection would be there for ever."""
    lines: list[HurriedProtocol] = []
    completed: list[HurriedProtocol] = []
    ended = threading.Event()
    made, lost = HurriedProtocol.connection_made, HurriedProtocol.connection_lost
    complete = HurriedProtocol.on_response_complete

    def narrow(self: HurriedProtocol, transport: Any) -> None:
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        made(self, transport)
        lines.append(self)

    def answered(self: HurriedProtocol) -> None:
        complete(self)
        completed.append(self)

    def seen(self: HurriedProtocol, error: Exception | None) -> None:
        lost(self, error)
        ended.set()

    monkeypatch.setattr(wire, "STALL_S", 0.3)
    monkeypatch.setattr(HurriedProtocol, "connection_made", narrow)
    monkeypatch.setattr(HurriedProtocol, "connection_lost", seen)
    monkeypatch.setattr(HurriedProtocol, "on_response_complete", answered)
    with listening(settings(tmp_path)) as base, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        line.connect(("127.0.0.1", int(base.rpartition(":")[2])))
        close = b"connection: close\r\n" if closes else b""
        body = {"prompt": MUG, "routing": {"explain": True}}
        for last in (b"", b"", b"", close):  # more than the system holds for us
            line.sendall(asking("/v1/route", body, last))
        while len(completed) < 4:
            time.sleep(0.01)
        assert 10_000 < lines[0].transport.get_write_buffer_size() < 65_536
        assert not lines[0].flow.write_paused
        assert ended.wait(20)
