"""A real HTTP adapter behind the gateway: where its answers point is not followed anywhere."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fakes.seller import picture
from gateway_world import MUG, Seller, database, drive, settings

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
URL = "/v1/images/generations"


@contextmanager
def upstream(answer: dict[str, Any], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A provider that always gives one answer; gives its base URL and the paths it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *told: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(folder: Path, base: str) -> Any:
    db = database(folder, [Seller(name="value", clears=7.0)], generator="openai-compatible",
                  base_url=base)  # fmt: skip
    return drive(settings(folder, db), lambda c: c.post(URL, json={"prompt": MUG}))


def test_media_in_the_answer_come_through(tmp_path: Path) -> None:
    content = picture("upstream")
    with upstream({"data": [{"b64_json": base64.b64encode(content).decode()}]}) as (base, asked):
        answer = ask(tmp_path, base)
    assert answer.status_code == 200, answer.text
    assert base64.b64decode(answer.json()["data"][0]["b64_json"]) == content
    assert len(asked) == 1


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/meta-data", "https://10.0.0.8/x.png", "file:///etc/passwd",
     "http://internal/x.png", "https://user:secret@example.com/x.png", "gopher://x"],
)  # fmt: skip
def test_a_result_url_that_leads_inside_is_not_fetched(tmp_path: Path, url: str) -> None:
    with upstream({"data": [{"url": url}]}) as (base, asked):
        answer = ask(tmp_path, base)
    assert answer.status_code == 504  # it may be charged, and nothing usable came: unknown
    assert answer.json()["error"]["code"] == "outcome_unknown"
    assert "169.254" not in answer.text
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": {"code": "moderation_blocked"}}, (400, "content_policy_violation")),
        (400, {"error": {"code": "content_policy_violation"}}, (400, "content_policy_violation")),
        (401, {"error": {"message": "bad key sk-123"}}, (502, "provider_setup")),
        (429, {"error": {"message": "slow down"}}, (429, "provider_rate_limited")),
        (503, {"error": {"message": "overloaded"}}, (503, "provider_unavailable")),
        (500, {"error": {"message": "oops"}}, (504, "outcome_unknown")),  # may have been taken
        (200, {"data": []}, (502, "blank_output")),
    ],
)
def test_each_answer_of_a_provider_has_its_status(
    tmp_path: Path, status: int, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    with upstream(body, status) as (base, asked):
        answer = ask(tmp_path, base)
    assert (answer.status_code, answer.json()["error"]["code"]) == expected
    assert "sk-123" not in answer.text  # the provider's own words stay with us
    assert len(asked) == 1
