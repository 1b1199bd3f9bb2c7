"""Pictures and clips: what bytes are, whether they are fit to be judged, and their pixels.

sniff.py        magic bytes and limits
pictures.py     Pillow: any still -> upright RGB
clips.py        PyAV: any clip -> upright RGB frames with their times
inspection.py   bytes -> a reason of `qfloor.records.REASONS`
"""

from __future__ import annotations

from qfloor.media.clips import Clip, load_frames
from qfloor.media.inspection import Inspection, inspect, is_blank
from qfloor.media.pictures import load_pixels
from qfloor.media.sniff import LIMITS, Limits, sniff

__all__ = [
    "LIMITS",
    "Clip",
    "Inspection",
    "Limits",
    "inspect",
    "is_blank",
    "load_frames",
    "load_pixels",
    "sniff",
]
