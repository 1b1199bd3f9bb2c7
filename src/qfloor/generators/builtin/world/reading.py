"""Read a prompt into a `Scene`: any text at all, never an error.

One pass over the known words. Adjectives wait until the noun they belong to arrives; an article,
a preposition or a full stop lets them go. What the words leave open is filled by a hash of the
text, so that the same text always means the same scene.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.assembly import assemble
from qfloor.generators.builtin.world.lexicon import Entry, entries
from qfloor.generators.builtin.world.notes import MAX_THINGS, Notes, Waiting, known
from qfloor.generators.builtin.world.scene import Building, Motion, Scene, Thing

MAX_LETTERS = 40
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
    notes = Notes()
    read = entries(rest)
    for at, entry in enumerate(read):
        after = read[at + 1].kind if at + 1 < len(read) else ""
        before = read[at - 1] if at else Entry("", "")
        _read(notes, entry, before, after)
    return assemble(notes, lettering, text)


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


def _read(notes: Notes, entry: Entry, before: Entry, after: str) -> None:
    kind, value = entry.kind, entry.value
    waiting = notes.waiting
    if kind in ("barrier", "relation", "side"):
        notes.waiting = Waiting()
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
        notes.keep("lettering colour", known(waiting.colour, words.COLOURS))
        notes.waiting = Waiting()
    elif kind == "motion":
        notes.motion = notes.motion or Motion(kind=value, speed=entry.note or None)
    elif kind == "cue":
        notes.cues.add(value)
        notes.keep("medium", entry.note or None)
    elif kind in _FIRST_WINS:
        notes.keep(kind, value)


def _read_place(notes: Notes, kind: str, value: str) -> None:
    if kind == "relation" and notes.relation is None and len(notes.things) == 1:
        notes.relation = (value, len(notes.things))
    elif kind == "side":
        notes.sides.append(value)


def _read_adjective(notes: Notes, entry: Entry, before: Entry, after: str) -> None:
    """Let an adjective wait for its noun, unless it follows one: "a mug in red", "made of wood"."""
    kind = "colour" if entry.kind == "hair colour" else entry.kind
    follows = before.kind == "made of" or (
        before == Entry("barrier", "in") and after not in _DESCRIBED
    )
    if follows and notes.last == "noun" and kind != "wall" and notes.things:
        thing = notes.things[-1]
        if kind == "colour":
            notes.things[-1] = replace(thing, colour=thing.colour or entry.value)
        else:
            notes.things[-1] = replace(thing, material=thing.material or entry.value)
    elif follows and notes.last == "building" and notes.building is not None:
        _complete_building(notes, kind, entry.value)
    elif getattr(notes.waiting, kind) is None:
        setattr(notes.waiting, kind, entry.value)


def _complete_building(notes: Notes, kind: str, value: str) -> None:
    building = notes.building
    if building is None:
        return
    if kind == "colour":
        notes.building = replace(building, colour=building.colour or value)
    elif value in words.WALLS:
        notes.building = replace(building, material=building.material or value)


def _read_noun(notes: Notes, noun: str, *, plural: bool) -> None:
    waiting = notes.waiting
    notes.waiting = Waiting()
    count = waiting.count or (2 if waiting.pair and noun != "headphones" else 0)
    if count == 0:
        count = 3 if plural and words.NOUNS[noun] != noun else 1
    colour = known(waiting.colour, words.COLOURS)
    thing = Thing(
        noun=noun,
        colour=colour,
        material=waiting.material,
        count=min(count, len(words.NUMBERS) - 1),
    )
    for at, told in enumerate(notes.things):  # "a red ball ... the ball": one thing, told twice
        if told.noun == noun and None in (told.colour, colour):
            notes.things[at] = replace(
                told, colour=told.colour or colour, material=told.material or thing.material
            )
            return
    if len(notes.things) < MAX_THINGS:
        notes.things.append(thing)
        notes.last = "noun"


def _read_building(notes: Notes, kind: str, value: str) -> None:
    waiting = notes.waiting
    wall = waiting.wall or known(waiting.material, words.WALLS)
    colour = known(waiting.colour, words.COLOURS)
    if kind == "storeys":
        if waiting.count is not None and notes.storeys is None:
            notes.storeys = waiting.count
        waiting.count = None
        return
    notes.waiting = Waiting()
    if kind == "walls":
        if notes.building is not None:
            for part, said in (("colour", colour), ("wall", wall)):
                if said:
                    _complete_building(notes, part, said)
    elif notes.building is None:
        notes.building = Building(kind=value, colour=colour, material=wall)
        notes.last = "building"


def _read_person(notes: Notes, kind: str, value: str) -> None:
    colour = notes.waiting.colour
    if kind == "old":
        notes.old = True
        return
    if kind == "person":
        notes.keep("person", value)
        notes.last = "person"
    elif kind == "eyes":
        notes.keep("eyes", known(colour, words.EYES))
    elif kind == "garment":
        notes.keep("clothing colour", known(colour, words.COLOURS))
    elif kind == "hair" or value in ("bun", "ponytail"):
        notes.keep("hair colour", known(colour, words.HAIR_COLOURS))
    if kind == "hair style":
        notes.keep("hair style", value)
    if kind != "hair style" or value in ("bun", "ponytail"):
        notes.waiting = Waiting()
