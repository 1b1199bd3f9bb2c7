"""Say where new media go, and copy there what lies elsewhere.

The old places stay readable and lose nothing. What this module does not know: what may be
removed (`tiering`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qfloor.errors import StoreError
from qfloor.store.media_files import MediaFiles
from qfloor.store.media_place import (
    MediaSettings,
    normal,
    place_of,
    places_of,
    protocol_of,
    read_media,
)
from qfloor.store.settings import read_settings, write_settings
from qfloor.store.store import Store


def tried(root: Path, url: str | None, options: Mapping[str, Any] | None = None) -> MediaSettings:
    """What a workspace would keep of where its media go, once that place was tried.

    Errors as in `place_media`. Nothing is changed, and no workspace need be there.
    """
    settings = read_settings(root)
    new = None if url is None else normal(url)
    protocol = None if new is None else protocol_of(new)
    if options and protocol is None:
        raise StoreError("options are for places behind a URL such as s3://BUCKET/PREFIX")
    if protocol is not None and options:
        merged = {**settings.options.get(protocol, {}), **options}
        settings = replace(settings, options={**settings.options, protocol: merged})
    also = [one for one in dict.fromkeys([settings.url, *settings.also]) if one not in (None, new)]
    settings = replace(settings, url=new, also=tuple(filter(None, also)))
    if new is not None:
        _try(place_of(new, settings, MediaFiles(root / "media")))
    return settings


def place_media(
    store: Store,
    url: str | None,
    options: Mapping[str, Any] | None = None,
    *,
    known: MediaSettings | None = None,
) -> None:
    """Let new media go to a URL, or to the workspace's own folder for None.

    The place is tried first: nothing is changed when it cannot be written. ``known`` is what
    `tried` gave, where it was. The caller holds the store for writing.

    Raises
    ------
    StoreError
        When the place is not one, needs a package, or cannot be written and read.
    """
    write_settings(store.root, known or tried(store.root, url, options))
    store.reopen_media()


def _try(place: Any) -> None:
    """Write a few bytes and read them back."""
    content = b"qfloor: may media be written here?"
    sha256 = place.put(content, "")
    read = place.fetch(sha256)
    place.remove(sha256)
    if read != content:
        raise StoreError(f"media cannot go to {place.where}: it does not give back what it took")


def copy_media(store: Store, progress: Callable[[int, int], None] | None = None) -> int:
    """Copy to where new media go whatever outputs name that lies elsewhere; returns how many.

    Raises
    ------
    StoreError
        When a place is out of reach; what was copied until then is kept.
    """
    goal = places_of(store.media)[0]
    there = {one.sha256 for one in goal.lying()}
    named = {one.sha256: one for one in store.named_media()}
    due = [one for sha256, one in named.items() if sha256 not in there and store.media.has(sha256)]
    for n, one in enumerate(due, start=1):
        goal.put(read_media(store.media, one.sha256), one.media_type)
        if progress is not None:
            progress(n, len(due))
    return len(due)


def places_shown(store: Store) -> list[dict[str, Any]]:
    """Return a row for each place: what for, how many files and bytes."""
    rows = []
    for n, place in enumerate(places_of(store.media)):
        lying = list(place.lying())
        rows.append(
            {
                "place": place.where, "new_media": n == 0, "files": len(lying),
                "bytes": sum(one.size for one in lying),
            }
        )  # fmt: skip
    return rows
