"""The ten terrains, painted from far to near over a sky that is already there."""

from __future__ import annotations

import math
from collections.abc import Callable

from .canvas import mix
from .scenery import Land
from .style import RGB


# fmt: off
def mountains(land: Land) -> None:
    """Snow-capped peaks above dark pines."""
    land.ridge(0.66, 0.3, land.tint((112, 130, 160), 0.55), 4, sharp=True)
    colour = land.tint((98, 108, 130), 0.15)
    points = land.ridge(0.78, 0.52, colour, 3, sharp=True)
    for k in range(2, len(points) - 1, 2):
        x, y = points[k]
        (lx, ly), (rx, ry) = points[k - 1], points[k + 1]
        land.pen.poly([(x, y), (x + (rx - x) * 0.95, y + (ry - y) * 0.95), (x + (rx - x) * 0.1,
            ry)], mix(colour, (20, 24, 50), 0.22), line=False)
        a, b = 0.36, 0.36
        cap = [(x, y), (x + (rx - x) * a, y + (ry - y) * a), (x + (rx - x) * 0.16,
            y + (ry - y) * 0.26), (x, y + (ry - y) * 0.4), (x + (lx - x) * 0.16,
            y + (ly - y) * 0.24), (x + (lx - x) * b, y + (ly - y) * b)]
        land.pen.poly(cap, land.tint((250, 252, 255), 0.05), line=False)
    land.ridge(0.92, 0.12, land.tint((74, 118, 76)), 3)
    for k in range(9):
        land.pine(k / 8 + land.dice.roll(-0.05, 0.05), land.dice.roll(0.9, 0.98),
            land.dice.roll(0.13, 0.2), land.tint((38, 86, 62)))


def _water(land: Land, top: float, low: float, colour: RGB, waves: int = 9) -> None:
    pen = land.pen
    pen.box(-0.02, top, 1.02, low, colour, line=False)
    pen.box(-0.02, top, 1.02, top + (low - top) * 0.2, mix(colour, land.sky.low, 0.45), line=False)
    for k in range(waves):
        y = top + (low - top) * (0.12 + 0.85 * (k + land.dice.roll(0, 0.6)) / waves)
        w = 0.04 + 0.1 * (y - top) / max(low - top, 0.01)
        x = (land.dice.roll(0, 1) + 0.1 * math.sin(2 * math.pi * (land.moment + k / 5)) * w * 5) % 1
        pen.stroke([(x - w, y), (x, y - 0.006), (x + w, y)], mix(colour, (255, 255, 255), 0.42),
            0.009)


def lake(land: Land) -> None:
    """A still lake between wooded hills, with reeds."""
    land.ridge(0.5, 0.2, land.tint((110, 140, 150), 0.55), 4)
    land.ridge(0.54, 0.11, land.tint((70, 122, 88), 0.15), 5)
    for k in range(8):
        land.pine(k / 7 + land.dice.roll(-0.05, 0.05), 0.545, land.dice.roll(0.07, 0.13),
            land.tint((46, 96, 70), 0.1))
    _water(land, 0.54, 0.92, land.tint((64, 142, 186)))
    land.ridge(0.98, 0.07, land.tint((98, 148, 72)), 3)
    for _ in range(10):
        x = land.dice.roll()
        top = land.dice.roll(0.8, 0.88)
        land.pen.stroke([(x, 0.98), (x + 0.01, top)], land.tint((70, 116, 56)), 0.008)
        land.pen.stroke([(x + 0.009, top + 0.03), (x + 0.01, top)], land.tint((120, 82, 46)), 0.016)


def beach(land: Land) -> None:
    """Sea, surf and sand, with a palm and a parasol."""
    _water(land, 0.46, 0.76, land.tint((38, 148, 190)), 6)
    wave = 0.012 * math.sin(2 * math.pi * land.moment)
    sand = land.tint((238, 212, 154))
    edge = [(-0.08, 0.66 + wave), (0.2, 0.7), (0.5, 0.66 + wave), (0.8, 0.72), (1.08, 0.68 + wave)]
    land.pen.blob([(x, y - 0.025) for x, y in edge] + [(1.08, 1.05), (-0.08, 1.05)],
        land.tint((252, 254, 255)), line=False)
    land.pen.blob([*edge, (1.08, 1.05), (-0.08, 1.05)], sand, line=False)
    side = 0.12 if land.dice.roll() < 0.5 else 0.86
    _palm(land, side, 0.86)
    x, r = 1 - side + land.dice.roll(-0.1, 0.1), land.ratio
    land.pen.stroke([(x, 0.9), (x + 0.02, 0.66)], land.tint((150, 110, 70)), 0.012)
    land.pen.pie(x + 0.02, 0.7, 0.14 * r, 0.1, 180, 360, land.tint((226, 72, 66)))
    land.pen.pie(x + 0.02, 0.7, 0.05 * r, 0.1, 180, 360, land.tint((252, 250, 240)), line=False)
    for _ in range(7):
        land.pen.oval(land.dice.roll(), land.dice.roll(0.8, 0.98), 0.012 * r, 0.006, mix(sand,
            (150, 110, 60), 0.3), line=False)


def _palm(land: Land, x: float, y: float) -> None:
    trunk = land.tint((134, 92, 54))
    top = (x + 0.03, y - 0.46)
    land.pen.stroke([(x, y), (x - 0.005, y - 0.25), top], trunk, 0.034)
    for dx, dy in ((-0.19, 0.05), (-0.15, -0.07), (0.16, -0.08), (0.2, 0.04), (-0.1, 0.14), (0.12,
            0.14)):
        tip = (top[0] + dx * land.ratio, top[1] + dy)
        mid = (top[0] + dx * 0.5 * land.ratio, top[1] + dy * 0.3 - 0.05)
        low = (top[0] + dx * 0.5 * land.ratio, top[1] + dy * 0.4 + 0.01)
        land.pen.blob([top, mid, tip, low], land.tint((52, 138, 72)))


def desert(land: Land) -> None:
    """Dunes, mesas and cacti."""
    for k in range(2):
        x, w = land.dice.roll(0.05, 0.35) + 0.5 * k, land.dice.roll(0.08, 0.13)
        top = land.dice.roll(0.36, 0.44)
        land.pen.poly([(x - w, 0.72), (x - w * 0.7, top), (x + w * 0.7, top), (x + w, 0.72)],
            land.tint((190, 104, 72), 0.3))
    land.ridge(0.66, 0.12, land.tint((226, 168, 96), 0.18), 3)
    land.ridge(0.8, 0.15, land.tint((236, 182, 104)), 2)
    land.ridge(0.95, 0.12, land.tint((216, 152, 78)), 2)
    green = land.tint((70, 134, 78))
    for _ in range(3):
        x, y, s = land.dice.roll(0.06, 0.94), land.dice.roll(0.76, 0.94), land.dice.roll(0.1, 0.15)
        r = s * land.ratio
        land.pen.stroke([(x, y), (x, y - s * 1.5)], green, 0.038, edge=True)
        land.pen.stroke([(x, y - s * 0.5), (x - r * 0.45, y - s * 0.55), (x - r * 0.45, y - s)],
            green, 0.026, edge=True)
        land.pen.stroke([(x, y - s * 0.7), (x + r * 0.45, y - s * 0.75), (x + r * 0.45,
            y - s * 1.2)], green, 0.026, edge=True)


def forest(land: Land) -> None:
    """Ranks of tall pines, darker towards the viewer, over a mossy floor."""
    land.ridge(0.6, 0.3, land.tint((96, 140, 112), 0.5), 6)
    for rank, (y, h, n) in enumerate(((0.66, 0.4, 11), (0.78, 0.5, 8), (0.95, 0.66, 5))):
        colour = land.tint([(70, 126, 92), (44, 104, 70), (26, 76, 52)][rank], 0.34 - 0.17 * rank)
        land.pen.box(-0.02, y - 0.06, 1.02, 1.02, mix(colour, (60, 60, 30), 0.25), line=False)
        for k in range(n):
            land.pine((k + land.dice.roll(0.1, 0.9)) / n, y + land.dice.roll(-0.03, 0.02),
                h * land.dice.roll(0.8, 1.1), colour)


def hills(land: Land) -> None:
    """Rolling green hills with fields, a path and scattered trees."""
    greens = ((132, 178, 116), (116, 176, 88), (94, 162, 72), (74, 142, 60))
    for k, colour in enumerate(greens):
        base = 0.58 + 0.13 * k
        land.ridge(base, 0.13, land.tint(colour, 0.45 - 0.15 * k), 3)
        for _ in range(3 if k in (1, 2) else 0):
            land.bush(land.dice.roll(0.04, 0.96), base - 0.02, 0.05 + 0.045 * k, land.tint((58,
                120, 62), 0.3 - 0.1 * k))
    land.pen.blob([(0.44, 1.04), (0.62, 1.04), (0.6, 0.9), (0.5, 0.84), (0.56, 0.8), (0.48, 0.84),
        (0.5, 0.92)], land.tint((232, 212, 160)), line=False)


def river(land: Land) -> None:
    """A river winding towards the viewer through a valley."""
    land.ridge(0.52, 0.24, land.tint((116, 136, 156), 0.5), 3, sharp=True)
    land.pen.blob([(-0.1, 0.3), (0.14, 0.34), (0.46, 0.56), (0.5, 1.1), (-0.1, 1.1)],
        land.tint((88, 146, 84), 0.2))
    land.pen.blob([(1.1, 0.28), (0.88, 0.34), (0.56, 0.54), (0.5, 1.1), (1.1, 1.1)],
        land.tint((74, 132, 76), 0.1))
    land.pen.box(-0.02, 0.62, 1.02, 1.02, land.tint((112, 168, 82)), line=False)
    land.pen.blob([(0.49, 0.54), (0.53, 0.54), (0.6, 0.64), (0.48, 0.74), (0.66, 0.88), (0.8,
        1.06), (0.2, 1.06), (0.4, 0.88), (0.28, 0.75), (0.5, 0.64)], land.tint((70, 150, 204)))
    for k in range(4):
        y = 0.7 + 0.08 * k
        x = 0.46 + 0.03 * math.sin(7 * y) + 0.02 * math.sin(2 * math.pi * (land.moment + k / 4))
        land.pen.stroke([(x - 0.05, y), (x, y + 0.008), (x + 0.06, y)], land.tint((214, 238,
            250)), 0.009)
    for _ in range(6):
        x = land.dice.roll(0.0, 0.24)
        land.bush(x if land.dice.roll() < 0.5 else 1 - x, land.dice.roll(0.64, 0.96),
            land.dice.roll(0.12, 0.18), land.tint((48, 112, 62)))


def waterfall(land: Land) -> None:
    """A white fall over a dark cliff into a pool."""
    rock = land.tint((104, 100, 104))
    land.pen.poly([(-0.02, 0.18), (0.2, 0.22), (0.36, 0.16), (0.64, 0.16), (0.8, 0.22), (1.02,
        0.16), (1.02, 1.02), (-0.02, 1.02)], rock)
    for k in range(9):
        x, y = land.dice.roll(), land.dice.roll(0.26, 0.7)
        land.pen.poly([(x, y), (x + 0.07, y + 0.04), (x + 0.05, y + 0.15), (x - 0.03, y + 0.1)],
            mix(rock, (20, 20, 40), 0.16 if k % 2 else 0.3), line=False)
    for k in range(8):
        x = (k + land.dice.roll(0, 0.6)) / 8
        if not 0.33 < x < 0.67:
            land.pine(x, 0.24, land.dice.roll(0.14, 0.22), land.tint((44, 108, 66)))
    _water(land, 0.78, 1.02, land.tint((62, 158, 182)), 5)
    land.pen.blob([(0.39, 0.15), (0.61, 0.15), (0.62, 0.5), (0.67, 0.82), (0.33, 0.82), (0.38,
        0.5)], land.tint((214, 236, 246)))
    for k in range(6):
        x = 0.4 + 0.036 * k
        top = (land.dice.roll() + land.moment * 2) % 1 * 0.4
        land.pen.stroke([(x, 0.2 + top), (x - 0.01, 0.36 + top)], (252, 254, 255), 0.018)
    for k in range(7):
        land.pen.oval(0.3 + 0.066 * k, 0.81 + 0.012 * math.sin(6 * land.moment + 2 * k), 0.055,
            0.034, land.tint((244, 250, 252)), line=False)
    for x, s in ((0.1, 0.13), (0.24, 0.08), (0.8, 0.09), (0.93, 0.14)):
        land.pen.oval(x, 0.93, s, s * 0.7, mix(rock, (30, 90, 50), 0.4))


def cliffs(land: Land) -> None:
    """Chalk cliffs above a breaking sea."""
    _water(land, 0.48, 1.02, land.tint((40, 122, 172)), 12)
    for far, x0, top in ((0.45, 0.36, 0.4), (0.2, 0.5, 0.31), (0.0, 0.66, 0.2)):
        low = 0.62 + 0.32 * (0.5 - far)
        face = land.tint((226, 218, 200), far)
        land.pen.poly([(x0, top + 0.04), (x0 + 0.12, top), (1.02, top - 0.03), (1.02, low),
            (x0 + 0.1, low), (x0 + 0.04, (top + low) / 2)], face)
        for k in range(5):
            x = x0 + 0.1 + 0.08 * k
            land.pen.stroke([(x, top + 0.06), (x + 0.015, low - 0.06)], mix(face, (120, 110, 110),
                0.35), 0.01)
        land.pen.blob([(x0 - 0.01, top + 0.05), (x0 + 0.12, top - 0.02), (1.06, top - 0.06),
            (1.06, top + 0.03), (x0 + 0.2, top + 0.03)], land.tint((96, 156, 78), far))
        for k in range(6):
            x = x0 + 0.06 + 0.1 * k
            land.pen.oval(x, low + 0.01 * math.sin(6.28 * land.moment + k), 0.06, 0.018, (250,
                252, 255), line=False)
    for k in range(3):
        x, y = 0.1 + 0.12 * k, land.dice.roll(0.12, 0.3)
        land.pen.stroke([(x - 0.03, y - 0.015), (x, y), (x + 0.03, y - 0.015)], land.tint((70, 76,
            90)), 0.01)


def meadow(land: Land) -> None:
    """A flowering meadow with a tree line."""
    land.ridge(0.52, 0.1, land.tint((104, 156, 110), 0.4), 5)
    for k in range(9):
        land.bush(k / 8 + land.dice.roll(-0.04, 0.04), 0.56, land.dice.roll(0.1, 0.16),
            land.tint((78, 138, 78), 0.22))
    land.pen.box(-0.02, 0.54, 1.02, 1.02, land.tint((134, 188, 84)), line=False)
    land.ridge(0.86, 0.12, land.tint((112, 172, 70)), 2)
    petals = ((236, 72, 78), (252, 246, 240), (250, 206, 62), (178, 96, 200), (244, 132, 172))
    for k in range(34):
        y = 0.62 + 0.36 * (k / 34)
        x, r = land.dice.roll(), 0.006 + 0.02 * (k / 34)
        sway = 0.004 * math.sin(6.28 * land.moment + k)
        land.pen.stroke([(x, y + r * 2.6), (x + sway, y)], land.tint((62, 128, 54)), r * 0.4)
        land.pen.oval(x + sway, y, r * land.ratio, r, land.tint(petals[k % 5]), line=False)
        land.pen.oval(x + sway, y, r * 0.4 * land.ratio, r * 0.4, land.tint((255, 226, 120)),
            line=False)


TERRAINS: dict[str, Callable[[Land], None]] = {"mountains": mountains, "lake": lake,
    "beach": beach, "desert": desert, "forest": forest, "rolling hills": hills,
    "river valley": river, "waterfall": waterfall, "sea cliffs": cliffs, "meadow": meadow}
