"""HPSv2's preprocessing once more, of torchvision's own functions and nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def reference_square(
    picture: np.ndarray, size: int, mean: Sequence[float], std: Sequence[float]
) -> Any:
    """ToTensor, resize of the longest side, zero pad, Normalize."""
    from qfloor import torchvision_shim as shim

    shim.prepare()
    from PIL import Image
    from torchvision.transforms import InterpolationMode, Normalize, ToTensor, functional

    tensor = ToTensor()(Image.fromarray(picture))
    height, width = tensor.shape[1:]
    scale = size / float(max(height, width))
    sides = [max(1, round(side * scale)) for side in (height, width)]
    if scale != 1.0:
        tensor = functional.resize(tensor, sides, InterpolationMode.BICUBIC, antialias=True)
    down, right = size - sides[0], size - sides[1]
    edges = [right // 2, down // 2, right - right // 2, down - down // 2]  # left, top, right, down
    return Normalize(mean, std)(functional.pad(tensor, edges, fill=0))
