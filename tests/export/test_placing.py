"""What lies in a workspace's ``quality.db`` and is not the benchmark's is never lost in silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.export import usual_place
from qfloor.whole import sha256_of


def _change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def _newer(path: Path) -> None:
    _change(path, "PRAGMA user_version = 9")


def _other_types(path: Path) -> None:
    _change(path, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
                  "replace(sql, 'STRICT', ''); PRAGMA writable_schema = OFF")  # fmt: skip
    _change(path, "UPDATE offers SET settings = 'no JSON'")


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    """A workspace's release."""
    return export.write(tmp_path / "quality.db", factories.release())


def _kept(usual: Path) -> list[str]:
    folder = usual.parent / "releases"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize(
    ("spoil", "named", "told"),
    [
        (_newer, "newer", "a release for a newer qfloor"),
        (_cut, "unread", "a file that is no sound release"),
        (_other_types, "unread", "a file that is no sound release"),
        (lambda path: path.write_text("notes"), "unread", "a file that is no sound release"),
    ],
)
def test_what_cannot_be_read_is_kept(
    usual: Path, spoil: Callable[[Path], object], named: str, told: str
) -> None:
    """It was replaced without a word."""
    about = export.read(usual)["release"][0]
    spoil(usual)
    before = usual.read_bytes()
    for _ in range(2):  # the same bytes once more are kept already
        path, aside = usual_place(usual.parent, about["name"], ())
        assert path == usual
        assert aside is not None
        assert str(aside) == f"{told}, which was {usual}, is kept as {aside.kept}"
        assert aside.kept.read_bytes() == before
    assert _kept(usual) == [f"{named}_{sha256_of(usual)[:12]}.db"]


def test_a_release_is_named_by_the_digest_that_it_has(usual: Path) -> None:
    """A file that says another's digest took the place of that other in ``releases``."""
    about = export.read(usual)["release"][0]
    stem = f"{about['name']}_{about['round']}_{about['digest'][:12]}"
    usual_place(usual.parent, "theirs", ())
    assert _kept(usual) == [f"{stem}.db"]
    _change(usual, "UPDATE release SET digest = 'told'")
    usual_place(usual.parent, "theirs", ())
    assert _kept(usual) == [f"{stem}.db", f"{stem}_{sha256_of(usual)[:12]}.db"]


def test_a_name_leads_nowhere_else(usual: Path) -> None:
    _change(usual, "UPDATE release SET name = '../../elsewhere'")
    _, aside = usual_place(usual.parent, "theirs", ())
    assert aside is not None
    assert aside.kept.parent == usual.parent / "releases"
    assert aside.kept.name.startswith("..-..-elsewhere_")


def test_what_holds_nothing_or_is_the_benchmarks_own_is_not_kept(usual: Path) -> None:
    content = export.read(usual)
    offers = {row["id"] for row in content["offers"]}
    assert usual_place(usual.parent, content["release"][0]["name"], offers) == (usual, None)
    usual.write_bytes(b"")
    assert usual_place(usual.parent, "theirs", ()) == (usual, None)
    usual.unlink()
    assert usual_place(usual.parent, "theirs", ()) == (usual, None)
    assert _kept(usual) == []
