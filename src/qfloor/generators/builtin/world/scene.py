"""What a picture of the painters' world shows: the record between a prompt and its pixels.

A prompt is parsed into a `Scene` (`grammar.parse`), a painter's defects turn it into another
`Scene`, and `draw` turns that into pixels. A scene knows nothing of painters, prices or scores.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A group of equal objects: ``count`` times ``colour`` ``material`` ``noun``."""

    noun: str
    colour: str | None = None
    material: str | None = None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Face:
    """One person's head and shoulders; every attribute is a vocabulary word or None (free)."""

    person: str = "woman"
    hair_colour: str | None = None
    hair_style: str | None = None
    eyes: str | None = None
    expression: str | None = None
    glasses: str | None = None
    hat: str | None = None
    beard: str | None = None
    clothing_colour: str | None = None


@dataclass(frozen=True, kw_only=True)
class Building:
    """One building: its kind, wall colour, wall material and number of storeys."""

    kind: str
    colour: str | None = None
    material: str | None = None
    storeys: int | None = None


@dataclass(frozen=True, kw_only=True)
class Lettering:
    """Words that must be readable, and the surface that carries them."""

    text: str
    font: str | None = None
    colour: str | None = None
    surface: str = "sign"


@dataclass(frozen=True, kw_only=True)
class Motion:
    """What moves in a clip: the first thing (or the camera), how, and how fast."""

    kind: str
    speed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that a prompt of the painters' world asks for.

    ``relation`` says where ``things[0]`` is with respect to ``things[1]``: ``left of``,
    ``right of``, ``above`` or ``behind``. ``light`` and ``weather`` act on the whole picture,
    ``backdrop`` is the surface or plain colour behind the things, ``medium`` the picture's kind.
    """

    category: str
    things: tuple[Thing, ...] = ()
    relation: str | None = None
    face: Face | None = None
    building: Building | None = None
    terrain: str | None = None
    lettering: Lettering | None = None
    light: str | None = None
    weather: str | None = None
    backdrop: str | None = None
    medium: str | None = None
    motion: Motion | None = None
