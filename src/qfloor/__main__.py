"""The program: ``qfloor``, or ``python -m qfloor`` where scripts are not on the path.

Ctrl-C and SIGTERM are one sentence from the first moment on, while everything is still being
loaded, to the last. SIGTERM is an interrupt like Ctrl-C: what is under way is finished or given
up as it ought to be, what is half-made is removed, and only then does the process die of it.
"""

from __future__ import annotations

import atexit
import signal
import sys
from types import FrameType

from qfloor.errors import INTERRUPTED, STOPPED

_told_to_end: list[int] = []


def main() -> None:
    """Run the command line as a process of its own."""
    _take_signals()
    try:
        from qfloor.cli import main as run

        run()
    except KeyboardInterrupt:  # before the command line could take it, or after
        sys.stderr.write(f"qfloor: {STOPPED}\n")
        sys.exit(INTERRUPTED)
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done: nothing to unwind


def _take_signals() -> None:
    """Make SIGTERM what Ctrl-C is; where that is ignored (a job beside a shell), leave both."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    atexit.register(_die_of_it)  # first, so that it comes last
    signal.signal(signal.SIGTERM, _as_interrupt)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    _told_to_end.append(number)
    signal.raise_signal(signal.SIGINT)


def _die_of_it() -> None:
    """End as who sent SIGTERM expects: by it, and not with an exit code of ours."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _told_to_end:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
