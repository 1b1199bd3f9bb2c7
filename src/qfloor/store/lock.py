"""One writer: a lock the operating system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from qfloor.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows has no flock; there an open handle on a byte is the lock
    fcntl = None  # type: ignore[assignment]


class WriterLock:
    """Held while a run writes a workspace, so that two runs cannot buy the same output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._file is not None

    def acquire(self, purpose: str) -> None:
        """Take the lock, or say who has it.

        Raises
        ------
        StoreError
            When another run, in this process or another, holds it.
        """
        try:
            file = open(self.path, "a+", encoding="utf-8")  # noqa: SIM115  held beyond this call
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error
        try:
            _lock(file)
        except OSError:
            holder = _read(file)
            file.close()
            raise StoreError(
                f"another run is writing {self.path.parent}{holder}; wait for it or end it"
            ) from None
        file.seek(0)
        file.truncate()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "purpose": purpose, "since": at}, file)
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: IO[str]) -> None:
    if fcntl is not None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # type: ignore[unreachable, unused-ignore]

    file.seek(1 << 20)
    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)


def _read(file: IO[str]) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        file.seek(0)
        said = json.load(file)
        return f" ({said['purpose']}, process {said['pid']}, since {said['since']})"
    return ""
