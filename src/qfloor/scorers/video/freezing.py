"""For how long a picture stands still, by the file's own times.

Two pictures are near-exact duplicates when no cell of their luma, averaged down to 64 to 127
cells across the short side, differs by more than two grey levels. A picture is compared to the
one with which its freeze began, not to its neighbour, so a slow pan or fade is no freeze.

What it does not know: codecs with hardly any bits left redraw a still picture for seconds, which
is not called frozen; a thing smaller than a cell may move unseen.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from qfloor.scorers.protocol import Pixels
from qfloor.scorers.video.temporal import Luma, small_luma

DUPLICATE_LEVELS = 2.0
_ROUNDING = 0.0015  # seconds: two times rounded to a millisecond each, and a float


class FreezeWatch:
    """Shown the frames of a clip one after the other, it notes where the picture changes."""

    def __init__(self) -> None:
        self._standing: Luma | None = None
        self._seen = 0
        self.starts: list[int] = []

    def see(self, frame: Pixels) -> None:
        """Take the next frame."""
        luma = small_luma(frame)
        if self._standing is None or _differ(self._standing, luma):
            self._standing = luma
            self.starts.append(self._seen)
        self._seen += 1

    @property
    def is_frozen(self) -> bool:
        """Whether the picture has been one and the same so far."""
        return len(self.starts) <= 1

    def longest(self, timestamps: Sequence[float], fps: float) -> float:
        """Return the longest time for which one picture stands, in seconds.

        It stands from when it appears until the next different one does; the last one for one
        frame more (`frame_time`). A clip in which every frame is new has the longest gap between
        two frames, usually 1 / ``fps``. A time that runs backwards counts as the one before.
        """
        times = list(itertools.accumulate(timestamps, max))
        begins = [times[start] for start in self.starts]
        ends = [*begins[1:], times[-1] + frame_time(times, fps)]
        return max(end - begin for begin, end in zip(begins, ends, strict=True))


def frame_time(times: Sequence[float], fps: float) -> float:
    """Return for how long the last frame stands, which no file says by its times: the finest step.

    1 / ``fps`` at a constant rate. Where a file leaves repeated frames out its average rate says
    nothing of one frame; the shortest gap between two then stands for it. Containers round to a
    millisecond: within it the declared rate is right.

    Examples
    --------
    >>> frame_time([0.0, 0.5, 1.0], 2.0), frame_time([0.0, 0.042, 2.0], 1.5)
    (0.5, 0.042)
    """
    gaps = [after - before for before, after in itertools.pairwise(times) if after > before]
    declared = 1.0 / fps
    finest = min(gaps, default=declared)
    return declared if finest > declared - _ROUNDING else finest


def _differ(standing: Luma, luma: Luma) -> bool:
    return bool(np.abs(luma - standing).max() > DUPLICATE_LEVELS)
