"""What can go wrong in a painting, and how it is logged.

A defect of content turns the scene that was asked for into another scene; a defect of finish
(blur, noise ...) or of motion acts on pixels and frames and is only logged here. Each has a
severity from 0 (nobody sees it) to 1 (nothing worse of its kind). This module knows nothing of
painters' skill or of raters' taste.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.phrases import Rng, pick
from qfloor.generators.builtin.world.scene import Face, Scene

GRAVE = 0.8
"""From this severity on a defect of content shows twice: two attributes, two too many."""
_NEAR = 110.0  # colours closer than this in sRGB could pass for one another
_OPPOSITE_MOTION = {
    "left to right": "right to left",
    "right to left": "left to right",
    "rises": "falls",
    "falls": "rises",
}


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One entry of a painting's defect log."""

    name: str
    severity: float
    asked: str = ""
    drawn: str = ""


def defects_of(report: Mapping[str, Any]) -> tuple[Defect, ...]:
    """Read the defect log back from an output's report."""
    return tuple(Defect(**row) for row in report.get("defects", ()))


Change = tuple[Scene, str, str]  # the scene as drawn, what was asked, what was drawn


def _missing_object(scene: Scene, severity: float, rng: Rng) -> Change | None:
    if not scene.things:
        return None
    gone = pick(rng, scene.things)
    left = tuple(thing for thing in scene.things if thing is not gone)
    if not (left or scene.terrain or scene.lettering or scene.face or scene.building):
        # an empty picture would be a blank, which is another matter: something else is drawn
        other = _other(gone.noun, tuple(words.NOUNS), rng)
        drawn = replace(scene, things=(replace(gone, noun=other),))
        return drawn, f"{gone.count} {gone.noun}", f"{gone.count} {other}"
    drawn = replace(scene, things=left, relation=None)
    return drawn, f"{gone.count} {gone.noun}", "none"


def _swapped_relation(scene: Scene, severity: float, rng: Rng) -> Change | None:
    if scene.relation is None or len(scene.things) < 2:
        return None
    drawn = replace(scene, things=scene.things[::-1])
    return drawn, scene.relation, words.OPPOSITE[scene.relation]


def _wrong_count(scene: Scene, severity: float, rng: Rng) -> Change | None:
    many = [at for at, thing in enumerate(scene.things) if thing.count > 1]
    if not many:
        return None
    at = pick(rng, many)
    asked = scene.things[at].count
    step = 2 if severity >= GRAVE else 1
    most = len(words.NUMBERS) - 1
    options = [n for n in (asked - step, asked + step) if 1 <= n <= most]
    count = pick(rng, options or [asked - 1])
    things = list(scene.things)
    things[at] = replace(things[at], count=count)
    noun = things[at].noun
    return replace(scene, things=tuple(things)), f"{asked} {noun}", f"{count} {noun}"


def _other_colour(colour: str, rng: Rng) -> str:
    red, green, blue = words.COLOURS[colour]
    far = [
        name
        for name, (r, g, b) in words.COLOURS.items()
        if (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2 > _NEAR**2
    ]
    return pick(rng, far)


def _wrong_colour(scene: Scene, severity: float, rng: Rng) -> Change | None:
    targets: list[tuple[str, int, str]] = [
        ("thing", at, thing.colour) for at, thing in enumerate(scene.things) if thing.colour
    ]
    if scene.face and scene.face.clothing_colour:
        targets.append(("clothing", 0, scene.face.clothing_colour))
    if scene.building and scene.building.colour:
        targets.append(("walls", 0, scene.building.colour))
    if scene.lettering and scene.lettering.colour:
        targets.append(("lettering", 0, scene.lettering.colour))
    if not targets:
        return None
    part, at, asked = pick(rng, targets)
    colour = _other_colour(asked, rng)
    if part == "thing":
        things = list(scene.things)
        things[at] = replace(things[at], colour=colour)
        part = things[at].noun
        drawn = replace(scene, things=tuple(things))
    elif part == "clothing" and scene.face:
        drawn = replace(scene, face=replace(scene.face, clothing_colour=colour))
    elif part == "walls" and scene.building:
        drawn = replace(scene, building=replace(scene.building, colour=colour))
    else:
        assert scene.lettering is not None
        drawn = replace(scene, lettering=replace(scene.lettering, colour=colour))
    return drawn, f"{asked} {part}", f"{colour} {part}"


_FACE_WORDS: dict[str, Sequence[str]] = {
    "hair_colour": words.HAIR_COLOURS,
    "hair_style": words.HAIR_STYLES,
    "eyes": words.EYES,
    "expression": words.EXPRESSIONS,
    "glasses": words.GLASSES,
    "hat": words.HATS,
    "beard": words.BEARDS,
}


def _other(value: str, options: Sequence[str], rng: Rng) -> str:
    return pick(rng, [option for option in options if option != value])


def _attributes(scene: Scene) -> list[tuple[str, str]]:
    """Name the attributes that a scene fixes and that can be drawn wrong."""
    face, building = scene.face, scene.building
    found: list[tuple[str, str]] = []
    if face:
        found += [("face", name) for name in _FACE_WORDS if getattr(face, name)]
        found += [] if found else [("face", "person")]
    if building:
        found += [("building", n) for n in ("material", "storeys") if getattr(building, n)]
        found.append(("building", "kind"))
    return found + [("scene", n) for n in ("weather", "light", "terrain") if getattr(scene, n)]


def _altered(scene: Scene, owner: str, name: str, rng: Rng) -> Change:
    """Draw one attribute wrong."""
    if owner == "face":
        face = scene.face or Face()
        options = words.PERSONS if name == "person" else _FACE_WORDS[name]
        asked = str(getattr(face, name))
        value: Any = _other(asked, options, rng)
        return replace(scene, face=replace(face, **{name: value})), asked, value
    if owner == "building":
        assert scene.building is not None
        asked = str(getattr(scene.building, name))
        if name == "storeys":
            value = pick(rng, [n for n in range(1, 6) if n != scene.building.storeys])
        else:
            value = _other(asked, words.BUILDINGS if name == "kind" else words.WALLS, rng)
        drawn = replace(scene, building=replace(scene.building, **{name: value}))
        return drawn, f"{name} {asked}", f"{name} {value}"
    options = {"weather": words.WEATHERS, "light": words.LIGHTS, "terrain": words.TERRAINS}[name]
    asked = str(getattr(scene, name))
    value = _other(asked, options, rng)
    return replace(scene, **{name: value}), asked, value


def _wrong_attribute(scene: Scene, severity: float, rng: Rng) -> Change | None:
    open_ = _attributes(scene)
    if not open_:
        return None
    drawn, asked, wrong = scene, [], []
    for _ in range(2 if severity >= GRAVE else 1):
        if not open_:
            break
        owner, name = open_.pop(int(rng.random() * len(open_)))
        drawn, was, now = _altered(drawn, owner, name, rng)
        asked.append(was)
        wrong.append(now)
    return drawn, ", ".join(asked), ", ".join(wrong)


def _misspelt(text: str, severity: float, rng: Rng) -> str:
    """Spoil letters of a text: more of them the graver it is, always at least one."""
    letters = list(text)
    places = [at for at, letter in enumerate(letters) if letter.isalnum()]
    for _ in range(max(1, round(severity * len(places) / 3))):
        at = pick(rng, places)
        capital = letters[at].isupper()
        way = pick(rng, ("drop", "double", "replace"))
        if way == "replace":
            letter = pick(rng, "aeioutnrslm")
            letters[at] = letter.upper() if capital else letter
        else:
            letters[at] = "" if way == "drop" else letters[at] * 2
    spoilt = "".join(letters)
    return spoilt if spoilt.strip() and spoilt != text else text + text[-1:]


def _misspelt_lettering(scene: Scene, severity: float, rng: Rng) -> Change | None:
    lettering = scene.lettering
    if lettering is None or not any(letter.isalnum() for letter in lettering.text):
        return None
    text = _misspelt(lettering.text, severity, rng)
    return replace(scene, lettering=replace(lettering, text=text)), lettering.text, text


def _wrong_direction(scene: Scene, severity: float, rng: Rng) -> Change | None:
    motion = scene.motion
    if motion is None or motion.kind not in _OPPOSITE_MOTION:
        return None
    wrong = _OPPOSITE_MOTION[motion.kind]
    return replace(scene, motion=replace(motion, kind=wrong)), motion.kind, wrong


def _frozen_motion(scene: Scene, severity: float, rng: Rng) -> Change | None:
    return (scene, scene.motion.kind, "still") if scene.motion else None


def _on_pixels(scene: Scene, severity: float, rng: Rng) -> Change | None:
    return scene, "", ""


# In the order of application: what removes a thing comes before what alters it.
DEFECTS: dict[str, Callable[[Scene, float, Rng], Change | None]] = {
    "missing object": _missing_object,
    "swapped relation": _swapped_relation,
    "wrong count": _wrong_count,
    "wrong colour": _wrong_colour,
    "wrong attribute": _wrong_attribute,
    "misspelt lettering": _misspelt_lettering,
    "wrong direction": _wrong_direction,
    "frozen motion": _frozen_motion,
    "flicker": _on_pixels,
    "blur": _on_pixels,
    "noise": _on_pixels,
    "blockiness": _on_pixels,
    "overexposure": _on_pixels,
}
FINISH: tuple[str, ...] = ("blur", "noise", "blockiness", "overexposure")
OF_MOTION: tuple[str, ...] = ("wrong direction", "frozen motion", "flicker")


def apply(scene: Scene, name: str, severity: float, rng: Rng) -> tuple[Scene, Defect] | None:
    """Draw a scene wrong in one way, if it gives occasion for it.

    Parameters
    ----------
    scene : Scene
        What would be drawn so far.
    name : str
        A key of `DEFECTS`.
    severity : float
        From 0 to 1.
    rng : Rng
        Chooses what exactly goes wrong.

    Returns
    -------
    tuple of Scene and Defect, or None
        None when the scene gives no occasion (no lettering to misspell).
    """
    change = DEFECTS[name](scene, severity, rng)
    if change is None:
        return None
    drawn, asked, wrong = change
    return drawn, Defect(name=name, severity=round(severity, 3), asked=asked, drawn=wrong)
