"""A session's server, to be crawled, killed and looked at; and a fake of who sends people in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qfloor.abtest.room import Room
    from qfloor.web.blind.recruiting import Sites

SOURCE = Path(__file__).resolve().parents[2] / "src"
MAIN = "from qfloor.cli import main; main()"


@dataclass
class Served:
    """A running server: its address, the raters' links, and the process."""

    process: subprocess.Popen[str]
    base: str = ""
    links: list[str] = field(default_factory=list)
    join: str = ""
    host: str = ""

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(120)


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[Served]:
    """Run ``qfloor ab serve`` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "ab", "serve", str(folder), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    try:
        yield _read(process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)
        assert process.stdout is not None
        process.stdout.close()


def _read(process: subprocess.Popen[str]) -> Served:
    found = Served(process)
    assert process.stdout is not None
    for line in process.stdout:
        name, _, address = line.rstrip().rpartition(" ")
        found.base = "/".join(address.split("/")[:3])
        path = address[len(found.base) :]
        if name.startswith("rater"):
            found.links.append(path)
        elif name.startswith("join"):
            found.join = path
        elif name.startswith("host"):
            found.host = path
            return found
    raise AssertionError(f"the server ended with {process.wait()}")


@contextmanager
def served_here(folder: Path, sites: Sites) -> Iterator[tuple[str, Room]]:
    """Serve a session from a thread of this process, with other recruiting sites than the real."""
    import uvicorn

    from qfloor.abtest.room import Room
    from qfloor.web.blind import make_app
    from qfloor.web.blind.serving import listen

    room, taken = Room(folder), listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(make_app(room, sites), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}", room
    finally:
        server.should_exit = True
        thread.join(60)


@dataclass
class RecruitingSite:
    """A fake of Prolific and Turk: shows a task in a frame, and keeps what comes back."""

    base: str = ""
    task: str = ""
    returned: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def recruiting_site() -> Iterator[RecruitingSite]:
    """Run a fake site until the block ends."""
    found = RecruitingSite()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Show the task in a frame, or thank whoever comes back."""
            frame = f'<iframe src="{found.task}" width="1200" height="700"></iframe>'
            self._page(frame if self.path == "/task" else "<p id=paid>paid</p>")

        def do_POST(self) -> None:
            """Take a submitted assignment."""
            self._page("<p id=paid>paid</p>")

        def _page(self, text: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            if self.path not in ("/task", "/favicon.ico"):
                found.returned.append((self.command, self.path, body))
            content = f"<!doctype html><title>site</title>{text}".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    found.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
