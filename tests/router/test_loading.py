"""What a service loads beside a release: policy, prices and health, from files."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import factories
import pytest

from qfloor import export, router
from qfloor.errors import InputError, QfloorError
from qfloor.router.feeds import FeedStore, update_prices
from qfloor.router.health import HealthWindow

SRC = Path(__file__).resolve().parents[2] / "src"
NOW = "2026-12-01T10:00:00+00:00"
CSV = "offer,unit,usd,as_of\nshop/value,image,0.021,2026-11-30\n"


@pytest.fixture
def db(tmp_path: Path) -> router.Database:
    return router.load(export.write(tmp_path / "quality.db", factories.release()))


def choose(db: router.Database, **beside: object) -> router.Decision:
    need = router.Need(prompt="portrait of an old man")
    return router.choose(db, need, now=NOW, **beside)  # type: ignore[arg-type]


def test_importing_the_router_loads_none_of_it() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SRC)!r}); from qfloor import router\n"
        "names = ('loading', 'feeds', 'policy_file', 'health_file')\n"
        "print([n for n in names if f'qfloor.router.{n}' in sys.modules])\n"
        "router.load_policy, router.load_prices, router.load_health\n"
        "foreign = {m.partition('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(foreign))\n"
    )
    ran = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True)
    assert ran.stdout.splitlines() == ["[]", "['__main__', 'qfloor']"] or (
        ran.stdout.splitlines() == ["[]", "['qfloor']"]
    ), ran.stderr


def test_a_name_that_is_none_is_none() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'load_polciy'"):
        _ = router.load_polciy


def test_a_policy_decides(db: router.Database, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[overrides]]\npattern = "old man"\noffer = "shop/grand"\n')
    assert choose(db, policy=router.load_policy(path)).offer == "shop/grand"


@pytest.mark.parametrize("kept", [True, False])
def test_prices_of_a_file_and_of_feeds_are_the_same(
    kept: bool, db: router.Database, tmp_path: Path
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(CSV)
    if kept:
        with FeedStore.open(tmp_path / "feeds.db") as store:
            update_prices(store, str(path), now=dt.datetime.fromisoformat(NOW))
        path = tmp_path / "feeds.db"
    feed = router.load_prices(path, db, now=NOW)
    assert feed is not None
    assert isinstance(feed.rules["shop/value"], router.PriceRule)
    assert feed.rules["shop/value"].components[0].amount == "0.021"
    assert choose(db, prices=feed).digests["prices"] == feed.digest


def test_a_price_that_moved_far_waits_for_a_person(db: router.Database, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(CSV.replace("0.021", "21"))
    with pytest.raises(InputError, match=r"shop/value.*give confirmed=True"):
        router.load_prices(path, db, now=NOW)
    feed = router.load_prices(path, db, now=NOW, confirmed=True)
    assert feed is not None
    assert feed.rules["shop/value"].components[0].amount == "21"


def test_prices_of_other_offers_are_no_feed(db: router.Database, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(CSV.replace("shop/value", "shop/nobody"))
    assert router.load_prices(path, db, now=NOW) is None


def test_health_of_a_file_and_of_feeds_decides(db: router.Database, tmp_path: Path) -> None:
    usual = choose(db).offer
    assert usual is not None
    path = tmp_path / "health.json"
    offers = {usual: {"as_of": NOW, "available": False}}
    path.write_text(json.dumps({"format": "qfloor-health", "version": 1, "offers": offers}))
    assert choose(db, health=router.load_health(path)).offer != usual

    window, at = HealthWindow(), dt.datetime.fromisoformat(NOW).timestamp()
    for second in range(100):
        window.record(usual, 2.0, ok=True, at=at - second)
    with FeedStore.open(tmp_path / "feeds.db") as store:
        store.keep(window)
    feed = router.load_health(tmp_path / "feeds.db", db=db, now=NOW)
    assert feed is not None
    assert feed.offers[usual].n == 100


@pytest.mark.parametrize("name", ["none.db", "none.csv", "none.json", "none.toml"])
def test_a_file_that_is_not_there_is_one_sentence(
    name: str, db: router.Database, tmp_path: Path
) -> None:
    read: dict[str, Callable[[Path], object]] = {
        ".toml": router.load_policy,
        ".json": router.load_health,
        ".db": lambda path: router.load_prices(path, db),
        ".csv": lambda path: router.load_prices(path, db),
    }
    path = tmp_path / name
    with pytest.raises(QfloorError, match=f"{name}: no such"):
        read[path.suffix](path)


def test_a_release_is_no_feed_and_an_address_is_no_file(
    db: router.Database, tmp_path: Path
) -> None:
    with pytest.raises(QfloorError, match="another kind of file than feeds"):
        router.load_prices(tmp_path / "quality.db", db)
    with pytest.raises(QfloorError, match="no such file"):
        router.load_prices("https://example.com/prices.csv", db)
    with pytest.raises(QfloorError, match="must be a day or time"):
        router.load_prices(tmp_path / "quality.db", db, now="soon")
