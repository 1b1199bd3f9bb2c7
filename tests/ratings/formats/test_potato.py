"""Potato: one file a person, two ways of writing labels, pairs by selection or slider."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def states(tmp_path):
    """Write a folder of user states, as Potato does; gives the folder."""

    def states(**labels):
        folder = tmp_path / "annotation_output"
        for user, given in labels.items():
            (folder / user).mkdir(parents=True)
            state = {"user_id": user, "instance_id_ordering": [],
                     "instance_id_to_label_to_value": given}  # fmt: skip
            (folder / user / "user_state.json").write_text(json.dumps(state))
        return folder

    return states


@pytest.fixture
def items(write):
    rows = [{"id": f"i{n}", "prompt": f"fox {n}", "model": "flux", "a": "flux", "b": "sdxl"}
            for n in (1, 2)]  # fmt: skip
    return write(*map(json.dumps, rows), name="data.json")


def test_a_folder_of_people_is_one_import(load, states, items):
    folder = states(ann={"i1": {"quality": {"4": "4"}}}, bob={"i1": {"quality": {"2": "2"}}})
    found = load(folder, "potato", "model=model", scale="1:5", items=items)
    assert found.ratings == [
        ("flux", "fox 1", "ann", "quality", 4.0), ("flux", "fox 1", "bob", "quality", 2.0),
    ]  # fmt: skip
    assert load(folder, "potato", "model=model", scale="1:5", items=items).report.repeated


class TestTraps:
    def test_a_folders_name_is_a_person_and_is_not_told(self, store, load, states, items):
        folder = states(**{"ann@example.org": {"i1": {"quality": {"4": "4"}}}})
        found = load(
            folder, "potato", "model=model", scale="1:5", items=items, keep_rater_ids=False
        )
        assert "example" not in json.dumps(found.report.to_row()).replace("flux", "")
        assert found.report.path == "a file"

    def test_labels_may_be_pairs(self, load, states, items):
        pair = [[{"schema": "quality", "name": "scale_4"}, "4"]]
        found = load(states(ann={"i1": pair}), "potato", "model=model", scale="1:5", items=items)
        assert found.ratings[0][3:] == ("quality", 4.0)

    @pytest.mark.parametrize("value", [True, "true", "on"])
    def test_a_radio_says_its_name_and_a_slider_its_value(self, load, states, items, value):
        labels = {"i1": {"grade": {"good": value, "bad": "false"}, "size": {"slider": "3"}}}
        found = load(states(ann=labels), "potato", "model=model", scale="1:5", items=items,
                     answers=("good=5", "bad=1"))  # fmt: skip
        assert [r[3:] for r in found.ratings] == [("grade", 5.0), ("size", 3.0)]

    @pytest.mark.parametrize(
        ("values", "winner"),
        [
            ({"selection": "A"}, "left"), ({"selection": "B"}, "right"),
            ({"selection": "tie"}, "tie"), ({"scale_value": "-2"}, "left"),
            ({"scale_value": "3"}, "right"), ({"scale_value": "0"}, "tie"),
        ],
    )  # fmt: skip
    def test_pairs_by_selection_or_by_slider(self, load, states, items, values, winner):
        folder = states(ann={"i1": {"better": values}})
        found = load(folder, "potato", "left.model=a", "right.model=b", items=items)
        assert found.pairs == [("flux", "fox 1", "sdxl", "ann", winner)]

    def test_a_pair_without_a_choice_is_counted(self, load, states, items):
        chosen = {f"i{n}": {"better": {"selection": s}} for n, s in ((1, " "), (2, "A"))}
        found = load(states(ann=chosen), "potato", "left.model=a", "right.model=b", items=items)
        assert (len(found.pairs), found.report.dropped) == (1, {"no answer": 1})

    def test_how_far_a_slider_leans_is_not_kept_and_told_once(self, load, states, items):
        leans = {f"i{n}": {"better": {"scale_value": n}} for n in (1, 2)}
        found = load(states(ann=leans), "potato", "left.model=a", "right.model=b", items=items)
        assert sum("only which was better is kept" in note for note in found.report.notes) == 1

    def test_a_state_without_a_name_is_its_folders(self, load, states, items):
        path = states(ann={"i1": {"q": {"4": "4"}}}) / "ann" / "user_state.json"
        path.write_text(path.read_text().replace('"user_id": "ann", ', ""))
        found = load(path, "potato", "model=model", scale="1:5", items=items)
        assert [r[2] for r in found.ratings] == ["ann"]

    def test_a_person_who_skipped_a_question_is_no_reason_to_refuse_all(self, load, states, items):
        folder = states(ann={"i1": {"q": {"4": "4"}, "better": {"selection": "A"}}},
                        bob={"i2": {"q": {"2": "2"}}}, cid={})  # fmt: skip
        found = load(folder, "potato", "model=model", "left.model=a", "right.model=b",
                     scale="1:5", items=items, criteria=("q=quality", "better=better"))  # fmt: skip
        assert (len(found.ratings), len(found.pairs)) == (2, 1)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ({"i1": {"better": {"selection": "C"}}}, "item 1: 'better' selected 'C'"),
        ({"i1": {"better": {"scale_value": "x"}}}, "has scale_value 'x', which is no number"),
        ({"i1": {"q": {"1": "true", "2": "true"}}}, "'q' has 1 and 2 chosen"),
        ({"i9": {"q": {"4": "4"}}}, "item 'i9' is not in .*data.json"),
        ({"i1": ["x"]}, "labels must be pairs"),
        ({"i1": {"q": {"good": "true"}}}, "'q' was answered 'good', which is no number"),
    ],
)
def test_what_is_wrong_has_its_item(refused, states, items, labels, match):
    refused(states(ann=labels), "potato", "model=model", "left.model=a", "right.model=b",
            scale="1:5", items=items, match=match)  # fmt: skip


def test_what_is_no_state_is_refused(refused, write_json, tmp_path):
    refused(write_json({"x": 1}), "potato", match="instance_id_to_label_to_value")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "potato", match="it holds no user_state.json")
