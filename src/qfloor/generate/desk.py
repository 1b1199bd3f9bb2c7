"""What all requests of a run share: the store, the purse, and every source of time and chance."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from qfloor.generate.gate import Gate
from qfloor.generate.journal import Journal, Ledger, Writer
from qfloor.generate.policy import Purse, RunPolicy
from qfloor.media import Inspection, inspect
from qfloor.records import RateLimits

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

    store: Ledger
    policy: RunPolicy
    purse: Purse
    max_attempts: int
    rng: random.Random
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    now: Callable[[], str] = utc_now
    trace: Callable[[str, str], None] = lambda step, key: None
    inspect: Callable[[bytes | Path, str, str], Inspection] = inspect
    tell: Callable[[str], None] = logging.getLogger("qfloor.generate").warning
    ends_at: float = field(init=False)
    writer: InitVar[Writer | None] = None
    journal: Writer = field(init=False)
    stopped: dict[str, str] = field(default_factory=dict)
    halted: str = ""
    _collects: dict[str, asyncio.Semaphore] = field(default_factory=dict, init=False)
    _looked_at: float = field(default=-math.inf, init=False)
    _free: int = field(default=0, init=False)
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    calls: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    """The same by the key of their request."""
    answered: set[asyncio.Task[Any]] = field(default_factory=set)
    """Those of them whose seller has answered: what it said is being kept."""
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MEDIA_THREADS, thread_name_prefix="qfloor-media")
    )

    def __post_init__(self, writer: Writer | None) -> None:
        self.journal = Journal(self.store) if writer is None else writer
        wanted_s = self.policy.deadline_s
        self.ends_at = math.inf if wanted_s is None else self.clock() + wanted_s

    def collecting(self, provider: str) -> asyncio.Semaphore:
        """Limit downloads: of each seller by itself, so that one that hangs holds up no other."""
        return self._collects.setdefault(provider, asyncio.Semaphore(max(1, self.policy.collects)))

    def gate(self, name: str, limits: RateLimits) -> Gate:
        """Build the gate of an account, on this run's clock."""
        return Gate(
            name, limits, self.policy, clock=self.clock, sleep=self.sleep, ends_at=self.ends_at
        )

    def left_s(self) -> float:
        """How long the run may still take."""
        return self.ends_at - self.clock()

    def may_buy(self, offer_id: str) -> bool:
        """Whether another call for an offer may be made, as far as is known before its turn."""
        if self.halted or offer_id in self.stopped or not self.policy.buys:
            return False
        if self.left_s() <= 0:
            self.halted = f"the run's {self.policy.deadline_s:.0f} s are over"
        elif not self._has_room():
            self.halted = (
                f"the disk of {self.store.root} has less than "
                f"{self.policy.least_free_bytes / 1e6:.0f} MB left; make room and run again"
            )
        return not self.halted

    def _has_room(self) -> bool:
        """Whether the disk takes more; looked up at most once a second."""
        now = self.clock()
        if now - self._looked_at >= 1.0:
            self._looked_at = now
            self._free = shutil.disk_usage(self.store.root).free
        return self._free >= self.policy.least_free_bytes

    def stop(self, offer_id: str, why: str) -> None:
        """Make no more calls for an offer; the first reason is kept."""
        self.stopped.setdefault(offer_id, why)

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do what takes the machine's time (media) in one of a few threads, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *given)

    async def finish(self, work: Coroutine[Any, Any, T], key: str) -> T:
        """Run to the end what must not be torn apart, even if the one who asked is cancelled."""
        task = asyncio.create_task(work)
        self.calls[key] = task
        task.add_done_callback(lambda _: self.calls.pop(key, None))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        task.add_done_callback(self.answered.discard)
        return await asyncio.shield(task)
