"""The wire: media to files, what is cut short or too large, and where keys go."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from generators.providers.play import KEY, Network, ask, came, picture, play

from qfloor.errors import InputError
from qfloor.generators.http import urls, wire
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.providers.bfl import BflGenerator
from qfloor.generators.providers.openai_compatible import OpenAICompatibleGenerator
from qfloor.generators.providers.xai import XaiGenerator
from qfloor.testing import check_generator

MEDIA = "https://cdn.example/a.png"


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", KEY)
    monkeypatch.setenv("BFL_API_KEY", KEY)


def seller(*media: Any, url: str = MEDIA) -> Network:
    network = Network().on("POST /v1/images/generations", {"data": [{"url": url}]})
    return network.on("GET /", *media)


def sold(network: Network, folder: Path, **args: Any) -> Any:
    return play(XaiGenerator, network, ask("grok-imagine-image"), folder, **args)


class Broken(httpx.AsyncByteStream):
    """A body that ends before its end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield picture()[:100]
        raise httpx.RemoteProtocolError("peer closed connection")


def cut(size: int) -> Any:
    return lambda request: httpx.Response(
        200, content=picture()[:100], headers={"content-length": str(size)}
    )


def test_a_body_cut_short_is_fetched_once_more(tmp_path: Path) -> None:
    network = seller(lambda r: httpx.Response(200, stream=Broken()), picture())
    assert came(sold(network, tmp_path)) == picture()
    network = seller(cut(9999))
    ended = sold(network, tmp_path)
    assert (ended.reason, ended.charged) == ("undecodable", "yes")
    assert sum(r.method == "GET" for r in network.seen) == 2
    assert len(network.posts()) == 1
    assert len(list((tmp_path / "downloads").iterdir())) == 1  # the first test's, and no other


def test_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    ended = sold(seller(b"x" * 5000), tmp_path, max_bytes=1000)
    assert (ended.reason, ended.charged) == ("undecodable", "yes")
    assert "more than 1000 bytes" in ended.detail
    assert list((tmp_path / "downloads").iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_url_that_has_expired(tmp_path: Path, status: int) -> None:
    ended = sold(seller(httpx.Response(status)), tmp_path)
    assert (ended.reason, ended.charged) == ("url_expired", "yes")


def test_a_server_that_is_down_is_asked_again_by_the_driver(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="HTTP 502"):
        sold(seller(httpx.Response(502)), tmp_path)
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_page_in_place_of_media_is_handed_on_as_it_is(tmp_path: Path) -> None:
    page = httpx.Response(200, text="<!doctype html>", headers={"content-type": "text/html"})
    ended = sold(seller(page), tmp_path)
    assert ended.artifact.media_type == "text/html"  # the one inspection says undecodable


def test_what_bytes_are_counts_not_what_they_are_called(tmp_path: Path) -> None:
    other = httpx.Response(200, content=picture(), headers={"content-type": "image/webp"})
    ended = sold(seller(other), tmp_path)
    assert ended.artifact.media_type == "image/png"
    assert ended.report["declared_type"] == "image/webp"


def test_compressed_transport_is_no_short_body(tmp_path: Path) -> None:
    packed = gzip.compress(picture())
    answer = httpx.Response(
        200, content=packed,
        headers={"content-encoding": "gzip", "content-length": str(len(packed))},
    )  # fmt: skip
    assert came(sold(seller(answer), tmp_path)) == picture()


def test_redirects_of_media_are_followed_without_a_key_and_not_inside(tmp_path: Path) -> None:
    away = httpx.Response(302, headers={"location": "https://other.example/b.png"})
    network = seller(away).on("GET /b.png", picture())
    assert sold(network, tmp_path).reason == "ok"
    assert all("authorization" not in r.headers for r in network.seen if r.method == "GET")
    inside = httpx.Response(302, headers={"location": "https://169.254.169.254/latest"})
    network = seller(inside)
    ended = sold(network, tmp_path)
    assert (ended.reason, "inside this network" in ended.detail) == ("malformed_answer", True)
    assert all(r.url.host != "169.254.169.254" for r in network.seen)
    ended = sold(seller(httpx.Response(302, headers={"location": MEDIA})), tmp_path)
    assert "too many redirects" in ended.detail


def test_a_create_is_never_redirected(tmp_path: Path) -> None:
    away = httpx.Response(307, headers={"location": "https://evil.example/v1"})
    network = Network().on("POST /v1/images", away)
    ended = sold(network, tmp_path)
    assert (ended.reason, ended.charged) == ("invalid_request", "no")
    assert len(network.seen) == 1


def test_a_slow_answer_is_in_doubt_after_its_time(tmp_path: Path) -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(60)
            raise AssertionError

    async def run() -> Any:
        request = ask("grok-imagine-image")
        generator = XaiGenerator([request.offer], tmp_path, timeout_s=0.05, transport=Slow())
        try:
            return await generator.submit(request)
        finally:
            await generator.close()

    assert asyncio.run(run()).reason == "timeout_ambiguous"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, {"error": {"message": "oops"}}, "timeout_ambiguous"),
        (502, "<html>", "timeout_ambiguous"),
        (504, {"error": "gateway"}, "timeout_ambiguous"),
        (408, {"error": "slow"}, "timeout_ambiguous"),
        (503, "<html>", "timeout_ambiguous"),
        (503, {"error": "busy"}, "capacity"),
        (200, "<html>", "malformed_answer"),
        (200, "{}", "malformed_answer"),
    ],
)
def test_what_a_create_may_have_been(tmp_path: Path, status: int, body: Any, reason: str) -> None:
    more = {"text": body} if isinstance(body, str) else {"json": body}
    network = Network().on("POST /v1/images", httpx.Response(status, **more))
    ended = sold(network, tmp_path)
    assert ended.reason == reason
    assert ended.charged == ("no" if reason == "capacity" else "unknown")


def test_no_key_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAI_API_KEY")
    monkeypatch.delenv("QFLOOR_KEYS", raising=False)
    network = seller()
    ended = sold(network, tmp_path)
    assert (ended.reason, ended.charged, network.seen) == ("auth", "no", [])
    assert "XAI_API_KEY" in ended.detail


def test_a_key_that_is_echoed_is_hidden(tmp_path: Path) -> None:
    error = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": KEY}}
    network = Network().on("POST /v1/images", httpx.Response(500, json=error))
    ended = sold(network, tmp_path)  # play itself looks for the key in detail and report
    assert "[hidden]" in ended.detail


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, json={"detail": "no such job"}), "job_expired"),
        (httpx.Response(500, json={"detail": "oops"}), None),
        (httpx.Response(401, json={"detail": "key"}), None),
        (httpx.Response(200, text="<html>"), None),
        (httpx.Response(302, headers={"location": "https://evil.example"}), None),
    ],
)
def test_polls_that_fail_lose_nothing(
    tmp_path: Path, answer: httpx.Response, kind: str | None
) -> None:
    taken = {"id": "b", "polling_url": "https://api.bfl.ai/v1/get_result?id=b", "cost": 1}
    network = Network().on("POST /v1/flux-2-pro", taken).on("GET /v1/get_result", answer)
    if kind is None:
        with pytest.raises(ConnectionError):
            play(BflGenerator, network, ask("flux-2-pro"), tmp_path)
    else:
        ended = play(BflGenerator, network, ask("flux-2-pro"), tmp_path)
        assert (ended.reason, ended.charged) == (kind, "unknown")


def test_a_throttled_poll_waits(tmp_path: Path) -> None:
    taken = {"id": "b", "polling_url": "https://api.bfl.ai/v1/get_result?id=b", "cost": 1}
    network = Network().on("POST /v1/flux-2-pro", taken)
    busy = httpx.Response(429, headers={"retry-after": "9"})
    done = {"status": "Ready", "result": {"sample": "https://d.bfl.ai/a.png"}}
    network.on("GET /v1/get_result", busy, done).on("GET /a.png", picture())
    assert play(BflGenerator, network, ask("flux-2-pro"), tmp_path).reason == "ok"


def test_a_seller_keeps_the_promises_of_every_generator() -> None:
    taken = {"id": "b", "polling_url": "https://api.bfl.ai/v1/get_result?id=b", "cost": 1}
    network = Network().on("POST /v1/flux-2-pro", taken)
    done = {"status": "Ready", "result": {"sample": "https://d.bfl.ai/a.png"}}
    network.on("GET /v1/get_result", done).on("GET /a.png", picture())

    def build(offers: Any, folder: Path) -> HttpGenerator:
        return BflGenerator(offers, folder, transport=httpx.MockTransport(network))

    check_generator(build, [ask("flux-2-pro")])


def test_what_is_asked_of_a_generator_before_any_call(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a base_url"):
        OpenAICompatibleGenerator([], tmp_path)
    with pytest.raises(InputError, match="over http would show the key"):
        XaiGenerator([], tmp_path, base_url="http://api.x.ai")
    generator = XaiGenerator([], tmp_path)
    assert generator.declines(ask("grok-imagine-image")) is None
    assert BflGenerator([], tmp_path).declines(ask("flux", modality="video")) == (
        "no video model of bfl is called flux"
    )


def test_trusted_certificates_are_read_once_and_are_those_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in wire._SAID_BY_ENV:
        monkeypatch.delenv(name, raising=False)
    read: list[bool] = []
    create = httpx.create_ssl_context

    def counted(**how: Any) -> Any:
        read.append(how["trust_env"])
        return create(**how)

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    wire._trusted.cache_clear()

    async def clients(base: str) -> None:
        guard = urls.Guard(base=urls.Origin.of(base))
        for _ in range(2):
            line = wire.Wire(
                base, guard, tmp_path, timeout_s=1.0, max_bytes=1, redact=lambda told: told
            )
            for name in ("create", "read"):
                await line._client(name, 0).aclose()

    asyncio.run(clients("https://api.example"))
    asyncio.run(clients("http://127.0.0.1:1"))
    assert read == [True, False]
    own = tmp_path / "own.pem"
    own.write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    asyncio.run(clients("https://api.example"))
    assert read == [True, False, True]
    wire._trusted.cache_clear()
