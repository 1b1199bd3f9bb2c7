"""Running model forwards on cores: one thread a forward, several forwards at a time.

A forward that is itself split over threads waits for the slowest of them: on a busy two-core
machine that made it up to ten times slower than one thread (measured), and its last bits depend
on how many there were. One thread each has neither trouble and the same throughput.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TypeVar

from qfloor.errors import PluginError

T = TypeVar("T")
R = TypeVar("R")


CORES = "QFLOOR_CORES"
"""Environment variable that says how many cores a process may use, e.g. in a container."""


def available_cores() -> int:
    """Return how many cores this process may use: what `CORES` says, else what the system allows.

    Raises
    ------
    PluginError
        When `CORES` is no number of cores.
    """
    told = os.environ.get(CORES)
    if told:
        if not told.isdecimal() or int(told) < 1:
            raise PluginError(f"{CORES} is {told!r}, must be a number of cores, at least 1")
        return int(told)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def check_device(device: str) -> None:
    """Refuse a device that torch cannot compute on here, before anything is loaded or bought.

    Raises
    ------
    PluginError
        When it is neither ``cpu`` nor ``cuda``, or it is ``cuda`` and there is none.
    """
    if device not in ("cpu", "cuda"):
        raise PluginError(f"device {device!r} is neither 'cpu' nor 'cuda'")
    if device == "cpu":
        return
    if find_spec("torch") is None:
        raise PluginError("device 'cuda' needs torch, which is not installed")
    import torch

    if not torch.cuda.is_available():
        raise PluginError(
            "device 'cuda' is not there: torch sees no GPU on this machine (no driver, no GPU, or "
            "a build for CPUs); choose device 'cpu', or install torch's CUDA build"
        )


class Lanes:
    """As many threads as cores (or ``count``), each prepared once.

    Parameters
    ----------
    count : int, optional
        How many; the number of available cores by default.
    prepare : callable, optional
        Called once in each thread before its first piece of work.
    """

    def __init__(self, count: int | None = None, prepare: Callable[[], None] | None = None) -> None:
        lanes = count or available_cores()
        self._pool = ThreadPoolExecutor(
            lanes, thread_name_prefix="lane", initializer=prepare or _nothing
        )
        together = threading.Barrier(lanes)
        for started in [self._pool.submit(together.wait) for _ in range(lanes)]:
            started.result()

    def map(self, function: Callable[[T], R], work: Iterable[T]) -> list[R]:
        """Return the results in the order of the work; the first error is raised."""
        return list(self._pool.map(function, work))


def _nothing() -> None:
    return None


def torch_lanes(count: int | None = None) -> Lanes:
    """Return lanes whose torch uses one thread; everybody else's torch is left as it was."""
    import torch

    def prepare() -> None:
        torch.get_num_threads()  # a thread takes over the process's number when first asked
        torch.set_num_threads(1)

    before = torch.get_num_threads()
    lanes = Lanes(count, prepare)
    torch.set_num_threads(before)
    return lanes
