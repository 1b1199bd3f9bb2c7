"""A table for each rater, as ImagenHub has them: two scores in a cell, the rater in the name."""

from __future__ import annotations

import gzip
import json

import pytest

NAMED = ("1=semantics@0:1", "2=quality@0:1")


@pytest.fixture
def tables(tmp_path):
    """Write one table a rater; gives the folder."""

    def tables(**raters):
        folder = tmp_path / "human"
        folder.mkdir()
        for name, rows in raters.items():
            lines = ("uid\tSDXL\tKandinsky", *("\t".join(row) for row in rows))
            (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")
        return folder

    return tables


def test_a_folder_of_raters(load, tables):
    folder = tables(t2i_ann=[("p1", "[1, 0.5]", "[0,0]")], t2i_bob=[("p1", "[0.5, 1]", "")])
    found = load(folder, "rater_tables", "rater=file after last _", criteria=NAMED)
    assert found.ratings == [
        ("Kandinsky", "p1", "ann", "quality", 0.0), ("Kandinsky", "p1", "ann", "semantics", 0.0),
        ("SDXL", "p1", "ann", "quality", 0.5), ("SDXL", "p1", "ann", "semantics", 1.0),
        ("SDXL", "p1", "bob", "quality", 1.0), ("SDXL", "p1", "bob", "semantics", 0.5),
    ]  # fmt: skip
    assert found.report.dropped == {"no score": 1}


def test_no_rater_of_a_folder_is_left_out_in_silence(load, tables):
    folder = tables(ann=[("p1", "1", "0")])
    told = "uid\tSDXL\tKandinsky\np1\t0\t1\n"
    (folder / "BOB.TSV").write_text(told)
    (folder / "eve.tsv.gz").write_bytes(gzip.compress(told.encode()))
    for name in ("dan.xlsx", "john.smith", ".DS_Store"):
        (folder / name).write_bytes(b"PK\x03\x04")
    found = load(folder, "rater_tables", scale="0:1")
    assert {rating[2] for rating in found.ratings} == {"ann", "BOB", "eve"}
    assert "2 other files in the folder are not read" in found.report.notes


def test_other_files_are_told_by_their_endings_where_these_name_nobody(load, tmp_path):
    folder = tmp_path / "votes"
    folder.mkdir()
    (folder / "a.csv").write_text("item_id,prompt_id,model_id,rater_id,score\ni,p,m,ann,4\n")
    (folder / "b.xlsx").write_bytes(b"PK\x03\x04")
    found = load(folder, "long", scale="1:5")
    assert "1 other file in the folder is not read (1 .xlsx)" in found.report.notes


class TestTraps:
    def test_a_cell_holds_two_scores_as_text(self, load, tables):
        rows = [("p1", "[1, 0.5]", "(0, 1)"), ("p2", " 1 , 0.5 ", "[0,0]")]
        assert load(tables(ann=rows), "rater_tables", criteria=NAMED).report.kept == 8

    def test_the_rater_is_the_files_name_and_is_not_told(self, store, load, tables):
        found = load(tables(ann_smith=[("p1", "1", "0")]), "rater_tables", scale="0:1",
                     keep_rater_ids=False)  # fmt: skip
        assert "smith" not in json.dumps(found.report.to_row())
        assert {r.rater[:2] for r in store.ratings_of()} == {"r-"}

    def test_model_names_end_in_blanks(self, load, tmp_path):
        path = tmp_path / "ann.tsv"
        path.write_text("uid \tSDXL \np1\t1\n")
        assert load(path, "rater_tables", scale="0:1").ratings == [("SDXL", "p1", "ann", "1", 1.0)]

    def test_two_files_of_one_rater_are_one_person(self, store, load, tables):
        folder = tables(a_ann=[("p1", "1", "0")], b_ann=[("p2", "1", "0")])
        load(folder, "rater_tables", "rater=file after last _", scale="0:1")
        assert {r.rater for r in store.ratings_of()} == {"ann"}


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([("p1", "[1,]", "0")], "line 2: 'SDXL' holds '.1,.', expected a score or several"),
        ([("p1", "[1, good]", "[1, 1]")], "'2' was answered 'good'"),
        ([("p1", "[1, 2]", "[1, 1]")], "'2' is 2, outside its scale 0 to 1"),
        ([("p1", "[1, 1]", "1")], "a cell holds 1 scores and one in line 2 2"),
    ],
)
def test_what_is_wrong_has_its_file_and_line(refused, tables, rows, match):
    refused(tables(ann=rows), "rater_tables", scale="0:1", match=match)


def test_a_fault_in_the_second_file_names_it(refused, tables):
    folder = tables(ann=[("p1", "1", "0")], bob=[("p1", "1", "9")])
    said = refused(folder, "rater_tables", scale="0:1", match="'1' is 9")
    assert "bob.tsv: line 2" in said


def test_files_that_contradict_each_other_are_both_named(refused, tmp_path):
    paths = [tmp_path / "a_ann.tsv", tmp_path / "b_ann.tsv"]
    for path, score in zip(paths, "10", strict=True):
        path.write_text(f"uid\tSDXL\np1\t{score}\n")
    said = refused(paths, "rater_tables", "rater=file after last _", scale="0:1",
                   match="this rater gives")  # fmt: skip
    assert "b_ann.tsv: line 2" in said
    assert "line 2 of a_ann.tsv" in said


def test_a_file_named_twice_and_a_folder_without_tables(refused, tables, tmp_path):
    folder = tables(ann=[("p1", "1", "0")])
    refused([folder, folder / "ann.tsv"], "rater_tables", scale="0:1", match="named twice")
    refused(folder, "genai_bench", match="reads files, not folders")
