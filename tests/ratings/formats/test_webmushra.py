"""webMUSHRA: padded cells, hidden references, questionnaires that say who people are."""

from __future__ import annotations

import sqlite3

import pytest

MUSHRA = (
    "session_test_id,email,age,trial_id,rating_stimulus,rating_score,rating_time,rating_comment"
)
PAIRED = (
    "session_test_id,email,trial_id,choice_reference,choice_non_reference,choice_answer,"
    "choice_time,choice_comment"
)


def mushra(write, *rows):
    return write(MUSHRA, *(f"t1,{who},33,{trial},{s},{v},8000,secret" for who, trial, s, v in rows))


def test_stimuli_are_models_and_trials_prompts(load, write):
    path = mushra(write, ("ann@x", "fox", "flux", 80), ("ann@x", "fox", "sdxl", 30))
    found = load(path, "webmushra", "rater=email", scale="0:100")
    assert found.ratings == [
        ("flux", "fox", "ann@x", "score", 80.0), ("sdxl", "fox", "ann@x", "score", 30.0),
    ]  # fmt: skip
    assert found.report.ignored_columns == ("age",)


class TestTraps:
    def test_the_questionnaire_is_not_read_and_not_kept(self, store, load, write):
        path = mushra(write, ("ann@x", "fox", "flux", 80))
        load(path, "webmushra", "rater=email", scale="0:100", keep_rater_ids=False)
        dump = "\n".join(sqlite3.connect(store.root / "store.db").iterdump())
        assert "ann@x" not in dump
        assert "secret" not in dump

    def test_without_a_mapped_column_nobody_is_known(self, load, write):
        path = mushra(write, ("a", "fox", "flux", 80), ("b", "fox", "flux", 60))
        found = load(path, "webmushra", scale="0:100")
        assert (found.report.anonymous, found.report.kept) == (2, 2)

    def test_a_stimulus_twice_is_one_or_an_error(self, load, refused, write):
        """Trap: stimuli were doubled in some versions (audiolabs/webMUSHRA 66)."""
        path = mushra(write, ("ann", "fox", "flux", 80), ("ann", "fox", "flux", 30))
        refused(path, "webmushra", "rater=email", scale="0:100", match="line 3: this rater gives")
        path = mushra(write, ("ann", "fox", "flux", 80), ("ann", "fox", "flux", 80))
        found = load(path, "webmushra", "rater=email", scale="0:100")
        assert found.report.dropped == {"said twice": 1}

    def test_hidden_references_and_anchors_are_controls(self, load, write):
        path = mushra(write, *(("ann", "fox", s, 80) for s in ("reference", "anchor35", "flux")))
        assert load(path, "webmushra", scale="0:100").report.controls == {"catch": 2}

    def test_a_person_may_take_two_tests(self, store, load, write):
        rows = (f"t{n},ann@x,33,fox,flux,{n}0,8000," for n in (1, 2))
        load(write(MUSHRA, *rows), "webmushra", "rater=email", scale="0:100")
        assert {r.session for r in store.ratings_of()} == {"t1", "t2"}

    def test_likert_scores_are_padded_with_blanks(self, load, write):
        path = write(
            "session_test_id,trial_id,stimuli_rating,stimuli,rating_time", "t1,fox, 4 ,flux,900"
        )
        assert load(path, "webmushra", scale="1:5").ratings[0][-1] == 4.0

    def test_a_pair_says_whether_the_reference_was_found(self, store, load, write):
        answers = ("correct", "incorrect", "undecided", "unknown")
        rows = [f"t1,ann,p{n},real,flux,{answer},5," for n, answer in enumerate(answers)]
        found = load(write(PAIRED, *rows), "webmushra", "rater=email")
        assert [(p[0], p[2], p[-1]) for p in found.pairs] == [
            ("real", "flux", "left"), ("real", "flux", "right"), ("real", "flux", "tie"),
        ]  # fmt: skip
        assert found.report.dropped == {"no answer": 1}
        assert {c.criterion for c in store.comparisons_of()} == {"closer to reference"}
        assert any("on which side" in note for note in found.report.notes)


@pytest.mark.parametrize(
    ("head", "row", "match"),
    [
        (PAIRED, "t1,ann,p,real,flux,corect,5,", "line 2: choice_answer 'corect' is unknown"),
        (MUSHRA, "t1,a,3,fox,flux,101,1,", "'score' is 101, outside its scale 0 to 100"),
        ("trial_id,x", "1,2", "not the columns of webMUSHRA"),
    ],
)
def test_what_is_wrong_has_its_line(refused, write, head, row, match):
    refused(write(head, row), "webmushra", scale="0:100", match=match)
