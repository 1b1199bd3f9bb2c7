"""HTTP on loopback that can misbehave on purpose; knows nothing of any seller.

A reply names its fault: ``reset`` (after the request was read), ``hang`` (silence until the
server is stopped), ``drip`` (slowly), ``cut`` (fewer bytes than ``endless`` (more bytes
announced than anyone should read), ``flood`` (many more than is good, and none announced).
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Body = bytes | str | dict[str, Any] | list[Any]


@dataclass
class Reply:
    """An answer and what goes wrong while it is sent."""

    status: int = 200
    body: Body = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        """Body as bytes, and headers with its type."""
        kind = "application/json"
        if isinstance(self.body, bytes):
            content, kind = self.body, "application/octet-stream"
        elif isinstance(self.body, str):
            content, kind = self.body.encode(), "text/html; charset=utf-8"
        else:
            content = json.dumps(self.body).encode()
        return content, {"Content-Type": kind, **self.headers}


@dataclass(frozen=True)
class Call:
    """A request as it came over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Body as JSON; None when it is none or does not say so."""
        if "application/json" not in self.headers.get("content-type", ""):
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def form(self) -> dict[str, str] | None:
        """Fields of a multipart body; None when it is none."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return None
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        fields: dict[str, str] = {}
        for part in message.iter_parts():  # type: ignore[attr-defined]
            name = part.get_param("name", header="content-disposition")
            fields[str(name)] = part.get_payload(decode=True).decode()
        return fields


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60
    server: Loopback

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        parts = urlsplit(self.path)
        headers = {k.lower(): v for k, v in self.headers.items()}
        call = Call(
            self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers, body,
        )  # fmt: skip
        try:
            reply = self.server.answer(call)
        except Exception as error:  # a fake that breaks must not look like a seller that does
            self.server.broken.append(f"{call.method} {call.path}: {error!r}")
            raise
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _chunks(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return b""
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _send(self, reply: Reply) -> None:
        fault = reply.fault
        if fault == "hang":
            self.server.stopping.wait(60)
        if fault in ("reset", "hang"):
            return self._drop()
        content, headers = reply.encoded()
        length = len(content)
        if fault == "cut":
            content = content[: length // 2]
        if fault == "endless":
            length = 1 << 40
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if fault == "flood":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if fault == "drip":
            step = max(1, len(content) // 8)
            for start in range(0, len(content), step):
                self.wfile.write(content[start : start + step])
                self.wfile.flush()
                self.server.stopping.wait(0.01)
        else:
            self.wfile.write(content)
        self.wfile.flush()
        if fault in ("endless", "flood"):
            with contextlib.suppress(OSError):
                for _ in range(64):
                    self.wfile.write(b"\0" * (1 << 16))
        if fault in ("cut", "endless", "flood"):
            self.close_connection = True
        return None

    def _drop(self) -> None:
        """Reset the connection: the other side learns nothing of what became of its request."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for held in (self.wfile, self.rfile, self.connection):
                held.close()
        self.close_connection = True
        self.wfile = self.rfile = _Nowhere()  # type: ignore[assignment]

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Nowhere:
    closed = False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Loopback(ThreadingHTTPServer):
    """A server of its own port and threads; ``answer`` turns a call into a reply."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.stopping = threading.Event()
        self.broken: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are what is tested; what a fake breaks on is in ``broken``

    def stop(self) -> None:
        """Let go of the port and of who hangs."""
        self.stopping.set()
        with contextlib.suppress(OSError):  # wakes who listens; elsewhere the next poll does
            self.socket.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self.server_close()
        self._thread.join(5)
