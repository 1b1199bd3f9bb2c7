"""`TechnicalScorer`: what can be said of a picture's pixels without knowing what it shows.

Each metric is one function of one picture, with its formula and source in its docstring. They
are signals, not a quality: a product shot on white is clipped and a fog is soft, on purpose.
Y is luma, 0.299 R + 0.587 G + 0.114 B, in grey levels 0-255.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from qfloor.records import Direction, Metric, Prompt, ScoreStatus
from qfloor.scorers.protocol import Item, Pixels, Row

Luma = npt.NDArray[np.float32]

_BLOCK = 8
_SMALLEST = 3


class Unmeasurable(Exception):  # noqa: N818  (a finding about a picture, not an error of ours)
    """A picture on which a metric has no value, and why; ``status`` says what that counts as."""

    def __init__(self, reason: str, status: ScoreStatus = ScoreStatus.FAILED) -> None:
        super().__init__(reason)
        self.status = status


def luma(picture: Pixels) -> Luma:
    """Return Y of an RGB picture, in grey levels 0-255."""
    return picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def sharpness(picture: Pixels) -> float:
    """Return 1 - Crete's blur: how much of the local contrast a 9-pixel mean takes away.

    Per axis: D = |Y(i) - Y(i-1)|, B the same of Y averaged over 9 pixels along that axis,
    blur = (sum D - sum max(0, D - B)) / sum D; the worse axis counts. Unit: share. In [0, 1],
    higher is sharper; noise reads as sharpness.

    References
    ----------
    Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", SPIE 6492, 2007.
    """
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
    """Return the mean well-exposedness, mean of exp(-(Y/255 - 0.5)^2 / (2 * 0.2^2)).

    Unit: share. In (0, 1]; 1 is all mid-grey, 0.044 all black or all white.

    References
    ----------
    Mertens, Kautz, Van Reeth, "Exposure Fusion", Pacific Graphics 2007.
    """
    y = luma(picture) / 255.0
    return float(np.exp(-((y - 0.5) ** 2) / (2 * 0.2**2)).mean(dtype=np.float64))


def clipping(picture: Pixels) -> float:
    """Return the share of pixels at the ends: all channels <= 2, or all >= 253. In [0, 1]."""
    red, green, blue = picture[:, :, 0], picture[:, :, 1], picture[:, :, 2]
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return float(((highest <= 2) | (lowest >= 253)).mean(dtype=np.float64))


def noise(picture: Pixels) -> float:
    """Return Immerkaer's estimate of the standard deviation of Gaussian noise.

    sigma = sqrt(pi / 2) / (6 (W - 2) (H - 2)) * sum |Y * N|, N = [1 -2 1; -2 4 -2; 1 -2 1].
    Unit: grey levels. In [0, 533], lower is cleaner; fine texture reads as noise.

    References
    ----------
    Immerkaer, "Fast Noise Variance Estimation", CVIU 64(2), 1996.
    """
    y = _at_least_3_pixels(luma(picture))
    rows = y[:-2] - 2 * y[1:-1] + y[2:]
    response = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    return float(np.sqrt(np.pi / 2) / 6 * response.mean(dtype=np.float64))


def blockiness(picture: Pixels) -> float:
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
    """Return Hasler and Suesstrunk's M3, sqrt(var rg + var yb) + 0.3 sqrt(mean rg^2 + mean yb^2).

    rg = R - G, yb = (R + G) / 2 - B; here mean rg^2 is the square of the mean. Unit: grey
    levels. In [0, 500]; 0 is grey, about 45 moderately and 80 highly colourful.

    References
    ----------
    Hasler, Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003.
    """
    red, green, blue = (picture[:, :, i].astype(np.float32) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    spread = np.sqrt(rg.var(dtype=np.float64) + yb.var(dtype=np.float64))
    offset = np.sqrt(rg.mean(dtype=np.float64) ** 2 + yb.mean(dtype=np.float64) ** 2)
    return float(spread + 0.3 * offset)


def blankness(picture: Pixels) -> float:
    """Return 1 - H/8, H the entropy in bits of the 256-bin histogram of Y. In [0, 1].

    1 is all one grey level, 0 all levels equally; lower is better.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication", 1948.
    """
    counts = np.bincount(np.rint(luma(picture)).astype(np.uint8).ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return float(min(1.0, max(0.0, 1.0 + (shares * np.log2(shares)).sum() / 8)))


def _at_least_3_pixels(y: Luma) -> Luma:
    if min(y.shape) < _SMALLEST:
        raise Unmeasurable(f"a picture of {y.shape[1]} x {y.shape[0]} pixels is too small")
    return y


# name -> function, unit, lower end, upper end, better direction
_METRICS: dict[str, tuple[Callable[[Pixels], float], str, float, float, Direction]] = {
    "sharpness": (sharpness, "share", 0.0, 1.0, "higher"),
    "exposure": (exposure, "share", 0.0, 1.0, "higher"),
    "clipping": (clipping, "share", 0.0, 1.0, "lower"),
    "noise": (noise, "grey levels", 0.0, 533.0, "lower"),
    "blockiness": (blockiness, "ratio", 1 / 256, 256.0, "lower"),
    "colourfulness": (colourfulness, "grey levels", 0.0, 500.0, "higher"),
    "blankness": (blankness, "share", 0.0, 1.0, "lower"),
}


class TechnicalScorer:
    """Sharpness, exposure, clipping, noise, blockiness, colourfulness and blankness.

    Metrics are called ``technical.<function>``; see the functions of this module for formula,
    unit and range. Of a clip the middle frame is measured. A picture on which a metric has no
    value is failed or unscored with the reason, never NaN.
    """

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One metric for each function of the module."""
        return tuple(
            Metric(
                name=f"technical.{name}",
                unit=unit,
                lo=lo,
                hi=hi,
                direction=direction,
                definition={
                    "formula": f"qfloor.scorers.technical.{name}, version 1",
                    "clips": "middle frame",
                },
                execution={"dtype": "float32, summed in float64", "runtime": "numpy"},
            )
            for name, (_, unit, lo, hi, direction) in _METRICS.items()
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The picture, or a clip's middle frame."""
        return ("pixels",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Everything has pixels."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [_score_one(item) for item in batch]


def _score_one(item: Item) -> tuple[Row, ...]:
    picture = item.inputs["pixels"]
    assert isinstance(picture, np.ndarray)
    return tuple(_row(f"technical.{name}", entry[0], picture) for name, entry in _METRICS.items())


def _row(metric: str, measure: Callable[[Pixels], float], picture: Pixels) -> Row:
    try:
        return Row(metric=metric, status=ScoreStatus.SCORED, value=measure(picture))
    except Unmeasurable as finding:
        return Row(metric=metric, status=finding.status, reason=str(finding))
