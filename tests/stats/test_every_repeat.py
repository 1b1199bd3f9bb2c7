"""The exact bound of every repeat: against other ways to compute it, and what it must keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import interpolate, special

from qfloor import stats
from qfloor.stats import every_repeat, every_repeat_many
from qfloor.stats.binomial import at_most
from qfloor.stats.fail_groups import FloatArray

shares_of = st.integers(1, 5).flatmap(
    lambda m: st.lists(st.integers(0, m).map(lambda k: k / m), min_size=1, max_size=60)
)
tolerances = st.sampled_from([0.05, 0.1, 0.25, 0.4])


def by_spline(shares: list[float], max_fail: float) -> float:
    """P(randomly weighted mean > max_fail): its density is the B-spline on the values as knots."""
    knots = np.sort(np.append(shares, 1.0))
    spline = interpolate.BSpline.basis_element(knots, extrapolate=False)
    edges = np.append(max_fail, np.unique(knots[knots > max_fail]))
    at, weight = np.polynomial.legendre.leggauss(10)  # exact: between knots it is a polynomial
    half = np.diff(edges)[:, None] / 2.0
    mass = float(np.sum(half * weight * spline(edges[:-1, None] + half * (1.0 + at))))
    return mass * (knots.size - 1) / float(knots[-1] - knots[0])


@given(
    shares=st.lists(st.integers(0, 4).map(lambda k: k / 4), min_size=2, max_size=14),
    max_fail=st.sampled_from([0.05, 0.1, 0.3, 0.6]),
)
def test_the_tail_is_the_integral_of_a_spline(shares: list[float], max_fail: float) -> None:
    if min(shares) >= max_fail:
        assert stats.every_repeat_p_value(shares, max_fail) == 1.0
        return
    expected = by_spline(shares, max_fail)
    assert stats.every_repeat_p_value(shares, max_fail) == pytest.approx(expected, abs=1e-9)


@given(
    fine=st.integers(1, 300), bad=st.integers(0, 80), max_fail=st.sampled_from([0.05, 0.25, 0.5])
)
def test_the_integral_gives_binomial_tails_where_repeats_agree(
    fine: int, bad: int, max_fail: float
) -> None:
    n = fine + bad
    shares = [0.0] * fine + [1.0] * bad
    binomial = float(special.bdtr(bad, n, max_fail))
    assert stats.every_repeat_p_value(shares, max_fail) == binomial
    # the same without the shortcut: a share that no prompt has changes nothing
    values, counts = np.array([0.0, 0.5, 1.0]), np.array([[fine, 0.0, bad + 1.0]])
    integral = float(every_repeat_many.tails(values, counts, max_fail)[0])
    assert integral == pytest.approx(binomial, rel=1e-7, abs=1e-12)
    upper = stats.every_repeat_upper(shares, 0.99)
    assert upper == pytest.approx(stats.clopper_pearson_upper(bad, n, 0.01), abs=1e-12)


def test_against_weights_drawn_at_random() -> None:
    rng = np.random.default_rng(3)
    shares = rng.integers(0, 4, 50) / 3 * (rng.random(50) < 0.5)
    weights = rng.exponential(size=(200_000, 51))
    drawn = weights @ np.append(shares, 1.0) / weights.sum(axis=1)
    for max_fail in (0.2, 0.3, 0.35):
        share = (drawn > max_fail).mean()
        error = math.sqrt(share * (1 - share) / drawn.size)
        assert abs(stats.every_repeat_p_value(shares, max_fail) - share) < 4 * error


@given(shares=shares_of, max_fail=tolerances, place=st.integers(0, 59), more=st.floats(0, 1))
def test_a_fail_more_never_helps(
    shares: list[float], max_fail: float, place: int, more: float
) -> None:
    before = stats.every_repeat_p_value(shares, max_fail)
    worse = list(shares)
    worse[place % len(worse)] = min(1.0, worse[place % len(worse)] + more)
    assert stats.every_repeat_p_value(worse, max_fail) >= before - 1e-9
    assert stats.every_repeat_p_value(shares, max_fail / 2) >= before - 1e-9
    assert stats.every_repeat_p_value(shares[::-1], max_fail) == before


@given(shares=shares_of, max_fail=tolerances, alpha=st.sampled_from([0.05, 0.01, 0.05 / 40]))
def test_bound_and_p_value_are_one_statement(
    shares: list[float], max_fail: float, alpha: float
) -> None:
    upper = stats.every_repeat_upper(shares, 1.0 - alpha)
    assert sum(shares) / len(shares) <= upper <= 1.0
    # as many prompts without a fail would not do better
    assert upper >= stats.clopper_pearson_upper(0, len(shares), alpha) - 1e-9
    if abs(upper - max_fail) > 1e-9:
        assert (stats.every_repeat_p_value(shares, max_fail) <= alpha) == (upper <= max_fail)


@pytest.mark.parametrize("prompts", [12, 40])
@pytest.mark.parametrize("max_fail", [0.1, 0.25])
def test_with_two_repeats_its_level_holds_whatever_they_are_like(
    prompts: int, max_fail: float
) -> None:
    """Exactly: all outcomes, over all ways in which two repeats of a prompt can be alike."""
    one, two = np.indices((prompts + 1, prompts + 1)).reshape(2, -1)
    inside = one + two <= prompts
    one, two = one[inside], two[inside]
    none = prompts - one - two
    counts = np.stack([none, one, two + 1], axis=1).astype(float)
    found = every_repeat_many.tails(np.array([0.0, 0.5, 1.0]), counts, max_fail)
    ways = special.gammaln(prompts + 1) - special.gammaln(np.stack([none, one, two]) + 1).sum(
        axis=0
    )
    for half in np.linspace(0.0, 2 * max_fail, 21):  # chance that just one of two fails
        chances = np.array([1 - max_fail - half / 2, half, max_fail - half / 2])
        outcomes = np.exp(ways + special.xlogy(np.stack([none, one, two]).T, chances).sum(axis=1))
        for alpha in (0.05, 0.01, 0.05 / 40):
            assert outcomes[found <= alpha].sum() <= alpha * (1 + 1e-9)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        stats.every_repeat_upper([1.5])
    with pytest.raises(ValueError, match="non-empty"):
        stats.every_repeat_p_value([])
    with pytest.raises(ValueError, match="max_fail"):
        stats.every_repeat_p_value([0.0], 1.0)
    assert stats.every_repeat_upper([1.0, 1.0]) == 1.0


@given(shares=shares_of, max_fail=st.sampled_from([0.05, 0.1, 0.25, 0.4, 0.75, 0.9]))
@example(shares=[0.0, 0.8], max_fail=0.9)  # a tie with .05 to the last bits
def test_what_is_decided_roughly_is_decided_rightly(shares: list[float], max_fail: float) -> None:
    found = every_repeat.tally(np.array(shares))
    if found[0][0] >= max_fail:
        return
    p = every_repeat.tail(*found, max_fail)
    rough = float(every_repeat_many._rough((found[0] - max_fail)[:, None], found[1][:, None])[0])
    if not math.isnan(rough) and p > 1e-12:
        assert abs(rough - math.log(p)) < every_repeat_many._ROUGH
    for alpha in (0.05, 0.05 / 40, p * 1.01, p / 1.01):
        if 0.0 < alpha < 0.5:
            row = (found[0], found[1][None, :], np.array([max_fail]), np.array([alpha]))
            assert every_repeat_many.clear(*row)[0] == at_most(p, alpha)


def by_fine_steps(values: FloatArray, counts: FloatArray, max_fail: float) -> float:
    """The same integral along a straight line, in a million steps."""
    off = values - max_fail
    at = 0.5 / off[-1]
    up = (np.arange(1_000_000) + 0.5) * 4e-3
    line = at + 1j * up
    logs = sum(k * np.log(1.0 - o * line) for o, k in zip(off, counts, strict=True))
    return float((np.exp(-logs) / line).real.sum() * 4e-3 / math.pi)


@pytest.mark.parametrize(
    ("values", "counts", "max_fail"),
    [  # once off by .1 to 100 %: a contour that bent around a near pole and climbed behind it
        ([0, 0.25, 0.5, 1], [316, 180, 2, 3], 0.1339),
        ([0, 0.4, 0.6, 0.8, 1], [469, 1, 5, 1, 25], 0.1187),
        ([0, 0.125, 0.5, 1], [28, 9, 2, 2], 0.25),
        ([0, 0.5, 1], [480, 3, 18], 0.02),
    ],
)
def test_against_a_straight_line_in_fine_steps(
    values: list[float], counts: list[float], max_fail: float
) -> None:
    found = every_repeat_many.tails(np.array(values), np.array([counts], dtype=float), max_fail)
    expected = by_fine_steps(np.array(values), np.array(counts), max_fail)
    assert found[0] == pytest.approx(expected, rel=1e-8)


@given(
    counts=st.lists(st.integers(0, 3), min_size=5, max_size=5).filter(lambda c: sum(c[:4]) > 1),
    max_fail=st.floats(0.03, 0.97),
)
def test_the_tail_is_right_wherever_it_is_asked_for(counts: list[int], max_fail: float) -> None:
    shares = np.repeat([0.0, 0.25, 0.5, 0.75, 1.0], counts)
    if shares[0] >= max_fail or min(np.abs(shares - max_fail)) < 1e-3:
        return
    expected = by_spline(shares.tolist(), max_fail)
    assert stats.every_repeat_p_value(shares, max_fail) == pytest.approx(
        expected, rel=1e-7, abs=1e-13
    )


@pytest.mark.parametrize("alpha", [0.05, 1e-9, 1e-12, 1e-14, 1e-16, 1e-20])
@pytest.mark.parametrize("shares", [[0.5], [0.99], [0.5, 1.0, 1.0], [1 / 3, 1.0, 1.0, 1.0]])
def test_no_bound_leaves_the_rates_there_are(shares: list[float], alpha: float) -> None:
    bound = every_repeat.upper_bound(np.array(shares), alpha)
    assert np.mean(shares) < bound <= 1.0
    if len(shares) == 1:  # its weight is uniform, so the tail is a straight line
        assert bound == pytest.approx(1.0 - alpha * (1.0 - shares[0]), abs=1e-11)
