"""What no row names may go, and nothing else."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stored_outputs import add

from qfloor.errors import StoreError
from qfloor.store import Store
from qfloor.store import media_url as urls
from qfloor.store.cleaning import clean, plan_clean
from qfloor.store.placing import place_media


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def later(hours: float = 2.0) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)


def test_only_what_no_row_names_goes(store: Store) -> None:
    named = [add(store, n) for n in range(3)]
    orphan = store.put_media(b"between file and row", "image/png")
    plan = plan_clean(store, later())
    assert [(one.sha256, one.bytes, one.kept) for one in plan.due] == [(orphan, 20, "")]
    assert store.media.has(orphan)  # a plan does nothing
    with store.writing("clean"):
        assert clean(store, plan) == 20
    assert not store.media.has(orphan)
    assert all(store.media.has(sha256) for sha256 in named)
    assert plan_clean(store, later()).orphans == ()


def test_what_is_younger_than_an_hour_stays_even_with_an_old_date(store: Store) -> None:
    add(store, 1)
    path = store.media_path(store.put_media(b"just now", "image/png"))
    os.utime(path, (0, 0))  # as a file has that was moved in from an old folder
    plan = plan_clean(store, later(0.9))
    assert (plan.due, [one.kept for one in plan.orphans]) == ((), ["younger than an hour"])
    assert len(plan_clean(store, later(1.1)).due) == 1


def test_while_another_process_holds_the_store_nothing_goes(store: Store) -> None:
    add(store, 1)
    hold = (
        "import sys, time; from qfloor.store import Store\n"
        "with Store.open(sys.argv[1]) as s, s.writing('generate'):\n"
        " print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", hold, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            with pytest.raises(StoreError, match="another run is writing"), store.writing("clean"):
                raise AssertionError("two runs hold one store")
        finally:
            other.kill()


def test_places_that_others_may_use_are_cleaned_only_by_name(store: Store, tmp_path: Path) -> None:
    far = tmp_path / "far"
    place_media(store, str(far))
    add(store, 1)
    theirs = store.put_media(b"of another workspace, say", "image/png")
    plan = plan_clean(store, later())
    assert plan.due == ()
    assert plan.orphans[0].kept.startswith("other workspaces may keep media there")
    assert [one.sha256 for one in plan_clean(store, later(), [str(far)]).due] == [theirs]
    with pytest.raises(StoreError, match="media do not lie at /nowhere; they lie at"):
        plan_clean(store, later(), ["/nowhere"])


def test_rows_that_are_damaged_or_gone_cannot_say_what_is_wanted(store: Store) -> None:
    store.put_media(b"everything that was bought", "image/png")
    with pytest.raises(StoreError, match="names no media at all"):
        plan_clean(store, later())
    add(store, 1, score=0.5)
    store.close()
    with sqlite3.connect(store.path) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("DELETE FROM metrics")
    raw.close()
    with Store.open(store.root) as opened, pytest.raises(StoreError, match="is damaged"):
        plan_clean(opened, later())


def test_a_place_without_dates_keeps_what_it_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_media(store, "memory://undated")
    add(store, 1)
    store.put_media(b"of unknown age", "image/png")
    monkeypatch.setattr(urls, "_WRITTEN", ())
    (orphan,) = plan_clean(store, later(), ["memory://undated"]).orphans
    assert orphan.kept == "the place does not say when it was written"


def test_dates_are_read_as_file_systems_write_them() -> None:
    at = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    for told in (at, at.replace(tzinfo=None), at.timestamp(), "2026-11-02T00:00:00Z"):
        assert urls._written_at({"created": told, "mtime": 5.0}) == at.timestamp()
    assert urls._written_at({"updated": "long ago"}) is None
    assert urls._written_at({}) is None
