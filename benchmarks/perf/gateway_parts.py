"""Parts of what the gateway adds to a picture, each beside what it replaced; see gateway.py.

    python benchmarks/perf/gateway_parts.py

Processor time of one thread, the least of some tries; of the disk the median of the time that
passed, in turns. A disk is where TMPDIR lies.
"""

from __future__ import annotations

import base64
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src")]

import numpy as np  # noqa: E402
import pybase64  # noqa: E402
from PIL import Image  # noqa: E402

from qfloor.media import inspect, inspection, is_blank  # noqa: E402

SIZE = 4_000_000
PIECE = 3 * 32 * 1024


def cpu_ms(does: Callable[[], Any], tries: int = 7) -> float:
    """Milliseconds of this thread's processor time."""
    took = []
    for _ in range(tries):
        began = time.thread_time()
        does()
        took.append(time.thread_time() - began)
    return 1e3 * min(took)


def passed_ms(does: Callable[[], Any]) -> float:
    began = time.perf_counter()
    does()
    return 1e3 * (time.perf_counter() - began)


def bases() -> None:
    """Base64 on the way out, and of a seller's answer on the way in."""
    content = os.urandom(SIZE)
    text = base64.b64encode(content).decode()
    answer = json.dumps({"data": [{"b64_json": text}]}).encode()
    for name, library in (("the standard library", base64), ("pybase64", pybase64)):
        for size in (PIECE, 8 * PIECE, SIZE):

            def encoded(size: int = size, library: Any = library) -> None:
                for at in range(0, SIZE, size):
                    library.b64encode(content[at : at + size])

            print(f"4 MB to base64 by {name}, {size:,} bytes at a time: {cpu_ms(encoded):.2f} ms")
        read = cpu_ms(lambda library=library: library.b64decode(text, validate=True))
        print(f"4 MB from base64 by {name}: {read:.2f} ms")
    print(f"the JSON around it, read: {cpu_ms(lambda: json.loads(answer)):.2f} ms")


def looks() -> None:
    """Whether a picture is blank: from its first rows, and from all of them."""
    for side in (1024, 2048):
        y, x = np.mgrid[0:side, 0:side]
        pixels = np.stack([x * 255 // side, y * 255 // side, (x + y) % 256], -1).astype(np.uint8)
        told = [f"{side} x {side}: blank {cpu_ms(lambda p=pixels: is_blank(p)):.1f} ms"]
        told.append(f"by all rows {cpu_ms(lambda p=pixels: inspection._blocks(p)):.1f} ms")
        for form, more in (("PNG", {"compress_level": 1}), ("JPEG", {"quality": 90})):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, form, **more)
            content = file.getvalue()
            took = cpu_ms(lambda c=content: inspect(c, "", "image"))
            told.append(f"inspect of the {form} {took:.1f} ms")
        print(", ".join(told))


def _synced(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk(folder: Path, tries: int = 25) -> None:
    """A file's bytes and its name, made durable one after the other, and at once."""
    pool, content = ThreadPoolExecutor(1), os.urandom(SIZE)
    shard = folder / "aa"
    shard.mkdir()

    def in_turn(draft: Path, name: Path) -> None:
        _synced(draft, os.O_RDWR)
        draft.replace(name)
        _synced(shard, os.O_RDONLY)

    def at_once(draft: Path, name: Path) -> None:
        name.hardlink_to(draft)
        named = pool.submit(_synced, shard, os.O_RDONLY)
        _synced(draft, os.O_RDWR)
        named.result()
        draft.unlink()

    def bytes_alone(draft: Path, name: Path) -> None:
        _synced(draft, os.O_RDWR)

    took: dict[str, list[float]] = {}
    for n in range(tries):
        for does in (in_turn, at_once, bytes_alone):
            draft, name = folder / f"draft-{n}", shard / f"{does.__name__}-{n}"
            draft.write_bytes(content)
            spent = passed_ms(lambda does=does, draft=draft, name=name: does(draft, name))
            took.setdefault(does.__name__, []).append(spent)
            draft.unlink(missing_ok=True)
    pool.shutdown()
    told = ", ".join(f"{name} {statistics.median(t):.1f} ms" for name, t in took.items())
    print(f"4 MB made durable: {told}")


def main() -> None:
    """Measure them all."""
    bases()
    looks()
    with tempfile.TemporaryDirectory() as folder:
        disk(Path(folder))


if __name__ == "__main__":
    main()
