"""The seven technical measures as they were first written: what version 1 of each means.

Kept unchanged and slow, one luma a measure, so that the package's shortcuts can be held to its
values bit by bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from qfloor.records import ScoreStatus
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.technical import Unmeasurable

Luma = npt.NDArray[np.float32]

_BLOCK = 8
_SMALLEST = 3


def luma(picture: Pixels) -> Luma:
    return picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def sharpness(picture: Pixels) -> float:
    y = _at_least_3_pixels(luma(picture))
    blurs = []
    for axis in (0, 1):
        change = np.abs(np.diff(y, axis=axis))
        smooth = ndimage.uniform_filter1d(y, 9, axis=axis, mode="nearest")
        smooth_change = np.abs(np.diff(smooth, axis=axis))
        total = float(change.sum(dtype=np.float64))
        if total > 0:
            lost = float(np.maximum(0, change - smooth_change).sum(dtype=np.float64))
            blurs.append((total - lost) / total)
    if not blurs:
        raise Unmeasurable("all one colour: there is no edge to be sharp or blurred")
    return min(1.0, max(0.0, 1.0 - max(blurs)))


def exposure(picture: Pixels) -> float:
    y = luma(picture) / 255.0
    return float(np.exp(-((y - 0.5) ** 2) / (2 * 0.2**2)).mean(dtype=np.float64))


def clipping(picture: Pixels) -> float:
    red, green, blue = picture[:, :, 0], picture[:, :, 1], picture[:, :, 2]
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return float(((highest <= 2) | (lowest >= 253)).mean(dtype=np.float64))


def noise(picture: Pixels) -> float:
    y = _at_least_3_pixels(luma(picture))
    rows = y[:-2] - 2 * y[1:-1] + y[2:]
    response = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    return float(np.sqrt(np.pi / 2) / 6 * response.mean(dtype=np.float64))


def blockiness(picture: Pixels) -> float:
    y = luma(picture)
    borders: list[Any] = []
    others: list[Any] = []
    for plane in (y, y.T):
        steps = np.abs(np.diff(plane, axis=1))
        at_border = np.arange(1, plane.shape[1]) % _BLOCK == 0
        borders.append(steps[:, at_border].ravel())
        others.append(steps[:, ~at_border].ravel())
    border, other = np.concatenate(borders), np.concatenate(others)
    if border.size == 0:
        raise Unmeasurable("no side is longer than 8 pixels: no block border", ScoreStatus.UNSCORED)
    return float((border.mean(dtype=np.float64) + 1) / (other.mean(dtype=np.float64) + 1))


def colourfulness(picture: Pixels) -> float:
    red, green, blue = (picture[:, :, i].astype(np.float32) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    spread = np.sqrt(rg.var(dtype=np.float64) + yb.var(dtype=np.float64))
    offset = np.sqrt(rg.mean(dtype=np.float64) ** 2 + yb.mean(dtype=np.float64) ** 2)
    return float(spread + 0.3 * offset)


def blankness(picture: Pixels) -> float:
    counts = np.bincount(np.rint(luma(picture)).astype(np.uint8).ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return float(min(1.0, max(0.0, 1.0 + (shares * np.log2(shares)).sum() / 8)))


def _at_least_3_pixels(y: Luma) -> Luma:
    if min(y.shape) < _SMALLEST:
        raise Unmeasurable(
            f"a picture of {y.shape[1]} x {y.shape[0]} pixels is too small", ScoreStatus.UNSCORED
        )
    return y
