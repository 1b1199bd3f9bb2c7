"""A browser's kept connection, as cheaply as Python can have one: HTTP/1.1 on asyncio's streams.

A load generator on the machine that it loads takes CPU from what it measures. `httpx` looks at
every connection of its pool, and for each at every other, before each request: at 200 kept ones
milliseconds of CPU a request, which were told as the server's. This knows what our server answers
(a length, no chunks) and nothing else; it is no HTTP client.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answered:
    """Status and body of an answer."""

    status: int
    content: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.content)


class PageClient:
    """One connection, kept; opened anew only when the server has closed it."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.opened = 0

    async def get(self, path: str) -> Answered:
        """Fetch a path."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode())

    async def post(self, path: str, body: Any) -> Answered:
        """Send JSON."""
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\n\r\n"
        )
        return await self._ask(head.encode() + content)

    async def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()

    async def _ask(self, request: bytes) -> Answered:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=1 << 21
            )
            self.opened += 1
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines if line)
        content = await self._reader.readexactly(int(fields["content-length"]))
        return Answered(int(first.split(" ", 2)[1]), content)
