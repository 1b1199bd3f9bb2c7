"""Draw random scenes of one category: what a request of the painters' world may ask for."""

from __future__ import annotations

from dataclasses import replace

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.lettering import pool
from qfloor.generators.builtin.world.phrases import Rng, chance, pick
from qfloor.generators.builtin.world.scene import (
    Building,
    Face,
    Lettering,
    Motion,
    Scene,
    Thing,
)

COLOURS = tuple(words.COLOURS)
PRODUCTS = (*words.PRODUCTS, "ball", "robot", "kite", "balloon", "flower", "cactus", "heart")
OUTDOORS = (
    "boat",
    "tree",
    "car",
    "bicycle",
    "kite",
    "balloon",
    "bird",
    "train",
    "plane",
    "rabbit",
    "bear",
    "owl",
    "truck",
    "flower",
    "cactus",
)
LETTERED = tuple(n for n in PRODUCTS if n not in ("mug", "book"))
_LEATHER = (
    "backpack",
    "handbag",
    "suitcase",
    "shoe",
    "boot",
    "hat",
    "watch",
    "chair",
    "sofa",
    "book",
    "box",
    "ball",
    "camera",
    "guitar",
    "drum",
    "phone",
)
_COUNTS = (1, 1, 1, 1, 2, 2, 3, 3, 4, 5)
_RELATED = (*words.RELATIONS, *words.RELATIONS, None)
_TALL = {"house": 3, "tower": 5, "skyscraper": 5, "museum": 3, "villa": 3, "cottage": 2}


def scene(category: str, rng: Rng) -> Scene:
    """Draw a scene of one of the seven categories.

    Parameters
    ----------
    category : str
        One of `CATEGORIES`.
    rng : Rng
        A seeded generator; only its ``random()`` is used.

    Raises
    ------
    KeyError
        If the category is not one of the seven.
    """
    return _SCENES[category](rng)


def _thing(rng: Rng, nouns: tuple[str, ...], *, many: float = 0.6) -> Thing:
    noun = pick(rng, nouns)
    materials = (
        words.MATERIALS if noun in _LEATHER else [m for m in words.MATERIALS if m != "leather"]
    )
    return Thing(
        noun=noun,
        colour=None if chance(rng, 0.06) else pick(rng, COLOURS),
        material=pick(rng, materials) if chance(rng, 0.3) else None,
        count=pick(rng, _COUNTS) if chance(rng, many) else 1,
    )


def _things(
    rng: Rng, nouns: tuple[str, ...], *, two: float
) -> tuple[tuple[Thing, ...], str | None]:
    """Draw one thing, or two different ones with a relation."""
    first = _thing(rng, nouns)
    if not chance(rng, two):
        return (first,), None
    second = _thing(rng, tuple(n for n in nouns if n != first.noun), many=0.25)
    if first.count > 3:  # five and five do not fit a small picture
        second = replace(second, count=1)
    return (first, second), pick(rng, _RELATED)


def _product(rng: Rng) -> Scene:
    things, relation = _things(rng, PRODUCTS, two=0.45)
    return Scene(
        category="product-photo",
        things=things,
        relation=relation,
        backdrop=pick(rng, words.BACKDROPS) if chance(rng, 0.85) else None,
        light=pick(rng, words.LIGHTS) if chance(rng, 0.5) else None,
        medium="photo" if chance(rng, 0.4) else None,
    )


def _face(rng: Rng) -> Face:
    person = pick(rng, words.PERSONS)
    style = pick(rng, words.HAIR_STYLES) if chance(rng, 0.75) else None
    if style == "bald" and person not in ("man", "old man"):
        style = "short"
    coloured = style != "bald" and chance(rng, 0.85)
    bearded = person in ("man", "old man") and chance(rng, 0.5)
    return Face(
        person=person,
        hair_style=style,
        hair_colour=pick(rng, words.HAIR_COLOURS) if coloured else None,
        eyes=pick(rng, words.EYES) if chance(rng, 0.45) else None,
        expression=pick(rng, words.EXPRESSIONS) if chance(rng, 0.7) else None,
        glasses=pick(rng, words.GLASSES) if chance(rng, 0.35) else None,
        hat=pick(rng, words.HATS) if chance(rng, 0.25) else None,
        beard=pick(rng, words.BEARDS) if bearded else None,
        clothing_colour=pick(rng, COLOURS) if chance(rng, 0.75) else None,
    )


def _portrait(rng: Rng) -> Scene:
    return Scene(
        category="portrait",
        face=_face(rng),
        medium="photo" if chance(rng, 0.25) else None,
        backdrop=_plain_backdrop(rng) if chance(rng, 0.55) else None,
        light=pick(rng, words.LIGHTS) if chance(rng, 0.45) else None,
    )


def _plain_backdrop(rng: Rng) -> str:
    return pick(rng, (*[b for b in words.BACKDROPS if b.endswith("background")], "brick wall"))


def _landscape(rng: Rng) -> Scene:
    thing = replace(_thing(rng, OUTDOORS, many=0.4), material=None)
    return Scene(
        category="landscape",
        terrain=pick(rng, words.TERRAINS),
        things=(thing,) if chance(rng, 0.45) else (),
        weather=pick(rng, words.WEATHERS) if chance(rng, 0.9) else None,
        light=pick(rng, ("soft light", "golden light", "backlight")) if chance(rng, 0.25) else None,
        medium=pick(rng, ("photo", "watercolour")) if chance(rng, 0.4) else None,
    )


def _text(rng: Rng) -> Scene:
    lettering = Lettering(
        text=pool(rng),
        surface=pick(rng, words.SURFACES),
        font=pick(rng, words.FONTS) if chance(rng, 0.6) else None,
        colour=pick(rng, COLOURS) if chance(rng, 0.65) else None,
    )
    return Scene(
        category="text-in-image",
        lettering=lettering,
        things=(_thing(rng, LETTERED, many=0.25),) if chance(rng, 0.35) else (),
        backdrop=pick(rng, words.BACKDROPS) if chance(rng, 0.35) else None,
        light=pick(rng, words.LIGHTS) if chance(rng, 0.25) else None,
    )


def _architecture(rng: Rng) -> Scene:
    kind = pick(rng, words.BUILDINGS)
    tallest = _TALL.get(kind, 0)
    storeys = 1 + int(rng.random() * tallest) if tallest and chance(rng, 0.7) else None
    if kind == "skyscraper" and storeys is not None:
        storeys = max(storeys, 4)
    building = Building(
        kind=kind,
        storeys=storeys,
        colour=pick(rng, COLOURS) if chance(rng, 0.7) else None,
        material=pick(rng, words.WALLS) if chance(rng, 0.6) else None,
    )
    return Scene(
        category="architectural-render",
        building=building,
        weather=pick(rng, words.WEATHERS) if chance(rng, 0.75) else None,
        light=pick(rng, words.LIGHTS[:4]) if chance(rng, 0.3) else None,
        medium="photo" if chance(rng, 0.15) else None,
    )


def _motion(rng: Rng, kinds: tuple[str, ...]) -> Motion:
    return Motion(
        kind=pick(rng, kinds), speed=pick(rng, words.SPEEDS) if chance(rng, 0.45) else None
    )


def _video(rng: Rng) -> Scene:
    motion = _motion(rng, tuple(words.MOTIONS))
    camera = motion.kind in ("zoom", "pan")
    thing = replace(_thing(rng, words.MOVERS, many=0.3), material=None)
    outside = chance(rng, 0.6) or camera
    return Scene(
        category="video",
        motion=motion,
        things=() if camera and chance(rng, 0.4) else (replace(thing, count=min(thing.count, 3)),),
        terrain=pick(rng, words.TERRAINS) if outside else None,
        backdrop=pick(rng, words.BACKDROPS) if not outside and chance(rng, 0.8) else None,
        weather=pick(rng, words.WEATHERS) if outside and chance(rng, 0.6) else None,
    )


def _animation(rng: Rng) -> Scene:
    medium = pick(rng, ("cartoon", "cartoon", "pixel art", "flat illustration"))
    backdrop = pick(rng, words.BACKDROPS) if chance(rng, 0.45) else None
    if chance(rng, 0.65):
        thing = _thing(rng, words.MOVERS, many=0.4)
        return Scene(
            category="animation",
            medium=medium,
            backdrop=backdrop,
            things=(replace(thing, count=min(thing.count, 3)),),
            motion=_motion(rng, tuple(words.MOTIONS)[:7]),
        )
    things, relation = _things(rng, words.MOVERS, two=0.7)
    return Scene(
        category="animation", medium=medium, backdrop=backdrop, things=things, relation=relation
    )


_SCENES = {
    "product-photo": _product,
    "portrait": _portrait,
    "landscape": _landscape,
    "text-in-image": _text,
    "architectural-render": _architecture,
    "video": _video,
    "animation": _animation,
}
CATEGORIES = tuple(_SCENES)
