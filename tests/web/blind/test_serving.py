"""The socket that raters reach: answers are sent at once, and a port that is taken is told."""

from __future__ import annotations

import asyncio
import socket

import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from qfloor.errors import SessionError
from qfloor.web.blind.serving import FILES, allow_connections, listen

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "::1"])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answers_body_does_not_wait_for_its_head(host: str) -> None:
    """asyncio turns Nagle's delay off only where the listening socket names TCP."""
    seen: list[int] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        seen.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        try:
            taken = listen(host, 0)
        except SessionError:
            pytest.skip(f"{host} is not to be had here")
        server = await asyncio.start_server(answer, sock=taken)
        async with server:
            reader, writer = await asyncio.open_connection(host, taken.getsockname()[1])
            assert await reader.read() == b""
            writer.close()

    asyncio.run(ask())
    assert seen
    assert all(seen)


def test_a_taken_port_is_told() -> None:
    first = listen("127.0.0.1", 0)
    with pytest.raises(SessionError, match="cannot be had"):
        listen("127.0.0.1", first.getsockname()[1])
    first.close()


def test_many_browsers_may_connect() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, enough), hard))
    try:
        allow_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == enough
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
