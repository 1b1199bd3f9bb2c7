"""Files as wholes: written whole or not at all, whoever else reads meanwhile; their SHA-256."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, content: bytes | str) -> Path:
    """Replace a file by new content at once, and make it last.

    It is written beside its place under a name of its own, synced, and renamed: a reader and a
    kill meet the old file or the new one. Names are drawn, for a process number is not one's own:
    containers that share a disk have the same, and a killed process leaves its draft behind.

    Parameters
    ----------
    path : Path
        Its folder is made when missing; what is no file (a pipe, a terminal, ``/dev/stdout``) is
        written to as it is. A file that is there keeps its permissions, and a link its target: the
        file that it leads to is replaced.
    content : bytes or str
        Text is written in UTF-8, its line ends as they are.

    Returns
    -------
    Path
        The destination.
    """
    told = content.encode("utf-8") if isinstance(content, str) else content
    before = _mode(path)
    if _is_stream(path, before):
        path.write_bytes(told)
        return path
    place = path.resolve() if path.is_symlink() else path
    place.parent.mkdir(parents=True, exist_ok=True)
    with _named(path), _draft(place.parent) as (draft, descriptor):
        with os.fdopen(descriptor, "wb") as file:
            if before is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), stat.S_IMODE(before))
            file.write(told)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, place)
    sync_folder(place.parent)
    return path


def holds_other(path: Path, text: str) -> bool:
    """Whether a file is there whose bytes differ from a text in UTF-8.

    What `write_whole` does not replace (a pipe, a terminal) and a folder hold nothing.
    """
    mode = _mode(path)
    if mode is None or stat.S_ISDIR(mode) or _is_stream(path, mode):
        return False
    return path.read_bytes() != text.encode("utf-8", "surrogatepass")


def check_place(path: Path) -> None:
    """Try whether `write_whole` could put a file somewhere; nothing is left there.

    A draft is made and removed in the folder that is there already, since what permissions say
    does not tell of a disk that is read-only.

    Raises
    ------
    OSError
        What stands against it: a folder in its place, a file in place of its folder, no
        permission, a name that no disk takes.
    """
    try:
        before = path.stat().st_mode
    except FileNotFoundError:
        before = None
    if before is not None and stat.S_ISDIR(before):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if _is_stream(path, before):
        return
    place = path.resolve() if path.is_symlink() else path.absolute()
    folder = next(above for above in place.parents if above.exists())
    with _named(path), _draft(folder) as (_, descriptor):
        os.close(descriptor)


def _is_stream(path: Path, mode: int | None) -> bool:
    """Whether it is no file of its own: ``/dev/stdout`` stays, though it may lead to a file."""
    if mode is None or stat.S_ISDIR(mode):
        return False
    return not stat.S_ISREG(mode) or path.absolute().parts[:2] in (("/", "dev"), ("/", "proc"))


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file, and its descriptor; removed if it is still there in the end."""
    draft = folder / f".{secrets.token_hex(8)}.part"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        yield draft, descriptor
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have an error name the file that was meant, and not its draft."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, in hex; it is read in pieces."""
    from hashlib import file_digest  # brings 4 MB of OpenSSL, for who only writes

    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()
