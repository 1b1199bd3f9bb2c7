"""Read a prompt into a `Scene`: any text at all, never an error.

One pass over the known words. Adjectives wait until the noun they belong to arrives; an article,
a preposition or a full stop lets them go. What the words leave open is filled by a hash of the
text, so that the same text always means the same scene.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.lexicon import Entry, entries
from qfloor.generators.builtin.world.scene import (
    Building,
    Face,
    Lettering,
    Motion,
    Scene,
    Thing,
)

MAX_THINGS = 2
MAX_LETTERS = 40
TOONS = ("cartoon", "pixel art", "flat illustration")
_CAMERA = ("zoom", "pan")
_QUOTED = re.compile(
    '"([^"]{1,80})"|\u201c([^\u201d]{1,80})\u201d|\u201e([^\u201c\u201d]{1,80})[\u201c\u201d]'
    "|\u00ab([^\u00bb]{1,80})\u00bb|(?<!\\w)'([^']{1,80})'(?!\\w)"
)
_SAYS = re.compile(
    r"\b(?:says|saying|reads|reading|that say|with the words?|the text|the word|lettered)\s+"
    r"((?:[A-Z0-9][\w&!?'-]*)(?:\s+[A-Z0-9][\w&!?'-]*){0,3})"
)
_FIRST_WINS = (
    "light",
    "weather",
    "terrain",
    "backdrop",
    "medium",
    "surface",
    "expression",
    "glasses",
    "head wear",
    "beard",
    "speed",
    "font",
)
# what an adjective may describe: "in red letters" is no "mug in red"
_DESCRIBED = (
    "noun",
    "colour",
    "material",
    "wall",
    "hair",
    "hair style",
    "eyes",
    "garment",
    "letters",
    "font",
    "building",
    "walls",
    "person",
    "head wear",
    "surface",
)


@dataclass(slots=True)
class _Waiting:
    """Adjectives that wait for their noun."""

    count: int | None = None
    colour: str | None = None
    material: str | None = None
    wall: str | None = None
    pair: bool = False


@dataclass(slots=True)
class _Notes:
    """What has been read so far."""

    things: list[Thing] = field(default_factory=list)
    single: dict[str, str] = field(default_factory=dict)
    relation: tuple[str, int] | None = None
    sides: list[str] = field(default_factory=list)
    building: Building | None = None
    storeys: int | None = None
    motion: Motion | None = None
    cues: set[str] = field(default_factory=set)
    old: bool = False
    last: str = ""
    waiting: _Waiting = field(default_factory=_Waiting)

    def keep(self, kind: str, value: str | None) -> None:
        """Keep the first value of a kind."""
        if value is not None:
            self.single.setdefault(kind, value)


@lru_cache(maxsize=8192)
def parse(text: str) -> Scene:
    """Read the scene a text asks for; unknown words are ignored, and nothing raises.

    Parameters
    ----------
    text : str
        A prompt in any words. Texts of `grammar.compose` give back their scene exactly.

    Returns
    -------
    Scene
        Always drawable: it has at least what its category needs.

    Examples
    --------
    >>> parse("Two crimson automobiles behind a green tree").things[0]
    Thing(noun='car', colour='red', material=None, count=2)
    """
    lettering, rest = _take_lettering(text)
    notes = _Notes()
    read = entries(rest)
    for at, entry in enumerate(read):
        after = read[at + 1].kind if at + 1 < len(read) else ""
        before = read[at - 1] if at else Entry("", "")
        _read(notes, entry, before, after)
    return _scene(notes, lettering, text)


def _take_lettering(text: str) -> tuple[str | None, str]:
    """Split quoted (or announced and capitalised) words from the text around them."""
    pieces = [next(p for p in m.groups() if p) for m in _QUOTED.finditer(text)]
    rest = _QUOTED.sub(" \ue000 ", text)
    if not pieces and (said := _SAYS.search(text)):
        pieces = [said.group(1)]
        rest = text[: said.start(1)] + text[said.end(1) :]
    if not pieces:
        return None, text
    joined = " ".join(" ".join(piece.split()) for piece in pieces[:3]).strip()
    return (joined[:MAX_LETTERS].strip() or None), rest.replace("\ue000", " ")


def _read(notes: _Notes, entry: Entry, before: Entry, after: str) -> None:
    kind, value = entry.kind, entry.value
    waiting = notes.waiting
    if kind in ("barrier", "relation", "side"):
        notes.waiting = _Waiting()
        _read_place(notes, kind, value)
    elif kind in ("colour", "hair colour", "material", "wall"):
        _read_adjective(notes, entry, before, after)
    elif kind == "number":
        waiting.count = int(value)
    elif kind == "pair":
        waiting.pair = value == "2" and waiting.count is None
    elif kind == "noun":
        _read_noun(notes, value, plural=entry.note == "plural")
    elif kind in ("building", "storeys", "walls"):
        _read_building(notes, kind, value)
    elif kind in ("person", "old", "hair", "hair style", "eyes", "garment"):
        _read_person(notes, kind, value)
    elif kind == "letters":
        notes.keep("lettering colour", _known(waiting.colour, words.COLOURS))
        notes.waiting = _Waiting()
    elif kind == "motion":
        notes.motion = notes.motion or Motion(kind=value, speed=entry.note or None)
    elif kind == "cue":
        notes.cues.add(value)
        notes.keep("medium", entry.note or None)
    elif kind in _FIRST_WINS:
        notes.keep(kind, value)


def _read_place(notes: _Notes, kind: str, value: str) -> None:
    if kind == "relation" and notes.relation is None and len(notes.things) == 1:
        notes.relation = (value, len(notes.things))
    elif kind == "side":
        notes.sides.append(value)


def _read_adjective(notes: _Notes, entry: Entry, before: Entry, after: str) -> None:
    """Let an adjective wait for its noun, unless it follows one: "a mug in red", "made of wood"."""
    kind = "colour" if entry.kind == "hair colour" else entry.kind
    follows = before.kind == "made of" or (
        before == Entry("barrier", "in") and after not in _DESCRIBED
    )
    if follows and notes.last == "noun" and kind != "wall" and notes.things:
        thing = notes.things[-1]
        if getattr(thing, kind) is None:
            notes.things[-1] = replace(thing, **{kind: entry.value})
    elif follows and notes.last == "building" and notes.building is not None:
        _complete_building(notes, kind, entry.value)
    elif getattr(notes.waiting, kind) is None:
        setattr(notes.waiting, kind, entry.value)


def _complete_building(notes: _Notes, kind: str, value: str) -> None:
    building = notes.building
    if building is None:
        return
    if kind == "colour":
        notes.building = replace(building, colour=building.colour or value)
    elif value in words.WALLS:
        notes.building = replace(building, material=building.material or value)


def _read_noun(notes: _Notes, noun: str, *, plural: bool) -> None:
    waiting = notes.waiting
    notes.waiting = _Waiting()
    count = waiting.count or (2 if waiting.pair and noun != "headphones" else 0)
    if count == 0:
        count = 3 if plural and words.NOUNS[noun] != noun else 1
    colour = _known(waiting.colour, words.COLOURS)
    thing = Thing(
        noun=noun,
        colour=colour,
        material=waiting.material,
        count=min(count, len(words.NUMBERS) - 1),
    )
    for at, known in enumerate(notes.things):  # "a red ball ... the ball": one thing, told twice
        if known.noun == noun and None in (known.colour, colour):
            notes.things[at] = replace(
                known, colour=known.colour or colour, material=known.material or thing.material
            )
            return
    if len(notes.things) < MAX_THINGS:
        notes.things.append(thing)
        notes.last = "noun"


def _read_building(notes: _Notes, kind: str, value: str) -> None:
    waiting = notes.waiting
    wall = waiting.wall or _known(waiting.material, words.WALLS)
    colour = _known(waiting.colour, words.COLOURS)
    if kind == "storeys":
        if waiting.count is not None and notes.storeys is None:
            notes.storeys = waiting.count
        waiting.count = None
        return
    notes.waiting = _Waiting()
    if kind == "walls":
        if notes.building is not None:
            _complete_building(notes, "colour", colour) if colour else None
            _complete_building(notes, "wall", wall) if wall else None
    elif notes.building is None:
        notes.building = Building(kind=value, colour=colour, material=wall)
        notes.last = "building"


def _read_person(notes: _Notes, kind: str, value: str) -> None:
    colour = notes.waiting.colour
    if kind == "old":
        notes.old = True
        return
    if kind == "person":
        notes.keep("person", value)
        notes.last = "person"
    elif kind == "eyes":
        notes.keep("eyes", _known(colour, words.EYES))
    elif kind == "garment":
        notes.keep("clothing colour", _known(colour, words.COLOURS))
    elif kind == "hair" or value in ("bun", "ponytail"):
        notes.keep("hair colour", _known(colour, words.HAIR_COLOURS))
    if kind == "hair style":
        notes.keep("hair style", value)
    if kind != "hair style" or value in ("bun", "ponytail"):
        notes.waiting = _Waiting()


def _known(value: str | None, table: Sequence[str] | dict[str, tuple[int, int, int]]) -> str | None:
    return value if value is not None and value in table else None


def _scene(notes: _Notes, lettered: str | None, text: str) -> Scene:
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
        building=notes.building and replace(notes.building, storeys=_storeys(notes)),
        terrain=single.get("terrain"),
        light=single.get("light"),
        weather=single.get("weather"),
        backdrop=single.get("backdrop"),
        medium=single.get("medium"),
        motion=_motion(notes),
    )
    return _completed(scene, text)


def _storeys(notes: _Notes) -> int | None:
    return notes.storeys


def _motion(notes: _Notes) -> Motion | None:
    motion = notes.motion
    if motion is None:
        return None
    return replace(motion, speed=motion.speed or notes.single.get("speed"))


def _lettering(notes: _Notes, text: str | None) -> Lettering | None:
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


def _placed(notes: _Notes) -> tuple[tuple[Thing, ...], str | None]:
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


def _face(notes: _Notes, text: str) -> Face:
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


def _category(notes: _Notes, lettering: Lettering | None) -> str:
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
