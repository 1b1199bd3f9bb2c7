"""A row for every rater: severity, noise, repeats and catches, of ratings that were imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qfloor.ratings import import_ratings, raters_of, raters_table

HEAD = "item_id,prompt_id,model_id,rater_id,score,kind,session_id,duration_ms"


def load(store, write, rows, **options):
    path = write(HEAD, *(",".join(str(v) for v in row) for row in rows))
    return import_ratings(
        store, path, round="2026-11", scale="0:10", keep_rater_ids=True, **options
    )


def clipped(value):
    return round(float(np.clip(value, 0, 10)), 2)


def panel(n_items: int = 60, seed: int = 0):
    """Four raters: usual, severe, lenient and noisy."""
    rng = np.random.default_rng(seed)
    character = {"r0": (0.0, 0.3), "r1": (-1.0, 0.3), "r2": (1.0, 0.3), "r3": (0.0, 1.2)}
    rows = []
    for i, quality in enumerate(rng.uniform(3, 7, n_items)):
        for j, (rater, (offset, noise)) in enumerate(character.items()):
            score = clipped(quality + offset + rng.normal(0, noise))
            rows.append((f"i{i}", f"p{i}", "m", rater, score, "test", "s1", 1000 * (1 + j)))
    return rows


def test_who_is_severe_and_who_is_noisy(store, write):
    load(store, write, panel())
    found = {r.rater: r for r in raters_of(store)}
    assert next(r.rater for r in raters_of(store)) == "r1"
    assert found["r1"].severity == pytest.approx(-1.0, abs=0.2)
    assert found["r1"].severity_lo < found["r1"].severity < found["r1"].severity_hi < 0
    assert found["r2"].bias == pytest.approx(1.0, abs=0.2)
    assert found["r3"].inconsistency > 2 * found["r0"].inconsistency
    assert {r.bt500 for r in found.values()} == {"cannot say"}  # four raters an item
    assert (found["r0"].n_ratings, found["r0"].n_shared, found["r2"].median_seconds) == (
        60,
        60,
        3.0,
    )


def test_severity_is_from_the_mean_of_all_the_rater_too(store, write):
    """As docs/how-to/raters.md says: of two 2 points apart one has +1, and of n (n - 1) / n."""
    two = [(f"i{i}", f"p{i}", "m", r, v, "test", "s", "") for i in range(12)
           for r, v in (("a", 8), ("b", 6))]  # fmt: skip
    load(store, write, two)
    found = {r.rater: r.severity for r in raters_of(store)}
    assert found == {"a": pytest.approx(1.0), "b": pytest.approx(-1.0)}
    load(store, write, [(f"i{i}", f"p{i}", "m", "c", 8, "test", "s", "") for i in range(12)])
    found = {r.rater: r.severity for r in raters_of(store)}
    assert found["b"] == pytest.approx(-2 * 2 / 3)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "raters.md").read_text("utf-8")
    assert "the mean of all who rated the same output, the rater too" in page.replace("\n", " ")


def test_repeats_and_catches(store, write):
    rows = panel(20)
    again = [
        (f"i{i}", f"p{i}", "m", "r0", rows[4 * i][4] + (i == 0), "repeat", "s2", "")
        for i in range(4)
    ]
    spoilt = [(f"c{i}", f"pc{i}", "m", "r0", 0 if i else 9, "catch", "s1", "") for i in range(3)]
    load(store, write, rows + again + spoilt)
    first = next(r for r in raters_of(store) if r.rater == "r0")
    assert (first.n_repeats, first.repeat_same) == (4, 0.75)
    assert first.repeat_difference == pytest.approx(0.25)
    assert (first.n_catches, first.catches_seen) == (3, pytest.approx(2 / 3))
    assert first.n_ratings == 20
    other = next(r for r in raters_of(store) if r.rater == "r1")
    assert (other.n_repeats, other.repeat_same, other.catches_seen) == (0, None, None)
    in_round = raters_of(store, round="2026-11")
    assert next(r for r in in_round if r.rater == "r0").n_catches == 3


def test_nothing_supports_nothing(store, write):
    assert raters_table(store) == []
    load(
        store,
        write,
        [
            ("i0", "p0", "m", "r0", 5, "test", "", ""),
            ("i1", "p1", "m", "anonymous", 5, "test", "", ""),
        ],
    )
    (row,) = raters_table(store)
    assert (row["rater"], row["severity"], row["bias"], row["bt500"]) == (
        "r0",
        None,
        None,
        "cannot say",
    )


def test_a_careless_rater_of_a_large_panel_would_be_rejected_and_stays(store, write):
    rng = np.random.default_rng(1)
    rows = []
    for i in range(40):
        scores = [2.6 if i % 2 else -2.6, *rng.normal(size=19)]
        rows += [
            (f"i{i}", f"p{i}", "m", f"r{j:02}", clipped(5 + score), "test", "", "")
            for j, score in enumerate(scores)
        ]
    load(store, write, rows)
    found = raters_of(store)
    assert [r.rater for r in found if r.bt500 == "would reject"] == ["r00"]
    assert len(list(store.ratings_of())) == 800
