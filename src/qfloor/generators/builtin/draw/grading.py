"""What acts on the whole picture: light, the style's colours and its paper or film.

All masks are drawn once per size; grading is a handful of Pillow calls.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from .canvas import mix, scaled
from .style import RGB, Style

Floats = NDArray[np.float64]


def matrix(
    image: Image.Image,
    saturation: float = 1.0,
    gain: tuple[float, float, float] = (1, 1, 1),
    lift: float = 0.0,
) -> Image.Image:
    """Saturation, a gain per channel and a lift, in one pass."""
    grey = (0.299, 0.587, 0.114)
    rows: list[float] = []
    for c in range(3):
        row = [(1 - saturation) * g + (saturation if c == i else 0.0) for i, g in enumerate(grey)]
        rows += [v * gain[c] for v in row] + [lift]
    return image.convert("RGB", tuple(rows))


def _mask(values: Floats) -> Image.Image:
    return Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))


@lru_cache(maxsize=64)
def field(kind: str, width: int, height: int) -> Image.Image:
    """A static mask over the whole picture: where a light falls or a shadow lies."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width, (y + 0.5) / height
    if kind == "corners":
        return _mask((np.hypot((u - 0.5) * 1.25, (v - 0.5) * 1.25) - 0.38) * 1.6)
    if kind == "candle":
        return _mask((np.hypot(u - 0.5, (v - 0.55) * 1.05) - 0.14) * 1.75)
    if kind == "flame":
        return _mask(1 - np.hypot(u - 0.5, v - 0.55) * 2.0)
    if kind == "left":
        return _mask(1.15 - 1.75 * u)
    if kind == "right":
        return _mask(1.75 * u - 0.6)
    if kind == "side shadow":
        return _mask((u + 0.18 * v - 0.28) * 1.5)
    if kind == "rays":
        angle = np.arctan2(v + 0.12, 1.08 - u)
        rays = 0.55 + 0.45 * np.sin(angle * 26)
        return _mask((1.15 - np.hypot(1 - u, v) * 0.9) * (0.45 + 0.55 * rays) * 0.8)
    if kind == "halo":
        return _mask(1.1 - np.hypot((u - 0.5) * 1.15, v - 0.46) * 1.7)
    if kind == "window":
        return _mask(1 - np.hypot(u - 0.2, v - 0.12) * 1.15)
    raise KeyError(kind)


def _lay(image: Image.Image, colour: RGB, mask: Image.Image, share: float) -> None:
    image.paste(colour, mask=scaled(mask, share))


def _rim(subject: Image.Image, width: int) -> tuple[Image.Image, Image.Image]:
    """Glow outside a subject and a bright line inside its edge."""
    soft = subject.filter(ImageFilter.BoxBlur(width))
    halo = ImageChops.subtract(soft, subject.filter(ImageFilter.MinFilter(3))).point(
        [min(255, v * 2) for v in range(256)]
    )
    inner = ImageChops.subtract(subject, subject.filter(ImageFilter.BoxBlur(max(1, width // 2))))
    return halo, inner.point([min(255, v * 2) for v in range(256)])


def light(image: Image.Image, name: str | None, subject: Image.Image) -> Image.Image:
    """The picture in one of the six lights.

    Parameters
    ----------
    image : PIL.Image.Image
        The finished RGB picture.
    name : str or None
        A word of ``vocabulary.LIGHTS``, or None.
    subject : PIL.Image.Image
        Mask of things, face or building, of the same size; rim lights follow it.

    Returns
    -------
    PIL.Image.Image
    """
    size, edge = image.size, max(2, image.size[1] // 26)
    if name == "soft light":
        out = matrix(image, 0.86, (0.86, 0.85, 0.84), 36)
        out = Image.blend(out, out.filter(ImageFilter.BoxBlur(max(1, size[1] // 40))), 0.4)
        _lay(out, (255, 252, 244), field("window", *size), 0.42)
        return out
    if name == "golden light":
        out = matrix(image, 1.08, (1.08, 0.93, 0.62), 2)
        _lay(out, (255, 206, 96), field("rays", *size), 0.72)
        return out
    if name == "neon light":
        return _neon(image, subject, edge)
    if name == "dramatic side light":
        out = matrix(image, 0.9, (1.12, 1.08, 1.02), -10)
        _lay(out, (8, 8, 18), field("side shadow", *size), 0.84)
        return out
    if name == "backlight":
        return _backlight(image, subject, edge)
    if name == "candlelight":
        out = matrix(image, 1.15, (1.02, 0.76, 0.52), 0)
        _lay(out, (255, 178, 70), field("flame", *size), 0.26)
        _lay(out, (22, 8, 2), field("candle", *size), 0.9)
        return out
    return image


def _neon(image: Image.Image, subject: Image.Image, edge: int) -> Image.Image:
    """Magenta from the left, cyan from the right, and a glowing rim."""
    size = image.size
    out = matrix(image, 1.0, (0.56, 0.46, 0.74), 4)
    _lay(out, (255, 30, 160), field("left", *size), 0.4)
    _lay(out, (20, 210, 255), field("right", *size), 0.38)
    halo, inner = _rim(subject, edge)
    _lay(out, (255, 70, 190), ImageChops.multiply(halo, field("left", *size)), 1.0)
    _lay(out, (60, 230, 255), ImageChops.multiply(halo, field("right", *size)), 1.0)
    _lay(out, (236, 200, 255), inner, 0.5)
    return out


def _backlight(image: Image.Image, subject: Image.Image, edge: int) -> Image.Image:
    """The subject dark before a glowing ground."""
    out = matrix(image, 0.75, (0.9, 0.88, 0.86), 10)
    outside = ImageChops.invert(subject)
    _lay(out, (255, 248, 226), ImageChops.multiply(field("halo", *image.size), outside), 0.95)
    _lay(out, (30, 26, 44), subject, 0.56)
    halo, inner = _rim(subject, edge)
    _lay(out, (255, 246, 214), inner, 0.8)
    _lay(out, (255, 250, 230), halo, 0.5)
    return out


@lru_cache(maxsize=32)
def paper(kind: str, width: int, height: int) -> Image.Image:
    """A static texture around mid grey: paper, canvas, film grain, chalk or halftone."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:height, 0:width]
    fine = rng.normal(0, 1, (height, width))
    low = Image.fromarray(rng.integers(0, 256, (12, 12), dtype=np.uint8)).resize((width, height))
    blotch = np.asarray(low, dtype=float) / 255 - 0.5
    if kind == "grain":
        values = 0.5 + 0.055 * fine
    elif kind == "canvas":
        values = 0.5 + 0.5 * blotch + 0.06 * fine
    elif kind == "halftone":
        step = max(3.0, height / 64)
        values = 0.5 + 0.3 * np.sin(2 * np.pi * (x + y) / step / 1.4) * np.sin(
            2 * np.pi * (x - y) / step / 1.4
        )
    elif kind == "chalk":
        streak = rng.normal(0, 1, (height, width))
        streak = (streak + np.roll(streak, 1, 1) + np.roll(streak, (1, 1), (0, 1))) / 3
        values = 0.47 + 0.2 * streak
    else:
        values = 0.5 + 0.07 * fine + 0.12 * blotch
    return _mask(values)


def finish(image: Image.Image, style: Style) -> Image.Image:
    """The picture with its style's colours, paper, vignette and printing.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture after its light.
    style : Style
        The hand that drew it.

    Returns
    -------
    PIL.Image.Image
    """
    if style.pixels:
        image = _pixelate(image, style)
    if style.blur:
        image = image.filter(ImageFilter.GaussianBlur(style.blur * image.size[1]))
    image = _tones(image, style)
    if style.texture != "none" and style.texture_amount > 0:
        grey = paper(style.texture, *image.size)
        layer = Image.merge("RGB", (grey, grey, grey))
        image = Image.blend(image, ImageChops.soft_light(image, layer), style.texture_amount)
        if style.texture in ("grain", "chalk"):
            noisy = ImageChops.add(image, layer, 1.0, -128)
            image = Image.blend(image, noisy, style.texture_amount)
    if style.vignette:
        _lay(
            image,
            mix((20, 14, 24), style.tint, 0.05),
            field("corners", *image.size),
            style.vignette,
        )
    if style.misprint:
        image = _misprint(image, max(1, round(style.misprint * image.size[1])))
    return image


def _tones(image: Image.Image, style: Style) -> Image.Image:
    if style.saturation != 1.0 or style.brightness != 1.0:
        image = matrix(image, style.saturation, (style.brightness,) * 3)
    if style.tint_amount:
        tint = Image.new("RGB", image.size, style.tint)
        image = Image.blend(ImageChops.multiply(image, tint), tint, style.tint_amount)
    if style.contrast != 1.0 or style.levels:
        table = [(v - 128) * style.contrast + 128 for v in range(256)]
        if style.levels:
            step = 255 / (style.levels - 1)
            table = [round(v / step) * step for v in table]
        image = image.point([round(min(255, max(0, v))) for v in table] * 3)
    return image


def _pixelate(image: Image.Image, style: Style) -> Image.Image:
    w, h = image.size
    rows = min(style.pixels, h)
    small = image.resize((max(1, round(w * rows / h)), rows), Image.Resampling.BOX)
    return small.resize((w, h), Image.Resampling.NEAREST)


def _misprint(image: Image.Image, by: int) -> Image.Image:
    r, g, b = image.split()
    moved = r.copy()
    moved.paste(r, (by, 0))
    other = b.copy()
    other.paste(b, (-by, by // 2))
    return Image.merge("RGB", (moved, g, other))
