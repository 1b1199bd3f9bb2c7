"""Pictures: opened once, safely, and turned into the one form that scorers read.

Every picture becomes (height, width, 3) uint8 RGB: turned upright by its EXIF orientation,
transparency laid on a stated background, CMYK, palettes, greyscale and 16 bits reduced. What
this module does not know: colour management; an ICC profile is ignored.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from qfloor.errors import MediaError
from qfloor.media import swift
from qfloor.media.sniff import LIMITS, Limits, describe, family, sniff

Pixels = npt.NDArray[np.uint8]
BACKGROUND = (255, 255, 255)
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_header = threading.Lock()  # warning filters belong to the process


def read_media(source: str | Path | bytes, limits: Limits = LIMITS) -> bytes:
    """Bytes of a file, or the bytes given; refuses what is too large to be looked at."""
    if isinstance(source, bytes):
        return source
    path = Path(source)
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise MediaError(f"{path} has {size} bytes, more than the limit of {limits.max_bytes}")
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from error


def load_pixels(
    source: str | Path | bytes,
    *,
    background: tuple[int, int, int] = BACKGROUND,
    limits: Limits = LIMITS,
) -> Pixels:
    """Decode a still picture into upright RGB.

    Parameters
    ----------
    source : str, Path or bytes
        A file or its content.
    background : tuple of int, default white
        What shows through where the picture is transparent.
    limits : Limits
        Above which the picture is refused.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    MediaError
        When it is missing, empty, truncated, too large, no picture, or animated.
    """
    content = read_media(source, limits)
    name = "the picture" if isinstance(source, bytes) else str(source)
    with opened(content, name, limits) as image:
        frames = frame_count(image)
        if frames > 1:
            raise MediaError(f"{name} is animated ({frames} frames) where a still is due")
        return upright_rgb(image, name, background, content)


@contextlib.contextmanager
def opened(content: bytes, name: str, limits: Limits = LIMITS) -> Iterator[Image.Image]:
    """Open a picture's header within limits; pixels are not decoded yet."""
    media_type = sniff(content)
    if media_type is None:
        raise MediaError(f"{name} cannot be decoded: {describe(content)}")
    if family(media_type) != "image":
        raise MediaError(f"{name} is a clip ({media_type}) where a picture is due")
    if len(content) > limits.max_bytes:
        raise MediaError(f"{name} has {len(content)} bytes, above the limit {limits.max_bytes}")
    with _open_header(content, name) as image:
        width, height = image.size
        if width * height > limits.max_pixels:
            raise MediaError(
                f"{name} is {width} x {height}, above the limit of {limits.max_pixels} pixels"
            )
        yield image


def _open_header(content: bytes, name: str) -> Image.Image:
    with _header, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(content), formats=_FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise MediaError(f"{name} is far too large: {error}") from error
        except UnidentifiedImageError as error:
            raise MediaError(f"{name} cannot be decoded: its header is damaged") from error
        except Exception as error:  # Pillow's plugins raise what their parsers raise
            raise MediaError(f"{name} cannot be decoded: {error}") from error


def frame_count(image: Image.Image) -> int:
    """Frames of an animation; 1 for a still, and for the previews a camera puts in a JPEG.

    Raises
    ------
    MediaError
        When the animation is damaged: counting has to read it to its end.
    """
    if image.format in ("JPEG", "MPO", "TIFF", "BMP"):
        return 1
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception as error:  # IndexError, struct.error, EOFError: what Pillow's parsers raise
        raise MediaError(f"the animation cannot be decoded: {error}") from error


def animation_in(path: Path) -> tuple[int, bool]:
    """Look whether a picture file moves; pixels are not decoded.

    Returns
    -------
    (int, bool)
        How many frames it has, and whether it says how long the first stands. (1, False) also
        for a file that is no picture or is damaged: what that is, its inspection says.
    """
    try:
        with _header, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                return frame_count(image), bool(image.info.get("duration"))
    except Exception:  # Pillow's plugins raise what their parsers raise
        return 1, False


def upright_rgb(
    image: Image.Image,
    name: str,
    background: tuple[int, int, int] = BACKGROUND,
    content: bytes | None = None,
) -> Pixels:
    """Decode the pixels of an opened picture; with its ``content`` by the fastest decoder."""
    try:
        swiftly = None if content is None else swift.decode_plain(image, content)
        if swiftly is not None and image.format == "PNG":
            return swiftly  # has no orientation, and asking Pillow would decode it again
        if swiftly is None:
            image.load()
        turn = _TURNS.get(_orientation(image))
        rgb = _rgb(image, background) if swiftly is None else swiftly
    except MediaError:
        raise
    except Exception as error:  # a damaged stream surfaces as OSError, SyntaxError, struct.error
        raise MediaError(f"{name} cannot be decoded: {error}") from error
    return np.ascontiguousarray(
        rgb if turn is None else np.asarray(Image.fromarray(rgb).transpose(turn))
    )


def _orientation(image: Image.Image) -> int:
    with _header, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return int(image.getexif().get(_ORIENTATION, 1))
        except Exception:  # damaged metadata does not make a picture unreadable
            return 1


def _rgb(image: Image.Image, background: tuple[int, int, int]) -> Pixels:
    if image.mode.startswith(("I", "F")):
        return _deep_grey(np.asarray(image))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        rgba = image.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, (*background, 255))
        return _array(Image.alpha_composite(ground, rgba).convert("RGB"))
    return _array(image.convert("RGB"))


def _array(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.uint8)


def _deep_grey(values: npt.NDArray[Any]) -> Pixels:
    """One channel of 16 or 32 bits, or floats, to RGB."""
    grey = values.astype(np.float64)
    if not np.isfinite(grey).all():
        raise MediaError("the picture cannot be decoded: it holds numbers that are not finite")
    if values.dtype.kind == "f":
        top = 1.0 if grey.max(initial=0.0) <= 1.0 else 255.0
    else:
        top = 255.0 if grey.max(initial=0.0) <= 255 and values.dtype.itemsize > 2 else 65535.0
    eight = np.clip(np.rint(grey / top * 255.0), 0, 255).astype(np.uint8)
    return np.repeat(eight[..., None], 3, axis=2)
