"""From the notes of a reading to a `Scene` that can be drawn.

Decides the category, the order of the things and which surface carries the lettering, and fills
by a hash of the text what the category cannot be drawn without.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.notes import MAX_THINGS, Notes
from qfloor.generators.builtin.world.scene import (
    Building,
    Face,
    Lettering,
    Motion,
    Scene,
    Thing,
)

TOONS = ("cartoon", "pixel art", "flat illustration")
_CAMERA = ("zoom", "pan")


def assemble(notes: Notes, lettered: str | None, text: str) -> Scene:
    """Make the scene of what was read; never raises, and the scene can always be drawn."""
    lettering = _lettering(notes, lettered)
    category = _category(notes, lettering)
    things, relation = _placed(notes)
    single = notes.single
    scene = Scene(
        category=category,
        things=things,
        relation=relation,
        lettering=lettering,
        face=_face(notes, text) if "person" in single or category == "portrait" else None,
        building=notes.building and replace(notes.building, storeys=notes.storeys),
        terrain=single.get("terrain"),
        light=single.get("light"),
        weather=single.get("weather"),
        backdrop=single.get("backdrop"),
        medium=single.get("medium"),
        motion=_motion(notes),
    )
    return _completed(scene, text)


def _motion(notes: Notes) -> Motion | None:
    motion = notes.motion
    if motion is None:
        return None
    return replace(motion, speed=motion.speed or notes.single.get("speed"))


def _lettering(notes: Notes, text: str | None) -> Lettering | None:
    if text is None:
        return None
    surface = notes.single.get("surface")
    mugs = [t for t in notes.things if t.noun == "mug"]
    if surface is None and mugs:  # a mug that carries the words is the surface, not a thing
        notes.things.remove(mugs[0])
        surface = "mug"
    return Lettering(
        text=text,
        font=notes.single.get("font"),
        surface=surface or "sign",
        colour=notes.single.get("lettering colour"),
    )


def _placed(notes: Notes) -> tuple[tuple[Thing, ...], str | None]:
    """Order the things so that the relation is one of `vocabulary.RELATIONS`."""
    things = tuple(notes.things)
    if len(things) < MAX_THINGS:
        return things, None
    if notes.relation is None:
        sides = notes.sides[:2]
        return things, f"{sides[0]} of" if sides in (["left", "right"], ["right", "left"]) else None
    relation = notes.relation[0]
    if relation.startswith("~"):
        return things[::-1], relation[1:]
    return things, relation


def _face(notes: Notes, text: str) -> Face:
    single = notes.single
    person = single.get("person") or _choice(text, "person", ("woman", "man"))
    if notes.old and person in ("woman", "man"):
        person = f"old {person}"
    return Face(
        person=person,
        hair_colour=single.get("hair colour"),
        hair_style=single.get("hair style"),
        eyes=single.get("eyes"),
        expression=single.get("expression"),
        glasses=single.get("glasses"),
        hat=single.get("head wear"),
        beard=single.get("beard"),
        clothing_colour=single.get("clothing colour"),
    )


def _category(notes: Notes, lettering: Lettering | None) -> str:
    """Guess the category: what is asked for by name first, then what stands in the scene."""
    cues, single = notes.cues, notes.single
    moves = notes.motion is not None and (bool(notes.things) or notes.motion.kind in _CAMERA)
    rules = (
        (lettering is not None and "video" not in cues, "text-in-image"),
        ("animation" in cues or single.get("medium") in TOONS, "animation"),
        ("video" in cues or moves, "video"),
        ("portrait" in cues, "portrait"),
        ("product-photo" in cues, "product-photo"),
        ("architectural-render" in cues, "architectural-render"),
        ("person" in single, "portrait"),
        (notes.building is not None, "architectural-render"),
        ("landscape" in cues or "terrain" in single, "landscape"),
        (bool(notes.things), "product-photo"),
    )
    return next((category for holds, category in rules if holds), "landscape")


def _completed(scene: Scene, text: str) -> Scene:
    """Fill by hash what the category cannot be drawn without."""
    category = scene.category
    subject = scene.things or scene.face or scene.building
    if category == "landscape" and scene.terrain is None:
        scene = replace(scene, terrain=_choice(text, "terrain", words.TERRAINS))
    elif category in ("product-photo", "animation") and not (subject or scene.terrain):
        nouns = words.PRODUCTS if category == "product-photo" else words.MOVERS
        thing = Thing(
            noun=_choice(text, "noun", nouns), colour=_choice(text, "colour", tuple(words.COLOURS))
        )
        scene = replace(scene, things=(thing,))
    elif category == "architectural-render" and scene.building is None:
        scene = replace(scene, building=Building(kind=_choice(text, "kind", words.BUILDINGS)))
    elif category == "video":
        if not (subject or scene.terrain):
            scene = replace(scene, terrain=_choice(text, "terrain", words.TERRAINS))
        if scene.motion is None:
            kind = "left to right" if scene.things else "pan"
            scene = replace(scene, motion=Motion(kind=kind))
    return scene


def _choice(text: str, salt: str, options: Sequence[str]) -> str:
    digest = zlib.crc32(f"{salt}\n{text}".encode("utf-8", "surrogatepass"))
    return options[digest % len(options)]
