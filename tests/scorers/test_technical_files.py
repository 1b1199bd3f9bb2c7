"""From a file to scores: what alpha, orientation, depth and size do to the numbers.

The rules are `qfloor.media.load_pixels`'s: upright by EXIF, transparency on white, 16 bits
reduced. So a picture scores the same however it was stored, and these tests compare exactly.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scoring_fakes import item, noise_picture

from qfloor.media import load_pixels
from qfloor.records import ScoreStatus
from qfloor.scorers.naturalness import NaturalnessScorer
from qfloor.scorers.protocol import Pixels, Row
from qfloor.scorers.technical import TechnicalScorer

_ORIENTATION = 0x0112
# orientation -> what a camera did to the upright picture when it stored it
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[::-1],
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: p.transpose(1, 0, 2)[:, ::-1],
}


def picture(height: int = 120, width: int = 197) -> Pixels:
    y, x = np.mgrid[0:height, 0:width]
    ground = np.stack([x * 200 // width, y * 200 // height, 120 + 0 * x], axis=2)
    return (ground + noise_picture(0, height, width) // 8).astype(np.uint8)


def stored(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_of_16_bits(values: npt.NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits a channel, RGB or RGBA, which Pillow cannot write."""
    height, width, channels = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def rows_of(content: bytes) -> list[tuple[Row, ...]]:
    pixels = load_pixels(content)
    return [s.score([item(pixels)])[0] for s in (TechnicalScorer(), NaturalnessScorer())]


PLAIN = rows_of(stored(Image.fromarray(picture())))


@pytest.mark.parametrize("orientation", STORED)
def test_orientation_is_undone(orientation: int) -> None:
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture())))
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    assert rows_of(stored(image, exif=exif)) == PLAIN


def test_opaque_alpha_changes_nothing() -> None:
    assert rows_of(stored(Image.fromarray(picture()).convert("RGBA"))) == PLAIN


def test_transparent_pixels_score_as_white() -> None:
    upright = picture()
    rgba = np.dstack([upright, np.full(upright.shape[:2], 255, np.uint8)])
    rgba[30:70, 40:99, 3] = 0  # whatever colour lies beneath
    on_white = upright.copy()
    on_white[30:70, 40:99] = 255
    found = rows_of(stored(Image.fromarray(rgba)))
    assert found == rows_of(stored(Image.fromarray(on_white)))
    assert found != PLAIN


def test_an_all_transparent_picture_is_a_white_one() -> None:
    empty = Image.new("RGBA", (64, 48), (10, 200, 30, 0))
    white = Image.new("RGB", (64, 48), "white")
    assert rows_of(stored(empty)) == rows_of(stored(white))


@pytest.mark.parametrize("alpha", [False, True])
def test_16_bits_score_as_their_8_highest(alpha: bool) -> None:
    deep = picture().astype(np.uint16) * 257
    if alpha:
        deep = np.dstack([deep, np.full(deep.shape[:2], 65535, np.uint16)])
    assert rows_of(png_of_16_bits(deep)) == PLAIN


def test_grey_of_16_bits_scores_as_grey_of_8() -> None:
    grey = picture()[:, :, 0]
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    assert rows_of(stored(deep)) == rows_of(stored(Image.fromarray(grey)))


def test_containers_do_not_matter() -> None:
    image = Image.fromarray(picture())
    assert rows_of(stored(image, "BMP")) == PLAIN
    assert rows_of(stored(image, "TIFF")) == PLAIN
    assert rows_of(stored(image, "WEBP", lossless=True)) == PLAIN


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 97), (97, 1), (2, 3), (7, 7), (101, 33)])
def test_small_and_odd_sizes_are_scored_or_say_why(height: int, width: int) -> None:
    for rows in rows_of(stored(Image.fromarray(noise_picture(0, height, width)))):
        for row in rows:
            assert (row.status is ScoreStatus.SCORED) == (row.value is not None)
            assert row.value is not None or row.reason
