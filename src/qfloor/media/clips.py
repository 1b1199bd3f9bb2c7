"""Clips: probed and decoded through PyAV, with the time of every frame.

Frames are upright RGB in order of presentation. Timestamps come from the file, so a clip of
variable frame rate is sampled where its frames are. The container is told to PyAV from the
magic bytes: a playlist in disguise must never make the decoder open other files.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.errors import MediaError
from qfloor.media.sniff import LIMITS, Limits, describe, head_of, size_of, sniff

Pixels = npt.NDArray[np.uint8]
_DEMUXERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mp4",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "image/gif": "gif",
}
SHORTFALL = 0.9  # a clip with less than this share of its declared frames or length is truncated


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What decoding a whole clip showed."""

    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    samples: list[Pixels]


def probe(content: bytes | Path, name: str, *, samples: int = 8, limits: Limits = LIMITS) -> Probe:
    """Decode a whole clip, keeping a few frames.

    Raises
    ------
    MediaError
        When it cannot be decoded to its end, or is beyond the limits.
    """
    with opened_clip(content, name) as container:
        stream = container.streams.video[0]
        fps = _rate(stream)
        declared = int(stream.frames or 0)
        length = _declared_seconds(container, stream)
        step = max(1, (declared or int((length or 0.0) * fps) or samples * 8) // samples)
        kept: list[Pixels] = []
        times: list[float] = []
        for index, frame in enumerate(_decode(container, name)):
            _check_size(frame, index, name, limits)
            times.append(frame_time(frame, index, fps))
            if index % step == 0:
                kept.append(upright(frame))
            if len(kept) > 2 * samples:  # longer than declared, or not declared at all
                kept, step = kept[::2], step * 2
    _refuse_truncated(name, len(times), declared, times, fps, length)
    seconds = times[-1] - times[0] + 1.0 / fps if times else 0.0
    height, width = kept[0].shape[:2] if kept else (0, 0)
    return Probe(
        width=width, height=height, frames=len(times), fps=fps, seconds=seconds, samples=kept
    )


def _refuse_truncated(
    name: str, found: int, declared: int, times: list[float], fps: float, length: float | None
) -> None:
    if declared and found < SHORTFALL * declared:
        raise MediaError(f"{name} is truncated: {found} of {declared} frames can be decoded")
    span = times[-1] - times[0] + 1.0 / fps if times else 0.0
    if length is not None and found and span < SHORTFALL * length - 1.0 / fps:
        raise MediaError(f"{name} is truncated: {span:.2f} of {length:.2f} s can be decoded")


@contextlib.contextmanager
def opened_clip(content: bytes | Path, name: str) -> Iterator[Any]:
    """Open a clip's container by its magic bytes; MediaError when it is none or has no pictures.

    A file is read as it is decoded, never whole.
    """
    import av

    head = head_of(content)
    media_type = sniff(head)
    if media_type not in _DEMUXERS:
        unknown = describe(head, size_of(content))
        what = unknown if media_type is None else f"a picture ({media_type}), not a clip"
        raise MediaError(f"{name} cannot be decoded as a clip: {what}")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(
            io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
        )
        try:
            container: Any = av.open(file, format=_DEMUXERS[media_type])
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise MediaError(f"{name} cannot be decoded: {said(error)}") from error
        stack.enter_context(container)
        if not container.streams.video:
            raise MediaError(f"{name} has no video stream")
        yield container


def _decode(container: Any, name: str) -> Iterator[Any]:
    import av

    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    try:
        yield from container.decode(stream)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"{name} cannot be decoded to its end: {said(error)}") from error


def decoded_frames(content: bytes, name: str, limits: Limits | None = None) -> Iterator[Any]:
    """Yield a clip's frames as PyAV decodes them, unconverted (see `upright`, `frame_time`).

    Raises
    ------
    MediaError
        When it is no clip, cannot be decoded to its end, or is beyond the limits.
    """
    with opened_clip(content, name) as container:
        for index, frame in enumerate(_decode(container, name)):
            if limits is not None:
                _check_size(frame, index, name, limits)
            yield frame


def promised_frames(content: bytes, name: str) -> tuple[list[float], int] | None:
    """Return what a file says of its frames, without decoding any.

    Returns
    -------
    (list of float, int) or None
        When each frame appears, in seconds, and how many pixels it has; None where the file does
        not say, or is damaged. Decoding may show other frames than were promised.
    """
    import av

    with opened_clip(content, name) as container:
        stream = container.streams.video[0]
        pixels = int(stream.codec_context.width * stream.codec_context.height)
        times: list[float] = []
        try:
            for packet in container.demux(stream):
                if packet.size == 0 or packet.is_discard:
                    continue
                if packet.pts is None or packet.time_base is None:
                    return None
                base = packet.time_base  # in the order in which PyAV computes a frame's time
                times.append(float(packet.pts) * base.numerator / base.denominator)
        except (av.error.FFmpegError, ValueError, OSError):
            return None
    return (sorted(times), pixels) if times and pixels else None


def frame_rate(content: bytes, name: str) -> float:
    """Return the declared frames a second; 25 when a container declares none."""
    with opened_clip(content, name) as container:
        return _rate(container.streams.video[0])


def _check_size(frame: Any, index: int, name: str, limits: Limits) -> None:
    if index >= limits.max_frames:
        raise MediaError(f"{name} has more than {limits.max_frames} frames")
    if frame.width * frame.height > limits.max_pixels:
        raise MediaError(
            f"{name} is {frame.width} x {frame.height}, above the limit of {limits.max_pixels} "
            f"pixels"
        )


def upright(frame: Any) -> Pixels:
    """Return a decoded frame as RGB, turned as its rotation metadata asks."""
    pixels: Pixels = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def frame_time(frame: Any, index: int, fps: float) -> float:
    """Return when a frame appears, in seconds; from its place where it carries no time."""
    return float(frame.time) if frame.time is not None else index / fps


def _rate(stream: Any) -> float:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate:
            return float(rate)
    return 25.0


def _declared_seconds(container: Any, stream: Any) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000


def said(error: BaseException) -> str:
    """What a decoder says of its error, without number or file name."""
    return getattr(error, "strerror", None) or str(error)
