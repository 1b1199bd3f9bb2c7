"""Many small writes, few commits: work on ``gateway.db`` from the event loop.

What arrives while a commit is under way shares the next one. Each piece of work is all or
nothing by itself (a savepoint), so one that is refused takes no other with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from qfloor.web.gateway.ledger import GatewayLedger

T = TypeVar("T")


@dataclass(frozen=True)
class _Work:
    does: Callable[[], Any]
    lasting: bool
    done: asyncio.Future[Any]


class Pen:
    """The one writing thread of a worker."""

    def __init__(self, ledger: GatewayLedger) -> None:
        self._ledger = ledger
        self._waiting: list[_Work] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qfloor-gateway-pen")

    async def write(self, work: Callable[[], T], *, lasting: bool = True) -> T:
        """Do work within a transaction; on disk when awaited, if it is to be ``lasting``."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Work(work, lasting, done))
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
            for work, (value, error) in zip(batch, ends, strict=True):
                if work.done.done():
                    continue
                if error is None:
                    work.done.set_result(value)
                else:
                    work.done.set_exception(error)

    def _commit(self, batch: list[_Work]) -> list[tuple[Any, BaseException | None]]:
        try:
            with self._ledger.transaction(lasting=any(work.lasting for work in batch)):
                ends = [self._alone(work.does) for work in batch]
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
