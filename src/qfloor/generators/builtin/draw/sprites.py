"""One thing as a small picture with transparency: drawn, given its material, then shaded."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import materials
from .canvas import Pen, mix, scaled
from .nouns import NOUNS
from .style import RGB, Style

MARGIN = 1.12
INK: RGB = (30, 18, 50)


@lru_cache(maxsize=1)
def _sphere_masks() -> tuple[Image.Image, Image.Image]:
    y, x = np.mgrid[0:160, 0:160] / 160
    d = np.hypot((x - 0.34) / 0.8, (y - 0.26) / 0.85)
    dark = np.clip((d - 0.35) * 1.3, 0, 1) * 120
    light = np.clip(1 - d * 2.1, 0, 1) ** 1.4 * 120
    return Image.fromarray(dark.astype(np.uint8)), Image.fromarray(light.astype(np.uint8))


def _sphere(width: int, height: int) -> tuple[Image.Image, Image.Image]:
    """Shadow and light of a round body lit from the upper left, as masks."""
    dark, light = _sphere_masks()
    method = Image.Resampling.BILINEAR
    return dark.resize((width, height), method), light.resize((width, height), method)


@lru_cache(maxsize=8)
def _hatch_base(lines: int) -> Image.Image:
    side = 288
    y, x = np.mgrid[0:side, 0:side] / side
    phase = (x + y + 0.3 / lines * np.sin(y * 9)) * lines
    return Image.fromarray(((phase % 1 < 0.42) * 255).astype(np.uint8))


def hatching(width: int, height: int, lines: int) -> Image.Image:
    """A number of slanted hatching lines as a mask."""
    return _hatch_base(lines).resize((width, height), Image.Resampling.BILINEAR)


@lru_cache(maxsize=4)
def _facets(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    image = Image.new("L", (192, 192), 128)
    draw, n = ImageDraw.Draw(image), 6
    points = (
        (
            np.stack(np.meshgrid(np.arange(n + 1), np.arange(n + 1)), -1)
            + rng.uniform(-0.3, 0.3, (n + 1, n + 1, 2))
        )
        * 192
        / n
    )
    for i in range(n):
        for j in range(n):
            a, b, c, d = (
                tuple(points[i + di, j + dj]) for di, dj in ((0, 0), (0, 1), (1, 1), (1, 0))
            )
            base = 150 - 16 * (i + j) + 40
            draw.polygon([a, b, c], fill=int(base + rng.integers(-42, 42)))
            draw.polygon([a, c, d], fill=int(base + rng.integers(-42, 42)))
    return image


@lru_cache(maxsize=128)
def _facet_masks(width: int, height: int) -> tuple[Image.Image, Image.Image]:
    grey = _facets(7).resize((width, height))
    dark = grey.point([max(0, 128 - v) for v in range(256)])
    light = grey.point([max(0, v - 128) for v in range(256)])
    return dark, light


def _crescent(alpha: Image.Image, share: float, sign: int, low: bool = True) -> Image.Image:
    """The part of a shape that a copy of itself, shifted up left (or down right), leaves free."""
    w, h = alpha.size
    dx, dy = round(w * share) * sign, round(h * share) * sign * low
    moved = Image.new("L", (w, h), 0)
    moved.paste(alpha, (-dx, -dy))
    return ImageChops.subtract(alpha, moved)


def _soften(image: Image.Image, alpha: Image.Image, large: bool, ink: RGB) -> None:
    """Round light and shadow, worked out at half size."""
    size = image.size
    small = alpha.reduce(2) if size[0] > 80 else alpha
    dark, light = _sphere(*small.size)
    part = 0.5 if large else 1.0
    rim = _crescent(small, 0.05, 1, not large)
    rim = rim.filter(ImageFilter.BoxBlur(max(1, small.size[0] // 36)))
    shadow = ImageChops.add(scaled(dark, part), scaled(rim, 0.42 * part))
    image.paste(ink, mask=shadow.resize(size, Image.Resampling.BILINEAR))
    image.paste((255, 255, 255), mask=scaled(light.resize(size, Image.Resampling.BILINEAR), part))


def shade(image: Image.Image, style: Style, large: bool = False, ink: RGB = INK) -> None:
    """Give a sprite its style's light and shadow, in place.

    Parameters
    ----------
    image : PIL.Image.Image
        An RGBA sprite.
    style : Style
        Its shading decides.
    large : bool
        A face or a building: gentler, without gloss, and lit from the side only.
    ink : tuple of int
        The shadow's colour.
    """
    w, h = image.size
    alpha = image.getchannel("A")
    kind = "soft" if large and style.shading == "gloss" else style.shading
    if kind in ("soft", "gloss"):
        _soften(image, alpha, large, ink)
        if kind == "gloss":
            image.paste((255, 255, 255), mask=scaled(materials.texture("gloss", w, h), 0.7))
    elif kind == "cel":
        share = 0.03 if large else 0.05
        image.paste(ink, mask=scaled(_crescent(alpha, share, 1, not large), 0.22))
        image.paste((255, 255, 255), mask=scaled(_crescent(alpha, 0.022, -1, not large), 0.22))
    elif kind == "hatched":
        lines = hatching(w, h, 44 if large else 24)
        lit = _crescent(alpha, 0.06 if large else 0.13, 1, not large)
        image.paste(style.line_colour or ink, mask=scaled(ImageChops.multiply(lit, lines), 0.65))
    elif kind == "facets":
        dark, light = _facet_masks(w, h)
        image.paste(ink, mask=dark)
        image.paste((255, 255, 255), mask=light)
    image.putalpha(alpha)


def colour_in(image: Image.Image, mask: Image.Image, body: RGB) -> None:
    """Coloured-pencil strokes over the pale body of a sketch, in place."""
    w, h = image.size
    lines = hatching(w, h, 30)
    image.paste(body, mask=ImageChops.multiply(mask, lines))


@cache
def extent(noun: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a noun's drawing in its own coordinates."""
    ground = Image.new("RGB", (120, 120), (1, 2, 3))
    canvas = ground.copy()
    pen = Pen(canvas, Style(name="extent"), origin=(60, 60), scale=(50, 50), body=(255, 0, 0))
    NOUNS[noun][0](pen)
    box = ImageChops.difference(canvas, ground).getbbox()
    left, top, right, bottom = box or (10, 10, 110, 110)
    return (left - 60) / 50, (top - 60) / 50, (right - 60) / 50, (bottom - 60) / 50


@lru_cache(maxsize=64)
def thing(
    noun: str,
    colour: RGB | None,
    material: str | None,
    style: Style,
    half: int,
    angle: float,
    flip: bool,
) -> Image.Image:
    """A noun as an RGBA sprite.

    Parameters
    ----------
    noun, material : str
        Words of the vocabulary.
    colour : tuple of int or None
        Body colour; None for the material's or else the noun's own.
    style : Style
        The hand that draws it.
    half : int
        Half the thing's width and height in pixels; the sprite is a little larger.
    angle, flip : float, bool
        Its turn and whether it is mirrored.
    """
    drawing, natural = NOUNS[noun]
    body = colour or (materials.NATURAL.get(material, natural) if material else natural)
    side = max(4, round(2 * half * (MARGIN if angle % 360 == 0 else 1.42)))
    image = Image.new("RGBA", (side, side), (*mix(body, INK, 0.3), 0))
    mask = Image.new("L", (side, side), 0)
    pen = Pen(
        image,
        style,
        origin=(side / 2, side / 2),
        scale=(half, half),
        body=body,
        angle=angle,
        flip=flip,
        mask=mask,
    )
    drawing(pen)
    if style.sketch:
        colour_in(image, mask, body)
    if material is not None:
        materials.apply(image, mask, material, body)
    shade(image, style)
    return image
