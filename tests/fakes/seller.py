"""A small seller with its own memory on disk: what it says it was asked for is the evidence.

It lives outside the workspace, so it survives the death of whoever calls it. A call reaches it
at the instant its line stands in ``calls.log``: from then on the picture is made, whatever
becomes of the caller. Half a line, left by a caller that was killed between two pages of its
write, is a call that never came. How the seller behaves to a prompt is in the prompt's text:
``a kettle #refused_input`` or ``#fail:2`` or ``#raise``.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request, Running
from qfloor.records import Offer, PluginSpec, PriceComponent, PriceRule, Prompt

SLOW_S = 0.0  # how long a call takes that was not told; no part of an offer
PRICE = PriceRule(
    components=(PriceComponent(unit="image", amount="0.01"),), source="fake", as_of="2026-11-01"
)


def picture(key: str) -> bytes:
    """A small PNG that no other key has."""
    seed = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class FakeSeller:
    """A generator and the seller behind it; ``remote`` is where the seller lives."""

    def __init__(
        self, offers: Any, state_dir: Path, remote: str, jobs: bool = True, polls: int = 2,
        latency_s: float = 0.0, files: bool = False,
    ) -> None:  # fmt: skip
        self.downloads = Path(state_dir) / "downloads" if files else None
        self.remote = Path(remote)
        self.remote.mkdir(parents=True, exist_ok=True)
        self.jobs, self.polls, self.latency_s = jobs, polls, latency_s
        self.in_flight = self.most_in_flight = 0
        self.closed = 0

    def _log(self, event: str, key: str, **more: Any) -> None:
        line = "\n" + json.dumps({"event": event, "key": key, **more}) + "\n"
        descriptor = os.open(self.remote / "calls.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def _times_called(self, key: str) -> int:
        return sum(c["event"] == "submit" and c["key"] == key for c in calls(self.remote))

    async def submit(self, request: Request) -> Any:
        made = "#" not in request.prompt.text
        self._log("submit", request.key, made=made)
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        await asyncio.sleep(self.latency_s or SLOW_S)
        self.in_flight -= 1
        answer = None if made else self._behave(request)
        if answer is not None:
            return answer if answer != "nothing" else None
        return Accepted(job={"id": request.key}) if self.jobs else self._deliver(request.key)

    def _behave(self, request: Request) -> Any:
        _, _, what = request.prompt.text.partition("#")
        kind, _, count = what.partition(":")
        if kind == "raise":
            raise ConnectionResetError("connection reset by peer")
        if kind == "fail":
            failed = self._times_called(request.key) <= int(count)
            return Ended(reason="capacity", charged="no", retry_after_s=3.0) if failed else None
        if kind == "hang":
            return Accepted(job={"id": request.key, "hang": True})
        if kind == "malformed":
            return Ended(reason="what", charged="yes", amount_nanousd=7, detail="odd")
        if kind == "nothing":
            return "nothing"
        if kind == "nomedia":
            return Ended(reason="ok", charged="yes", amount_nanousd=5)
        if kind == "bytes":
            content = {"zero": b"", "html": b"<html>502</html>"}[count]
            return Ended(reason="ok", artifact=Artifact(content=content, media_type="image/png"))
        return Ended(reason=kind, detail="as asked") if kind else None

    def _deliver(self, key: str) -> Ended:
        media = Artifact(content=picture(key), media_type="image/png")
        if self.downloads is not None:
            self.downloads.mkdir(parents=True, exist_ok=True)
            file = self.downloads / f"{key}-{uuid.uuid4().hex}"
            file.write_bytes(picture(key))
            media = Artifact(path=file, media_type="image/png")
        return Ended(reason="ok", artifact=media, report={"key": key}, model_version="fake-1")

    async def poll(self, job: Any) -> Any:
        if job.get("hang"):
            return Running(retry_after_s=10.0)
        counter = self.remote / f"{job['id']}.polls"
        seen = int(counter.read_text() or 0) if counter.exists() else 0
        counter.write_text(str(seen + 1))
        return Ready() if seen >= self.polls else Running(retry_after_s=0.001)

    async def collect(self, job: Any) -> Ended:
        self._log("collect", job["id"])
        return self._deliver(job["id"])

    async def close(self) -> None:
        self.closed += 1


class RememberingSeller(FakeSeller):
    """A seller that knows our request keys."""

    async def lookup(self, request: Request) -> Accepted | None:
        return Accepted(job={"id": request.key}) if self._times_called(request.key) else None


def calls(remote: str | Path) -> list[dict[str, str]]:
    """The seller's own log; what it made is an event of its own."""
    log = Path(remote) / "calls.log"
    written = log.read_text().splitlines() if log.exists() else []
    lines = [json.loads(line) for line in written if line.endswith("}")]
    made = [{"event": "made", "key": c["key"]} for c in lines if c.get("made")]
    return [{"event": c["event"], "key": c["key"]} for c in lines] + made


def offer(name: str, remote: Path, *, cls: str = "RememberingSeller", **args: Any) -> Offer:
    """An offer of this seller; keyword arguments of `Offer` go by ``offer_`` names."""
    own = {k.removeprefix("offer_"): args.pop(k) for k in list(args) if k.startswith("offer_")}
    spec = PluginSpec(name=f"fakes.seller:{cls}", args={"remote": str(remote), **args})
    return Offer(**{"id": f"fake/{name}@default", "model": name, "provider": "fake",
                    "generator": spec, "price": PRICE, **own})  # fmt: skip


def prompts(n: int, text: str = "a kettle") -> list[Prompt]:
    """So many different prompts."""
    return [Prompt(id=f"p{i}", text=f"{i} {text}", category="product-photo") for i in range(n)]


def kill_setup(remote: str, n: int = 6, **args: Any) -> tuple[list[Prompt], list[Offer]]:
    """What the kill harness asks of this seller: two offers, ``n`` prompts."""
    two = [offer(name, Path(remote), offer_concurrency=3, **args) for name in ("one", "two")]
    return prompts(n), two
