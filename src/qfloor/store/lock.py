"""One writer: a lock the operating system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import json
import os
import weakref
from collections.abc import Iterator
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

    def stands(self) -> bool:
        """Whether it is ours, and its file still the one of that name, by which others know."""
        if self._file is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.path))
        except OSError:
            return False

    def acquire(self, purpose: str, *, create: bool = True) -> None:
        """Take the lock, or say who has it; without ``create`` only that of a file that is there.

        Raises
        ------
        StoreError
            When another run, in this process or another, holds it.
        """
        mode = "a+" if create else "r+"
        try:
            file = open(self.path, mode, encoding="utf-8")  # noqa: SIM115  held beyond this call
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
        _HELD.add(self)

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        _HELD.discard(self)
        if self._file is not None:
            self._file.close()
            self._file = None


_HELD: weakref.WeakSet[WriterLock] = weakref.WeakSet()


def _let_go() -> None:
    """In a forked child: the lock is its parent's, and must not outlive it."""
    for lock in list(_HELD):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


@contextlib.contextmanager
def folder_held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold a folder for a moment, with others or alone; where a disk has no such locks, go on."""
    descriptor = None
    with contextlib.suppress(OSError):
        if fcntl is not None:
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):  # a forked child may have it open for longer
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


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
