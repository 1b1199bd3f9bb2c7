"""The fakes themselves: they misbehave as told, count what they take, and notice a leaked key."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from fakes.providers.chaos import Chaos
from fakes.providers.engine import KEY, RULE_NANOUSD, STATUSES
from fakes.providers.matrix import CASES, ORACLES, case
from fakes.providers.wire import Loopback, Reply

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
PATH = "/fal-ai/flux/schnell"
QUIET = {"x-fal-no-retry": "1", "x-app-fal-disable-fallback": "1"}


def call(url: str, body: object = None, key: str = KEY, **headers: str) -> tuple[int, bytes]:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=content)
    for name, value in {"content-type": "application/json", "authorization": f"Key {key}",
                        **QUIET, **headers}.items():  # fmt: skip
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.fixture
def fal():
    with case("fal-schnell").start() as started:
        yield started


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", (ConnectionResetError, http.client.RemoteDisconnected)),
        ("cut", http.client.IncompleteRead),
        ("endless", (http.client.IncompleteRead, MemoryError)),  # who reads it all has had it
        ("drip", None),
        ("flood", None),
        ("", None),
    ],
)
def test_faults_on_the_wire(fault, error):
    server = Loopback(lambda _: Reply(200, b"x" * 1000, fault=fault))
    try:
        if error is None:
            length = len(fetched(server, "GET", "/"))
            assert length == (1000 + (64 << 16) if fault == "flood" else 1000)
        else:
            with pytest.raises(error):
                fetched(server, "GET", "/")
    finally:
        server.stop()


def fetched(server: Loopback, *request: object, timeout: float = 60, **headers: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(*request, headers=headers)
        with contextlib.closing(connection.getresponse()) as answer:
            return answer.read()


def test_silence(fal):
    fal.next("hang")
    body = json.dumps({"prompt": "a mug"})
    headers = {"content-type": "application/json", "authorization": f"Key {KEY}", **QUIET}
    with pytest.raises(TimeoutError):
        fetched(fal.api, "POST", PATH, body, timeout=0.2, **headers)
    ends = time.monotonic() + 60
    while not fal.ledger and time.monotonic() < ends:  # a busy machine takes it later than that
        time.sleep(0.01)
    assert [e.amount_nanousd for e in fal.ledger] == [RULE_NANOUSD["image"]]  # it was taken


@pytest.mark.parametrize(
    ("word", "creates", "taken"),
    [("happy", 1, 1), ("limited", 1, 0), ("down", 1, 0), ("reset", 1, 1), ("html_create", 1, 1),
     ("broken", 1, 0), ("broken_after", 1, 1)],
)  # fmt: skip
def test_what_is_taken_is_charged(fal, word, creates, taken):
    try:
        call(fal.origin + PATH, {"prompt": f"a mug #{word}"})
    except (ConnectionResetError, http.client.RemoteDisconnected, urllib.error.URLError):
        assert word == "reset"
    assert (fal.creates, len(fal.ledger)) == (creates, taken)
    assert sum(fal.charged().values()) == taken * RULE_NANOUSD["image"]


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        ({"prompt": "a mug", "steps": 3}, {}, b"steps: extra fields"),
        ({"seed": 1}, {}, b"prompt: field required"),
        ({"prompt": 5}, {}, b"prompt: wrong type"),
        ({"prompt": "a mug", "seed": True}, {}, b"seed: not a number"),
        ([], {}, b"not a JSON object"),
        ({"prompt": "a mug"}, {"x-fal-no-retry": "0"}, b"would retry"),
        ({"prompt": "a mug"}, {"content-type": "text/plain"}, b"not a JSON object"),
    ],
)
def test_a_body_is_read_strictly(fal, body, headers, said):
    status, answer = call(fal.origin + PATH, body, **headers)
    assert status == 422
    assert said in answer
    assert fal.creates == 0


def test_a_key_elsewhere_is_noticed_and_a_wrong_one_refused(fal):
    status, answer = call(fal.origin + PATH, {"prompt": "a mug"}, key="another")
    assert status == 401
    assert KEY.encode() in answer  # sellers quote keys in their errors: ours must not reach a store
    call(fal.cdn.origin + "/abc/0.png")
    assert fal.leaks == ["authorization of /abc/0.png"]
    call(fal.origin + "/v1/whatever/else", None)
    assert fal.strays == ["GET /v1/whatever/else"]


def test_chaos_is_seeded_and_of_the_stated_size():
    def draws(seed):
        chaos = Chaos(seed)
        return [chaos.create(f"mug {i}", 1) for i in range(3000)]

    assert draws(1) == draws(1) != draws(2)
    faults = [fault for fault, _ in draws(1)]
    share = sum(map(bool, faults)) / len(faults)
    assert 0.15 < share < 0.28
    assert set(faults) >= {"", "reset", "hang", "page", "cut", "broken_after", "down"}
    assert {"limited_bare_once", "down", "broken"} <= set(STATUSES)


def test_the_matrix():
    assert len({c.id for c in CASES}) == len(CASES)
    assert {c.provider for c in CASES} == set(ORACLES)
    for one in CASES:
        with one.start() as started:
            assert started.name == one.provider


def test_who_is_called_oracle_tested_is():
    here = Path(__file__).parent
    tests = "".join(p.read_text("utf-8") for p in here.glob("test_oracles_*.py"))
    asked = {c.provider for c in CASES if f'["{c.id}"], indirect=True' in tests}
    assert asked == {provider for provider, sdk in ORACLES.items() if sdk}
