"""Reading back: what was changed, damaged or newer is said in one sentence."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.errors import DatabaseError, NewerDatabaseError, UnsoundDatabaseError
from qfloor.records import Quality


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return export.write(tmp_path / "quality.db", factories.release())


def _alter(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_sound_file(path: Path) -> None:
    found = export.verify(path)
    assert (found.n_offers, found.n_floors, found.n_verdicts) == (4, 20, 60)
    assert 0 < found.n_certified < 60
    assert "sound" in str(found)


def _verdicts(*post_hoc: bool | None) -> export.Content:
    return {"verdicts": [{"ruling": "certified", "post_hoc": late} for late in post_hoc]}


def test_how_many_verdicts_are_post_hoc_is_said() -> None:
    content = _verdicts(True, False, True)
    content["verdicts"][0]["ruling"] = "rejected"
    assert export.certified_words(content) == "2 certified, 1 of them post hoc"
    assert export.post_hoc_words(content) == "2 post hoc, 1 of them certified"
    assert export.certified_words(_verdicts(False)) == "1 certified"
    rejected = {"ruling": "rejected", "post_hoc": True}
    content = {"verdicts": [*_verdicts(False)["verdicts"], rejected]}
    assert export.certified_words(content) == "1 certified, 1 of the others post hoc"
    assert export.post_hoc_words(_verdicts(False)) == "0 post hoc"


def test_without_a_frozen_plan_nobody_knows_whether_a_verdict_is_post_hoc() -> None:
    unknown = _verdicts(None, None)
    assert "no plan was frozen" in export.certified_words(unknown)
    assert export.post_hoc_words(unknown) == "not known: no plan was frozen"
    first_format: export.Content = {"verdicts": [{"ruling": "certified"}]}
    assert export.certified_words(first_format) == "1 certified"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE verdicts SET upper = 0.01 WHERE tier = 'premium'", "it was changed"),
        ("UPDATE verdicts SET ruling = 'certified'", "it was changed"),
        ("DELETE FROM offers WHERE id = 'shop/grand'", "it was changed"),
        ("UPDATE floors SET q25_lo_release = 9.5", "it was changed"),
        ("UPDATE provenance SET value = '{}'", "it was changed"),
    ],
)
def test_a_changed_file(path: Path, statement: str, said: str) -> None:
    _alter(path, statement)
    with pytest.raises(DatabaseError, match=said):
        export.verify(path)


def test_every_problem_of_a_changed_file_is_told(path: Path, capsys, monkeypatch) -> None:
    from qfloor.cli import main

    _alter(path, "UPDATE verdicts SET ruling = 'certified'")
    with pytest.raises(UnsoundDatabaseError) as found:
        export.verify(path)
    problems = found.value.problems
    assert len(problems) > 2
    assert str(found.value).endswith(f"(and {len(problems) - 1} more)")
    for asked, ended in ((["--json"], 1), ([], 1)):
        monkeypatch.setattr("sys.argv", ["qfloor", "verify", str(path), *asked])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == ended
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["sound"], told["problems"]) == (False, list(problems))
    assert all(f"also: {problem}" in err for problem in problems[1:20])


def test_a_sound_file_as_json(path: Path, capsys, monkeypatch) -> None:
    from qfloor.cli import main

    monkeypatch.setattr("sys.argv", ["qfloor", "verify", str(path), "--json"])
    with contextlib.suppress(SystemExit):
        main()
    told = json.loads(capsys.readouterr().out)
    assert (told["sound"], told["digest"]) == (True, export.verify(path).digest)
    assert "prices" in told["not_in_digest"]


def test_a_second_release_in_the_file_is_told(path: Path) -> None:
    """No digest covers it."""
    columns = ", ".join(c.name for c in export.TABLES[0].columns if c.name != "name")
    _alter(path, f"INSERT INTO release (name, {columns}) SELECT 'zzz', {columns} FROM release")
    with pytest.raises(UnsoundDatabaseError, match="release: 2 rows, and it is one"):
        export.verify(path)


def test_prices_may_be_refreshed(path: Path) -> None:
    _alter(path, "UPDATE prices SET as_of = '2027-01-01'")
    assert export.verify(path).n_offers == 4


def test_a_newer_major_version(path: Path) -> None:
    _alter(path, "PRAGMA user_version = 2")
    with pytest.raises(NewerDatabaseError, match="upgrade qfloor"):
        export.verify(path)


def test_a_newer_minor_version_is_read(path: Path) -> None:
    _alter(path, "UPDATE release SET schema_version = '1.7'")
    _alter(path, "ALTER TABLE offers ADD COLUMN colour TEXT DEFAULT 'red'")
    assert export.verify(path).n_offers == 4


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 99])
def test_no_database_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(DatabaseError, match="not a quality database"):
        export.verify(tmp_path / "x.db")


def test_json_with_another_shape(tmp_path: Path) -> None:
    path = export.write_json(tmp_path / "quality.json", factories.release())
    told = json.loads(path.read_text())
    del told["verdicts"][0]["ruling"]
    path.write_text(json.dumps(told))
    with pytest.raises(DatabaseError, match="verdicts"):
        export.verify(path)


def test_where_less_is_better_the_comparison_turns(tmp_path: Path) -> None:
    metric = factories.metric()
    quality = Quality.of_metric(metric)
    release = factories.release()
    turned = replace(
        release,
        primary_quality=quality.id,
        qualities=(quality,),
        metrics=(metric,),
        thresholds=tuple(replace(t, quality=quality.id) for t in release.thresholds),
        floors=tuple(replace(f, quality=quality.id, q25_lo_release=5.0) for f in release.floors),
        verdicts=tuple(
            replace(
                v,
                quality=quality.id,
                ruling="certified" if v.threshold >= 5.0 else "rejected",
                upper=0.2 if v.threshold >= 5.0 else 0.6,
                p_adjusted=0.01 if v.threshold >= 5.0 else 0.9,
            )
            for v in release.verdicts
        ),
    )
    assert export.verify(export.write(tmp_path / "turned.db", turned)).n_certified == 40


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("release", "schema_version", 1),
        ("verdicts", "upper", float("nan")),
        ("verdicts", "max_fail", None),
        ("verdicts", "upper", "much"),
        ("offers", "id", []),
    ],
)
def test_json_with_values_of_another_type(
    tmp_path: Path, table: str, column: str, value: object
) -> None:
    path = export.write_json(tmp_path / "quality.json", factories.release())
    told = json.loads(path.read_text())
    row = told[table] if table == "release" else told[table][0]
    row[column] = value
    path.write_text(json.dumps(told))
    with pytest.raises(DatabaseError, match=r"quality\.json: ") as said:
        export.verify(path)
    assert "\n" not in str(said.value)


def test_json_of_absurd_depth(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    path.write_text("[" * 100_000)
    with pytest.raises(DatabaseError, match="damaged"):
        export.verify(path)
