"""What a release says of its places (category, modality, tier), looked up when first asked for.

A release of a thousand models has tens of thousands of verdicts, and a router asks for those of a
few places. So the file is copied into memory as it is, checked before, and each place is read once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple, TypeVar, overload

from qfloor.errors import DatabaseError
from qfloor.router.scripts import variety

T = TypeVar("T")
V = TypeVar("V")
Place = tuple[str, str, str]
"""Category, modality, tier."""


class Standing(NamedTuple):
    """What the release says of one offer in one category, modality and tier."""

    ruling: str
    reason: str
    upper: float | None
    more_prompts: int | None
    bound: str | None  # which one decided on the floor
    valid_until: str | None
    q25: float | None
    q25_lo: float | None
    n_prompts: int | None
    n_outputs: int | None
    counts: str | None  # of outputs by how they ended, as JSON; what is charged depends on it
    post_hoc: int | None  # 1: its demand or level is not what was frozen before the first score
    panel: str | None  # on whose judgment it is conditional, when they are few
    languages: frozenset[str] | None
    tags: frozenset[str] | None


class Places(Mapping[Place, V]):
    """Places with what is looked up of each when it is first asked for; safe in threads."""

    def __init__(self, places: Iterable[Place], look: Callable[[Place], V]) -> None:
        self._look = look
        self._places = dict.fromkeys(places)
        self._found: dict[Place, V] = {}
        self._lock = Lock()

    def __getitem__(self, place: Place) -> V:
        found = self._found.get(place)
        if found is None:
            if place not in self._places:
                raise KeyError(place)
            with self._lock:
                found = self._found.get(place)
                if found is None:
                    found = self._found[place] = self._look(place)
        return found

    @overload
    def get(self, key: Place, /) -> V | None: ...
    @overload
    def get(self, key: Place, /, default: V | T) -> V | T: ...
    def get(self, key: Place, /, default: Any = None) -> Any:
        """As of any mapping, and fast for what was found before."""
        found = self._found.get(key)
        if found is not None:
            return found
        return self[key] if key in self._places else default

    def __contains__(self, place: object) -> bool:
        return place in self._places

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


_COLUMNS = (
    "SELECT v.offer_id, f.population, v.ruling, v.reason, "
    "v.upper, v.more_prompts, f.bound, v.valid_until, f.q25, f.q25_lo_release, f.n_prompts, "
    "f.n_outputs, f.counts, {later} FROM verdicts v LEFT JOIN floors f ON f.offer_id = v.offer_id "
    "AND f.category = v.category AND f.modality = v.modality AND f.quality = v.quality "
    "AND f.kind = 'delivered' WHERE v.category = ? AND v.modality = ? AND v.tier = ? AND "
)
_JUDGED = "v.quality = ? ORDER BY v.offer_id"
_PROVISIONAL = (
    "v.ruling = 'undecided' AND v.reason = 'provisional' AND ? <> '' ORDER BY v.quality, v.offer_id"
)
_LATER = ("post_hoc", "panel")  # of verdicts, since 1.1
_PLACES = "SELECT DISTINCT category, modality, tier FROM verdicts ORDER BY 1, 2, 3"


class Standings:
    """A copy of a release in memory, and the two ways in which its verdicts are looked up.

    Parameters
    ----------
    path : str
        For messages.
    connection : sqlite3.Connection
        Of the file, which was checked; it is copied and may be closed afterwards.
    quality : str
        Whose verdicts decide.
    """

    def __init__(self, path: str, connection: sqlite3.Connection, quality: str) -> None:
        self._path, self._quality = path, quality
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        connection.backup(self._copy)
        self._lock = Lock()
        there = {row[1] for row in self._copy.execute("PRAGMA table_info(verdicts)")}
        later = ", ".join(f"v.{name}" if name in there else "NULL" for name in _LATER)
        columns = _COLUMNS.format(later=later)
        self._judged, self._provisional = columns + _JUDGED, columns + _PROVISIONAL
        self._copy.execute(f"{self._judged} LIMIT 0", ("", "", "", ""))  # all columns are there
        self.places: tuple[Place, ...] = tuple(self._copy.execute(_PLACES))

    def judged(self, place: Place) -> dict[str, Standing]:
        """Verdicts that decide, by offer."""
        return self._look(self._judged, place)

    def provisional(self, place: Place) -> dict[str, Standing]:
        """Verdicts on any quality of offers that no person judged and a metric lets through."""
        return self._look(self._provisional, place)

    def _look(self, query: str, place: Place) -> dict[str, Standing]:
        try:
            with self._lock:
                rows = self._copy.execute(query, (*place, self._quality)).fetchall()
            return {
                offer: Standing._make((*rest, *_covered(population)))
                for offer, population, *rest in rows
            }
        except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
            raise DatabaseError(
                f"{self._path}: verdicts of {', '.join(place)} cannot be read ({error})"
            ) from error


@lru_cache(maxsize=4096)
def _covered(population: str | None) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Languages and challenges that a floor is about."""
    told = json.loads(population) if population else {}
    languages, tags = told.get("languages"), told.get("tags")
    return (
        None if languages is None else frozenset(map(variety, languages)),
        None if tags is None else frozenset(tags),
    )
