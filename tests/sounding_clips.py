"""Clips with sound for tests, muxed by PyAV: small moving pictures, any samples, any codec."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def sine(dbfs: float, seconds: float, rate: int = 48000, hertz: float = 1000.0) -> Floats:
    """One channel; the level is that of the peak, as EBU Tech 3341 states it."""
    times = np.arange(round(seconds * rate)) / rate
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * times)


def stereo(channel: Floats) -> Floats:
    return np.column_stack([channel, channel])


def sounding_clip(
    samples: Floats | None,
    rate: int = 48000,
    *,
    codec: str = "pcm_s16le",
    container: str = "mov",
    layout: str = "stereo",
    seconds: float = 0.5,
) -> bytes:
    """A clip of 8 frames a second; ``samples`` is (n, channels), or None for no audio stream."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as muxer:
        pictures = muxer.add_stream("libvpx-vp9" if container == "webm" else "mpeg4", rate=8)
        pictures.width = pictures.height = 32
        pictures.pix_fmt = "yuv420p"
        sound = None if samples is None else muxer.add_stream(codec, rate=rate, layout=layout)
        for i in range(max(1, round(8 * seconds))):
            pixels = np.full((32, 32, 3), 20 + 7 * i % 200, np.uint8)
            pixels[4:12, i % 20 : i % 20 + 8] = 255
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 8)
            muxer.mux(pictures.encode(frame))
        muxer.mux(pictures.encode())
        if sound is not None and samples is not None:
            if len(samples):
                muxer.mux(sound.encode(_frame(samples, rate, layout)))
            muxer.mux(sound.encode())
    return buffer.getvalue()


def _frame(samples: Floats, rate: int, layout: str) -> av.AudioFrame:
    planes = np.ascontiguousarray(samples.T, dtype=np.float32)
    frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame
