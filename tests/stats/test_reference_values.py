"""Reference values of facts/statistics.md that no other test of `stats` holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import binom_tost

from qfloor import stats
from qfloor.stats.anytime import AnytimeBound

VECTOR = [0, 0.25, 0, 0.5, 0, 0, 0.25, 0, 1, 0, 0, 0.25, 0, 0, 0, 0.5, 0, 0, 0.25, 0, 0, 0, 0,
          0.75, 0, 0, 0.25, 0, 0, 0]  # fmt: skip


@pytest.mark.parametrize(
    ("n", "attained"), [(50, 0.9667), (100, 0.9625), (200, 0.9592), (1000, 0.9555)]
)
def test_attained_confidence_of_two_sided_ranks(n: int, attained: float) -> None:
    """Section 2: the ranks that two one-sided bounds at 2.5 % make are conservative by so much."""
    limits = stats.threshold_limits(range(1, n + 1), alpha=0.025)
    assert limits.certified_to is not None
    assert limits.rejected_above is not None
    low, high = int(limits.certified_to), int(limits.rejected_above)
    between = scipy_stats.binom.cdf([low - 1, high - 1], n, 0.25)
    assert between[1] - between[0] == pytest.approx(attained, abs=5e-5)
    exact = scipy_stats.quantile_test(np.arange(1.0, n + 1), q=0, p=0.25).confidence_interval()
    assert (exact.low, exact.high) == (limits.certified_to, limits.rejected_above)


def test_the_vector_of_section_3() -> None:
    """Its p-value is the level at which its bound meets the tolerated share."""
    scores = [float(i >= round(4 * z)) for z in VECTOR for i in range(4)]
    prompts = np.repeat(np.arange(30), 4)
    p = stats.certification_p_value(scores, 1.0, prompts, bound="korn_graubard")
    assert stats.korn_graubard(VECTOR, 4, 1.0 - p).upper == pytest.approx(0.25, abs=1e-8)
    joined = stats.certification_p_value(scores, 1.0, prompts)
    assert joined == max(p, stats.every_repeat_p_value(VECTOR))
    assert 0.01 < p < 0.05


def test_what_too_few_scores_say_where_ppi_returns_the_largest() -> None:
    """Section 2: ten scores bound no lower quartile at 1 %; a library's index wraps round."""
    ppi_py = pytest.importorskip("ppi_py")
    low, high = ppi_py.classical_quantile_ci(np.arange(1.0, 11.0), 0.25, alpha=0.01)
    assert (low, high) == (10.0, 7.0)
    assert stats.threshold_limits(range(1, 11), alpha=0.005).certified_to is None


def test_isotonic_of_section_2() -> None:
    """What calibration calls at each threshold pools neighbours that fall."""
    pooled = optimize.isotonic_regression([1, 3, 2, 4, 3.5]).x
    assert pooled.tolist() == [1, 2.5, 2.5, 3.75, 3.75]


def test_fewest_prompts_of_section_2d() -> None:
    levels = [0.05, 0.05 / 7, 0.05 / 40, 0.05 / 280]
    assert [stats.min_prompts(level) for level in levels] == [11, 18, 24, 31]


def test_section_8_3_what_a_release_of_280_cells_can_certify() -> None:
    assert stats.max_fails(120, 0.05 / 280) == 13  # the release rank is the 14th score
    assert stats.max_fails(120, 0.05) == 21  # the cell rank the 22nd
    assert stats.certification_power(0.09, 120, 0.05 / 280) >= 0.8
    assert stats.certification_power(0.10, 120, 0.05 / 280) < 0.8


def test_section_8_7_a_boundary_model_and_twelve_months() -> None:
    """Family-wise 5 % a month is 46 % a year; a cell of 120 prompts attains a little less."""
    assert pytest.approx(0.46, abs=0.005) == 1 - 0.95**12
    monthly = float(scipy_stats.binom.cdf(stats.max_fails(120, 0.05) or 0, 120, 0.25))
    assert monthly <= 0.05
    assert 0.25 <= 1 - (1 - monthly) ** 12 <= 0.46


def test_e_bh_of_section_2_by_hand() -> None:
    e = np.array([500, 120, 80, 10, 300])
    k = max(k for k in range(1, 6) if np.sort(e)[::-1][k - 1] >= 5 / (0.05 * k))
    assert k == 4
    assert np.flatnonzero(stats.e_bh(e) <= 0.05).tolist() == [0, 1, 2, 4]
    assert math.isclose(float(stats.e_bh(e)[3]), 0.1)


def test_similarity_is_the_upper_half_of_binom_tost() -> None:
    """Section 2: .53 of choices is a pd0 of .06; the lower margin of .47 is far away."""
    worse, low, high = binom_tost(5050, 10_000, 0.47, 0.53)
    assert stats.similarity_p_value(5050, 10_000, 0.06) == pytest.approx(high, rel=1e-9)
    assert worse == high > low
    assert worse == pytest.approx(2.938651e-7, rel=1e-6)


def test_bounds_at_any_time_are_about_those_of_confseq() -> None:
    """Section 2: another martingale (a beta mixture tuned to 100 values) says nearly the same."""
    values = [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0] * 100
    bound = AnytimeBound(alpha=0.025).update_many(values)
    assert (bound.n, bound.mean) == (1000, pytest.approx(0.7))
    assert bound.lower == pytest.approx(0.651629, abs=0.01)
    assert bound.upper == pytest.approx(0.745949, abs=0.01)
    exact = scipy_stats.binomtest(700, 1000).proportion_ci()
    assert bound.lower < exact.low - 0.01  # who may look at any time pays for it
    assert bound.upper > exact.high + 0.01
