"""A seller for gateway tests that answers at once, by what a test says of each offer."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakes.seller import picture

from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request, Running

BEHAVES: dict[str, Any] = {}
"""By offer: a reason of `qfloor.records.REASONS`, seconds to sleep, or bytes to deliver;
or what tells one of these of a request."""
CALLS: list[tuple[str, str]] = []


@contextlib.contextmanager
def behave(how: dict[str, Any]) -> Iterator[list[tuple[str, str]]]:
    """Set how sellers behave; gives the list of their calls."""
    BEHAVES.clear()
    BEHAVES.update(how)
    CALLS.clear()
    try:
        yield CALLS
    finally:
        BEHAVES.clear()


class Seller:
    """Delivers pictures in its answer; by job for offers that behave as ``job:SECONDS``."""

    def __init__(self, offers: Any, state_dir: Path) -> None:
        self.state_dir = Path(state_dir)

    async def submit(self, request: Request) -> Any:
        how = BEHAVES.get(request.offer.id, "ok")
        if callable(how):
            how = how(request)
        CALLS.append((request.offer.id, request.key))
        if isinstance(how, float):
            await asyncio.sleep(how)
        if isinstance(how, bytes):
            return Ended(reason="ok", artifact=Artifact(content=how, media_type="image/png"))
        if isinstance(how, str) and how.startswith("job:"):
            loop = asyncio.get_running_loop()
            return Accepted(job={"key": request.key, "ready": loop.time() + float(how[4:])})
        if how != "ok" and isinstance(how, str):
            if how == "timeout_ambiguous":
                return Ended(reason=how, detail="as told")
            return Ended(reason=how, charged="no", amount_nanousd=0, detail="as told")
        return _made(request.key)

    async def poll(self, job: Any) -> Any:
        ready = asyncio.get_running_loop().time() >= job["ready"]
        return Ready() if ready else Running(retry_after_s=0.02)

    async def collect(self, job: Any) -> Ended:
        return _made(job["key"])

    async def close(self) -> None:
        pass


def _made(key: str) -> Ended:
    content = picture(hashlib.sha256(key.encode()).hexdigest())
    return Ended(reason="ok", artifact=Artifact(content=content, media_type="image/png"))
