"""Pictures and clips: what bytes are, whether they are fit to be judged, and their pixels.

sniff.py        magic bytes and limits
pictures.py     Pillow: any still -> upright RGB
swift.py        faster decoders for plain JPEG and PNG, to the same pixels
clips.py        PyAV: any clip -> upright RGB frames with their times
streaming.py    all frames of a clip as a sequence, decoded on demand
sound.py        PyAV: the sound of a clip as samples
writing.py      pixels -> a PNG or a WebM clip
inspection.py   bytes -> a reason of `qfloor.records.REASONS`
"""

from __future__ import annotations

from qfloor.media.inspection import Inspection, inspect, is_blank
from qfloor.media.pictures import animation_in, load_pixels
from qfloor.media.sniff import LIMITS, Limits, head_of, size_of, sniff
from qfloor.media.sound import Sound, load_audio
from qfloor.media.streaming import ClipFrames, OtherFramesError, stream_clip
from qfloor.media.writing import write_png, write_webm

__all__ = [
    "LIMITS",
    "ClipFrames",
    "Inspection",
    "Limits",
    "OtherFramesError",
    "Sound",
    "animation_in",
    "head_of",
    "inspect",
    "is_blank",
    "load_audio",
    "load_pixels",
    "size_of",
    "sniff",
    "stream_clip",
    "write_png",
    "write_webm",
]
