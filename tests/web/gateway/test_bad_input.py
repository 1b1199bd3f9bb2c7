"""Nothing that is sent breaks it: every answer is an answer, with the right status, in one form."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import MUG, SHELF, database, listening, running, settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

IMAGES, VIDEOS, ROUTE = "/v1/images/generations", "/v1/videos", "/v1/route"


class Sync:
    """A gateway on a loop of its own, asked synchronously: many examples, one start."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._stack = contextlib.AsyncExitStack()
        db = database(folder, SHELF, generator="gateway_sellers:Seller")
        self.client = self.loop.run_until_complete(
            self._stack.enter_async_context(running(settings(folder, db)))
        )

    def post(self, path: str, **given: Any) -> Any:
        return self.loop.run_until_complete(self.client.post(path, **given))

    def close(self) -> None:
        self.loop.run_until_complete(self._stack.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sync]:
    with behave({}):
        served = Sync(tmp_path_factory.mktemp("bad-input"))
        yield served
        served.close()


def check(answer: Any) -> None:
    """An answer is in form: an id, JSON, and an error only with its envelope."""
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    body = answer.json()
    if answer.status_code >= 400:
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert "Traceback" not in answer.text
        assert 0 < len(body["error"]["message"]) < 2_000
    for value in answer.headers.values():
        assert value.isascii()
        assert value.isprintable()


CASES: list[tuple[dict[str, Any], int]] = [
    ({}, 400),
    ({"prompt": ""}, 400),
    ({"prompt": "   \n"}, 400),
    ({"prompt": "a" * 100_000}, 400),
    ({"prompt": "a\x00b"}, 400),
    ({"prompt": "\ud800"}, 400),
    ({"prompt": 7}, 400),
    ({"prompt": None}, 400),
    ({"prompt": [MUG]}, 400),
    ({"prompt": "صورة of a 赤い mug на столе"}, 200),
    ({"prompt": "👩‍🚀" * 50}, 200),
    ({"prompt": MUG, "n": 0}, 400),
    ({"prompt": MUG, "n": -1}, 400),
    ({"prompt": MUG, "n": 1_000}, 400),
    ({"prompt": MUG, "n": 1.5}, 400),
    ({"prompt": MUG, "size": "1024x1024", "aspect_ratio": "16:9"}, 400),
    ({"prompt": MUG, "size": "1024x1024", "aspect_ratio": "1:1"}, 200),
    ({"prompt": MUG, "size": "huge"}, 400),
    ({"prompt": MUG, "size": "0x0"}, 400),
    ({"prompt": MUG, "aspect_ratio": "wide"}, 400),
    ({"prompt": MUG, "resolution": "huge"}, 400),
    ({"prompt": MUG, "resolution": "1K", "size": "1024x1536"}, 200),
    ({"prompt": MUG, "resolution": "4K", "size": "1024x1024"}, 400),
    ({"prompt": MUG, "seed": -1}, 400),
    ({"prompt": MUG, "model": ""}, 200),
    ({"prompt": MUG, "model": "shop/valeu"}, 404),
    ({"prompt": MUG, "model": "shop/film", "modality": "image"}, 422),
    ({"prompt": MUG, "model": "auto/video", "modality": "image"}, 400),
    ({"prompt": MUG, "model": "auto/audio"}, 404),
    ({"prompt": MUG, "routing": {"tier": "gold"}}, 400),
    ({"prompt": MUG, "routing": {"tier": "draft"}}, 200),
    ({"prompt": MUG, "routing": {"category": "products"}}, 400),
    ({"prompt": MUG, "routing": {"category": "portrait"}}, 200),
    ({"prompt": MUG, "routing": {"language": "nl"}}, 200),
    ({"prompt": MUG, "routing": {"language": "xx"}}, 400),
    ({"prompt": MUG, "routing": {"language": "EN"}}, 200),
    ({"prompt": MUG, "routing": {"language": "en-GB"}}, 200),
    ({"prompt": MUG, "routing": {"language": "en-"}}, 400),
    ({"prompt": MUG, "routing": {"language": 1}}, 400),
    ({"prompt": MUG, "routing": {"max_price_usd": -0.01}}, 400),
    ({"prompt": MUG, "routing": {"max_price_usd": "NaN"}}, 400),
    ({"prompt": MUG, "routing": {"max_price_usd": "free"}}, 400),
    ({"prompt": MUG, "routing": {"max_price_usd": True}}, 400),
    ({"prompt": MUG, "routing": {"max_latency_s": -1}}, 400),
    ({"prompt": MUG, "routing": {"max_latency_s": {"p50": 9, "p95": 3}}}, 400),
    ({"prompt": MUG, "routing": {"max_latency_s": "soon"}}, 400),
    ({"prompt": MUG, "routing": {"only": ["shop/nobody"]}}, 400),
    ({"prompt": MUG, "routing": {"only": "shop/value"}}, 400),
    ({"prompt": MUG, "routing": {"fallback_on": ["refused_input"]}}, 400),
    ({"prompt": MUG, "routing": []}, 400),
    ({"prompt": MUG, "routing": {"rules": 1}}, 400),
    ({"prompt": MUG, "seconds": 4}, 200),
    ({"prompt": MUG, "modality": "image", "seconds": 4}, 400),
    ({"prompt": MUG, "modality": "sculpture"}, 400),
]


@pytest.mark.parametrize(("body", "status"), CASES, ids=[str(i) for i in range(len(CASES))])
def test_each_gets_its_status(gateway: Sync, body: dict[str, Any], status: int) -> None:
    answer = gateway.post(ROUTE, content=json.dumps(body), headers=JSON)
    check(answer)
    if status == 200 and answer.status_code == 422:  # sound, and nothing is certified for it
        assert answer.json()["error"]["code"] == "no_eligible_model"
    else:
        assert answer.status_code == status, answer.text


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", [IMAGES, VIDEOS, ROUTE])
@pytest.mark.parametrize(
    "more", [{}, {"negative_prompt": "\udc00"}, {"user": "\ud800"},
             {"routing": {"project": "x\ud83d"}}, {"routing": {"tags": ["\udfff"]}},
             {"\ud800": 1}],
)  # fmt: skip
def test_half_a_character_is_no_text_anywhere(gateway: Sync, path: str, more: Any) -> None:
    """A prompt that was cut within an emoji was a 500 of pictures and clips."""
    asked = {"prompt": MUG, **more} if more else {"prompt": f"{MUG} \ud83d"}
    answer = gateway.post(path, content=json.dumps(asked), headers=JSON)
    check(answer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")
    assert "half a character" in answer.json()["error"]["message"]


def test_a_whole_one_may_be_escaped(gateway: Sync) -> None:
    asked = json.dumps({"prompt": f"{MUG} \U0001f600"})
    assert "\\ud83d" in asked
    answer = gateway.post(ROUTE, content=asked, headers=JSON)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"prompt": NaN}', b"[" * 50_000,
     b'{"n":' + b"9" * 5_000 + b"}", b'{"prompt": Infinity}', b"\x00" * 100],
    ids=range(11),
)  # fmt: skip
@pytest.mark.parametrize("path", [IMAGES, VIDEOS, ROUTE])
def test_bodies_that_are_no_json(gateway: Sync, path: str, content: bytes) -> None:
    answer = gateway.post(path, content=content, headers=JSON)
    check(answer)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "multipart/form-data", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nnonsense\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\ncontent-disposition: form-data; name="input_reference"; filename="a.png"\r\n'
            b"\r\nbytes\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            400,
        ),
        (
            b'--x\r\ncontent-disposition: form-data; name="routing[tier][x]"\r\n\r\n1\r\n'
            b'--x\r\ncontent-disposition: form-data; name="routing"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
        ),
        (b"prompt=x", "application/x-www-form-urlencoded", 415),
    ],
    ids=range(6),
)
def test_forms_that_are_none(gateway: Sync, content: bytes, kind: str, status: int) -> None:
    answer = gateway.post(VIDEOS, content=content, headers={"content-type": kind})
    check(answer)
    assert answer.status_code == status


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_FIELDS = st.sampled_from(
    ["prompt", "model", "n", "size", "aspect_ratio", "negative_prompt", "seed", "routing", "user",
     "response_format", "modality", "seconds", "audio", "quality"]
)  # fmt: skip
_ROUTING = st.dictionaries(
    st.sampled_from(
        ["category", "tier", "max_price_usd", "max_latency_s", "speed_premium_pct", "only",
         "ignore", "tags", "project", "allow_fallbacks", "fallback_on", "explain"]
    ),
    _PLAIN,
    max_size=4,
)  # fmt: skip
_BODIES = st.builds(
    lambda prompt, more, routing: {
        "prompt": prompt,
        **more,
        **({"routing": routing} if routing else {}),
    },
    st.text(max_size=60) | st.just(MUG),
    st.dictionaries(_FIELDS, _PLAIN, max_size=4),
    _ROUTING,
)


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, path=st.sampled_from([ROUTE, IMAGES]))
def test_whatever_is_sent_gets_an_answer(gateway: Sync, body: Any, path: str) -> None:
    answer = gateway.post(path, content=json.dumps(body), headers=JSON)
    check(answer)


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), kind=st.sampled_from(["application/json",
       "multipart/form-data; boundary=x", "text/plain", ""]))  # fmt: skip
def test_whatever_bytes_are_sent_get_an_answer(gateway: Sync, content: bytes, kind: str) -> None:
    check(gateway.post(VIDEOS, content=content, headers={"content-type": kind} if kind else {}))


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats() | st.text(max_size=12))
def test_a_budget_is_a_number_or_an_error(gateway: Sync, budget: Any) -> None:
    body = {"prompt": MUG, "routing": {"max_price_usd": str(budget)}}
    answer = gateway.post(ROUTE, json=body)
    check(answer)
    if isinstance(budget, float) and (math.isnan(budget) or budget < 0 or math.isinf(budget)):
        assert answer.status_code in (400, 422) if budget == 0 else answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_paths_and_methods_that_are_not_there(gateway: Sync, method: str) -> None:
    for path in ("/v1/images/generations", "/v1/nothing", "/.env"):
        answer = gateway.loop.run_until_complete(gateway.client.request(method, path))
        check(answer)
        assert answer.status_code in (404, 405)
        assert "GET /openapi.json says what is" in answer.text


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_schemathesis_finds_nothing_that_the_published_openapi_does_not_say(
    tmp_path: Path,
) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    wanted = [
        CHECKS.get_one(name)
        for name in (
            "not_a_server_error", "status_code_conformance", "content_type_conformance",
            "response_headers_conformance", "response_schema_conformance",
        )
    ]  # fmt: skip
    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller")
    tried: set[str] = set()
    with behave({}), listening(settings(tmp_path, db)) as base:
        schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        for operation in operations:
            _fuzz(operation, wanted, tried)
    assert tried == {operation.label for operation in operations}
    assert len(tried) == 12


def _fuzz(operation: Any, wanted: Any, tried: set[str]) -> None:
    @examples(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def conforms(case: Any) -> None:
        tried.add(operation.label)
        case.call_and_validate(checks=wanted)

    conforms()


@pytest.mark.parametrize(
    ("path", "said"),
    [(IMAGES, "application/json"), (VIDEOS, "application/json or multipart/form-data")],
)
def test_the_forms_that_a_body_may_have_are_told(gateway: Sync, path: str, said: str) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = gateway.post(path, content=b"prompt=mug", headers=kind)
    told = answer.json()["error"]["message"]
    assert (answer.status_code, told) == (
        415,
        "the body is declared as 'application/x-www-form-urlencoded'; send it with content-type "
        + said,
    )
