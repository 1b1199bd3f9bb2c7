"""In which order media reach the disk, their folder and their name."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from qfloor.errors import UnwritableError
from qfloor.store import media_files
from qfloor.store.media_files import MediaFiles

BYTES = b"the only ones there are"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk, in order."""
    told: list[str] = []

    def noted(name: str, what: Any) -> None:
        does = getattr(os, name)

        def call(*given: Any) -> Any:
            found = does(*given)
            told.append(what(*given))
            return found

        monkeypatch.setattr(media_files.os, name, call)

    def synced(descriptor: int) -> str:
        return "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "bytes"

    noted("fsync", synced)
    noted("link", lambda *_: "link")
    noted("replace", lambda _, to: "rename" if Path(to).parent.name != "drafts" else "take")
    return told


def given(folder: Path) -> Path:
    path = folder / "given"
    path.write_bytes(BYTES)
    return path


pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")


@pytest.mark.parametrize("take", [True, False])
def test_bytes_are_on_the_disk_before_they_have_a_name(
    tmp_path: Path, done: list[str], take: bool
) -> None:
    """Who finds the name of bytes leaves them alone, whatever a machine that stopped left there."""
    media = MediaFiles(tmp_path / "media")
    media.put(b"makes the folders", "image/png")
    done.clear()
    sha256 = media.put_file(given(tmp_path), "image/png", take=take)
    assert [what for what in done if what != "take"][-3:] == ["bytes", "rename", "folder"]
    assert media.path(sha256).read_bytes() == BYTES


@pytest.mark.parametrize("take", [True, False])
def test_where_only_a_row_makes_a_name_believed_bytes_and_name_are_waited_for_at_once(
    tmp_path: Path, done: list[str], take: bool
) -> None:
    media = MediaFiles(tmp_path / "media", renews=True)
    sha256 = media.put_file(given(tmp_path), "image/png", take=take)
    after = done[done.index("link") + 1 :]
    assert sorted(after) == ["bytes", "folder"]
    assert "rename" not in done
    assert media.path(sha256).read_bytes() == BYTES
    assert list((media.folder / "drafts").iterdir()) == []
    assert given(tmp_path).stat().st_ino != media.path(sha256).stat().st_ino


@pytest.mark.parametrize("put", ["file", "bytes"])
def test_a_name_that_a_row_may_have_is_not_given_to_bytes_that_are_not_on_the_disk(
    tmp_path: Path, done: list[str], put: str
) -> None:
    media = MediaFiles(tmp_path / "media", renews=True)
    sha256 = media.put(BYTES, "image/png")
    first = media.path(sha256).stat().st_ino
    done.clear()
    if put == "file":
        assert media.put_file(given(tmp_path), "image/png", take=True) == sha256
    else:
        assert media.put(BYTES, "image/png") == sha256
    assert [what for what in done if what != "take"] == ["bytes", "rename", "folder"]
    assert media.path(sha256).stat().st_ino != first


def test_where_files_have_one_name_only_they_are_renamed(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(media_files.os, "link", link)
    media = MediaFiles(tmp_path / "media", renews=True)
    sha256 = media.put(BYTES, "image/png")
    assert done[-3:] == ["bytes", "rename", "folder"]
    assert media.path(sha256).read_bytes() == BYTES


@pytest.mark.parametrize("named", ["anew", "again", "without links", "in a workspace"])
@pytest.mark.parametrize("broken", ["bytes", "folder"])
def test_what_cannot_be_made_durable_lies_where_it_lay_and_is_kept_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, named: str
) -> None:
    media = MediaFiles(tmp_path / "media", renews=named != "in a workspace")
    path, fsync = given(tmp_path), os.fsync

    def link(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if named == "without links":
        monkeypatch.setattr(media_files.os, "link", link)
    if named == "again":
        media.put(BYTES, "image/png")
    (media.folder / hashlib.sha256(BYTES).hexdigest()[:2]).mkdir(parents=True, exist_ok=True)
    media.put(b"makes the folders", "image/png")

    def full(descriptor: int) -> None:
        is_folder = os.path.isdir(f"/proc/self/fd/{descriptor}")
        if is_folder == (broken == "folder") and not path.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(media_files.os, "fsync", full)
        with pytest.raises(UnwritableError, match="No space left"):
            media.put_file(path, "image/png", take=True)
    assert path.read_bytes() == BYTES
    sha256 = media.put_file(path, "image/png", take=True)
    assert media.path(sha256).read_bytes() == BYTES
    assert not path.exists()
    assert list((media.folder / "drafts").iterdir()) == []


def test_a_file_of_another_disk_is_there_until_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace = given(tmp_path), os.replace

    def elsewhere(source: Path, to: Path) -> None:
        if source == path:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, to)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(media_files.os, "replace", elsewhere)
    media = MediaFiles(tmp_path / "media", renews=True)
    with monkeypatch.context() as patch:
        patch.setattr(media_files.os, "fsync", full)
        with pytest.raises(UnwritableError):
            media.put_file(path, "image/png", take=True)
    assert path.read_bytes() == BYTES
    sha256 = media.put_file(path, "image/png", take=True)
    assert media.path(sha256).read_bytes() == BYTES
    assert not path.exists()


@pytest.mark.parametrize("renews", [True, False])
def test_a_folder_that_another_has_made_is_made_to_last_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renews: bool
) -> None:
    """Who made it may have been killed, or not have waited for the disk yet."""
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    media = MediaFiles(tmp_path / "media", renews=renews)
    sha256 = hashlib.sha256(BYTES).hexdigest()
    (media.folder / sha256[:2]).mkdir(parents=True)
    monkeypatch.setattr(media_files.os, "fsync", noted)
    media.put(BYTES, "image/png")
    assert str(media.folder) in synced
    synced.clear()
    media.put(BYTES + b"!", "image/png")
    media.put(BYTES, "image/png")
    assert synced.count(str(media.folder)) <= 1, "once for each that is new"


def test_where_no_thread_is_to_be_had_bytes_and_name_are_waited_for_in_turn(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoThreads:
        def submit(self, *_: Any) -> Any:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(media_files, "_beside", NoThreads)
    media = MediaFiles(tmp_path / "media", renews=True)
    sha256 = media.put_file(given(tmp_path), "image/png", take=True)
    assert done[-2:] == ["bytes", "folder"]
    assert media.path(sha256).read_bytes() == BYTES


@pytest.mark.parametrize("put", ["file", "bytes"])
def test_the_name_of_bytes_that_are_there_is_waited_for_as_well(
    tmp_path: Path, done: list[str], put: str
) -> None:
    """Who gave it may be waiting for the disk still, or have been told that it failed."""
    media = MediaFiles(tmp_path / "media")
    media.put(BYTES, "image/png")
    done.clear()
    if put == "file":
        media.put_file(given(tmp_path), "image/png", take=False)
    else:
        media.put(BYTES, "image/png")
    assert done == ["folder"]


@pytest.mark.parametrize("renews", [False, True])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_file_that_has_the_name_of_bytes_and_not_their_content_is_replaced(
    tmp_path: Path, renews: bool, as_file: bool
) -> None:
    media = MediaFiles(tmp_path / "media", renews=renews)
    sha256 = media.put(BYTES, "image/png")
    media.path(sha256).write_bytes(BYTES[:4])
    if as_file:
        media.put_file(given(tmp_path), "image/jpeg", take=False)
    else:
        media.put(BYTES, "image/jpeg")
    assert media.fetch(sha256) == BYTES
    assert [found.sha256 for found in media.lying()] == [sha256]
