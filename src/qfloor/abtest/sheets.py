"""Sheets: all sides of a trial in one file, so that no file belongs to a side.

Pictures become one JPEG and clips one WebM with the sides next to each other, decoded anew, brought
to one size and written without a word of metadata. The page cuts a sheet into its cells. So both
sides are ready at the same moment, clips are locked frame to frame, and neither length, header,
address nor time of loading can say which side is whose. Files are padded to round lengths.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from qfloor import media
from qfloor.abtest.protocol import SizeRule
from qfloor.errors import MediaError

Pixels = npt.NDArray[np.uint8]
GRID = 16
"""Cells begin at multiples of this and stand as far apart: codecs mix no pixels of two sides."""

GROUND = 118
"""Grey (18 % of light) around a picture that is narrower than its neighbour."""

ROUND_BYTES = 64 * 1024
EARLY_SECONDS = 0.005
"""Containers round the times of frames, to milliseconds: a frame that is due may stand later."""

MOSAIC = 20
"""Tiles along the longer side of a side that was spoilt on purpose."""

Change = Callable[[Pixels], Pixels]


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """How a sheet is cut: ``cells`` of ``width`` x ``height``, a new one each ``stride``."""

    cells: int
    width: int
    height: int
    stride: int


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One file for all sides of a trial; ``seconds`` is None for pictures."""

    content: bytes
    media_type: str
    geometry: Geometry
    seconds: float | None = None


def as_it_is(pixels: Pixels) -> Pixels:
    """Leave a picture alone."""
    return pixels


def spoilt(pixels: Pixels) -> Pixels:
    """Spoil a picture beyond doubt: coarse tiles."""
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels)
    tiles = (
        max(1, round(MOSAIC * width / max(width, height))),
        max(1, round(MOSAIC * height / max(width, height))),
    )
    small = image.resize(tiles, Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.NEAREST))


def picture_sheet(
    sides: Sequence[Path | Pixels],
    rule: SizeRule,
    salt: bytes,
    changes: Sequence[Change] = (),
    beside: Sequence[Path] = (),
) -> Sheet:
    """Write pictures as one JPEG (4:4:4, nothing but pixels).

    Parameters
    ----------
    sides : sequence of Path or ndarray
        Files, or pixels (height, width, 3), in the order of the cells.
    rule : SizeRule
        How large and how fine.
    salt : bytes
        What the padding is drawn from.
    changes : sequence of callable, optional
        What is done to each side first.
    beside : sequence of Path
        What stands beside the same output in the trials that this one is hidden among. It is not
        shown, and bounds the size as it does there: else size would tell what is a placebo.

    Raises
    ------
    MediaError
        When a file cannot be decoded.
    """
    pixels = [side if isinstance(side, np.ndarray) else media.load_pixels(side) for side in sides]
    changed = [(changes[n] if changes else as_it_is)(p) for n, p in enumerate(pixels)]
    others = [media.load_pixels(path).shape[:2] for path in beside]
    sizes = _sizes([*(p.shape[:2] for p in changed), *others], rule)
    geometry = _geometry(sizes, len(sides))
    sheet = _composed([_scaled(p, s) for p, s in zip(changed, sizes, strict=False)], geometry)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=rule.quality, subsampling=0)
    content = pad_jpeg(buffer.getvalue(), salt)
    return Sheet(content=content, media_type="image/jpeg", geometry=geometry)


def clip_sheet(
    sides: Sequence[Path | bytes],
    rule: SizeRule,
    salt: bytes,
    changes: Sequence[Change] = (),
    beside: Sequence[Path] = (),
) -> Sheet:
    """Write clips as one WebM without sound: same length, same frame rate, frame by frame.

    Parameters are those of `picture_sheet`; the shortest clip and the lowest frame rate hold for
    all.

    Raises
    ------
    MediaError
        When a file cannot be decoded.
    """
    clips = [media.stream_clip(side) for side in sides]
    every = [*clips, *(media.stream_clip(path) for path in beside)]
    fps = max(1, round(min(clip.fps for clip in every)))
    seconds = min(rule.longest_seconds, *(_length(clip) for clip in every))
    times = [n / fps for n in range(max(1, int(seconds * fps + 1e-6)))]
    sizes = _sizes([clip[0].shape[:2] for clip in every], rule)
    geometry = _geometry(sizes, len(sides))
    width, height = geometry.stride * geometry.cells - GRID, geometry.height
    chosen = changes or [as_it_is] * len(clips)
    walks = [
        (_scaled(change(frame), size) for frame in _at(clip, times))
        for clip, size, change in zip(clips, sizes, chosen, strict=False)
    ]
    frames = (_composed(list(row), geometry) for row in zip(*walks, strict=True))
    content = media.write_webm(frames, width, height, fps, crf=rule.crf)
    return Sheet(
        content=pad_webm(content, salt),
        media_type="video/webm",
        geometry=geometry,
        seconds=len(times) / fps,
    )


def _length(clip: media.ClipFrames) -> float:
    return clip.timestamps[-1] - clip.timestamps[0] + 1.0 / clip.fps


def _at(clip: media.ClipFrames, times: Sequence[float]) -> Iterator[Pixels]:
    """Give the frame that stands at each of some rising times."""
    start = clip.timestamps[0]
    frames = iter(zip(clip.timestamps, clip, strict=True))
    current = next(frames)[1]
    following = next(frames, None)
    for at in times:
        while following is not None and following[0] - start <= at + EARLY_SECONDS:
            current = following[1]
            following = next(frames, None)
        yield current


def _sizes(shapes: Sequence[tuple[int, ...]], rule: SizeRule) -> list[tuple[int, int]]:
    """Width and height of each side: one longer side for all, none enlarged."""
    longest = min(rule.longest, *(max(shape[:2]) for shape in shapes))
    if longest < 2:
        raise MediaError("a side is a single pixel; there is nothing to look at")
    return [
        (max(1, round(w * longest / max(h, w))), max(1, round(h * longest / max(h, w))))
        for h, w in (shape[:2] for shape in shapes)
    ]


def _geometry(sizes: Sequence[tuple[int, int]], cells: int) -> Geometry:
    width, height = max(w for w, _ in sizes), max(h for _, h in sizes)
    width, height = width + width % 2, height + height % 2
    stride = -(-width // GRID) * GRID + GRID
    return Geometry(cells=cells, width=width, height=height, stride=stride)


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _composed(cells: Sequence[Pixels], geometry: Geometry) -> Pixels:
    width = geometry.stride * geometry.cells - GRID
    sheet = np.full((geometry.height, width, 3), GROUND, dtype=np.uint8)
    for n, pixels in enumerate(cells):
        h, w = pixels.shape[:2]
        top = (geometry.height - h) // 2
        left = n * geometry.stride + (geometry.width - w) // 2
        sheet[top : top + h, left : left + w] = pixels
    return sheet


def _padding(salt: bytes, length: int) -> bytes:
    return hashlib.shake_256(salt).digest(length)


def _room(length: int, least: int) -> int:
    """Bytes that bring a file to a round length, at least as many as a padding needs."""
    return -(-(length + least) // ROUND_BYTES) * ROUND_BYTES - length


def pad_jpeg(content: bytes, salt: bytes) -> bytes:
    """Bring a JPEG to a round length by comments of random bytes."""
    room = _room(len(content), 4)
    segments = b""
    while room:
        size = min(room, 0xFFFF + 2)
        if 0 < room - size < 4:
            size -= 4
        body = _padding(salt + bytes([len(segments) % 251]), size - 4)
        segments += b"\xff\xfe" + struct.pack(">H", size - 2) + body
        room -= size
    after = 4 + struct.unpack(">H", content[4:6])[0]  # SOI, then JFIF's own segment
    return content[:after] + segments + content[after:]


def pad_webm(content: bytes, salt: bytes) -> bytes:
    """Bring a WebM to a round length by a Void element after its end."""
    size = _room(len(content), 9) - 9
    return content + b"\xec" + (size | 1 << 56).to_bytes(8, "big") + _padding(salt, size)
