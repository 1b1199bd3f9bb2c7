"""Media on their way out: exactly the bytes the seller gave, read from disk as they are sent.

Base64 is made of chunks while they go out, so that a thousand answers of four megabytes never are
in memory. A URL is a capability: signed, of limited time, and good for one file.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response, StreamingResponse

from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.ledger import GatewayLedger

_CHUNK = 3 * 32 * 1024  # two thousand who read slowly hold less than a gigabyte
_MARK = "\x00media\x00"
URL_S = 3_600.0


class Delivery:
    """Hands out kept media."""

    def __init__(self, ledger: GatewayLedger, root: str) -> None:
        self._ledger, self._root = ledger, root
        self._secret = ledger.secret("media")

    def url(self, sha256: str, media_type: str | None) -> str:
        """A URL that is good for an hour, built on the configured address alone."""
        expires = int(time.time() + URL_S)
        ending = (media_type or "application/octet-stream").partition("/")[2]
        return (
            f"{self._root}/v1/media/{sha256}.{ending}?expires={expires}"
            f"&signature={self._sign(sha256, expires)}"
        )

    def _sign(self, sha256: str, expires: int) -> str:
        text = f"{sha256}.{expires}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:40]

    def by_url(self, name: str, expires: str, signature: str) -> Response:
        """Serve what a URL is good for; `Fault` 404 with the same words for all that is not."""
        sha256 = name.partition(".")[0]
        until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 15 else 0
        right = hmac.compare_digest(
            self._sign(sha256, until).encode(), signature.encode("utf-8", "replace")
        )
        if not right or until < time.time():
            raise Fault(404, "media_not_found", "there are no such media, or the URL has expired")
        return self.file(sha256)

    def file(self, sha256: str) -> Response:
        """Serve kept media as a file; ranges are understood."""
        path = self._ledger.media.find(sha256)
        if path is None:
            raise Fault(404, "media_not_found", "the media are not kept any more")
        return FileResponse(
            path,
            media_type=self._ledger.media_type(sha256),
            headers={
                "cache-control": "private, max-age=3600",
                "x-content-type-options": "nosniff",
                "content-disposition": "attachment",
                "content-security-policy": "sandbox; default-src 'none'",
            },
        )

    def inline(
        self, body: Mapping[str, Any], media: Sequence[str], headers: Mapping[str, str]
    ) -> Response:
        """A JSON body in which ``MARK`` texts become base64 of media, in order."""
        paths = []
        for sha256 in media:
            path = self._ledger.media.find(sha256)
            if path is None:
                raise Fault(404, "media_not_found", "the media are not kept any more")
            paths.append(path)
        mark = json.dumps(_MARK)[1:-1]
        parts = [part.encode() for part in json.dumps(body).split(mark)]
        length = sum(len(p) for p in parts) + sum(-(-p.stat().st_size // 3) * 4 for p in paths)
        return StreamingResponse(
            _woven(parts, paths),
            media_type="application/json",
            headers={**headers, "content-length": str(length)},
        )


MARK = _MARK


async def _woven(parts: Sequence[bytes], paths: Sequence[Path]) -> AsyncIterator[bytes]:
    for part, path in zip(parts, [*paths, None], strict=True):
        yield part
        if path is None:
            continue
        at = 0
        while chunk := await asyncio.to_thread(_encoded, path, at):
            yield chunk
            at += _CHUNK


def _encoded(path: Path, at: int) -> bytes:
    """A chunk in base64; a multiple of three bytes, but for the last.

    The file is open for the moment only: a client that reads slowly, or leaves, holds none.
    """
    with path.open("rb") as file:
        file.seek(at)
        return base64.b64encode(file.read(_CHUNK))
