from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mstats

from qfloor import stats

scores_list = st.lists(st.floats(-100, 100), min_size=2, max_size=60)
quantiles = st.sampled_from([0.05, 0.07, 0.1, 0.25, 0.5, 0.9])


def test_reference_values_of_one_to_ten() -> None:
    ten = np.arange(1, 11)
    assert stats.harrell_davis(ten, 0.25) == pytest.approx(2.998687, abs=1e-6)
    assert stats.quantile_inverted_cdf(ten, 0.25) == 3.0
    assert float(np.quantile(ten, 0.25)) == 3.25  # numpy's default is another number


@given(scores=scores_list, q=quantiles)
def test_estimates_agree_with_numpy_and_scipy(scores: list[float], q: float) -> None:
    assert stats.quantile_inverted_cdf(scores, q) == np.quantile(scores, q, method="inverted_cdf")
    expected = float(mstats.hdquantiles(scores, prob=[q])[0])
    assert stats.harrell_davis(scores, q) == pytest.approx(expected, abs=1e-9)


@given(scores=scores_list, q=quantiles, seed=st.integers(0, 99))
def test_whole_weights_are_repeated_scores(scores: list[float], q: float, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(1, 4, size=len(scores))
    repeated = np.repeat(scores, weights)
    assert stats.quantile_inverted_cdf(scores, q, weights) == stats.quantile_inverted_cdf(
        repeated, q
    )
    equal = stats.harrell_davis(scores, q, np.full(len(scores), 0.3))
    assert equal == pytest.approx(stats.harrell_davis(scores, q), abs=1e-9)


def test_a_weight_of_zero_removes_a_score() -> None:
    assert stats.harrell_davis([1.0, 99.0, 2.0, 3.0], 0.5, [1, 0, 1, 1]) == pytest.approx(
        stats.harrell_davis([1.0, 2.0, 3.0], 0.5)
    )


def test_fail_markers_never_leave_as_numbers() -> None:
    scores = [-math.inf] * 3 + [5.0] * 7
    assert stats.quantile_inverted_cdf(scores, 0.25) is None
    assert stats.quantile_inverted_cdf(scores, 0.25, np.ones(10)) is None
    assert stats.quantile_inverted_cdf(scores, 0.5) == 5.0
    assert stats.harrell_davis(scores, 0.5) is None


@pytest.mark.parametrize("scores", [[], [1.0, math.nan], [math.inf], [[1.0]], 3.0])
def test_bad_scores_are_refused(scores: object) -> None:
    for function in (stats.quantile_inverted_cdf, stats.harrell_davis):
        with pytest.raises(ValueError, match="scores must be"):
            function(scores)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0]])
def test_bad_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights must be"):
        stats.harrell_davis([1.0, 2.0], 0.5, weights)
