"""Skies by weather and hour, and the brush that terrains are painted with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .canvas import Pen, mix
from .dice import Dice
from .style import RGB, Style


# fmt: off
@dataclass(frozen=True, kw_only=True)
class Sky:
    """Colours of a time of day: top and horizon of the sky, haze, and light on the land."""

    top: RGB
    low: RGB
    light: RGB = (255, 255, 255)
    amount: float = 0.0
    sun: RGB | None = None
    sun_y: float = 0.2


SKIES: dict[str | None, Sky] = {None: Sky(top=(96, 168, 226), low=(208, 234, 246), sun=(255, 246,
    206), sun_y=0.2), "noon": Sky(top=(46, 132, 224), low=(176, 224, 250), sun=(255, 252, 226),
    sun_y=0.1), "dawn": Sky(top=(142, 156, 214), low=(255, 206, 190), light=(250, 190, 200),
    amount=0.26, sun=(255, 228, 190), sun_y=0.44), "sunset": Sky(top=(92, 60, 124), low=(255, 150,
    66), light=(222, 92, 46), amount=0.36, sun=(255, 212, 96), sun_y=0.42), "night": Sky(top=(10,
    16, 46), low=(42, 56, 108), light=(10, 18, 56), amount=0.62, sun=(246, 244, 222), sun_y=0.16),
    "rain": Sky(top=(92, 104, 120), low=(164, 174, 184), light=(92, 106, 124), amount=0.36),
    "snow": Sky(top=(176, 190, 206), low=(230, 236, 242), light=(246, 249, 255), amount=0.62),
    "fog": Sky(top=(206, 210, 212), low=(228, 230, 230), light=(216, 220, 222), amount=0.46)}


@dataclass
class Land:
    """What a terrain is painted with: the pen, the sky, the chances, and the time."""

    pen: Pen
    sky: Sky
    dice: Dice
    weather: str | None
    moment: float
    ratio: float

    def tint(self, colour: RGB, far: float = 0.0) -> RGB:
        """A land colour in this light, hazier the farther away (0 to 1)."""
        lit = mix(colour, self.sky.light, self.sky.amount)
        return mix(lit, self.sky.low, far * 0.75)

    def ridge(self, base: float, rise: float, colour: RGB, peaks: int = 5,
            sharp: bool = False) -> list[tuple[float, float]]:
        """A chain of hills or peaks from edge to edge, filled to the bottom."""
        n = peaks * 2 if sharp else peaks
        phase = self.dice.roll(0, 0.6)
        points = [(-0.08, base)]
        for k in range(n + 1):
            up = (k % 2 == 1) if sharp else True
            y = base - (self.dice.roll(0.55, 1.0) if up else self.dice.roll(0.1, 0.4)) * rise
            points.append(((k + phase - 0.3) / n, y))
        points.append((1.08, base))
        outline = [*points, (1.08, 1.05), (-0.08, 1.05)]
        if sharp:
            self.pen.poly(outline, colour)
        else:
            self.pen.blob(outline, colour)
        return points

    def pine(self, x: float, y: float, h: float, colour: RGB) -> None:
        """A conifer with its foot at (x, y)."""
        w = h * 0.3 * self.ratio
        self.pen.box(x - w * 0.09, y - h * 0.2, x + w * 0.09, y, mix(colour, (80, 50, 30), 0.6),
            line=False)
        for k in range(3):
            top, low, half = (y - h + h * 0.22 * k, y - h * 0.56 + h * 0.22 * k,
                w * (0.55 + 0.22 * k))
            self.pen.poly([(x, top), (x + half, low), (x - half, low)], mix(colour, (255, 255,
                255), 0.5 if self.weather == "snow" else 0.05 * k))

    def bush(self, x: float, y: float, h: float, colour: RGB, trunk: bool = True) -> None:
        """A round-topped tree with its foot at (x, y)."""
        w = h * 0.4 * self.ratio
        if trunk:
            self.pen.box(x - w * 0.1, y - h * 0.4, x + w * 0.1, y, self.tint((112, 78, 50)),
                line=False)
        self.pen.oval(x, y - h * 0.62, w, h * 0.4, colour)
        self.pen.oval(x - w * 0.3, y - h * 0.74, w * 0.45, h * 0.16, mix(colour, (255, 255, 230),
            0.2), line=False)


def backdrop_sky(image: Image.Image, weather: str | None, style: Style, dice: Dice,
        moment: float) -> Land:
    """Paint the sky with its sun or moon, stars and clouds; returns the brush for the land."""
    sky = SKIES.get(weather, SKIES[None])
    w, h = image.size
    gradient(image, sky.top, sky.low, until=0.62)
    pen = Pen(image, style, origin=(0, 0), scale=(w, h), lines=0.34)
    land = Land(pen=pen, sky=sky, dice=dice, weather=weather, moment=moment, ratio=h / w)
    sun_x = dice.roll(0.18, 0.82)
    if weather == "night":
        for _ in range(26):
            x, y, r = dice.roll(), dice.roll(0, 0.5), dice.roll(0.003, 0.007)
            pen.oval(x, y, r * land.ratio, r, (255, 252, 226), line=False)
    if sky.sun is not None:
        r = 0.1 if weather == "sunset" else 0.075
        for k, share in ((1.7, 0.25), (1.3, 0.45)):
            pen.oval(sun_x, sky.sun_y, r * k * land.ratio, r * k, mix(mix(sky.top, sky.low,
                sky.sun_y / 0.62), sky.sun, share), line=False)
        pen.oval(sun_x, sky.sun_y, r * land.ratio, r, sky.sun, line=False)
        if weather == "night":
            pen.oval(sun_x + r * 0.4 * land.ratio, sky.sun_y - r * 0.16, r * 0.8 * land.ratio,
                r * 0.8, mix(sky.top, sky.low, 0.2), line=False)
    _clouds(land)
    return land


def gradient(image: Image.Image, top: RGB, low: RGB, until: float = 1.0) -> None:
    """Fill an image from one colour above to another at a share of its height."""
    w, h = image.size
    t = np.clip(np.arange(h) / max(1.0, h * until), 0, 1)[:, None]
    column = np.asarray(top) * (1 - t) + np.asarray(low) * t
    strip = Image.fromarray(column.astype(np.uint8)[:, None, :])
    image.paste(strip.resize((w, h), Image.Resampling.NEAREST))


def _clouds(land: Land) -> None:
    if land.weather == "fog":
        return
    heavy = land.weather in ("rain", "snow")
    colour = mix(land.sky.low, (255, 255, 255), 0.6)
    if land.weather == "rain":
        colour = (112, 120, 132)
    elif land.weather == "night":
        colour = mix(land.sky.top, land.sky.low, 0.8)
    for _ in range(5 if heavy else 2 + land.dice.pick(2)):
        x, y = land.dice.roll(-0.1, 1.1), land.dice.roll(0.04, 0.22 if heavy else 0.3)
        s = land.dice.roll(0.05, 0.075) * (1.5 if heavy else 1.0)
        x = (x + 0.18 * land.moment + 0.2) % 1.4 - 0.2
        for dx, dy, r in ((-1.5, 0.25, 0.7), (-0.5, -0.2, 1.0), (0.6, -0.05, 0.9), (1.5, 0.3, 0.6)):
            land.pen.oval(x + dx * s * land.ratio, y + dy * s, r * s * 1.25 * land.ratio,
                r * s * 0.75, mix(colour, (120, 130, 150), 0.05 * dy), line=False)
