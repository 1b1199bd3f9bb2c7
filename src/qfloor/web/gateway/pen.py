"""Many small writes, few commits: work on ``gateway.db`` from the event loop.

What arrives while a commit is under way shares the next one. Each piece of work is all or
nothing by itself (a savepoint), so one that is refused takes no other with it. Rows of the ledger
and of jobs go through the one pen, in the order they were handed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from qfloor.errors import UnwritableError
from qfloor.generate import keep_rows
from qfloor.records import Attempt, Output
from qfloor.web.gateway.ledger import GatewayLedger

T = TypeVar("T")
_Ending = tuple[Any, BaseException | None]
ALONG_S = 0.02
"""How long what may go along with another write waits for one."""


@dataclass(frozen=True)
class _Work:
    does: Callable[[], Any]
    lasting: bool
    yields: bool
    done: asyncio.Future[Any]


class Pen:
    """The one writing thread of a worker."""

    def __init__(self, ledger: GatewayLedger) -> None:
        self._ledger = ledger
        self._waiting: list[_Work] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qfloor-gateway-pen")

    async def write(
        self,
        work: Callable[[], T],
        *,
        lasting: bool = True,
        along: bool = False,
        yields: bool = False,
    ) -> T:
        """Do work within a transaction; on disk when awaited, if it is to be ``lasting``.

        What goes ``along`` is begun with the next other write, or soon without one. What
        ``yields`` is left out where the disk refuses it together with the others.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Work(work, lasting, yields, done))
        if along:
            loop.call_later(ALONG_S, self._begin)
        else:
            self._begin()
        return await asyncio.shield(done)

    async def settle(self) -> None:
        """Finish what was handed over so far."""
        self._begin()
        while self._writer is not None and not self._writer.done():
            await asyncio.gather(self._writer, return_exceptions=True)

    async def close(self) -> None:
        """Finish what was handed over, and write no more."""
        await self.settle()
        self._thread.shutdown()

    def _begin(self) -> None:
        if self._waiting and (self._writer is None or self._writer.done()):
            self._writer = asyncio.create_task(self._drain())

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

    def _commit(self, batch: list[_Work]) -> list[_Ending]:
        begun = False
        try:
            with self._ledger.transaction(lasting=any(work.lasting for work in batch)):
                begun = True
                ends = [self._alone(work.does) for work in batch]
        except Exception as error:  # nothing of the batch is kept
            if len(batch) > 1 and not isinstance(error, UnwritableError):
                return [end for work in batch for end in self._commit([work])]
            told: list[_Ending] = [(None, error)] * len(batch)  # the disk's doing, of no one piece
            first = [work for work in batch if not work.yields]
            if not begun or len(first) in (0, len(batch)):
                return told
            kept = iter(self._commit(first))  # there may be room for what is small
            return [end if work.yields else next(kept)
                    for work, end in zip(batch, told, strict=True)]  # fmt: skip
        return ends

    def _alone(self, work: Callable[[], Any]) -> _Ending:
        with self._ledger.savepoint() as failed:
            try:
                return work(), None
            except Exception as error:
                failed.append(error)
                return None, error


class LedgerPen:
    """A `qfloor.generate.Writer` that shares the commits of a pen."""

    def __init__(self, pen: Pen, ledger: GatewayLedger) -> None:
        self._pen, self._ledger = pen, ledger

    async def write(self, *attempts: Attempt, output: Output | None = None) -> None:
        """Keep rows, and with them an output; on disk when awaited."""
        outputs = [] if output is None else [output]
        await self._pen.write(lambda: keep_rows(self._ledger, attempts, outputs))

    async def close(self) -> None:
        """Finish what was handed over; the pen still writes what is not the ledger's."""
        await self._pen.settle()
