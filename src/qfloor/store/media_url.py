"""Media in a place fsspec knows: ``s3://bucket/prefix/ab/<sha256>``, written once and checked.

An object store keeps an object whole or not at all, and a finished write is durable; any other
file system gets a draft that is renamed. After a write its size is asked for; every read is
hashed, because a network and other people's tools lie between. What this module does not know:
what the bytes show, or which of them are wanted.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from qfloor.errors import PlaceError, StoreError
from qfloor.store.media_files import Lying, MediaFiles
from qfloor.store.media_place import normal, protocol_of

T = TypeVar("T")
WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})
"""Protocols that show an object only when all of it is there."""

TRIES = 4
WAIT_SECONDS = 0.5
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_CHUNK = 1 << 22
_WRITTEN = ("LastModified", "last_modified", "updated", "mtime", "created")
_EXTRAS = {"s3": "s3", "s3a": "s3"}


class UrlMedia:
    """A prefix of a file system that fsspec opens.

    Parameters
    ----------
    url : str
    options : mapping
        What fsspec's file system is opened with.
    near : MediaFiles
        Where a file that must be on this machine is fetched to.
    """

    def __init__(self, url: str, *, options: Mapping[str, Any], near: MediaFiles) -> None:
        self.where = normal(url)
        self.near = near
        self._options = dict(options)
        self._protocol = protocol_of(url) or "file"
        self._system, self._prefix = _opened(self.where, self._options)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the address: connections are opened anew where it is unpickled."""
        return functools.partial(UrlMedia, options=self._options, near=self.near), (self.where,)

    def put(self, content: bytes, media_type: str) -> str:
        """Store bytes and check that they arrived; see `Media`."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.has(sha256):
            self._write(sha256, len(content), lambda to: self._system.pipe_file(to, content))
        return sha256

    def put_file(self, path: Path, media_type: str, *, take: bool) -> str:
        """Store a file's bytes and check that they arrived; see `Media`."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if not self.has(sha256):
            size = path.stat().st_size
            self._write(sha256, size, lambda to: self._system.put_file(str(path), to))
        if take:
            path.unlink()
        return sha256

    def fetch(self, sha256: str) -> bytes | None:
        """Return stored bytes, hashed on the way; see `Media`."""
        try:
            content: bytes = self._tried("read", lambda: self._system.cat_file(self._at(sha256)))
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(f"media {sha256} under {self.where} is damaged: its digest differs")
        return content

    def has(self, sha256: str) -> bool:
        """Whether such bytes are stored."""
        return bool(self._tried("read", lambda: self._system.exists(self._at(sha256))))

    def find(self, sha256: str) -> Path | None:
        """Fetch bytes to the workspace's own folder; None when there are none."""
        found = self.near.find(sha256)
        if found is None and (content := self.fetch(sha256)) is not None:
            self.near.put(content, "")
            found = self.near.find(sha256)
        return found

    def path(self, sha256: str) -> Path:
        """Like `find`; `StoreError` when there are none."""
        found = self.find(sha256)
        if found is None:
            raise StoreError(f"the store has no media {sha256} under {self.where}")
        return found

    def lying(self) -> Iterator[Lying]:
        """List all that is stored under the prefix; other people's files are passed over."""
        found = self._tried("listed", lambda: self._system.find(self._prefix, detail=True))
        for name, about in sorted(found.items()):
            sha256 = name.rsplit("/", 1)[-1]
            if _SHA256.match(sha256):
                size = int(about.get("size") or 0)
                yield Lying(sha256=sha256, size=size, written_at=_written_at(about))

    def digest(self, sha256: str) -> str | None:
        """Digest of what is stored under a name; read in pieces, never all in memory."""

        def hashed() -> str:
            digest = hashlib.sha256()
            with self._system.open(self._at(sha256), "rb") as file:
                while piece := file.read(_CHUNK):
                    digest.update(piece)
            return digest.hexdigest()

        try:
            return self._tried("read", hashed)
        except FileNotFoundError:
            return None

    def remove(self, sha256: str) -> int:
        """Remove bytes and return how many they were."""
        try:
            size = int(self._tried("read", lambda: self._system.size(self._at(sha256))) or 0)
        except FileNotFoundError:
            return 0
        self._tried("changed", lambda: self._system.rm_file(self._at(sha256)))
        return size

    def sweep(self) -> int:
        """Remove drafts of killed runs; there are none where objects come whole."""
        if self._protocol in WHOLE:
            return 0
        folder = f"{self._prefix}/drafts"
        if not self._tried("read", lambda: self._system.exists(folder)):
            return 0
        left = self._tried("listed", lambda: self._system.find(folder))
        for draft in left:
            with contextlib.suppress(FileNotFoundError):
                self._system.rm_file(draft)
        return len(left)

    def _at(self, sha256: str) -> str:
        return f"{self._prefix}/{sha256[:2]}/{sha256}"

    def _write(self, sha256: str, size: int, write: Callable[[str], object]) -> None:
        """Write whole or not at all, then ask for the size: what was not confirmed is no put."""
        target = self._at(sha256)

        def written() -> int:
            if self._protocol in WHOLE:
                write(target)
            else:
                self._renamed(sha256, target, write)
            return int(self._system.info(target)["size"])

        got = self._tried("written", written)
        if got != size:
            raise PlaceError(
                f"media {sha256} did not arrive whole at {self.where}: {got} of {size} bytes; "
                f"run again"
            )

    def _renamed(self, sha256: str, target: str, write: Callable[[str], object]) -> None:
        draft = f"{self._prefix}/drafts/{sha256[:16]}-{uuid.uuid4().hex}"
        for folder in (draft, target):
            self._system.makedirs(folder.rsplit("/", 1)[0], exist_ok=True)
        write(draft)
        self._system.mv(draft, target)

    def _tried(self, verb: str, ask: Callable[[], T]) -> T:
        """Ask a few times: a network that stumbles is no reason to lose a run.

        Raises
        ------
        FileNotFoundError
            At once: that is an answer.
        PlaceError
            When the place refuses, or does not answer in the end.
        """
        for n in range(TRIES):
            try:
                return ask()
            except FileNotFoundError:
                raise
            except PermissionError as error:
                raise self._out_of_reach(verb, error) from error
            except Exception as error:  # each library behind fsspec has errors of its own
                if n + 1 == TRIES:
                    raise self._out_of_reach(verb, error) from error
                time.sleep(WAIT_SECONDS * 2**n)
        raise AssertionError("unreachable")

    def _out_of_reach(self, verb: str, error: BaseException) -> PlaceError:
        said = " ".join(str(error).split()) or type(error).__name__
        return PlaceError(f"media at {self.where} cannot be {verb}: {said}")


def _written_at(about: Mapping[str, Any]) -> float | None:
    """When an object was last written, as far as its file system says; each calls it otherwise."""
    found = [_seconds(about[name]) for name in _WRITTEN if name in about]
    return max((at for at in found if at is not None), default=None)


def _seconds(told: object) -> float | None:
    if isinstance(told, str):
        with contextlib.suppress(ValueError):
            told = dt.datetime.fromisoformat(told)
    if isinstance(told, dt.datetime):
        return (told if told.tzinfo else told.replace(tzinfo=dt.UTC)).timestamp()
    return float(told) if isinstance(told, int | float) else None


def _opened(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """Open the file system of a URL, with no memory of listings: others write there too."""
    import fsspec

    protocol = protocol_of(url) or ""
    known = {"use_listings_cache": False} | dict(options)
    try:
        system, prefix = fsspec.core.url_to_fs(url, **known)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        how = f"pip install 'qfloor[{extra}]'" if extra else str(error)
        raise StoreError(f"media at {url} need a package that is not installed: {how}") from error
    except ValueError as error:
        raise StoreError(f"media cannot lie at {url}: {error}") from error
    prefix = str(prefix).rstrip("/")
    if not prefix.strip("/"):
        raise StoreError(f"media cannot lie at {url}: name a bucket or folder behind ://")
    return system, prefix
