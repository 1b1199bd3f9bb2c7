"""Threshold limits of prompts looked at one by one: against the plain definition, and levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats.streams import Seen

one_value = st.lists(
    st.one_of(
        st.none(), st.sampled_from([-math.inf, *(float(v) for v in range(11))]).map(lambda v: [v])
    ),
    max_size=60,
)
several = st.lists(
    st.one_of(
        st.none(),
        st.lists(
            st.sampled_from([-math.inf, 2.0, 4.0, 5.0, 6.5, 8.0]), min_size=1, max_size=3
        ),
    ),
    max_size=40,
)  # fmt: skip


def _plain(stream: list[Seen], threshold: float, boundary: stats.SequentialBoundary) -> str:
    """The verdict at one threshold, straight from fail counts."""
    low = np.cumsum([1 if s is None else s[0] < threshold for s in stream])
    high = np.cumsum([0 if s is None else s[0] < threshold for s in stream])
    n = len(stream)
    if np.any(low <= boundary.certify[1 : n + 1]):
        return "certified"
    return "rejected" if np.any(high >= boundary.reject[1 : n + 1]) else "undecided"


@settings(deadline=None)
@given(stream=one_value, threshold=st.sampled_from([0.0, 0.5, 3.0, 5.0, 9.9, 10.0, 11.0]))
def test_exact_limits_are_the_plain_test_at_every_threshold(
    stream: list[Seen], threshold: float
) -> None:
    boundary = stats.exact_boundary(60, 0.05)
    found = stats.exact_limits(stream, boundary).verdict(threshold)
    assert found == _plain(stream, threshold, boundary)


@settings(deadline=None)
@given(stream=several, threshold=st.sampled_from([1.0, 2.0, 3.0, 5.0, 7.0, 8.0, 9.0]))
def test_e_process_limits_are_the_e_process_at_every_threshold(
    stream: list[Seen], threshold: float
) -> None:
    found = stats.e_process_limits(stream, 0.05).verdict(threshold)
    up, down = stats.EProcess(alpha=0.05), stats.EProcess(alpha=0.05)
    best_up = best_down = 0.0
    for low, high in zip(
        stats.fail_shares(stream, threshold, missing=1.0),
        stats.fail_shares(stream, threshold, missing=0.0),
        strict=True,
    ):
        best_up = max(best_up, up.update(low).e_certify)
        best_down = max(best_down, down.update(high).e_reject)
    if min(abs(best_up - 20), abs(best_down - 20)) < 1e-6:
        return  # rounding decides
    expected = "certified" if best_up > 20 else "rejected" if best_down > 20 else "undecided"
    assert found == expected


def test_no_prompt_says_nothing() -> None:
    for limits in (
        stats.exact_limits([], stats.exact_boundary(20, 0.05)),
        stats.e_process_limits([], 0.05),
        stats.e_process_limits([[-math.inf]], 0.05),
    ):
        assert limits.certified_to is None
        assert limits.rejected_above is None
    assert stats.anytime_bounds(np.array([]), np.array([]), 0.05) == (0.0, 1.0)


def test_missing_values_make_no_verdict() -> None:
    boundary = stats.exact_boundary(40, 0.05)
    limits = stats.exact_limits([None] * 40, boundary)
    assert (limits.certified_to, limits.rejected_above) == (None, None)
    limits = stats.e_process_limits([None] * 40, 0.05)
    assert (limits.certified_to, limits.rejected_above) == (None, None)


def test_what_always_fails_is_rejected_at_every_threshold() -> None:
    for limits in (
        stats.exact_limits([[-math.inf]] * 30, stats.exact_boundary(30, 0.05)),
        stats.e_process_limits([[-math.inf]] * 30, 0.05),
    ):
        assert limits.rejected_above == -math.inf
        assert limits.verdict(-1e9) == "rejected"


def test_a_certificate_at_all_thresholds_at_once_costs_no_correction() -> None:
    """Whichever threshold is asked, the false one that is easiest is t*: one level for all."""
    rng, boundary, repetitions = np.random.default_rng(11), stats.exact_boundary(60, 0.05), 3_000
    false = 0
    for _ in range(repetitions):
        values = rng.normal(size=60)
        limits = stats.exact_limits(values[:, None].tolist(), boundary)
        # P(value < t) >= 1/4 from the lower quartile on: any certificate above it is false.
        false += limits.certified_to is not None and limits.certified_to > -0.6744898
    assert false / repetitions <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)
    assert false > 0.03 * repetitions  # not by never certifying


def test_anytime_bounds_hold_at_the_worst_time() -> None:
    rng, repetitions, missed = np.random.default_rng(2), 400, [0, 0]
    for _ in range(repetitions):
        shares = rng.binomial(2, 0.2, size=80) / 2
        low, high = stats.anytime_bounds(shares, shares, 0.1)
        missed[0] += low > 0.2
        missed[1] += high < 0.2
    limit = 0.1 + 3 * math.sqrt(0.1 * 0.9 / repetitions)
    assert max(missed) / repetitions <= limit
    assert sum(missed) > 0


def test_a_value_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="below infinity"):
        stats.exact_limits([[math.nan]], stats.exact_boundary(5, 0.05))
    with pytest.raises(ValueError, match="horizon"):
        stats.exact_limits([[1.0]] * 6, stats.exact_boundary(5, 0.05))
