"""A session while it is made: drafts of its folder and key, and a lock that says its maker lives.

A run that was killed leaves them. The next of the same name clears them away, and with them a key
whose session was never put in place, which would stand in its way. Drafts of a run that lives are
left alone; so is a key that is not known, by its session's id, to be a dead run's.
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from qfloor.abtest.key import check_place, read_key, taken, write_key
from qfloor.abtest.protocol import read_protocol
from qfloor.errors import SessionError, StoreError
from qfloor.store.lock import WriterLock


@dataclass(frozen=True)
class Draft:
    """Where a session's folder and key are made, before both are put in their places."""

    folder: Path
    key: Path
    lock: WriterLock

    @classmethod
    def named(cls, folder: Path, place: Path, number: str) -> Draft:
        """The draft of that number of a folder and of a key's place."""
        draft = folder.with_name(f".{folder.name}.{number}")
        lock = WriterLock(draft.with_name(f"{draft.name}.lock"))
        return cls(draft, place.with_name(f".{place.name}.{number}"), lock)

    def put_key(self, place: Path) -> None:
        """Put the key in its place, whole at once and never over another.

        Raises
        ------
        SessionError
            When one is there already: another session was made at the same moment.
        """
        try:
            os.link(self.key, place)
        except FileExistsError:
            raise taken(place) from None
        except OSError:  # a disk without links: not at once, but over nothing either
            write_key(place, read_key(self.key))
        self.key.unlink()  # whoever takes the key away must not leave another of it here

    def end(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.key.unlink(missing_ok=True)
        try:
            self.lock.path.unlink(missing_ok=True)
        except PermissionError:  # Windows removes no file that is open, were it our own
            self.lock.release()
            with contextlib.suppress(PermissionError):  # another has it by now: theirs to remove
                self.lock.path.unlink(missing_ok=True)
        self.lock.release()


def begin(folder: Path, place: Path) -> Draft:
    """Begin a draft; from now on others can see that its maker lives."""
    for one in (folder, place):
        one.parent.mkdir(parents=True, exist_ok=True)
    draft = Draft.named(folder, place, secrets.token_hex(4))
    draft.lock.acquire("ab new")
    if not draft.lock.stands():  # another run took it for a dead one's before it was held
        draft.lock.release()
        return begin(folder, place)
    return draft


def room_for(folder: Path, key: Path) -> Path:
    """Where a session's key goes, once what killed runs left of the same session is cleared away.

    Raises
    ------
    SessionError
        As `check_place`.
    """
    _clear(folder, key.expanduser().resolve())
    return check_place(folder, key)


def _clear(folder: Path, place: Path) -> None:
    """Remove what killed runs left of a session that is not there."""
    digits = "[0-9a-f]" * 8
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.{digits}.lock"):
        number = path.name.removesuffix(".lock")[-8:]
        draft = Draft.named(folder, place, number)
        try:
            draft.lock.acquire("ab new", create=False)
        except StoreError:  # its maker lives
            continue
        with contextlib.suppress(SessionError):
            if read_key(place).session_id == read_protocol(draft.folder).session_id:
                place.unlink()
        draft.end()
