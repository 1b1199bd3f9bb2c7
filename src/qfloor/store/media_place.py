"""Where media lie: a folder on this machine, or any place fsspec knows (S3, memory, ...).

    Media            what every place can do: put, fetch, find, path, list
    place_of(...)    a place from what ``workspace.toml`` says
    Reached          one place to write to, others to read from

A place is a value that can be pickled, so that a scorer on another machine reads the same media.
What this module does not know: which media a row names, or what may be deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from qfloor.errors import StoreError
from qfloor.store.media_files import Lying, MediaFiles

_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


class Media(Protocol):
    """What every place can do; bytes are named by their SHA-256 and never change."""

    @property
    def where(self) -> str:
        """How a person names the place: a folder or a URL."""

    def put(self, content: bytes, media_type: str) -> str:
        """Store bytes durably and return their SHA-256; bytes that are there are left alone."""

    def put_file(self, path: Path, media_type: str, *, take: bool) -> str:
        """Store a file's bytes durably and return their SHA-256; see `MediaFiles.put_file`."""

    def fetch(self, sha256: str) -> bytes | None:
        """Return stored bytes, or None when there are none; `PlaceError` when out of reach."""

    def has(self, sha256: str) -> bool:
        """Whether such bytes are stored."""

    def find(self, sha256: str) -> Path | None:
        """A file on this machine with these bytes, fetched where need be; None when none is."""

    def path(self, sha256: str) -> Path:
        """Like `find`, with a `StoreError` when there are no such bytes."""

    def lying(self) -> Iterator[Lying]:
        """List all that is stored."""

    def digest(self, sha256: str) -> str | None:
        """SHA-256 of what is really stored under a name, read through; None when nothing is."""

    def remove(self, sha256: str) -> int:
        """Remove bytes and return how many they were; 0 when there were none."""

    def sweep(self) -> int:
        """Remove drafts that a killed run left behind; only the one writer may call this."""


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """The ``[media]`` table of ``workspace.toml``.

    ``url`` is where new media go, None for the workspace's own folder. ``also`` are read when it
    is not there: older places, and where `qfloor store tier` moved media. ``options`` are
    fsspec's, by protocol (``{"s3": {"endpoint_url": ...}}``); keys never stand here, but where
    the protocol's own library looks for them.
    """

    url: str | None = None
    also: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def protocol_of(url: str) -> str | None:
    """Protocol of a URL, or None for a plain path.

    Examples
    --------
    >>> protocol_of("s3://bucket/media"), protocol_of("/mnt/media")
    ('s3', None)
    """
    found = _URL.match(url)
    return found.group(1).lower() if found else None


def normal(url: str) -> str:
    """Return a place's address as it is compared and kept.

    Examples
    --------
    >>> normal("s3://bucket/media/"), normal("file:///mnt/media")
    ('s3://bucket/media', '/mnt/media')
    """
    protocol = protocol_of(url)
    if protocol not in (None, "file", "local"):
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.rstrip('/')}"
    return str(Path(url.rpartition("://")[2]).expanduser())


def place_of(url: str, settings: MediaSettings, near: MediaFiles) -> Media:
    """Open a place by URL or path.

    Parameters
    ----------
    url : str
        ``s3://bucket/prefix``, ``memory://media``, ``file:///mnt/media`` or a path.
    settings : MediaSettings
        For the protocol's options.
    near : MediaFiles
        The workspace's own folder: where a file that must be on this machine is fetched to.

    Raises
    ------
    StoreError
        When the protocol is unknown or its package is not installed.
    """
    url = normal(url)
    protocol = protocol_of(url)
    if protocol is None:
        folder = Path(url)
        if not folder.is_absolute():
            raise StoreError(f"media cannot go to {url!r}: a path must be absolute")
        return near if folder == near.folder else MediaFiles(folder)
    from qfloor.store.media_url import UrlMedia

    return UrlMedia(url, options=dict(settings.options.get(protocol, {})), near=near)


def media_of(root: Path, settings: MediaSettings) -> Media:
    """Return the media of a workspace as its settings say."""
    near = MediaFiles(root / "media")
    if settings.url is None and not settings.also:
        return near
    first = near if settings.url is None else place_of(settings.url, settings, near)
    others: list[Media] = [] if first is near else [near]
    others += [place_of(url, settings, near) for url in settings.also]
    return Reached(first, others)


class Reached:
    """One place to write to, and others to read from in order."""

    def __init__(self, first: Media, others: Sequence[Media]) -> None:
        self.first = first
        self.others = tuple(others)

    @property
    def places(self) -> tuple[Media, ...]:
        """All places, the one to write to first."""
        return (self.first, *self.others)

    @property
    def where(self) -> str:
        """The place that is written to."""
        return self.first.where

    def put(self, content: bytes, media_type: str) -> str:
        """Store bytes in the first place; see `Media`."""
        return self.first.put(content, media_type)

    def put_file(self, path: Path, media_type: str, *, take: bool) -> str:
        """Store a file's bytes in the first place; see `Media`."""
        return self.first.put_file(path, media_type, take=take)

    def fetch(self, sha256: str) -> bytes | None:
        """Return stored bytes from the nearest place that has them, or None."""
        found = (place.fetch(sha256) for place in self._nearest_first())
        return next((content for content in found if content is not None), None)

    def has(self, sha256: str) -> bool:
        """Whether any place has such bytes."""
        return any(place.has(sha256) for place in self._nearest_first())

    def find(self, sha256: str) -> Path | None:
        """A file on this machine with these bytes, or None."""
        for place in self._nearest_first():
            found = place.find(sha256)
            if found is not None:
                return found
        return None

    def path(self, sha256: str) -> Path:
        """A file on this machine with these bytes; `StoreError` when there are none."""
        found = self.find(sha256)
        if found is None:
            raise absent(sha256, self)
        return found

    def lying(self) -> Iterator[Lying]:
        """List all that is stored; what lies in two places comes twice."""
        for place in self.places:
            yield from place.lying()

    def digest(self, sha256: str) -> str | None:
        """Digest of what the nearest place has under a name."""
        for place in self._nearest_first():
            found = place.digest(sha256)
            if found is not None:
                return found
        return None

    def remove(self, sha256: str) -> int:
        """Remove bytes from every place."""
        return sum(place.remove(sha256) for place in self.places)

    def sweep(self) -> int:
        """Remove drafts of killed runs where we write."""
        return self.first.sweep()

    def _nearest_first(self) -> list[Media]:
        return sorted(self.places, key=lambda place: not isinstance(place, MediaFiles))


def places_of(media: Media) -> tuple[Media, ...]:
    """Return every place of a workspace's media, the one to write to first."""
    return media.places if isinstance(media, Reached) else (media,)


def absent(sha256: str, media: Media) -> StoreError:
    """Return the error that says that no place of a workspace has some media."""
    return StoreError(
        f"the store has no media {sha256} under {', '.join(p.where for p in places_of(media))}"
    )


def read_media(media: Media, sha256: str) -> bytes:
    """Return stored bytes.

    Raises
    ------
    StoreError
        When there are none; a `PlaceError` when their place is out of reach.
    """
    content = media.fetch(sha256)
    if content is None:
        raise absent(sha256, media)
    return content
