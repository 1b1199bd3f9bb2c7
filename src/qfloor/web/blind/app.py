"""Addresses of a blind session: a page for each rater, one for the host, sheets by trial.

Every answer has the same headers, whatever it holds; addresses are random tokens; nothing is
asked of any other server. What a rater may do is decided by `qfloor.abtest.room`.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from qfloor.abtest.ballots import SKIP_REASONS, read_ballot
from qfloor.abtest.counts import host_counts
from qfloor.abtest.room import Room
from qfloor.errors import SessionError, VoteError
from qfloor.web.blind import recruiting
from qfloor.web.blind.recruiting import Sites

MOST_BODY = 16 * 1024
BODY_S = 30.0
PIECE = 256 * 1024
STATUS = {
    "unknown": 404, "stale": 409, "closed": 410, "full": 410, "too_soon": 425, "not_whole": 422,
}  # fmt: skip
TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "webm": "video/webm",
}
PLACE_DAYS = 90
_PLACE = re.compile(r"[A-Za-z0-9_-]{22}")
Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(room: Room, sites: Sites | None = None) -> Starlette:
    """Build the application of one session; the room is closed when it shuts down."""
    sites = Sites() if sites is None else sites
    pages = _Pages(room, sites)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(room.close)

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, _answered(endpoint), methods=list(methods or ("GET",)))

    app = Starlette(
        lifespan=lifespan,
        routes=[
            route("/r/{token}", pages.rater),
            route("/r/{token}/state", pages.state),
            route("/r/{token}/consent", pages.consent, "POST"),
            route("/r/{token}/vote", pages.vote, "POST"),
            route("/r/{token}/undo", pages.undo, "POST"),
            route("/m/{trial}", pages.sheet),
            route("/join/{token}", pages.invitation),
            route("/join/{token}", pages.join, "POST"),
            route("/host/{token}", pages.host),
            route("/host/{token}/counts", pages.counts),
            route("/static/{name}", pages.static),
            route("/healthz", pages.healthz),
        ],
        exception_handlers={404: _nothing, 405: _nothing, 500: _fault},
    )
    app.router.redirect_slashes = False  # such an answer would lack our headers
    app.state.headers = _headers(sites)
    return app


def _headers(sites: Sites) -> dict[str, str]:
    """Headers of every answer. Turk shows us in a frame, and takes a form from it."""
    frames = " ".join(sites.turk_frames)
    forms = " ".join(dict.fromkeys((*sites.turk, *sites.turk_frames)))
    return {
        "cache-control": "no-store",
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
            f"media-src blob:; connect-src 'self'; form-action 'self' {forms}; base-uri 'none'; "
            f"frame-ancestors {frames}"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }


def _answered(endpoint: Endpoint) -> Endpoint:
    """Turn what a room refuses into an answer, and give every answer the same headers."""

    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except VoteError as error:
            told = {"code": error.code, "message": str(error)}
            response = JSONResponse(told, STATUS.get(error.code, 400))
        except SessionError as error:
            response = JSONResponse({"code": "not_kept", "message": str(error)}, 503)
        return _headed(request, response)

    return answer


def _headed(request: Request, response: Response) -> Response:
    for name, value in request.app.state.headers.items():
        response.headers[name] = value
    return response


async def _nothing(request: Request, error: Exception) -> Response:
    return _headed(request, Response("there is nothing here\n", 404, media_type="text/plain"))


async def _fault(request: Request, error: Exception) -> Response:
    told = {"code": "fault", "message": "this went wrong on our side; try again"}
    return _headed(request, JSONResponse(told, 500))


async def _body(request: Request) -> Any:
    """Read a small JSON body.

    Raises
    ------
    VoteError
        When it is too large, takes too long or is no JSON.
    """
    content = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MOST_BODY:
                    raise VoteError("not_whole", "a vote is never that large")
    except (TimeoutError, ClientDisconnect):
        raise VoteError("not_whole", "the vote did not arrive in time") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise VoteError("not_whole", "a vote is sent as JSON") from None


def _place(request: Request) -> str:
    """Our own name for a browser: the one that it has, or a new one."""
    known = request.cookies.get("place", "")
    return known if _PLACE.fullmatch(known) else secrets.token_urlsafe(16)


def _name(answer: Response, place: str) -> None:
    """Let a browser be known again, at this one address."""
    answer.set_cookie(
        "place", place, max_age=PLACE_DAYS * 86400, httponly=True, samesite="lax", path="/join"
    )


async def _pieces(path: Path, length: int) -> AsyncIterator[bytes]:
    """Read a sheet as fast as it is taken: 200 slow phones are not 200 clips in memory.

    The file is held only while it is read, so that a reader who leaves leaves nothing open.
    """
    for at in range(0, length, PIECE):
        yield await asyncio.to_thread(_piece, path, at)


def _piece(path: Path, at: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(PIECE)


class _Pages:
    """The endpoints of one room."""

    def __init__(self, room: Room, sites: Sites) -> None:
        self._room, self._sites = room, sites
        static = resources.files("qfloor.web.blind") / "static"
        self._static = {
            file.name: file.read_bytes()
            for file in static.iterdir()
            if file.name.rpartition(".")[2] in TYPES
        }
        shown = f'data-modality="{room.protocol.modality}"'.encode()
        for name in ("room.html", "begin.html"):
            self._static[name] = self._static[name].replace(b'data-modality=""', shown)

    def _file(self, name: str) -> Response:
        return Response(self._static[name], media_type=TYPES[name.rpartition(".")[2]])

    def _state(self, request: Request) -> dict[str, Any]:
        protocol = self._room.protocol
        lo, hi = protocol.scale
        state = self._room.state(request.path_params["token"])
        if state["completion"]:
            state["completion"] = recruiting.way_back(
                **state["completion"], query=request.query_params, sites=self._sites
            )
        return {
            **state,
            "session": {
                "question": protocol.question,
                "low": lo,
                "high": hi,
                "min_seconds": protocol.min_seconds,
                "break_minutes": protocol.break_minutes,
                "consent": protocol.consent,
                "skip_reasons": SKIP_REASONS,
            },
        }

    async def rater(self, request: Request) -> Response:
        """Give the page of a rater; what it shows, it asks for by itself."""
        self._room.rater(request.path_params["token"])
        return self._file("room.html")

    async def state(self, request: Request) -> Response:
        """Tell where a rater stands."""
        return JSONResponse(self._state(request))

    async def consent(self, request: Request) -> Response:
        """Keep that a rater agreed."""
        token = request.path_params["token"]
        await asyncio.wrap_future(self._room.consent(token))
        return JSONResponse({"state": self._state(request)})

    async def vote(self, request: Request) -> Response:
        """Keep a vote; the answer goes out when it is on disk."""
        token = request.path_params["token"]
        ballot = read_ballot(await _body(request))
        lesson = await asyncio.wrap_future(self._room.vote(token, ballot))
        return JSONResponse({"lesson": lesson, "state": self._state(request)})

    async def undo(self, request: Request) -> Response:
        """Take a rater's last vote back."""
        token = request.path_params["token"]
        await asyncio.wrap_future(self._room.undo(token))
        return JSONResponse({"state": self._state(request)})

    async def sheet(self, request: Request) -> Response:
        """Give what a trial shows: all its sides in one file."""
        path, media_type = self._room.sheet(request.path_params["trial"])
        length = (await asyncio.to_thread(path.stat)).st_size
        return StreamingResponse(
            _pieces(path, length), media_type=media_type, headers={"content-length": str(length)}
        )

    async def invitation(self, request: Request) -> Response:
        """Show what the session is. Nothing changes: who previews a link takes no place.

        A newcomer gets a name of ours, so that a button pressed twice is one person.
        """
        self._check_join(request)
        if recruiting.is_preview(request.query_params):
            return self._file("preview.html")
        answer = self._file("begin.html")
        _name(answer, _place(request))
        return answer

    async def join(self, request: Request) -> Response:
        """Give a newcomer a place; what a recruiting site calls them is kept as a hash only."""
        self._check_join(request)
        asked = request.query_params
        if recruiting.is_preview(asked):
            return self._file("preview.html")
        cookie = _place(request)
        source, person = recruiting.person_of(asked, cookie)
        try:
            token = await asyncio.wrap_future(self._room.join(source, person))
        except VoteError:
            return self._file("full.html")
        answer = RedirectResponse(recruiting.entry(token, source, asked), status_code=303)
        _name(answer, cookie)
        return answer

    def _check_join(self, request: Request) -> None:
        if request.path_params["token"] != self._room.join_token:
            raise VoteError("unknown", "there is nothing here")

    def _check_host(self, request: Request) -> None:
        if request.path_params["token"] != self._room.host_token:
            raise VoteError("unknown", "there is nothing here")

    async def host(self, request: Request) -> Response:
        """Give the host's page."""
        self._check_host(request)
        return self._file("host.html")

    async def counts(self, request: Request) -> Response:
        """Tell the host how far the session is; nothing by arm."""
        self._check_host(request)
        return JSONResponse(await asyncio.to_thread(host_counts, self._room))

    async def static(self, request: Request) -> Response:
        """Give a file of the pages."""
        name = request.path_params["name"]
        if name not in self._static:
            raise VoteError("unknown", "there is nothing here")
        return self._file(name)

    async def healthz(self, request: Request) -> Response:
        """Say that the room is open."""
        return Response("ok\n", media_type="text/plain")
