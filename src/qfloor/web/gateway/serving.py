"""Run the gateway under uvicorn: one worker here, or several processes that share its files.

SIGTERM lets requests end and keeps the rest for the next worker; uvicorn does the listening.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qfloor.errors import InputError, QfloorError, StoreError
from qfloor.web.gateway.settings import Settings

SETTINGS_ENV = "QFLOOR_GATEWAY_SETTINGS"
STARTING_ENV = "QFLOOR_GATEWAY_STARTING"
"""A folder in which workers tell their parent that one of them serves, or why none does."""

HANGS_S = 30
"""For how long a worker may not answer its parent before another takes its place.

uvicorn's own five seconds end, in the midst of what they buy, workers of a machine that stood still
for a moment, and on a slow one workers that are only starting: then all, again and again.
"""


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until told to stop; ``say`` tells a person where, once it can be served.

    Raises
    ------
    QfloorError
        When it cannot be served; nothing listens then.
    """
    import uvicorn

    from qfloor.web.gateway.app import make_app
    from qfloor.web.wire import HurriedProtocol

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    common: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": int(settings.drain_s) + 5,
        "log_level": "warning",
        "proxy_headers": False,
        "http": HurriedProtocol,
        "lifespan": "on",  # else what broke at the start would be taken for an app without one
    }
    check_free(settings.host, settings.port)
    app = make_app(settings)  # what is wrong is said here, in one sentence
    told = greeting(settings)
    if settings.workers == 1:
        calm_collector()
        refusals: list[QfloorError] = []
        starting = Starting(app, served=lambda: say(told), refused=refusals.append)
        _until_it_ends(lambda: uvicorn.run(starting, **common), refusals)
        return
    app.state.gateway.close()
    os.environ[SETTINGS_ENV] = settings.model_dump_json(exclude_unset=True)  # a default is unsaid
    say(told)
    refuse_once_ending()
    with tempfile.TemporaryDirectory(prefix="qfloor-") as folder:
        os.environ[STARTING_ENV] = folder
        uvicorn.run(
            "qfloor.web.gateway.serving:app_of_environment", factory=True,
            workers=settings.workers, timeout_worker_healthcheck=HANGS_S, **common,
        )  # fmt: skip
        refusal = Path(folder) / "refused"
        if refusal.exists():
            raise StoreError(refusal.read_text(encoding="utf-8"))


def refuse_once_ending() -> None:
    """Have the parent of workers close the port when it ends them, and not only after them.

    While it is open, who connects is accepted by the kernel, answered by nobody until the last
    worker has ended, and cut off then. uvicorn has no setting for it.
    """
    from uvicorn.supervisors import Multiprocess

    terminate_all = Multiprocess.terminate_all

    def terminate_and_close(parent: Multiprocess) -> None:
        terminate_all(parent)
        for listening in parent.sockets:
            listening.close()

    Multiprocess.terminate_all = terminate_and_close  # type: ignore[assignment, method-assign]


def greeting(settings: Settings) -> str:
    """What is said once it serves; that a URL in an answer can be fetched nowhere, too."""
    told = f"serving {settings.database} at {settings.root}; stop it with Ctrl-C"
    if settings.public_url is None and settings.host in ("0.0.0.0", "::"):
        told += (
            f"\nnote: URLs in answers begin with {settings.root}, where nobody can fetch them; "
            "say by --public-url what they shall begin with"
        )
    return told


def _until_it_ends(run: Callable[[], None], refusals: list[QfloorError]) -> None:
    """Run; what uvicorn ends the process for because it refused to start is raised instead."""
    try:
        run()
    except SystemExit:
        if refusals:
            raise refusals[0] from None
        raise


class Starting:
    """An application whose refusal to start is one sentence, and not a traceback of the server's.

    Parameters
    ----------
    app : ASGIApp
    served : callable
        Called when it has started.
    refused : callable
        Called with the `QfloorError` that it would not start for.
    """

    def __init__(
        self, app: ASGIApp, *, served: Callable[[], None], refused: Callable[[QfloorError], None]
    ) -> None:
        self._app, self._served, self._refused = app, served, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as the application does."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def tell(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "lifespan.startup.complete":
                has_started = True
                self._served()
            if message["type"] != "lifespan.startup.failed":  # it holds the traceback
                await send(message)

        try:
            await self._app(scope, receive, tell)
        except QfloorError as error:
            if has_started:
                raise
            self._refused(error)
            logging.getLogger("uvicorn.error").disabled = True  # it would add that it failed
            await send({"type": "lifespan.startup.failed"})


def check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened at."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise InputError(f"{host}:{port} cannot be listened at ({said}); try --port") from None


def app_of_environment() -> Any:
    """The application of a worker process, from what its parent was told."""
    from qfloor.web.gateway.app import make_app

    told, folder = os.environ.get(SETTINGS_ENV), os.environ.get(STARTING_ENV)
    if told is None or folder is None:
        raise InputError(f"{SETTINGS_ENV} is not set; start the gateway with `qfloor serve`")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    end_with_parent()
    refused = functools.partial(_give_up, Path(folder))
    try:
        app = make_app(Settings.model_validate_json(told))
    except QfloorError as error:
        refused(error)
    calm_collector()
    return Starting(app, served=(Path(folder) / "served").touch, refused=refused)


def end_with_parent() -> None:
    """Have this worker told to end when its parent is gone, however that died.

    Nobody would tell it to stop any more, and it would keep the port for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _give_up(folder: Path, error: QfloorError) -> NoReturn:
    """End this worker, and the service if none has served; else it is only tried again.

    Ended here: uvicorn gives a failed start an exit code of its own, at which the parent stops all
    workers, those that serve as well, and says so in words of its own.
    """
    if (folder / "served").exists():
        logging.getLogger("qfloor.gateway").error("a worker did not start: %s", error)
    else:
        draft = folder / f"refused-{os.getpid()}"
        draft.write_text(str(error), encoding="utf-8")
        with contextlib.suppress(FileExistsError):  # the first tells, and whole: the parent may be
            os.link(draft, folder / "refused")  # ended by another worker meanwhile
        draft.unlink()
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid == os.getppid():
            os.kill(os.getppid(), signal.SIGTERM)
    logging.shutdown()
    os._exit(1)


def calm_collector() -> None:
    """Spare the garbage collector what stays: a release is thousands of objects, never garbage.

    Without it, every few hundred requests all of them are looked at, and some request waits. What
    is young is looked at often: 700 objects take half a millisecond, 20,000 took ten.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)
