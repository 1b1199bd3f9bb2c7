"""Agreement and severity, against numbers from elsewhere and by their own laws."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats
from qfloor.ratings import agreement_of, agreement_table, import_ratings
from qfloor.ratings.agreement import pooled_rounds
from qfloor.stats import by_slot as _by_slot

HEAD = "item_id,prompt_id,category,model_id,rater_id,score,kind"


def load(store, write, rows, scale="0:10", round="2026-11", **options):
    path = write(HEAD, *(",".join(str(v) for v in row) for row in rows))
    return import_ratings(store, path, round=round, scale=scale, keep_rater_ids=True, **options)


def panel(matrix, category="portrait", kind="test"):
    """Rows of a matrix of items by raters; None where nobody rated."""
    return [
        (f"{category}{i}", f"{category}-p{i}", category, "m", f"r{j}", value, kind)
        for i, scores in enumerate(matrix)
        for j, value in enumerate(scores)
        if value is not None
    ]


SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_the_table_of_shrout_and_fleiss(store, write):
    load(store, write, panel(SHROUT_FLEISS))
    (found,) = agreement_of(store)
    assert found.icc2k == pytest.approx(0.620051, abs=1e-6)
    assert found.alpha == pytest.approx(stats.krippendorff_alpha(np.transpose(SHROUT_FLEISS)))
    assert found.means["r0"] == pytest.approx(46 / 6)
    matrix = np.array(SHROUT_FLEISS)
    expected = matrix.mean(axis=0) - matrix.mean()
    assert [found.severity[f"r{j}"] for j in range(4)] == pytest.approx(expected.tolist())
    assert (found.by, found.category, found.n_complete) == ("people", "portrait", 6)


def test_gaps_leave_alpha_and_take_the_complete_items_for_icc(store, write):
    gappy = [*SHROUT_FLEISS, [5, None, None, 3], [4, None, None, None]]
    load(store, write, panel(gappy))
    (found,) = agreement_of(store)
    as_nan = np.array([[np.nan if v is None else v for v in row] for row in gappy]).T
    assert found.alpha == pytest.approx(stats.krippendorff_alpha(as_nan))
    assert found.icc2k == pytest.approx(0.620051, abs=1e-6)
    assert (found.n_items, found.n_shared, found.n_complete) == (8, 7, 6)


def test_controls_are_left_out_and_categories_apart(store, write):
    worthless = panel([[0, 10, 0, 10]] * 3, kind="catch")
    rows = panel(SHROUT_FLEISS) + panel([[1, 1], [5, 5], [9, 9]], "landscape") + worthless
    load(store, write, rows)
    landscape, portrait = agreement_of(store)
    assert (landscape.category, landscape.alpha) == ("landscape", 1.0)
    assert portrait.icc2k == pytest.approx(0.620051, abs=1e-6)


def test_what_nothing_supports_is_none(store, write):
    load(store, write, panel([[1], [5], [9]]))
    (found,) = agreement_of(store)
    assert (found.alpha, found.icc2k, found.severity) == (None, None, {})
    assert found.means == {"r0": 5.0}
    assert agreement_table(store)[0]["severity"] == {}


def test_nameless_ratings_count_but_are_nobody(store, write):
    rows = [*panel([[1, 2], [5, 6]]), ("portrait0", "portrait-p0", "", "m", "anonymous", 3, "test")]
    load(store, write, rows)
    (found,) = agreement_of(store)
    assert (found.n_ratings, found.n_anonymous, found.n_raters) == (5, 1, 2)
    assert set(found.severity) == {"r0", "r1"}


def test_only_nameless_ratings(store, write):
    load(
        store,
        write,
        [(f"i{n // 2}", f"p{n // 2}", "", "m", "anonymous", n, "test") for n in range(6)],
    )
    (found,) = agreement_of(store)
    assert (found.n_anonymous, found.n_raters, found.means, found.icc2k) == (6, 0, {}, None)
    assert found.alpha is not None


def test_people_and_simulations_are_never_put_together(store, write):
    load(store, write, panel(SHROUT_FLEISS))
    load(store, write, panel(SHROUT_FLEISS), source="simulated panel, seed 1")
    assert [found.by for found in agreement_of(store)] == ["people", "simulated"]


def test_rounds_and_nothing(store, write):
    assert agreement_table(store) == []
    load(store, write, panel(SHROUT_FLEISS))
    assert agreement_table(store, round="2020-01") == []
    assert len(agreement_table(store, round="2026-11")) == 1


def test_rounds_are_pooled_where_they_rate_one_thing_on_one_scale(store, write):
    load(store, write, panel(SHROUT_FLEISS))
    assert pooled_rounds(store) == []
    load(store, write, panel(SHROUT_FLEISS), round="2026-10", scale="0:12", source="other")
    assert pooled_rounds(store) == []
    load(store, write, panel(SHROUT_FLEISS), round="2026-12", source="again")
    assert pooled_rounds(store) == ["2026-11", "2026-12"]


def test_a_large_panel_shows_its_ends(store, write):
    load(store, write, panel([[j / 2 for j in range(20)], [j / 2 for j in range(20)]]))
    (row,) = agreement_table(store)
    assert list(row["severity"]) == ["r0", "r1", "r2", "r17", "r18", "r19"]
    assert row["means"] is None


@given(
    st.lists(
        st.lists(st.none() | st.integers(1, 5), min_size=3, max_size=3), min_size=2, max_size=9
    )
)
def test_alpha_does_not_ask_who_gave_which(matrix):
    rows = [(i, v) for i, row in enumerate(matrix) for v in row if v is not None]
    if not rows:
        return
    random.Random(1).shuffle(rows)
    used = {i: n for n, i in enumerate(sorted({i for i, _ in rows}))}
    slots = _by_slot(np.array([float(v) for _, v in rows]), np.array([used[i] for i, _ in rows]))
    whole = np.array([[np.nan if v is None else float(v) for v in row] for row in matrix]).T
    ours, theirs = stats.krippendorff_alpha(slots), stats.krippendorff_alpha(whole)
    assert (ours is None) == (theirs is None)
    assert ours is None or ours == pytest.approx(theirs)
