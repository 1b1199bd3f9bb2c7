"""Scenes to learn from, their wrong siblings, and what a caption claims.

A *sibling* differs in one attribute and is false. `facts` turns scenes into rows of integers, so
that a batch can mask captions that happen to be true of another picture. Nothing here knows of
pixels or models.
"""

from __future__ import annotations

import random
from dataclasses import fields, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qfloor.generators.builtin.world import scenes
from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.lettering import pool
from qfloor.generators.builtin.world.scene import Face, Scene, Thing

NOUNS = tuple(words.NOUNS)
COLOURS = tuple(words.COLOURS)
HELD_STYLE = "storybook"
_HARD = tuple(m for m in words.MATERIALS if m != "leather")
_OTHER_SIDE = {"left of": "right of", "right of": "left of", "above": "below", "behind": "front"}

# attribute of a scene, face, building or lettering -> its words; what siblings are made from
SCENE_WORDS: dict[str, tuple[str, ...]] = {
    "light": words.LIGHTS, "weather": words.WEATHERS, "terrain": words.TERRAINS,
    "backdrop": words.BACKDROPS, "medium": words.MEDIA,
}  # fmt: skip
PART_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "face": {
        "person": words.PERSONS, "hair_colour": words.HAIR_COLOURS,
        "hair_style": words.HAIR_STYLES, "eyes": words.EYES, "expression": words.EXPRESSIONS,
        "glasses": words.GLASSES, "hat": words.HATS, "beard": words.BEARDS,
        "clothing_colour": COLOURS,
    },
    "building": {"kind": words.BUILDINGS, "colour": COLOURS, "material": words.WALLS},
    "lettering": {"surface": words.SURFACES, "colour": COLOURS, "font": words.FONTS},
}  # fmt: skip
# how often a sibling differs in what; everything else counts 1
_WEIGHT = {"relation": 7.0, "exchange": 7.0, "count": 2.5, "noun": 3.0, "colour": 1.5,
           "lettering.text": 0.3, "lettering.font": 0.5, "face.eyes": 0.5}  # fmt: skip


def held_out(noun: str, colour: str | None) -> bool:
    """Whether a noun-colour pair (one in ten) is kept from training, in pictures and in words."""
    if colour is None:
        return False
    return (3 * NOUNS.index(noun) + 7 * COLOURS.index(colour)) % 10 == 0


def allowed(scene: Scene) -> bool:
    """Whether a scene may be trained on."""
    return not any(held_out(t.noun, t.colour) for t in scene.things)


def _thing(rng: random.Random, nouns: tuple[str, ...], held: bool, count: int) -> Thing:
    noun = rng.choice(nouns)
    colour = rng.choice([c for c in COLOURS if held_out(noun, c) == held])
    return Thing(
        noun=noun,
        colour=None if not held and rng.random() < 0.04 else colour,
        material=rng.choice(_HARD) if rng.random() < 0.2 else None,
        count=count,
    )


def things_scene(
    rng: random.Random, kind: str, *, held: bool = False, noun: str | None = None
) -> Scene:
    """Draw a scene of things: ``one``, ``count`` (two to five equal ones) or ``two`` groups.

    ``held`` makes the first thing a pair that is kept from training; ``noun`` fixes its noun.
    """
    count = rng.randint(2, 5) if kind == "count" else 1
    if kind == "two" and rng.random() < 0.3:
        count = rng.choice((2, 2, 3, 4))
    things = [_thing(rng, (noun,) if noun else NOUNS, held, count)]
    relation = None
    if kind == "two":
        others = tuple(n for n in NOUNS if n != things[0].noun)
        second = _thing(rng, others, False, 1 if count > 3 or rng.random() < 0.75 else 2)
        while second.colour is not None and second.colour == things[0].colour:
            second = _thing(rng, others, False, second.count)
        things.append(second)
        relation = rng.choice((*words.RELATIONS, *words.RELATIONS, None))
    product = rng.random() < 0.6
    medium = "photo" if product else rng.choice(("cartoon", "pixel art", "flat illustration"))
    return Scene(
        category="product-photo" if product else "animation",
        things=tuple(things),
        relation=relation,
        backdrop=rng.choice(words.BACKDROPS) if rng.random() < 0.7 else None,
        light=rng.choice(words.LIGHTS) if product and rng.random() < 0.4 else None,
        medium=medium if not product or rng.random() < 0.4 else None,
    )


_MIX = {"one": 14, "count": 15, "two": 30, "product-photo": 3, "animation": 7, "video": 6,
        "landscape": 8, "portrait": 10, "architectural-render": 8, "text-in-image": 5}  # fmt: skip


def random_scene(rng: random.Random, kind: str | None = None) -> Scene:
    """Draw a scene to train on; 60 % are mostly about things."""
    what = kind or rng.choices(list(_MIX), list(_MIX.values()))[0]
    if what in ("one", "count", "two"):
        return things_scene(rng, what)
    scene = scenes.scene(what, rng)
    while not allowed(scene):
        scene = scenes.scene(what, rng)
    return scene


def ways(scene: Scene) -> list[str]:
    """Say in what a scene can be made wrong."""
    found = []
    if scene.things:
        found += ["noun", "count"]
        if any(t.colour for t in scene.things):
            found.append("colour")
        if any(t.material for t in scene.things):
            found.append("material")
    if len(scene.things) == 2:
        found += ["relation"] if scene.relation else []
        a, b = (t.colour for t in scene.things)
        found += ["exchange"] if a and b and a != b else []
    found += [n for n in SCENE_WORDS if getattr(scene, n) and (n != "medium" or _media(scene))]
    for part, table in PART_WORDS.items():
        whole = getattr(scene, part)
        if whole is not None:
            found += [f"{part}.{name}" for name in table if getattr(whole, name)]
    if scene.building is not None and scene.building.storeys:
        found.append("building.storeys")
    if scene.lettering is not None:
        found.append("lettering.text")
    return found


def _media(scene: Scene) -> tuple[str, ...]:
    """Return the media that the grammar can say in a category, if it can say several."""
    if scene.category == "animation":
        return ("cartoon", "pixel art", "flat illustration")
    return ("photo", "watercolour") if scene.category == "landscape" else ()


def sibling(scene: Scene, how: str, rng: random.Random) -> Scene:
    """Make a scene wrong in one way out of `ways`."""
    if how in ("noun", "colour", "count", "material"):
        return _wrong_thing(scene, how, rng)
    if how == "exchange":
        a, b = scene.things
        return replace(scene, things=(replace(a, colour=b.colour), replace(b, colour=a.colour)))
    if how == "relation":
        return replace(scene, things=scene.things[::-1])
    if how in SCENE_WORDS:
        options = _media(scene) if how == "medium" else SCENE_WORDS[how]
        changes: dict[str, Any] = {how: _other(options, getattr(scene, how), rng)}
        return replace(scene, **changes)
    part, name = how.split(".")
    whole = getattr(scene, part)
    old = getattr(whole, name)
    new: object
    if how == "building.storeys":
        new = rng.choice([n for n in range(1, 6) if n != old])
    elif how == "lettering.text":
        new = pool(rng)
    else:
        options = PART_WORDS[part][name]
        if name == "hair_style" and whole.person not in ("man", "old man"):
            options = tuple(o for o in options if o != "bald")
        new = _other(options, old, rng)
    changed = replace(whole, **{name: new})
    if isinstance(changed, Face) and changed.hair_style == "bald":
        changed = replace(changed, hair_colour=None)
    return replace(scene, **{part: changed})


def _other(options: tuple[str, ...], old: str, rng: random.Random) -> str:
    return rng.choice([o for o in options if o != old])


def _wrong_thing(scene: Scene, how: str, rng: random.Random) -> Scene:
    having = [i for i, t in enumerate(scene.things) if how in ("noun", "count") or getattr(t, how)]
    at = rng.choice(having)
    old = scene.things[at]
    if how == "noun":
        taken = {t.noun for t in scene.things}
        new = replace(old, noun=rng.choice([n for n in NOUNS if n not in taken]))
    elif how == "colour":
        used = {t.colour for t in scene.things}
        new = replace(old, colour=rng.choice([c for c in COLOURS if c not in used]))
    elif how == "count":
        new = replace(old, count=rng.choice([n for n in range(1, 6) if n != old.count]))
    else:
        new = replace(old, material=_other(_HARD, old.material or "", rng))
    things = list(scene.things)
    things[at] = new
    return replace(scene, things=tuple(things))


def random_sibling(scene: Scene, rng: random.Random) -> Scene | None:
    """Make a scene wrong in a random way that training allows; None if it says nothing."""
    options = ways(scene)
    if not options:
        return None
    for _ in range(8):
        wrong = sibling(scene, rng.choices(options, [_WEIGHT.get(o, 1.0) for o in options])[0], rng)
        if allowed(wrong):
            return wrong
    return None


def _code(value: object) -> int:
    return 0 if value is None else crc32(str(value).encode()) & 0x7FFFFFFF


def facts(scene: Scene, *, turned: bool = False) -> NDArray[np.int32]:
    """What a scene claims, as integers, 0 for nothing claimed.

    ``turned`` names the two groups the other way round, which claims the same of the picture.
    """
    row: list[object] = []
    groups: list[Thing | None] = [*scene.things, None, None][:2]
    for thing in groups[::-1] if turned else groups:
        row += [thing.noun, thing.colour, thing.material, thing.count] if thing else [None] * 4
    row.append(_OTHER_SIDE.get(scene.relation or "") if turned else scene.relation)
    for part, size in (("face", 9), ("building", 4), ("lettering", 4)):
        whole = getattr(scene, part)
        row += [getattr(whole, f.name) for f in fields(whole)] if whole else [None] * size
    row += [scene.terrain, scene.light, scene.weather, scene.backdrop, scene.medium]
    return np.array([_code(value) for value in row], dtype=np.int32)


def true_of(
    claims: NDArray[np.int32], shown: NDArray[np.int32], turned: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Which captions (columns) are true of which pictures (rows)."""
    free = claims[None] == 0
    straight = (free | (claims[None] == shown[:, None])).all(-1)
    return np.asarray(straight | (free | (claims[None] == turned[:, None])).all(-1))
