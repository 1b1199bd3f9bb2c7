"""Whether bytes are the picture or clip that was asked for, and fit to be judged.

The one place that turns bytes into a reason of `qfloor.records.REASONS`. A fault of the bytes
is a reason and a sentence, never an exception: at a seller's it is a status of the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qfloor.errors import MediaError
from qfloor.media import clips, pictures
from qfloor.media.sniff import LIMITS, Limits, describe, family, head_of, size_of, sniff

Pixels = npt.NDArray[np.uint8]
BLANK_RANGE = 4  # levels between the lightest and the darkest 4 x 4 block
_BLOCK = 4
_STRIP = 16 * _BLOCK


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What bytes turned out to be. ``reason`` is ``ok`` or why they count as blank."""

    reason: str
    detail: str = ""
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    fps: float | None = None
    seconds: float | None = None


def inspect(
    content: bytes | Path, media_type: str, modality: str, *, limits: Limits = LIMITS
) -> Inspection:
    """Look at media as a seller gave it.

    Parameters
    ----------
    content : bytes or Path
        All of it, or a file that holds it; clips in files are read as they are decoded.
    media_type : str
        What it claims to be; believed only in messages, the bytes decide.
    modality : str
        What was asked for: ``image`` or ``video``.
    limits : Limits
        Above which it is refused.

    Returns
    -------
    Inspection
        ``reason`` is ``ok``, ``undecodable``, ``wrong_modality``, ``animated``,
        ``zero_frames`` or ``one_colour``; ``media_type`` is what the bytes are.
    """
    size, head = size_of(content), head_of(content)
    found = sniff(head)
    if found is None:
        detail = f"declared {media_type or 'nothing'}, got {describe(head, size)}"
        return Inspection(reason="undecodable", detail=detail)
    if size > limits.max_bytes:
        detail = f"{size} bytes, above the limit of {limits.max_bytes}"
        return Inspection(reason="undecodable", detail=detail, media_type=found)
    try:
        if modality == "video":
            return _inspect_clip(content, found, limits)
        whole = content if isinstance(content, bytes) else content.read_bytes()
        return _inspect_picture(whole, found, limits)
    except MediaError as error:
        return Inspection(reason="undecodable", detail=str(error), media_type=found)
    except MemoryError:
        raise  # the machine's fault and not the bytes'
    except Exception as error:  # decoders raise what their parsers raise
        detail = f"cannot be decoded ({type(error).__name__}: {error})"
        return Inspection(reason="undecodable", detail=detail, media_type=found)


def _inspect_picture(content: bytes, media_type: str, limits: Limits) -> Inspection:
    if family(media_type) != "image":
        detail = f"a clip ({media_type}) where a picture is due"
        return Inspection(reason="wrong_modality", detail=detail, media_type=media_type)
    with pictures.opened(content, "the picture", limits) as image:
        frames = pictures.frame_count(image)
        if frames > 1:
            detail = f"animated ({frames} frames) where a still is due"
            return Inspection(
                reason="animated", detail=detail, media_type=media_type, frames=frames
            )
        pixels = pictures.upright_rgb(image, "the picture")
    height, width = pixels.shape[:2]
    blank = is_blank(pixels)
    return Inspection(
        reason="one_colour" if blank else "ok",
        detail="the whole picture is one colour" if blank else "",
        media_type=media_type,
        width=width,
        height=height,
        frames=1,
    )


def _inspect_clip(content: bytes | Path, media_type: str, limits: Limits) -> Inspection:
    if family(media_type) != "video" and media_type != "image/gif":
        detail = f"a picture ({media_type}) where a clip is due"
        return Inspection(reason="wrong_modality", detail=detail, media_type=media_type)
    probe = clips.probe(content, "the clip", limits=limits)
    reason, detail = "ok", ""
    if probe.frames == 0:
        reason, detail = "zero_frames", "the clip has no frames"
    elif probe.frames == 1 and media_type == "image/gif":
        reason, detail = "wrong_modality", "a still GIF where a clip is due"
    elif is_blank(*probe.samples):
        reason, detail = "one_colour", "every frame looked at is one colour"
    return Inspection(
        reason=reason,
        detail=detail,
        media_type=media_type,
        width=probe.width or None,
        height=probe.height or None,
        frames=probe.frames,
        fps=probe.fps,
        seconds=probe.seconds,
    )


def is_blank(*frames: Pixels) -> bool:
    """Whether each of these pictures is all one colour, or so nearly that nothing is on it.

    Means of 4 x 4 blocks are compared, so that the noise of a codec does not hide a blank
    picture and a small mark still shows.
    """
    return bool(frames) and all(_one_colour(f) for f in frames)


def _one_colour(pixels: Pixels) -> bool:
    """Go through the rows only until two blocks differ: in most pictures the first few do."""
    height = pixels.shape[0]
    darkest = lightest = None
    for top in range(0, max(1, height - _BLOCK + 1), _STRIP):
        is_last = height - (top + _STRIP) < _BLOCK  # what is less than a block goes with it
        blocks = _blocks(pixels[top:] if is_last else pixels[top : top + _STRIP])
        low, high = blocks.min(axis=(0, 1)), blocks.max(axis=(0, 1))
        darkest = low if darkest is None else np.minimum(darkest, low)
        lightest = high if lightest is None else np.maximum(lightest, high)
        if (lightest - darkest > BLANK_RANGE).any():
            return False
    return True


def _blocks(pixels: Pixels) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = pixels.astype(np.float32)
    for axis in (0, 1):
        size = values.shape[axis]
        if size >= _BLOCK:
            starts: Sequence[int] = range(0, size, _BLOCK)
            sums = np.add.reduceat(values, starts, axis=axis)
            counts = np.diff([*starts, size]).astype(np.float32)
            shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
            values = (sums / counts.reshape(shape)).astype(np.float32)
    return values
