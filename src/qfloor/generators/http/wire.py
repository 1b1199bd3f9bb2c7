"""One HTTP exchange: what was sent once, what came of it, and media streamed to a file.

A create call has three ends: an answer, `NotSentError` (no byte reached the seller, so it may be
repeated) or `LostError` (it may have been taken, so it may not). Reading may be repeated freely.
Nothing here retries, and no redirect is followed with a key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from qfloor.generators.http.answers import Answer
from qfloor.generators.http.urls import Guard, RefusedUrlError

MOST_JSON_BYTES = 192 * 1024 * 1024  # a picture in base64 within JSON
HOPS = 5
CONNECT_S = 15.0
_NOT_SENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol,
    httpx.InvalidURL, httpx.LocalProtocolError, httpx.ProxyError,
)  # fmt: skip


class NotSentError(Exception):
    """No byte of the request reached the seller."""


class LostError(ConnectionError):
    """It was sent, or may have been, and no usable answer came."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request: a path or a full URL, and one kind of body."""

    path: str
    method: str = "POST"
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Download:
    """Media in a file: how much came, whether all of it, and what it was said to be."""

    path: Path
    size: int
    head: bytes
    declared: str
    is_whole: bool
    status: int = 200


@lru_cache(maxsize=4)
def _trusted(*places: str | None) -> ssl.SSLContext:
    """Who is believed to be who they say; read once, as the list is long.

    ``places`` is what the environment says of it (`_SAID_BY_ENV`); none where it is not asked.
    """
    return httpx.create_ssl_context(trust_env=bool(places))


_SAID_BY_ENV = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class Wire:
    """The connections of one generator."""

    def __init__(
        self,
        base: str,
        guard: Guard,
        folder: Path,
        *,
        timeout_s: float,
        max_bytes: int,
        redact: Callable[[Any], Any],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base, self.guard, self.folder = base, guard, folder
        self.timeout_s, self.max_bytes, self._redact = timeout_s, max_bytes, redact
        self._transport = transport
        self._clients: dict[str, httpx.AsyncClient] = {}

    def _client(self, name: str, keepalive: int) -> httpx.AsyncClient:
        """Make a client on first use, in the loop that uses it.

        Creates get a fresh connection each: a kept one that the seller closes at that instant
        would look like a request that may have been taken.
        """
        if name not in self._clients:
            asks_env = not self.guard.is_loopback
            places = [os.environ.get(said) for said in _SAID_BY_ENV] if asks_env else []
            self._clients[name] = httpx.AsyncClient(
                follow_redirects=False,
                timeout=httpx.Timeout(
                    self.timeout_s, connect=min(CONNECT_S, self.timeout_s), pool=None
                ),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=keepalive),
                transport=self._transport,
                verify=_trusted(*places),
                trust_env=asks_env,
                headers={"user-agent": "qfloor"},
            )
        return self._clients[name]

    async def create(self, call: Call, auth: Mapping[str, str]) -> Answer:
        """Send once what may cost money.

        Raises
        ------
        NotSentError
            When no byte reached the seller.
        LostError
            When it may have been taken and no answer came in ``timeout_s`` seconds.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._exchange(self._client("create", 0), call, auth)
        except _NOT_SENT as error:
            raise NotSentError(self._said(error)) from None
        except RefusedUrlError as refused:
            raise NotSentError(str(refused)) from None
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise LostError(self._said(error)) from None

    async def read(self, call: Call, auth: Mapping[str, str]) -> Answer:
        """Ask what may be asked again.

        Raises
        ------
        LostError
            When there was no answer, whatever the cause.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._exchange(self._client("read", 20), call, auth)
        except RefusedUrlError as refused:
            raise LostError(str(refused)) from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise LostError(self._said(error)) from None

    async def _exchange(
        self, client: httpx.AsyncClient, call: Call, auth: Mapping[str, str]
    ) -> Answer:
        url = urljoin(self.base + "/", call.path) if "://" in call.path else self.base + call.path
        self.guard.check_api(url)
        form = None if call.form is None else {k: (None, v) for k, v in call.form.items()}
        async with client.stream(
            call.method, url, json=call.json, files=form, headers={**call.headers, **auth}
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_JSON_BYTES:
                    raise LostError(f"the answer is larger than {MOST_JSON_BYTES} bytes")
            return Answer(
                status=response.status_code,
                headers={k.lower(): v for k, v in response.headers.items()},
                body=bytes(body),
                url=url,
            )

    async def download(self, url: str, auth: Mapping[str, str]) -> Download:
        """Stream media to a file; what comes short or too large is said, not raised.

        Raises
        ------
        RefusedUrlError
            When the URL, or where it leads, must not be fetched.
        LostError
            When there was no answer.
        """
        client = self._client("read", 20)
        for _ in range(HOPS):
            self.guard.check_media(url)
            if self._transport is None:
                await self.guard.check_where(url)
            headers = dict(auth) if self.guard.may_see_key(url) else {}
            try:
                async with (
                    asyncio.timeout(min(900.0, 10 * self.timeout_s)),
                    client.stream("GET", url, headers=headers) as response,
                ):
                    if not response.has_redirect_location:
                        return await self._to_file(response)
                    url = urljoin(url, response.headers["location"])
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ConnectionError) as error:
                raise LostError(self._said(error)) from None
        raise RefusedUrlError("media behind too many redirects")

    async def _to_file(self, response: httpx.Response) -> Download:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{secrets.token_hex(12)}.part"
        try:
            size, head, whole = await self._write(response, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        told = response.headers.get("content-length", "")
        if told.isdigit() and "content-encoding" not in response.headers:
            whole = whole and (size == int(told) or size > self.max_bytes)
        return Download(
            path=path,
            size=size,
            head=head,
            declared=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            is_whole=whole,
            status=response.status_code,
        )

    async def _write(self, response: httpx.Response, path: Path) -> tuple[int, bytes, bool]:
        """Write what comes, up to the cap; False at the end when the body broke off."""
        size, head = 0, b""
        with path.open("wb") as file:
            try:
                async for chunk in response.aiter_bytes():
                    head = head if len(head) >= 512 else (head + chunk)[:512]
                    size += len(chunk)
                    if size > self.max_bytes:
                        break
                    file.write(chunk)
            except httpx.RemoteProtocolError:
                return size, head, False
        return size, head, True

    def keep(self, content: bytes) -> Path:
        """Write media that came within an answer to a file of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{secrets.token_hex(12)}.part"
        path.write_bytes(content)
        return path

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    def _said(self, error: BaseException) -> str:
        return str(self._redact(f"{type(error).__name__}: {error}".rstrip(": ")))[:500]
