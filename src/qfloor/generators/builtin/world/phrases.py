"""English for the parts of a scene: a thing, a face, a place, a light, a motion.

Every function draws one of several wordings. The wordings use no vocabulary word they do not
mean (a test reads every composed prompt back), so choose synonyms here with the lexicon open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.scene import Building, Face, Lettering, Motion, Thing

T = TypeVar("T")


class Rng(Protocol):
    """Anything with ``random()`` in [0, 1): `random.Random` and numpy's `Generator` both."""

    def random(self) -> float:
        """Return the next number."""
        ...


def pick(rng: Rng, options: Sequence[T]) -> T:
    """Draw one option."""
    return options[int(rng.random() * len(options))]


def chance(rng: Rng, probability: float) -> bool:
    """Draw a truth that holds with the given probability."""
    return rng.random() < probability


def article(phrase: str) -> str:
    """Prefix ``a`` or ``an``."""
    vowel = phrase[:1].lower() in "aeiou" and not phrase.startswith("one")
    return f"{'an' if vowel else 'a'} {phrase}"


def thing(rng: Rng, what: Thing) -> str:
    """Word a thing with its count, colour and material."""
    after = ""
    front = [what.material] if what.material else []
    if what.colour and chance(rng, 0.12):
        after = f" in {what.colour}"
    elif what.colour:
        front.insert(0, what.colour)
    elif what.material and what.material in _MADE_OF and chance(rng, 0.4):
        front, after = [], f" made of {_MADE_OF[what.material]}"
    if what.colour and what.material in _MADE_OF and not after and chance(rng, 0.15):
        front, after = [what.colour], f" made of {_MADE_OF[what.material]}"
    pair = what.noun == "headphones"
    many = what.count > 1
    name = " ".join([*front, words.NOUNS[what.noun] if many or pair else what.noun])
    if many:
        lead = f"{words.NUMBERS[what.count]} {'pairs of ' if pair else ''}"
        if what.count == 2 and chance(rng, 0.15) and not pair:
            lead = "a pair of "
        return f"{lead}{name}{after}"
    if pair:
        return f"a pair of {name}{after}"
    lead = pick(rng, ("", "", "", "", "single ", "lone "))
    return f"{article(lead + name)}{after}"


_MADE_OF = {
    "wooden": "wood",
    "metal": "metal",
    "glass": "glass",
    "ceramic": "ceramic",
    "leather": "leather",
}


def backdrop(rng: Rng, name: str) -> str:
    """Word where the things stand."""
    if name.endswith("background"):
        return pick(
            rng,
            (
                f"on a {name}",
                f"against a {name}",
                f"set against a plain {name}",
                f"on a seamless {name}",
            ),
        )
    return pick(
        rng,
        {
            "wooden table": ("on a wooden table", "set on a wooden table"),
            "marble counter": ("on a marble counter", "placed on a marble counter"),
            "brick wall": ("against a brick wall", "in front of a brick wall"),
            "grass field": ("on a grass field", "out on a grass field"),
        }[name],
    )


def light(rng: Rng, name: str) -> str:
    """Word the light."""
    return pick(
        rng,
        {
            "soft light": ("in soft light", "under soft light", "with soft light all around"),
            "golden light": ("in golden light", "bathed in golden light"),
            "neon light": ("in neon light", "under neon light", "with a touch of neon light"),
            "dramatic side light": ("in dramatic side light", "with dramatic side light"),
            "backlight": ("in strong backlight", "with backlight", "shot with backlight"),
            "candlelight": ("by candlelight", "in warm candlelight", "lit by candlelight"),
        }[name],
    )


def weather(rng: Rng, name: str) -> str:
    """Word the weather or the time of day."""
    return pick(
        rng,
        {
            "dawn": ("at dawn", "just at dawn"),
            "noon": ("at noon", "at high noon"),
            "sunset": ("at sunset", "during sunset"),
            "night": ("at night", "late at night"),
            "rain": ("in the rain", "in heavy rain"),
            "snow": ("in the snow", "under fresh snow"),
            "fog": ("in the fog", "in thick fog", "wrapped in fog"),
        }[name],
    )


def terrain(name: str) -> str:
    """Word the land, with its article where English wants one."""
    return name if name.endswith("s") else article(name)


def within(rng: Rng, name: str) -> str:
    """Word where in the land something happens."""
    return pick(
        rng,
        {
            "mountains": ("in the mountains", "high in the mountains"),
            "lake": ("on a lake", "by a lake"),
            "beach": ("on a beach", "along a beach"),
            "desert": ("in a desert", "across a desert"),
            "forest": ("in a forest", "through a forest"),
            "meadow": ("in a meadow", "across a meadow"),
            "rolling hills": ("among rolling hills", "across rolling hills"),
            "river valley": ("in a river valley", "along a river valley"),
            "waterfall": ("by a waterfall", "before a waterfall"),
            "sea cliffs": ("by sea cliffs", "along sea cliffs"),
        }[name],
    )


def relation(rng: Rng, first: str, second: str, kind: str | None) -> str:
    """Word where the first group is with respect to the second."""
    if kind is None:
        return f"{first} {pick(rng, ('and', 'next to', 'together with', 'beside'))} {second}"
    if kind == "above":
        return pick(
            rng,
            (
                f"{first} above {second}",
                f"{second} below {first}",
                f"{first} floating above {second}",
            ),
        )
    if kind == "behind":
        return pick(rng, (f"{first} behind {second}", f"{second} in front of {first}"))
    side, other = ("left", "right") if kind == "left of" else ("right", "left")
    return pick(
        rng,
        (
            f"{first} to the {side} of {second}",
            f"{first} {side} of {second}",
            f"{first} on the {side} and {second} on the {other}",
        ),
    )


def person(face: Face) -> str:
    """Word who it is, with the expression and baldness in front."""
    front = [w for w in (face.expression, "bald" if face.hair_style == "bald" else None) if w]
    return article(" ".join([*front, face.person]))


def hair(rng: Rng, face: Face) -> str:
    """Word the hair, or nothing."""
    style = None if face.hair_style == "bald" else face.hair_style
    colour = f"{face.hair_colour} " if face.hair_colour else ""
    if style in ("bun", "ponytail"):
        tied = pick(rng, ("", "tied ")) if not colour else ""
        return f"{colour}{tied}hair in a {style}"
    if style:
        return f"{style} {colour}hair"
    return f"{colour}hair" if colour else ""


def features(rng: Rng, face: Face) -> list[str]:
    """Word hair, eyes, glasses and beard, each where asked for."""
    parts = [hair(rng, face)]
    parts += [f"{face.eyes} eyes"] if face.eyes else []
    parts += (
        [f"a {face.beard}" if face.beard != "moustache" else "a moustache"] if face.beard else []
    )
    if face.glasses:
        parts.append(face.glasses)
    return [part for part in parts if part]


def clothes(rng: Rng, face: Face) -> list[str]:
    """Word hat and clothing."""
    parts = [f"a {face.hat}"] if face.hat else []
    if face.clothing_colour:
        garment = pick(rng, ("sweater", "shirt", "jacket", "coat", "scarf", "hoodie", "blouse"))
        parts.append(article(f"{face.clothing_colour} {garment}"))
    return parts


def listed(parts: Sequence[str]) -> str:
    """Join parts as English does."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def led(lead: str, parts: Sequence[str]) -> str:
    """Join parts after a leading word, or say nothing when there are none."""
    return f"{lead} {listed(parts)}" if parts else ""


def building(rng: Rng, what: Building) -> str:
    """Word a building: storeys, colour, walls, kind."""
    walls = [w for w in (what.colour, what.material) if w]
    before, after = "", ""
    if what.storeys is not None:
        number = words.NUMBERS[what.storeys]
        if chance(rng, 0.6):
            before = f"{number}-storey "
        else:
            after = f" with {number} {'storey' if what.storeys == 1 else 'storeys'}"
    if walls and not after and chance(rng, 0.25):
        return f"{article(before + what.kind)} with {' '.join(walls)} walls"
    return f"{article(before + ' '.join([*walls, what.kind]))}{after}"


def lettering(rng: Rng, what: Lettering) -> str:
    """Word the surface and what is written on it, quoted."""
    quoted = f"\u201c{what.text}\u201d" if chance(rng, 0.15) else f'"{what.text}"'
    style = " ".join(w for w in (what.colour, what.font) if w)
    written = f" in {style} {pick(rng, ('letters', 'lettering', 'type'))}" if style else ""
    surface = article(what.surface)
    return pick(
        rng,
        (
            f"{surface} that says {quoted}{written}",
            f"{surface} reading {quoted}{written}",
            f"{surface} with the words {quoted}{written}",
            f"{surface} that carries the words {quoted}{written}",
            f"the words {quoted}{written} on {surface}",
        ),
    )


_VERBS: dict[str, tuple[tuple[str, str], ...]] = {  # singular, plural
    "left to right": (("moves", "move"), ("travels", "travel"), ("glides", "glide")),
    "right to left": (("moves", "move"), ("travels", "travel"), ("glides", "glide")),
    "rises": (("rises", "rise"),),
    "falls": (("falls", "fall"),),
    "bounces": (("bounces", "bounce"),),
    "spins": (("spins", "spin"),),
    "grows": (("grows larger", "grow larger"),),
}
_PATHS: dict[str, tuple[str, ...]] = {
    "left to right": (" from left to right",),
    "right to left": (" from right to left",),
    "rises": (" from the bottom to the upper edge", "", " into view"),
    "falls": (" from the upper edge to the bottom", "", " past the viewer"),
    "bounces": (" up and down", ""),
    "spins": (" around", " in place"),
    "grows": ("",),
}


def motion(rng: Rng, what: Motion, count: int) -> str:
    """Word what the thing does: a verb phrase that agrees with its count."""
    if what.kind in ("zoom", "pan"):
        verb = "zooms in" if what.kind == "zoom" else "pans to the right"
        speed = f"{what.speed} " if what.speed else ""
        return f"as the camera {speed}{verb}"
    verb = pick(rng, _VERBS[what.kind])[count > 1]
    path = pick(rng, _PATHS[what.kind])
    if what.speed and chance(rng, 0.5):
        return f"{what.speed} {verb}{path}"
    return f"{verb}{path}{f' {what.speed}' if what.speed else ''}"
