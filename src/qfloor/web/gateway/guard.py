"""Around every endpoint: who asks, what it is called, and that an error is an answer.

Access hangs on the matched route, never on what a header says of the host; a route that is not
declared open asks for a key. Nothing that goes wrong leaves as a traceback.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qfloor.errors import NeedError, StoreError
from qfloor.web.gateway.core import Gateway
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.keys import ANYONE, Key, check_rate
from qfloor.web.wire import LINE

log = logging.getLogger("qfloor.gateway")
Access = Literal["key", "page", "open"]
Header = tuple[bytes, bytes]


@dataclass
class Call:
    """One request as an endpoint sees it; ``facts`` become headers, whatever the answer."""

    gateway: Gateway
    request: Request
    request_id: str
    key: Key = ANYONE
    facts: dict[str, str] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.began


Endpoint = Callable[[Call], Awaitable[Response]]


compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Plain ASCII JSON: whatever a request put into it, it can be sent."""


def json_response(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON."""
    content = compact(body).encode("ascii")
    return Response(content, status, dict(headers or {}), media_type="application/json")


class Ready(Response):
    """An answer whose own headers are put together already; those of every answer are not.

    Parameters
    ----------
    content : bytes
    own : list of header
        Of this answer alone.
    kept : tuple of header
        Of many answers; seen to be fit when they were put together.
    block : bytes
        The same as lines.
    """

    def __init__(
        self, content: bytes, own: list[Header], kept: tuple[Header, ...], block: bytes
    ) -> None:
        self.status_code, self.background = 200, None
        self.body, self.raw_headers = content, own
        self._kept, self._block = kept, block

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; what is kept goes by the server's checks where our own server serves."""
        line = scope.get("state", {}).get(LINE)
        headers = self.raw_headers
        if line is None:
            headers = [*headers, *self._kept]
        else:
            line.ready = self._block
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        finally:
            if line is not None:
                line.ready = b""
        await send({"type": "http.response.body", "body": self.body})


def new_request_id() -> str:
    """A name that comes behind earlier ones: 48 bits of the clock's milliseconds, 80 of chance.

    The log is found by it: rows that come together stand together there. By chance alone each
    would touch a page of its own, which is written to the disk whole.
    """
    return f"req_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def guarded(gateway: Gateway, name: str, serve: Endpoint, access: Access = "key") -> Any:
    """Wrap an endpoint; ``name`` is its label in metrics."""

    async def endpoint(request: Request) -> Response:
        call = Call(gateway, request, new_request_id())
        try:
            _admit(call, access)
            response = await serve(call)
        except Fault as fault:
            call.facts.update(fault.facts)
            response = fault_response(fault)
        except NeedError as error:
            response = fault_response(Fault(400, "invalid_request", str(error)))
        except ClientDisconnect:
            response = Response(status_code=499)
        except StoreError:
            log.exception("%s: the ledger cannot be written", call.request_id)
            response = fault_response(_no_ledger())
        except Exception:
            log.exception("%s: %s failed", call.request_id, name)
            response = fault_response(_ours())
        _put_headers(response, call.facts, call.request_id)
        gateway.records.count(
            "qfloor_requests_total", endpoint=name, status=str(response.status_code)
        )
        gateway.records.observe("qfloor_request_seconds", call.seconds, endpoint=name)
        return response

    endpoint.__name__ = name
    return endpoint


def _put_headers(response: Response, told: Mapping[str, str], request_id: str) -> None:
    """Set headers all at once: one by one, each looks through all the others.

    An id never comes again: were it kept with them, thousands of ids would take the place of what
    does, and the garbage collector would look at each.
    """
    added = [encoded(name, value) for name, value in told.items()]
    added.append((b"x-request-id", request_id.encode("ascii")))
    if isinstance(response, Ready):  # which has none of these
        response.raw_headers += added
        return
    names = {name for name, _ in added}
    kept = [pair for pair in response.raw_headers if pair[0] not in names]
    response.raw_headers[:] = kept + added


@lru_cache(maxsize=4096)
def encoded(name: str, value: str) -> tuple[bytes, bytes]:
    """A header as it is sent; most come again."""
    return name.encode("latin-1"), value.encode("latin-1")


def fault_response(fault: Fault) -> Response:
    """An error in OpenAI's envelope."""
    return json_response(fault.body(), fault.status, fault.headers())


def not_routed(request: Request, error: Exception) -> Response:
    """Answer for a path or method that is not there."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    fault = Fault(
        error.status_code,
        code,
        f"{request.method} is not served at this path; GET /openapi.json says what is",
    )
    response = fault_response(fault)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    response.headers["x-request-id"] = new_request_id()
    return response


def _no_ledger() -> Fault:
    return Fault(503, "ledger_unavailable", "the gateway cannot keep its ledger now",
                 retry_after_s=5.0, again=True)  # fmt: skip


def _ours() -> Fault:
    return Fault(500, "gateway_error", "the gateway failed at this request; it is logged")


def _admit(call: Call, access: Access) -> None:
    """Find out whose request it is, or refuse it."""
    request, keyring = call.request, call.gateway.keyring
    if keyring.is_open:
        _check_browser(call)
        return
    if access == "open":
        return
    given = request.headers.get("authorization")
    if access == "page":
        given = _from_basic(given)
    try:
        call.key = keyring.admit(given)
        if access == "page" and not call.key.dashboard:
            raise Fault(401, "invalid_api_key", "a valid API key is needed")
    except Fault as fault:
        call.gateway.records.count("qfloor_unauthorized_total")
        if access == "page":
            fault.facts = {"www-authenticate": 'Basic realm="qfloor: any name, a key as password"'}
        raise
    check_rate(call.key)


def _check_browser(call: Call) -> None:
    """Without keys: keep web pages of others from calling what only this machine can reach.

    A page can make a browser call us under a name that its owner points here (rebinding), or
    from another site; neither is how a program or our own page calls.
    """
    headers = call.request.headers
    name = headers.get("host", "").rpartition("@")[2]
    host = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if host.lower() not in call.gateway.names:
        raise Fault(403, "unknown_host", "without keys, the gateway answers to its own names only")
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Fault(403, "cross_site", "pages of other sites may not call a gateway without keys")


def _from_basic(given: str | None) -> str | None:
    """A browser's Basic password as a bearer key."""
    kind, _, rest = (given or "").partition(" ")
    if kind.lower() != "basic":
        return given
    try:
        password = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None
    return f"Bearer {password}"
