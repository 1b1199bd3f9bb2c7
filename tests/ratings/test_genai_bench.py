"""GenAI-Bench: made-up files of its shape, and the published one where it is at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from qfloor import stats
from qfloor.errors import RatingsError
from qfloor.ratings import agreement_of, agreement_table, import_ratings

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/data/genai_bench/genai_image.json"
ROUND = "2024-06"


def entry(**models):
    return {"id": "1", "prompt": "a fox", "prompt in Chinese": "狐", "models": models}


def load(store, write, entries, **options):
    path = write(name="genai.json", content=json.dumps(entries).encode())
    return import_ratings(store, path, "genai_bench", round=ROUND, **options)


def test_each_place_in_the_list_is_a_rater(store, write):
    report = load(store, write, {"00001": entry(A=[1, 2, 3], B=[4, 5, 5])})
    (cell,) = {(r.criterion, r.lo, r.hi, r.source) for r in store.ratings_of()}
    assert cell == ("alignment", 1, 5, "genai_bench")
    assert {r.rater for r in store.ratings_of()} == {"r1", "r2", "r3"}
    (prompt,) = store.prompts_of()
    assert (prompt.id, prompt.text, prompt.category) == ("genai_bench/00001", "a fox", "general")
    assert report.offers == ("genai_bench/A", "genai_bench/B")
    outputs = list(store.outputs_of(round=ROUND))
    assert {(o.status.value, o.media_sha256, o.repeat) for o in outputs} == {("made", None, 0)}
    assert store.offer("genai_bench/A").generator is None


def test_what_nobody_rated_is_dropped_and_counted(store, write):
    report = load(store, write, {"1": entry(A=[1, None, 3])})
    assert (report.read, report.kept, report.dropped) == (3, 2, {"no score": 1})


def test_known_misprints_are_dropped_by_place_and_named(store, write):
    report = load(store, write, {"00232": entry(DALLE_3=[5, 40, 4])})
    assert (report.read, report.kept, report.dropped) == (3, 2, {"misprint": 1})
    assert report.notes == ("dropped 40 of r2 on 00232 DALLE_3: a known misprint",)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "expected an object of entries by prompt number"),
        ({"1": [1, 2]}, "entry 1: expected an object, found list"),
        ({"1": {"prompt": "x"}}, "field 'models' is missing"),
        ({"1": {"prompt": "x", "models": {"A": 3}}}, "must hold a list of scores"),
        ({"1": {**entry(A=[1, 2, 3]), "promt": 1}}, r"'promt' is unknown \(did you mean 'prompt'"),
        ({"1": entry(A=[1, 2])}, "A has 2 scores and not 3"),
        ({"1": entry(A=[1, 2, 6])}, "r3 gave A 6, outside the scale 1 to 5"),
        ({"1": entry(A=[1, 2, "3"])}, "r3 gave A '3', which is no number"),
        ({"1": entry(A=[1, 2, 10**400])}, "which is no number"),
        ({"1": {**entry(A=[1, 2, 3]), "prompt": None}}, "field 'prompt' is no text"),
        ({"1": entry(A=[1, 2, True])}, "r3 gave A True, which is no number"),
    ],
)
def test_what_is_wrong_is_refused_with_its_entry(store, write, entries, message):
    with pytest.raises(RatingsError, match=message) as caught:
        load(store, write, entries)
    assert "nothing was imported" in str(caught.value)
    assert list(store.ratings_of()) == []


def test_another_scale_and_another_shape_are_refused(store, write):
    with pytest.raises(RatingsError, match="is on the scale 1:5, not 0:10"):
        load(store, write, {"1": entry(A=[1, 2, 3])}, scale="0:10")
    lines = write('{"id": "1"}', '{"id": "2"}', name="lines.json")
    with pytest.raises(RatingsError, match="more follows where one JSON value ends"):
        import_ratings(store, lines, "genai_bench", round=ROUND)


def test_unknown_fields_are_left_aside_when_told(store, write):
    entries = {"1": {**entry(A=[1, 2, 3]), "mood": 1}}
    assert load(store, write, entries, ignore_unknown_columns=True).ignored_columns == ("mood",)


needs_file = pytest.mark.skipif(
    not PUBLISHED.exists(), reason="needs ../shared/data/genai_bench, which is not ours to ship"
)


@needs_file
def test_the_published_file(store):
    report = import_ratings(store, PUBLISHED, "genai_bench", round=ROUND)
    assert (report.read, report.kept, report.dropped) == (9486, 9484, {"misprint": 2})
    assert (report.raters, report.prompts, report.items, len(report.offers)) == (3, 527, 3162, 6)
    assert len(report.notes) == 2
    assert import_ratings(store, PUBLISHED, "genai_bench", round=ROUND).repeated
    assert Counter(r.rater for r in store.ratings_of()) == {"r1": 3162, "r2": 3161, "r3": 3161}
    (found,) = agreement_of(store)
    assert {k: round(v, 3) for k, v in found.means.items()} == {
        "r1": 2.910,
        "r2": 3.459,
        "r3": 3.351,
    }
    assert round(found.alpha, 3) == 0.711
    assert found.icc2k == pytest.approx(0.883, abs=0.001)
    assert (found.n_ratings, found.n_items, found.n_complete) == (9484, 3162, 3160)
    (row,) = agreement_table(store)
    assert row["scale"] == "1-5"
    assert list(row["severity"]) == ["r1", "r3", "r2"]


@needs_file
def test_the_figures_that_circulate_rest_on_two_misprints():
    """Alpha 0.622 and means 2.910, 3.471, 3.361 come of the file with its misprints in it."""
    entries = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    matrix = np.array([s for e in entries.values() for s in e["models"].values()], float).T
    assert [round(float(m), 3) for m in matrix.mean(axis=1)] == [2.910, 3.471, 3.361]
    assert round(stats.krippendorff_alpha(matrix), 3) == 0.622
    assert int((matrix > 5).sum()) == 2
