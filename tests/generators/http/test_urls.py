"""Which URLs may be fetched and which may see the key."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from qfloor.errors import InputError
from qfloor.generators.http.urls import Guard, RefusedUrlError, base_of


def guard(base: str = "https://queue.fal.run", **more: tuple[str, ...]) -> Guard:
    return Guard(base=base_of(base)[0], **more)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://queue.fal.run/x", True),
        ("https://queue.fal.run:443/x", True),
        ("https://api.fal.run/x", True),
        ("https://QUEUE.fal.run./x", True),
        ("http://queue.fal.run/x", False),
        ("https://queue.fal.run:8443/x", False),
        ("https://queue.fal.run.evil.example/x", False),
        ("https://evil.example/?u=queue.fal.run", False),
        ("https://queue.fal.run@evil.example/x", None),
        ("ftp://queue.fal.run/x", None),
        ("file:///etc/passwd", None),
        ("//queue.fal.run/x", None),
        ("https://queue.fal.run:x/", None),
    ],
)
def test_the_key_goes_to_the_api_only(url: str, may: bool | None) -> None:
    ours = guard(api_hosts=("api.fal.run",))
    if may is None:
        with pytest.raises(RefusedUrlError):
            ours.may_see_key(url)
    else:
        assert ours.may_see_key(url) is may


@pytest.mark.parametrize(
    "url",
    [
        "http://media.example/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://127.0.0.1/a.png",
        "https://localhost/a.png",
        "https://0x7f.1/a.png",
        "https://2130706433/a.png",
        "https://store/a.png",
        "https://db.internal/a.png",
        "https://224.0.0.1/a.png",
    ],
)
def test_media_never_come_from_within(url: str) -> None:
    with pytest.raises(RefusedUrlError):
        guard().check_media(url)


def test_media_come_from_anywhere_public_or_from_named_hosts() -> None:
    guard().check_media("https://cdn.example/a.png")
    named = guard(media_hosts=("fal.media", "*.fal.media"))
    named.check_media("https://v3.fal.media/a.png")
    with pytest.raises(RefusedUrlError, match="not a host of this provider"):
        named.check_media("https://fal.media.evil.example/a.png")


def test_loopback_is_for_who_asked_for_it() -> None:
    local = guard("http://127.0.0.1:8000", media_hosts=("fal.media",))
    local.check_media("http://127.0.0.1:9000/a.png")
    assert local.may_see_key("http://127.0.0.1:8000/x")
    assert not local.may_see_key("http://127.0.0.1:9000/a.png")
    with pytest.raises(RefusedUrlError):
        local.check_media("http://169.254.169.254/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "api.example",
        "https://u:p@api.example",
        "https://a.b/?x=1",
        "",
        "https://",
        "https://a.b/#x",
        "https://a.b:99999",
        "https://a b.example",
        "https://bücher.example",
    ],
)
def test_a_base_url_that_would_show_the_key_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="base_url"):
        base_of(url)


def test_a_server_of_ones_own_may_speak_plainly() -> None:
    assert base_of("http://10.0.0.5:8000/v1/")[1] == "http://10.0.0.5:8000/v1"
    assert base_of("HTTP://10.0.0.5:8000/v1/")[0].scheme == "http"
    assert base_of("http://gpu-box:8000")[0].host == "gpu-box"


@pytest.mark.parametrize(
    ("addresses", "refused"),
    [
        (["8.8.8.8"], False),
        (["10.0.0.7"], True),
        (["8.8.8.8", "169.254.169.254"], True),
        (["::1"], True),
        (None, False),
    ],
)
def test_a_public_name_may_not_lead_inside(addresses: list[str] | None, refused: bool) -> None:
    async def look() -> None:
        async def resolved(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
            if addresses is None:
                raise socket.gaierror("no such name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in addresses]

        asyncio.get_running_loop().getaddrinfo = resolved  # type: ignore[method-assign]
        await guard().check_where("https://media.example/x.png")

    if not refused:
        asyncio.run(look())
        return
    with pytest.raises(RefusedUrlError, match="the name leads inside this network"):
        asyncio.run(look())
