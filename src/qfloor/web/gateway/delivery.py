"""Media on their way out: exactly the bytes the seller gave, read from disk as they are sent.

Base64 is made of pieces while they go out, so that a thousand answers of four megabytes never are
in memory; the fewer answers, the larger the pieces, for each costs a thread's turn. A URL is a
capability: signed, of limited time, and good for one file.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response, StreamingResponse

from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.ledger import GatewayLedger

try:  # the same text in a twentieth of the time, and other threads go on meanwhile
    from pybase64 import b64encode
except ImportError:
    from base64 import b64encode  # type: ignore[assignment]

_PIECE = 3 * 32 * 1024  # two thousand who read slowly hold less than a gigabyte
_MOST_PIECES, _SHARED_PIECES = 8, 32
"""Read at once by an answer, and by all of them together while they are few."""
_MARK = f"media {secrets.token_hex(16)}"  # no text of a client's can be it
URL_S = 3_600.0


class Delivery:
    """Hands out kept media."""

    def __init__(self, ledger: GatewayLedger, root: str) -> None:
        self._ledger, self._root = ledger, root
        self._secret = ledger.secret("media")
        self._going_out = 0

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
        files = []
        for sha256 in media:
            path = self._ledger.media.find(sha256)
            if path is None:
                raise Fault(404, "media_not_found", "the media are not kept any more")
            files.append((path, path.stat().st_size))
        mark = json.dumps(_MARK)[1:-1]
        parts = [part.encode() for part in json.dumps(body).split(mark)]
        length = sum(len(p) for p in parts) + sum(-(-size // 3) * 4 for _, size in files)
        return StreamingResponse(
            self._woven(parts, files),
            media_type="application/json",
            headers={**headers, "content-length": str(length)},
        )

    async def _woven(
        self, parts: Sequence[bytes], files: Sequence[tuple[Path, int]]
    ) -> AsyncIterator[bytes]:
        self._going_out += 1
        try:
            for part, file in zip(parts, [*files, None], strict=True):
                yield part
                if file is None:
                    continue
                (path, size), at = file, 0
                while at < size:
                    want = self._at_once()
                    yield await asyncio.to_thread(_encoded, path, at, want)
                    at += want
        finally:
            self._going_out -= 1

    def _at_once(self) -> int:
        """How many bytes of a file are read at once now."""
        return _PIECE * max(1, min(_MOST_PIECES, _SHARED_PIECES // self._going_out))


MARK = _MARK


def _encoded(path: Path, at: int, want: int) -> bytes:
    """A piece in base64; a multiple of three bytes, but for the last.

    The file is open for the moment only: a client that reads slowly, or leaves, holds none.
    """
    with path.open("rb") as file:
        file.seek(at)
        return b64encode(file.read(want))
