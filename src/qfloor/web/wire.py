"""Connections: uvicorn's own protocol, but who does not finish asking in time is cut off.

uvicorn waits for ever for the head of a request; so many connections that each send a byte now and
then would take every place there is.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_S = 15.0
"""How long the head of a request may take."""

STALL_S = 120.0
"""How long a reader may take no more of its answer than the system holds for it (a few MB)."""


_LENGTHS = {b"content-length", b"transfer-encoding"}

LINE = "qfloor.line"
"""Where an application finds its `Line` in a request's ``state``, if there is one."""


class Line(h11.Connection):
    """h11's view of a connection; whoever answers may lay headers ready that it need not check.

    h11 looks at each header of each answer by regular expressions, and some several times. What
    comes again and again was seen to be fit when it was put together.
    """

    ready: bytes = b""
    """Header lines, each with its end, for the head of the answer that is being sent."""

    def next_event(self) -> Any:
        """Give what was asked; a request of two lengths is refused, and its connection closed.

        h11 goes by the chunks alone. Whoever stands before us may go by the other length, and
        what it takes for the body would be another request to us.
        """
        event = super().next_event()
        if type(event) is h11.Request and _has_two_lengths(event):
            raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding")
        return event

    def send(self, event: Any) -> Any:
        """Give the bytes of an event, and those that are ready with the head of an answer."""
        told = super().send(event)
        if self.ready and type(event) is h11.Response:
            return told[:-2] + self.ready + told[-2:]
        return told


def _has_two_lengths(asked: h11.Request) -> bool:
    """Whether both say where its body ends; by raw names, which h11 gives several times sooner."""
    return {name.lower() for name, _ in asked.headers.raw_items()} >= _LENGTHS


class HurriedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """One connection; while a request is being answered, nothing hurries it."""

    app_state: dict[str, Any]
    _hurry: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _untaken = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if hasattr(self, "conn"):  # where h11 speaks and not httptools
            most = self.config.h11_max_incomplete_event_size
            self.conn = Line(h11.SERVER) if most is None else Line(h11.SERVER, most)
            self.app_state = {**self.app_state, LINE: self.conn}

    def connection_made(self, transport: Any) -> None:
        """Wait for a head, and not for ever; send each piece of an answer when it is there.

        asyncio sees to the latter only where the listening socket names its protocol. Those that
        workers share do not before uvicorn 0.55: there each answer would wait 40 ms for a receipt.
        """
        line = transport.get_extra_info("socket")
        if line is not None and line.family in (socket.AF_INET, socket.AF_INET6):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes: either they make a request, or one is waited for.

        What follows the last request of a connection is left aside, such as the empty line that
        old clients send: h11 would have it answered, in place of what is being bought.
        """
        if self._has_asked_last():
            return
        super().data_received(data)
        if self._is_answering():
            self._end_to_wait()
        elif self._hurry is None:
            self._begin_to_wait()

    def connection_lost(self, error: Exception | None) -> None:
        """Wait for nothing more."""
        self._end_to_wait()
        self._forget_stall()
        super().connection_lost(error)

    def pause_writing(self) -> None:
        """Wait for a reader, and not for ever: its answer lies in memory."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Go on: it has taken something."""
        self._watch()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Go on with the next request; what is left of an answer is watched until it is taken."""
        self._watch()
        super().on_response_complete()

    def _watch(self) -> None:
        """Cut off who takes nothing: a connection that is to be closed waits for its last byte."""
        self._forget_stall()
        self._untaken = self.transport.get_write_buffer_size()
        if self._untaken:
            self._stalled = self.loop.call_later(STALL_S, self._look)

    def _look(self) -> None:
        self._stalled = None
        is_less = self.transport.get_write_buffer_size() < self._untaken
        if is_less and not self.flow.write_paused:
            self._watch()
        else:
            self.transport.abort()

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _should_upgrade(self) -> bool:
        """Never: no other protocol is spoken here, and another's would know nothing of all this."""
        return False

    def _has_asked_last(self) -> bool:
        conn = getattr(self, "conn", None)
        return conn is not None and conn.their_state is h11.MUST_CLOSE

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin_to_wait(self) -> None:
        self._hurry = self.loop.call_later(HEAD_S, self._cut_off)

    def _end_to_wait(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _cut_off(self) -> None:
        self._hurry = None
        if not self._is_answering():
            self.transport.abort()
