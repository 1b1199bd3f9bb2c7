"""One walk through a clip: every series that needs its frames, holding only a few of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from qfloor.scorers.protocol import Pixels
from qfloor.scorers.video.flow import (
    DenseFlow,
    Grey,
    between_frames,
    flow_fault,
    grey,
    likeness,
    top_magnitude,
    working_size,
)
from qfloor.scorers.video.freezing import FreezeWatch
from qfloor.scorers.video.sampling import shown_at_steps, spread_over_steps
from qfloor.scorers.video.temporal import flicker

STEPS_PER_SECOND = 8.0


class Walk:
    """Shown every frame of a clip in order, it collects what the metrics are made of.

    It holds the frame before in full and three at the working size.

    Parameters
    ----------
    timestamps : sequence of float
        When each frame appears, in seconds.

    Attributes
    ----------
    flickers : list of float
        `flicker` of each frame and the one before.
    likenesses : list of float
        `likeness` of each odd frame that has even ones on both sides.
    freezes : FreezeWatch
        What stood still.
    fault : str or None
        Why there is no optical flow.
    """

    def __init__(self, timestamps: Sequence[float]) -> None:
        self._times = timestamps
        self._shown = shown_at_steps(timestamps, STEPS_PER_SECOND)
        self._moments = set(self._shown)
        self._seen = 0
        self._before: Pixels | None = None
        self._flow: DenseFlow | None = None
        self._recent: deque[tuple[Pixels, Grey]] = deque(maxlen=3)
        self._first: Grey | None = None
        self._at_moment: Grey | None = None
        self._changes: list[float] = []
        self.flickers: list[float] = []
        self.likenesses: list[float] = []
        self.freezes = FreezeWatch()
        self.fault: str | None = None

    def see(self, frame: Pixels) -> None:
        """Take the next frame.

        Raises
        ------
        ValueError
            When it is not of the size of the one before.
        """
        if self._before is not None:
            _refuse_other_size(self._seen, self._before, frame)
            self.flickers.append(flicker(self._before, frame))
        else:
            self.fault = flow_fault(frame)
        self._before = frame
        self.freezes.see(frame)
        if self.fault is None:
            self._follow(working_size(frame))
        self._seen += 1

    def magnitudes(self) -> list[float]:
        """Return the flow magnitude of each step; none when the clip is shorter than one."""
        return [] if self.fault else spread_over_steps(self._shown, self._changes)

    def end_to_end(self) -> float:
        """Return the flow magnitude from the first frame to the last."""
        assert self._first is not None
        assert self._flow is not None
        return top_magnitude(self._flow.between(self._first, self._recent[-1][1]))

    def _follow(self, frame: Pixels) -> None:
        if self._flow is None:
            self._flow = DenseFlow()
        tone = grey(frame)
        self._recent.append((frame, tone))
        if self._first is None:
            self._first = tone
        if self._seen in self._moments:
            if self._at_moment is not None:
                self._changes.append(top_magnitude(self._flow.between(self._at_moment, tone)))
            self._at_moment = tone
        if self._seen >= 2 and self._seen % 2 == 0:
            self.likenesses.append(self._interpolated(self._flow))

    def _interpolated(self, flow: DenseFlow) -> float:
        """How like the frame in the middle is to what its neighbours let expect."""
        (before, tone_before), (found, _), (after, tone_after) = self._recent
        there = flow.between(tone_before, tone_after)
        back = flow.between(tone_after, tone_before)
        start, own, end = map(float, self._times[self._seen - 2 : self._seen + 1])
        moment = min(1.0, max(0.0, (own - start) / (end - start))) if end > start else 0.5
        return likeness(between_frames(before, after, there, back, moment), found)


def _refuse_other_size(index: int, before: Pixels, frame: Pixels) -> None:
    if frame.shape != before.shape:
        (height, width), (first_height, first_width) = frame.shape[:2], before.shape[:2]
        raise ValueError(
            f"frame {index} is {width} x {height} and the first {first_width} x {first_height}: "
            f"a clip that changes its size cannot be compared with itself"
        )
