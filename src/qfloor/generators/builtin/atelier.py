"""Two processes that paint, so that both cores work while the driver waits.

Workers are ``python -m ...atelier`` fed with one JSON job a line over a pipe; they answer with a
length and the bytes. A worker ends when its pipe closes, that is when its parent dies, by
whatever death: no orphan is left and nothing needs to watch. (A `multiprocessing` pool keeps its
workers after a SIGKILL of the parent, and imports the caller's ``__main__`` again.)
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, BinaryIO

from qfloor.generators.builtin.jobs import Job

FEW = 8
"""Pictures that are painted here before a worker is started: one starts as long as ten take."""
_HEADER = struct.Struct(">cQ")
_DONE, _FAILED = b"+", b"-"


def paint(job: Job) -> bytes:
    """Paint a job in this process."""
    from qfloor.generators.builtin.rendering import render  # numpy, PIL and av: only when needed

    return render(job.plan())


class Atelier:
    """Paints jobs in worker processes, started once they are worth it; threads where none start.

    Parameters
    ----------
    workers : int
        How many processes; 0 paints in a thread of this one.
    few : int
        Pictures that are painted in a thread first; a clip always has a worker.
    """

    def __init__(self, workers: int = 2, few: int = FEW) -> None:
        self._threads = ThreadPoolExecutor(max(1, workers), thread_name_prefix="painter")
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._may_start = workers
        self._few = few
        self._spares = 4

    def submit(self, job: Job) -> Future[bytes]:
        """Paint a job; the future has its bytes."""
        return self._threads.submit(self._paint, job)

    def close(self) -> None:
        """Finish what is being painted and end the workers."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            _end(worker)
        self._all.clear()

    def _paint(self, job: Job) -> bytes:
        worker = None if self._is_of_few(job) else self._worker()
        if worker is None:
            return paint(job)
        try:
            content = _ask(worker, job)
        except (OSError, EOFError):  # the worker was killed; the job is as good as new
            self._bury(worker)
            return paint(job)
        except RuntimeError:  # the job was at fault, not the worker
            self._idle.put(worker)
            raise
        self._idle.put(worker)
        return content

    def _is_of_few(self, job: Job) -> bool:
        with self._lock:
            if job.modality == "video" or self._all or self._few <= 0:
                return False
            self._few -= 1
            return True

    def _bury(self, worker: subprocess.Popen[bytes]) -> None:
        """Let go of a dead worker; a few may be replaced, so that no fault starts them for ever."""
        worker.kill()
        _end(worker)
        with self._lock:
            self._all.remove(worker)
            if self._spares > 0:
                self._spares -= 1
                self._may_start += 1

    def _worker(self) -> subprocess.Popen[bytes] | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            if self._may_start <= 0:
                return None
            self._may_start -= 1
            try:
                worker = _start()
            except OSError:
                self._may_start = 0
                return None
            self._all.append(worker)
            return worker


def _start() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    with _interrupts_held():  # a worker that only starts would end by the parent's Ctrl-C
        return subprocess.Popen(
            [sys.executable, "-m", "qfloor.generators.builtin.atelier"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Have what is started meanwhile take no Ctrl-C, from its first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Close a worker's pipes, which ends it, and wait for that."""
    with contextlib.suppress(OSError):  # what was not yet read by a dead worker
        if worker.stdin:
            worker.stdin.close()
    worker.wait(timeout=30)
    if worker.stdout:
        worker.stdout.close()


def _ask(worker: subprocess.Popen[bytes], job: Job) -> bytes:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(job.plain()).encode() + b"\n")
    worker.stdin.flush()
    kind, size = _HEADER.unpack(_exactly(worker.stdout, _HEADER.size))
    content = _exactly(worker.stdout, size)
    if kind == _FAILED:
        raise RuntimeError(f"painter {job.painter}: {content.decode('utf-8', 'replace')}")
    return content


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError("the worker ended")
    return content


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Paint every job of a stream of lines until it ends: the worker's whole life."""
    for line in iter(jobs.readline, b""):
        try:
            kind, content = _DONE, paint(Job.read(json.loads(line)))
        except Exception as error:  # told to the parent, which raises it there
            kind, content = _FAILED, f"{type(error).__name__}: {error}".encode()
        try:
            answers.write(_HEADER.pack(kind, len(content)) + content)
            answers.flush()
        except BrokenPipeError:  # the parent was killed meanwhile
            return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it closes the pipe
    real = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand between the answers
    serve(sys.stdin.buffer, real)
