"""A worker of a gateway as a process of its own, that asks what it is told line by line.

``python gateway_process.py FOLDER [HOW...]``; HOW: ``clock=-3600`` (its clock is off), ``pid``
(its process number means nothing here, as in another container), ``keys``, ``lease=SECONDS``.
Each line of input is a JSON object: path, body and headers of a POST; each answer is a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from gateway_world import running, settings

from qfloor.web.gateway import core, presence


def apply(how: str) -> dict[str, Any]:
    """Put a worker into a situation; gives settings that belong to it."""
    word, _, value = how.partition("=")
    if word == "clock":
        true = time.time
        time.time = lambda: true() + float(value)
    elif word == "pid":
        os.getpid = lambda: 4_000_001
    elif word == "lease":
        presence.LEASE_S = float(value)
    elif word == "keys":
        return {"keys": Path(value)}
    return {}


async def serve(folder: Path, told: dict[str, Any]) -> None:
    """Serve in this process until the input ends."""
    core.BEAT_S = 0.1
    given = settings(folder, folder / "quality.db", most_at_once=64, **told)
    client: Any
    async with running(given) as client:
        say({"worker": client.gateway.worker})
        asked: set[asyncio.Task[None]] = set()
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked.add(asyncio.create_task(ask(client, **json.loads(line))))
        await asyncio.gather(*asked)


async def ask(client: Any, path: str, body: Any, headers: dict[str, str]) -> None:
    """Ask, and tell what was answered."""
    answer = await client.post(path, json=body, headers=headers)
    said = answer.json()
    say(
        {
            "status": answer.status_code,
            "id": said.get("id"),
            "code": (said.get("error") or {}).get("code"),
        }
    )


def say(what: Any) -> None:
    """Tell the test a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    told: dict[str, Any] = {}
    for how in sys.argv[2:]:
        told |= apply(how)
    asyncio.run(serve(Path(sys.argv[1]), told))
