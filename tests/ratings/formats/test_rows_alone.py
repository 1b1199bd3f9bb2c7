"""What repeats from row to row is read once; that must not change what any row says.

So a file of several rows is held against files that hold one of them each, in which nothing was
read before: the same judgments, the same reasons to drop, and where a row is refused the same
sentence about the first such row.
"""

from __future__ import annotations

import csv
import random
from collections import Counter

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import FORMATS, ReadOptions, Scale, parse_mapping

WORDS, MODELS = ("", "a", " a ", "b"), ("a", "b", " a ", "")
NUMBERS = ("", "1", "1.0", "3", "6e3", "x", "-1")
TIMES = ("", "2026-01-02T03:04:05Z", " 2026-01-02 ", "noon")
NAMED = ("ann", "bob", " ann ", "Anonymous", "")
# A column: the cells that it may hold; the first row of a file holds the first ones.
SHARED = {
    "source": ("s",), "rater_id": NAMED, "prompt_id": ("p1", "p2", ""), "prompt": WORDS,
    "category": WORDS, "modality": ("", "image", "Video", "gif"), "dimension": WORDS,
    "kind": ("", "test", "Test", "catch", "same_model"), "session_id": WORDS,
    "submitted_at": TIMES, "duration_ms": NUMBERS,
}  # fmt: skip
LONG = SHARED | {
    "item_id": WORDS, "model_id": MODELS, "seed": NUMBERS, "usable": ("", "1", "yes", "maybe"),
    "annotation_id": WORDS, "score": ("3", "3.0", "6", "", "11", "x"),
    "scale_min": ("0", "1", ""), "scale_max": ("10", "5", ""),
}  # fmt: skip
PAIRS = SHARED | {
    "response": ("left", "none", "Right", "both_bad", "skip", "", "middle"),
    "left_item": WORDS, "right_item": WORDS, "left_model": MODELS, "right_model": MODELS,
    "left_seed": NUMBERS, "right_seed": NUMBERS, "left_arm": WORDS, "left_score": ("", "3", "11"),
    "right_usable": ("", "1", "no", "maybe"), "trial_id": WORDS, "pair_id": WORDS,
    "repeat_of": WORDS, "shown_at": TIMES,
}  # fmt: skip
TABLE = {
    "n": ("1",), "q": ("3", "3.0", "Good", "", "skip", "9", "x"), "rater": NAMED, "model": MODELS,
    "prompt": MODELS, "seed": NUMBERS, "session_id": WORDS, "submitted_at": TIMES,
}  # fmt: skip
TURK = {
    "HITId": ("H",), "WorkerId": NAMED, "AssignmentId": WORDS, "Input.model": MODELS,
    "Input.prompt": MODELS, "Input.WorkerId": WORDS, "WorkTimeInSeconds": NUMBERS,
    "AssignmentStatus": ("", "Approved", "rejected", "lost"), "Answer.r": ("2", "2.0", "", "7"),
    "Answer.taskAnswers": (
        '[{"q": {"1": true, "2": false}}]', '[{"q": 4}]', "", '[{"q": {"1": 1}}]', "[[",
    ),
}  # fmt: skip
MAPPED = ["model=model", "prompt=prompt"]
TOLD = parse_mapping([*MAPPED, "rater=rater"], ["q=quality@1:5"], ["Good=5"])
ASKED = parse_mapping(MAPPED, ["q=quality@1:5", "r=looks@1:5"])
CASES = [
    ("long", LONG, ReadOptions()),
    ("long", LONG, ReadOptions(scale=Scale(0, 10))),
    ("pairwise", PAIRS, ReadOptions()),
    ("table", TABLE, ReadOptions(mapping=TOLD)),
    ("mturk", TURK, ReadOptions(mapping=ASKED)),
]


def _rows(columns, rng):
    """A good row, and rows that differ from an earlier one in a cell or two."""
    rows = [[cells[0] for cells in columns.values()]]
    for _ in range(rng.randrange(1, 8)):
        row = list(rng.choice(rows))
        for name in rng.sample(list(columns), rng.randrange(4)):
            row[list(columns).index(name)] = rng.choice(columns[name])
        rows.append(row)
    return rows


def _read(name, options, path, rows):
    """What a file of these rows is read as: judgments without their rows, counts; or a sentence."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    try:
        reading = FORMATS[name].read(path, options)
    except RatingsError as refused:
        return str(refused)
    ratings, comparisons = (
        [(row.row, row._replace(row=0)) for row in rows]
        for rows in (reading.judgments, reading.comparisons)
    )
    return ratings, comparisons, Counter(reading.dropped), reading.n_rows


@pytest.mark.parametrize(("name", "columns", "options"), CASES)
def test_a_row_says_what_it_says_alone(name, columns, options, tmp_path):
    path, rng, outcomes = tmp_path / "f.csv", random.Random(name), Counter()
    for _ in range(300):
        rows = _rows(columns, rng)
        whole = _read(name, options, path, [list(columns), *rows])
        alone = [_read(name, options, path, [list(columns), row]) for row in rows]
        refused = [(n, said) for n, said in enumerate(alone, start=2) if isinstance(said, str)]
        outcomes[bool(refused)] += 1
        if refused:
            n, said = refused[0]
            assert whole == said.replace("line 2:", f"line {n}:"), rows
            continue
        for kind in (0, 1):
            said = [(n, told) for n, one in enumerate(alone, start=2) for _, told in one[kind]]
            assert whole[kind] == said, rows
        assert whole[2] == sum((one[2] for one in alone), Counter())
        assert whole[3] == sum(one[3] for one in alone)
    assert min(outcomes[True], outcomes[False]) > 30
