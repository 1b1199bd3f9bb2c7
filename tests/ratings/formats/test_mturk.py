"""Mechanical Turk: three ways of writing an answer, work that was rejected, files that were cut."""

from __future__ import annotations

import json

import pytest

HEAD = (
    "HITId,AssignmentId,WorkerId,AssignmentStatus,WorkTimeInSeconds,LifetimeApprovalRate,"
    "Input.image_id,Input.model,Input.prompt,Answer.quality,Approve,Reject"
)
MAP = ("model=model", "prompt=prompt", "item=image_id")


def row(n=1, worker="A1", status="Approved", answer="4"):
    return f"H{n},S{n}{worker},{worker},{status},12,100% (9/9),i{n},flux,a red fox {n},{answer},,"


def form(answers, **more):
    quoted = json.dumps([answers]).replace('"', '""')
    return row(answer=f'"{quoted}"', **more)


def test_a_plain_answer(store, load, write):
    found = load(write(HEAD, row(), row(worker="A2", answer="5")), "mturk", *MAP, scale="1:5")
    assert found.ratings == [
        ("flux", "a red fox 1", "A1", "quality", 4.0),
        ("flux", "a red fox 1", "A2", "quality", 5.0),
    ]
    assert {r.seconds for r in store.ratings_of()} == {12.0}


def test_who_maps_a_column_that_is_not_there_is_told_those_that_are(refused, write):
    said = refused(
        write(HEAD, row()), "mturk", *MAP, "at=noon", scale="1:5", match="there is no column 'noon'"
    )
    assert "HITId" in said  # for which nothing else asks


class TestTraps:
    def test_a_crowd_form_is_json_with_radio_groups_of_flags(self, load, write):
        head = HEAD.replace("Answer.quality", "Answer.taskAnswers")
        answers = {"quality": {"1": False, "2": True, "3": False}, "fit": {"1": True, "2": False}}
        found = load(write(head, form(answers)), "mturk", *MAP, scale="1:5")
        assert [r[3:] for r in found.ratings] == [("fit", 1.0), ("quality", 2.0)]

    def test_a_radio_group_that_nobody_touched_is_no_score(self, load, write):
        head = HEAD.replace("Answer.quality", "Answer.taskAnswers")
        rows = form({"q": {"1": False}}), form({"q": {"1": True}}, worker="A2")
        assert load(write(head, *rows), "mturk", *MAP, scale="1:5").report.dropped == {
            "no score": 1
        }

    def test_two_options_of_one_radio_group_are_refused(self, refused, write):
        head = HEAD.replace("Answer.quality", "Answer.taskAnswers")
        path = write(head, form({"q": {"1": True, "2": True}}))
        refused(path, "mturk", *MAP, scale="1:5", match="line 2: 'q' has 1 and 2 chosen")

    def test_a_radio_group_may_be_columns_of_flags(self, load, write):
        head = HEAD.replace("Answer.quality", "Answer.q.1,Answer.q.2")
        found = load(write(head, row(answer="false,true")), "mturk", *MAP, scale="1:5")
        assert [r[3:] for r in found.ratings] == [("q", 2.0)]

    def test_a_crowd_classifier_gives_a_label(self, load, refused, write):
        path = write(HEAD.replace("Answer.quality", "Answer.grade.label"), row(answer="Good"))
        said = refused(path, "mturk", *MAP, scale="1:5", match="'grade' was answered 'Good'")
        assert "--answer 'Good=NUMBER'" in said
        found = load(path, "mturk", *MAP, scale="1:5", answers=("Good=5", "Bad=1"))
        assert found.ratings[0][3:] == ("grade", 5.0)

    def test_a_crowd_classifier_in_a_form_gives_a_label(self, load, write):
        head = HEAD.replace("Answer.quality", "Answer.taskAnswers")
        path = write(head, form({"grade": {"label": "Good"}}))
        found = load(path, "mturk", *MAP, scale="1:5", answers=("Good=5",))
        assert found.ratings[0][3:] == ("grade", 5.0)

    def test_one_time_for_two_answers_is_no_answers_time(self, store, load, write):
        head = HEAD.replace("Answer.quality", "Answer.quality,Answer.fit")
        load(write(head, row(answer="4,5")), "mturk", *MAP, scale="1:5")
        assert [r.seconds for r in store.ratings_of()] == [None, None]

    def test_nameless_work_is_known_by_its_assignment(self, load, write):
        head = HEAD.replace("WorkerId,", "")
        first, second = (row(answer=a).replace("S1A1,A1", f"S{a}") for a in "45")
        assert load(write(head, second), "mturk", *MAP, scale="1:5").report.added == 1
        assert load(write(head, first, second), "mturk", *MAP, scale="1:5").report.added == 1

    def test_rejected_work_is_dropped_by_reason(self, load, write):
        path = write(HEAD, row(), row(worker="A2", status="Rejected"))
        found = load(path, "mturk", *MAP, scale="1:5")
        assert (found.report.kept, found.report.dropped) == (1, {"rejected": 1})

    def test_a_trimmed_file_knows_nobody(self, load, write):
        """Trap: GenEval's published files keep four columns and no WorkerId."""
        path = write(
            "HITId,Input.prompt_id,Input.image_id,Answer.task-quality",
            "H1,p1,i1,4", "H1,p1,i1,4", "H2,p1,i2,2",
        )  # fmt: skip
        found = load(path, "mturk", "prompt=prompt_id", "item=image_id", "model:=sd", scale="1:5")
        assert (found.report.kept, found.report.anonymous, found.report.raters) == (3, 3, 0)
        assert any("nobody knows who rated" in note for note in found.report.notes)
        assert load(path, "mturk", "prompt=prompt_id", "item=image_id", "model:=sd",
                    scale="1:5").report.added == 0  # fmt: skip

    def test_one_page_may_show_several_pictures(self, load, write):
        path = write(
            "WorkerId,Input.p,Input.m1,Input.m2,Answer.q1,Answer.q2", "A1,a fox,flux,sdxl,4,2"
        )
        found = load(path, "mturk", "prompt=p", "q1.model=m1", "q2.model=m2", scale="1:5",
                     criteria=("q1=quality", "q2=quality"))  # fmt: skip
        assert found.ratings == [
            ("flux", "a fox", "A1", "quality", 4.0), ("sdxl", "a fox", "A1", "quality", 2.0),
        ]  # fmt: skip

    def test_lone_carriage_returns_make_no_row(self, load, write):
        """Trap: pandas reads 2,004 rows of such a file for 2,000."""
        rows = "".join(f"{row(n)}\n".replace("a red", "a\rred") for n in range(20))
        path = write(content=f"{HEAD}\n{rows}".encode())
        assert load(path, "mturk", *MAP, scale="1:5").report.read == 20

    def test_comments_are_left_aside_and_told(self, load, write):
        path = write(f"{HEAD},Answer.comment", f"{row()},I am Ann")
        found = load(path, "mturk", *MAP, criteria=("quality=q@1:5",))
        assert found.report.ignored_columns == ("comment",)
        assert found.report.kept == 1

    def test_workers_are_hashed(self, store, load, write):
        load(write(HEAD, row()), "mturk", *MAP, scale="1:5", keep_rater_ids=False)
        assert {r.rater[:2] for r in store.ratings_of()} == {"r-"}


@pytest.mark.parametrize(
    ("head", "line", "match"),
    [
        (HEAD, row(status="Aproved"), "AssignmentStatus 'aproved' is unknown .did you mean"),
        (HEAD, row(answer="+3/-3"), r"line 2: question 'quality' was answered '\+3/-3'"),
        (HEAD, row(answer='"so\nso"'), r"was answered 'so so', .* --answer 'so so=NUMBER'"),
        (HEAD, row(answer="6"), "'quality' is 6, outside its scale 1 to 5"),
        (HEAD.replace("Reject", "Regect"), row(), "'Regect' is unknown .did you mean 'Reject'"),
        (HEAD.replace("Answer.quality", "Requester"), row(), "column 'Requester' is unknown"),
        (HEAD.replace("Answer.quality", "Keywords"), row(), "no column 'Answer"),
        (HEAD.replace("Answer.quality", "Answer.taskAnswers"), row(answer="{"), "not valid JSON"),
        (HEAD.replace("Answer.quality", "Answer.taskAnswers"), row(answer="3"), "list of objects"),
        (HEAD.replace("Answer.quality", "Answer.taskAnswers"), form({"q": {"1": 3}}), "no radio"),
    ],
)
def test_what_is_wrong_has_its_line(refused, write, head, line, match):
    refused(write(head, line), "mturk", *MAP, scale="1:5", match=match)


def test_an_answer_of_two_lines_can_be_said_in_one(load, write):
    path = write(HEAD, row(answer='"so\nso"'))
    assert load(path, "mturk", *MAP, scale="1:5", answers=("so so=3",)).ratings[0][-1] == 3.0


def test_confidence_written_with_two_signs_can_be_said(load, write):
    """Trap: ``+3/-3`` is no number; what it is worth is said by whoever knows."""
    path = write(HEAD, row(answer="+3/-3"))
    assert load(path, "mturk", *MAP, scale="1:5", answers=("+3/-3=3",)).ratings[0][-1] == 3.0
