"""The fastest known decoders for plain JPEG and PNG, where their packages are installed.

simplejpeg and imagecodecs give the very pixels Pillow gives (tests compare them bit for bit) in
60 to 70% of its time, so which one ran is no part of any metric's identity. Whatever is not
plain (palettes, transparency, CMYK, 16 bits, progressive damage) is left to Pillow, and so is
every file they refuse: Pillow's word on a damaged file is the one that counts.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
Decoder = Callable[[bytes], Any]
_TELLING = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0", b"Raw profile type xmp\0")


def decode_plain(image: Image.Image, content: bytes) -> Pixels | None:
    """Decode a picture whose header Pillow has opened, or leave it to Pillow with None.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or None
        As stored: not yet turned by its EXIF orientation.
    """
    if image.mode != "RGB" or "transparency" in image.info:
        return None
    decoder = _decoder(image.format or "")
    if decoder is None or (image.format == "PNG" and _may_turn(content)):
        return None
    try:
        found = decoder(content)
    except Exception:  # ValueError, PngError, ...: Pillow decides what is damaged
        return None
    width, height = image.size
    if found.dtype != np.uint8 or found.shape != (height, width, 3):
        return None
    return np.ascontiguousarray(found)


def _may_turn(content: bytes) -> bool:
    """Whether a PNG holds a chunk from which Pillow would read an orientation."""
    position = 8
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind == b"eXIf":
            return True
        if kind in (b"tEXt", b"zTXt", b"iTXt") and content.startswith(_TELLING, position + 8):
            return True
        position += length + 12
    return False


@cache
def _decoder(form: str) -> Decoder | None:
    if form == "JPEG" and importlib.util.find_spec("simplejpeg"):
        import simplejpeg

        return lambda content: simplejpeg.decode_jpeg(content, colorspace="RGB")
    if form == "PNG" and importlib.util.find_spec("imagecodecs"):
        import imagecodecs

        return lambda content: imagecodecs.png_decode(content)
    return None
