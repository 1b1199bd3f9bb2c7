"""Read a price source's bytes: a file, or an address over https, within bounds.

Plain http is for this machine only; a redirection must stay with https. Sends nothing but the
request: no key, no cookie.
"""

from __future__ import annotations

import datetime as dt
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qfloor.errors import InputError

MOST_BYTES = 32_000_000
TIMEOUT_S = 30.0
_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
_PIECE = 65_536


def is_address(place: str) -> bool:
    """Whether a source is to be fetched, and not a file."""
    return place.startswith(("https://", "http://"))


def read_place(place: str, *, timeout_s: float = TIMEOUT_S) -> tuple[bytes, str | None]:
    """Read a file or address.

    Parameters
    ----------
    place : str
        A path, or an address that begins with ``https://``.
    timeout_s : float
        For the whole of it.

    Returns
    -------
    tuple of bytes and str or None
        The content, and when it was last changed by the word of who serves it; None for a file,
        whose date on this disk says nothing of its prices.

    Raises
    ------
    InputError
        One sentence.
    """
    if is_address(place):
        return _fetched(place, timeout_s)
    path = Path(place)
    if not path.is_file():
        raise InputError(f"{place}: no such file, and no address that begins with https://")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{place}: larger than {MOST_BYTES // 1_000_000} MB")
    return path.read_bytes(), None


def _fetched(place: str, timeout_s: float) -> tuple[bytes, str | None]:
    import http.client
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Secure(HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, *rest: Any) -> Any:
            try:
                _refuse_open(rest[-1])
            except InputError:
                fp.close()  # urllib closes it only where it follows
                raise
            return super().redirect_request(req, fp, code, *rest)

    _refuse_open(place)
    ends = time.monotonic() + timeout_s
    asked = Request(place, headers={"User-Agent": "qfloor", "Accept": "application/json, text/csv"})
    try:
        with build_opener(Secure).open(asked, timeout=timeout_s) as answer:
            pieces, n = [], 0
            while piece := answer.read(_PIECE):
                pieces.append(piece)
                n += len(piece)
                if n > MOST_BYTES:
                    raise InputError(f"{place}: larger than {MOST_BYTES // 1_000_000} MB")
                if time.monotonic() > ends:
                    raise InputError(f"{place}: took longer than {timeout_s:g} s")
            said = answer.headers.get("Last-Modified")
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        raise InputError(f"{place}: cannot be fetched ({reason})") from error
    return b"".join(pieces), _moment(said)


def _refuse_open(place: str) -> None:
    """Prices that anyone on the way could change are no prices."""
    parts = urlsplit(place)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise InputError(f"{place}: must begin with https://; prices are not read over open http")


def _moment(said: str | None) -> str | None:
    if not said:
        return None
    try:
        return parsedate_to_datetime(said).astimezone(dt.UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError):
        return None
