"""What reading a prompt has found so far: the slate that `reading` writes and `assembly` reads."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from qfloor.generators.builtin.world.scene import Building, Motion, Thing

MAX_THINGS = 2


@dataclass(slots=True)
class Waiting:
    """Adjectives that wait for their noun."""

    count: int | None = None
    colour: str | None = None
    material: str | None = None
    wall: str | None = None
    pair: bool = False


@dataclass(slots=True)
class Notes:
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
    waiting: Waiting = field(default_factory=Waiting)

    def keep(self, kind: str, value: str | None) -> None:
        """Keep the first value of a kind."""
        if value is not None:
            self.single.setdefault(kind, value)


def known(value: str | None, table: Container[str]) -> str | None:
    """Return the value where it is a word of the table."""
    return value if value is not None and value in table else None
