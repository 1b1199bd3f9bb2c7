"""The seven measures of pixels, from sharpness to near-blank, each with its formula and source.

Y is luma, 0.299 R + 0.587 G + 0.114 B, in grey levels 0-255; a caller that has it already hands
it over as ``y``. Sums run over the same elements in the same order whatever the shortcuts: the
value of a measure is kept to the last bit, because its identity says it is version 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from qfloor.records import ScoreStatus
from qfloor.scorers.protocol import Pixels, Row

Luma = npt.NDArray[np.float32]

_BLOCK = 8
_SMALLEST = 3
_COLUMNS = 32  # a strip of columns that stays in the cache while it is turned


class Unmeasurable(Exception):  # noqa: N818  (a finding about a picture, not an error of ours)
    """A picture on which a metric has no value, and why; ``status`` says what that counts as."""

    def __init__(self, reason: str, status: ScoreStatus = ScoreStatus.FAILED) -> None:
        super().__init__(reason)
        self.status = status


def measured(metric: str, measure: Callable[..., float], *seen: Any) -> Row:
    """A measure of what was seen as a row, or why there is none."""
    try:
        return Row(metric=metric, status=ScoreStatus.SCORED, value=measure(*seen))
    except Unmeasurable as finding:
        return Row(metric=metric, status=finding.status, reason=str(finding))


def luma(picture: Pixels) -> Luma:
    """Return Y of an RGB picture, in grey levels 0-255."""
    return picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def sharpness(picture: Pixels, y: Luma | None = None) -> float:
    """Return 1 - Crete's blur: how much of the local contrast a 9-pixel mean takes away.

    Per axis: D = |Y(i) - Y(i-1)|, B the same of Y averaged over 9 pixels along that axis,
    blur = (sum D - sum max(0, D - B)) / sum D; the worse axis counts. Unit: share. In [0, 1],
    higher is sharper; noise reads as sharpness.

    References
    ----------
    Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", SPIE 6492, 2007.
    """
    y = _at_least_3_pixels(luma(picture) if y is None else y)
    blurs = []
    for axis in (0, 1):
        change = _absolute(np.diff(y, axis=axis))
        total = float(change.sum(dtype=np.float64))
        if total > 0:
            excess = _absolute(np.diff(_mean_of_9(y, axis), axis=axis))
            np.subtract(change, excess, out=excess)
            np.maximum(0, excess, out=excess)
            lost = float(excess.sum(dtype=np.float64))
            blurs.append((total - lost) / total)
    if not blurs:
        raise Unmeasurable("all one colour: there is no edge to be sharp or blurred")
    return min(1.0, max(0.0, 1.0 - max(blurs)))


def exposure(picture: Pixels, y: Luma | None = None) -> float:
    """Return the mean well-exposedness, mean of exp(-(Y/255 - 0.5)^2 / (2 * 0.2^2)).

    Unit: share. In (0, 1]; 1 is all mid-grey, 0.044 all black or all white.

    References
    ----------
    Mertens, Kautz, Van Reeth, "Exposure Fusion", Pacific Graphics 2007.
    """
    share = (luma(picture) if y is None else y) / 255.0
    return float(np.exp(-((share - 0.5) ** 2) / (2 * 0.2**2)).mean(dtype=np.float64))


def clipping(picture: Pixels, y: Luma | None = None) -> float:
    """Return the share of pixels at the ends: all channels <= 2, or all >= 253. In [0, 1]."""
    red, green, blue = picture[:, :, 0], picture[:, :, 1], picture[:, :, 2]
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return float(((highest <= 2) | (lowest >= 253)).mean(dtype=np.float64))


def noise(picture: Pixels, y: Luma | None = None) -> float:
    """Return Immerkaer's estimate of the standard deviation of Gaussian noise.

    sigma = sqrt(pi / 2) / (6 (W - 2) (H - 2)) * sum |Y * N|, N = [1 -2 1; -2 4 -2; 1 -2 1].
    Unit: grey levels. In [0, 533], lower is cleaner; fine texture reads as noise.

    References
    ----------
    Immerkaer, "Fast Noise Variance Estimation", CVIU 64(2), 1996.
    """
    y = _at_least_3_pixels(luma(picture) if y is None else y)
    rows = y[:-2] - 2 * y[1:-1] + y[2:]
    response = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    return float(np.sqrt(np.pi / 2) / 6 * response.mean(dtype=np.float64))


def blockiness(picture: Pixels, y: Luma | None = None) -> float:
    """Return how much steps across 8-pixel block borders exceed steps elsewhere.

    (mean |step across borders| + 1) / (mean |step elsewhere| + 1), steps of Y between
    neighbours along both axes, in grey levels; the 1 keeps flat pictures at exactly 1.
    Unit: ratio. In [1/256, 256], lower is better. Sees the grid of a JPEG or video frame that
    was not resized afterwards.

    References
    ----------
    After Wang, Sheikh, Bovik, "No-reference perceptual quality assessment of JPEG compressed
    images", ICIP 2002 (their B, as a ratio to the activity A).
    """
    y = luma(picture) if y is None else y
    borders, others = zip(_steps(y), _steps_down(y), strict=True)
    border, other = np.concatenate(borders), np.concatenate(others)
    if border.size == 0:
        raise Unmeasurable("no side is longer than 8 pixels: no block border", ScoreStatus.UNSCORED)
    return float((border.mean(dtype=np.float64) + 1) / (other.mean(dtype=np.float64) + 1))


def colourfulness(picture: Pixels, y: Luma | None = None) -> float:
    """Return Hasler and Suesstrunk's M3, sqrt(var rg + var yb) + 0.3 sqrt(mean rg^2 + mean yb^2).

    rg = R - G, yb = (R + G) / 2 - B; here mean rg^2 is the square of the mean. Unit: grey
    levels. In [0, 500]; 0 is grey, about 45 moderately and 80 highly colourful.

    References
    ----------
    Hasler, Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003.
    """
    red, green, blue = (picture[:, :, i].astype(np.float32) for i in range(3))
    yb = red + green
    yb /= 2
    yb -= blue
    rg = np.subtract(red, green, out=red)
    (rg_mean, rg_variance), (yb_mean, yb_variance) = _moments(rg), _moments(yb)
    spread = np.sqrt(rg_variance + yb_variance)
    offset = np.sqrt(rg_mean**2 + yb_mean**2)
    return float(spread + 0.3 * offset)


def blankness(picture: Pixels, y: Luma | None = None) -> float:
    """Return 1 - H/8, H the entropy in bits of the 256-bin histogram of Y. In [0, 1].

    1 is all one grey level, 0 all levels equally; lower is better.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication", 1948.
    """
    levels = np.rint(luma(picture) if y is None else y).astype(np.uint8)
    counts = np.bincount(levels.ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return float(min(1.0, max(0.0, 1.0 + (shares * np.log2(shares)).sum() / 8)))


def _at_least_3_pixels(y: Luma) -> Luma:
    if min(y.shape) < _SMALLEST:
        size = f"a picture of {y.shape[1]} x {y.shape[0]} pixels"
        raise Unmeasurable(f"{size} is too small", ScoreStatus.UNSCORED)
    return y


def _mean_of_9(y: Luma, axis: int) -> Luma:
    """Return the running mean along an axis; downwards on the transpose, several times as fast."""
    if axis == 1:
        return ndimage.uniform_filter1d(y, 9, axis=1, mode="nearest")
    lines = ndimage.uniform_filter1d(_turned(y), 9, axis=1, mode="nearest")
    return _turned(lines)


def _steps(y: Luma) -> tuple[Luma, Luma]:
    """Return |steps| between neighbours of a row: those across block borders, and the others."""
    return _parted(_absolute(np.diff(y, axis=1)))


def _steps_down(y: Luma) -> tuple[Luma, Luma]:
    """Return the same of the columns, column after column."""
    return _parted(_turned(_absolute(np.diff(y, axis=0))))


def _absolute(steps: Luma) -> Luma:
    """Return |steps| in place: a fresh plane costs more in page faults than the arithmetic."""
    np.abs(steps, out=steps)
    return steps


def _turned(plane: Luma) -> Luma:
    """Return the transpose as a contiguous array, ten times as fast as one plain copy."""
    turned = np.empty(plane.shape[::-1], np.float32)
    for left in range(0, plane.shape[1], _COLUMNS):
        turned[left : left + _COLUMNS] = np.ascontiguousarray(plane[:, left : left + _COLUMNS]).T
    return turned


def _parted(steps: Luma) -> tuple[Luma, Luma]:
    lines, count = steps.shape
    blocks, rest = divmod(count, _BLOCK)
    inside = _BLOCK - 1
    others = np.empty((lines, blocks * inside + rest), np.float32)
    whole = steps[:, : blocks * _BLOCK].reshape(lines, blocks, _BLOCK)
    others[:, : blocks * inside].reshape(lines, blocks, inside)[:] = whole[:, :, :inside]
    others[:, blocks * inside :] = steps[:, blocks * _BLOCK :]
    return steps[:, inside::_BLOCK].ravel(), others.ravel()


def _moments(values: npt.NDArray[Any]) -> tuple[np.float64, np.float64]:
    """Return mean and variance, summed in float64 as ``var`` does, the mean found once."""
    mean = values.mean(dtype=np.float64)
    apart = np.subtract(values, mean, dtype=np.float64)
    np.multiply(apart, apart, out=apart)
    return mean, apart.sum() / values.size
