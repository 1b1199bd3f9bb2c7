"""feeds.db: shared by programs, nothing counted twice, nothing lost, bad files told."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from qfloor import router
from qfloor.errors import NewerDatabaseError, StoreError
from qfloor.router.feeds import FeedStore, PriceRow
from qfloor.router.feeds.guards import Checked, check_rows
from qfloor.router.health import HealthWindow
from qfloor.router.steering import FAILURES

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
T0 = NOW.timestamp() // 3600 * 3600 - 5 * 3600


def row(model: str, usd: str, **told: object) -> PriceRow:
    fields: dict[str, object] = {"unit": "image", "as_of": "2026-11-24", **told}
    return PriceRow(model=model, usd=usd, **fields)  # type: ignore[arg-type]


def keep(store: FeedStore, source: str, *rows: PriceRow) -> None:
    def check(kept: dict[str, list[PriceRow]]) -> Checked:
        return check_rows(rows, {r.key: r for r in kept.get(source, ())}, today="2026-11-24")

    store.keep_prices(source, f"{source}.csv", check, NOW)


@pytest.fixture
def store(tmp_path: Path) -> object:
    with FeedStore.open(tmp_path / "feeds.db") as opened:
        yield opened


def test_prices_of_the_feed_go_before_the_releases_and_newer_ones_before_older(
    store: FeedStore, db: router.Database
) -> None:
    assert store.prices(db) is None
    keep(store, "own", row("shop/value", "0.03"), row("shop/grand", "0.01", as_of="2026-11-01"))
    keep(store, "other", row("value", "0.05", provider="shop", as_of="2026-11-22"))
    feed = store.prices(db)
    assert feed is not None
    assert set(feed.rules) == {"shop/value"}, "what the release knows of grand is newer"
    need = router.Need(prompt="portrait of a man", max_price_usd=0.1)
    decision = router.choose(db, need, prices=feed, now="2026-11-25")
    assert (decision.offer, decision.price_nanousd) == ("shop/value", 30_000_000)
    chosen = decision.candidates[0]
    assert (chosen.price_source, chosen.price_age_days) == ("own", 1.0)
    assert decision.digests["prices"] == feed.digest


def test_a_stale_feed_fails_closed_under_a_ceiling_and_not_without(
    store: FeedStore, db: router.Database
) -> None:
    keep(store, "own", row("shop/value", "0.03"))
    feed = store.prices(db)
    for day, offer in (("2026-12-01", "shop/value"), ("2026-12-02", None)):
        need = router.Need(prompt="portrait of a man", max_price_usd=0.05)
        assert router.choose(db, need, prices=feed, now=day).offer == offer
    assert router.choose(
        db, router.Need(prompt="portrait of a man"), prices=feed, now="2026-12-02"
    ).offer == "shop/value"  # fmt: skip


def test_versions_change_with_what_is_written_by_anyone(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path / "f.db") as one, FeedStore.open(tmp_path / "f.db") as other:
        before = other.version()
        assert other.version() == before
        keep(one, "own", row("a", "1"))
        assert other.version() != before
        before = other.version()
        window = HealthWindow()
        window.record("a", 1.0, True, T0)
        one.keep(window)
        assert other.version() != before
        before = other.version()
        one.keep(window)
        assert other.version() == before, "nothing new was recorded"


def answer(window: HealthWindow, offer: str, seconds: float, minutes: range, each: int = 4) -> None:
    for minute in minutes:
        for i in range(each):
            window.record(offer, seconds, True, T0 + 60 * minute + i)


def test_health_adds_up_over_windows_and_nothing_is_counted_twice(store: FeedStore) -> None:
    one, other = HealthWindow(), HealthWindow()
    assert store.health(NOW) is None
    answer(one, "a", 2.0, range(300))
    answer(other, "a", 2.0, range(300))
    for _ in range(3):
        store.keep(one)
        store.keep(other)
    answer(one, "a", 9.0, range(300, 315))
    store.keep(one)
    at = T0 + 314 * 60 + 30
    feed = store.health(at)
    assert feed is not None
    seen = feed.offers["a"]
    assert seen.n == 60
    assert seen.p95_s == pytest.approx(9.0, rel=0.02)
    assert seen.usual_p95_s == pytest.approx(2.0, rel=0.02)
    assert seen.elevated is True
    assert seen.shed == pytest.approx(0.1)
    again = store.health(at + 30)
    assert again is not None
    assert again.offers["a"].shed == pytest.approx(0.1), "no step is due"


def test_workers_agree_on_how_far_requests_are_steered(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path / "f.db") as one, FeedStore.open(tmp_path / "f.db") as other:
        window = HealthWindow()
        answer(window, "a", 2.0, range(300))
        answer(window, "a", 9.0, range(300, 315))
        one.keep(window)
        at = T0 + 314 * 60 + 30
        first, second = one.health(at), other.health(at + 1)
        assert first is not None
        assert second is not None
        assert first.offers["a"].shed == second.offers["a"].shed == pytest.approx(0.1)


def test_who_only_looks_moves_nothing_and_a_clock_set_back_stops_nothing(store: FeedStore) -> None:
    window = HealthWindow()
    answer(window, "a", 2.0, range(300))
    answer(window, "a", 9.0, range(300, 330))
    store.keep(window)
    at, before = T0 + 325 * 60 + 30, store.version()
    for _ in range(3):
        looked = store.health(at, steer=False)
        assert looked is not None
        assert looked.offers["a"].shed == pytest.approx(0.1), "as it would be now"
    assert store.version() == before
    store.health(at + 180)
    for later, shed in ((60, 0.2), (120, 0.3)):  # the clock was three minutes ahead
        moved = store.health(at + later)
        assert moved is not None
        assert moved.offers["a"].shed == pytest.approx(shed)


def test_who_rests_rests_for_all(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path / "f.db") as one, FeedStore.open(tmp_path / "f.db") as other:
        window = HealthWindow()
        for _ in range(FAILURES):
            window.record("a", None, False, T0)
        one.keep(window)
        for at, available in ((T0 + 1, False), (T0 + 31, True)):
            feed = other.health(at)
            assert feed is not None
            assert feed.offers["a"].available is available


def test_what_could_not_be_kept_is_kept_later(store: FeedStore) -> None:
    window = HealthWindow()
    window.record("a", 1.0, True, T0)
    closed = FeedStore.open(store.path)
    closed.close()
    with pytest.raises(StoreError):
        closed.keep(window)
    store.keep(window)
    feed = store.health(T0 + 1)
    assert feed is not None
    assert feed.offers["a"].n == 1


def test_how_far_a_round_was_taken_is_kept_with_it(store: FeedStore) -> None:
    assert store.taken_upto("2026-11") == ""
    window = HealthWindow()
    window.record("a", 1.0, True, T0)
    store.take("2026-11", window, "2026-11-24T12:00:00")
    assert store.taken_upto("2026-11") == "2026-11-24T12:00:00"
    assert store.taken_upto("2026-12") == ""
    feed = store.health(T0 + 1)
    assert feed is not None
    assert feed.offers["a"].n == 1


PROGRAM = """
import sys
from qfloor.router.feeds import FeedStore
from qfloor.router.health import HealthWindow
path, begin = sys.argv[1], float(sys.argv[2])
with FeedStore.open(path) as store:
    for i in range(25):
        window = HealthWindow()
        window.record("a", 1.0, True, begin + i)
        store.keep(window)
        store.health(begin + 60)
"""


def test_programs_at_once_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "f.db"), str(T0)]
    programs = [  # they also race to make the file
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [program.communicate(timeout=60)[1] for program in programs]
    assert [p.returncode for p in programs] == [0, 0, 0], told
    with FeedStore.open(tmp_path / "f.db") as store:
        feed = store.health(T0 + 60)
    assert feed is not None
    assert feed.offers["a"].n == 75


def test_threads_share_one_store(store: FeedStore, db: router.Database) -> None:
    faults: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for i in range(20):
                window = HealthWindow()
                window.record(name, 1.0, True, T0 + i)
                store.keep(window)
                store.health(T0 + 60)
                store.prices(db)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(f"o{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    feed = store.health(T0 + 61)
    assert feed is not None
    assert {h.n for h in feed.offers.values()} == {20}


def _newer(path: Path) -> None:
    FeedStore.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


def _text(path: Path) -> None:
    path.write_text("no database at all, but text " * 100)


def _other(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (_newer, NewerDatabaseError, "newer"),
        (_text, StoreError, "cannot be used"),
        (_other, StoreError, "another kind of file"),
    ],
)
def test_what_is_no_feeds_database_is_told(
    tmp_path: Path, make: Callable[[Path], None], error: type[Exception], said: str
) -> None:
    make(tmp_path / "f.db")
    with pytest.raises(error, match=said):
        FeedStore.open(tmp_path / "f.db")


def test_a_missing_file_is_not_made_when_it_is_only_to_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such feeds"):
        FeedStore.open(tmp_path / "f.db", create=False)
    assert not (tmp_path / "f.db").exists()


def test_old_minutes_and_hours_are_forgotten(store: FeedStore) -> None:
    for day in range(12):
        window = HealthWindow()
        for hour in range(24):
            window.record("a", 1.0, True, T0 + day * 86_400 + hour * 3600)
        store.keep(window)
    with sqlite3.connect(store.path) as db:
        assert db.execute("SELECT count(*) FROM hours").fetchone()[0] <= 170
        assert db.execute("SELECT count(*) FROM minutes").fetchone()[0] <= 60
