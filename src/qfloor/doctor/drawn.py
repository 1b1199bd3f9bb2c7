"""Pictures, clips and sounds that are made in code: the same on every machine.

Only whole numbers decide a pixel, from a generator that numpy promises never to change; no font,
no drawing library and no file takes part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qfloor.media import Sound
from qfloor.scorers.protocol import Pixels


def meadow(height: int = 288, width: int = 384) -> Pixels:
    """Return a picture with structure at all sizes, as photographs have: noise over octaves."""
    dice = np.random.RandomState(2026)  # frozen by numpy's own policy
    total = np.zeros((height, width, 3), dtype=np.int64)
    for octave in range(7):
        side = 2**octave
        cells = (-(-height // side) + 1, -(-width // side) + 1, 3)
        coarse = dice.randint(0, 256, size=cells, dtype=np.int64)
        total += _widened(coarse, side)[:height, :width] * side
    lo, hi = int(total.min()), int(total.max())
    return ((total - lo) * 255 // (hi - lo)).astype(np.uint8)


def _widened(cells: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.int64]:
    """Interpolate linearly between cells that lie ``side`` pixels apart, in whole numbers."""
    steps = np.arange(side, dtype=np.int64).reshape(1, side, 1, 1)
    for axis in (0, 1):
        lines = np.moveaxis(cells, axis, 0)
        mixed = (lines[:-1, None] * (side - steps) + lines[1:, None] * steps) // side
        cells = np.moveaxis(mixed.reshape(-1, *mixed.shape[2:]), 0, axis)
    return cells


def disc(colour: Sequence[int], side: int = 256) -> Pixels:
    """Return a disc of one colour on a light ground."""
    rows, columns = np.ogrid[:side, :side]
    inside = (2 * rows - side + 1) ** 2 + (2 * columns - side + 1) ** 2 < (side * 11 // 16) ** 2
    picture = np.full((side, side, 3), (236, 232, 224), dtype=np.uint8)
    picture[inside] = colour
    return picture


def standing(frames: int = 16) -> list[Pixels]:
    """Return a clip in which nothing changes."""
    return [meadow()] * frames


def alternating(frames: int = 16) -> list[Pixels]:
    """Return a clip of black and white frames in turn."""
    return [np.full((64, 96, 3), 255 * (i % 2), dtype=np.uint8) for i in range(frames)]


def sliding(pixels_a_frame: int, frames: int = 17) -> list[Pixels]:
    """Return a clip of a camera that moves to the right, 256 pixels high."""
    wide = meadow(256, 256 + pixels_a_frame * frames)
    starts = range(0, pixels_a_frame * frames, pixels_a_frame)
    return [np.ascontiguousarray(wide[:, start : start + 256]) for start in starts]


def sine(level_dbfs: float, hertz: float, channels: tuple[str, ...]) -> Sound:
    """Return five seconds of a tone, the same on each channel, whose peak is at a level."""
    rate = 48_000
    wave = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hertz * np.arange(5 * rate) / rate)
    samples = np.repeat(wave[:, None], len(channels), axis=1).astype(np.float32)
    return Sound(samples=samples, rate=rate, channels=channels)


def clip_inputs(frames: Sequence[Pixels], fps: float = 8.0) -> dict[str, object]:
    """Return what scorers of clips read."""
    times = tuple(index / fps for index in range(len(frames)))
    return {"frames": frames, "fps": fps, "timestamps": times}
