"""Is everything still there: verify and du."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from stored_outputs import add

from qfloor.errors import StoreError
from qfloor.records import ReferenceSet
from qfloor.store import Store
from qfloor.store.placing import place_media
from qfloor.store.upkeep import measure_store, verify_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def test_a_sound_store_has_no_finding(store: Store) -> None:
    for n in range(3):
        add(store, n)
    seen: list[tuple[int, int]] = []
    found = verify_store(store, progress=lambda done, total: seen.append((done, total)))
    assert (found.findings, found.lost, found.n_named, found.n_files) == ((), 0, 3, 3)
    assert found.bytes == sum(len(f"media {n}") for n in range(3))
    assert seen[-1] == (3, 3)


def test_what_is_missing_damaged_or_nobodys_is_told_apart(store: Store) -> None:
    missing, damaged = add(store, 1), add(store, 2)
    orphan = store.put_media(b"between file and row", "image/png")
    store.media_path(missing).unlink()
    store.media_path(damaged).write_bytes(b"bit rot")
    found = verify_store(store)
    assert {(one.kind, one.sha256) for one in found.findings} == {
        ("missing", missing), ("damaged", damaged), ("orphan", orphan),
    }  # fmt: skip
    assert found.lost == 2
    told = {one.kind: one.detail for one in found.findings}
    assert told["missing"] == "output o00001 of shop/cheap, round 2026-11"
    assert told["damaged"].endswith("output o00002 of shop/cheap, round 2026-11")
    quick = verify_store(store, read=False)
    assert {one.kind for one in quick.findings} == {"missing", "orphan"}


def test_every_copy_in_every_place_is_read(store: Store, tmp_path: Path) -> None:
    sha256 = add(store, 1)
    place_media(store, str(tmp_path / "far"))
    add(store, 1)
    far = tmp_path / "far" / sha256[:2] / f"{sha256}.png"
    far.parent.mkdir(parents=True, exist_ok=True)
    far.write_bytes(b"cut off")
    found = verify_store(store)
    assert [(one.kind, one.place) for one in found.findings] == [("damaged", str(tmp_path / "far"))]


def test_a_broken_reference_between_rows_is_a_loss(store: Store) -> None:
    add(store, 1, score=0.5)
    store.close()
    with sqlite3.connect(store.path) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("DELETE FROM metrics")
    raw.close()
    with Store.open(store.root) as opened:
        found = verify_store(opened)
    assert [one.kind for one in found.findings] == ["database"]
    assert "scores" in found.findings[0].detail
    assert found.lost == 1


def test_bytes_are_counted_by_group_once(store: Store) -> None:
    add(store, 1, b"x" * 100)
    add(store, 2, b"y" * 50, offer="shop/dear", round="2026-12")
    add(store, 3, b"x" * 100, offer="shop/dear")  # the same bytes again
    store.put_media(b"orphan", "image/png")
    by_round = {row["round"]: row for row in measure_store(store)}
    assert (by_round["2026-11"]["files"], by_round["2026-11"]["bytes"]) == (1, 100)
    assert by_round["2026-11"]["outputs"] == 2
    assert by_round["2026-12"]["bytes"] == 50
    assert by_round["(named by no output)"]["bytes"] == 6
    assert by_round["(store.db)"]["bytes"] > 0
    assert by_round["(generators/)"]["files"] == 0
    assert sum(row["bytes"] for row in measure_store(store, "place")) >= 156
    with pytest.raises(StoreError, match="known: round, offer"):
        measure_store(store, "colour")


def test_a_reference_set_that_was_altered_is_not_given(store: Store) -> None:
    with store.writing("a test"):
        found = ReferenceSet(metric="m", round="2026-11", offers=("shop/a",), prompts=())
        assert store.save_reference(found)
        assert not store.save_reference(found)
    store.close()
    with sqlite3.connect(store.path) as raw:
        raw.execute("DROP TRIGGER reference_sets_never_change")
        raw.execute("UPDATE reference_sets SET record = replace(record, 'shop/a', 'shop/b')")
    raw.close()
    with Store.open(store.root) as opened, pytest.raises(StoreError, match="was altered: it is"):
        list(opened.references_of())
