"""What the gateway costs: /v1/route beside a constant, and 2,000 generations in flight.

The server is a process of its own on loopback, the load another. `/v1/route` and the constant are
answered by the same server in turns, so that their ratio means something on a shared machine. The
gateway has served a picture before: as any that is used, it knows of the health of an offer.

    python benchmarks/perf/gateway.py route [seconds]
    python benchmarks/perf/gateway.py flight [how many] [seconds a seller takes] [head or whole]

`flight` tells beside it what the same seller, server and load take with no gateway between them, at
the same rate (``/echo``: the seller is asked, its file goes out as base64), and how late the load
itself was.

A workspace lies under TMPDIR: ``TMPDIR=/dev/shm`` shows what the gateway adds where a disk takes
no time to sync.
"""

from __future__ import annotations

import asyncio
import base64
import collections
import contextlib
import itertools
import json
import multiprocessing
import os
import random
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

OFFERS, MEGABYTES = 40, 4
MOST_ECHOED = 400
NEW = "/v1/route (new prompts)"
PLUGIN = "flight_seller:Seller"


class Seller:
    """Sleeps as long as it was told, gives four megabytes, and notes how long it took in all."""

    def __init__(
        self, offers: Any, state_dir: Path, picture: str, seconds: float, times: str
    ) -> None:
        self.picture, self.seconds, self.times = Path(picture), seconds, times
        self.downloads = Path(state_dir) / "downloads"
        self.downloads.mkdir(parents=True, exist_ok=True)

    async def submit(self, request: Any) -> Any:
        """Sleep, then answer."""
        from qfloor.generators.protocol import Artifact, Ended

        began = time.perf_counter()
        await asyncio.sleep(self.seconds)
        path = self.downloads / uuid.uuid4().hex  # as our HTTP adapters do: media go to a file
        await asyncio.to_thread(self._deliver, path)
        took = time.perf_counter() - began
        with open(self.times, "a") as file:  # of a line each: whoever appends tears none
            file.write(f"{request.prompt.text}\t{took}\n")
        return Ended(
            reason="ok",
            artifact=Artifact(path=path, media_type="image/png"),
            seconds_run=took,
        )

    def _deliver(self, path: Path) -> None:
        shutil.copyfile(self.picture, path)
        with path.open("ab") as file:  # no two pictures are the same bytes
            file.write(path.name.encode())

    async def close(self) -> None:
        """Nothing to close."""


sys.modules["flight_seller"] = sys.modules[__name__]


def database(folder: Path, args: dict[str, Any]) -> Path:
    """A release of 40 offers that this file's seller makes."""
    from factories import Seller as Shelf
    from factories import release

    from qfloor import export
    from qfloor.records import PluginSpec

    draw = random.Random(1)
    made = release(
        [
            Shelf(name=f"model-{i:03d}", usd=f"{draw.uniform(0.002, 0.2):.4f}",
                  clears=draw.uniform(6.0, 9.5))
            for i in range(OFFERS)
        ]
    )  # fmt: skip
    spec = PluginSpec(name=PLUGIN, args=args)
    path = folder / "quality.db"
    export.write(path, replace(made, offers=tuple(replace(o, generator=spec) for o in made.offers)))
    return path


def serve(
    folder: str, port: int, args: dict[str, Any], echo_s: float, more: dict[str, Any]
) -> None:
    """The server process: a gateway with one more path, which answers a constant."""
    import uvicorn
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    from qfloor.web.gateway.app import make_app
    from qfloor.web.gateway.guard import Call, guarded
    from qfloor.web.gateway.serving import calm_collector
    from qfloor.web.gateway.settings import Settings
    from qfloor.web.wire import HurriedProtocol

    async def bare(request: Any) -> Response:
        await request.body()
        return Response(b'{"object":"constant"}', media_type="application/json")

    async def constant(call: Call) -> Response:
        return await bare(call.request)

    seller = Seller(None, Path(folder) / "echo", **{**args, "seconds": echo_s})

    async def echo(request: Any) -> Response:
        """The same seller with nothing between, nor anything promised."""
        prompt = SimpleNamespace(text=json.loads(await request.body())["prompt"])
        path = (await seller.submit(SimpleNamespace(prompt=prompt))).artifact.path
        size = -(-path.stat().st_size // 3) * 4
        return StreamingResponse(
            in_base64(path), media_type="text/plain", headers={"content-length": str(size)}
        )

    app = make_app(
        Settings(database=database(Path(folder), args), workspace=Path(folder) / "ws", port=port,
                 plugins=(PLUGIN,), probes=False, **more)
    )  # fmt: skip
    served = guarded(app.state.gateway, "constant", constant)
    app.router.routes.append(Route("/constant", served, methods=["POST"]))
    app.router.routes.append(Route("/bare", bare, methods=["POST"]))
    app.router.routes.append(Route("/echo", echo, methods=["POST"]))
    calm_collector()  # this and what follows as `qfloor serve` does
    uvicorn.run(
        app, host="127.0.0.1", port=port, log_level="error", access_log=False,
        server_header=False, proxy_headers=False, http=HurriedProtocol,
    )  # fmt: skip


async def in_base64(path: Path) -> AsyncIterator[bytes]:
    """A file as base64, piece by piece, made where it is sent; it is removed then."""
    with path.open("rb") as file:
        while piece := file.read(98_304):
            yield base64.b64encode(piece)
    path.unlink()


@contextlib.contextmanager
def served(args: dict[str, Any], *, echo_s: float = 0.0, **more: Any) -> Iterator[tuple[int, int]]:
    """Start a server; gives its port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(folder, port, args, echo_s, more)
        )
        process.start()
        try:
            _wait_for(port)
            yield port, process.pid or 0
        finally:
            process.terminate()
            process.join(90)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


class Line(asyncio.Protocol):
    """One kept connection that speaks just enough HTTP/1.1, and costs the machine little."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._head, self._left, self._length, self._first = b"", 0, 0, 0.0
        self._done: asyncio.Future[tuple[int, float, int]] | None = None
        self._transport: asyncio.Transport

    async def open(self) -> Line:
        """Connect."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        return self

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def post(self, path: str, body: bytes) -> asyncio.Future[tuple[int, float, int]]:
        """Status, seconds to the first bytes of the answer, and bytes of its body."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._head, self._began = b"", time.perf_counter()
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(head.encode() + body)
        return self._done

    def data_received(self, data: bytes) -> None:
        """Count what comes; a body is not kept."""
        if self._done is None:
            raise SystemExit("an answer that nobody asked for")
        if self._left:
            self._left -= len(data)
        else:
            if not self._head:
                self._first = time.perf_counter() - self._began
            self._head += data
            told, end, begun = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            at = told.lower().index(b"content-length:") + 15
            self._length = int(told[at:].split(b"\r\n", 1)[0])
            self._left = self._length - len(begun)
        if not self._left:
            done, self._done = self._done, None
            done.set_result((int(self._head[9:12]), self._first, self._length))

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits for an answer gets none."""
        if self._done is not None:
            self._done.set_exception(ConnectionError("the server hung up"))


def bodies(n: int) -> list[bytes]:
    """Prompts of ours, with the tiers a team might ask for."""
    import tomllib

    draw = random.Random(2)
    prompts = tomllib.loads((ROOT / "prompts" / "core.toml").read_text())["prompts"]
    stills = [p["text"] for p in prompts if p.get("modality", "image") == "image"]
    return [
        json.dumps(
            {"prompt": draw.choice(stills), "modality": "image",
             "routing": {"tier": draw.choice(["standard", "professional"])}}
        ).encode()
        for _ in range(n)
    ]  # fmt: skip


_COUNT = itertools.count()


def fresh(body: bytes) -> bytes:
    """The same request in words that nobody has asked with before."""
    return body.replace(b'{"prompt": "', b'{"prompt": "%d ' % next(_COUNT), 1)


async def closed_loop(
    port: int, path: str, seconds: float, lines: int, asked: list[bytes], *, new: bool = False
) -> float:
    """Requests a second that so many connections get, each asking when it was answered."""
    done, ends = 0, time.perf_counter() + seconds

    async def one(seed: int) -> None:
        nonlocal done
        line, i = await Line(port).open(), seed
        while time.perf_counter() < ends:
            body = asked[i % len(asked)]
            status, _, _ = await line.post(path, fresh(body) if new else body)
            assert status in (200, 422), status
            done, i = done + 1, i + 7
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(lines)))
    return done / (time.perf_counter() - began)


async def open_loop(
    port: int, path: str, rate: float, seconds: float, asked: list[bytes], *, new: bool = True
) -> list[float]:
    """Seconds of each request when they come at a rate, whether or not others were answered.

    Counted from the moment it is sent, or would be were a connection free.
    """
    lines = [await Line(port).open() for _ in range(128)]
    free, waiting = list(lines), collections.deque[tuple[bytes, float]]()
    took: list[float] = []
    draw = random.Random(3)

    def send(line: Line, body: bytes, began: float) -> None:
        line.post(path, body).add_done_callback(lambda _: ended(line, began))

    def ended(line: Line, began: float) -> None:
        took.append(time.perf_counter() - began)
        if waiting:
            send(line, *waiting.popleft())
        else:
            free.append(line)

    due, sent = time.perf_counter(), 0
    ends = due + seconds
    while due < ends:
        due += draw.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        body = asked[sent % len(asked)]
        body, began = fresh(body) if new else body, time.perf_counter()
        if free:
            send(free.pop(), body, began)
        else:
            waiting.append((body, began))
        sent += 1
    while len(took) < sent:
        await asyncio.sleep(0.01)
    for line in lines:
        line.close()
    return took


def prompt_timers() -> asyncio.AbstractEventLoop:
    """An event loop that wakes when it is time: epoll would sleep whole milliseconds."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def percentile(values: list[float], share: float) -> float:
    """A percentile of measured seconds, in milliseconds."""
    return 1e3 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def _route(port: int, pid: int, seconds: float) -> None:
    asked = bodies(500)
    line = await Line(port).open()
    mug = json.dumps({"prompt": "a studio photo of a red mug on marble"}).encode()
    status, _, _ = await line.post("/v1/images/generations", mug)  # health is known from then on
    assert status == 200, status
    line.close()
    await closed_loop(port, "/v1/route", 2.0, 8, asked)
    turns: dict[str, list[float]] = {"/bare": [], "/constant": [], NEW: [], "/v1/route": []}
    used = dict.fromkeys(turns, 0.0)
    each_s = seconds / 20
    for _ in range(5):
        for path, rates in turns.items():
            before = _cpu_s(pid)
            new = path == NEW
            rates.append(await closed_loop(port, path.split()[0], each_s, 8, asked, new=new))
            used[path] += (_cpu_s(pid) - before) / (rates[-1] * each_s) / 5
    constant = turns["/constant"]
    for path, rates in turns.items():
        ratios = [r / c for c, r in zip(constant, rates, strict=True)]
        print(
            f"{path:22} {statistics.median(rates):6.0f} requests a second, "
            f"{statistics.median(ratios):.2f} of the constant's (turns {min(ratios):.2f} to "
            f"{max(ratios):.2f});"
            f" {used[path] * 1e6:.0f} us of processor a request"
        )
    bar = 0.7 * 0.5 * statistics.median(constant)  # what half the constant's rate leaves at 70%
    for path in ("/constant", NEW, "/v1/route"):
        own = 0.7 * statistics.median(turns[path])
        rates = ((bar, "half the constant's"), (own, "its own"))
        for rate, of in rates[:1] if path == "/constant" else rates:
            took = await open_loop(
                port, path.split()[0], rate, seconds / 3, asked, new=path != "/v1/route"
            )
            print(
                f"{path:22} at {rate:5.0f} a second, 70% of {of}: p50 {percentile(took, 0.5):.2f} "
                f"ms, p99 {percentile(took, 0.99):.2f} ms, n {len(took)}"
            )


async def _flight(port: int, pid: int, path: str, n: int, seller_s: float, times: Path) -> None:
    """So many requests within 0.8 of the time a seller takes: all are in flight at once.

    Added is what an answer's first byte took beyond what its seller did until its file was whole.
    """
    draw = random.Random(4)
    first_s: dict[str, float] = {}
    whole_s: dict[str, float] = {}
    sizes: list[int] = []
    most, late = [0], list[float]()
    beside = [asyncio.create_task(_peak(pid, most)), asyncio.create_task(_lateness(late))]

    async def one(i: int) -> None:
        await asyncio.sleep(draw.uniform(0.0, 0.8 * seller_s))
        prompt = f"a studio photo of red mug number {i} on marble"
        line, came = await Line(port).open(), time.perf_counter()
        status, first, size = await line.post(path, json.dumps({"prompt": prompt}).encode())
        assert status == 200, status
        first_s[prompt], whole_s[prompt] = first, time.perf_counter() - came
        sizes.append(size)
        line.close()

    times.write_text("")
    began, used, ours = time.perf_counter(), _cpu_s(pid), time.process_time()
    await asyncio.gather(*(one(i) for i in range(n)))
    took = time.perf_counter() - began
    used, ours = _cpu_s(pid) - used, time.process_time() - ours
    for task in beside:
        task.cancel()
    sold = dict(line.split("\t") for line in times.read_text().splitlines())
    told = [f"  {path}: {n} generations of {seller_s:g} s in {took:.0f} s, answers of "
            f"{statistics.mean(sizes) / 1e6:.1f} MB"]  # fmt: skip
    for what, taken in (("first", first_s), ("last", whole_s)):
        added = [s - float(sold[prompt]) for prompt, s in taken.items()]
        told.append(f"added before the {what} byte: p50 {percentile(added, 0.5):.1f} ms, "
                    f"p99 {percentile(added, 0.99):.1f} ms")  # fmt: skip
    told.append(f"processor a generation: {1e3 * used / n:.1f} ms of the server, "
                f"{1e3 * ours / n:.1f} ms of the load, whose event loop was late by p50 "
                f"{percentile(late, 0.5):.1f} ms, p99 {percentile(late, 0.99):.1f} ms")  # fmt: skip
    told.append(f"peak memory of the server so far {most[0] / 1e6:.0f} MB")
    print(";\n    ".join(told), flush=True)


async def _lateness(late: list[float]) -> None:
    """How much later than it should this process learns that something came."""
    while True:
        due = time.perf_counter() + 0.01
        await asyncio.sleep(0.01)
        late.append(max(0.0, time.perf_counter() - due))


async def _peak(pid: int, most: list[int]) -> None:
    while True:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            most[0] = int(status.split("VmHWM:")[1].split()[0]) * 1024
        await asyncio.sleep(0.5)


def _picture(folder: Path) -> Path:
    """Four megabytes of noise as a PNG."""
    import numpy as np
    from PIL import Image

    side = int((MEGABYTES * 1e6 / 3) ** 0.5)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    path = folder / "picture.png"
    Image.fromarray(pixels).save(path, compress_level=0)
    return path


def _disk(folder: Path) -> str:
    """What being durable costs here: of a row of the ledger, and of a picture."""
    told = []
    for name, size in (("4 kB", 4_096), (f"{MEGABYTES} MB", MEGABYTES * 1_000_000)):
        content, took = os.urandom(size), []
        for n in range(20):
            began = time.perf_counter()
            with open(folder / f"{size}-{n}", "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
        told.append(f"{name} p50 {percentile(took, 0.5):.1f} ms, max {1e3 * max(took):.1f} ms")
    return "the disk, written and fsynced: " + "; ".join(told)


def main() -> None:
    """Measure what was asked for."""
    what = sys.argv[1] if len(sys.argv) > 1 else "route"
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        args: dict[str, Any] = {
            "picture": str(_picture(Path(folder))), "seconds": 0.0, "times": str(times),
        }  # fmt: skip
        if what == "route":
            seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
            with (
                served(args) as (port, pid),
                asyncio.Runner(loop_factory=prompt_timers) as runner,
            ):
                runner.run(_route(port, pid, seconds))
            return
        n = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
        args["seconds"] = float(sys.argv[3]) if len(sys.argv) > 3 else 60.0
        print(_disk(Path(folder)))
        few = min(n, MOST_ECHOED)  # at the same rate; how many are in flight is no matter there
        ways = {
            "/v1/images/generations": (n, args["seconds"]),
            "/echo": (few, args["seconds"] * few / n),
        }
        for inspect in sys.argv[4:5] or ["head", "whole"]:
            with served(args, echo_s=ways["/echo"][1], most_at_once=2 * n, inspect=inspect) as (
                port,
                pid,
            ):
                print(f"media are looked at: {inspect}")
                for way, (many, seller_s) in ways.items():
                    asyncio.run(_flight(port, pid, way, many, seller_s, times))


if __name__ == "__main__":
    main()
