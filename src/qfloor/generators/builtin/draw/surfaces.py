"""What things stand before: studio walls and floors, tables, walls and grass; and weather."""

from __future__ import annotations

import math

from PIL import Image

from . import materials
from .canvas import Pen, mix, scaled
from .dice import Dice
from .scenery import backdrop_sky, gradient
from .style import RGB, Style

PLAIN: dict[str, RGB] = {
    "white background": (250, 250, 250),
    "grey background": (150, 152, 158),
    "beige background": (224, 204, 168),
    "navy background": (28, 38, 84),
}
# quiet paper tones for a scene that names no backdrop
STUDIO: tuple[RGB, ...] = (
    (232, 228, 220),
    (218, 226, 230),
    (236, 222, 214),
    (222, 230, 216),
    (228, 222, 234),
    (240, 234, 216),
    (206, 214, 222),
    (226, 216, 204),
)
WOOD: RGB = (176, 118, 66)


def _shelf(image: Image.Image, y: float, wall: RGB, top: RGB, front: RGB) -> Pen:
    """A wall above, a table top below, its edge at the bottom."""
    w, h = image.size
    gradient(image, mix(wall, (255, 255, 255), 0.25), wall)
    pen = Pen(image, Style(name="plain"), origin=(0, 0), scale=(w, h))
    pen.box(-0.01, y, 1.01, 1.01, top)
    pen.box(-0.01, y, 1.01, y + 0.008, mix(top, (255, 255, 255), 0.5))
    pen.box(-0.01, 0.955, 1.01, 1.01, front)
    return pen


def wooden_table(image: Image.Image, dice: Dice) -> None:
    """Boards under a warm wall."""
    w, h = image.size
    wall = STUDIO[dice.pick(len(STUDIO))]
    pen = _shelf(image, 0.5, mix(wall, (150, 120, 90), 0.12), WOOD, (120, 74, 38))
    top = round(h * 0.5)
    grain = materials.texture("grain", w, h - top)
    image.paste((118, 70, 34), (0, top), scaled(grain, 0.62))
    for k in range(-5, 6):
        pen.stroke([(0.5 + 0.12 * k, 0.5), (0.5 + 0.24 * k, 1.0)], (112, 68, 36), 0.007)


def marble_counter(image: Image.Image, dice: Dice) -> None:
    """White veined marble before tiles."""
    pen = _shelf(image, 0.5, (196, 208, 206), (240, 240, 242), (206, 206, 212))
    for k in range(1, 6):
        pen.stroke([(k / 6, 0), (k / 6, 0.5)], (224, 232, 230), 0.009)
    for k in range(1, 5):
        pen.stroke([(0, 0.5 - 0.14 * k), (1, 0.5 - 0.14 * k)], (224, 232, 230), 0.009)
    for k in range(9):
        x, y = dice.roll(-0.1, 1.0), dice.roll(0.52, 0.94)
        tone = (176, 178, 188) if k % 2 else (204, 204, 212)
        pen.stroke(
            [(x, y), (x + 0.08, y + dice.roll(-0.03, 0.06)), (x + 0.2, y + dice.roll(-0.02, 0.1))],
            tone,
            0.006 + 0.006 * (k % 2),
        )
    pen.box(-0.01, 0.955, 1.01, 1.01, (206, 206, 212))


def brick_wall(image: Image.Image, dice: Dice) -> None:
    """Red bricks, each its own tone."""
    w, h = image.size
    body = (172, 82, 62)
    image.paste(body, (0, 0, w, h))
    side = max(w, h)
    tones = materials.texture("bricks", side, side).crop((0, 0, w, h))
    image.paste((124, 52, 42), mask=scaled(tones, 0.6))
    image.paste((214, 196, 180), mask=materials.texture("mortar", side, side).crop((0, 0, w, h)))


def grass_field(
    image: Image.Image, style: Style, weather: str | None, dice: Dice, moment: float
) -> None:
    """Grass under the sky."""
    land = backdrop_sky(image, weather, style, dice, moment)
    land.ridge(0.5, 0.07, land.tint((122, 176, 104), 0.2), 4)
    land.pen.box(-0.02, 0.5, 1.02, 1.02, land.tint((104, 170, 72)), line=False)
    for k in range(46):
        y = 0.54 + 0.46 * k / 46
        x, tall = dice.roll(), 0.02 + 0.05 * k / 46
        green = land.tint((64, 132, 52) if k % 2 else (146, 200, 92))
        for dx in (-0.4, 0.1, 0.5):
            land.pen.stroke([(x, y), (x + dx * tall, y - tall)], green, 0.007)


def studio(image: Image.Image, style: Style, dice: Dice) -> None:
    """A quiet room for a scene that names no backdrop."""
    w, h = image.size
    tone = STUDIO[dice.pick(len(STUDIO))]
    if style.texture == "chalk":
        tone = (58, 78, 72)
    kind = dice.pick(4)
    gradient(image, mix(tone, (255, 255, 255), 0.4), mix(tone, (60, 60, 80), 0.06))
    pen = Pen(image, Style(name="plain"), origin=(0, 0), scale=(w, h))
    strong = 0.05 + 0.14 * style.detail
    other = mix(tone, STUDIO[dice.pick(len(STUDIO))], 0.5)
    shade = mix(other, (90, 96, 120), strong)
    if kind == 0:
        pen.box(-0.01, 0.68, 1.01, 1.01, shade)
    elif kind == 1:
        pen.oval(0.5, 0.5, 0.46 * min(1, h / w), 0.46 * min(1, w / h), shade)
    elif kind == 2 and style.detail > 0.3:
        for k in range(16):
            a, b = (k / 16) * 2 * math.pi, ((k + 0.5) / 16) * 2 * math.pi
            pen.poly(
                [
                    (0.5, 0.5),
                    (0.5 + math.cos(a), 0.5 + math.sin(a)),
                    (0.5 + math.cos(b), 0.5 + math.sin(b)),
                ],
                mix(tone, shade, 0.55),
            )
    elif kind == 3:
        pen.poly([(-0.01, 0.8), (1.01, 0.6), (1.01, 1.01), (-0.01, 1.01)], shade)


def paint(
    image: Image.Image,
    backdrop: str | None,
    style: Style,
    weather: str | None,
    dice: Dice,
    moment: float,
) -> None:
    """Fill an image with a backdrop.

    Parameters
    ----------
    image : PIL.Image.Image
        What is painted over.
    backdrop : str or None
        A word of ``vocabulary.BACKDROPS``, or None for a quiet studio or, with weather, a field.
    style, weather, dice, moment
        The hand, the weather of a sky, the picture's chances and the time.
    """
    if backdrop in PLAIN:
        tone = PLAIN[backdrop]
        gradient(image, tone, mix(tone, (40, 40, 60), 0.07))
    elif backdrop == "wooden table":
        wooden_table(image, dice)
    elif backdrop == "marble counter":
        marble_counter(image, dice)
    elif backdrop == "brick wall":
        brick_wall(image, dice)
    elif backdrop == "grass field" or weather is not None:
        grass_field(image, style, weather, dice, moment)
    else:
        studio(image, style, dice)


def fall(image: Image.Image, weather: str | None, dice: Dice, moment: float) -> None:
    """Rain, snow or fog before everything, in place."""
    w, h = image.size
    pen = Pen(image, Style(name="plain", segments=12), origin=(0, 0), scale=(w, h))
    if weather == "rain":
        for k in range(76):
            x = dice.roll(-0.1, 1.1)
            y = (dice.roll() + 2 * moment) % 1.1 - 0.05
            pen.stroke(
                [(x, y), (x - 0.018, y + 0.075)],
                (226, 236, 248) if k % 3 else (150, 168, 190),
                0.006,
            )
    elif weather == "snow":
        for _ in range(60):
            r = dice.roll(0.005, 0.013)
            x = dice.roll() + 0.02 * math.sin(6.28 * moment + 90 * r)
            y = (dice.roll() + moment * 0.8) % 1.05
            pen.oval(x, y, r * h / w, r, (255, 255, 255), line=False)
    elif weather == "fog":
        veil(image, (224, 228, 230))


def veil(image: Image.Image, colour: RGB) -> None:
    """Banks of fog, thicker in the middle of the picture, in place."""
    w, h = image.size
    column = Image.new("L", (1, 64))
    column.putdata(
        [
            round(70 + 100 * math.exp(-((((k / 64) - 0.5) / 0.16) ** 2)) + 40 * math.sin(k / 5))
            for k in range(64)
        ]
    )
    image.paste(colour, mask=column.resize((w, h), Image.Resampling.BILINEAR))
