"""Connections as workers share them."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from gateway_world import MUG, listening, settings

from qfloor.web.gateway.app import make_app
from qfloor.web.wire import HurriedProtocol


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_small_answers_wait_for_no_receipt(tmp_path: Path) -> None:
    """On the socket that uvicorn binds for its workers, which does not name its protocol."""
    seen: list[int] = []

    class Spied(HurriedProtocol):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            line = transport.get_extra_info("socket")
            seen.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    config = uvicorn.Config(make_app(settings(tmp_path)), host="127.0.0.1", port=0, http=Spied,
                            log_level="error")  # fmt: skip
    shared = config.bind_socket()
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
