"""A small picture of a file: the picture itself, or a clip's middle frame. It encodes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qfloor import media
from qfloor.errors import MediaError

if TYPE_CHECKING:
    from PIL.Image import Image


def still(path: Path, side: int, *, clip: bool | None = None) -> Image | None:
    """Decode a file at most ``side`` pixels long; None when it cannot be read.

    ``clip`` says which it is; without it the file's first bytes do.
    """
    from PIL import Image

    try:
        content = path.read_bytes()
        if clip is None:
            clip = (media.sniff(content) or "").startswith("video/")
        if clip:
            frames = media.stream_clip(content)
            pixels = frames[len(frames) // 2]
        else:
            pixels = media.load_pixels(content)
    except (MediaError, OSError):
        return None
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side))
    return picture
