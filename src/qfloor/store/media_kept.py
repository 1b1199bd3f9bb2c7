"""What a generator left is stored as media: moved where it lies in a folder of ours, else copied.

A workspace's store and a gateway's ledger both do so.
"""

from __future__ import annotations

from pathlib import Path

from qfloor.store.media_place import Media

GENERATORS = "generators"


class KeepsMedia:
    """A folder with media and generators' own folders."""

    root: Path
    media: Media

    def put_media(self, content: bytes | Path, media_type: str) -> str:
        """Store media durably; returns the SHA-256 a row may name from now on.

        A file that lies among the generators' folders is moved, any other is copied.
        """
        if isinstance(content, bytes):
            return self.media.put(content, media_type)
        return self.media.put_file(content, media_type, take=self.owns(content))

    def owns(self, path: Path) -> bool:
        """Whether a file lies among the generators' folders, so that it may be moved or removed."""
        return path.resolve().is_relative_to(self.root / GENERATORS)

    def generator_folder(self, name: str) -> Path:
        """A generator's own folder; made here. Workers that share it give files random names."""
        folder = self.root / GENERATORS / "".join(c if c.isalnum() else "-" for c in name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
