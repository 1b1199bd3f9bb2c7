"""Answers come back from their CSV as they were; what is not right is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor.abtest import COLUMNS, Answer, answers_csv, read_answers, write_answers
from qfloor.errors import RatingsError

NAMES = st.text(st.characters(categories=["L", "N"], include_characters=" ,\"'-_"), min_size=1).map(
    lambda text: f"x{text}x"
)
SCORES = st.none() | st.integers(0, 100).map(lambda tenths: tenths / 10)
ARMS = st.sampled_from([("routed", "reference"), ("reference", "routed")])


def answer(**changes: object) -> Answer:
    """One plain answer."""
    given: dict[str, object] = {
        "trial_id": "t1", "pair_id": "x1", "prompt_id": "p1", "category": "portrait",
        "left_item": "g1", "right_item": "g2", "left_arm": "routed", "right_arm": "reference",
        "response": "right", "rater_id": "r1", **changes,
    }  # fmt: skip
    return Answer(**given)  # type: ignore[arg-type]


@given(
    names=st.lists(NAMES, min_size=5, max_size=5),
    arms=ARMS,
    scores=st.tuples(SCORES, SCORES),
    usable=st.tuples(st.none() | st.booleans(), st.none() | st.booleans()),
    response=st.sampled_from(["left", "right", "none", "both_bad", "skip"]),
    duration=st.none() | st.integers(0, 10**9),
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    arms: tuple[str, str],
    scores: tuple[float | None, float | None],
    usable: tuple[bool | None, bool | None],
    response: str,
    duration: int | None,
) -> None:
    one = answer(
        trial_id=names[0], pair_id=names[1], prompt_id=names[2], category=names[3],
        rater_id=names[4], left_arm=arms[0], right_arm=arms[1], response=response,
        left_score=scores[0], right_score=scores[1], left_usable=usable[0],
        right_usable=usable[1], duration_ms=duration,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("answers") / "votes.csv"
    assert write_answers(path, [one]) == 1
    assert read_answers(path) == [one]


def test_columns_are_those_of_the_long_table() -> None:
    header = answers_csv([]).strip()
    assert header == (
        "trial_id,pair_id,prompt_id,category,left_item,right_item,left_arm,right_arm,response,"
        "left_score,right_score,left_usable,right_usable,rater_id,shown_at,submitted_at,"
        "duration_ms,kind,repeat_of,session_id"
    )
    assert header == ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"response": "rigth"}, "response 'rigth' is not one of left, right"),
        ({"kind": "tset"}, "kind 'tset' is not one of"),
        ({"left_arm": "premium"}, "left_arm 'premium' is not one of"),
        ({"right_arm": "routed"}, "a test trial shows routed beside reference"),
        ({"kind": "placebo"}, "a placebo shows one arm twice"),
        ({"kind": "catch"}, "a catch trial shows spoilt beside intact"),
        ({"kind": "repeat"}, "must say in repeat_of"),
        ({"left_score": "11"}, "left_score '11' is not a number from 0 to 10"),
        ({"left_score": "nan"}, "left_score 'nan' is not a number"),
        ({"left_usable": "maybe"}, "left_usable 'maybe' is neither 1 nor 0"),
        ({"duration_ms": "-5"}, "duration_ms '-5' is not a whole number"),
        ({"duration_ms": "²"}, "duration_ms '²' is not a whole number"),
        ({"rater_id": ""}, "rater_id is empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    good = answers_csv([answer()]).splitlines()
    values = dict(zip(COLUMNS, good[1].split(","), strict=True)) | {"trial_id": "t2"} | changes
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([*good, ",".join(values[name] for name in COLUMNS)]))
    with pytest.raises(RatingsError, match="line 3") as caught:
        read_answers(path)
    assert told in str(caught.value)


def test_a_trial_answers_once(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    write_answers(path, [answer(), answer(rater_id="r2")])
    with pytest.raises(RatingsError, match="'t1' stands in line 2 already"):
        read_answers(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        (",".join(COLUMNS) + "\n", "no answer below the header"),
        ("trial_id,pair_id\nt1,x1\n", "column 'prompt_id' is missing"),
        (",".join((*COLUMNS, "model")) + "\n", "column 'model' is unknown"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(text)
    with pytest.raises(RatingsError, match=told):
        read_answers(path)
