from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from qfloor import stats


@given(seed=st.integers(0, 500), shift=st.floats(-0.6, 0.6), margin=st.floats(0.05, 1.0))
def test_equals_statsmodels(seed: int, shift: float, margin: float) -> None:
    d = np.random.default_rng(seed).normal(shift, 0.5, 25)
    found = stats.paired_equivalence(d, range(25), margin)
    p_value, *_ = DescrStatsW(d).ttost_mean(-margin, margin)
    assert found.p_value == pytest.approx(p_value, abs=1e-12)
    low, high = DescrStatsW(d).tconfint_mean(alpha=0.10)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.ruling == "equivalent") == (p_value < 0.05)


@given(seed=st.integers(0, 300))
def test_swapping_the_sessions_turns_the_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    d, prompt = rng.normal(0.1, 0.4, 60), rng.integers(0, 20, 60)
    one, other = (stats.paired_equivalence(sign * d, prompt, 0.3) for sign in (1, -1))
    assert one.ruling == other.ruling
    assert one.shift == pytest.approx(-other.shift)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_rulings() -> None:
    d = np.tile([-0.1, 0.1], 20)
    said = {
        margin: stats.paired_equivalence(d + shift, range(40), margin).ruling
        for margin, shift in ((0.2, 0.0), (0.3, 0.9), (0.301, 0.3), (0.02, 0.0))
    }
    assert list(said.values()) == ["equivalent", "shifted", "open", "too few"]
    few = stats.paired_equivalence([0.0] * 4, range(4), 1.0)
    assert (few.ruling, few.low, few.p_value, few.half_width) == ("too few", None, None, None)
    same = stats.paired_equivalence([0.2] * 9, range(9), 0.5)
    assert (same.ruling, same.p_value) == ("equivalent", 0.0)


def test_outputs_of_a_prompt_are_one_observation() -> None:
    d = np.random.default_rng(0).normal(size=10)
    one = stats.paired_equivalence(d, range(10), 0.5)
    copied = stats.paired_equivalence(np.repeat(d, 5), np.repeat(np.arange(10), 5), 0.5)
    assert (copied.low, copied.high) == pytest.approx((one.low, one.high))
    assert (copied.n_pairs, copied.n_clusters) == (50, 10)


def test_level_holds_at_the_margin() -> None:
    """A shift of exactly the margin passes in at most alpha of the cases."""
    rng = np.random.default_rng(1)
    passed = sum(
        stats.paired_equivalence(rng.normal(0.5, 0.6, 20), range(20), 0.5).ruling == "equivalent"
        for _ in range(2000)
    )
    assert passed <= 2000 * 0.05 + 3 * math.sqrt(2000 * 0.05 * 0.95)
    assert passed > 40


@pytest.mark.parametrize(
    ("d", "clusters", "margin", "alpha"),
    [([], [], 1.0, 0.05), ([math.nan], [0], 1.0, 0.05), ([1.0], [0, 1], 1.0, 0.05),
     ([1.0], [0], 0.0, 0.05), ([1.0], [0], math.inf, 0.05), ([1.0], [0], 1.0, 0.5)],
)  # fmt: skip
def test_bad_arguments_are_refused(d, clusters, margin, alpha) -> None:
    with pytest.raises(ValueError):
        stats.paired_equivalence(d, clusters, margin, alpha)
