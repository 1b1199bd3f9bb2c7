"""What repeats from row to row is read once; that must not change what any row says.

So a file of several rows is held against files that hold one of them each, in which nothing was
read before: the same judgments, the same reasons to drop, and where a row is refused the same
sentence about the first such row.
"""

from __future__ import annotations

import csv
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfloor.errors import RatingsError
from qfloor.ratings import FORMATS, ReadOptions, Scale, parse_mapping

WORDS = st.sampled_from(["", "", "a", "b", "a", " a ", "p1"])
NUMBERS = st.sampled_from(["", "1", "1.0", "3", "6e3", "5100", "5100", "x", "-1", "1_0"])
TIMES = st.sampled_from(["", "2026-01-02T03:04:05Z", "2026-01-02", " 2026-01-02 ", "noon"])
KINDS = st.sampled_from(["", "test", "Test", "placebo", "catch", "same_model"])
FLAGS = st.sampled_from(["", "1", "yes", "no", "maybe"])
NAMED = st.sampled_from(["ann", "bob", " ann ", "Anonymous", "ann", "bob", "eve", ""])

SHARED = {
    "source": st.just("s"), "rater_id": NAMED, "prompt_id": st.sampled_from(["p1", "p2", ""]),
    "prompt": WORDS, "category": WORDS, "modality": st.sampled_from(["", "image", "Video", "gif"]),
    "kind": KINDS, "dimension": WORDS, "session_id": WORDS, "submitted_at": TIMES,
    "duration_ms": NUMBERS,
}  # fmt: skip
LONG = SHARED | {
    "item_id": WORDS, "model_id": WORDS, "seed": NUMBERS, "usable": FLAGS, "annotation_id": WORDS,
    "score": st.sampled_from(["3", "3.0", "0", "", "11", "x"]),
    "scale_min": st.sampled_from(["0", "0", "0.0", ""]),
    "scale_max": st.sampled_from(["10", "10", "5", ""]),
}  # fmt: skip
PAIRS = SHARED | {
    "response": st.sampled_from(["left", "none", "Right", "both_bad", "skip", "", "middle"]),
    "left_item": WORDS, "right_item": WORDS, "left_model": WORDS, "right_model": WORDS,
    "left_seed": NUMBERS, "right_seed": NUMBERS, "left_arm": WORDS, "right_arm": WORDS,
    "left_score": st.sampled_from(["", "3", "11"]), "right_usable": FLAGS, "trial_id": WORDS,
    "pair_id": WORDS, "repeat_of": WORDS, "shown_at": TIMES,
}  # fmt: skip
TABLE = {
    "n": st.just("1"), "rater": NAMED, "model": WORDS, "prompt": WORDS, "seed": NUMBERS,
    "session_id": WORDS, "submitted_at": TIMES,
    "q": st.sampled_from(["3", "3.0", "Good", "", "skip", "9", "x", "left"]),
}  # fmt: skip
FORMS = ("", '[{"q": {"1": true, "2": false}}]', '[{"q": 4}]', '[{"q": {"1": 1}}]', "[[")
TURK = {
    "HITId": st.just("H"), "WorkerId": NAMED, "AssignmentId": WORDS, "Input.model": WORDS,
    "Input.prompt": WORDS, "Input.WorkerId": WORDS, "WorkTimeInSeconds": NUMBERS,
    "AssignmentStatus": st.sampled_from(["", "Approved", "rejected", "lost"]),
    "Answer.r": st.sampled_from(["", "2", "2.0", "7"]),
    "Answer.taskAnswers": st.sampled_from(FORMS),
}  # fmt: skip
SAID = parse_mapping(
    ["model=model", "prompt=prompt", "rater=rater"], ["q=quality@1:5"], ["Good=5", "left=left"]
)
ASKED = parse_mapping(["model=model", "prompt=prompt"], ["q=quality@1:5", "r=looks@1:5"])
CASES = [
    ("long", LONG, ReadOptions()),
    ("long", LONG, ReadOptions(scale=Scale(0, 10))),
    ("pairwise", PAIRS, ReadOptions()),
    ("table", TABLE, ReadOptions(mapping=SAID)),
    ("mturk", TURK, ReadOptions(mapping=ASKED)),
]


def _read(name, options, path, header, rows):
    """What a file of these rows is read as: judgments without their rows, counts, or a sentence."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    try:
        reading = FORMATS[name].read(path, options)
    except RatingsError as refused:
        return str(refused)
    return (
        [(row.row, row._replace(row=0)) for row in (*reading.judgments, *reading.comparisons)],
        Counter(reading.dropped),
        reading.n_rows,
    )


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.parametrize(("name", "columns", "options"), CASES)
def test_a_row_says_what_it_says_alone(name, columns, options, data, tmp_path):
    # Most rows repeat a good one but for a cell or two, as rows of real files do.
    header = list(columns)
    first = data.draw(st.tuples(*columns.values()))
    rows = [first]
    for _turn in range(data.draw(st.integers(1, 6))):
        row = list(data.draw(st.sampled_from(rows)))
        for at in data.draw(st.lists(st.integers(0, len(header) - 1), max_size=3)):
            row[at] = data.draw(columns[header[at]])
        rows.append(tuple(row))
    alone = [_read(name, options, tmp_path / "f.csv", header, [row]) for row in rows]
    whole = _read(name, options, tmp_path / "f.csv", header, rows)
    refused = [n for n, said in enumerate(alone) if isinstance(said, str)]
    if refused:
        n = refused[0]
        assert whole == alone[n].replace("line 2:", f"line {n + 2}:")
        return
    judged, dropped, n_rows = whole
    kinds = [[], []]  # ratings stand before comparisons, whatever rows they are of
    for n, (said, _, _) in enumerate(alone):
        for row, judgment in said:
            assert row == 2
            kinds["winner" in judgment._fields].append((n + 2, judgment))
    assert judged == [*kinds[0], *kinds[1]]
    assert dropped == sum((counts for _, counts, _ in alone), Counter())
    assert n_rows == sum(count for _, _, count in alone)
