"""Pictures for the training block: drawn here, so that no prompt of the session is given away.

A rater first meets three trials whose answer is known: two equal sides, a side spoilt on purpose,
and a change that takes a closer look. Nothing here is by any offer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from qfloor import media

Pixels = npt.NDArray[np.uint8]
SIZE = 512
FRAMES, FPS = 24, 12


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One training trial: what is asked for, the sides, and which is spoilt (None: neither)."""

    prompt: str
    draw: Callable[[float], Image.Image]
    change: Callable[[Image.Image], Image.Image] | None
    spoilt: int | None

    def picture(self, side: int) -> Pixels:
        """Draw a side as a picture."""
        return self._side(side, 0.35)

    def clip(self, side: int) -> bytes:
        """Draw a side as a clip of two seconds."""
        frames = (self._side(side, n / FRAMES) for n in range(FRAMES))
        return media.write_webm(frames, SIZE, SIZE, FPS, crf=12)

    def _side(self, side: int, at: float) -> Pixels:
        image = self.draw(at)
        if self.change is not None and side == self.spoilt:
            image = self.change(image)
        return np.asarray(image.convert("RGB"))


def _ground(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    ramp = np.linspace(0.0, 1.0, SIZE)[:, None, None]
    rows = (1 - ramp) * np.array(top) + ramp * np.array(bottom)
    return Image.fromarray(np.repeat(rows, SIZE, axis=1).astype(np.uint8))


def _balloon(at: float) -> Image.Image:
    image = _ground((120, 175, 225), (230, 238, 245))
    draw = ImageDraw.Draw(image)
    x, y = 150 + int(200 * at), 120 + int(40 * np.sin(6.3 * at))
    draw.ellipse((x - 80, y - 80, x + 80, y + 90), fill=(205, 60, 50))
    for n in range(-2, 3):
        draw.line((x + n * 22, y + 84, x + n * 9, y + 150), fill=(90, 70, 50), width=3)
    draw.rectangle((x - 22, y + 150, x + 22, y + 180), fill=(140, 95, 55))
    return image


def _houses(at: float) -> Image.Image:
    image = _ground((250, 205, 150), (250, 235, 215))
    draw = ImageDraw.Draw(image)
    for n, (x, height, colour) in enumerate(
        ((30, 210, (110, 75, 70)), (180, 270, (70, 95, 120)), (330, 180, (90, 115, 80)))
    ):
        draw.rectangle((x, 470 - height, x + 130, 470), fill=colour)
        lit = int(at * 6) % 3
        for row in range(3):
            for column in range(2):
                glow = (255, 225, 120) if (row + column + n + lit) % 3 else (40, 40, 50)
                left, top = x + 25 + column * 55, 500 - height + row * 50
                draw.rectangle((left, top, left + 28, top + 32), fill=glow)
    draw.rectangle((0, 470, SIZE, SIZE), fill=(95, 90, 85))
    return image


def _fruit(at: float) -> Image.Image:
    image = _ground((60, 65, 80), (120, 110, 100))
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 330, 450, 450), fill=(225, 220, 210))
    roll = int(60 * at)
    for x, y, colour in (
        (150, 270, (200, 50, 40)),
        (250, 250, (235, 165, 40)),
        (330, 285, (90, 150, 60)),
    ):
        draw.ellipse((x - 62 + roll // 3, y - 62, x + 62 + roll // 3, y + 62), fill=colour)
        draw.ellipse((x - 30 + roll // 3, y - 40, x - 8 + roll // 3, y - 18), fill=(255, 245, 235))
    return image


def _mosaic(image: Image.Image) -> Image.Image:
    small = image.resize((20, 20), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def _soft(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(4))


LESSONS: tuple[Lesson, ...] = (
    Lesson(prompt="a red balloon over a wide sky", draw=_balloon, change=_mosaic, spoilt=1),
    Lesson(prompt="three houses at dusk, lights in the windows", draw=_houses, change=None,
           spoilt=None),
    Lesson(prompt="three fruits on a white plate", draw=_fruit, change=_soft, spoilt=0),
)  # fmt: skip
