"""Label Studio: what its export hides is told or asked for, never guessed."""

from __future__ import annotations

import json

import pytest

CONFIG = """<View>
  <Image name="image1" value="$image1"/><Image name="image2" value="$image2"/>
  <Pairwise name="pw" toName="image1,image2"/>
  <Rating name="r1" toName="image1" maxRating="10"/>
  <Rating name="r2" toName="image2" maxRating="10"/>
  <TextArea name="why" toName="image1"/>
</View>"""
DATA = {"prompt": "a red fox", "image1": "a.png", "image2": "b.png", "m1": "flux", "m2": "sdxl"}
MAP = ("image1.model=m1", "image2.model=m2")
RATED = ("--r1", "--r2")
BOTH = ("r1=quality@1:10", "r2=quality@1:10", "pw=better")


def star(name, to, value):
    return {"from_name": name, "to_name": to, "type": "rating", "value": {"rating": value}}


def picked(side):
    return {"from_name": "pw", "to_name": "pw", "type": "pairwise", "value": {"selected": side}}


def note(annotator, *results, **more):
    return {
        "id": 90 + len(str(annotator)), "completed_by": annotator, "was_cancelled": False,
        "lead_time": 6.2, "created_at": "2026-01-02T03:04:05Z", "result": list(results), **more,
    }  # fmt: skip


def task(*annotations, key="annotations", **data):
    return {"id": 12, "data": {**DATA, **data}, key: list(annotations), "predictions": []}


@pytest.fixture
def config(write):
    return write(CONFIG, name="config.xml")


def test_ratings_of_two_pictures_and_their_comparison(store, load, write_json, config):
    path = write_json([task(note(3, picked("left"), star("r1", "image1", 7),
                                 star("r2", "image2", 4)))])  # fmt: skip
    found = load(path, "label_studio", *MAP, criteria=BOTH, label_config=config)
    assert found.ratings == [
        ("flux", "a red fox", "3", "quality", 7.0), ("sdxl", "a red fox", "3", "quality", 4.0),
    ]  # fmt: skip
    assert found.pairs == [("flux", "a red fox", "sdxl", "3", "left")]
    (first, _) = store.ratings_of()
    assert (first.at, first.lo, first.hi) == ("2026-01-02T03:04:05Z", 1, 10)
    assert first.seconds is None, "one time for three answers is no answer's time"
    (comparison,) = store.comparisons_of()
    assert comparison.criterion == "better"


def test_the_file_again_adds_nothing_and_an_anonymous_one_neither(load, write_json):
    tasks = [task({**note(3, star("r1", "image1", 7)), "completed_by": None})]
    path = write_json(tasks)
    first = load(path, "label_studio", "model=m1", scale="1:10")
    assert (first.report.anonymous, first.report.added) == (1, 1)
    assert any("nobody knows who rated" in note for note in first.report.notes)
    longer = write_json([*tasks, task(note(4, star("r1", "image1", 6)), m1="other")])
    assert load(longer, "label_studio", "model=m1", scale="1:10").report.added == 1


def test_nameless_annotations_are_told_apart_by_their_ids(load, write_json):
    given = [{**note(None, star("r1", "image1", n)), "id": 90 + n} for n in (3, 7)]
    first = load(write_json([task(given[1])]), "label_studio", "model=m1", scale="1:10")
    again = load(write_json([task(*given)]), "label_studio", "model=m1", scale="1:10")
    assert (first.report.added, again.report.added) == (1, 1)
    assert [r[-1] for r in again.ratings] == [3.0, 7.0]


def test_a_task_may_be_the_item(store, load, write_json):
    path = write_json([task(note(3, star("r1", "image1", 7)))])
    load(path, "label_studio", "item=id", "model=m1", scale="1:10")
    assert [o.report["item"] for o in store.outputs_of()] == ["12"]


class TestTraps:
    def test_left_is_the_first_of_to_name_and_not_of_the_data(self, load, write_json, write):
        """Trap: a pairwise answer has equal from_name and to_name."""
        swapped = write(CONFIG.replace('toName="image1,image2"', 'toName="image2,image1"'),
                        name="config.xml")  # fmt: skip
        path = write_json([task(note(3, picked("left")))])
        found = load(path, "label_studio", *MAP, label_config=swapped)
        assert found.pairs == [("sdxl", "a red fox", "flux", "3", "left")]

    def test_without_the_configuration_sides_are_asked_for(self, refused, load, write_json):
        path = write_json([task(note(3, picked("left")))])
        refused(path, "label_studio", "model=m1", match="task 1: which side of 'pw' is which only")
        found = load(path, "label_studio", "left.model=m1", "right.model=m2")
        assert found.pairs == [("flux", "a red fox", "sdxl", "3", "left")]

    @pytest.mark.parametrize(
        ("mapped", "pairs", "dropped"), [("drop", 0, {"empty result": 1}), ("tie", 1, {})]
    )
    def test_none_of_both_deletes_the_answer(
        self, load, write_json, config, mapped, pairs, dropped
    ):
        """Trap: a tie is an empty submitted result, and only the user knows that it is one."""
        path = write_json([task(note(3, star("r1", "image1", 7), star("r2", "image2", 7)))])
        found = load(
            path, "label_studio", *MAP, scale="1:10", label_config=config, empty_result=mapped
        )
        assert [p[-1] for p in found.pairs] == ["tie"] * pairs
        assert found.report.dropped == dropped

    @pytest.mark.parametrize("results", [(star("r1", "image1", None),), ()])
    def test_zero_stars_are_never_exported(self, load, write_json, results):
        """Trap: the worst pictures look as if nobody had rated them."""
        tasks = [task(note(3, *results)), task(note(3, star("r1", "image1", 5)), m1="other")]
        found = load(write_json(tasks), "label_studio", "model=m1", scale="0:10")
        assert found.report.dropped == {"no score": 1}
        (said,) = [n for n in found.report.notes if "zero" in n]
        assert said.startswith("1 submitted annotation has no star")

    def test_on_a_scale_without_zero_there_is_nothing_to_tell(self, load, write_json):
        tasks = [task(note(3)), task(note(3, star("r1", "image1", 5)), m1="other")]
        found = load(write_json(tasks), "label_studio", "model=m1", scale="1:10")
        assert not [n for n in found.report.notes if "zero" in n]

    def test_cancelled_annotations_are_in_the_file(self, load, write_json):
        gone = note(4, star("r1", "image1", 1), was_cancelled=True)
        path = write_json(
            [task(note(3, star("r1", "image1", 7)), gone, note(5, was_cancelled=True))]
        )
        found = load(path, "label_studio", "model=m1", scale="1:10")
        assert [r[-1] for r in found.ratings] == [7.0]
        assert found.report.dropped == {"cancelled": 2}

    def test_old_files_say_completions(self, load, write_json):
        path = write_json([task(note(3, star("r1", "image1", 7)), key="completions")])
        assert load(path, "label_studio", "model=m1", scale="1:10").report.kept == 1

    def test_json_lines_in_a_json_file(self, load, write):
        lines = [task(note(3, star("r1", "image1", n)), m1=f"m{n}") for n in (1, 2)]
        path = write(*map(json.dumps, lines), name="export.json")
        assert load(path, "label_studio", "model=m1", scale="1:10").report.kept == 2

    def test_json_min_does_not_say_which_picture(self, load, refused, write_json, config):
        row = {
            **DATA, "id": 12, "annotator": 3, "annotation_id": 90, "lead_time": 2.5,
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
            "r1": [{"rating": 7}], "r2": [{"rating": 4}], "pw": [{"selected": "right"}],
        }  # fmt: skip
        path = write_json([row])
        refused(path, "label_studio", *MAP, scale="1:10", match="give the configuration as --label")
        found = load(path, "label_studio", *MAP, criteria=BOTH, label_config=config)
        assert [(r[0], r[-1]) for r in found.ratings] == [("flux", 7.0), ("sdxl", 4.0)]
        assert found.pairs == [("flux", "a red fox", "sdxl", "3", "right")]

    def test_json_min_unwraps_a_single_choice(self, load, write_json):
        """Trap: [{"choices": ["Good"]}] is written as "Good"."""
        rows = [{**DATA, "id": 1, "annotator": 3, "annotation_id": 9, "grade": "Good"}]
        found = load(write_json(rows), "label_studio", "model=m1", criteria=("grade=q@1:5",),
                     answers=("Good=5", "Bad=1"))  # fmt: skip
        assert found.ratings == [("flux", "a red fox", "3", "q", 5.0)]

    @pytest.mark.parametrize("is_csv", [False, True])
    @pytest.mark.parametrize(("second", "kept"), [(90, 1), (91, 2)])
    def test_annotations_of_nobody_are_told_apart_by_their_id(
        self, load, write_json, write, is_csv, second, kept
    ):
        """Exports of one project overlap; without an annotator only the id says what is new."""
        if is_csv:
            rows = [f"a red fox,flux,12,Good,{n}" for n in (90, second)]
            path = write("prompt,m1,id,grade,annotation_id", *rows, name="export.csv")
        else:
            row = {**DATA, "id": 12, "grade": "Good"}
            path = write_json([{**row, "annotation_id": n} for n in (90, second)])
        found = load(path, "label_studio", "model=m1", criteria=("grade=q@1:5",),
                     answers=("Good=5", "Bad=1"))  # fmt: skip
        assert [r[-1] for r in found.ratings] == [5.0] * kept
        assert found.report.dropped.get("said twice", 0) == 2 - kept

    def test_csv_holds_lists_as_json(self, load, write, config):
        path = write(
            "prompt,image1,m1,m2,id,r1,r2,pw,annotator,annotation_id,created_at,lead_time",
            'a red fox,a.png,flux,sdxl,12,"[{""rating"": 7}]","[{""rating"": 4}]",'
            '"[{""selected"": ""left""}]",3,90,2026-01-02T03:04:05Z,6.2',
            'a blue fox,a.png,flux,sdxl,13,"[{""rating"": 8}]","[{""rating"": 4}]",,3,91,,',
            name="export.csv",
        )
        found = load(path, "label_studio", *MAP, scale="1:10", label_config=config)
        report = found.report
        assert (report.read, report.kept, report.comparisons) == (6, 4, 1)
        assert found.report.dropped == {"empty result": 1}
        assert found.pairs == [("flux", "a red fox", "sdxl", "3", "left")]

    def test_people_may_be_objects_and_are_hashed(self, store, load, write_json):
        who = {"id": 7, "email": "ann@example.org"}
        path = write_json([task(note(who, star("r1", "image1", 7)))])
        load(path, "label_studio", "model=m1", scale="1:10", keep_rater_ids=False)
        (rating,) = store.ratings_of()
        assert rating.rater.startswith("r-")
        again = write_json([task(note(7, star("r1", "image1", 7)))])
        assert load(again, "label_studio", "model=m1", scale="1:10").report.added == 0

    def test_gold_answers_never_enter_a_floor(self, load, write_json):
        path = write_json([task(note(3, star("r1", "image1", 7), ground_truth=True))])
        assert load(path, "label_studio", "model=m1", scale="1:10").report.controls == {"catch": 1}

    def test_text_and_regions_are_counted(self, load, write_json):
        words = {"from_name": "why", "to_name": "image1", "type": "textarea",
                 "value": {"text": ["it is ann@example.org's"]}}  # fmt: skip
        path = write_json([task(note(3, star("r1", "image1", 7), words))])
        assert load(path, "label_studio", "model=m1", scale="1:10").report.dropped == {
            "textarea answer": 1
        }

    def test_numbers_and_choices_are_judgments(self, load, write_json):
        number = {"from_name": "n", "to_name": "image1", "type": "number", "value": {"number": 7.5}}
        choice = {"from_name": "c", "to_name": "image1", "type": "choices",
                  "value": {"choices": ["Tie"]}}  # fmt: skip
        path = write_json([task(note(3, number, choice))])
        found = load(path, "label_studio", "image1.model=m1", "left.model=m1", "right.model=m2",
                     scale="0:10", answers=("Tie=tie",))  # fmt: skip
        assert [r[-1] for r in found.ratings] == [7.5]
        assert [p[-1] for p in found.pairs] == ["tie"]


@pytest.mark.parametrize(
    ("result", "columns", "match"),
    [
        (picked("middle"), ("left.model=m1", "right.model=m2"), "selected 'middle' .known: left"),
        (star("r1", "image1", 11), ("model=m1",), "task 1: 'r1' is 11, outside its scale 1 to 10"),
        (star("r1", "image1", "good"), ("model=m1",), "'r1' was answered 'good', which is no"),
        (star("r1", "image1", 5), ("model=m9",), "no column 'm9', which model was mapped to"),
        (star("r1", "image1", 5), ("imag1.model=m1",), "'imag1', which fields are mapped for"),
        (star("r1", "image1", 5), (), "nothing says what was rated"),
        (
            {"from_name": "c", "to_name": "x", "type": "choices", "value": {"choices": ["a", "b"]}},
            ("model=m1",),
            "a judgment is one choice",
        ),
        ({"from_name": "r", "type": "rating", "value": {}}, ("model=m1",), "no value 'rating'"),
    ],
)
def test_what_is_wrong_has_its_task(refused, write_json, result, columns, match):
    refused(
        write_json([task(note(3, result))]), "label_studio", *columns, scale="1:10", match=match
    )


def test_scales_are_asked_for(refused, write_json):
    path = write_json([task(note(3, star("r1", "image1", 5)))])
    refused(path, "label_studio", "model=m1", match="the scale of 'r1' is not declared")
    refused(
        path, "label_studio", "model=m1", criteria=("r9=q",), scale="1:5", match="question 'r9'"
    )


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (("<View>",), "not valid XML"),
        (("<View/>",), "no Rating, Number, Choices or Pairwise in it"),
        (('<View><Pairwise name="p" toName="a"/></View>',), "'p' compares 1 things"),
    ],
)
def test_a_configuration_that_is_none(refused, write, write_json, lines, match):
    path = write_json([task(note(3, star("r1", "image1", 5)))])
    config = write(*lines, name="config.xml")
    refused(path, "label_studio", "model=m1", scale="1:5", label_config=config, match=match)


def test_a_flat_export_of_which_nothing_is_said_asks_for_its_questions(refused, load, write_json):
    rows = [{"id": 1, "image": "out/flux/1.png", "quality": 4, "annotator": 7}]
    refused(
        write_json(rows), "label_studio", scale="1:5", match="name the questions as --criterion"
    )
    found = load(write_json(rows), "label_studio", "prompt=id", "model=folder of image",
                 criteria=("quality=look@1:5",))  # fmt: skip
    assert found.ratings == [("flux", "1", "7", "look", 4.0)]


@pytest.mark.parametrize(
    ("annotation", "dropped"),
    [
        (note(3, was_cancelled=True), {"cancelled": 1}),
        (note(3, {"from_name": "box", "type": "rectanglelabels"}), {"rectanglelabels answer": 1}),
        (note(3), {}),
    ],
)
def test_a_file_in_which_nobody_answered_is_one_of_several(
    load, refused, write_json, annotation, dropped
):
    """Full JSON tells answers from data: that there are none is no fault of how it is written."""
    empty = write_json([task(annotation)], name="empty.json")
    refused(
        empty, "label_studio", "model=m1", scale="1:10", match="none of (1 row|0 rows) has a score"
    )
    rated = write_json([task(note(3, star("r1", "image1", 7)))])
    report = load([empty, rated], "label_studio", "model=m1", scale="1:10").report
    assert (report.kept, report.dropped) == (1, dropped)
