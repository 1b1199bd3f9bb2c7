"""The twelve kinds of building, between -1 and 1, standing on y = 0.9.

Walls are tones of the body and take its material; windows and doors are fixed colours. A
building that is a row of storeys shows as many rows of windows as it has storeys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .canvas import Fill, Pen
from .style import RGB

# fmt: off
GROUND = 0.9
ROOF: RGB = (150, 68, 54)
SLATE: RGB = (84, 92, 112)
DOOR: RGB = (104, 66, 42)
PALE: RGB = (244, 240, 230)


@dataclass(frozen=True, kw_only=True)
class House:
    """What a drawing needs besides its pen: storeys, the windows' colour, lamps lit."""

    storeys: int
    pane: RGB
    lit: bool = False


def window(p: Pen, b: House, x: float, y: float, w: float, h: float, cross: bool = True) -> None:
    """A framed window centred at (x, y)."""
    p.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2, PALE)
    f = min(w, h) * 0.12
    p.box(x - w / 2 + f, y - h / 2 + f, x + w / 2 - f, y + h / 2 - f, b.pane, line=False)
    if cross:
        p.stroke([(x, y - h / 2), (x, y + h / 2)], PALE, f)
        p.stroke([(x - w / 2, y), (x + w / 2, y)], PALE, f)


def rows(p: Pen, b: House, x0: float, x1: float, top: float, low: float, columns: int,
        skip: int | None = None) -> None:
    """Windows in as many rows as there are storeys; ``skip`` leaves a gap below for a door."""
    tall = (low - top) / b.storeys
    wide = (x1 - x0) / columns
    side = min(tall * 0.6, wide * 0.62)
    for row in range(b.storeys):
        for column in range(columns):
            if row == b.storeys - 1 and column == skip:
                continue
            window(p, b, x0 + wide * (column + 0.5), top + tall * (row + 0.5), min(side,
                wide * 0.6), min(tall * 0.66, side * 1.3), cross=b.storeys < 4)
    for row in range(1, b.storeys):
        p.stroke([(x0, top + tall * row), (x1, top + tall * row)], 0.8, 0.02)


def _door(p: Pen, x: float, w: float, h: float, fill: Fill = DOOR, arch: bool = False) -> None:
    if arch:
        p.pie(x, GROUND - h + w / 2, w / 2, w / 2, 180, 360, fill, line=False)
        p.box(x - w / 2, GROUND - h + w / 2, x + w / 2, GROUND, fill, line=False)
    else:
        p.box(x - w / 2, GROUND - h, x + w / 2, GROUND, fill)
    p.oval(x + w * 0.3, GROUND - h * 0.42, 0.02, 0.02, (240, 200, 90), line=False)


def house(p: Pen, b: House) -> None:
    """A town house: gable roof, chimney, a door in the middle."""
    top = GROUND - min(0.36 + 0.3 * b.storeys, 1.3)
    p.box(0.36, top - 0.5, 0.54, top, (140, 84, 68))
    p.box(-0.64, top, 0.64, GROUND)
    p.poly([(-0.78, top + 0.03), (0.0, top - 0.52), (0.78, top + 0.03)], ROOF)
    p.oval(0.0, top - 0.18, 0.1, 0.1, b.pane)
    rows(p, b, -0.58, 0.58, top + 0.04, GROUND - 0.02, 3, skip=1)
    _door(p, 0.0, 0.22, min(0.34, (GROUND - top) / b.storeys * 0.86))


def cottage(p: Pen, b: House) -> None:
    """A low cottage with a deep thatched roof and a round door."""
    top = GROUND - 0.26 - 0.24 * min(b.storeys, 3)
    p.box(-0.6, top - 0.52, -0.42, top, (150, 140, 130))
    p.box(-0.8, top, 0.8, GROUND)
    p.blob([(-1.0, top + 0.16), (-0.86, top - 0.1), (-0.56, top - 0.5), (0.0, top - 0.56), (0.56,
        top - 0.5), (0.86, top - 0.1), (1.0, top + 0.16), (0.5, top + 0.09), (0.0, top + 0.12),
        (-0.5, top + 0.09)], (198, 156, 88))
    for k in range(9):
        x = -0.7 + 0.175 * k
        p.stroke([(x * 0.72, top - 0.4), (x, top)], (164, 122, 62), 0.025)
    rows(p, b, -0.74, 0.74, top + 0.14, GROUND - 0.02, 3, skip=1)
    _door(p, 0.0, 0.26, 0.36, (86, 128, 92), arch=True)


def tower(p: Pen, b: House) -> None:
    """A slim round tower with a pointed roof."""
    top = GROUND - min(0.62 + 0.24 * b.storeys, 1.34)
    p.poly([(-0.28, top), (0.28, top), (0.34, GROUND), (-0.34, GROUND)])
    p.box(-0.36, top - 0.06, 0.36, top + 0.06, 0.8)
    p.poly([(-0.42, top - 0.04), (0.0, top - 0.54), (0.42, top - 0.04)], SLATE)
    p.stroke([(0.0, top - 0.5), (0.0, top - 0.62)], SLATE, 0.025)
    p.poly([(0.0, top - 0.62), (0.18, top - 0.57), (0.0, top - 0.52)], (206, 60, 56))
    rows(p, b, -0.16, 0.16, top + 0.08, GROUND - 0.32, 1)
    _door(p, 0.0, 0.2, 0.3, arch=True)


def skyscraper(p: Pen, b: House) -> None:
    """A high-rise with a setback and an antenna."""
    top = GROUND - min(1.3 + 0.05 * b.storeys, 1.56)
    p.stroke([(0.0, top - 0.32), (0.0, top)], SLATE, 0.035)
    p.box(-0.22, top - 0.14, 0.22, top + 0.06, 0.86)
    p.box(-0.44, top, 0.44, GROUND)
    p.box(0.3, top, 0.44, GROUND, 0.78, line=False)
    rows(p, b, -0.4, 0.28, top + 0.04, GROUND - 0.16, 4)
    p.box(-0.5, GROUND - 0.16, 0.5, GROUND, 0.7)
    p.box(-0.12, GROUND - 0.13, 0.12, GROUND, b.pane)


def castle(p: Pen, b: House) -> None:
    """A castle: two round towers, battlements, a gate with a portcullis."""
    p.box(-0.62, -0.24, 0.62, GROUND)
    for k in range(5):
        p.box(-0.56 + 0.24 * k, -0.36, -0.44 + 0.24 * k, -0.22)
    for s in (-1, 1):
        p.box(s * 0.7 - 0.22, -0.48, s * 0.7 + 0.22, GROUND, 1.12)
        for k in range(3):
            p.box(s * 0.7 - 0.26 + 0.2 * k, -0.62, s * 0.7 - 0.14 + 0.2 * k, -0.46, 1.12)
        p.stroke([(s * 0.7, -0.6), (s * 0.7, -0.96)], SLATE, 0.025)
        p.poly([(s * 0.7, -0.96), (s * 0.7 + 0.24, -0.87), (s * 0.7, -0.78)], (206, 56, 60))
        rows(p, b, s * 0.7 - 0.13, s * 0.7 + 0.13, -0.4, 0.8, 1)
    for x in (-0.3, 0.3):
        window(p, b, x, 0.06, 0.12, 0.22, cross=False)
    _door(p, 0.0, 0.42, 0.6, (66, 44, 34), arch=True)
    for x in (-0.1, 0.0, 0.1):
        p.stroke([(x, 0.36), (x, GROUND)], (150, 150, 156), 0.025)


def church(p: Pen, b: House) -> None:
    """A church with a steeple, a cross and arched windows."""
    p.box(-0.2, -0.02, 0.86, GROUND)
    p.poly([(-0.28, 0.02), (0.02, -0.36), (0.62, -0.36), (0.94, 0.02)], SLATE)
    p.box(-0.7, -0.34, -0.16, GROUND, 1.12)
    p.poly([(-0.78, -0.32), (-0.43, -0.88), (-0.08, -0.32)], SLATE)
    p.stroke([(-0.43, -1.06), (-0.43, -0.86)], (232, 190, 80), 0.035)
    p.stroke([(-0.5, -1.0), (-0.36, -1.0)], (232, 190, 80), 0.035)
    p.oval(-0.43, -0.12, 0.11, 0.11, PALE)
    p.oval(-0.43, -0.12, 0.07, 0.07, b.pane, line=False)
    rows(p, b, -0.1, 0.8, 0.06, GROUND - 0.06, 3)
    for x in (0.05, 0.35, 0.65):
        p.pie(x, 0.1, 0.07, 0.1, 180, 360, b.pane)
    _door(p, -0.43, 0.24, 0.44, arch=True)


def barn(p: Pen, b: House) -> None:
    """A barn with a bent roof and a crossed door."""
    p.poly([(-0.72, -0.14), (-0.5, -0.56), (0.0, -0.8), (0.5, -0.56), (0.72, -0.14), (0.72,
        GROUND), (-0.72, GROUND)])
    for a, c in (((-0.82, -0.08), (-0.54, -0.6)), ((-0.54, -0.6), (0.0, -0.86)), ((0.0, -0.86),
            (0.54, -0.6)), ((0.54, -0.6), (0.82, -0.08))):
        p.stroke([a, c], (86, 74, 76), 0.1, edge=True)
    p.box(-0.14, -0.52, 0.14, -0.22, PALE)
    p.box(-0.1, -0.48, 0.1, -0.26, (70, 52, 44), line=False)
    p.box(-0.3, 0.26, 0.3, GROUND, PALE)
    p.box(-0.25, 0.31, 0.25, GROUND, 0.72, line=False)
    p.stroke([(-0.25, 0.31), (0.25, GROUND)], PALE, 0.045)
    p.stroke([(0.25, 0.31), (-0.25, GROUND)], PALE, 0.045)
    rows(p, b, -0.66, -0.36, -0.06, 0.86, 1)
    rows(p, b, 0.36, 0.66, -0.06, 0.86, 1)


def bridge(p: Pen, b: House) -> None:
    """An arched bridge over a river."""
    water = (84, 158, 204)
    p.box(-1.3, 0.55, 1.3, 1.02, water, line=False)
    for k in range(6):
        p.stroke([(-1.1 + 0.4 * k, 0.82 + 0.05 * (k % 2)), (-0.9 + 0.4 * k, 0.82)], PALE, 0.02)
    p.blob([(-1.3, 0.1), (-0.6, -0.08), (0.0, -0.16), (0.6, -0.08), (1.3, 0.1), (1.3, 0.7), (0.6,
        0.7), (0.0, 0.7), (-0.6, 0.7), (-1.3, 0.7)])
    for x, r in ((-0.66, 0.26), (0.0, 0.32), (0.66, 0.26)):
        p.pie(x, 0.7, r, r * 1.6, 180, 360, water)
    p.box(-1.3, 0.66, 1.3, 0.76, water, line=False)
    p.stroke([(-1.3, 0.06), (-0.6, -0.12), (0.0, -0.2), (0.6, -0.12), (1.3, 0.06)], 0.72, 0.08)
    for k in range(9):
        x = -0.96 + 0.24 * k
        y = -0.2 + 0.16 * x * x
        p.stroke([(x, y), (x, y - 0.16)], 0.66, 0.045)
    p.stroke([(-1.3, -0.1), (-0.6, -0.3), (0.0, -0.38), (0.6, -0.3), (1.3, -0.1)], 0.8, 0.05)
    for s in (-1, 1):
        rows(p, b, s * 0.33 - 0.06, s * 0.33 + 0.06, 0.02, 0.5, 1)


def temple(p: Pen, b: House) -> None:
    """A pagoda: curved roofs, one above another for every storey."""
    n = max(2, min(b.storeys, 6))
    tall = 1.36 / n
    p.box(-0.86, GROUND - 0.1, 0.86, GROUND, 0.8)
    for k in range(n):
        low, half = GROUND - 0.1 - tall * k, 0.56 - 0.3 * k / n
        p.box(-half, low - tall * 0.62, half, low)
        for x in (-half * 0.9, half * 0.9):
            p.stroke([(x, low - tall * 0.6), (x, low)], (176, 54, 44), 0.05)
        if k == 0:
            p.box(-0.1, low - tall * 0.52, 0.1, low, DOOR)
        for x in (-half * 0.5, half * 0.5):
            window(p, b, x, low - tall * 0.3, half * 0.36, tall * 0.3)
        roof, wide = low - tall * 0.58, half + 0.26
        p.blob([(-wide, roof - tall * 0.06), (-wide * 0.9, roof + tall * 0.08), (0, roof + 0.02),
            (wide * 0.9, roof + tall * 0.08), (wide, roof - tall * 0.06), (half * 0.8,
            roof - tall * 0.3), (half * 0.5, roof - tall * 0.42), (-half * 0.5,
            roof - tall * 0.42), (-half * 0.8, roof - tall * 0.3)], (62, 96, 92))
    p.stroke([(0, GROUND - 1.42), (0, GROUND - 1.66)], (226, 184, 76), 0.045)


def lighthouse(p: Pen, b: House) -> None:
    """A lighthouse on a rock, banded, with a lit lantern."""
    p.blob([(-0.9, 0.96), (-0.6, 0.66), (0.0, 0.58), (0.6, 0.66), (0.9, 0.96)], (120, 112, 108))
    p.poly([(-0.22, -0.46), (0.22, -0.46), (0.36, 0.7), (-0.36, 0.7)])
    for y in (-0.26, 0.06, 0.38):
        k = 0.22 + 0.14 * (y + 0.46) / 1.16
        m = 0.22 + 0.14 * (y + 0.62) / 1.16
        p.poly([(-k, y), (k, y), (m, y + 0.16), (-m, y + 0.16)], (250, 248, 242))
    p.box(-0.3, -0.54, 0.3, -0.44, SLATE)
    p.box(-0.17, -0.78, 0.17, -0.54, (255, 232, 130))
    p.pie(0.0, -0.78, 0.22, 0.2, 180, 360, (196, 54, 50))
    p.oval(0.0, -1.0, 0.035, 0.035, SLATE)
    for s in (-1, 1) if b.lit else ():
        p.poly([(s * 0.2, -0.7), (s * 1.1, -0.92), (s * 1.1, -0.54), (s * 0.2, -0.62)], (255, 246,
            190), line=False)
    rows(p, b, -0.07, 0.07, -0.42, 0.5, 1)
    p.box(-0.1, 0.46, 0.1, 0.7, DOOR)


def museum(p: Pen, b: House) -> None:
    """A museum: pediment, columns and steps."""
    top = -0.24
    p.box(-0.98, top + 0.12, 0.98, GROUND - 0.16, 0.86)
    for s in (-1, 1):
        rows(p, b, s * 0.82 - 0.13, s * 0.82 + 0.13, top + 0.16, GROUND - 0.18, 1)
    p.box(-0.66, top, 0.66, GROUND - 0.16, 0.72)
    rows(p, b, -0.5, 0.5, top + 0.14, 0.5, 3)
    p.box(-0.12, 0.36, 0.12, GROUND - 0.16, DOOR)
    for k in range(5):
        x = -0.6 + 0.3 * k
        p.box(x - 0.06, top + 0.1, x + 0.06, GROUND - 0.16, 1.3)
        p.box(x - 0.09, top + 0.06, x + 0.09, top + 0.13, 1.3)
    p.box(-0.74, top - 0.06, 0.74, top + 0.08)
    p.poly([(-0.82, top - 0.06), (0.0, top - 0.5), (0.82, top - 0.06)], 1.15)
    p.poly([(-0.5, top - 0.11), (0.0, top - 0.38), (0.5, top - 0.11)], 0.8, line=False)
    for k in range(3):
        p.box(-0.76 - 0.1 * k, GROUND - 0.16 + 0.055 * k, 0.76 + 0.1 * k, GROUND, 1.2 - 0.1 * k)


def villa(p: Pen, b: House) -> None:
    """A modern villa: stacked flat-roofed boxes, a terrace and a pool."""
    n = min(b.storeys, 4)
    tall = 1.2 / max(n, 2)
    for k in range(n):
        low = GROUND - 0.08 - tall * k
        shift = 0.14 if k % 2 else -0.08
        x0, x1 = -0.74 + shift + 0.06 * k, 0.74 + shift - 0.1 * k
        p.box(x0, low - tall, x1, low, 1.0 if k % 2 == 0 else 1.15)
        p.box(x0 + 0.08, low - tall * 0.78, x0 + (x1 - x0) * 0.56, low - tall * 0.16, b.pane)
        p.stroke([(x0 + (x1 - x0) * 0.3, low - tall * 0.78), (x0 + (x1 - x0) * 0.3,
            low - tall * 0.16)], PALE, 0.025)
        window(p, b, x1 - 0.22, low - tall * 0.5, 0.18, tall * 0.4)
        p.box(x0 - 0.1, low - tall - 0.06, x1 + 0.1, low - tall + 0.02, (240, 238, 232))
    p.box(0.3, GROUND - 0.36, 0.44, GROUND - 0.08, DOOR)
    p.box(-1.0, GROUND - 0.08, 1.0, GROUND + 0.02, (206, 196, 180))
    p.blob([(-0.8, 1.0), (-0.2, 0.95), (0.2, 1.0), (-0.2, 1.06)], (92, 196, 222))


# kind -> (drawing, storeys when none are named, wall colour when none is named)
BUILDINGS: dict[str, tuple[Callable[[Pen, House], None], int, RGB]] = {"house": (house, 2, (232,
    206, 160)), "cottage": (cottage, 1, (240, 230, 208)), "tower": (tower, 3, (190, 182, 168)),
    "skyscraper": (skyscraper, 9, (128, 150, 176)), "castle": (castle, 2, (172, 166, 160)),
    "church": (church, 1, (236, 230, 216)), "barn": (barn, 2, (178, 58, 48)), "bridge": (bridge,
    1, (176, 156, 136)), "temple": (temple, 3, (222, 196, 150)), "lighthouse": (lighthouse, 3,
    (206, 62, 56)), "museum": (museum, 1, (224, 214, 194)), "villa": (villa, 2, (236, 232, 224))}
