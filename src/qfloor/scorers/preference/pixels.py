"""Pictures as PIL-based originals see them: short side resized, centre cut out, normalised.

Resizing is Pillow's own (bicubic, antialiased, uint8), because that is what PickScore's and
ImageReward's processors call. They differ in one pixel: where a side is longer by an odd number,
transformers cuts above the middle (``floor``), torchvision at the even neighbour (``round``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from qfloor.scorers.clip.preprocess import refuse_line

if TYPE_CHECKING:
    from qfloor.scorers.protocol import Pixels

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)

Floats = npt.NDArray[np.float32]


def cut_out(picture: Pixels, size: int, crop: int, odd: Literal["floor", "round"]) -> Pixels:
    """Bring the short side to ``size`` and cut a square of ``crop`` out of the middle.

    Parameters
    ----------
    picture : Pixels
    size, crop : int
        Pixels; ``crop`` at most ``size``.
    odd : {"floor", "round"}
        Where the cut begins when as many pixels cannot be left on both sides.

    Returns
    -------
    Pixels
        (crop, crop, 3)

    Raises
    ------
    ValueError
        When it is no more than a line.
    """
    from PIL import Image

    refuse_line(picture)
    height, width = picture.shape[:2]
    if width <= height:
        target = (size, int(size * height / width))
    else:
        target = (int(size * width / height), size)
    resized = picture
    if target != (width, height):
        image = Image.fromarray(np.ascontiguousarray(picture))
        resized = np.asarray(image.resize(target, Image.Resampling.BICUBIC))
    top, left = (_begin(side - crop, odd) for side in resized.shape[:2])
    return resized[top : top + crop, left : left + crop]


def _begin(left_over: int, odd: Literal["floor", "round"]) -> int:
    return left_over // 2 if odd == "floor" else round(left_over / 2)


def normalised(squares: Sequence[Pixels], mean: Sequence[float], std: Sequence[float]) -> Floats:
    """Return (pictures, 3, side, side): ``(pixel / 255 - mean) / std`` in single precision."""
    scaled = (np.stack(squares).astype(np.float64) * (1 / 255)).astype(np.float32)
    normal = (scaled - np.array(mean, np.float32)) / np.array(std, np.float32)
    return np.ascontiguousarray(normal.transpose(0, 3, 1, 2))
