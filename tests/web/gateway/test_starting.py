"""A gateway that does not start: what its server is told, and what the service makes of it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from qfloor.errors import QfloorError, StoreError
from qfloor.web.gateway.serving import Starting, _give_up, greeting
from qfloor.web.gateway.settings import Settings

TROUBLE = StoreError("the workspace is used by a gateway on another machine")


def lifespan(*told: dict[str, Any], ends_with: Exception | None) -> tuple[list[Any], list[Any]]:
    """What the server hears of an application that tells it this; and what was made of it."""
    heard: list[Any] = []
    noted: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in told:
            await send(message)
        if ends_with is not None:
            raise ends_with

    async def send(message: Any) -> None:
        heard.append(message)

    starting = Starting(app, served=lambda: noted.append("served"), refused=noted.append)
    asyncio.run(starting({"type": "lifespan"}, None, send))  # type: ignore[arg-type]
    return heard, noted


FAILED = {"type": "lifespan.startup.failed", "message": "Traceback (most recent call last): .."}
COMPLETE = {"type": "lifespan.startup.complete"}


@pytest.fixture(autouse=True)
def _server_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "disabled", False)


def test_a_refusal_is_noted_and_the_server_gets_no_traceback() -> None:
    heard, noted = lifespan(FAILED, ends_with=TROUBLE)
    assert heard == [{"type": "lifespan.startup.failed"}]
    assert noted == [TROUBLE]
    assert logging.getLogger("uvicorn.error").disabled


def test_what_broke_by_a_fault_of_ours_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        lifespan(FAILED, ends_with=ZeroDivisionError())
    assert not logging.getLogger("uvicorn.error").disabled


@pytest.mark.parametrize("error", [TROUBLE, ZeroDivisionError()])
def test_what_goes_wrong_at_the_end_is_no_refusal_to_start(error: Exception) -> None:
    with pytest.raises(type(error)):
        lifespan(COMPLETE, ends_with=error)


def test_one_that_starts_says_so() -> None:
    assert lifespan(COMPLETE, ends_with=None) == ([COMPLETE], ["served"])


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker ends at once; here it must not take the tests with it."""

    def leave(code: int) -> NoReturn:
        raise SystemExit(code)

    monkeypatch.setattr("qfloor.web.gateway.serving.os._exit", leave)
    monkeypatch.setattr("qfloor.web.gateway.serving.logging.shutdown", lambda: None)


@pytest.mark.usefixtures("ends")
def test_the_first_worker_that_refuses_is_told_to_the_parent(tmp_path: Path) -> None:
    for error in (TROUBLE, QfloorError("another")):
        with pytest.raises(SystemExit, match="1"):
            _give_up(tmp_path, error)
    assert (tmp_path / "refused").read_text() == str(TROUBLE)


@pytest.mark.usefixtures("ends")
def test_a_worker_that_refuses_once_others_serve_ends_nothing_but_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "served").touch()
    with pytest.raises(SystemExit, match="1"):
        _give_up(tmp_path, TROUBLE)
    assert not (tmp_path / "refused").exists()
    assert "another machine" in caplog.text


@pytest.mark.parametrize(
    ("told", "notes"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "192.0.2.7"}, False),
        ({"host": "0.0.0.0", "public_url": "https://pictures.example"}, False),
    ],
)
def test_urls_that_nobody_could_fetch_are_told_of(told: dict[str, Any], notes: bool) -> None:
    """Where it listens everywhere, pictures were given at http://0.0.0.0."""
    said = greeting(Settings(database=Path("q.db"), **told))
    assert said.startswith("serving q.db at ")
    assert ("--public-url" in said) is notes


FIRST_PICTURE = """
import asyncio, sys
from pathlib import Path
from gateway_sellers import behave
from gateway_world import MUG, by_sellers, running

async def work():
    async with running(by_sellers(Path(sys.argv[1]))) as client:
        before = set(sys.modules)
        with behave({}):
            (await client.post("/v1/images/generations", json={"prompt": MUG})).raise_for_status()
        print(sorted(set(sys.modules) - before))

asyncio.run(work())
"""


def test_the_first_picture_waits_for_no_module(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_PICTURE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"
