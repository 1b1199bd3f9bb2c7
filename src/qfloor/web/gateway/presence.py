"""Which workers live, so that no job is taken from one that does.

A worker holds a lock on a file of its own that the operating system lets go of when the process
dies, however it dies, and not before: one that is stopped, slow or has a wrong clock keeps its
jobs, and a process number of another container says nothing. Only where the lock of another
machine is looked at, which a shared disk may not tell truly, must its sign of life have stood
still as well, by our own clock alone.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from qfloor.errors import StoreError
from qfloor.store.lock import WriterLock
from qfloor.web.gateway.ledger import GatewayLedger

LEASE_S = 30.0
"""How long the sign of life of another machine's worker must have stood still."""

BEAT_S = 3.0
"""How often a worker gives a sign of life."""

MARGIN_S = 10.0
"""How long after its claim was written a call may be made; well within the lease."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def new_worker() -> str:
    """Name a worker: its machine, which all containers of one share until it starts anew."""
    return f"{machine()}-{uuid.uuid4().hex}"


def machine() -> str:
    """Name this machine since it was started; where it cannot be told apart, each is another."""
    with contextlib.suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip().replace("-", "")[:12]
    return f"{uuid.getnode():012x}"


class Presence:
    """A worker's sign of life, and what it knows of the others'."""

    def __init__(
        self, ledger: GatewayLedger, worker: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self.worker, self._clock = ledger, worker, clock
        self._folder = ledger.root / "workers"
        self._lock = WriterLock(self._path(worker))
        self._stood: dict[str, tuple[float, float]] = {}
        self._looked_at = -math.inf
        self._still: dict[str, float] = {}

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}.lock"

    def check_alone(
        self, sleep: Callable[[float], None], within_s: float = 2 * BEAT_S + 1.0
    ) -> None:
        """Refuse a workspace that another machine's worker uses now.

        Between machines neither locks nor SQLite's shared memory hold, and outputs could be bought
        twice. What a machine left that died, or was started anew, is looked at for two beats, and
        when asked again only if it has moved since.

        Raises
        ------
        StoreError
            When another machine's sign of life moves.
        """
        now, still, left_s = self._of_others(), self._still, within_s
        before, is_known = now | still, now.keys() <= still.keys()
        moved = [worker for worker in now if now[worker] != before[worker]]
        while not (moved or is_known) and left_s > 0:
            sleep(min(0.5, left_s))
            left_s -= 0.5
            now = self._of_others()
            moved = [worker for worker in now if now[worker] != before.get(worker)]
        if moved:
            raise StoreError(
                f"{self._ledger.root} is used by a gateway on another machine (worker "
                f"{moved[0]}), and two machines could buy twice; give each a workspace of its "
                "own, on a local disk"
            )
        self._still = now

    def _of_others(self) -> dict[str, float]:
        """Signs of life of other machines' workers."""
        rows = self._ledger.rows("SELECT id, seen_at FROM workers")
        ours = f"{machine()}-"
        return {str(w): float(seen) for w, seen in rows if not str(w).startswith(ours)}

    def come(self) -> None:
        """Be there, before anything is taken.

        Raises
        ------
        StoreError
            When the disk has no locks: then nobody could tell whether this worker lives.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire("gateway worker")
        except (StoreError, OSError):  # its name is nobody else's
            raise StoreError(
                f"{self._folder} cannot be written, or lies on a disk without file locks, by which "
                "workers know that another lives; put the workspace on a local disk"
            ) from None

    def seen(self) -> None:
        """Note that this worker is alive."""
        if not self._lock.stands():  # someone tidied up or restored: without our file we look dead
            self._retake()
        self._ledger.write(
            "INSERT INTO workers VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "seen_at = excluded.seen_at",
            (self.worker, os.getpid(), time.time()),
        )

    def _retake(self) -> None:
        """Hold the file that has our name now; the old one until then."""
        old, self._lock = self._lock, WriterLock(self._lock.path)
        try:
            self.come()
        except StoreError:
            self._lock = old
            raise
        old.release()

    def leave(self) -> None:
        """Note that this worker goes: whatever it leaves open may be taken over at once."""
        self._ledger.write("DELETE FROM workers WHERE id = ?", (self.worker,))
        self._lock.release()
        _remove(self._lock.path)

    def drop(self) -> None:
        """Let go of the lock, as the end of the process does."""
        self._lock.release()

    def gone(self) -> list[str]:
        """Name owners of open jobs that live no more; within the transaction that takes over."""
        rows = self._ledger.rows("SELECT id, seen_at FROM workers")
        now = self._clock()
        if now - self._looked_at > MARGIN_S:  # perhaps all stood still, we among them
            self._stood.clear()
        self._looked_at = now
        told: dict[str, float | None] = {str(worker): float(seen) for worker, seen in rows}
        for (owner,) in self._ledger.rows("SELECT DISTINCT owner FROM jobs WHERE plan IS NOT NULL"):
            told.setdefault(str(owner), None)  # it left, or was declared gone before
        told.pop(self.worker, None)
        dead = [worker for worker, seen in told.items() if self._is_gone(worker, seen)]
        self._stood = {w: stood for w, stood in self._stood.items() if w in told}
        for worker in dead:
            self._ledger.write("DELETE FROM workers WHERE id = ?", (worker,))
        return dead

    def _is_gone(self, worker: str, seen: float | None) -> bool:
        """Whether a worker lives no more: its lock is free, and its sign of life does not move."""
        lock = WriterLock(self._path(worker))
        has_lock = lock.path.exists()
        if has_lock:
            try:
                lock.acquire("taking over", create=False)
            except StoreError:  # held, or not to be told: it lives
                self._stood.pop(worker, None)
                self._stood_s(worker, seen)
                return False
            is_told = lock.stands()
            lock.release()  # takers come one after another, each within its transaction
            if not is_told:  # its owner has just put another in its place
                return False
        is_ours = has_lock and worker.startswith(f"{machine()}-")
        if seen is not None:
            stood_s = self._stood_s(worker, seen)
            if stood_s is None or not (is_ours or stood_s > LEASE_S):
                return False
        _remove(lock.path)
        return True

    def _stood_s(self, worker: str, seen: float | None) -> float | None:
        """For how long a sign of life has not moved, whatever time it tells; None if it has."""
        now = self._clock()
        last, since = self._stood.get(worker, (None, now))
        if seen is None or last != seen:
            if seen is not None:
                self._stood[worker] = (seen, now)
            return None
        return now - since


def _remove(path: Path) -> None:
    """Remove a lock that nobody holds; what stays behind does no harm."""
    with contextlib.suppress(OSError):
        path.unlink()
