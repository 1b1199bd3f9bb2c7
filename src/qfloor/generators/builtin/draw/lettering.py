"""Words, fitted to the surface that carries them and written so that they can be read."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ..world.scene import Lettering
from ..world.vocabulary import COLOURS
from . import materials
from .canvas import Pen, mix, scaled
from .carriers import SURFACES, Panel
from .dice import Dice
from .style import RGB, Style

FONT_FILES: dict[str, str] = {
    "serif": "DejaVuSerif-Bold.ttf",
    "sans-serif": "DejaVuSans.ttf",
    "monospace": "DejaVuSansMono-Bold.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "italic": "DejaVuSerif-BoldItalic.ttf",
}


@lru_cache(maxsize=1)
def _folder() -> Path:
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "the painters' lettering needs matplotlib's fonts: pip install matplotlib"
        )
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=256)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the five fonts at a size in pixels."""
    return ImageFont.truetype(str(_folder() / FONT_FILES[name]), size)


@lru_cache(maxsize=512)
def fit(text: str, name: str, width: int, height: int) -> tuple[tuple[str, ...], int]:
    """Break words into lines and choose the largest size that fits a box.

    Parameters
    ----------
    text : str
        What is to be written.
    name : str
        One of ``vocabulary.FONTS``.
    width, height : int
        The box in pixels.

    Returns
    -------
    lines : tuple of str
    size : int
        Font size in pixels, at least 4.
    """
    words = text.split() or [text]
    trial = font(name, 100)
    best: tuple[tuple[str, ...], int] = ((text,), 4)
    for count in range(1, min(len(words), 6) + 1):
        lines = _wrap(words, count)
        widest = max(trial.getlength(line) for line in lines) or 1.0
        size = int(min(100 * width / widest, height / (1.2 * len(lines))))
        if size > best[1]:
            best = (lines, size)
    return best


def _wrap(words: list[str], count: int) -> tuple[str, ...]:
    """Words in a number of lines of nearly equal length."""
    target = sum(len(w) + 1 for w in words) / count
    lines, line, used = [], "", 0
    for i, word in enumerate(words):
        trial = f"{line} {word}".strip()
        left = len(words) - i
        if line and (len(trial) > target + 1 or left <= count - used - 1) and used < count - 1:
            lines.append(line)
            line, used = word, used + 1
        else:
            line = trial
    return (*lines, line)


def write(image: Image.Image, panel: Panel, text: str, name: str) -> None:
    """Write text into a panel, centred, as large as fits, in place."""
    x0, y0, x1, y1 = panel.box
    width, height = max(4, int(x1 - x0)), max(4, int(y1 - y0))
    lines, size = fit(text, name, width, height)
    size = max(4, min(size, int(height * 0.8)))
    face = font(name, size)
    layer = image
    if panel.glow:
        layer = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(layer)
    step = size * 1.2
    top = (y0 + y1) / 2 - step * len(lines) / 2 + step / 2
    for k, line in enumerate(lines):
        draw.text(
            ((x0 + x1) / 2, top + k * step),
            line,
            font=face,
            anchor="mm",
            fill=255 if panel.glow else panel.ink,
        )
    if panel.glow:
        _glow(image, layer, panel.ink, size)


def _glow(image: Image.Image, letters: Image.Image, ink: RGB, size: int) -> None:
    halo = letters.filter(ImageFilter.BoxBlur(max(2, size // 7)))
    image.paste(ink, mask=halo.point([min(255, round(v * 0.75)) for v in range(256)]))
    image.paste(mix(ink, (255, 255, 255), 0.7), mask=letters)


def draw(
    image: Image.Image,
    lettering: Lettering,
    style: Style,
    dice: Dice,
    area: tuple[float, float, float, float],
) -> None:
    """Draw a surface and its words into an area of an image, in place.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture.
    lettering : Lettering
        The words, exactly as they must appear, and their surface.
    style : Style
        The hand; words themselves never wobble.
    dice : Dice
        The picture's chances.
    area : tuple of float
        Left, top, right, bottom in pixels.
    """
    x0, y0, x1, y1 = area
    pen = Pen(image, style, origin=(x0, y0), scale=(x1 - x0, y1 - y0), lines=0.4)
    asked = COLOURS[lettering.colour] if lettering.colour else None
    panel = SURFACES[lettering.surface](pen, asked, dice)
    a, b, c, d = panel.box
    box = (x0 + a * (x1 - x0), y0 + b * (y1 - y0), x0 + c * (x1 - x0), y0 + d * (y1 - y0))
    name = lettering.font or ("bold", "serif", "sans-serif")[dice.pick(3)]
    write(
        image,
        Panel(box=box, ground=panel.ground, ink=panel.ink, glow=panel.glow),
        lettering.text,
        name,
    )
    if lettering.surface == "chalkboard" and style.texture != "chalk":
        _dust(image, box, panel)


def _dust(image: Image.Image, box: tuple[float, float, float, float], panel: Panel) -> None:
    """Chalk's grain over the words."""
    left, top, right, low = (round(v) for v in box)
    grain = materials.texture("speckle", max(1, right - left), max(1, low - top))
    image.paste(panel.ground, (left, top), scaled(grain, 0.28))
