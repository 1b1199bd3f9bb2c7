"""Rank agreement on held-out prompts, and the display curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from qfloor.calibrate import display_curve, held_out, rank_agreement


def test_the_correlation_is_spearman_s_and_lies_in_its_interval() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(120)
    y = np.round(x + rng.standard_normal(120), 1)
    found = rank_agreement(x, y, [f"p{i // 2}" for i in range(120)])
    assert found is not None
    assert found.correlation == pytest.approx(scipy_stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.lo < found.correlation < found.hi
    assert (found.n_prompts, found.n_ratings) == (60, 120)


def test_the_interval_covers_and_knows_that_ratings_of_a_prompt_are_alike() -> None:
    """True correlation 0; four ratings a prompt that are nearly one another's copies."""
    rng = np.random.default_rng(1)
    missed = pooled = 0
    for _ in range(120):
        a, b = rng.standard_normal((2, 40))
        x, y = np.repeat(a, 4), np.repeat(b, 4) + 0.01 * rng.standard_normal(160)
        found = rank_agreement(x, y, [f"p{i}" for i in np.repeat(np.arange(40), 4)])
        assert found is not None
        missed += not found.lo <= 0.0 <= found.hi
        pooled += scipy_stats.spearmanr(x, y).pvalue < 0.05
    assert missed <= 120 * 0.05 + 3 * np.sqrt(120 * 0.05 * 0.95)
    assert pooled > 2 * missed


@pytest.mark.parametrize("at_once", [1 << 20, 1000])
def test_the_interval_is_that_of_copies_ranked_one_draw_at_a_time(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Ties, loads that differ, and draws in which nothing varies."""
    monkeypatch.setattr(held_out, "MOST_AT_ONCE", at_once)
    rng = np.random.default_rng(4)
    codes = np.sort(rng.integers(0, 9, 40))
    x = np.round(rng.standard_normal(40), 1)
    y = np.where(codes > 1, 1.0, np.round(rng.standard_normal(40)))
    assert len(set(codes.tolist())) == 9
    draws, drawn = np.random.default_rng(7), []
    for _ in range(held_out.RESAMPLES):
        chosen = np.concatenate([np.flatnonzero(codes == i) for i in draws.integers(0, 9, 9)])
        if np.ptp(y[chosen]) > 0.0:
            drawn.append(scipy_stats.spearmanr(x[chosen], y[chosen]).statistic)
    assert 0 < len(drawn) < held_out.RESAMPLES
    found = rank_agreement(x, y, [f"p{i}" for i in codes], seed=7)
    assert found is not None
    assert (found.lo, found.hi) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "families"),
    [
        ([1.0, 2.0], [1.0, 2.0], ["a", "b"]),
        ([1.0] * 20, list(range(20)), [str(i) for i in range(20)]),
        (list(range(20)), [3.0] * 20, [str(i) for i in range(20)]),
    ],
)
def test_where_there_is_no_correlation_there_is_none(x: object, y: object, families: list) -> None:
    assert rank_agreement(x, y, families) is None  # type: ignore[arg-type]


def test_the_display_curve_is_monotone_and_from_0_to_10() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal(200)
    y = np.clip(np.round(3 + x + 0.5 * rng.standard_normal(200)), 1, 5)
    curve = display_curve(x, y, scale=(1, 5))
    heights = [q for _, q in curve]
    assert heights == sorted(heights)
    assert 0.0 <= heights[0] < 3.0
    assert 7.0 < heights[-1] <= 10.0
    raw = display_curve(x, y)
    assert [10 * (q - 1) / 4 for _, q in raw] == pytest.approx(heights)
    assert display_curve([1.0], [2.0]) == ()
