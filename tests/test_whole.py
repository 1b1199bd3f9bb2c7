"""Files that programs read while others write them: whole, whoever does what at the same moment."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qfloor.abtest.answers import write_answers
from qfloor.abtest.unblinding import write_rows
from qfloor.generators.local.weights import digest_of_folder
from qfloor.pipeline.rounds.references import write_reference
from qfloor.ratings.exporting import _write as write_dataset
from qfloor.records import ReferenceSet
from qfloor.router.health_file import write_health
from qfloor.router.policy import HealthFeed
from qfloor.store.media_place import MediaSettings
from qfloor.store.settings import SETTINGS, write_settings
from qfloor.suite.writing import write_inclusion
from qfloor.whole import check_place, write_whole


def remember_digest(path: Path) -> None:
    """Remember the digest of a file whose content was never seen."""
    weights = path.with_name(f"w{os.urandom(4).hex()}.bin")
    weights.write_bytes(os.urandom(8))
    digest_of_folder(weights, path)
    weights.unlink()


REFERENCE = ReferenceSet(metric="m", round="2026-11", offers=("shop/a",), prompts=())
WRITERS: dict[str, Callable[[Path], Any]] = {
    "whole": lambda path: write_whole(path, "new"),
    "inclusion": lambda path: write_inclusion({"p": 0.5}, path),
    "settings": lambda path: write_settings(path.parent, MediaSettings(also=("/mnt/a",))),
    "health": lambda path: write_health(path, HealthFeed(offers={})),
    "digests": remember_digest,
    "answers": lambda path: write_answers(path, []),
    "rows": lambda path: write_rows(path, [{"a": 1}]),
    "reference": lambda path: write_reference(path, REFERENCE),
    "dataset": lambda path: write_dataset(path, {"a": 1}),
}


def place(folder: Path, what: str) -> Path:
    return folder / (SETTINGS if what == "settings" else "file.json")


@pytest.mark.parametrize("what", WRITERS)
def test_two_with_one_process_number_do_not_take_each_others_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Containers that share a disk are all process 1; and one file's memory had one draft."""
    path, write, replace = place(tmp_path, what), WRITERS[what], os.replace
    begun: list[Any] = []

    def meanwhile(*told: Any, **how: Any) -> None:
        if not begun:
            begun.append(told)
            write(path)  # the other, from its beginning to its end
        replace(*told, **how)

    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(os, "replace", meanwhile)
    write(path)
    assert begun
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("what", WRITERS)
def test_a_disk_that_fills_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    path = place(tmp_path, what)
    before = "" if what == "settings" else "{}"
    path.write_text(before)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left") as failed:
        WRITERS[what](path)
    assert path.name in str(failed.value)  # and not its draft's
    assert path.read_text() == before
    assert [p for p in tmp_path.iterdir() if p.suffix != ".bin"] == [path]


def test_a_draft_that_a_killed_one_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """A draft's name was of the process number: after a kill in a container, always the same."""
    path = tmp_path / "quality.db"
    left = [tmp_path / f".quality.db.{os.getpid()}.{n}.part" for n in range(50)]
    for draft in left:
        draft.write_bytes(b"half")
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert all(draft.exists() for draft in left)  # they may be somebody's who writes now


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.touch(0o600)
    write_answers(path, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "told")
        assert os.read(reader, 100) == b"told"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as failed:
        write_whole(tmp_path, "text")
    assert failed.value.filename == str(tmp_path)
    assert not list(tmp_path.iterdir())
    assert not list(tmp_path.parent.glob(".*.part"))


def test_a_link_keeps_leading_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file, link = tmp_path / "there" / "file.txt", tmp_path / "link.txt"
    file.write_text("old")
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink()
    assert (file.read_text(), sorted(p.name for p in file.parent.iterdir())) == ("new", [file.name])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc here")
def test_standard_output_is_written_to_and_stays(tmp_path: Path) -> None:
    """Sent into a file it looks like one, and would be replaced for every program there is."""
    out = tmp_path / "out.txt"
    with out.open("w") as file:
        place = Path(f"/proc/self/fd/{file.fileno()}")
        write_whole(place, "told")
        assert place.samefile(out)
    assert out.read_text() == "told"


def test_a_place_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("as it was")
    (tmp_path / "link").symlink_to("new/target")
    before = sorted(tmp_path.rglob("*"))
    for name in ("file", "new", "new/folder/file", "link"):
        check_place(tmp_path / name)
    check_place(Path("/dev/stdout"))
    for name in (".", "file/in", "file/new/in", "x" * 300):
        with pytest.raises(OSError, match=r"directory|too long"):
            check_place(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "as it was"
