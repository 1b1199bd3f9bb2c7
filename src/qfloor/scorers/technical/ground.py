"""Whether next to nothing is on a picture: a ground with noise, a dot or a faint gradient.

Entropy (`measures.blankness`) does not tell these from a product on white: the product's white
is far more uniform than any noise. What a product has and they lack is *area* that stands out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.scorers.protocol import Pixels
from qfloor.scorers.technical.measures import Luma, luma

CELLS = 32  # a side
STANDS_OUT = 8.0  # grey levels
LEAST_SHARE = 0.005  # of cells: six of 1,024

Sums = npt.NDArray[Any]


def near_blank(picture: Pixels, y: Luma | None = None) -> float:
    """Return 1 when under 0.5% of a picture's cells stand out from its ground, else 0.

    The picture is cut into 32 x 32 cells of equal size (as many as it has pixels, if fewer). The
    ground is the median of the cells' mean colours, channel by channel. A cell stands out when
    its mean differs from the ground by more than 8 levels in a channel, or when the standard
    deviation of Y within it exceeds 8: the first sees shapes, the second texture and lettering.

    Called near-blank: one colour, sensor noise on one colour (to a standard deviation of about
    8), a dot, a gradient of at most 16 levels from end to end. Not: a product that differs by
    more than 8 levels and touches six cells, television static, a fog with a horizon. Called
    near-blank too, for it cannot be told from those: what touches five cells at most (compact,
    some 0.1% of the area; a short line of the smallest print), and white on nearly white. The
    three constants are ours.
    """
    y = luma(picture) if y is None else y
    tops, lefts = (_starts(size) for size in y.shape)
    pixels = np.outer(np.diff([*tops, y.shape[0]]), np.diff([*lefts, y.shape[1]]))
    colours = _cell_sums(picture, tops, lefts, np.uint32) / pixels[..., None]
    ground = np.median(colours, axis=(0, 1))
    differs = (np.abs(colours - ground) > STANDS_OUT).any(axis=2)
    mean = _cell_sums(y, tops, lefts, np.float64) / pixels
    square = _cell_sums(y * y, tops, lefts, np.float64) / pixels
    textured = square - mean * mean > STANDS_OUT**2
    return float((differs | textured).mean() < LEAST_SHARE)


def _starts(size: int) -> list[int]:
    cells = min(CELLS, size)
    return [i * size // cells for i in range(cells)]


def _cell_sums(values: Sums, tops: list[int], lefts: list[int], dtype: type) -> Sums:
    ends = [*tops[1:], len(values)]
    # summing strip by strip is ten times as fast as `reduceat` down the columns
    strips = zip(tops, ends, strict=True)
    rows = np.stack([values[top:end].sum(axis=0, dtype=dtype) for top, end in strips])
    sums: Sums = np.add.reduceat(rows, lefts, axis=1)
    return sums
