"""What things and walls are made of: static grey textures, laid over a body through its mask.

Every texture is an ``L`` image drawn once from a fixed seed: where it is 255 the material's ink
covers the body. Nothing here draws random numbers of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from .canvas import luminance, mix, scaled
from .style import RGB

SIDE = 256
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ink:
    """One layer of a material: a texture, its colour (None: a tone of the body) and strength."""

    texture: str
    colour: RGB | None = None
    tone: float = 0.0
    strength: float = 1.0


# material -> its layers; a tone below 0 darkens the body, above 0 lightens it
LAYERS: dict[str, tuple[Ink, ...]] = {
    "wooden": (Ink(texture="grain", tone=-0.42), Ink(texture="planks", tone=-0.7)),
    "metal": (Ink(texture="brushed", tone=-0.5, strength=0.8), Ink(texture="sheen", tone=0.9)),
    "glass": (Ink(texture="glint", colour=(255, 255, 255)),),
    "ceramic": (Ink(texture="glaze", colour=(252, 252, 248)), Ink(texture="gloss", tone=1.0)),
    "leather": (Ink(texture="pebble", tone=-0.35, strength=0.8),),
    "striped": (Ink(texture="stripes", colour=(252, 250, 244)),),
    "dotted": (Ink(texture="dots", colour=(252, 250, 244)),),
    "checkered": (Ink(texture="checks", colour=(252, 250, 244)),),
    "brick": (Ink(texture="bricks", tone=-0.25), Ink(texture="mortar", colour=(226, 216, 204))),
    "stone": (Ink(texture="stones", tone=-0.5),),
    "concrete": (Ink(texture="panels", tone=-0.4), Ink(texture="speckle", tone=-0.3)),
    "panes": (Ink(texture="curtain", colour=(232, 246, 252)), Ink(texture="glint", tone=0.7)),
    "boards": (Ink(texture="boards", tone=-0.55),),
}
# the body colour of a material when the prompt names none
NATURAL: dict[str, RGB] = {
    "wooden": (184, 126, 70),
    "metal": (164, 172, 184),
    "glass": (168, 218, 226),
    "ceramic": (78, 132, 176),
    "leather": (146, 86, 46),
    "brick": (178, 84, 62),
    "stone": (158, 152, 142),
    "concrete": (172, 172, 168),
    "panes": (96, 158, 196),
    "boards": (158, 104, 60),
}


def _grid() -> tuple[Floats, Floats]:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return x, y


def _noise(cells: int, seed: int) -> Floats:
    raw = np.random.default_rng(seed).random((cells, cells)) * 255
    image = Image.fromarray(raw.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=float) / 255


def _cells(seed: int, n: int) -> tuple[Floats, Floats]:
    """Distance to the nearest and second nearest of ``n`` x ``n`` jittered points."""
    rng = np.random.default_rng(seed)
    x, y = _grid()
    gx, gy = np.meshgrid(np.arange(-1, n + 1), np.arange(-1, n + 1))
    px = (gx + 0.5 + rng.uniform(-0.32, 0.32, gx.shape)).ravel() / n
    py = (gy + 0.5 + rng.uniform(-0.32, 0.32, gx.shape)).ravel() / n
    near, second = np.full_like(x, 9.0), np.full_like(x, 9.0)
    for a, b in zip(px, py, strict=True):
        d = np.hypot(x - a, y - b)
        second = np.where(d < near, near, np.minimum(second, d))
        near = np.minimum(near, d)
    return near, second


def _bricks() -> tuple[Floats, Floats]:
    """Mortar lines, and a random tone for every brick."""
    x, y = _grid()
    rows, columns = 16, 7
    row = np.floor(y * rows)
    u = x * columns + 0.5 * (row % 2)
    lines = ((u % 1) < 0.09) | ((y * rows % 1) < 0.17)
    tones = np.random.default_rng(5).random((rows, columns + 1))
    tone = tones[row.astype(int), np.floor(u).astype(int)]
    return lines.astype(float), tone


def _pattern(name: str) -> Any:
    """A wall's or a print's regular pattern, as numbers or booleans on the grid."""
    x, y = _grid()
    if name == "stripes":
        return (((x * 0.9 + y * 0.5) * 6.5 % 1) < 0.48).astype(float)
    if name == "dots":
        row = np.floor(y * 8)
        d = np.hypot((x * 8 + 0.5 * (row % 2)) % 1 - 0.5, y * 8 % 1 - 0.5)
        return (d < 0.3).astype(float)
    if name == "checks":
        return ((np.floor(x * 9) + np.floor(y * 9)) % 2).astype(float)
    if name == "bricks":
        return _bricks()[1]
    if name == "mortar":
        return _bricks()[0]
    if name == "panels":
        return np.maximum(((x * 4 % 1) < 0.03), ((y * 6 % 1) < 0.045)).astype(float)
    if name == "curtain":
        return np.maximum(((x * 10 % 1) < 0.14), ((y * 12 % 1) < 0.14)).astype(float)
    if name == "boards":
        edge = ((y * 14 % 1) < 0.16).astype(float)
        return np.maximum(edge, 0.4 * _streaks(x, y))
    return _surface(name, x, y)


def _streaks(x: Floats, y: Floats) -> Any:
    warp = _noise(5, 3) * 1.5 + x * 0.6
    streaks: Floats = (0.5 + 0.5 * np.sin((y * 11 + warp * 1.3) * 2 * np.pi)) ** 3
    return streaks


def _surface(name: str, x: Floats, y: Floats) -> Any:
    if name == "grain":
        return _streaks(x, y) * (0.5 + 0.5 * _noise(24, 8))
    if name == "planks":
        return ((y * 4.6 + 0.1) % 1 < 0.075).astype(float)
    if name == "brushed":
        bands = 0.5 + 0.5 * np.sin((x * 1.7 + y * 0.5) * 2 * np.pi + 0.6)
        fine = np.random.default_rng(2).random((SIDE, 1)) * np.ones((1, SIDE))
        return np.clip(bands**2 + 0.35 * (fine - 0.5), 0, 1)
    if name == "sheen":
        return np.exp(-((((x * 0.9 + y * 0.35) % 0.52 - 0.2) / 0.045) ** 2))
    if name == "glint":
        d = x + y
        return (
            0.85 * (np.abs(d - 0.62) < 0.07)
            + 0.7 * (np.abs(d - 0.8) < 0.025)
            + 0.5 * (np.abs(d - 1.34) < 0.04)
        )
    if name == "gloss":
        big = np.hypot((x - 0.32) / 0.1, (y - 0.36) / 0.17) < 1
        small = np.hypot((x - 0.36) / 0.035, (y - 0.62) / 0.05) < 1
        return np.maximum(big, small).astype(float) * 0.9
    if name == "glaze":
        wave = np.abs(y - 0.66 - 0.03 * np.sin(x * 2 * np.pi * 7)) < 0.018
        rings = (np.abs(y - 0.58) < 0.014) | (np.abs(y - 0.74) < 0.014)
        return wave | rings
    if name == "pebble":
        near, second = _cells(4, 22)
        return np.clip(1 - (second - near) * 60, 0, 1)
    if name == "stones":
        near, second = _cells(6, 9)
        return np.clip((second - near < 0.016).astype(float) + 0.45 * _noise(9, 1), 0, 1)
    return np.clip((_noise(120, 9) - 0.62) * 4, 0, 1)


@lru_cache(maxsize=64)
def _base(name: str) -> Image.Image:
    return Image.fromarray((np.clip(_pattern(name), 0, 1) * 255).astype(np.uint8))


@lru_cache(maxsize=512)
def texture(name: str, width: int, height: int) -> Image.Image:
    """A material's texture at a size."""
    return _base(name).resize((width, height), Image.Resampling.BILINEAR)


@lru_cache(maxsize=256)
def _dashes(width: int, height: int) -> Image.Image:
    x, y = np.mgrid[0:height, 0:width]
    step = max(3.0, max(width, height) / 26)
    on = ((x + y) / step % 1 < 0.62) if step > 3 else np.ones((height, width), bool)
    return Image.fromarray((on * 255).astype(np.uint8))


def _stitches(mask: Image.Image) -> Image.Image:
    """A dashed line a little inside a mask."""
    w, h = mask.size
    k = max(1, round(min(w, h) / 44))
    inner = mask.filter(ImageFilter.MinFilter(2 * k + 1))
    inset = mask.filter(ImageFilter.BoxBlur(2.4 * k))
    band = inset.point([255 if 150 < v < 206 else 0 for v in range(256)])
    return ImageChops.multiply(ImageChops.multiply(band, inner), _dashes(w, h))


def apply(image: Image.Image, mask: Image.Image, material: str, body: RGB) -> None:
    """Lay a material over the body of a sprite, in place.

    Parameters
    ----------
    image : PIL.Image.Image
        The sprite, RGB or RGBA.
    mask : PIL.Image.Image
        Where its body is, of the same size.
    material : str
        A key of `LAYERS`.
    body : tuple of int
        The body colour, from which tones are taken.
    """
    w, h = image.size
    for ink in LAYERS[material]:
        cover = ImageChops.multiply(mask, texture(ink.texture, w, h))
        if ink.strength < 1:
            cover = scaled(cover, ink.strength)
        image.paste(_ink(ink, body), mask=cover)
    if material == "leather":
        thread = (246, 226, 184) if luminance(body) < 170 else (120, 80, 50)
        image.paste(thread, mask=_stitches(mask))
    if material == "glass" and image.mode == "RGBA":
        _see_through(image, mask)


def _ink(ink: Ink, body: RGB) -> RGB:
    if ink.colour is not None:
        pale = luminance(body) > 205 and luminance(ink.colour) > 205
        return (70, 84, 112) if pale else ink.colour
    if ink.tone > 0:
        return mix(body, (255, 255, 255), ink.tone)
    if luminance(body) < 62:
        return mix(body, (200, 200, 210), -ink.tone * 0.55)
    return mix(body, (36, 22, 26), -ink.tone)


def _see_through(image: Image.Image, mask: Image.Image) -> None:
    """Make the body translucent, less so at its rim."""
    k = max(2.0, min(image.size) / 22)
    core = mask.filter(ImageFilter.BoxBlur(k)).point(
        [0 if v < 140 else round((v - 140) * 1.14) for v in range(256)]
    )
    core = ImageChops.multiply(core, mask)
    alpha = image.getchannel("A")
    image.putalpha(ImageChops.subtract(alpha, core))
