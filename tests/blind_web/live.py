"""A session's server in a process of its own, to be crawled, killed and looked at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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
