"""From decoded pictures to the tensor a CLIP wants.

The fast path resizes uint8 pixels with torch's antialiased bicubic filter: the same picture as
PIL's to one grey level, in an eighth of the time (measured at 1024 px). It covers what nearly
all models ask for: short side to the model's size, centre crop. Anything else takes open_clip's
own transform, or HPSv2's where that is asked for (`padded`). Which path was taken is part of the
metric's definition.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from qfloor.errors import PluginError
from qfloor.scorers.clip import padded

if TYPE_CHECKING:
    import torch

    from qfloor.scorers.protocol import Pixels

Path = Literal["fast", "open_clip", "hpsv2"]
PATHS: tuple[Path, ...] = ("fast", "open_clip", "hpsv2")

FAST = "short side by torch uint8 antialiased bicubic, centre crop"
OWN = "open_clip's own transform"

NARROWEST = 1000
"""Longest over short side: beyond, the short side brought to size takes gigabytes for a line."""


def check(path: str) -> None:
    """Refuse a path that has no such name.

    Raises
    ------
    PluginError
    """
    if path not in PATHS:
        known = ", ".join(repr(known) for known in PATHS)
        raise PluginError(f"preprocessing {path!r} is none of {known}")


def path_for(
    path: Path, config: Mapping[str, Any], transform: Callable[[Any], torch.Tensor]
) -> Callable[[Sequence[Pixels]], torch.Tensor]:
    """Return the path a model with this final ``preprocess_cfg`` takes: pictures to one batch."""
    if path == "hpsv2":
        return padded.padded(config)
    return fast(config) if path == "fast" and fast_covers(config) else own(transform)


def describe(path: Path, config: Mapping[str, Any]) -> str:
    """Say which path a model with this ``preprocess_cfg`` takes."""
    if path == "hpsv2":
        return padded.PADDED
    return FAST if path == "fast" and fast_covers(config) else OWN


def fast_covers(config: Mapping[str, Any]) -> bool:
    """Whether the fast path does what a model's ``preprocess_cfg`` asks for."""
    size = config.get("size", 224)
    square = isinstance(size, int) or len(set(size)) == 1
    shortest = config.get("resize_mode", "shortest") == "shortest"
    return bool(square and shortest and config.get("interpolation", "bicubic") == "bicubic")


def fast(config: Mapping[str, Any]) -> Callable[[Sequence[Pixels]], torch.Tensor]:
    """Return the fast path for a model's final ``preprocess_cfg``: pictures to one batch."""
    import torch

    size = config["size"] if isinstance(config["size"], int) else int(config["size"][0])
    mean = torch.tensor(config["mean"], dtype=torch.float32).view(1, 3, 1, 1) * 255
    std = torch.tensor(config["std"], dtype=torch.float32).view(1, 3, 1, 1) * 255

    def preprocess(pictures: Sequence[Pixels]) -> torch.Tensor:
        stacked = torch.stack([_resize_and_crop(picture, size) for picture in pictures])
        return stacked.float().sub_(mean).div_(std)

    return preprocess


def own(transform: Callable[[Any], torch.Tensor]) -> Callable[[Sequence[Pixels]], torch.Tensor]:
    """Return open_clip's own transform as a path: pictures to one batch."""
    import torch
    from PIL import Image

    def preprocess(pictures: Sequence[Pixels]) -> torch.Tensor:
        for picture in pictures:
            refuse_line(picture)
        return torch.stack([transform(Image.fromarray(picture)) for picture in pictures])

    return preprocess


def refuse_line(picture: Pixels) -> None:
    """Refuse a picture that is no more than a line.

    Raises
    ------
    ValueError
        When one side is more than `NARROWEST` times the other.
    """
    height, width = picture.shape[:2]
    if max(height, width) > NARROWEST * min(height, width):
        raise ValueError(
            f"a picture of {width} x {height} pixels is too narrow to cut a square out of "
            f"(1:{NARROWEST} at most)"
        )


def _resize_and_crop(picture: Pixels, size: int) -> torch.Tensor:
    import torch

    refuse_line(picture)
    height, width = picture.shape[:2]
    if height <= width:
        target = (size, max(size, int(size * width / height)))
    else:
        target = (max(size, int(size * height / width)), size)
    pixels = _shared(picture).permute(2, 0, 1)[None]
    if target != (height, width):
        pixels = torch.nn.functional.interpolate(
            pixels, target, mode="bicubic", antialias=True, align_corners=False
        )
    top = round((target[0] - size) / 2)
    left = round((target[1] - size) / 2)
    return pixels[0, :, top : top + size, left : left + size]


def _shared(picture: Pixels) -> torch.Tensor:
    """The picture as a tensor over the same memory, which is only read.

    Scorers are given read-only pixels. torch has no read-only tensors and warns of them, and a
    copy costs as much as a third of the resize.
    """
    import numpy as np
    import torch

    held = np.ascontiguousarray(picture)
    memory = (ctypes.c_uint8 * held.nbytes).from_address(held.ctypes.data)
    memory.held = held  # type: ignore[attr-defined]  # lives as long as the tensor's memory
    return torch.frombuffer(memory, dtype=torch.uint8).view(held.shape)
