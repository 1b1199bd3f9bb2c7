from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from qfloor import stats
from qfloor.stats.binomial import check_share

levels = st.sampled_from([0.1, 0.05, 0.01, 0.05 / 7, 0.05 / 280])
rates = st.sampled_from([0.05, 0.1, 0.25, 0.5])


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (360, 12_000, 0.0270, 0.0332),
        (11_640, 12_000, 0.9668, 0.9730),
        (216, 360, 0.547, 0.651),
        (144, 12_000, 0.0101, 0.0141),
    ],
)
def test_intervals_of_the_blind_session_fixture(k: int, n: int, low: float, high: float) -> None:
    digits = 4 if n > 1000 else 3
    assert tuple(round(x, digits) for x in stats.clopper_pearson(k, n)) == (low, high)


@given(n=st.integers(1, 400), share=st.floats(0, 1), confidence=st.floats(0.5, 0.999))
def test_interval_agrees_with_statsmodels(n: int, share: float, confidence: float) -> None:
    k = round(share * n)
    expected = proportion_confint(k, n, alpha=1 - confidence, method="beta")
    assert stats.clopper_pearson(k, n, confidence) == pytest.approx(expected, abs=1e-9)


@given(n=st.floats(1, 400), share=st.floats(0, 1), alpha=levels)
def test_one_sided_bounds_are_beta_quantiles_and_mirror_each_other(
    n: float, share: float, alpha: float
) -> None:
    k = min(n, share * n)
    upper = stats.clopper_pearson_upper(k, n, alpha)
    if k < n:
        assert upper == pytest.approx(scipy_stats.beta.isf(alpha, k + 1, n - k), abs=1e-9)
    assert k / n <= upper <= 1.0
    assert stats.clopper_pearson_lower(n - k, n, alpha) == pytest.approx(1 - upper, abs=1e-7)


def test_one_sided_upper_of_three_percent_detected() -> None:
    assert round(stats.clopper_pearson_upper(360, 12_000, 0.05), 4) == 0.0327


@pytest.mark.parametrize(
    ("n", "most"), [(10, None), (11, 0), (20, 1), (50, 7), (100, 17), (200, 39), (500, 108)]
)
def test_most_fails_at_five_percent(n: int, most: int | None) -> None:
    assert stats.max_fails(n, 0.05) == most
    assert stats.max_fails(1000, 0.05) == 227


@given(n=st.integers(1, 2000), alpha=levels, max_fail=rates)
def test_most_fails_is_the_last_count_whose_bound_is_low_enough(
    n: int, alpha: float, max_fail: float
) -> None:
    most = stats.max_fails(n, alpha, max_fail)
    below = -1 if most is None else most
    if below >= 0:
        assert scipy_stats.binom.cdf(below, n, max_fail) <= alpha * (1 + 1e-9)
        assert stats.clopper_pearson_upper(below, n, alpha) <= max_fail + 1e-9
    assert scipy_stats.binom.cdf(below + 1, n, max_fail) > alpha
    assert stats.clopper_pearson_upper(below + 1, n, alpha) > max_fail


def test_an_exact_tie_with_the_level_passes() -> None:
    assert stats.max_fails(5, 2.0**-5, 0.5) == 0
    assert stats.max_fails(4, 2.0**-5, 0.5) is None


def test_release_and_cell_ranks_differ_at_120_prompts() -> None:
    assert stats.max_fails(120, 0.05) == 21  # rank 22
    assert stats.max_fails(120, 0.05 / 280) == 13  # rank 14


@pytest.mark.parametrize(
    ("alpha", "max_fail", "least"),
    [
        (0.05, 0.25, 11),
        (0.05 / 7, 0.25, 18),
        (0.05 / 40, 0.25, 24),
        (0.05 / 280, 0.25, 31),
        (0.05, 0.10, 29),
        (0.05, 0.05, 59),
    ],
)
def test_fewest_prompts_that_can_certify(alpha: float, max_fail: float, least: int) -> None:
    assert stats.min_prompts(alpha, max_fail) == least
    assert stats.max_fails(least, alpha, max_fail) == 0
    assert stats.max_fails(least - 1, alpha, max_fail) is None


def test_tifa_fails_and_their_p_values() -> None:
    fails = {"SD2.1": 9, "SD1.5": 19, "minDALL-E": 29, "SD1.1": 35, "VQ": 38}
    p = {model: stats.fail_p_value(k, 160) for model, k in fails.items()}
    assert p["SD2.1"] < 1e-9
    assert p["SD1.5"] == pytest.approx(0.000029, abs=1e-6)
    assert p["minDALL-E"] == pytest.approx(0.024703, abs=1e-6)
    assert p["SD1.1"] == pytest.approx(0.2071, abs=1e-4)
    assert p["VQ"] == pytest.approx(0.3976, abs=1e-4)
    adjusted = stats.holm(list(p.values()))
    assert adjusted[1] == pytest.approx(0.00012, abs=5e-6)
    assert adjusted[2] == pytest.approx(0.07411, abs=1e-5)  # certified alone, not after Holm


def test_exact_mcnemar_reference_and_oracle() -> None:
    expected = mcnemar([[794, 86], [150, 570]], exact=True).pvalue
    assert stats.mcnemar_exact(86, 150, two_sided=True) == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(3.716e-5, rel=1e-3)
    chi2 = mcnemar([[794, 86], [150, 570]], exact=False, correction=False).statistic
    assert chi2 == pytest.approx(17.355932, abs=5e-7)
    assert stats.mcnemar_exact(150, 86) == pytest.approx(expected / 2, rel=1e-9)
    assert stats.mcnemar_exact(86, 150) > 0.99
    assert stats.mcnemar_exact(0, 0) == 1.0


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_levels_out_of_range_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1"):
        stats.max_fails(20, bad)
    with pytest.raises(ValueError, match="confidence"):
        stats.clopper_pearson(1, 2, bad)
    with pytest.raises(ValueError, match="share"):
        check_share("share", bad)


def test_counts_out_of_range_are_refused() -> None:
    for k, n in ((-1, 5), (6, 5), (math.nan, 5)):
        with pytest.raises(ValueError, match="k must lie between"):
            stats.clopper_pearson(k, n)
    for size in (0.0, -1.0, math.inf):
        with pytest.raises(ValueError, match="n must be a positive number"):
            stats.clopper_pearson_upper(0, size, 0.05)
    with pytest.raises(ValueError, match="must not be negative"):
        stats.mcnemar_exact(-1, 3)
