"""Savings at equal fails: what mixing and knowing the category are worth, by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "validity"))

from savings_at_equal_fails import (
    cheapest_mix,
    policies,
    savings_at_equal_fails,
)

N = 400
FOLDS = np.arange(N) % 4
ONE = np.zeros(N, dtype=np.intp)
HALVES = (np.arange(N) // 2 % 2).astype(np.intp)


def fails(rate: float, of: int = N, period: int = 10) -> np.ndarray:
    """The same share of fails in every fold and group."""
    return (np.arange(of) // 8 % period < rate * period).astype(float)


def test_an_equally_good_cheaper_offer_saves_its_difference() -> None:
    same = fails(0.2)
    found = savings_at_equal_fails(
        np.column_stack([same, same]), [0.04, 0.01], ONE, FOLDS, ["dear", "cheap"], resamples=50
    )
    assert found.best == "cheap"  # of equals the cheaper one is the best: nothing more to save
    assert found.rows[0][1:] == (0.0, 0.0, 0.0)


def test_where_the_dear_offer_is_better_everywhere_nothing_is_saved_at_its_fails() -> None:
    both = np.column_stack([fails(0.1), fails(0.5)])
    found = savings_at_equal_fails(
        both, [0.04, 0.01], ONE, FOLDS, ["dear", "cheap"], allowances=(0.0, 0.1, 0.4), resamples=50
    )
    assert found.best == "dear"
    assert found.best_fails == pytest.approx(0.1)
    saved = [row[1] for row in found.rows]
    # a tenth more fails buys a quarter of the way from one to the other, and all of it the rest
    assert saved == [pytest.approx(0.0), pytest.approx(0.75 / 4), pytest.approx(0.75)]


def test_knowing_the_category_saves_where_the_cheap_offer_is_as_good() -> None:
    dear = fails(0.1)
    cheap = np.where(HALVES == 0, dear, 1.0)
    found = savings_at_equal_fails(
        np.column_stack([dear, cheap]), [0.04, 0.01], HALVES, FOLDS, ["dear", "cheap"], resamples=50
    )
    assert found.groups == 2
    assert found.rows[0][1] == pytest.approx(0.75 / 2)
    blind = savings_at_equal_fails(
        np.column_stack([dear, cheap]), [0.04, 0.01], ONE, FOLDS, ["dear", "cheap"], resamples=50
    )
    assert blind.rows[0][1] == pytest.approx(0.0)


def test_luck_on_the_prompts_that_taught_is_not_counted() -> None:
    """With one prompt a group and fold, what was learned is another prompt's luck."""
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 2, (N, 2)).astype(float)
    groups = (np.arange(N) // 4).astype(np.intp)
    found = policies(noise, np.array([0.01, 0.01]), groups, FOLDS)
    assert found[:, 1].min() > noise.min(axis=1).mean() + 0.15


def test_mixing_two_policies() -> None:
    points = np.array([[0.04, 0.02], [0.01, 0.06], [0.03, 0.05]])
    assert cheapest_mix(points, 0.02) == pytest.approx(0.04)
    assert cheapest_mix(points, 0.04) == pytest.approx(0.025)
    assert cheapest_mix(points, 0.9) == pytest.approx(0.01)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="a column for each"):
        savings_at_equal_fails(np.zeros((4, 2)), [1.0], ONE[:4], FOLDS[:4], ["a"])
    with pytest.raises(ValueError, match="two folds"):
        savings_at_equal_fails(np.zeros((4, 1)), [1.0], ONE[:4], ONE[:4], ["a"])
