"""Media by content: ``media/ab/<sha256>.<ext>``, written once, whole or not at all.

A file is written under a temporary name, fsynced and renamed, and its folder fsynced, before
anyone can learn its name. What this module does not know: what the bytes show.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

from qfloor.errors import StoreError

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
_ALL = (*EXTENSIONS.values(), UNKNOWN_EXTENSION)


class MediaFiles:
    """The media folder of a workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes, media_type: str) -> str:
        """Store bytes durably and return their SHA-256; bytes that are there are left alone."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self.find(sha256) is not None:
            return sha256
        extension = EXTENSIONS.get(media_type.split(";")[0].strip().lower(), UNKNOWN_EXTENSION)
        target = self._shard(sha256) / f"{sha256}.{extension}"
        draft = self._drafts() / f"{sha256[:16]}-{uuid.uuid4().hex[:8]}"
        try:
            with open(draft, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"media cannot be written to {self.folder}: {error}") from error
        sync_folder(target.parent)
        return sha256

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

    def sweep(self) -> int:
        """Remove drafts that a killed run left behind; only the one writer may call this."""
        left = list((self.folder / "drafts").glob("*"))
        for draft in left:
            draft.unlink(missing_ok=True)
        return len(left)

    def _shard(self, sha256: str) -> Path:
        shard = self.folder / sha256[:2]
        if not shard.exists():
            shard.mkdir(parents=True, exist_ok=True)
            sync_folder(self.folder)
        return shard

    def _drafts(self) -> Path:
        drafts = self.folder / "drafts"
        drafts.mkdir(parents=True, exist_ok=True)
        return drafts


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
