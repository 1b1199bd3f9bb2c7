"""Clips in time: what can be said of them that cannot be said of their frames.

temporal.py      `TemporalScorer`: flickering, frame differences, consistency of few frames
motion.py        `MotionScorer`: optical flow, smoothness, freezes; needs OpenCV, no model
consistency.py   `ConsistencyScorer`: frames against their neighbours in any backbone's space
flow.py          dense optical flow at one working size
walk.py          one walk through a clip for every series that needs its frames
freezing.py      for how long a picture stands still
sampling.py      frames by time, whatever the frame rate
rows.py          means and worst-frame quantiles of a series as rows
"""

from __future__ import annotations

from qfloor.scorers.video.consistency import ConsistencyScorer
from qfloor.scorers.video.motion import MotionScorer
from qfloor.scorers.video.temporal import (
    TemporalScorer,
    consistency,
    flicker,
    flickering,
    frozen_share,
    is_moving,
    luma_change,
    motion,
    small_luma,
)

__all__ = [
    "ConsistencyScorer",
    "MotionScorer",
    "TemporalScorer",
    "consistency",
    "flicker",
    "flickering",
    "frozen_share",
    "is_moving",
    "luma_change",
    "motion",
    "small_luma",
]
