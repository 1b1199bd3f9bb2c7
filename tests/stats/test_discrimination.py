"""Forced choices: published values, the inverses of plans, and agreement with other packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from qfloor import stats


def test_similarity_reference_values() -> None:
    assert stats.similarity_p_value(520, 1000, 0.1) == pytest.approx(0.030542, abs=5e-7)
    powers = [stats.similarity_power(n, pd0) for n, pd0 in ((200, 0.2), (1000, 0.1), (3000, 0.05))]
    assert all(0.85 <= power <= 0.94 for power in powers)
    assert stats.similarity_power(3000, 0.05, pd=0.03) == pytest.approx(0.29, abs=0.005)


def test_noninferiority_reference_values() -> None:
    assert stats.noninferiority_pairs(1.5, 0.5) == 78
    assert stats.noninferiority_pairs(2.0, 0.3) == 381


@pytest.mark.parametrize(
    ("votes", "needed", "alpha", "share", "power"),
    [(5, 5, 0.031, 0.9, 0.59), (9, 8, 0.020, 0.9, 0.78), (15, 12, 0.018, 0.8, 0.65),
     (15, 12, 0.018, 0.9, 0.94), (21, 15, 0.039, 0.8, 0.89)],
)  # fmt: skip
def test_item_rules(votes: int, needed: int, alpha: float, share: float, power: float) -> None:
    rule = stats.item_rule(votes)
    assert rule.needed == needed
    assert rule.alpha_attained == pytest.approx(alpha, abs=5e-4)
    assert rule.power(share) == pytest.approx(power, abs=6e-3)


def test_three_percent_can_be_pure_chance() -> None:
    assert stats.chance_detections(12_000, 5) == pytest.approx(375.0)
    assert stats.item_rule(4).needed is None
    assert stats.item_rule(4).power(1.0) == 0.0
    assert stats.detectable_pd(4) is None


@given(st.integers(5, 400), st.sampled_from([0.01, 0.05, 0.1]))
def test_an_item_rule_is_the_smallest_that_holds_its_level(votes: int, alpha: float) -> None:
    rule = stats.item_rule(votes, alpha)
    if rule.needed is None:
        assert 0.5**votes > alpha
        return
    assert rule.alpha_attained <= alpha * (1 + 1e-9)
    assert scipy_stats.binom.sf(rule.needed - 2, votes, 0.5) > alpha * (1 - 1e-9)


@given(st.integers(1, 2000), st.data())
def test_tests_are_tails_of_the_binomial(n: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, n))
    pd0 = data.draw(st.floats(0.01, 0.9))
    tail = scipy_stats.binom.cdf(correct, n, 0.5 + pd0 / 2)
    assert stats.similarity_p_value(correct, n, pd0) == pytest.approx(tail, abs=1e-12)
    upper = scipy_stats.binom.sf(correct - 1, n, 0.5)
    assert stats.difference_p_value(correct, n) == pytest.approx(upper, abs=1e-12)


@given(st.integers(20, 3000))
def test_what_would_be_found_is_found_with_that_power(votes: int) -> None:
    found = stats.detectable_pd(votes)
    needed = stats.item_rule(votes).needed
    assert found is not None
    assert needed is not None
    power = scipy_stats.binom.sf(needed - 1, votes, 0.5 + found / 2)
    assert power == pytest.approx(0.8, abs=1e-6)


@given(st.sampled_from([0.05, 0.1, 0.2, 0.4]), st.sampled_from([0.8, 0.9]))
def test_planned_votes_are_enough_and_stay_enough(pd0: float, power: float) -> None:
    votes = stats.similarity_votes(pd0, power=power)
    assert votes is not None
    assert all(stats.similarity_power(votes + more, pd0) >= power for more in range(60))
    assert stats.similarity_power(votes - 1, pd0) < power


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.similarity_p_value(5, 4, 0.1),
        lambda: stats.similarity_p_value(1, 4, 0.0),
        lambda: stats.similarity_power(100, 0.1, pd=1.5),
        lambda: stats.item_rule(0),
        lambda: stats.chance_detections(-1, 5),
        lambda: stats.noninferiority_pairs(0.0, 0.5),
        lambda: stats.item_rule(9).power(2.0),
    ],
)
def test_out_of_range_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match="must"):
        call()  # type: ignore[operator]
