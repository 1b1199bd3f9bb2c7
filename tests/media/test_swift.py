"""The swift decoders give Pillow's pixels, bit for bit, or leave the file to Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from qfloor import media
from qfloor.errors import MediaError
from qfloor.media import swift

pytest.importorskip("simplejpeg")
pytest.importorskip("imagecodecs")


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 7 + 1, width // 7 + 1, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return (smooth // 2 + rng.integers(0, 128, smooth.shape, dtype=np.uint8)).astype(np.uint8)


def encoded(pixels: np.ndarray, form: str, **settings: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **settings)
    return out.getvalue()


def pillow(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def swiftly(content: bytes) -> np.ndarray | None:
    with Image.open(io.BytesIO(content)) as image:
        return swift.decode_plain(image, content)


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (1, 1), (1, 200), (127, 255)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [20, 92])
def test_jpegs_decode_to_pillows_pixels(size, subsampling, progressive, quality):
    content = encoded(
        picture(*size), "JPEG", quality=quality, subsampling=subsampling, progressive=progressive
    )
    found = swiftly(content)
    assert found is not None
    assert (found == pillow(content)).all()


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (1, 1), (1, 200), (127, 255)])
@pytest.mark.parametrize("level", [0, 6, 9])
def test_pngs_decode_to_pillows_pixels(size, level):
    content = encoded(picture(*size), "PNG", compress_level=level)
    found = swiftly(content)
    assert found is not None
    assert (found == pillow(content)).all()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1", "I;16"])
def test_whatever_is_not_plain_rgb_is_left_to_pillow(mode):
    out = io.BytesIO()
    Image.fromarray(picture(20, 30)).convert("L").convert(mode).save(out, "PNG")
    assert swiftly(out.getvalue()) is None


def test_cmyk_is_left_to_pillow():
    out = io.BytesIO()
    Image.fromarray(picture(20, 30)).convert("CMYK").save(out, "JPEG")
    assert swiftly(out.getvalue()) is None


def test_a_png_with_gamma_and_a_profile_is_decoded_as_pillow_does():
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (100000).to_bytes(4, "big"))
    chunks.add_text("parameters", "steps: 30")
    content = encoded(picture(20, 30), "PNG", pnginfo=chunks, icc_profile=b"not read")
    found = swiftly(content)
    assert found is not None
    assert (found == pillow(content)).all()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_obeyed_whoever_decodes(form, orientation):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 8:] = 200
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = media.load_pixels(encoded(pixels, form, exif=exif))
    assert turned.shape[:2] == ((8, 16) if orientation < 5 else (16, 8))
    plain = media.load_pixels(encoded(pixels, form))
    assert (turned.sum() == plain.sum()) or form == "JPEG"
    assert ((turned == plain).all() if turned.shape == plain.shape else False) == (
        orientation in (1, 4)
    )


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_truncated_file_is_refused_as_pillow_refuses_it(form, share):
    content = encoded(picture(200, 200), form)
    with pytest.raises(MediaError, match="cannot be decoded"):
        media.load_pixels(content[: int(share * len(content))])


def test_a_flipped_byte_gives_pillows_verdict():
    whole = encoded(picture(200, 200), "PNG")
    for place in (60, 2000, len(whole) - 30):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            expected = pillow(bytes(damaged))
        except Exception:
            with pytest.raises(MediaError):
                media.load_pixels(bytes(damaged))
        else:
            assert (media.load_pixels(bytes(damaged)) == expected).all()
