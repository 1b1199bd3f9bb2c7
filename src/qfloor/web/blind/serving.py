"""A server for one session on this machine: one process, ended by Ctrl-C or SIGTERM.

Votes that were answered are on disk, so it may be ended at any moment; open pages ask again.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from qfloor.abtest.room import Room
from qfloor.errors import SessionError

BACKLOG = 512
KEEP_ALIVE_S = 30
"""A rater looks longer at a pair than uvicorn's five seconds; a kept connection outlives that."""

FILES = 16_384
"""Connections at most, where the system allows it: 200 browsers keep six each."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one.

    Raises
    ------
    SessionError
        When it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by its number: asyncio turns off Nagle's delay only where a socket names it, and
    # an answer's head and body then wait 40 ms for each other.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise SessionError(f"port {port} of {host} cannot be had: {error.strerror}") from error
    taken.listen(BACKLOG)
    return taken


def allow_connections() -> None:
    """Raise this process's own limit of open files towards what the system allows it."""
    try:
        import resource
    except ImportError:  # no such limit on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(
    folder: Path, *, host: str = "127.0.0.1", port: int = 8765,
    ready: Callable[[Room, int], None] = lambda room, port: None,
) -> None:  # fmt: skip
    """Open a session to raters until the process is ended.

    Parameters
    ----------
    folder : Path
        The session's folder; nothing else is opened.
    host, port
        Where to listen.
    ready : callable
        Told the room and the port once raters can come.
    """
    import uvicorn

    from qfloor.web.blind.app import make_app
    from qfloor.web.wire import HurriedProtocol

    allow_connections()
    room = Room(folder)
    try:
        taken = listen(host, port)
    except SessionError:
        room.close()
        raise
    config = uvicorn.Config(
        make_app(room), log_level="warning", access_log=False, server_header=False,
        backlog=BACKLOG, http=HurriedProtocol, timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_S,
    )  # fmt: skip
    ready(room, int(taken.getsockname()[1]))
    uvicorn.Server(config).run(sockets=[taken])
