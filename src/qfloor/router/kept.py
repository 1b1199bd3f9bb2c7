"""What is remembered with a release between requests of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from qfloor.router.places import Place, Standing

Judged = tuple[tuple[Place, Mapping[str, Standing]], ...]
"""Places, each with the standings of its offers."""


class Seen(NamedTuple):
    """Latency that counts now, and where it was seen."""

    p50_s: float | None
    p95_s: float | None
    n: int | None
    as_of: str | None
    usual_p95_s: float | None
    source: str


class Figures:
    """Of each offer what many shapes of requests have in common: price, its age, usual latency."""

    __slots__ = ("ages", "prices", "seen")

    def __init__(self) -> None:
        self.ages: tuple[str, dict[str, float | None]] = ("", {})
        self.prices: dict[str, int | None] = {}
        self.seen: dict[str, Seen] = {}


class Kept:
    """What follows from the shape of a request alone, kept with the release as it is asked for.

    Two requests have one shape when they agree in all but their words, budget and latency:
    categories they may be of, modality, tier, language, challenges, size and number, policy and
    price feed. `qfloor.router.shapes` works out what stands and what is demanded.
    """

    __slots__ = (
        "concluded", "demanded", "figures", "key", "places", "remarks", "standing", "usable",
    )  # fmt: skip

    def __init__(self, key: tuple[Any, ...], places: Judged, figures: Figures) -> None:
        self.key, self.places, self.figures = key, places, figures
        self.usable: dict[str, int | None] = {}
        self.standing: tuple[str, ...] | None = None
        self.demanded: tuple[Any, ...] | None = None
        self.remarks: dict[tuple[str, bool], tuple[str, tuple[str, ...]]] = {}
        self.concluded: dict[bool, tuple[str, dict[str, Any]]] = {}
