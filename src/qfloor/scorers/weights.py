"""From a reference to weights to a file on this disk, with its SHA-256. Knows no model.

    heads/v1.pth                                  a file
    https://host/v1.pth#sha256=2cd4...            an address; refused without its digest
    hf-hub:org/repo/folder/v1.pth@revision        a file of a hub repository

What was downloaded once is never downloaded again. A download goes to ``<name>.part`` beside its
place, is continued there when it was cut short (also by a kill), and gets its name only when its
digest is right: no reader ever sees half a file.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from io import BufferedRandom
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

try:
    import fcntl
except ImportError:  # Windows: two downloads of one file at once are not kept apart there
    fcntl = None  # type: ignore[assignment]

from qfloor.errors import PluginError
from qfloor.scorers import hub
from qfloor.whole import sha256_of

LIMIT_BYTES = 32 * 2**30
"""Larger files are taken for a mistake; the largest open_clip weights have 20 GB."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PIECE = 2**20
_TIMEOUT_SECONDS = 30.0
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file of weights on this disk.

    ``source`` is the reference that finds the same bytes again: of a hub file it names the commit
    that was taken, of an address the digest.
    """

    path: Path
    sha256: str
    source: str


def cache_dir() -> Path:
    """Return where downloads and prepared models are kept; it may not exist yet.

    ``QFLOOR_CACHE_DIR``, else ``$XDG_CACHE_HOME/qfloor``, else ``~/.cache/qfloor``.
    """
    own = os.environ.get("QFLOOR_CACHE_DIR")
    if own:
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "qfloor"


def is_reference(text: str) -> bool:
    """Whether a text can only be a reference to weights, not a plain name."""
    return "/" in text or os.sep in text or text.startswith(hub.PREFIX) or Path(text).is_file()


def locate(reference: str, *, download: bool = True, limit_bytes: int = LIMIT_BYTES) -> Weights:
    """Return the file a reference names, downloaded if need be.

    Parameters
    ----------
    reference : str
        A path, an ``http(s)`` address or ``hf-hub:org/repo/file[@revision]``; each may end in
        ``#sha256=`` and 64 hex digits, which an address must have.
    download : bool, default True
        False looks only at what is here already.
    limit_bytes : int
        A larger file is not downloaded.

    Raises
    ------
    PluginError
        When the reference has no such form, the file is not there and cannot be had (the message
        says how to get it), or its digest is another.
    """
    place, _, fragment = reference.partition("#")
    expected = _expected(reference, fragment)
    if place.startswith(("http://", "https://")):
        if expected is None:
            raise PluginError(
                f"weights at {place} come without a digest; add '#sha256=' and the file's SHA-256"
            )
        return _from_address(place, expected, download, limit_bytes)
    if place.startswith(hub.PREFIX):
        return _checked(_from_hub(place, download), expected)
    path = Path(place).expanduser()
    if not path.is_file():
        raise PluginError(f"weights file {path} does not exist")
    return _checked(Weights(path=path, sha256=file_sha256(path), source=str(path)), expected)


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex; read again only when its size or time changed."""
    status = path.stat()
    return _sha256(str(path), status.st_size, status.st_mtime_ns)


@cache
def _sha256(path: str, size: int, mtime_ns: int) -> str:
    return sha256_of(Path(path))


def _expected(reference: str, fragment: str) -> str | None:
    if not fragment:
        return None
    name, _, digest = fragment.partition("=")
    if name != "sha256" or not _DIGEST.fullmatch(digest.lower()):
        raise PluginError(
            f"weights reference {reference!r} ends in {fragment!r} where 'sha256=' and 64 hex "
            f"digits are due"
        )
    return digest.lower()


def _checked(found: Weights, expected: str | None) -> Weights:
    if expected is not None and found.sha256 != expected:
        raise PluginError(
            f"weights {found.path} have SHA-256 {found.sha256} where {expected} is due; "
            f"it is another file, or damaged"
        )
    return found


def _from_address(address: str, sha256: str, download: bool, limit_bytes: int) -> Weights:
    name = re.sub(r"[^\w.+-]", "_", unquote(urlsplit(address).path).rpartition("/")[2])
    path = cache_dir() / "weights" / sha256 / (name or "weights")
    if not _is_whole(path, sha256):
        if not download:
            raise PluginError(_how_to_get(address, path, "is not on this machine"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(address, path, sha256, limit_bytes)
        except OSError as error:
            raise PluginError(_how_to_get(address, path, f"cannot be had ({error})")) from error
    return Weights(path=path, sha256=sha256, source=f"{address}#sha256={sha256}")


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _how_to_get(address: str, path: Path, trouble: str) -> str:
    return (
        f"weights {address} {trouble}; download that file on a machine with a connection and "
        f"put it at {path}"
    )


def _download(address: str, path: Path, sha256: str, limit_bytes: int) -> None:
    """Bring a file to its place; what was cut short stays as ``.part`` and is continued."""
    part = path.with_name(path.name + ".part")
    with _alone(part) as stream:
        if _is_whole(path, sha256):  # somebody else was faster
            part.unlink(missing_ok=True)
            return
        found = ""
        for _ in range(2):  # what an earlier try left may be of another file: once more from zero
            continued = stream.seek(0, os.SEEK_END) > 0
            _receive_all(address, stream, limit_bytes)
            stream.seek(0)
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found == sha256:
                stream.flush()
                os.fsync(stream.fileno())
                os.replace(part, path)
                return
            stream.truncate(0)
            if not continued:
                break
        part.unlink(missing_ok=True)
    raise PluginError(
        f"weights downloaded from {address} have SHA-256 {found} where {sha256} is due; nothing "
        f"was kept: the file there changed, or the digest in the reference is wrong"
    )


@contextmanager
def _alone(part: Path) -> Iterator[BufferedRandom]:
    """Open the partial file; other processes wait here until it is done with.

    A file of no bytes is not left behind.
    """
    stream = _locked(part)
    while stream is None:
        stream = _locked(part)
    with stream:
        try:
            yield stream
        finally:
            stream.flush()
            if os.fstat(stream.fileno()).st_size == 0 and _is_at(part, stream):
                part.unlink()


def _locked(part: Path) -> BufferedRandom | None:
    """Open and lock; None when whoever held it before has moved or removed the file."""
    stream = open(part, "a+b")  # noqa: SIM115 - the caller closes what it gets
    if fcntl is not None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
    if _is_at(part, stream):
        return stream
    stream.close()
    return None


def _is_at(path: Path, stream: BufferedRandom) -> bool:
    """Whether the path still names the open file: another process may have moved or removed it."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _receive_all(address: str, stream: BufferedRandom, limit_bytes: int) -> None:
    """Receive until the file is whole, continuing where a connection broke.

    Raises
    ------
    OSError
        When it is still not whole after three tries.
    """
    for left in reversed(range(_TRIES)):
        try:
            _receive(address, stream, limit_bytes)
            return
        except HTTPError as error:
            with error:  # it holds the connection
                raise OSError(f"the server answers {error.code} {error.reason}") from error
        except URLError as error:
            if not left:
                raise OSError(str(error.reason)) from error
        except (HTTPException, OSError) as error:
            if not left:
                raise OSError(f"the connection broke: {error}") from error
        finally:
            stream.flush()


def _receive(address: str, stream: BufferedRandom, limit_bytes: int) -> None:
    have = stream.seek(0, os.SEEK_END)
    headers = {"User-Agent": "qfloor", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        answer = urlopen(Request(address, headers=headers), timeout=_TIMEOUT_SECONDS)
    except HTTPError as error:
        if error.code == 416 and have:  # nothing is left to send: the digest will tell
            error.close()
            return
        raise
    with answer:
        if not answer.geturl().startswith(("http://", "https://")):
            raise PluginError(f"weights {address} lead to {answer.geturl()}, which is no web page")
        if have and answer.status != 206:  # the server sends everything again
            stream.truncate(0)
            have = 0
        due = answer.headers.get("Content-Length")
        whole = have + int(due) if due else None
        _refuse_beyond(limit_bytes, whole or 0, address)
        while piece := answer.read(_PIECE):
            have += len(piece)
            _refuse_beyond(limit_bytes, have, address)
            stream.write(piece)
    if whole is not None and have < whole:
        raise OSError(f"{have} of {whole} bytes came")


def _refuse_beyond(limit_bytes: int, size: int, address: str) -> None:
    if size > limit_bytes:
        raise PluginError(f"weights {address} are larger than the {limit_bytes:,} bytes allowed")


def _from_hub(reference: str, download: bool) -> Weights:
    path, _, revision = reference.removeprefix(hub.PREFIX).partition("@")
    parts = path.split("/")
    if len(parts) < 3 or not all(parts):
        raise PluginError(
            f"weights reference {reference!r} is not of the form hf-hub:ORG/REPO/FILE[@REVISION]"
        )
    repository, file = "/".join(parts[:2]), "/".join(parts[2:])
    found = hub.file(repository, file, revision or None, download=download)
    commit = next((part for part in reversed(found.parts) if hub.COMMIT.fullmatch(part)), revision)
    source = f"{hub.PREFIX}{path}@{commit}" if commit else reference
    return Weights(path=found, sha256=file_sha256(found), source=source)
