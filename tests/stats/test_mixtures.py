"""The rate of a mixture: one stratum is Clopper-Pearson, and intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats import clopper_pearson, mixture_rate


@given(k=st.integers(0, 50), extra=st.integers(1, 50))
def test_one_stratum_is_clopper_pearson(k: int, extra: int) -> None:
    found = mixture_rate([3.0], [k], [k + extra])
    assert found is not None
    low, high = clopper_pearson(k, k + extra)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.rate == pytest.approx(k / (k + extra))


def test_strata_of_no_weight_do_not_matter() -> None:
    with_it = mixture_rate([1, 0, 2], [3, 50, 9], [60, 60, 60])
    without = mixture_rate([1, 2], [3, 9], [60, 60])
    assert with_it == without


def test_more_strata_narrow_what_is_shared() -> None:
    """Errors of independent strata cancel in part."""
    one = mixture_rate([1], [6], [60])
    four = mixture_rate([1] * 4, [6] * 4, [60] * 4)
    assert one is not None
    assert four is not None
    assert four.high - four.low < 0.6 * (one.high - one.low)


def test_it_covers() -> None:
    rng = np.random.default_rng(5)
    weights, truth, n = np.array([0.5, 0.3, 0.2]), np.array([0.03, 0.1, 0.2]), 60
    rate = float(weights @ truth)
    inside = 0
    for _ in range(1000):
        found = mixture_rate(weights, rng.binomial(n, truth), [n] * 3)
        assert found is not None
        inside += found.low <= rate <= found.high
    assert inside >= 945  # exact limits are wide: nearer 97 % than 95 %


def test_nothing_has_no_rate_and_nonsense_is_refused() -> None:
    assert mixture_rate([], [], []) is None
    assert mixture_rate([0.0], [1], [10]) is None
    with pytest.raises(ValueError, match="not negative"):
        mixture_rate([-1.0], [1], [10])
    with pytest.raises(ValueError, match="same length"):
        mixture_rate([1.0], [1, 2], [10])
    assert stats.MixtureRate.__module__ == "qfloor.stats.mixtures"
