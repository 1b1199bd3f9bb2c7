from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from qfloor import stats

# facts, section 3: 30 prompts, 4 repeats
SHARES = np.zeros(30)
SHARES[[1, 6, 11, 18, 26]] = 0.25
SHARES[[3, 15]] = 0.5
SHARES[23], SHARES[8] = 0.75, 1.0


def test_reference_vector() -> None:
    bound = stats.korn_graubard(SHARES, repeats=4)
    assert bound.p == pytest.approx(0.133333, abs=1e-6)
    assert bound.design_effect == pytest.approx(2.198276, abs=1e-6)
    assert bound.n_star == pytest.approx(51.9625, abs=1e-4)
    assert bound.upper == pytest.approx(0.236558, abs=1e-6)
    assert stats.korn_graubard_upper(SHARES, 4) == bound.upper
    pooled = stats.clopper_pearson_upper(round(4 * SHARES.sum()), 120, 0.05)
    assert pooled == pytest.approx(0.195444, abs=1e-6)


def test_geneval_bound_from_its_published_summary() -> None:
    factor = (scipy_stats.t.ppf(0.95, 399) / scipy_stats.t.ppf(0.95, 99)) ** 2
    n_star = 400 / 1.820 * factor
    assert n_star == pytest.approx(216.64, abs=0.1)
    assert stats.clopper_pearson_upper(0.09 * n_star, n_star, 0.05) == pytest.approx(
        0.1287, abs=1e-4
    )
    assert stats.clopper_pearson_upper(36, 400, 0.05) == pytest.approx(0.1171, abs=1e-4)


def raw_bound(shares: list[float], repeats: int, alpha: float, t_alpha: float) -> float:
    """Return Korn-Graubard without any floor, from the paper's formula."""
    z = np.asarray(shares)
    p, n = z.mean(), z.size * repeats
    size = p * (1 - p) / (z.var(ddof=1) / z.size)
    t = [float(scipy_stats.t.isf(t_alpha, df)) for df in (n - 1, z.size - 1)]
    n_star = min(n, size * (t[0] / t[1]) ** 2)
    return float(scipy_stats.beta.isf(alpha, p * n_star + 1, n_star - p * n_star))


@pytest.mark.parametrize(
    ("prompts", "repeats", "alpha", "none", "one"),
    [(16, 2, 0.05 / 7, 0.266, 0.226), (30, 4, 0.05 / 280, 0.250, 0.105)],
)
def test_one_fail_never_gives_a_lower_bound_than_none(
    prompts: int, repeats: int, alpha: float, none: float, one: float
) -> None:
    shares = [1 / repeats] + [0.0] * (prompts - 1)
    clean = stats.korn_graubard_upper([0.0] * prompts, repeats, 1 - alpha)
    assert clean == pytest.approx(none, abs=6e-4)
    # The trap. Facts printed it with t at alpha/2 (section 8.1) but its vector, and we, with t at
    # alpha (section 3); both fall far below the bound of no fail.
    assert raw_bound(shares, repeats, alpha, alpha / 2) == pytest.approx(one, abs=6e-4)
    assert raw_bound(shares, repeats, alpha, alpha) < one
    assert stats.korn_graubard_upper(shares, repeats, 1 - alpha) == pytest.approx(clean)


@given(
    fails=st.lists(st.booleans(), min_size=1, max_size=80),
    confidence=st.sampled_from([0.9, 0.95, 0.99, 1 - 0.05 / 280]),
)
def test_one_output_a_prompt_is_clopper_pearson(fails: list[bool], confidence: float) -> None:
    expected = stats.clopper_pearson_upper(sum(fails), len(fails), 1 - confidence)
    assert stats.korn_graubard_upper(fails, 1, confidence) == pytest.approx(expected, abs=1e-12)
    assert stats.exact_one_repeat_upper(fails, confidence) == pytest.approx(expected, abs=1e-12)


@given(
    counts=st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1)), min_size=1, max_size=40),
    confidence=st.sampled_from([0.9, 0.95, 0.99]),
)
def test_bound_is_never_below_the_rate_or_the_floor(
    counts: list[tuple[int, float]], confidence: float
) -> None:
    repeats = [m for m, _ in counts]
    shares = [round(share * m) / m for m, share in counts]
    bound = stats.korn_graubard(shares, repeats, confidence)
    floor = stats.clopper_pearson_upper(0, len(shares), 1 - confidence)
    assert floor <= bound.upper <= 1.0
    assert bound.upper >= bound.p - 1e-12
    assert 0.0 <= bound.n_star <= sum(repeats) + 1e-9
    assert all(math.isfinite(x) for x in (bound.design_effect, bound.n_effective, bound.n_star))
    lower = stats.korn_graubard_lower(shares, repeats, confidence)
    assert lower <= bound.p + 1e-12


def test_repeats_may_differ_from_prompt_to_prompt() -> None:
    same = stats.korn_graubard(SHARES, [4] * 30)
    assert same == stats.korn_graubard(SHARES, 4)
    mixed = stats.korn_graubard([0.5, 0.0, 0.0, 1.0] * 6, [2, 1, 3, 1] * 6)
    assert (mixed.n_outputs, mixed.n_prompts) == (42, 24)
    assert mixed.p == pytest.approx(0.375)


def test_one_failed_prompt_says_nothing() -> None:
    assert stats.korn_graubard_upper([0.5], 4) == 1.0
    assert stats.korn_graubard([0.5], 4).n_star == 0.0
    assert stats.korn_graubard_upper([0.0], 4) == pytest.approx(0.95)


def test_equal_weights_change_nothing() -> None:
    weighted = stats.korn_graubard(SHARES, 4, weights=np.full(30, 7.0))
    plain = stats.korn_graubard(SHARES, 4)
    assert weighted.upper == pytest.approx(plain.upper, abs=1e-9)
    assert weighted.n_star == pytest.approx(plain.n_star, abs=1e-6)
    fails = SHARES > 0.4
    once = stats.korn_graubard(fails, 1, weights=np.ones(30))
    assert once.upper == pytest.approx(stats.korn_graubard_upper(fails, 1), abs=1e-9)


def test_weighted_prompts_count_as_if_all_weighed_as_much_as_the_heaviest() -> None:
    weights = np.array([1.0, 3.0] * 15)
    clean = stats.korn_graubard(np.zeros(30), 4, weights=weights)
    assert clean.upper == pytest.approx(stats.clopper_pearson_upper(0, 20.0, 0.05))
    assert stats.korn_graubard(SHARES, 4, weights=weights).n_star < 51.9
    assert stats.korn_graubard(SHARES, 4, weights=weights * 0 + 2) == stats.korn_graubard(SHARES, 4)


def test_few_heavy_prompts_do_not_certify_by_luck() -> None:
    """At .01 Kish's size certified at 3.4 times the level: 100 prompts beside 5 that weigh half."""
    weights = np.repeat([0.5 / 100, 0.5 / 5], (100, 5))
    assert 1.0 / np.sum(weights**2) > 19.0  # 17 prompts without a fail certify at .01
    assert stats.korn_graubard(np.zeros(105), 1, 0.99, weights).upper > 0.25


def test_weights_never_shrink_the_variance_below_kish() -> None:
    """Heavy prompts that happen not to fail must not make the rate look certain."""
    weights = np.array([5.0] * 10 + [1.0] * 30)
    shares = np.array([0.0] * 10 + [0.0, 0.5, 1.0] * 10)
    w = weights / weights.sum()
    p = float(w @ shares)
    kish = float(w @ (shares - p) ** 2) * float(w @ w) * 40 / 39
    linear = float(w**2 @ (shares - p) ** 2) * 40 / 39
    assert linear < 0.8 * kish
    found = stats.korn_graubard(shares, 2, weights=weights)
    assert found.n_effective == pytest.approx(p * (1 - p) / kish)
    shares = np.array([0.0, 1.0] * 5 + [0.5] * 30)  # now only the heavy prompts vary
    linear = float(w**2 @ (shares - 0.5) ** 2) * 40 / 39
    found = stats.korn_graubard(shares, 2, weights=weights)
    assert found.n_effective == pytest.approx(0.25 / linear)


@pytest.mark.slow
@pytest.mark.parametrize("repeats", [1, 2])
def test_false_certification_with_weights(repeats: int) -> None:
    rng, runs = np.random.default_rng(9), 8000
    weights = rng.lognormal(0, 0.6, size=80)
    shared = rng.normal(size=(runs, 80, 1))
    fails = shared + rng.normal(size=(runs, 80, repeats)) < math.sqrt(2) * scipy_stats.norm.ppf(
        0.25
    )
    bounds = [stats.korn_graubard(z, repeats, weights=weights).upper for z in fails.mean(axis=2)]
    assert np.mean(np.array(bounds) <= 0.25) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def false_rate(prompts: int, repeats: int, rho: float, runs: int, seed: int) -> tuple[float, float]:
    """Share of runs certified at a true fail rate of .25: Korn-Graubard and pooled."""
    rng = np.random.default_rng(seed)
    cut = scipy_stats.norm.ppf(0.25)
    shared = rng.normal(size=(runs, prompts, 1)) * math.sqrt(rho)
    own = rng.normal(size=(runs, prompts, repeats)) * math.sqrt(1 - rho)
    shares = (shared + own < cut).mean(axis=2)
    certified = [stats.korn_graubard_upper(z, repeats) <= 0.25 for z in shares]
    most = stats.max_fails(prompts * repeats, 0.05)
    pooled = shares.sum(axis=1) * repeats <= most
    return float(np.mean(certified)), float(np.mean(pooled))


@pytest.mark.parametrize(("prompts", "repeats", "rho"), [(30, 4, 0.5), (60, 4, 0.8)])
def test_false_certification_stays_nominal_where_pooling_fails(
    prompts: int, repeats: int, rho: float
) -> None:
    runs = 1500
    certified, pooled = false_rate(prompts, repeats, rho, runs, seed=11)
    assert certified <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert pooled > 0.085


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "repeats", "rho"),
    [(30, 4, 0.5), (60, 4, 0.5), (60, 4, 0.8), (100, 4, 0.5), (60, 1, 0.0)],
)
def test_false_certification_on_the_grid_of_facts(prompts: int, repeats: int, rho: float) -> None:
    certified, _ = false_rate(prompts, repeats, rho, 20_000, seed=5)
    assert certified <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 20_000)


def test_bad_input_is_refused_in_a_sentence() -> None:
    cases: list[tuple[object, object, float, str]] = [
        ([], 1, 0.95, "non-empty"),
        ([0.2, 1.2], 2, 0.95, "fail_shares must lie"),
        ([math.nan], 2, 0.95, "fail_shares must lie"),
        ([0.2], 0, 0.95, "whole numbers"),
        ([0.2], 1.5, 0.95, "whole numbers"),
        ([0.2, 0.3], [1, 2, 3], 0.95, "one for each of 2 prompts"),
        ([0.2], 2, 0.4, "confidence"),
    ]
    for shares, repeats, confidence, message in cases:
        with pytest.raises(ValueError, match=message):
            stats.korn_graubard(shares, repeats, confidence)  # type: ignore[arg-type]
    for weights in ([1.0], [1.0, 0.0], [1.0, math.nan]):
        with pytest.raises(ValueError, match="weights must be 2 positive"):
            stats.korn_graubard([0.0, 0.5], 2, weights=weights)
    with pytest.raises(ValueError, match="true or false"):
        stats.exact_one_repeat_upper([0.5])
