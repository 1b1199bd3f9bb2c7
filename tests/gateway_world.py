"""A gateway to test: a small release whose offers a fake seller makes, served in this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import factories
import httpx
from factories import Seller

from qfloor.export import write
from qfloor.records import PluginSpec
from qfloor.web.gateway.app import make_app
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.pen import Pen
from qfloor.web.gateway.settings import Settings

FAKE = "fakes.seller:FakeSeller"
SHELF = (
    Seller(name="thrift", usd="0.003", clears=4.5),
    Seller(name="value", usd="0.02", clears=6.8),
    Seller(name="grand", usd="0.08", clears=8.6),
    Seller(name="film", usd="0.05", unit="second", clears=6.5, modalities=("video",)),
)
MUG = "a studio photo of a red mug on marble"
CLIP = "a live action clip of waves rolling onto a beach"


def database(
    folder: Path, sellers: Any = SHELF, *, name: str = "quality.db", round: str = "2026-11",
    generator: str = FAKE, providers: bool = False, **args: Any,
) -> Path:  # fmt: skip
    """Write a release whose offers a fake seller makes; with ``providers`` each is its own."""
    made = factories.release(list(sellers), round=round)
    offers = []
    for offer in made.offers:
        told = {"remote": str(folder / "remote"), **args}
        if generator != FAKE:
            told = dict(args)
        spec = PluginSpec(name=generator, args=told)
        provider = offer.id.split("/")[1] if providers else offer.provider
        offers.append(replace(offer, generator=spec, provider=provider, concurrency=64))
    path = folder / name
    write(path, replace(made, offers=tuple(offers)))
    return path


def settings(folder: Path, db: Path | None = None, **given: Any) -> Settings:
    """Settings of a test's gateway: no probes, quick looks."""
    told: dict[str, Any] = {
        "database": db or database(folder),
        "workspace": folder / "ws",
        "plugins": (FAKE, "fakes.seller:RememberingSeller", "gateway_sellers:Seller"),
        "probes": False,
        "look_every_s": 0.05,
        "drain_s": 5.0,
        "poll_first_s": 0.01,
        "hosts": ("gateway",),
    }
    return Settings(**told | given)


@contextlib.asynccontextmanager
async def running(chosen: Settings, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Serve without a socket; gives a client whose ``gateway`` is the gateway."""
    app = make_app(chosen)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway", headers=headers, timeout=120
        ) as client:
            client.gateway = app.state.gateway  # type: ignore[attr-defined]
            yield client


def by_sellers(folder: Path, **given: Any) -> Settings:
    """Settings of a gateway whose offers the sellers of `gateway_sellers` make."""
    db = database(folder, SHELF, generator="gateway_sellers:Seller", providers=True)
    return settings(folder, db, **given)


def with_pen(folder: Path, work: Callable[[Pen, GatewayLedger], Awaitable[Any]]) -> Any:
    """Run a test's coroutine with a ledger and the pen that writes it."""

    async def run() -> Any:
        ledger = GatewayLedger(folder)
        written = Pen(ledger)
        try:
            return await work(written, ledger)
        finally:
            await written.close()
            ledger.close()

    return asyncio.run(run())


def drive(chosen: Settings, work: Callable[[Any], Awaitable[Any]], **headers: str) -> Any:
    """Run a test's coroutine against a gateway."""

    async def run() -> Any:
        async with running(chosen, **headers) as client:
            return await asyncio.wait_for(work(client), 180)

    return asyncio.run(run())


async def until(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something to become true; how long says only when a test gives up."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = check()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


@contextlib.contextmanager
def listening(chosen: Settings) -> Iterator[str]:
    """Serve on a loopback port in a thread; gives the base URL."""
    import uvicorn

    from qfloor.web.wire import HurriedProtocol

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = chosen.model_copy(update={"port": port})
    config = uvicorn.Config(
        make_app(chosen),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        http=HurriedProtocol,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends = time.monotonic() + 120
    while not server.started and time.monotonic() < ends:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
