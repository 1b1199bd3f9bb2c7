"""HPSv2's preprocessing: the whole picture, longest side to the model's size, padded with black.

In the order of its transform: to floats in [0, 1], resize (bicubic on the float tensor,
antialiased, values may overshoot and are not clipped), zero pad to a square, normalise. Padding
comes before normalising, so a pad is ``(0 - mean) / std`` and not zero. Sides are
``round(side * size / longest)`` and the odd row or column of padding goes to the bottom or right.

Two cases in which the original gives no number are defined here: a picture whose longest side
already fits is padded like any other (the original leaves it oblong), and a side that would
round to nothing keeps one row.

References
----------
Wu et al., "Human Preference Score v2", arXiv 2306.09341; its ``open_clip/transform.py``. Its
torchvision decides on antialiasing; since 0.17 that is on by default, and so it is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from qfloor.scorers.protocol import Pixels

PADDED = (
    "floats in [0, 1], longest side by torch float antialiased bicubic, zero padded to a square, "
    "then normalised"
)


def padded(config: Mapping[str, Any]) -> Callable[[Sequence[Pixels]], torch.Tensor]:
    """Return HPSv2's path for a model's final ``preprocess_cfg``: pictures to one batch.

    Parameters
    ----------
    config : mapping
        ``size`` (pixels; of a pair the first), ``mean`` and ``std`` of each channel in [0, 1].

    Returns
    -------
    callable
        Pictures to a float tensor (pictures, 3, size, size).
    """
    import torch

    size = config["size"] if isinstance(config["size"], int) else int(config["size"][0])
    mean = torch.tensor(config["mean"], dtype=torch.float32).view(3, 1, 1)
    std = torch.tensor(config["std"], dtype=torch.float32).view(3, 1, 1)

    def preprocess(pictures: Sequence[Pixels]) -> torch.Tensor:
        batch = torch.zeros((len(pictures), 3, size, size))
        for square, picture in zip(batch, pictures, strict=True):
            _place(square, picture)
        return batch.sub_(mean).div_(std)

    return preprocess


def fitted(height: int, width: int, size: int) -> tuple[int, int]:
    """Return height and width of a picture whose longest side is brought to ``size``.

    Examples
    --------
    >>> fitted(768, 1344, 224)
    (128, 224)
    >>> fitted(2000, 3, 224)
    (224, 1)
    """
    scale = size / float(max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _place(square: torch.Tensor, picture: Pixels) -> None:
    """Resize a picture into the middle of a black square."""
    import numpy as np
    import torch

    size = square.shape[-1]
    height, width = picture.shape[:2]
    target = fitted(height, width, size)
    # contiguous: the resize kernel of another memory layout rounds differently
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div_(255)
    if target != (height, width):
        pixels = torch.nn.functional.interpolate(
            pixels[None], target, mode="bicubic", antialias=True, align_corners=False
        )[0]
    top, left = (size - target[0]) // 2, (size - target[1]) // 2
    square[:, top : top + target[0], left : left + target[1]] = pixels
