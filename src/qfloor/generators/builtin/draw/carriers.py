"""The eight surfaces that carry words, between 0 and 1: each tells where its words go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .canvas import Pen, luminance, mix
from .dice import Dice
from .style import RGB

WHITE: RGB = (250, 250, 248)
DARK: RGB = (34, 34, 42)
# fmt: off


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Where the words go (left, top, right, bottom in pixels) and in which colours."""

    box: tuple[float, float, float, float]
    ground: RGB
    ink: RGB
    glow: bool = False


def _away(colour: RGB, pale: RGB, dark: RGB) -> RGB:
    """Whichever ground stands out from a colour."""
    return dark if luminance(colour) > 150 else pale


def sign(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A board on two posts before grass and sky."""
    for x in (0.22, 0.78):
        p.box(x - 0.025, 0.6, x + 0.025, 0.98, (120, 82, 50))
    grounds: tuple[RGB, ...] = ((46, 110, 84), (46, 78, 140), (140, 62, 56), (246, 240, 222))
    ground = grounds[dice.pick(4)]
    if asked is not None:
        ground = _away(asked, (248, 244, 230), (44, 56, 66))
    ink = asked or (WHITE if luminance(ground) < 150 else DARK)
    p.box(0.06, 0.2, 0.94, 0.68, ground, r=0.05)
    p.box(0.085, 0.225, 0.915, 0.655, ink, r=0.035)
    p.box(0.097, 0.237, 0.903, 0.643, ground, r=0.03, line=False)
    return Panel(box=(0.125, 0.265, 0.875, 0.615), ground=ground, ink=ink)


def poster(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A framed sheet with bold shapes below the words."""
    p.box(0.1, 0.04, 0.9, 0.96, (60, 54, 52))
    ground = (250, 242, 222) if asked is None or luminance(asked) < 150 else (40, 44, 66)
    p.box(0.12, 0.06, 0.88, 0.94, ground, line=False)
    a, b = (((234, 96, 72), (56, 120, 152)), ((244, 178, 60), (92, 70, 140)), ((70, 150, 120),
        (226, 104, 92)))[dice.pick(3)]
    p.oval(0.5, 0.74, 0.15, 0.15, a)
    p.poly([(0.12, 0.94), (0.12, 0.82), (0.34, 0.68), (0.56, 0.94)], b)
    p.poly([(0.88, 0.94), (0.88, 0.78), (0.68, 0.7), (0.44, 0.94)], mix(b, (255, 255, 255), 0.3))
    return Panel(box=(0.16, 0.09, 0.84, 0.56), ground=ground, ink=asked or (44, 40, 60))


def label(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A paper label around a big bottle."""
    glass: RGB = ((44, 104, 72), (112, 66, 36), (52, 76, 120))[dice.pick(3)]
    p.box(0.4, 0.0, 0.6, 0.1, (206, 170, 80), line=False)
    p.blob([(0.41, 0.06), (0.59, 0.06), (0.6, 0.12), (0.92, 0.22), (0.95, 0.34), (0.95, 1.08),
        (0.05, 1.08), (0.05, 0.34), (0.08, 0.22), (0.4, 0.12)], glass)
    p.stroke([(0.13, 0.28), (0.1, 0.33), (0.1, 0.355)], mix(glass, (255, 255, 255), 0.45), 0.022)
    ground = (250, 244, 226) if asked is None or luminance(asked) < 150 else (36, 40, 52)
    p.box(0.05, 0.36, 0.95, 0.84, ground)
    rim = (190, 150, 70)
    for y in (0.385, 0.815):
        p.stroke([(0.05, y), (0.95, y)], rim, 0.012)
    return Panel(box=(0.09, 0.42, 0.91, 0.78), ground=ground, ink=asked or (96, 36, 40))


def neon(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """Glowing tubes on a dark wall."""
    ink = asked or ((255, 80, 168), (70, 230, 255), (255, 196, 70))[dice.pick(3)]
    if luminance(ink) < 90:
        ink = mix(ink, (255, 255, 255), 0.3)
    p.box(-0.01, -0.01, 1.01, 1.01, (26, 22, 40), line=False)
    for k in range(12):
        p.stroke([(-0.01, k / 12), (1.01, k / 12)], (38, 32, 56), 0.006)
        for j in range(7):
            x = (j + 0.5 * (k % 2)) / 6
            p.stroke([(x, k / 12), (x, (k + 1) / 12)], (38, 32, 56), 0.006)
    tube = mix(ink, (120, 90, 255), 0.5)
    for width, share in ((0.03, 0.35), (0.012, 1.0)):
        colour = mix((26, 22, 40), tube, share)
        p.stroke([(0.08, 0.24), (0.92, 0.24), (0.92, 0.76), (0.08, 0.76), (0.08, 0.24)], colour,
            width, curve=False)
    return Panel(box=(0.13, 0.29, 0.87, 0.71), ground=(26, 22, 40), ink=ink, glow=True)


def chalkboard(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A framed blackboard with a ledge and chalk."""
    p.box(0.03, 0.08, 0.97, 0.88, (156, 108, 62), r=0.02)
    ground = (40, 66, 58)
    if asked is not None and luminance(asked) < 110:
        asked = mix(asked, WHITE, 0.35)
    p.box(0.07, 0.12, 0.93, 0.84, ground, line=False)
    for _ in range(6):
        x, y = dice.roll(0.1, 0.7), dice.roll(0.16, 0.78)
        p.stroke([(x, y), (x + 0.18, y - 0.02)], (48, 75, 67), 0.03)
    p.box(0.03, 0.86, 0.97, 0.91, (130, 86, 48))
    for x, c in ((0.2, (246, 240, 236)), (0.3, (244, 170, 180)), (0.72, (246, 226, 140))):
        p.box(x, 0.845, x + 0.07, 0.866, c, line=False)
    return Panel(box=(0.12, 0.2, 0.88, 0.76), ground=ground, ink=asked or (244, 242, 234))


def book_cover(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A standing book with an ornament and a ruled title."""
    cloths: tuple[RGB, ...] = ((40, 66, 110), (116, 36, 44), (36, 92, 78), (88, 56, 110))
    cloth = cloths[dice.pick(4)]
    ink = asked or (244, 214, 130)
    if asked is not None:
        cloth = _away(asked, (242, 230, 204), (38, 42, 60))
    p.poly([(0.88, 0.06), (0.93, 0.09), (0.93, 0.97), (0.88, 0.96)], (240, 232, 214))
    p.box(0.1, 0.04, 0.88, 0.96, cloth, r=0.015)
    p.box(0.1, 0.04, 0.17, 0.96, mix(cloth, (0, 0, 0), 0.3), line=False)
    gold = (226, 184, 92)
    p.stroke([(0.2, 0.08), (0.85, 0.08), (0.85, 0.92), (0.2, 0.92), (0.2, 0.08)], gold, 0.01,
        curve=False)
    p.stroke([(0.3, 0.62), (0.75, 0.62)], gold, 0.01)
    p.oval(0.525, 0.76, 0.08, 0.08, gold)
    p.poly([(0.525, 0.69), (0.55, 0.76), (0.525, 0.83), (0.5, 0.76)], cloth, line=False)
    return Panel(box=(0.215, 0.14, 0.835, 0.58), ground=cloth, ink=ink)


def banner(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A cloth banner hung from two cords, with bunting above."""
    flags: tuple[RGB, ...] = ((228, 78, 72), (246, 190, 66), (72, 150, 200), (96, 176, 110))
    p.stroke([(-0.02, 0.06), (0.5, 0.15), (1.02, 0.06)], (90, 80, 80), 0.008)
    for k in range(8):
        x = 0.02 + 0.125 * k
        y = 0.07 + 0.08 * (1 - (2 * x - 0.9) ** 2) * 0.9
        p.poly([(x, y), (x + 0.09, y), (x + 0.045, y + 0.11)], flags[k % 4])
    cloths: tuple[RGB, ...] = ((196, 52, 60), (44, 92, 160), (52, 126, 90), (240, 236, 224))
    cloth = cloths[dice.pick(4)]
    if asked is not None:
        cloth = _away(asked, (248, 244, 232), (44, 48, 72))
    for s in (0, 1):
        x = 0.02 if s == 0 else 0.98
        d = 0.1 if s == 0 else -0.1
        p.poly([(x, 0.44), (x + d, 0.44), (x + d, 0.78), (x, 0.78), (x + d * 0.45, 0.61)],
            mix(cloth, (0, 0, 0), 0.25))
    p.box(0.07, 0.36, 0.93, 0.72, cloth)
    ink = asked or (WHITE if luminance(cloth) < 150 else DARK)
    return Panel(box=(0.1, 0.39, 0.9, 0.69), ground=cloth, ink=ink)


def mug(p: Pen, asked: RGB | None, dice: Dice) -> Panel:
    """A big mug with the words around it."""
    bodies: tuple[RGB, ...] = ((250, 248, 242), (252, 226, 200), (206, 228, 236), (226, 236, 206))
    body = bodies[dice.pick(4)]
    if asked is not None and luminance(asked) > 150:
        body = (52, 62, 84)
    p.box(-0.01, 0.84, 1.01, 1.01, (168, 118, 76), line=False)
    p.arc(0.82, 0.54, 0.15, 0.2, -100, 100, mix(body, (40, 40, 60), 0.12), 0.05, edge=True)
    p.blob([(0.05, 0.18), (0.84, 0.18), (0.84, 0.5), (0.82, 0.84), (0.74, 0.93), (0.15, 0.93),
        (0.07, 0.84), (0.05, 0.5)], body)
    p.oval(0.445, 0.18, 0.4, 0.07, mix(body, (40, 40, 60), 0.1))
    p.oval(0.445, 0.19, 0.36, 0.05, (92, 56, 36), line=False)
    return Panel(box=(0.095, 0.32, 0.8, 0.82), ground=body, ink=asked or (46, 50, 74))


SURFACES: dict[str, Callable[[Pen, RGB | None, Dice], Panel]] = {"sign": sign, "poster": poster,
    "label": label, "neon sign": neon, "chalkboard": chalkboard, "book cover": book_cover,
    "banner": banner, "mug": mug}
