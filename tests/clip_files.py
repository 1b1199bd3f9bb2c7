"""Clips made in the test: lossless or lossy, at any times, with sound, or turned."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

from qfloor.records import Prompt
from qfloor.scorers.protocol import Backbone, Item, Pixels, evenly_spaced

LOSSLESS = {"fmt": "matroska", "codec": "ffv1", "pix_fmt": "bgr0"}
MPEG4 = {"fmt": "mp4", "codec": "mpeg4", "pix_fmt": "yuv420p"}
VP9 = {"fmt": "webm", "codec": "libvpx-vp9", "pix_fmt": "yuv420p"}


def clip_file(
    frames: Sequence[Pixels],
    *,
    fmt: str = "matroska",
    codec: str = "ffv1",
    pix_fmt: str = "bgr0",
    rate: int = 24,
    milliseconds: Sequence[int] | None = None,
    sound: bool = False,
) -> bytes:
    """Encode frames at a constant rate, or at the given times."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=fmt) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        base = Fraction(1, 1000 if milliseconds else rate)
        stream.time_base = stream.codec_context.time_base = base
        tone: Any = container.add_stream("aac", rate=48000) if sound else None
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = milliseconds[index] if milliseconds else index
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound:
            _add_sound(container, tone, len(frames) / rate)
    return buffer.getvalue()


def _add_sound(container: Any, stream: Any, seconds: float) -> None:
    wave = np.sin(np.arange(int(48000 * seconds)) * 0.06).astype(np.float32)
    for start in range(0, wave.size - 1024, 1024):
        chunk = np.stack([wave[start : start + 1024]] * 2)
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def turned_clockwise(mp4: bytes) -> bytes:
    """The same MP4 with a display matrix that asks for a quarter turn clockwise."""
    at = mp4.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    return mp4[:at] + matrix + mp4[at + 36 :]


def rolling(
    frames: int = 24, step: float = 2.0, height: int = 96, width: int = 128
) -> list[Pixels]:
    """A textured square that moves to the right over a textured ground."""
    rng = np.random.default_rng(5)
    ground = rng.integers(50, 90, (height, width, 3), dtype=np.uint8)
    square = rng.integers(120, 250, (30, 25, 3), dtype=np.uint8)
    made = []
    for index in range(frames):
        frame = ground.copy()
        left = 5 + round(index * step)
        part = frame[30:60, left : left + 25]
        part[:] = square[: part.shape[0], : part.shape[1]]
        made.append(frame)
    return made


def clip_item(
    frames: Sequence[Pixels],
    fps: float = 24.0,
    times: Sequence[float] | None = None,
    backbone: Backbone | None = None,
) -> Item:
    """An item of a clip with the plain inputs, and with a backbone its embeddings."""
    inputs: dict[str, object] = {
        "frames": frames,
        "fps": fps,
        "timestamps": tuple(times or (index / fps for index in range(len(frames)))),
    }
    if backbone is not None:
        chosen = [frames[index] for index in evenly_spaced(len(frames))]
        inputs[f"image_embedding:{backbone.name}"] = backbone.embed_images(chosen)
    return Item(
        output_id="o",
        prompt=Prompt(id="p", text="a ball rolls", category="video", modality="video"),
        media_type="video/webm",
        inputs=inputs,
    )
