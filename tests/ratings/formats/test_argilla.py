"""Argilla: parallel lists, drafts among answers, rankings that never varied."""

from __future__ import annotations

import json

import pytest


def flat(identity="r1", values=(7, 8), users=("u-1", "u-2"), status=None, **more):
    return {
        "id": identity, "status": "completed", "prompt": "a red fox", "model": "m7",
        "quality.responses": list(values), "quality.responses.users": list(users),
        "quality.responses.status": list(status or ["submitted"] * len(values)),
        "quality.suggestion": 3, "quality.suggestion.score": 0.9, "quality.suggestion.agent": "gpt",
        **more,
    }  # fmt: skip


def nested(*responses):
    return {
        "id": "r1", "fields": {"prompt": "a red fox"}, "metadata": {"model": "m7"},
        "suggestions": {"quality": {"value": 1}}, "responses": {"quality": list(responses)},
    }  # fmt: skip


def test_flattened_records(load, write_json):
    found = load(write_json([flat()]), "argilla", "model=model", scale="1:10")
    assert found.ratings == [
        ("m7", "a red fox", "u-1", "quality", 7.0), ("m7", "a red fox", "u-2", "quality", 8.0),
    ]  # fmt: skip


def test_nested_records_say_the_same(load, write_json):
    answers = [{"value": 7, "user_id": "u-1"},
               {"value": 8, "user_id": "u-2", "status": "submitted"}]  # fmt: skip
    found = load(write_json([nested(*answers)]), "argilla", "model=model", scale="1:10")
    assert [r[2:] for r in found.ratings] == [("u-1", "quality", 7.0), ("u-2", "quality", 8.0)]


def test_nested_responses_without_a_status_are_told(load, write_json):
    said = nested({"value": 7, "user_id": "u-1"}), nested({"value": 7, "user_id": "u-2"})
    found = load(write_json([dict(r, id=str(n)) for n, r in enumerate(said)]), "argilla",
                 "model=model", scale="1:10")  # fmt: skip
    assert [note for note in found.report.notes if "drafts and discarded" in note]
    every = nested({"value": 7, "user_id": "u-1", "status": "submitted"})
    assert not load(write_json([every]), "argilla", "model=model", scale="1:10").report.notes


class TestTraps:
    @pytest.mark.parametrize("is_nested", [True, False])
    def test_drafts_and_discarded_answers_are_no_judgments(self, load, write_json, is_nested):
        status = ["submitted", "draft", "discarded"]
        answers = [{"value": n, "user_id": f"u{n}", "status": s} for n, s in enumerate(status, 1)]
        record = (
            nested(*answers) if is_nested else flat(values=(1, 2, 3), users="abc", status=status)
        )
        found = load(write_json([record]), "argilla", "model=model", scale="1:10")
        assert [r[-1] for r in found.ratings] == [1.0]
        assert found.report.dropped == {"discarded": 1, "draft": 1}

    def test_suggestions_are_a_models_and_never_read(self, load, write_json):
        found = load(write_json([flat()]), "argilla", "model=model", scale="1:10")
        assert {r[-1] for r in found.ratings} == {7.0, 8.0}
        assert found.report.read == 2

    def test_lists_of_different_lengths_are_refused(self, refused, write_json):
        path = write_json([flat(users=("u-1",), status=("submitted",) * 2)])
        refused(
            path, "argilla", "model=model", scale="1:10", match="record 1: 'quality' has 2 resp"
        )

    @pytest.mark.parametrize("is_nested", [True, False])
    @pytest.mark.parametrize("values", [(7, 8), (7, 7)])
    def test_responses_of_nobody_are_as_many_as_there_are(
        self, load, write_json, is_nested, values
    ):
        record = nested(*({"value": v} for v in values)) if is_nested else flat(values=values)
        record.pop("quality.responses.users", None)
        path = write_json([record])
        found = load(path, "argilla", "model=model", scale="1:10")
        assert (found.report.kept, found.report.anonymous, found.report.dropped) == (2, 2, {})
        other = {**record, "id": "r0"}
        again = load(write_json([other, record]), "argilla", "model=model", scale="1:10")
        assert again.report.added == 2, "the record that was there is known by its id"

    def test_a_ranking_is_a_choice_between_any_two(self, load, write_json):
        record = flat(values=(), users=(), **{
            "order.responses": [["b", "a", "c"]], "order.responses.users": ["u-1"],
        })  # fmt: skip
        columns = [f"{name}.model:=model-{name}" for name in "abc"]
        found = load(write_json([record]), "argilla", *columns)
        assert [(p[0], p[2], p[-1]) for p in found.pairs] == [
            ("model-a", "model-b", "right"),
            ("model-a", "model-c", "left"),
            ("model-b", "model-c", "left"),
        ]

    @pytest.mark.parametrize(("second", "told"), [(["a", "b"], 1), (["b", "a"], 0)])
    def test_rankings_that_never_vary_are_told(self, load, write_json, second, told):
        """Trap: Argilla saved every ranking as 1, 2, 3 (argilla-io/argilla 5712)."""
        records = [
            flat(f"r{n}", (), (), prompt=f"p{n}",
                 **{"order.responses": [o], "order.responses.users": ["u-1"]})
            for n, o in enumerate((["a", "b"], second))
        ]  # fmt: skip
        found = load(write_json(records), "argilla", "a.model:=A", "b.model:=B")
        assert len([n for n in found.report.notes if "as they were shown" in n]) == told

    def test_json_lines_in_a_json_file(self, load, write):
        path = write(json.dumps(flat()), json.dumps(flat("r2", prompt="p2")), name="records.json")
        assert load(path, "argilla", "model=model", scale="1:10").report.kept == 4

    def test_text_questions_are_left_aside_and_told(self, load, refused, write_json):
        record = flat(**{"why.responses": ["nice"], "why.responses.users": ["u-1"]})
        path = write_json([record])
        refused(path, "argilla", "model=model", scale="1:10", match="'why' was answered 'nice'")
        found = load(path, "argilla", "model=model", criteria=("quality=q@1:10",))
        assert found.report.ignored_columns == ("why",)
        assert {r[3] for r in found.ratings} == {"q"}


@pytest.mark.parametrize(
    ("record", "match"),
    [
        (flat(status=("submited", "draft")), "record 1: response status 'submited' is unknown"),
        (flat(**{"o.responses": [["a", "a"]]}), "expected two or more labels in order"),
        (nested({"user_id": "u"}), "has no value"),
        (flat(values=(7, 11)), "'quality' is 11, outside its scale 1 to 10"),
    ],
)
def test_what_is_wrong_has_its_record(refused, write_json, record, match):
    refused(write_json([record]), "argilla", "model=model", scale="1:10", match=match)


def test_an_empty_export_is_refused(refused, write_json):
    refused(write_json([]), "argilla", match="no record in it")
