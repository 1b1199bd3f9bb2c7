from __future__ import annotations

import math

import numpy as np
import pytest

from qfloor import stats


@pytest.mark.parametrize(("n", "q"), [(40, 0.25), (200, 0.25), (200, 0.1)])
def test_band_is_what_brute_force_resampling_finds(n: int, q: float) -> None:
    rng = np.random.default_rng(n)
    scores = rng.normal(size=n)
    band = stats.quantile_band(scores, q)
    resampled = scores[rng.integers(0, n, size=(4000, n))]
    draws = np.quantile(resampled, q, axis=1, method="inverted_cdf")
    assert band.low is not None
    assert band.high is not None
    assert band.estimate == stats.quantile_inverted_cdf(scores, q)
    # each end is an observed score: compare probabilities, not positions
    assert np.mean(draws < band.low) < 0.025 + 0.008
    assert np.mean(draws <= band.low) > 0.025 - 0.008
    assert np.mean(draws > band.high) < 0.025 + 0.008
    assert np.mean(draws >= band.high) > 0.025 - 0.008


def test_band_says_that_it_is_for_display_and_hides_fail_markers() -> None:
    band = stats.quantile_band([-math.inf] * 10 + [1.0] * 30)
    assert band.purpose == "display"
    assert (band.low, band.estimate, band.high) == (None, None, 1.0)


def test_one_score_is_its_own_band() -> None:
    band = stats.quantile_band([4.0])
    assert (band.low, band.estimate, band.high, band.n) == (4.0, 4.0, 4.0, 1)
    with pytest.raises(ValueError, match="confidence"):
        stats.quantile_band([4.0], confidence=1.0)
