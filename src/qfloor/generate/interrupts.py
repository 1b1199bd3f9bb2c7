"""What an interrupt does to a run: the first finishes the calls under way, the second leaves.

Leaving at once is as safe as any death of the process: the ledger is written ahead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from qfloor.counting import several

LEFT = 130  # what a shell says of a program that ended by Ctrl-C


@contextlib.contextmanager
def second_leaves_at_once(under_way: int, grace_s: float) -> Iterator[None]:
    """While calls under way are finished, let another Ctrl-C end the process on the spot."""
    if not under_way or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _leave)  # first: who reads the sentence may be quick
    sys.stderr.write(
        f"qfloor: finishing {several(under_way, 'call')} under way, at most {grace_s:.0f} s; "
        "Ctrl-C again leaves at once\n"
    )
    sys.stderr.flush()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave(number: int, frame: FrameType | None) -> None:
    said = (
        b"qfloor: left at once; what calls under way came to is asked of their sellers by the "
        b"next run, see `qfloor unknown`\n"
    )
    os.write(2, said)
    os._exit(LEFT)
