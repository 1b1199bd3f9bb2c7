"""SUREAL: read without being run, and written so that P.910's own code reads it."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import ReadOptions, export_sureal, import_ratings, parse_mapping
from qfloor.store import Store

MODEL = "model=path before last _"


def dataset(*scores):
    return {
        "dataset_name": "d", "ref_videos": [{"content_id": 0, "path": "ref.png"}],
        "dis_videos": [
            {"content_id": 0, "asset_id": n, "os": s, "path": f"img/sd_xl_{n}.png"}
            for n, s in enumerate(scores)
        ],
    }  # fmt: skip


def python(value):
    return [f"{name} = {given!r}" for name, given in value.items()]


def test_scores_by_rater(load, write_json):
    found = load(write_json(dataset({"ann": 4, "bob": 3})), "sureal", MODEL, scale="1:5")
    assert found.ratings == [("sd_xl", "0", "ann", "os", 4.0), ("sd_xl", "0", "bob", "os", 3.0)]


class TestTraps:
    def test_repeats_are_lists_and_later_ones_are_controls(self, store, load, write_json):
        path = write_json(dataset({"ann": [4, 3, 3], "bob": 2}))
        found = load(path, "sureal", MODEL, scale="1:5")
        assert found.report.controls == {"repeat": 2}
        first = [r.value for r in store.ratings_of() if r.control == "test"]
        assert sorted(first) == [2, 4]

    def test_a_list_is_raters_by_place_of_this_dataset_only(self, load, write_json):
        found = load(write_json(dataset([4, [3, 2]])), "sureal", MODEL, scale="1:5")
        assert {r[2] for r in found.ratings} == {"d #1", "d #2"}

    def test_python_is_parsed_and_never_run(self, load, refused, write, tmp_path):
        lines = python(dataset({"ann": 4}))
        found = load(write('"""A docstring."""', *lines, name="d.py"), "sureal", MODEL, scale="1:5")
        assert found.report.kept == 1

    @pytest.mark.parametrize(
        "line",
        ["import os", "open('was_run', 'w')", "x = open('was_run', 'w')", "x = [y for y in z]"],
    )
    def test_code_is_refused(self, refused, write, tmp_path, monkeypatch, line):
        monkeypatch.chdir(tmp_path)
        path = write(*python(dataset({"ann": 4})), line, name="d.py")
        refused(path, "sureal", MODEL, scale="1:5", match="code is never run")
        assert not (tmp_path / "was_run").exists()

    @pytest.mark.parametrize("missing", ["float('nan')", "None", "nan", "np.nan"])
    def test_what_is_missing_is_no_score(self, load, write, missing):
        lines = [line.replace("777", missing) for line in python(dataset({"ann": 4, "bob": 777}))]
        found = load(write(*lines, name="d.py"), "sureal", MODEL, scale="1:5")
        assert found.report.dropped == {"no score": 1}

    def test_nan_in_json_is_no_score(self, load, write):
        text = json.dumps(dataset({"ann": 4, "bob": float("nan")}))
        found = load(write(text, name="d.json"), "sureal", MODEL, scale="1:5")
        assert found.report.dropped == {"no score": 1}

    def test_the_model_stands_in_the_file_name_before_the_last_sign(self, load, write_json):
        found = load(write_json(dataset({"ann": 4})), "sureal", MODEL, scale="1:5")
        assert found.report.offers == ("imported/sd_xl",)


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ({"x": 1}, "expected a list 'dis_videos'"),
        (dataset("4"), "video 1: 'os' must hold scores by rater"),
        (dataset({"ann": 6}), "'os' is 6, outside its scale 1 to 5"),
    ],
)
def test_what_is_wrong_has_its_video(refused, write_json, value, match):
    refused(write_json(value), "sureal", MODEL, scale="1:5", match=match)


def test_python_that_is_none(refused, write):
    refused(write("x = (", name="d.py"), "sureal", match="not valid Python")


HEAD = "item_id,prompt_id,model_id,rater_id,score,scale_min,scale_max,kind,session_id"
ROWS = (
    "g1,p1,m,ann,4,1,5,test,", "g1,p1,m,ann,3,1,5,repeat,2", "g1,p1,m,bob,5,1,5,test,",
    "g2,p1,n,ann,2,1,5,test,", "g2,p1,n,anonymous,1,1,5,test,", "g2,p1,n,bob,1,1,5,catch,",
    "g3,p2,m,bob,2,1,5,test,",
)  # fmt: skip


class TestExport:
    @pytest.mark.parametrize("name", ["out.json", "out.py"])
    def test_what_is_written_comes_back(self, store, write, tmp_path, name):
        import_ratings(store, write(HEAD, *ROWS), round="2026-11")
        report = export_sureal(store, tmp_path / name, criterion="overall", round="2026-11")
        assert (report.outputs, report.raters, report.ratings) == (3, 2, 5)
        assert report.left_out == {"anonymous": 1, "catch": 1}
        said = parse_mapping(["prompt=prompt_id", "model=offer_id"], ["os=overall"])
        with Store.open(tmp_path / "other", create=True) as other:
            import_ratings(
                other, tmp_path / name, "sureal", round="2026-11", scale="1:5",
                keep_rater_ids=True, options=ReadOptions(mapping=said),
            )  # fmt: skip
            assert self.kept(other) == self.kept(store)

    @staticmethod
    def kept(store):
        offers = {o.id: (o.offer_id, o.prompt_id) for o in store.outputs_of()}
        return sorted(
            (*offers[r.output_id], r.rater, r.value, r.control)
            for r in store.ratings_of()
            if r.rater != "anonymous" and r.control != "catch"
        )

    @pytest.mark.parametrize("name", ["out.json", "out.py"])
    def test_p910s_own_code_reads_it(self, store, write, tmp_path, name):
        """Its recovered matrix equals the ratings, repeats in the third axis."""
        sureal = pytest.importorskip("sureal.dataset_reader")
        tools = pytest.importorskip("sureal.tools.misc")
        import_ratings(store, write(HEAD, *ROWS), round="2026-11", keep_rater_ids=True)
        export_sureal(store, tmp_path / name, criterion="overall")
        read = tools.import_json_file if name.endswith("json") else tools.import_python_file
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it loads .py the old way
            reader = sureal.RawDatasetReader(read(str(tmp_path / name)))
        expected = np.array([[[4, 3], [5, np.nan]], [[2, np.nan]] * 2, [[np.nan] * 2, [2, np.nan]]])
        expected[1, 1] = np.nan
        np.testing.assert_array_equal(reader.opinion_score_3darray, expected)

    def test_what_cannot_be_written_is_said(self, store, write, tmp_path):
        import_ratings(store, write(HEAD, *ROWS), round="2026-11")
        for name, options, match in [
            ("out.csv", {"criterion": "overall"}, "SUREAL reads .json and .py"),
            ("out.json", {"criterion": "overal"}, "nobody rated 'overal' .did you mean 'overall'"),
            ("out.json", {"criterion": "overall", "round": "2027-01"}, "in round 2027-01"),
        ]:
            with pytest.raises(RatingsError, match=match):
                export_sureal(store, tmp_path / name, **options)
        other = write(HEAD, "h1,p1,m,ann,9,0,10,test,")
        import_ratings(store, other, round="2026-12")
        with pytest.raises(RatingsError, match="several scales"):
            export_sureal(store, tmp_path / "out.json", criterion="overall")
        assert not list(tmp_path.glob("out*"))
