"""Remove media that no row names: what would go, and doing it.

A run that is killed between a file and its row leaves the file. Nothing that a row names is
touched, nothing younger than an hour, and nothing while a run holds the store. What this module
does not know: what may go of media that a row names (`tiering`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qfloor.errors import StoreError
from qfloor.store.media_files import Lying
from qfloor.store.media_place import Media, normal, places_of
from qfloor.store.store import Store

YOUNGEST = dt.timedelta(hours=1)
"""What was written since is left alone, whoever is writing."""

_YOUNG = "younger than an hour"
_UNDATED = "the place does not say when it was written"
_SHARED = "other workspaces may keep media there; name the place with --place"


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A file that no row names; ``kept`` says why it is left alone, "" where it goes."""

    sha256: str
    place: str
    bytes: int
    kept: str = ""


@dataclass(frozen=True, kw_only=True)
class CleanPlan:
    """Every file that no row names, in every place of a store."""

    orphans: tuple[Orphan, ...] = ()

    @property
    def due(self) -> tuple[Orphan, ...]:
        """Those that go."""
        return tuple(one for one in self.orphans if not one.kept)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a place and reason: how many files, how many bytes."""
        found: dict[tuple[str, str], list[int]] = {}
        for one in self.orphans:
            count = found.setdefault((one.place, one.kept), [0, 0])
            count[0] += 1
            count[1] += one.bytes
        return [
            {"place": place, "files": n, "bytes": size, "kept": kept or None}
            for (place, kept), (n, size) in found.items()
        ]


def plan_clean(store: Store, now: dt.datetime, places: Sequence[str] = ()) -> CleanPlan:
    """Say which files no row names, and which of them may go; nothing is changed.

    Parameters
    ----------
    store : Store
    now : datetime
    places : sequence of str
        Places beyond the workspace's own folder that may be cleaned, because no other workspace
        keeps media there.

    Raises
    ------
    StoreError
        When the store's rows are damaged or name no media at all, so that they cannot tell what
        is wanted; when a place is not one of the store's.
    """
    _may_judge(store)
    own = str(store.root / "media")
    cleaned = {own, *(_known(store, place) for place in places)}
    named = {one.sha256 for one in store.named_media()}
    found = []
    for place in places_of(store.media):
        for lying in place.lying():
            if lying.sha256 not in named:
                why = _why_kept(lying, now) if place.where in cleaned else _SHARED
                found.append(
                    Orphan(sha256=lying.sha256, place=place.where, bytes=lying.size, kept=why)
                )
    if found and not named:
        raise StoreError(
            f"the store at {store.root} names no media at all, so its rows may be lost; nothing is "
            f"cleaned"
        )
    return CleanPlan(orphans=tuple(found))


def _why_kept(one: Lying, now: dt.datetime) -> str:
    if one.written_at is None:
        return _UNDATED
    return _YOUNG if now.timestamp() - one.written_at < YOUNGEST.total_seconds() else ""


def _may_judge(store: Store) -> None:
    damage = store.damage()
    if damage:
        raise StoreError(f"{store.path} is damaged ({damage[0]}); nothing is cleaned")


def _known(store: Store, place: str) -> str:
    known = [one.where for one in places_of(store.media)]
    if normal(place) not in known:
        raise StoreError(f"media do not lie at {place}; they lie at {', '.join(known)}")
    return normal(place)


def clean(store: Store, plan: CleanPlan, progress: Callable[[int, int], None] | None = None) -> int:
    """Remove what a plan says and return how many bytes that freed.

    The caller holds the store for writing, and made the plan while holding it.
    """
    at: dict[str, Media] = {place.where: place for place in places_of(store.media)}
    freed = 0
    for n, one in enumerate(plan.due, start=1):
        freed += at[one.place].remove(one.sha256)
        if progress is not None:
            progress(n, len(plan.due))
    return freed
