"""Time that passes only by sleeping."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class Clock:
    """A clock for a run: who sleeps is woken in order of time, and nobody really waits.

    Time stands still while anything else can go on.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self._ticking: asyncio.Task[None] | None = None

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), woken))
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick())
        await woken

    async def _tick(self) -> None:
        while self._sleepers:
            await asyncio.sleep(0.0005)  # real work, threads among it, goes first
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.now = max(self.now, at)
                woken.set_result(None)
