"""Head-and-shoulders portraits, between -1 and 1: pleasant people with visible attributes."""

from __future__ import annotations

from dataclasses import dataclass

from ..world.scene import Face
from ..world.vocabulary import COLOURS
from .canvas import Pen, mix, tone
from .dice import Dice
from .style import RGB

# fmt: off
SKINS: tuple[RGB, ...] = ((252, 220, 192), (240, 196, 160), (222, 172, 130), (192, 136, 96), (150,
    100, 68), (112, 74, 52))
HAIR: dict[str, RGB] = {"black": (36, 32, 38), "brown": (106, 66, 40), "blond": (238, 202, 108),
    "red": (196, 84, 36), "grey": (150, 152, 160), "white": (240, 240, 240)}
EYES: dict[str, RGB] = {"blue": (56, 128, 216), "green": (58, 152, 84), "brown": (110, 66, 34)}
CLOTHES: tuple[RGB, ...] = ((94, 128, 168), (186, 96, 92), (112, 148, 112), (160, 130, 170), (216,
    172, 104), (92, 98, 116))
LIP: RGB = (196, 92, 92)
DARK: RGB = (48, 36, 40)


@dataclass(frozen=True, kw_only=True)
class Look:
    """A face with nothing left open: what `portrait` draws."""

    face: Face
    skin: RGB
    hair: RGB
    style: str
    eyes: RGB
    clothes: RGB
    female: bool
    old: bool
    young: bool
    mouth: str
    lean: float


def decide(face: Face, dice: Dice) -> Look:
    """Fill a face's open attributes from a picture's dice."""
    person = face.person
    female, old = person.endswith(("woman", "girl")), person.startswith("old")
    hair = face.hair_colour
    if hair is None:
        young = ("black", "brown", "blond", "red")
        hair = ("grey", "white")[dice.pick(2)] if old else young[dice.pick(4)]
    # hair and beard must stand out from the skin
    clear = [s for s in SKINS if sum(abs(a - b) for a, b in zip(s, HAIR[hair], strict=True)) > 130]
    skin = clear[dice.pick(len(clear))]
    styles = (("long", "curly", "bun", "ponytail", "short") if female else ("short", "short",
        "curly"))
    style = face.hair_style or styles[dice.pick(len(styles))]
    eyes = face.eyes or ("blue", "green", "brown")[dice.pick(3)]
    clothes = CLOTHES[dice.pick(len(CLOTHES))]
    if face.clothing_colour is not None:
        clothes = COLOURS[face.clothing_colour]
    mouth = face.expression or ("smiling", "calm")[dice.pick(2)]
    return Look(face=face, skin=skin, hair=HAIR[hair], style=style, eyes=EYES[eyes],
        clothes=clothes, female=female, old=old, young=person in ("girl", "boy"), mouth=mouth,
        lean=dice.roll(-3, 3))


def portrait(p: Pen, f: Look) -> None:
    """Draw a head and shoulders."""
    _hair_behind(p, f)
    _shoulders(p, f)
    _head(p, f)
    _features(p, f)
    _mouth(p, f)
    _beard(p, f)
    _hair_before(p, f)
    _glasses(p, f)
    _hat(p, f)


def _shoulders(p: Pen, f: Look) -> None:
    wide = 0.66 if f.young else (0.74 if f.female else 0.86)
    p.blob([(-wide, 1.7), (-wide, 0.84), (-wide * 0.74, 0.64), (-0.2, 0.54), (0.2, 0.54),
        (wide * 0.74, 0.64), (wide, 0.84), (wide, 1.7)], f.clothes)
    p.box(-0.17, 0.2, 0.17, 0.6, tone(f.skin, 0.86), r=0.08, line=False)
    p.blob([(-0.26, 0.54), (0.26, 0.54), (0.12, 0.72), (0.0, 0.78), (-0.12, 0.72)], f.skin,
        line=False)
    edge = tone(f.clothes, 0.72)
    if f.female:
        p.stroke([(-0.27, 0.54), (-0.12, 0.72), (0.0, 0.79), (0.12, 0.72), (0.27, 0.54)], edge,
            0.05)
    else:
        p.poly([(-0.28, 0.5), (0.0, 0.8), (-0.18, 0.9), (-0.36, 0.6)], tone(f.clothes, 1.25))
        p.poly([(0.28, 0.5), (0.0, 0.8), (0.18, 0.9), (0.36, 0.6)], tone(f.clothes, 1.25))
        for y in (0.9, 1.02):
            p.oval(0.0, y, 0.025, 0.025, edge, line=False)


def _head(p: Pen, f: Look) -> None:
    for s in (-1, 1):
        p.oval(s * 0.45, -0.08, 0.09, 0.13, tone(f.skin, 0.92))
    jaw = 0.3 if f.female else 0.36
    chin = 0.36 if f.young else 0.44
    p.mirrored([(0, -0.66), (0.3, -0.58), (0.45, -0.3), (0.44, 0.02), (jaw, 0.28), (0.13, chin),
        (0, chin + 0.02)], f.skin)
    blush = mix(f.skin, (236, 110, 110), 0.32)
    for s in (-1, 1):
        p.oval(s * 0.28, 0.1, 0.09, 0.06, blush, line=False)


def _features(p: Pen, f: Look) -> None:
    wide = f.mouth == "surprised"
    high = 0.115 if wide else (0.052 if f.mouth == "laughing" else 0.085)
    if f.young:
        high *= 1.15
    for s in (-1, 1):
        x, y = s * 0.19, -0.1
        p.oval(x, y, 0.105, high, (253, 253, 252), line=False)
        r = min(0.068, high * 0.94)
        p.oval(x, y + 0.005, 0.066, r, f.eyes, line=False)
        p.oval(x, y + 0.005, 0.032, min(0.034, r), (22, 18, 24), line=False)
        p.oval(x - 0.024, y - 0.026, 0.017, 0.017, (255, 255, 255), line=False)
        p.arc(x, y, 0.108, high, 190, 350, DARK, 0.032 if f.female else 0.022)
        _brow(p, f, s)
    shade = tone(f.skin, 0.8)
    p.stroke([(0.02, -0.04), (0.06, 0.1), (-0.02, 0.12)], shade, 0.03)
    if f.old:
        for s in (-1, 1):
            p.stroke([(s * 0.12, 0.02), (s * 0.2, 0.04), (s * 0.28, 0.0)], shade, 0.02)
            p.stroke([(s * 0.15, 0.12), (s * 0.24, 0.22), (s * 0.22, 0.32)], shade, 0.022)
            p.stroke([(s * 0.34, -0.14), (s * 0.42, -0.18)], shade, 0.02)
            p.stroke([(s * 0.34, -0.09), (s * 0.42, -0.08)], shade, 0.02)
        for y in (-0.42, -0.36):
            p.stroke([(-0.2, y), (0.0, y - 0.02), (0.2, y)], shade, 0.02)
    if f.young:
        for s in (-1, 1):
            for dx, dy in ((0.0, 0.06), (0.06, 0.09), (0.1, 0.05)):
                p.oval(s * (0.2 + dx), dy + 0.01, 0.013, 0.013, tone(f.skin, 0.72), line=False)


def _brow(p: Pen, f: Look, s: int) -> None:
    inner, outer = {"surprised": (-0.32, -0.32), "sad": (-0.31, -0.22), "serious": (-0.205,
        -0.25)}.get(f.mouth, (-0.25, -0.25))
    mid = max(abs(inner), abs(outer)) + (0.0 if f.mouth in ("sad", "serious") else 0.03)
    if f.mouth in ("sad", "serious"):
        mid = (abs(inner) + abs(outer)) / 2 + 0.01
    colour = mix(f.hair, (70, 50, 40), 0.3)
    p.stroke([(s * 0.09, inner), (s * 0.2, -mid), (s * 0.31, outer)], colour,
        0.036 if f.female else 0.052)


def _mouth(p: Pen, f: Look) -> None:
    lip = mix(LIP, f.skin, 0.1) if f.female else mix(LIP, f.skin, 0.35)
    inside = (120, 40, 48)
    if f.mouth == "laughing":
        p.pie(0.0, 0.18, 0.19, 0.2, 0, 180, inside, line=False)
        p.box(-0.15, 0.18, 0.15, 0.235, (255, 255, 255), r=0.02, line=False)
        p.oval(0.0, 0.335, 0.08, 0.038, (230, 110, 116), line=False)
        p.arc(0.0, 0.18, 0.19, 0.2, 0, 180, lip, 0.026)
    elif f.mouth == "smiling":
        p.blob([(-0.19, 0.18), (-0.08, 0.225), (0.08, 0.225), (0.19, 0.18), (0.1, 0.3), (0.0,
            0.33), (-0.1, 0.3)], lip, line=False)
        p.blob([(-0.14, 0.21), (0.0, 0.235), (0.14, 0.21), (0.06, 0.27), (-0.06, 0.27)], (255,
            255, 255), line=False)
    elif f.mouth == "surprised":
        p.oval(0.0, 0.26, 0.085, 0.115, lip, line=False)
        p.oval(0.0, 0.26, 0.058, 0.088, inside, line=False)
    elif f.mouth == "sad":
        p.arc(0.0, 0.37, 0.15, 0.13, 200, 340, lip, 0.05)
        p.oval(0.25, 0.07, 0.03, 0.05, (126, 196, 240), line=False)
    elif f.mouth == "serious":
        p.stroke([(-0.14, 0.25), (0.14, 0.25)], lip, 0.045)
    else:
        p.stroke([(-0.14, 0.235), (0.0, 0.265), (0.14, 0.235)], lip, 0.045)


def _beard(p: Pen, f: Look) -> None:
    kind, colour = f.face.beard, mix(f.hair, (60, 40, 30), 0.12)
    if kind == "full beard":
        p.blob([(-0.45, -0.06), (-0.36, 0.1), (-0.2, 0.14), (0.0, 0.12), (0.2, 0.14), (0.36, 0.1),
            (0.45, -0.06), (0.44, 0.34), (0.24, 0.56), (0.0, 0.64), (-0.24, 0.56), (-0.44, 0.34)],
            colour)
        p.oval(0.0, 0.25, 0.17, 0.07, f.skin, line=False)
        _mouth(p, f)
    if kind in ("full beard", "moustache"):
        p.blob([(0.0, 0.12), (0.12, 0.12), (0.27, 0.22), (0.24, 0.26), (0.1, 0.2), (0.0, 0.19),
            (-0.1, 0.2), (-0.24, 0.26), (-0.27, 0.22), (-0.12, 0.12)], colour)
    if kind == "goatee":
        p.blob([(-0.12, 0.35), (0.0, 0.33), (0.12, 0.35), (0.13, 0.48), (0.0, 0.62), (-0.13,
            0.48)], colour)


def _curls(p: Pen, f: Look, points: list[tuple[float, float, float]]) -> None:
    for k, (x, y, r) in enumerate(points):
        p.oval(x, y, r, r, tone(f.hair, 1.0 if k % 2 else 1.12))


def _hair_behind(p: Pen, f: Look) -> None:
    if f.style == "long":
        p.mirrored([(0, -0.84), (0.4, -0.76), (0.6, -0.4), (0.6, 0.1), (0.66, 0.7), (0.46, 0.9),
            (0.2, 0.84), (0, 0.8)], tone(f.hair, 0.84))
    elif f.style == "curly":
        _curls(p, f, [(x, y, 0.22) for x, y in ((-0.5, -0.3), (0.5, -0.3), (-0.54, 0.0), (0.54,
            0.0), (-0.42, -0.56), (0.42, -0.56))])
        if f.female:
            _curls(p, f, [(x, y, 0.2) for x, y in ((-0.52, 0.28), (0.52, 0.28), (-0.46, 0.5),
                (0.46, 0.5))])
    elif f.style == "bun":
        p.oval(0.0, -0.86, 0.25, 0.22, tone(f.hair, 0.9))
        p.arc(0.0, -0.86, 0.13, 0.11, 20, 250, tone(f.hair, 0.66), 0.035)
    elif f.style == "ponytail":
        p.blob([(0.3, -0.72), (0.6, -0.74), (0.86, -0.4), (0.84, 0.1), (0.68, 0.44), (0.62, 0.1),
            (0.56, -0.3)], tone(f.hair, 0.88))
        p.oval(0.44, -0.62, 0.09, 0.09, (222, 70, 96))


def _hair_before(p: Pen, f: Look) -> None:
    if f.style == "bald":
        if f.face.hair_colour is not None and f.face.hat is None:
            for s in (-1, 1):
                p.blob([(s * 0.4, -0.2), (s * 0.5, -0.3), (s * 0.52, -0.06), (s * 0.44, 0.0)],
                    f.hair)
        p.oval(-0.16, -0.5, 0.1, 0.05, tone(f.skin, 1.4), line=False, tilt=-20)
        return
    if f.style == "curly":
        _curls(p, f, [(x, y, 0.17) for x, y in ((-0.4, -0.46), (0.4, -0.46), (-0.26, -0.6), (0.26,
            -0.6), (-0.02, -0.66), (0.12, -0.52), (-0.16, -0.5))])
        return
    if f.style == "short":
        p.blob([(-0.48, -0.1), (-0.52, -0.44), (-0.34, -0.74), (0.06, -0.82), (0.4, -0.7), (0.53,
            -0.4), (0.48, -0.1), (0.41, -0.28), (0.32, -0.42), (0.0, -0.4), (-0.24, -0.5), (-0.4,
            -0.3)], f.hair)
        p.stroke([(-0.24, -0.5), (0.0, -0.68), (0.28, -0.66)], tone(f.hair, 1.25), 0.035)
        return
    p.blob([(-0.47, 0.0), (-0.53, -0.4), (-0.36, -0.72), (0.0, -0.8), (0.36, -0.72), (0.53, -0.4),
        (0.47, 0.0), (0.42, -0.24), (0.22, -0.5), (-0.06, -0.56), (-0.3, -0.38), (-0.42, -0.2)],
        f.hair)
    p.stroke([(-0.06, -0.56), (0.1, -0.7), (0.28, -0.62)], tone(f.hair, 1.25), 0.035)
    if f.style == "long":
        for s in (-1, 1):
            p.blob([(s * 0.45, -0.3), (s * 0.57, -0.2), (s * 0.62, 0.3), (s * 0.6, 0.8), (s * 0.4,
                0.84), (s * 0.42, 0.4), (s * 0.46, 0.1)], f.hair)


def _glasses(p: Pen, f: Look) -> None:
    kind = f.face.glasses
    if kind is None:
        return
    frame = (36, 34, 44)
    for s in (-1, 1):
        x, y = s * 0.195, -0.09
        if kind == "round glasses":
            p.arc(x, y, 0.155, 0.155, 0, 359, frame, 0.034)
        elif kind == "square glasses":
            p.stroke([(x - 0.155, y - 0.12), (x + 0.155, y - 0.12), (x + 0.155, y + 0.12),
                (x - 0.155, y + 0.12), (x - 0.155, y - 0.12)], frame, 0.036, curve=False)
        else:
            p.blob([(x - 0.17, y - 0.11), (x + 0.17, y - 0.11), (x + 0.16, y + 0.07), (x,
                y + 0.15), (x - 0.16, y + 0.07)], (26, 26, 34))
            p.stroke([(x - 0.09, y - 0.05), (x - 0.02, y + 0.05)], (110, 124, 150), 0.03)
        p.stroke([(s * 0.35, y - 0.02), (s * 0.46, y - 0.05)], frame, 0.032)
    p.stroke([(-0.045, -0.11), (0.0, -0.13), (0.045, -0.11)], frame, 0.032)


def _hat(p: Pen, f: Look) -> None:
    kind = f.face.hat
    if kind == "beanie":
        p.oval(0.0, -0.98, 0.13, 0.13, (250, 246, 240))
        p.blob([(-0.52, -0.4), (-0.5, -0.7), (-0.26, -0.93), (0.0, -0.97), (0.26, -0.93), (0.5,
            -0.7), (0.52, -0.4), (0.0, -0.5)], (214, 82, 74))
        p.box(-0.55, -0.54, 0.55, -0.34, (240, 226, 206), r=0.09)
        for k in range(7):
            p.stroke([(-0.42 + 0.14 * k, -0.5), (-0.42 + 0.14 * k, -0.38)], (206, 184, 158), 0.025)
    elif kind == "top hat":
        p.poly([(-0.38, -0.98), (0.38, -0.98), (0.42, -0.46), (-0.42, -0.46)], (36, 36, 46))
        p.box(-0.42, -0.62, 0.42, -0.48, (176, 44, 60), line=False)
        p.oval(0.0, -0.45, 0.72, 0.09, (46, 46, 58))
    elif kind == "straw hat":
        p.oval(0.0, -0.46, 0.86, 0.16, (228, 190, 110))
        p.blob([(-0.44, -0.46), (-0.42, -0.72), (-0.22, -0.9), (0.22, -0.9), (0.42, -0.72), (0.44,
            -0.46), (0.0, -0.4)], (240, 206, 130))
        p.stroke([(-0.43, -0.52), (0.0, -0.46), (0.43, -0.52)], (176, 60, 60), 0.1)
        for k in range(4):
            p.stroke([(-0.3, -0.62 - 0.07 * k), (0.3, -0.62 - 0.07 * k)], (206, 166, 88), 0.018)
    elif kind == "cap":
        p.blob([(-0.5, -0.36), (-0.5, -0.64), (-0.28, -0.88), (0.06, -0.92), (0.38, -0.82), (0.52,
            -0.5), (0.5, -0.36), (0.0, -0.42)], (52, 104, 184))
        p.blob([(-0.1, -0.44), (0.3, -0.52), (0.66, -0.44), (0.92, -0.3), (0.6, -0.32), (0.2,
            -0.36)], (36, 78, 148))
        p.oval(0.02, -0.92, 0.05, 0.04, (240, 240, 244))
        p.oval(0.02, -0.66, 0.1, 0.1, (250, 250, 250))
