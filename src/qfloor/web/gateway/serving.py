"""Run the gateway under uvicorn: one worker here, or several processes that share its files.

SIGTERM lets requests end and keeps the rest for the next worker; uvicorn does the listening.
"""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from qfloor.errors import InputError
from qfloor.web.gateway.settings import Settings

SETTINGS_ENV = "QFLOOR_GATEWAY_SETTINGS"


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
    }
    check_free(settings.host, settings.port)
    app = make_app(settings)  # what is wrong is said here, in one sentence
    say(f"serving {settings.database} at {settings.root}; stop it with Ctrl-C")
    if settings.workers == 1:
        calm_collector()
        uvicorn.run(app, **common)
        return
    app.state.gateway.ledger.close()
    os.environ[SETTINGS_ENV] = settings.model_dump_json()
    uvicorn.run(
        "qfloor.web.gateway.serving:app_of_environment", factory=True, workers=settings.workers,
        **common,
    )  # fmt: skip


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

    told = os.environ.get(SETTINGS_ENV)
    if told is None:
        raise InputError(f"{SETTINGS_ENV} is not set; start the gateway with `qfloor serve`")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    app = make_app(Settings.model_validate_json(told))
    calm_collector()
    return app


def calm_collector() -> None:
    """Spare the garbage collector what stays: a release is thousands of objects, never garbage.

    Without it, every few hundred requests all of them are looked at, and some request waits. What
    is young is looked at often: 700 objects take half a millisecond, 20,000 took ten.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)
