"""`MotionScorer`: how much a clip moves, how smoothly, and whether it stands still.

After VBench, with optical flow of a library in place of its networks (RAFT, AMT): the names end
in ``_flow`` and the numbers are not VBench's. Time is read from the frames' own times, so a clip
of variable frame rate is judged like the same clip at a constant one. A clip is walked through
once and no more than a few of its frames are held.
"""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.records import Metric, Prompt
from qfloor.scorers.protocol import Item, Row
from qfloor.scorers.video import rows
from qfloor.scorers.video.flow import (
    FLOW_DEFINITION,
    FLOW_SIDE,
    TOP_SHARE,
    opencv_version,
)
from qfloor.scorers.video.walk import STEPS_PER_SECOND, Walk

MOVING = 6 / 256
_STILL = 3 / 256

_ONE_FRAME = "a clip of one frame does not change in time"
_TOO_SHORT = f"the clip is shorter than 1/{STEPS_PER_SECOND:g} s, over which flow is measured"
_TWO_FRAMES = "a clip of two frames has none between others to interpolate"
_MOVES = "the clip moves: flicker is told apart from motion in static clips only"


def moves(magnitudes: Sequence[float]) -> bool:
    """Whether at least ``round(4 n / 16)`` steps, and at least one, exceed 6/256 of the short side.

    n is the number of moments, one more than steps between them. The "at least one" is ours: with
    two moments VBench's rule asks for none and calls every clip dynamic.

    References
    ----------
    VBench's ``dynamic_degree``, there with RAFT at the clip's own size.
    """
    needed = max(1, round(4 * (len(magnitudes) + 1) / 16))
    return sum(value > MOVING for value in magnitudes) >= needed


def is_static(magnitudes: Sequence[float], end_to_end: float) -> bool:
    """Whether at most ``round(2 n / 16)`` steps exceed 3/256 of the short side, and the whole less.

    ``end_to_end`` is the flow magnitude from the first frame to the last; it may be twice as much
    for each step that may exceed.

    References
    ----------
    VBench's ``static_filter.py``, there on all neighbours, with the top 2% of RAFT's flow.
    """
    allowed = round(2 * (len(magnitudes) + 1) / 16)
    moved = sum(value > _STILL for value in magnitudes)
    return moved <= allowed and end_to_end <= 2 * max(1, allowed) * _STILL


class MotionScorer:
    """Motion, smoothness, flicker and freezes of clips; needs OpenCV (``qfloor[video]``).

    ================================  =======================================================
    ``video.flow_magnitude``          mean flow of the fastest 5% in 1/8 s, as a share of the
                                      short side. From 0
    ``video.dynamic_degree_flow``     boolean: `moves`
    ``video.motion_smoothness_flow``  odd frames against what the even ones let expect
                                      (`between_frames`), mean `likeness`. [0, 1]
    ``video.flickering_static``       ``temporal.flickering`` of clips that are static by
                                      `is_static`; others are unscored. [0, 1]
    ``video.flickering_worst_frames`` 10% quantile of ``temporal.flickering``'s series. [0, 1]
    ``video.frozen``                  boolean: one picture for the whole length; lower is better
    ``video.longest_freeze``          longest time one picture stands, in seconds; lower is better
    ================================  =======================================================

    The first, third and fourth keep their series and have a ``..._worst_frames`` beside them, the
    ``ceil(0.1 n)``-th smallest value. Identical frames give a smoothness of exactly 1. A clip of
    one frame is unscored, and so is what needs more time, frames or pixels than a clip has.
    """

    concurrent = True

    def __init__(self) -> None:
        self._metrics = _metrics()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Ten metrics; OpenCV's version is part of the identity of those of flow."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """All frames with their times, and the declared rate."""
        return ("frames", "fps", "timestamps")

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Only clips."""
        return prompt.modality == "video"

    def watch(self, timestamps: Sequence[float]) -> Walk:
        """Return what is shown a clip; see `qfloor.scorers.protocol.WatchesFrames`."""
        return Walk(timestamps)

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        frames, fps, times = (item.inputs[name] for name in self.inputs)
        assert isinstance(frames, Sequence)
        assert isinstance(fps, float)
        assert isinstance(times, Sequence)
        if len(frames) < 2:
            return rows.unscored([m.name for m in self._metrics], _ONE_FRAME)
        walk = item.watch
        if not isinstance(walk, Walk):
            walk = self.watch(times)
            for frame in frames:
                walk.see(frame)
        return (
            *_flow_rows(walk),
            *_smoothness_rows(walk),
            *_flicker_rows(walk),
            rows.scored("video.frozen", float(walk.freezes.is_frozen)),
            rows.scored("video.longest_freeze", walk.freezes.longest(times, fps)),
        )


def _flow_rows(walk: Walk) -> tuple[Row, ...]:
    magnitudes = walk.magnitudes()
    fault = walk.fault or (None if magnitudes else _TOO_SHORT)
    if fault:
        names = ["video.flow_magnitude", f"video.flow_magnitude{rows.WORST}"]
        return rows.unscored([*names, "video.dynamic_degree_flow"], fault)
    return (
        *rows.mean_and_worst("video.flow_magnitude", magnitudes),
        rows.scored("video.dynamic_degree_flow", float(moves(magnitudes))),
    )


def _smoothness_rows(walk: Walk) -> tuple[Row, ...]:
    name = "video.motion_smoothness_flow"
    fault = walk.fault or (None if walk.likenesses else _TWO_FRAMES)
    if fault:
        return rows.unscored([name, name + rows.WORST], fault)
    return rows.mean_and_worst(name, walk.likenesses)


def _flicker_rows(walk: Walk) -> tuple[Row, ...]:
    name = "video.flickering_static"
    magnitudes = walk.magnitudes()
    fault = walk.fault or (None if magnitudes else _TOO_SHORT)
    if fault is None and not is_static(magnitudes, walk.end_to_end()):
        fault = _MOVES
    every = rows.scored("video.flickering_worst_frames", rows.worst(walk.flickers))
    if fault:
        return (every, *rows.unscored([name, name + rows.WORST], fault))
    return (every, *rows.mean_and_worst(name, walk.flickers))


def _metrics() -> tuple[Metric, ...]:
    opencv = {"dtype": "float32, summed in float64", "runtime": f"opencv {opencv_version()}"}
    numpy = {"dtype": "integer and float32, summed in float64", "runtime": "numpy"}
    magnitude = {
        "formula": f"mean length of the top {TOP_SHARE:g} of the flow / short side",
        "time": f"{STEPS_PER_SECOND:g} steps a second; the frame shown 1/64 s after each; "
        "changes over several steps spread evenly",
        **FLOW_DEFINITION,
    }
    smoothness = {
        "formula": "(255 - MAE) / 255 of odd frames, interpolated from even ones by flow",
        "interpolation": "both warped backwards to the frame's own time, bilinear, and their mean",
        "pixels": f"RGB, short side {FLOW_SIDE} px",
        **FLOW_DEFINITION,
    }
    dynamic = "at least max(1, round(4 n / 16)) steps of n moments above 6/256"
    static = "VBench temporal_flickering; clips with at most round(2 n / 16) steps above 3/256"
    longest = "by timestamps, the last frame for the finest step"
    frozen = "luma cells at 64 px within 2 grey levels of the picture with which it began"
    flicker = {"formula": "VBench temporal_flickering, no static filter", "frames": "all"}
    return (
        *rows.mean_and_worst_metrics(
            "video.flow_magnitude", "short sides in 1/8 s", magnitude, opencv, hi=None
        ),
        rows.metric(
            "video.dynamic_degree_flow", "boolean", {**magnitude, "rule": dynamic}, opencv
        ),
        *rows.mean_and_worst_metrics("video.motion_smoothness_flow", "share", smoothness, opencv),
        rows.metric(
            "video.flickering_worst_frames",
            "share",
            {**flicker, "of_series": f"{rows.WORST_SHARE:g} quantile of the series, inverted_cdf"},
            numpy,
        ),
        *rows.mean_and_worst_metrics(
            "video.flickering_static",
            "share",
            {**magnitude, "rule": static, "end_to_end": "flow first to last at most 2 x allowed"},
            opencv,
        ),
        rows.metric(
            "video.frozen", "boolean", {"formula": f"{frozen}; all frames"}, numpy,
            direction="lower",
        ),
        rows.metric(
            "video.longest_freeze", "seconds", {"formula": f"{frozen}; {longest}"}, numpy,
            hi=None, direction="lower",
        ),
    )  # fmt: skip
