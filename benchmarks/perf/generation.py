"""Generation at scale: store rate, memory and restart time of the driver.

    python benchmarks/perf/generation.py [--outputs 100000] [--write results/generation_scale.md]

A seller inside the process answers at once with a small picture that comes as a file, so that what
is measured is ours: ledger rows, media into the store, inspection. Each size runs in a process of
its own, whose peak memory the system tells; the restart is the same command on the finished round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from qfloor.generate import RunPolicy, generate
from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready
from qfloor.records import Offer, PluginSpec, PriceComponent, PriceRule, Prompt
from qfloor.store import Store

OFFERS, IN_FLIGHT = 10, 500
# a 16 x 12 BMP: bytes that differ by a counter, decodable, and cheap to make and to look at
WIDTH, HEIGHT = 16, 12


def picture(n: int) -> bytes:
    """A small picture that no other number has."""
    pixels = bytearray(bytes(range(192)) * 3)
    pixels[:8] = n.to_bytes(8, "little")
    size = 54 + len(pixels)
    head = b"BM" + size.to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + WIDTH.to_bytes(4, "little") + HEIGHT.to_bytes(4, "little")
    info += (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(4)
    return head + info + len(pixels).to_bytes(4, "little") + bytes(16) + bytes(pixels)


class FastSeller:
    """Takes a job, has it made at once and hands over a file."""

    def __init__(self, offers: Any, state_dir: Path) -> None:
        self.folder = state_dir / "downloads"
        self.folder.mkdir(parents=True, exist_ok=True)

    async def submit(self, request: Any) -> Accepted:
        """Take a request."""
        return Accepted(job={"key": request.key})

    async def poll(self, job: Any) -> Ready:
        """Say that it is made."""
        return Ready()

    async def collect(self, job: Any) -> Ended:
        """Hand over a file."""
        path = self.folder / job["key"]
        path.write_bytes(picture(int(job["key"][:15], 16)))
        return Ended(reason="ok", artifact=Artifact(path=path, media_type="image/bmp"))

    async def close(self) -> None:
        """Hold nothing."""


def asked(outputs: int) -> tuple[list[Prompt], list[Offer]]:
    """So many outputs of ten offers of one account."""
    price = PriceRule(
        components=(PriceComponent(unit="image", amount="0.01"),), source="", as_of=""
    )
    offers = [
        Offer(id=f"fast/{n}", model=str(n), provider="fast", price=price,
              concurrency=IN_FLIGHT // OFFERS, settings={"width": WIDTH, "height": HEIGHT},
              generator=PluginSpec(name=f"{Path(__file__).stem}:FastSeller"))
        for n in range(OFFERS)
    ]  # fmt: skip
    prompts = [
        Prompt(id=f"p{n}", text=f"a kettle, number {n}", category="product-photo")
        for n in range(outputs // OFFERS)
    ]
    return prompts, offers


def measure(workspace: Path, outputs: int) -> dict[str, float]:
    """Generate what a round lacks and tell how long it took and what memory it needed."""
    prompts, offers = asked(outputs)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with Store.open(workspace, create=True) as store:
        result = generate(prompts, offers, store=store, round="r1", policy=RunPolicy())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "made": sum(result.counts.values()),
        "there": result.plan.done,
        "seconds": seconds,
        "base_mb": base / 1024,
        "peak_mb": peak / 1024,
    }


def in_own_process(workspace: Path, outputs: int) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--outputs", str(outputs), "--workspace", str(workspace)]
    paths = os.pathsep.join(p for p in (str(Path(__file__).parent), *sys.path) if p)
    ran = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(ran.stderr)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Measure two sizes, a restart of each, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.workspace is not None:
        sys.stdout.write(json.dumps(measure(given.workspace, given.outputs)))
        return
    rows = []
    for outputs in (given.outputs // 10, given.outputs):
        with tempfile.TemporaryDirectory() as folder:
            first = in_own_process(Path(folder) / "w", outputs)
            again = in_own_process(Path(folder) / "w", outputs)
        assert (first["made"], again["made"], again["there"]) == (outputs, 0, outputs)
        rows.append((outputs, first, again))
    text = page(rows, given.outputs)
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8")


def page(rows: list[tuple[int, dict[str, float], dict[str, float]]], outputs: int) -> str:
    """What was measured, as a page."""
    lines = [
        "# Generation at scale",
        "",
        f"`python benchmarks/perf/generation.py --outputs {outputs} "
        "--write results/generation_scale.md`",
        "",
        f"A seller inside the process that answers at once, {OFFERS} offers, {IN_FLIGHT} requests "
        "in flight; each output is four ledger rows, a file moved into the store with fsync, an "
        f"inspection and a row. {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}.",
        "",
        "| outputs | seconds | outputs/s | peak memory MB | of it before the run | restart s |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {n} | {first['seconds']:.1f} | {n / first['seconds']:.0f} | {first['peak_mb']:.0f} "
        f"| {first['base_mb']:.0f} | {again['seconds']:.2f} |"
        for n, first, again in rows
    ]
    small, large = rows
    grown = (large[1]["peak_mb"] - small[1]["peak_mb"]) * 1024 / (large[0] - small[0])
    lines += [
        "",
        f"Memory grows by {grown:.2f} KB an output: the plan of what is left and SQLite's pages "
        '(64 MB at most), no media. "Restart" is the same command on the finished round: opening, '
        "planning, nothing bought.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
