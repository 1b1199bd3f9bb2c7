"""Whatever stands in a file: it is read, or refused in one sentence; no other error comes out."""

from __future__ import annotations

import copy
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfloor.errors import RatingsError
from qfloor.ratings import FORMATS, ReadOptions, Scale, parse_mapping

PAGE = Path(__file__).parents[3] / "docs/how-to/ratings.md"
MAPPED = parse_mapping(
    ["model:=m", "prompt:=p", "left.model:=m", "right.model:=n", "a.model:=m", "b.model:=n"],
    answers=["Good=5", "Tie=tie"],
)
OPTIONS = ReadOptions(scale=Scale(0, 10), mapping=MAPPED, ignore_unknown_columns=True)
COMMENTS_ASIDE = replace(
    OPTIONS,
    scale=Scale(0, 100),
    mapping=replace(MAPPED, answers={**MAPPED.answers, "nice": "skip"}),
)
ODD = st.sampled_from(
    [None, "", "x", "7", -1, 7, 1e400, 10**30, math.nan, True, [], {}, [[]], [None], {"a": 1},
     "é\u2028", "tie", ["a", "b"], {"rating": None}, {"label": "Good"}]
)  # fmt: skip
EXAMPLES = {
    "export.json": "label_studio",
    "records.json": "argilla",
    "annotation_output/ann/user_state.json": "potato",
    "batch.csv": "mturk",
    "mushra.csv": "webmushra",
    "human/t2i_ann.tsv": "rater_tables",
    "dataset.py": "sureal",
}


def example(name):
    (found,) = re.findall(
        rf"```\w+ {re.escape(name)}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    return found


def paths_in(value, at=()):
    yield at
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_in(child, (*at, key))


def changed(value, at, new):
    if not at:
        return new
    value = copy.deepcopy(value)
    place = value
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = new
    return value


def read(format, path):
    said = ""
    try:
        reading = FORMATS[format].read(path, OPTIONS)
    except RatingsError as error:
        said = str(error)
    if said:
        assert "\n" not in said
        assert str(path) in said
        return
    given = len(reading.judgments) + len(reading.comparisons) + sum(reading.dropped.values())
    assert reading.n_rows == given
    for judgment in reading.judgments:
        assert judgment.lo <= judgment.value <= judgment.hi
        assert judgment.rater


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.endswith(".json")])
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_json_file_with_any_value_anywhere(tmp_path, name, data):
    value = json.loads(example(name))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(list(paths_in(value))))
        value = changed(value, at, data.draw(ODD))
    path = tmp_path / "file.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    read(EXAMPLES[name], path)


@pytest.mark.parametrize("name", [n for n in EXAMPLES if not n.endswith(".json")])
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_text_file_with_anything_put_in(tmp_path, name, data):
    text = example(name)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        upto = data.draw(st.integers(at, min(len(text), at + 12)))
        new = data.draw(st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
            ['"', ",", "\n", "\t", "[", "true", "1e999", "float('nan')", "\r"]
        ))  # fmt: skip
        text = text[:at] + new + text[upto:]
    path = tmp_path / f"file{Path(name).suffix}"
    path.write_bytes(text.encode("utf-8"))
    read(EXAMPLES[name], path)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path, name):
    path = tmp_path / f"file{Path(name).suffix}"
    path.write_text(example(name), encoding="utf-8")
    plain = FORMATS[EXAMPLES[name]].read(path, COMMENTS_ASIDE)
    path.write_bytes(b"\xef\xbb\xbf" + example(name).replace("\n", "\r\n").encode())
    marked = FORMATS[EXAMPLES[name]].read(path, COMMENTS_ASIDE)
    assert plain.judgments
    assert (marked.judgments, marked.comparisons) == (plain.judgments, plain.comparisons)
