"""Writing a release: whole or not at all, equal bytes for equal releases, refused if unsound."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.errors import DatabaseError, SetupError
from qfloor.records import Ruling


def test_equal_releases_are_equal_bytes_whatever_their_order(tmp_path: Path) -> None:
    release = factories.release()
    shuffled = replace(
        release,
        floors=release.floors[::-1],
        verdicts=release.verdicts[::-1],
        offers=release.offers[::-1],
        thresholds=release.thresholds[::-1],
    )
    first = export.write(tmp_path / "a.db", release).read_bytes()
    assert export.write(tmp_path / "b.db", shuffled).read_bytes() == first
    assert export.write(tmp_path / "a.db", release).read_bytes() == first


def test_the_digest_is_about_evidence_only() -> None:
    release = factories.release()
    cheaper = [replace(s, usd="0.001") if s.usd else s for s in factories.shop()]
    faster = [replace(s, latency={"p50": 0.1}) for s in factories.shop()]
    assert factories.release(cheaper).digest == release.digest
    assert factories.release(faster).digest == release.digest
    assert replace(release, created_at="2030-01-01T00:00:00Z").digest == release.digest
    assert replace(release, illustrative=True).digest != release.digest
    assert replace(release, verdicts=release.verdicts[1:]).digest != release.digest
    assert replace(release, provenance={}).digest != release.digest


def test_every_table_and_column_is_documented_inside_the_file(tmp_path: Path) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    with closing(sqlite3.connect(path)) as connection:
        said = connection.execute("SELECT table_name, column_name, meaning FROM documentation")
        documented = {(t, c): meaning for t, c, meaning in said}
        tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE sql > ''")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            assert all(documented[table, name] for name in ("", *columns))
        assert len(documented) == sum(
            1 + len(connection.execute(f"PRAGMA table_info({t})").fetchall()) for t in tables
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"primary_quality": "human:other[0,10]"}, "primary quality"),
        ({"offers": ()}, "unknown offer_id"),
        ({"thresholds": ()}, "no such threshold"),
        ({"floors": ()}, "no delivered floor"),
        ({"categories": ()}, "unknown category"),
        ({"signals": {"portrait": {"face": float("nan")}}}, "must be finite"),
    ],
)
def test_a_release_that_contradicts_itself_is_not_written(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    path = tmp_path / "quality.db"
    with pytest.raises(DatabaseError, match=said):
        export.write(path, replace(factories.release(), **changes))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "free", "9000000000"])
@pytest.mark.parametrize("write", [export.write, export.write_json])
def test_a_price_that_cannot_be_is_not_written(
    tmp_path: Path, write: Callable[..., Path], amount: str
) -> None:
    sellers = [factories.Seller(name="odd", usd=amount), *factories.shop()]
    with pytest.raises(DatabaseError, match=r"^release 'test': shop/odd: the price per image"):
        write(tmp_path / "quality.db", factories.release(sellers))
    assert list(tmp_path.iterdir()) == []


def test_number_and_verdict_cannot_disagree(tmp_path: Path) -> None:
    release = factories.release()
    at = next(i for i, v in enumerate(release.verdicts) if v.ruling is Ruling.REJECTED)
    lie = replace(release.verdicts[at], ruling=Ruling.CERTIFIED, upper=0.2)
    verdicts = (*release.verdicts[:at], lie, *release.verdicts[at + 1 :])
    with pytest.raises(DatabaseError, match="but the floor is certified to"):
        export.write(tmp_path / "quality.db", replace(release, verdicts=verdicts))


def test_two_rows_for_one_thing_are_refused(tmp_path: Path) -> None:
    release = factories.release()
    with pytest.raises(DatabaseError, match="a release says a thing once"):
        export.write(tmp_path / "x.db", replace(release, offers=(*release.offers, *release.offers)))


def _write_and_die(path: Path, moment: str) -> None:
    """Overwrite a database and vanish at one step of it, as a kill would."""
    fsync = os.fsync
    seen = 0

    def die_second(*arguments: object) -> object:
        nonlocal seen
        seen += 1
        if moment == "after_part" or (moment == "after_rename" and seen == 2):
            os._exit(9)
        return fsync(*arguments)  # type: ignore[arg-type]

    def die(*_: object) -> object:
        os._exit(9)

    if moment == "before_rename":
        os.replace = die  # type: ignore[assignment]
    else:
        os.fsync = die_second  # type: ignore[assignment]
    export.write(path, factories.release(name="new"))


@pytest.mark.parametrize(
    ("moment", "left"),
    [("after_part", "test"), ("before_rename", "test"), ("after_rename", "new")],
)
def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path, moment: str, left: str) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    child = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(path, moment))
    child.start()
    child.join(30)
    assert child.exitcode == 9
    assert export.verify(path).name == left


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "quality.db").mkdir()
    with pytest.raises(OSError):
        export.write(tmp_path / "quality.db", factories.release())
    assert [p.name for p in tmp_path.iterdir()] == ["quality.db"]


def test_json_says_the_same(tmp_path: Path) -> None:
    weights = {"bound": 0.7, "features": {"face": [0, 9]}}
    release = factories.release(signals={"portrait": {"face": 2.0}}, weights=weights)
    database = export.verify(export.write(tmp_path / "quality.db", release))
    document = export.verify(export.write_json(tmp_path / "quality.json", release))
    assert document.digest == database.digest == release.digest
    told = json.loads((tmp_path / "quality.json").read_text())
    assert told["signals"] == [{"category": "portrait", "signal": "face", "weight": 2.0}]
    assert {row["part"]: row["content"] for row in told["classifier"]} == weights


def test_parquet_or_one_sentence(tmp_path: Path) -> None:
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(SetupError, match="pip install pyarrow"):
            export.write_parquet(tmp_path / "tables", factories.release())
        assert not (tmp_path / "tables").exists()
        return
    import pandas as pd

    folder = export.write_parquet(tmp_path / "tables", factories.release())
    assert len(pd.read_parquet(folder / "offers.parquet")) == 4
