"""Loading: every kind of bad file is one sentence; what is loaded is what was written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import factories
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfloor import export, router
from qfloor.errors import DatabaseError, IllustrativeDatabaseError, NewerDatabaseError
from qfloor.export import schema
from qfloor.router import Need, database
from qfloor.router.weights import default_content

Market = Callable[..., router.Database]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return export.write(tmp_path / "quality.db", factories.release())


def test_what_was_written_is_what_is_loaded(path: Path) -> None:
    release, db = factories.release(), router.load(path)
    assert tuple(db.offers.values()) == tuple(
        sorted((_without_price(o) for o in release.offers), key=lambda o: o.id)
    )
    assert db.prices == {o.id: o.price for o in release.offers}
    assert db.digest == release.digest
    assert db.certified["portrait", "image", "premium"] == {"shop/grand"}


def _without_price(offer: object) -> object:
    from dataclasses import replace

    return replace(offer, price=None, latency_s={})  # type: ignore[type-var]


@pytest.mark.parametrize("amount", ["-1", "NaN", "free", "1e7"])
def test_a_price_that_can_never_be_evaluated_is_not_known(tmp_path: Path, amount: str) -> None:
    sellers = [factories.Seller(name="a"), factories.Seller(name="b", usd="0.02")]
    path = export.write(tmp_path / "quality.db", factories.release(sellers))
    db = router.load(factories.misprice(path, "shop/a", amount))
    assert list(db.prices) == ["shop/b"]


def test_both_ends_agree_on_the_format() -> None:
    assert int(schema.SCHEMA_VERSION.split(".")[0]) == database.SUPPORTED_MAJOR
    assert schema.APPLICATION_ID == database.APPLICATION_ID


def test_a_newer_major_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(NewerDatabaseError, match="written in format 2"):
        router.load(path)


def test_a_newer_minor_version_is_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE offers ADD COLUMN colour TEXT")
        connection.execute("UPDATE offers SET capabilities = json_set(capabilities, '$.hdr', 1)")
    assert len(router.load(path).offers) == 4


def test_missing_folder_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no such quality database"):
        router.load(tmp_path / "nothing.db")
    with pytest.raises(DatabaseError, match="is a folder; name the file in it"):
        router.load(tmp_path)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE release (name)")
    with pytest.raises(DatabaseError, match="another kind of SQLite file"):
        router.load(tmp_path / "other.db")
    (tmp_path / "bad.db").touch()
    for read in (router.load, export.verify):
        with pytest.raises(DatabaseError, match="it is empty"):
            read(tmp_path / "bad.db")
    for content in (b"PK\x03\x04 a zip", b"SQLite format 3\x00"):
        (tmp_path / "bad.db").write_bytes(content)
        with pytest.raises(DatabaseError, match="not a quality database"):
            router.load(tmp_path / "bad.db")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(share=st.floats(0.0, 0.999))
def test_a_cut_file_is_never_loaded(path: Path, share: float) -> None:
    whole = path.read_bytes()
    cut = path.with_name("cut.db")
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DatabaseError):
        router.load(cut)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(at=st.floats(0.0, 0.99), junk=st.binary(min_size=64, max_size=512))
def test_a_damaged_file_loads_or_says_so(path: Path, at: float, junk: bytes) -> None:
    content = bytearray(path.read_bytes())
    start = int(len(content) * at)
    content[start : start + len(junk)] = junk
    bad = path.with_name("bad.db")
    bad.write_bytes(content)
    with suppress(DatabaseError):
        router.load(bad)


def test_read_only_files_and_odd_names(tmp_path: Path) -> None:
    path = export.write(tmp_path / "what? 100%#ü.db", factories.release())
    os.chmod(path, 0o444)
    before = sorted(p.name for p in tmp_path.iterdir())
    assert router.load(path).name == "test"
    assert sorted(p.name for p in tmp_path.iterdir()) == before  # no journal beside it


def test_an_example_is_refused_unless_allowed(tmp_path: Path) -> None:
    db = router.load(export.write(tmp_path / "x.db", factories.release(illustrative=True)))
    need = router.Need(prompt="portrait of a man")
    with pytest.raises(IllustrativeDatabaseError, match="is an example"):
        router.choose(db, need)
    allowed = router.choose(db, need, policy=router.Policy(allow_illustrative=True))
    assert allowed.offer == "shop/value"
    assert "an example" in " ".join(allowed.notes)


def test_many_threads_agree(path: Path) -> None:
    db = router.load(path)
    needs = [router.Need(prompt="portrait of a man", tier=t) for t in ("standard", "premium")] * 100

    def choose(need: router.Need) -> str | None:
        return router.choose(db, need, now="2026-11-23").offer

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(choose, needs))
    assert found == ["shop/thrift", "shop/grand"] * 100


def test_weights_travel_with_a_release(market: Market) -> None:
    own = default_content() | {"bound": 0.999999, "about": {"trained_on": "a test"}}
    db = market(weights=own)
    asked = Need(prompt="studio packshot of a perfume bottle")
    assert db.classifier.weights is not None
    assert db.classifier.weights.bound == 0.999999
    assert db.classifier.classify(asked).category is None
    assert market().classifier.classify(asked).category == "product-photo"


def test_signals_alone_leave_learned_weights_out(market: Market) -> None:
    db = market(signals={"portrait": {"mug": 9.0}})
    assert db.classifier.weights is None
    assert db.classifier.classify(Need(prompt="a mug")).category == "portrait"


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    path = export.write(tmp_path / "quality.db", factories.release(weights=default_content()))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE classifier SET content = '[1, 2]' WHERE part = 'bias'")
    with pytest.raises(DatabaseError, match="parts do not fit together"):
        router.load(path)


@pytest.mark.parametrize(
    ("seconds", "told"), [("'abc'", "'abc'"), ("-2", "-2.0"), ("1e999", "inf")]
)
def test_a_latency_that_cannot_be_is_told(tmp_path: Path, seconds: str, told: str) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    with closing(sqlite3.connect(path)) as connection, connection:
        offer = connection.execute("SELECT id FROM offers").fetchone()[0]
        connection.execute("DELETE FROM latency")
        connection.execute(f"INSERT INTO latency VALUES (?, 1.0, {seconds}, 3, NULL)", (offer,))
    with pytest.raises(DatabaseError, match=f"a latency of {told} seconds"):
        router.load(path)
