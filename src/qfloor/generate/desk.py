"""What all requests of a run share: the store, the purse, and every source of time and chance."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from qfloor.generate.journal import Journal
from qfloor.generate.policy import Purse, RunPolicy
from qfloor.store import Store

T = TypeVar("T")
MEDIA_THREADS = max(2, os.cpu_count() or 1)
STEPS: tuple[str, ...] = (
    "before_intended", "after_intended", "after_submit", "after_accepted", "during_poll",
    "after_collect", "after_media", "after_row",
)  # fmt: skip


def utc_now() -> str:
    """Give this instant as rows keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Desk:
    """What all requests of a run share; every source of time and chance can be replaced."""

    store: Store
    journal: Journal
    policy: RunPolicy
    purse: Purse
    max_attempts: int
    rng: random.Random
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    now: Callable[[], str] = utc_now
    trace: Callable[[str, str], None] = lambda step, key: None
    stopped: dict[str, str] = field(default_factory=dict)
    halted: str = ""
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MEDIA_THREADS, thread_name_prefix="qfloor-media")
    )

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do what takes the machine's time (media) in one of a few threads, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *given)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end what must not be torn apart, even if the one who asked is cancelled."""
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return await asyncio.shield(task)
