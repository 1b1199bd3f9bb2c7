"""From a composed layout to pixels: ground, subjects, weather, camera, light, style."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from ..world.scene import Building, Scene
from ..world.vocabulary import COLOURS
from . import buildings, faces, lettering, materials, motion, scenery, sprites, surfaces, terrains
from .canvas import Pen, mix, scaled
from .dice import Dice
from .grading import finish, light
from .layout import Layout, Placed
from .nouns import FLYING
from .style import RGB

Pixels = NDArray[np.uint8]
# a wall's word -> its texture
_WALLS = {
    "brick": "brick",
    "stone": "stone",
    "wooden": "boards",
    "glass": "panes",
    "concrete": "concrete",
}
_HORIZONS = ("wooden table", "marble counter", "grass field")
# first numbers of the dice each part reads, so that parts do not disturb one another
_GROUND, _FALL, _SUBJECT = 0, 61, 23


def render(layout: Layout, width: int, height: int, moment: float | None = None) -> Pixels:
    """Draw a layout.

    Parameters
    ----------
    layout : Layout
        What `compose` returned.
    width, height : int
        Size in pixels; the layout's aspect need not match exactly.
    moment : float, optional
        Time within the clip, 0 to 1; None for a still picture.

    Returns
    -------
    numpy.ndarray
        ``uint8`` of shape (height, width, 3), the same for the same arguments.
    """
    scale = _supersampling(width, height)
    size = (width * scale, height * scale)
    image, subject = Image.new("RGB", size), Image.new("L", size, 0)
    scene, time = layout.scene, 0.0 if moment is None else moment
    _ground(image, layout, time)
    _subjects(image, subject, layout, moment)
    if scene.terrain or scene.building or scene.weather:
        surfaces.fall(image, scene.weather, Dice(layout.dice, _FALL), time)
    small, mask = _view(image, subject, layout, (width, height), moment)
    out = finish(light(small, scene.light, mask), layout.style)
    return np.asarray(out, dtype=np.uint8).copy()


def _supersampling(width: int, height: int) -> int:
    side = max(width, height)
    if side <= 128:
        return 3
    return 2 if side <= 900 else 1


def _view(
    image: Image.Image,
    subject: Image.Image,
    layout: Layout,
    size: tuple[int, int],
    moment: float | None,
) -> tuple[Image.Image, Image.Image]:
    """What the camera sees, at the final size."""
    scene = layout.scene
    still = not (scene.things or scene.face or scene.building or scene.lettering)
    see = motion.camera(scene.motion, moment, moves_all=still)
    if see.size >= 1.0:
        k = image.size[0] // size[0]
        if k == 1:
            return image, subject
        return image.reduce(k), subject.reduce(k)
    w, h = image.size
    box = (see.x * w, see.y * h, (see.x + see.size) * w, (see.y + see.size) * h)
    method = Image.Resampling.BILINEAR
    return image.resize(size, method, box=box), subject.resize(size, method, box=box)


def _ground(image: Image.Image, layout: Layout, time: float) -> None:
    scene, dice = layout.scene, Dice(layout.dice, _GROUND)
    if scene.terrain is not None:
        land = scenery.backdrop_sky(image, scene.weather, layout.style, dice, time)
        terrains.TERRAINS[scene.terrain](land)
    elif scene.building is not None and scene.backdrop is None:
        _street(image, layout, dice, time)
    elif scene.lettering is not None and scene.lettering.surface == "sign" and not scene.backdrop:
        surfaces.grass_field(image, layout.style, scene.weather, dice, time)
    else:
        surfaces.paint(image, scene.backdrop, layout.style, scene.weather, dice, time)


def _street(image: Image.Image, layout: Layout, dice: Dice, time: float) -> None:
    """Sky, distant hills, trees and a lawn for a building to stand on."""
    land = scenery.backdrop_sky(image, layout.scene.weather, layout.style, dice, time)
    land.ridge(0.84, 0.2, land.tint((118, 156, 138), 0.5), 4)
    for k in range(4):
        x = dice.roll(0.0, 0.2) + (0.78 if k % 2 else 0.02)
        land.bush(x, dice.roll(0.84, 0.88), dice.roll(0.16, 0.3), land.tint((74, 136, 80), 0.15))
    land.ridge(0.9, 0.05, land.tint((122, 178, 90)), 2)
    land.pen.box(-0.02, 0.88, 1.02, 1.02, land.tint((110, 168, 80)), line=False)
    land.pen.poly(
        [(0.46, 0.87), (0.54, 0.87), (0.7, 1.02), (0.3, 1.02)],
        land.tint((216, 200, 168)),
        line=False,
    )


def _subjects(
    image: Image.Image, subject: Image.Image, layout: Layout, moment: float | None
) -> None:
    scene = layout.scene
    shift = motion.subject(scene.motion, moment)
    main = scene.building is not None or scene.face is not None or scene.lettering is not None
    if scene.building is not None:
        _building(image, subject, layout, scene.building, shift)
    if scene.lettering is not None:
        _lettering(image, subject, layout, shift)
    if scene.face is not None:
        _face(image, subject, layout, shift)
    back_first = sorted(layout.placed, key=lambda p: _depth(scene, p))
    for placed in back_first:
        moves = placed.group == 0 and not main
        _thing(image, subject, layout, placed, shift if moves else motion.Shift())


def _depth(scene: Scene, placed: Placed) -> tuple[int, float]:
    if scene.relation == "behind":
        return placed.group, placed.y
    return 0, placed.y


def _thing(
    image: Image.Image, subject: Image.Image, layout: Layout, placed: Placed, shift: motion.Shift
) -> None:
    w, h = image.size
    wide = w / layout.aspect
    thing = layout.scene.things[placed.group]
    half = max(2, round(placed.half * min(wide, h) * shift.scale))
    x, y = placed.x * wide + shift.dx * w, placed.y * h + shift.dy * h
    colour = COLOURS[thing.colour] if thing.colour else None
    sprite = sprites.thing(
        thing.noun,
        colour,
        thing.material,
        layout.style,
        half,
        placed.angle + shift.angle,
        placed.flip,
    )
    if _casts(layout.scene, thing.noun, y / h):
        left, _, right, low = sprites.extent(thing.noun)
        bounces = layout.scene.motion is not None and layout.scene.motion.kind == "bounces"
        rise = shift.dy - 0.18 if bounces and shift.dy else 0.0
        wide_half = half * (right - left) / 2 * (1 + 0.8 * rise)
        _shadow(image, x + half * (left + right) / 2, y - rise * h + half * low, wide_half)
    corner = (round(x - sprite.width / 2), round(y - sprite.height / 2))
    image.paste(sprite, corner, sprite)
    subject.paste(255, corner, sprite.getchannel("A"))


def _casts(scene: Scene, noun: str, y: float) -> bool:
    """Whether a thing at a height has ground under it to cast a shadow on."""
    if noun in FLYING or scene.backdrop == "brick wall":
        return False
    if scene.motion is not None and scene.motion.kind in ("spins", "rises", "falls"):
        return False
    horizon = scene.terrain is not None or scene.backdrop in _HORIZONS
    return not horizon or y > 0.45


def _shadow(image: Image.Image, x: float, y: float, half: float) -> None:
    w, h = max(2, round(half * 2.1)), max(2, round(half * 0.42))
    blob = _shadow_blob().resize((w, h), Image.Resampling.BILINEAR)
    image.paste((30, 26, 44), (round(x - w / 2), round(y - h / 2)), blob)


_BLOB: list[Image.Image] = []


def _shadow_blob() -> Image.Image:
    if not _BLOB:
        y, x = np.mgrid[-1:1:48j, -1:1:48j]
        _BLOB.append(
            Image.fromarray((np.clip(1 - np.hypot(x, y), 0, 1) ** 0.8 * 120).astype(np.uint8))
        )
    return _BLOB[0]


def _building(
    image: Image.Image, subject: Image.Image, layout: Layout, asked: Building, shift: motion.Shift
) -> None:
    w, h = image.size
    half = 0.46 * min(w, h) * shift.scale
    sprite = _house(layout, asked, half, shift.angle)
    x, y = w / 2 + shift.dx * w, h * 0.94 - half * 0.9 + shift.dy * h
    corner = (round(x - sprite.width / 2), round(y - sprite.height / 2))
    image.paste(sprite, corner, sprite)
    subject.paste(255, corner, sprite.getchannel("A"))


def _house(layout: Layout, asked: Building, half: float, angle: float) -> Image.Image:
    """A building as an RGBA sprite, in its walls, its style and the hour's light."""
    drawing, storeys, natural = buildings.BUILDINGS[asked.kind]
    wall = _WALLS[asked.material] if asked.material else None
    body = COLOURS[asked.colour] if asked.colour else materials.NATURAL[wall] if wall else natural
    dark = layout.scene.weather in ("night", "sunset", "dawn")
    pane: RGB = (255, 214, 110) if dark else (128, 178, 208)
    side, scale = round(half * 2.3), half * 0.94
    sprite, mask = Image.new("RGBA", (side, side), (90, 80, 80, 0)), Image.new("L", (side, side), 0)
    pen = Pen(
        sprite,
        layout.style,
        origin=(side / 2, side / 2),
        scale=(scale, scale),
        body=body,
        angle=angle,
        mask=mask,
        lines=0.5,
    )
    drawing(pen, buildings.House(storeys=asked.storeys or storeys, pane=pane, lit=dark))
    if layout.style.sketch:
        sprites.colour_in(sprite, mask, body)
    if wall is not None:
        materials.apply(sprite, mask, wall, body)
    sky, alpha = (
        scenery.SKIES.get(layout.scene.weather, scenery.SKIES[None]),
        sprite.getchannel("A"),
    )
    unlit = _unlike(sprite, pane) if dark else alpha
    sprites.shade(sprite, layout.style, large=True)
    if sky.amount:
        share = sky.amount * (0.75 if dark else 0.45)
        sprite.paste(sky.light, mask=scaled(unlit, share))
        sprite.putalpha(alpha)
    return sprite


def _unlike(image: Image.Image, colour: RGB) -> Image.Image:
    """Where a picture is not of a colour: all but the lit windows."""
    difference = ImageChops.difference(image.convert("RGB"), Image.new("RGB", image.size, colour))
    return difference.convert("L").point([0 if v < 6 else 255 for v in range(256)])


def _lettering(
    image: Image.Image, subject: Image.Image, layout: Layout, shift: motion.Shift
) -> None:
    asked = layout.scene.lettering
    if asked is None:
        return
    w, h = image.size
    room = 0.62 if layout.scene.things else 0.98
    wide, tall = w * 0.98, h * room
    tall = min(tall, wide * 1.15)
    wide = min(wide, tall * 1.5)
    wide, tall = wide * shift.scale, tall * shift.scale
    x, y = w / 2 + shift.dx * w, h * (room + 0.02) / 2 + shift.dy * h
    if layout.scene.motion is not None:
        wide, tall = wide * 0.8, tall * 0.8
    area = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
    if asked.surface == "neon sign":
        image.paste((26, 22, 40), (0, 0, w, h))
    lettering.draw(image, asked, layout.style, Dice(layout.dice, _SUBJECT), area)
    corners = (round(area[0]), round(area[1]), round(area[2]), round(area[3]))
    subject.paste(255, corners)


def _face(image: Image.Image, subject: Image.Image, layout: Layout, shift: motion.Shift) -> None:
    face = layout.scene.face
    if face is None:
        return
    w, h = image.size
    still = layout.scene.motion is None
    half = (0.475 if still else 0.42) * min(w, h) * shift.scale
    look = faces.decide(face, Dice(layout.dice, _SUBJECT))
    side = round(half * (2.6 if still else 3.5))
    sprite = Image.new("RGBA", (side, side), (*mix(look.skin, (40, 20, 40), 0.3), 0))
    pen = Pen(
        sprite,
        layout.style,
        origin=(side / 2, side / 2),
        scale=(half, half),
        body=look.skin,
        angle=look.lean + shift.angle,
        lines=0.4,
    )
    faces.portrait(pen, look)
    sprites.shade(sprite, layout.style, large=True, ink=(96, 34, 52))
    x, y = w / 2 + shift.dx * w, h - half * 0.9 + shift.dy * h
    corner = (round(x - side / 2), round(y - side / 2))
    image.paste(sprite, corner, sprite)
    subject.paste(255, corner, sprite.getchannel("A"))
