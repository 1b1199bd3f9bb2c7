"""Sheets: both sides in one file, nothing of its makers in it, and visually lossless."""

from __future__ import annotations

import io
from pathlib import Path

import blind_world
import numpy as np
import pytest
from PIL import Image

from qfloor import media
from qfloor.abtest.protocol import SizeRule
from qfloor.abtest.sheets import ROUND_BYTES, Geometry, clip_sheet, picture_sheet, spoilt
from qfloor.errors import MediaError

RULE = SizeRule()


def _cells(content: bytes, geometry: Geometry) -> list[np.ndarray]:
    pixels = media.load_pixels(content)
    return [
        pixels[:, n * geometry.stride : n * geometry.stride + geometry.width]
        for n in range(geometry.cells)
    ]


def test_a_sheet_is_free_of_metadata_and_of_a_round_length(tmp_path: Path) -> None:
    sides = [blind_world.side(tmp_path, arm, 1) for arm in ("routed", "reference")]
    assert b"thrift-turbo" in sides[0].read_bytes()
    sheet = picture_sheet(sides, RULE, b"salt")
    assert len(sheet.content) % ROUND_BYTES == 0
    for trace in (b"thrift", b"grand", b"Exif", b"tEXt", b"xmp", b"c2pa"):
        assert trace not in sheet.content
    with Image.open(io.BytesIO(sheet.content)) as image:
        assert image.format == "JPEG"
        assert len(image.getexif()) == 0
        image.load()


def test_the_larger_side_is_brought_to_the_smaller_and_never_the_other_way(tmp_path: Path) -> None:
    sides = [blind_world.side(tmp_path, arm, 1) for arm in ("routed", "reference")]
    geometry = picture_sheet(sides, RULE, b"salt").geometry
    assert (geometry.width, geometry.height, geometry.cells) == (96, 96, 2)
    small = picture_sheet(sides, SizeRule(longest=64), b"salt").geometry
    assert (small.width, small.height) == (64, 64)


def test_two_equal_sides_stay_equal_to_the_pixel(tmp_path: Path) -> None:
    one = blind_world.side(tmp_path, "reference", 3)
    sheet = picture_sheet([one, one], RULE, b"salt")
    left, right = _cells(sheet.content, sheet.geometry)
    assert np.array_equal(left, right)


def test_nothing_visible_is_lost(tmp_path: Path) -> None:
    pixels = blind_world.picture(7, (320, 320), 40)
    path = tmp_path / "a.png"
    path.write_bytes(media.write_png(pixels))
    sheet = picture_sheet([path, path], RULE, b"salt")
    left = _cells(sheet.content, sheet.geometry)[0].astype(float)
    psnr = 10 * np.log10(255**2 / np.mean((left - pixels) ** 2))
    assert psnr > 40  # a JPEG of 4:2:0, or quality 80, is far below


def test_shapes_that_differ_share_a_frame(tmp_path: Path) -> None:
    wide, tall = blind_world.picture(1, (200, 100), 8), blind_world.picture(2, (80, 160), 8)
    sheet = picture_sheet([wide, tall], RULE, b"salt")
    assert (sheet.geometry.width, sheet.geometry.height) == (160, 160)


def test_a_spoilt_side_is_spoilt_beyond_doubt() -> None:
    pixels = blind_world.picture(7, (320, 240), 40)
    worse = spoilt(pixels)
    assert worse.shape == pixels.shape
    assert np.mean(np.abs(worse.astype(float) - pixels)) > 15


def test_clips_are_locked_frame_to_frame_and_cut_to_the_shorter(tmp_path: Path) -> None:
    sides = [blind_world.clip(tmp_path, arm, 1) for arm in ("routed", "reference")]
    sheet = clip_sheet(sides, RULE, b"salt")
    assert len(sheet.content) % ROUND_BYTES == 0
    clip = media.stream_clip(sheet.content)
    assert clip.fps == pytest.approx(12)
    assert len(clip) == 10  # .83 s at 12 a second, the shorter and slower of the two
    assert sheet.seconds == pytest.approx(10 / 12)
    assert clip[0].shape == (96, 2 * 112 - 16, 3)
    for n, frame in enumerate(media.stream_clip(sides[0])):
        assert np.mean(np.abs(frame.astype(float) - clip[n][:, :96])) < 3


def test_what_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n123")
    with pytest.raises(MediaError, match=r"broken\.png"):
        picture_sheet([broken, broken], RULE, b"salt")


def test_every_padding_is_a_whole_file() -> None:
    """Lengths just around a round one: the padding may not be cut or too short for its frame."""
    for size in range(60, 120, 4):
        pixels = blind_world.picture(size, (size * 7, size * 6), size)
        sheet = picture_sheet([pixels, pixels], RULE, b"salt")
        assert len(sheet.content) % ROUND_BYTES == 0
        assert media.load_pixels(sheet.content).shape[0] == sheet.geometry.height
