"""Time limits for what nearly always ends at once: `asyncio.timeout`, without a timer for each.

Setting a timer and taking it back costs more than reading a small body. Here the event loop looks
at all limits together, a few times a second while there are any; so a limit may be passed by that.
While the loop stands still, so that nobody could have been in time, no limit runs.
"""

from __future__ import annotations

import asyncio
import weakref
from types import TracebackType
from typing import Any

LOOK_S = 0.25
_open: dict[within, None] = {}
_looking: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, float] = weakref.WeakKeyDictionary()
"""Loops with limits, and when each looks next."""


class within:  # noqa: N801  as `asyncio.timeout` is spelled
    """Leave the block when it takes longer than so many seconds; then ``ran_out`` is true.

    Parameters
    ----------
    seconds : float
    """

    __slots__ = ("due", "loop", "ran_out", "seconds", "task")

    def __init__(self, seconds: float) -> None:
        self.seconds, self.ran_out = seconds, False

    def __enter__(self) -> within:
        task = asyncio.current_task()
        assert task is not None, "a limit is for tasks"
        self.task: asyncio.Task[Any] = task
        self.loop = task.get_loop()
        self.due = self.loop.time() + self.seconds
        _open[self] = None
        if self.loop not in _looking:
            _look_later(self.loop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> bool:
        _open.pop(self, None)
        # cancelled by us and by nobody else: the task goes on behind the block
        return self.ran_out and self.task.uncancel() == 0 and kind is asyncio.CancelledError


def _look_later(loop: asyncio.AbstractEventLoop) -> None:
    _looking[loop] = loop.time() + LOOK_S
    loop.call_later(LOOK_S, _look, loop)


def _look(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is overdue. A task within its block waits: it is cancelled there."""
    mine = [limit for limit in list(_open) if limit.loop is loop]
    late_s = loop.time() - _looking[loop]
    for limit in mine:
        if late_s > LOOK_S:
            limit.due += late_s
        if limit.due <= loop.time():
            limit.ran_out = True
            _open.pop(limit, None)
            limit.task.cancel()
    if mine:
        _look_later(loop)
    else:
        _looking.pop(loop, None)
