"""The ledger's only pen during a run: many writers, few commits.

Each write is durable when its await returns. Writes that arrive while a commit is under way
share the next one, so thousands of calls in flight do not wait for thousands of fsyncs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from qfloor.errors import StoreError, UnwritableError
from qfloor.records import Attempt, Output


class Ledger(Protocol):
    """What is needed of the place where requests are kept: a `Store`, or a service's own."""

    root: Path

    def transaction(self) -> AbstractContextManager[None]:
        """All writes within are kept or none is."""

    def append_attempts(self, attempts: Iterable[Attempt], /) -> int:
        """Append events in order."""

    def save_outputs(self, outputs: Sequence[Output], /) -> int:
        """Keep outputs; says how many were kept."""

    def put_media(self, content: bytes | Path, media_type: str, /) -> str:
        """Keep media durably; gives their SHA-256."""

    def owns(self, path: Path, /) -> bool:
        """Whether a file may be moved or removed."""


class Writer(Protocol):
    """Who writes ledger rows: a run's `Journal`, or a service's own pen."""

    async def write(self, *attempts: Attempt, output: Output | None = None) -> None:
        """Keep rows, and with them an output, in one transaction; durable when awaited."""

    async def close(self) -> None:
        """Finish what was handed over."""


def keep_rows(store: Ledger, attempts: Iterable[Attempt], outputs: Sequence[Output]) -> None:
    """Keep rows and outputs, all of them or none; `StoreError` when the store refuses them."""
    with store.transaction():
        store.append_attempts(attempts)
        if outputs and store.save_outputs(outputs) < 1:
            raise StoreError("the store kept no output")


@dataclass(frozen=True)
class _Entry:
    attempts: tuple[Attempt, ...]
    output: Output | None
    written: asyncio.Future[None]


class Journal:
    """Writes ledger rows and outputs of a run in the order they were handed over."""

    def __init__(self, store: Ledger) -> None:
        self._store = store
        self._waiting: list[_Entry] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qfloor-journal")

    async def write(self, *attempts: Attempt, output: Output | None = None) -> None:
        """Keep ledger rows, and with them an output, in one transaction.

        Raises
        ------
        StoreError
            When the store refuses them; other writers' rows are kept all the same.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(attempts, output, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        await written

    async def close(self) -> None:
        """Finish what was handed over."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            for entry, error in await loop.run_in_executor(self._thread, self._commit, batch):
                if entry.written.done():
                    continue
                if error is None:
                    entry.written.set_result(None)
                else:
                    entry.written.set_exception(error)

    def _commit(self, batch: Sequence[_Entry]) -> list[tuple[_Entry, BaseException | None]]:
        try:
            self._keep(batch)
        except Exception as error:
            if len(batch) == 1 or isinstance(error, UnwritableError):
                return [(entry, error) for entry in batch]  # the disk's doing: of no one entry
            return [result for entry in batch for result in self._commit([entry])]
        return [(entry, None) for entry in batch]

    def _keep(self, batch: Sequence[_Entry]) -> None:
        outputs = [entry.output for entry in batch if entry.output is not None]
        keep_rows(self._store, (a for entry in batch for a in entry.attempts), outputs)
