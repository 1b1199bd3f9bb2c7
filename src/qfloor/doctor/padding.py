"""Checks of HPSv2's preprocessing: the whole picture, padded, against Pillow's own resize."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qfloor.doctor import drawn
from qfloor.doctor.check import BY_DEFINITION, Check, Tolerance
from qfloor.doctor.needs import CLIP_EXTRA

if TYPE_CHECKING:
    import numpy as np

    from qfloor.scorers.protocol import Pixels

_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_SIDE = 224


def _apart(height: int, width: int) -> float:
    """Return the largest difference of our padded picture from one made by Pillow and numpy."""
    import numpy as np

    from qfloor.scorers.clip import padded

    picture = drawn.meadow(height, width)
    ours = padded.padded({"size": _SIDE, "mean": _MEAN, "std": _STD})([picture])[0].numpy()
    theirs = (_by_pillow(picture) - np.reshape(_MEAN, (3, 1, 1))) / np.reshape(_STD, (3, 1, 1))
    return float(np.abs(ours - theirs).max())


def _by_pillow(picture: Pixels) -> np.ndarray:
    import numpy as np
    from PIL import Image

    scale = _SIDE / max(picture.shape[:2])
    height, width = (round(side * scale) for side in picture.shape[:2])
    top, left = (_SIDE - height) // 2, (_SIDE - width) // 2
    square = np.zeros((3, _SIDE, _SIDE))
    for channel in range(3):
        plane = Image.fromarray(picture[:, :, channel].astype(np.float32) / 255)
        resized = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC))
        square[channel, top : top + height, left : left + width] = resized
    return square


def _check(name: str, height: int, width: int) -> Check:
    return Check(
        id=f"hps-padding-{name}",
        says=f"HPSv2's resize and pad of {width} x {height} pixels differs from Pillow's by",
        metric="preference.hps_v2",
        expected=0.0,
        tolerance=Tolerance(absolute=1e-3),
        measure=lambda ground: _apart(height, width),
        source=BY_DEFINITION,
        needs=(CLIP_EXTRA,),
    )


CHECKS: tuple[Check, ...] = (
    _check("portrait", 512, 300),
    _check("landscape", 300, 512),
)
