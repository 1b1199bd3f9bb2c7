"""Media by content: ``media/ab/<sha256>.<ext>``, written once, whole or not at all.

A file is written under a temporary name, fsynced and named, and its folder fsynced, before
anyone can learn its name. A file that comes on disk is hashed, fsynced and renamed: its bytes
are never all in memory. What this module does not know: what the bytes show.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qfloor.errors import StoreError, UnwritableError
from qfloor.store.lock import folder_held
from qfloor.whole import sha256_of, sync_folder

EXTENSIONS: dict[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
}
UNKNOWN_EXTENSION = "bin"
_NAME = re.compile(r"^[0-9a-f]{64}$")
CHUNK_BYTES = 1 << 20
PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE,
     errno.ENOMEM, errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT}
)  # fmt: skip
"""What a disk says that may take it later; other errors are of what was to be written."""
_ALL = (*EXTENSIONS.values(), UNKNOWN_EXTENSION)


@dataclass(frozen=True, kw_only=True)
class Lying:
    """A file that lies in a place; ``written_at`` in seconds since 1970, None where unknown."""

    sha256: str
    size: int
    written_at: float | None = None


class MediaFiles:
    """The media folder of a workspace."""

    def __init__(self, folder: Path, *, renews: bool = False) -> None:
        self.folder = folder
        self.renews = renews
        """Whether bytes that are there are written anew: then their age is of the last put."""
        self._lasting: set[str] = set()

    @property
    def where(self) -> str:
        """How a person names the place."""
        return str(self.folder)

    def put(self, content: bytes, media_type: str) -> str:
        """Store bytes durably and return their SHA-256; bytes that are there are left alone.

        A file of their name that holds others is damaged, and they take its place.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        with self._writing():
            if self._need_not(sha256):
                return sha256
            target = self._target(sha256, media_type)
            with self._draft(sha256[:16]) as draft:
                draft.write_bytes(content)
                self._name(draft, target)
        return sha256

    def put_file(self, path: Path, media_type: str, *, take: bool) -> str:
        """Store a file's bytes durably and return their SHA-256.

        With ``take`` the file is moved, where it lies on the same disk; otherwise it is copied
        and left alone. When it cannot be stored it lies where it lay.
        """
        with self._writing(), self._draft("file") as draft, _returned(draft, path):
            if take and self.renews:  # first: another worker sweeps drafts that look old
                with contextlib.suppress(OSError):  # of another user
                    os.utime(path)
            moved = take and _moved(path, draft)
            sha256 = sha256_of(draft) if moved else _copied(path, draft)
            if not self._need_not(sha256):
                target = self._target(sha256, media_type)
                self._name(draft, target)
            if take and not moved:
                path.unlink()
        return sha256

    def _name(self, draft: Path, target: Path) -> None:
        """Make a draft durable under its name.

        Bytes come before their name, but where a new name is believed only once a row has it
        (``renews``): there both become durable at once, one wait for the disk in place of two.
        A name that is there already is never given to bytes that are not on the disk.
        """
        if self.renews:
            with folder_held(self.folder, alone=False):
                is_new = _linked(draft, target)
            if is_new:
                with _synced_beside(target.parent):
                    _sync_file(draft)
                return
        _sync_file(draft)
        with folder_held(self.folder, alone=False):
            os.replace(draft, target)
        try:
            sync_folder(target.parent)
        except OSError:
            if not _linked(target, draft):  # who gave the file is given it back
                shutil.copyfile(target, draft)
            raise

    def _need_not(self, sha256: str) -> bool:
        """Whether such bytes are there; their name is waited for, as who gave it may be."""
        if self.renews or self.digest(sha256) != sha256:
            return False
        sync_folder(self._shard(sha256))
        return True

    def _target(self, sha256: str, media_type: str) -> Path:
        """Where bytes go: in the place of a file that has their name, else beside the others."""
        shard = self._shard(sha256)
        return self.find(sha256) or shard / f"{sha256}.{_extension(media_type)}"

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say of a disk that will not take media what it is: full, read-only, broken."""
        try:
            yield
        except OSError as error:
            said = error.strerror or str(error)
            kind = UnwritableError if error.errno in PASSING else StoreError
            raise kind(f"media cannot be written to {self.folder}: {said}") from error

    @contextlib.contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        """A name for a file in the making; whatever stands under it in the end is removed."""
        folder = self.folder / "drafts"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{name}-{uuid.uuid4().hex}"
        try:
            yield draft
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def find(self, sha256: str) -> Path | None:
        """Path of stored bytes, or None."""
        shard = self.folder / sha256[:2]
        for extension in _ALL:
            path = shard / f"{sha256}.{extension}"
            if path.exists():
                return path
        return None

    def path(self, sha256: str) -> Path:
        """Path of stored bytes.

        Raises
        ------
        StoreError
            When the store has no such media.
        """
        found = self.find(sha256)
        if found is None:
            raise StoreError(f"the store has no media {sha256} under {self.folder}")
        return found

    def fetch(self, sha256: str) -> bytes | None:
        """Stored bytes, or None when there are none."""
        found = self.find(sha256)
        return None if found is None else found.read_bytes()

    def has(self, sha256: str) -> bool:
        """Whether such bytes are stored."""
        return self.find(sha256) is not None

    def lying(self) -> Iterator[Lying]:
        """List all that is stored, by name; drafts and foreign files are passed over."""
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*.*")):
            if _NAME.match(path.stem):
                with contextlib.suppress(FileNotFoundError):
                    seen = path.stat()  # mtime is older than the stay of a file that was moved in
                    at = max(seen.st_mtime, seen.st_ctime)
                    yield Lying(sha256=path.stem, size=seen.st_size, written_at=at)

    def digest(self, sha256: str) -> str | None:
        """SHA-256 of what is really stored under a name, read through; None when nothing is."""
        found = self.find(sha256)
        return None if found is None else sha256_of(found)

    def remove(self, sha256: str) -> int:
        """Remove bytes and return how many they were; 0 when there were none."""
        found = self.find(sha256)
        if found is None:
            return 0
        size = found.stat().st_size
        found.unlink()
        sync_folder(found.parent)
        return size

    def sweep(self) -> int:
        """Remove drafts that a killed run left behind; only the one writer may call this."""
        left = list((self.folder / "drafts").glob("*"))
        for draft in left:
            draft.unlink(missing_ok=True)
        return len(left)

    def _shard(self, sha256: str) -> Path:
        """The folder of a digest. Who made it may not have waited for the disk: killed, or yet to.

        So each process waits once for all that are there, and for each that is new to it.
        """
        shard = self.folder / sha256[:2]
        if shard.name not in self._lasting or not shard.exists():
            shard.mkdir(parents=True, exist_ok=True)
            there = os.listdir(self.folder)
            sync_folder(self.folder)
            self._lasting.update(there)
        return shard


def _extension(media_type: str) -> str:
    return EXTENSIONS.get(media_type.split(";")[0].strip().lower(), UNKNOWN_EXTENSION)


@contextlib.contextmanager
def _returned(draft: Path, path: Path) -> Iterator[None]:
    """Give back a file that was taken and could not be kept: it may be the only one there is."""
    try:
        yield
    except BaseException:
        if draft.exists() and not path.exists():
            os.replace(draft, path)
        raise


def _moved(path: Path, draft: Path) -> bool:
    """Move a file; False when it lies on another disk, and has to be copied."""
    try:
        os.replace(path, draft)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _linked(draft: Path, target: Path) -> bool:
    """Give a file a second name that was free; False when it was not, or cannot be."""
    try:
        os.link(draft, target)
    except OSError:
        return False
    return True


def _copied(path: Path, draft: Path) -> str:
    """Copy a file, hashing as it goes."""
    digest = hashlib.sha256()
    with open(path, "rb") as source, open(draft, "wb") as file:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _sync_file(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _synced_beside(folder: Path) -> Iterator[None]:
    """Have a folder's names made durable meanwhile; afterwards, where no thread is to be had."""
    try:
        named = _beside().submit(sync_folder, folder)
    except RuntimeError:
        yield
        sync_folder(folder)
        return
    try:
        yield
    finally:
        named.result()


@cache
def _beside() -> ThreadPoolExecutor:
    """Threads that wait for the disk while another one does."""
    return ThreadPoolExecutor(4, thread_name_prefix="qfloor-folder")
