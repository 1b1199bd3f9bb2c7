"""What makes imports fast must not change what they do."""

from __future__ import annotations

import gc
import json
from dataclasses import fields

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings
from qfloor.ratings.judgment import ReadOptions
from qfloor.ratings.mapping import parse_mapping
from qfloor.ratings.store_rows import ComparisonRow, OutputRow, RatingRow
from qfloor.records import Comparison, Output, Rating

ROUND = "2026-11"
HEAD = "item_id,prompt_id,model_id,rater_id,score,scale_min,scale_max,duration_ms,submitted_at"
ROW = "g1,p1,m,ann,7,0,10,6200,2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("row", "record"), [(RatingRow, Rating), (ComparisonRow, Comparison), (OutputRow, Output)]
)
def test_a_row_is_a_record_in_its_fields_and_order(row, record):
    assert row._fields == tuple(field.name for field in fields(record))


def test_the_search_for_cycles_is_as_it_was(store, write):
    for turn, was in ((gc.enable, True), (gc.disable, False)):
        turn()
        try:
            import_ratings(store, write(HEAD, ROW), round=ROUND)
            with pytest.raises(RatingsError):
                import_ratings(store, write(HEAD, ROW.replace("7", "x")), round=ROUND)
            assert gc.isenabled() is was
        finally:
            gc.enable()


def test_a_repeated_file_reports_what_it_gave_and_is_not_read_again(store, write, monkeypatch):
    path = write(HEAD, ROW, ROW.replace("ann", "bob"))
    first = import_ratings(store, path, round=ROUND)
    monkeypatch.setattr("qfloor.ratings.importing.read_files", None)
    again = import_ratings(store, path, round=ROUND)
    assert (again.repeated, again.added, again.kept, again.raters) == (True, 0, 2, 2)
    assert again.to_row() | {"repeated": False, "added": 2} == first.to_row()


@pytest.mark.parametrize("told", ["6200", "6200.0", " 6200 ", "6.2e3"])
def test_durations_in_any_spelling(store, write, told):
    import_ratings(store, write(HEAD, ROW.replace("6200", told)), round=ROUND)
    assert [r.seconds for r in store.ratings_of()] == [6.2]


def test_a_field_that_turns_bad_after_many_good_ones_is_found(store, write):
    rows = [ROW.replace("g1", f"g{n}") for n in range(50)]
    for good, bad, message in [
        ("6200", "-1", "duration_ms -1 is negative"),
        ("6200", "many", "duration_ms 'many' is not a number"),
        ("2026-01-02T03:04:05Z", "noon", "'noon' is no date and time"),
        (",7,", ",11,", "score 11 lies outside"),
        ("ann", " ", "rater_id is empty"),
        (",0,10,", ",0,,", "has no two ends"),
    ]:
        path = write(HEAD, *rows, ROW.replace("g1", "last").replace(good, bad))
        with pytest.raises(RatingsError, match=f"line 52: .*{message}"):
            import_ratings(store, path, round=ROUND)
    assert list(store.ratings_of()) == []


def test_rows_are_read_while_they_are_asked_for(tmp_path):
    from qfloor import tables

    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 200_000 + b"\xff,3\n")
    header, rows = tables.table(path, RatingsError)
    assert header == ("a", "b")
    assert next(rows) == (2, ["1", "2"])  # the fault at the end was not met yet
    with pytest.raises(RatingsError, match="not UTF-8 at byte 800004"):
        list(rows)


JUDGED = {"rater": "ann", "prompt": "p", "model": 1, "category": None, "q": 1}


def _table(store, tmp_path, *rows):
    """Import records as a table of JSON lines."""
    path = tmp_path / f"{len(rows)}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    mapped = [f"{name}={name}" for name in JUDGED if name != "q"]
    said = parse_mapping(mapped, ["q=quality@0:5"])
    options = ReadOptions(mapping=said)
    return import_ratings(store, path, format="table", round=ROUND, options=options)


@pytest.mark.parametrize(
    ("column", "message"), [("model", "'model' holds no plain text"), ("q", "'True', which is no")]
)
def test_what_equals_something_read_before_is_not_taken_for_it(store, tmp_path, column, message):
    rows = [JUDGED | {"rater": name} for name in "abc"]
    with pytest.raises(RatingsError, match=f"line 4: .*{message}"):
        _table(store, tmp_path, *rows, JUDGED | {column: True})


def test_a_column_that_is_not_there_is_no_empty_one(store, tmp_path):
    rows = [JUDGED | {"rater": name} for name in "abc"]
    less = {name: value for name, value in JUDGED.items() if name != "category"}
    with pytest.raises(RatingsError, match="line 4: there is no column 'category'"):
        _table(store, tmp_path, *rows, less)


def test_records_that_differ_in_one_field_are_outputs_of_their_own(store, tmp_path):
    rows = [JUDGED | {"model": model, "prompt": p} for model in (1, "m") for p in "pqr"]
    report = _table(store, tmp_path, *rows, *[row | {"rater": "bob"} for row in rows])
    assert (report.kept, report.items, report.prompts) == (12, 6, 3)
