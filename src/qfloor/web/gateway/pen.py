"""Many small writes, few commits: work on ``gateway.db`` from the event loop.

What arrives while a commit is under way shares the next one. Each piece of work is all or
nothing by itself (a savepoint), so one that is refused takes no other with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from qfloor.web.gateway.ledger import GatewayLedger

T = TypeVar("T")
_Work = tuple[Callable[[], Any], asyncio.Future[Any]]


class Pen:
    """The one writing thread of a worker."""

    def __init__(self, ledger: GatewayLedger) -> None:
        self._ledger = ledger
        self._waiting: list[_Work] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qfloor-gateway-pen")

    async def write(self, work: Callable[[], T]) -> T:
        """Do work within a transaction; on disk when awaited."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await asyncio.shield(done)

    async def close(self) -> None:
        """Finish what was handed over."""
        while self._writer is not None and not self._writer.done():
            await asyncio.gather(self._writer, return_exceptions=True)
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            ends = await loop.run_in_executor(self._thread, self._commit, batch)
            for (_, done), (value, error) in zip(batch, ends, strict=True):
                if done.done():
                    continue
                if error is None:
                    done.set_result(value)
                else:
                    done.set_exception(error)

    def _commit(self, batch: list[_Work]) -> list[tuple[Any, BaseException | None]]:
        ends: list[tuple[Any, BaseException | None]] = []
        try:
            with self._ledger.transaction():
                for work, _ in batch:
                    ends.append(self._alone(work))
        except Exception as error:  # nothing of the batch is kept
            return [(None, error)] * len(batch)
        return ends

    def _alone(self, work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        with self._ledger.savepoint() as failed:
            try:
                return work(), None
            except Exception as error:
                failed.append(error)
                return None, error
