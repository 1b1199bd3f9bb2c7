from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from qfloor import stats
from qfloor.stats.fail_rules import Rule

LOW = -math.inf
alphas = st.sampled_from([0.1, 0.05, 0.02, 0.05 / 7, 0.05 / 280])
tolerances = st.sampled_from([0.05, 0.1, 0.25, 0.4])


@st.composite
def cells(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a cell: scores with ties and fail markers, prompts with unequal repeats, a choice."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = rng.integers(1, draw(st.integers(2, 5)), size=draw(st.integers(1, 70)))
    prompts = np.repeat(np.arange(sizes.size), sizes)
    raw = rng.normal(size=sizes.size)[prompts] + draw(st.floats(0, 2)) * rng.normal(
        size=prompts.size
    )
    scores = np.round(raw, draw(st.integers(0, 3)))
    scores[rng.random(scores.size) < draw(st.sampled_from([0.0, 0.05, 0.5]))] = LOW
    first = np.zeros(prompts.size, dtype=bool)
    first[np.cumsum(sizes) - rng.integers(1, sizes + 1)] = True
    return {"scores": scores, "prompts": prompts, "first": first}


def bound_by_hand(cell: dict[str, Any], threshold: float, alpha: float, rule: Rule) -> float:
    """Return the rule of the design at one threshold, from the public cluster functions."""
    fails = cell["scores"] < threshold
    sizes = np.bincount(cell["prompts"])
    shares = np.bincount(cell["prompts"], weights=fails) / sizes
    exact = stats.exact_one_repeat_upper(fails[cell["first"]], 1 - alpha)
    clustered = stats.korn_graubard_upper(shares, sizes, 1 - alpha)
    every = stats.every_repeat_upper(shares, 1 - alpha)
    if rule == "one_repeat" or sizes.max() == 1:
        return exact
    if rule == "korn_graubard":
        return clustered
    if rule == "every_repeat" or (rule == "auto" and alpha < 0.01):
        return every
    return max(exact, clustered, every) if sizes.size < 15 else max(clustered, every)


@given(
    cell=cells(),
    alpha=alphas,
    max_fail=tolerances,
    rule=st.sampled_from(["auto", "korn_graubard", "one_repeat", "every_repeat", "both"]),
    between=st.floats(-3, 3),
)
def test_verdict_number_and_bounds_agree_with_the_rule_by_hand(
    cell: dict[str, Any], alpha: float, max_fail: float, rule: Rule, between: float
) -> None:
    limits = stats.threshold_limits(**cell, alpha=alpha, max_fail=max_fail, bound=rule)
    finite = np.unique(cell["scores"][np.isfinite(cell["scores"])])
    worst = 0.0
    for threshold in np.union1d(finite, [between, 99.0]):
        worst = max(worst, bound_by_hand(cell, threshold, alpha, rule))
        if abs(worst - max_fail) < 1e-9:
            continue
        certified = limits.verdict(threshold) == "certified"
        assert certified == (worst <= max_fail)
        to = limits.certified_to
        assert certified == (to is not None and to >= threshold)
    shown = stats.fail_rate_bounds(
        cell["scores"], 99.0, cell["prompts"], alpha=alpha, bound=rule, first=cell["first"]
    )
    assert shown.upper == pytest.approx(worst, abs=1e-8)
    upto = [t for t in np.union1d(finite, [between]) if t <= between]
    worst = max(bound_by_hand(cell, t, alpha, rule) for t in upto)
    shown = stats.fail_rate_bounds(
        cell["scores"], between, cell["prompts"], alpha=alpha, bound=rule, first=cell["first"]
    )
    assert shown.upper == pytest.approx(worst, abs=1e-8)


@given(cell=cells(), alpha=alphas, max_fail=tolerances, t=st.floats(-3, 3))
def test_shown_bounds_never_contradict_the_verdict(
    cell: dict[str, Any], alpha: float, max_fail: float, t: float
) -> None:
    verdict = stats.threshold_limits(**cell, alpha=alpha, max_fail=max_fail).verdict(t)
    shown = stats.fail_rate_bounds(
        cell["scores"], t, cell["prompts"], alpha=alpha, first=cell["first"]
    )
    assert 0.0 <= shown.lower <= shown.upper <= 1.0
    assert all(math.isfinite(x) for x in (shown.design_effect, shown.n_star, shown.fail_rate))
    if abs(shown.upper - max_fail) > 1e-9:
        assert (verdict == "certified") == (shown.upper <= max_fail)
    if abs(shown.lower - max_fail) > 1e-9:
        assert (verdict == "rejected") == (shown.lower > max_fail)


@given(cell=cells(), alpha=alphas, max_fail=tolerances)
def test_rejecting_is_certifying_the_mirror_image(
    cell: dict[str, Any], alpha: float, max_fail: float
) -> None:
    scores = np.where(np.isfinite(cell["scores"]), cell["scores"], -9.0)
    rest = {"prompts": cell["prompts"], "first": cell["first"], "alpha": alpha}
    limits = stats.threshold_limits(scores, **rest, max_fail=max_fail)
    mirror = stats.threshold_limits(-scores, **rest, max_fail=1 - max_fail)
    # P(score >= t) <= 1 - max_fail is a strict statement one step below the mirror's
    grid = np.unique(scores)
    steps = np.concatenate((grid[:1] - 1, (grid[1:] + grid[:-1]) / 2, grid[-1:] + 1))
    for t in steps:
        assert (limits.verdict(t) == "rejected") == (mirror.verdict(-t) == "certified")


@given(
    scores=st.lists(st.integers(0, 30) | st.just(LOW), min_size=1, max_size=150),
    alpha=alphas,
    max_fail=tolerances,
)
def test_without_prompts_every_output_is_its_own(
    scores: list[float], alpha: float, max_fail: float
) -> None:
    plain = stats.threshold_limits(scores, alpha=alpha, max_fail=max_fail)
    labelled = stats.threshold_limits(
        scores, [f"p{i}" for i in range(len(scores))], alpha=alpha, max_fail=max_fail
    )
    assert plain == labelled


@given(n=st.integers(11, 400), seed=st.integers(0, 99), p=st.sampled_from([0.1, 0.25]))
def test_bound_is_scipys_order_statistic(n: int, seed: int, p: float) -> None:
    scores = np.random.default_rng(seed).normal(size=n)
    test = scipy_stats.quantile_test(scores, p=p, alternative="greater")
    interval: Any = test.confidence_interval(0.95)
    found = stats.lower_bound(scores, alpha=0.05, max_fail=p)
    assert (found is None) == math.isnan(interval.low)
    if found is not None:
        assert found == interval.low


@pytest.mark.parametrize(
    ("n", "ranks"), [(50, (7, 20)), (100, (17, 35)), (200, (38, 63)), (1000, (223, 278))]
)
def test_two_sided_ranks(n: int, ranks: tuple[int, int]) -> None:
    limits = stats.threshold_limits(range(1, n + 1), alpha=0.025)
    assert (limits.certified_to, limits.rejected_above) == ranks


def test_ties_are_strict_and_discrete_scales_exact() -> None:
    scores = [3.0] * 30 + [4.0] * 70
    assert stats.q25_lower_bound(scores) == 3.0  # none below 3, 30 below 4
    limits = stats.threshold_limits(scores)
    assert limits.verdict(3.0) == "certified"
    assert limits.verdict(3.0000001) == "undecided"
    # numpy's default quantile can lie above everything that the same scores can certify
    assert np.quantile([*range(10), 100], 0.25) > (stats.q25_lower_bound([*range(10), 100]) or 0)


def test_outright_fails_count_at_every_threshold() -> None:
    scores = [LOW] * 17 + list(range(83))
    assert stats.q25_lower_bound(scores) == 0.0
    assert stats.q25_lower_bound([LOW] * 18 + list(range(82))) is None
    everything = stats.threshold_limits([LOW] * 60)
    assert everything.certified_to is None
    assert everything.verdict(-1e300) == "rejected"
    prompts = np.repeat(np.arange(30), 2)
    assert stats.threshold_limits([LOW] * 60, prompts).verdict(-1e300) == "rejected"


def test_smallest_cells() -> None:
    assert stats.q25_lower_bound(range(10)) is None
    assert stats.q25_lower_bound(range(11)) == 0.0
    assert stats.lower_bound(range(28), max_fail=0.10) is None
    assert stats.lower_bound(range(29), max_fail=0.10) == 0.0
    assert stats.lower_bound(range(59), max_fail=0.05) == 0.0
    assert stats.q25_lower_bound([1.0] * 4, ["a"] * 4) is None


def test_non_monotone_bounds_of_facts_do_not_certify() -> None:
    # 16 prompts x 2 at .05/7: no fail is not certified, so one fail must not be either
    prompts = np.repeat(np.arange(16), 2)
    scores = np.full(32, 5.0)
    scores[0] = 1.0
    found = stats.lower_bound(scores, prompts, alpha=0.05 / 7, bound="korn_graubard")
    assert found is None
    # 30 x 4 at .05/280: .250 without, .105 with one fail
    prompts, scores = np.repeat(np.arange(30), 4), np.full(120, 5.0)
    scores[0] = 1.0
    assert stats.lower_bound(scores, prompts, alpha=0.05 / 280, bound="korn_graubard") is None
    scores[0] = LOW  # then no threshold is without a fail, and the floor must hold all the same
    assert stats.lower_bound(scores, prompts, alpha=0.05 / 280, bound="korn_graubard") is None


def test_upper_is_the_largest_bound_at_any_value_up_to_the_threshold() -> None:
    """The recipe of docs/how-to/floors.md, by the published bound of one threshold alone."""
    rng, fell, alpha = np.random.default_rng(4), 0, 0.05 / 280
    prompts = np.repeat(np.arange(30), 4)
    for _ in range(20):
        scores = rng.integers(1, 30, (30, 4)).astype(float)
        scores[rng.random((30, 1))[:, 0] < 0.1] = 0.0  # fails that come together
        values = np.unique(scores)
        alone = [
            stats.korn_graubard_upper((scores < value).mean(axis=1), np.full(30, 4), 1 - alpha)
            for value in (-np.inf, *values)
        ]
        for i, value in enumerate(values, start=1):
            found = stats.fail_rate_bounds(
                scores.ravel(), value, prompts, alpha=alpha, bound="korn_graubard"
            )
            assert found.upper == pytest.approx(max(alone[: i + 1]), abs=1e-9)
            fell += alone[i] < max(alone[:i]) - 1e-6
    assert fell > 0


def test_below_a_hundredth_the_exact_bound_decides() -> None:
    rng = np.random.default_rng(2)
    prompts = np.repeat(np.arange(60), 4)
    scores = rng.normal(size=60)[prompts] * 0.3 + rng.normal(size=240)
    first = np.tile([True, False, False, False], 60)
    strict = stats.threshold_limits(scores, prompts, alpha=0.05 / 7, first=first)
    assert strict.bound == "every_repeat"
    drawn = stats.lower_bound(scores[first], alpha=0.05 / 7)
    assert strict.certified_to is not None
    assert drawn is not None
    assert strict.certified_to > drawn  # four repeats say more than one of them
    another = stats.threshold_limits(scores, prompts, alpha=0.05 / 7, first=np.roll(first, 1))
    assert another == strict  # and which one is drawn says nothing
    loose = stats.threshold_limits(scores, prompts, alpha=0.01, first=first)
    assert loose.bound == "korn_graubard"
    assert stats.threshold_limits(scores).bound == "one_repeat"


def test_below_fifteen_prompts_the_stricter_of_the_bounds_decides() -> None:
    prompts = np.repeat(np.arange(14), 3)
    scores = np.tile([0.0, 5.0, 5.0], 14) + np.arange(42) / 100
    clustered = stats.lower_bound(scores, prompts, bound="korn_graubard")
    every = stats.lower_bound(scores, prompts, bound="every_repeat")
    assert clustered is not None
    assert every is not None
    joint = min(every, clustered)
    exact = []
    for place in range(3):
        first = np.tile(np.arange(3) == place, 14)
        alone = stats.lower_bound(scores, prompts, bound="one_repeat", first=first)
        assert alone is not None
        exact.append(alone)
        assert stats.q25_lower_bound(scores, prompts, first=first) == min(alone, joint)
    assert min(exact) < joint < max(exact)  # so the one repeat decides once and once it does not


def test_where_repeats_agree_the_exact_bound_joins() -> None:
    prompts = np.repeat(np.arange(100), 2)
    scores = np.repeat(np.arange(100.0), 2)
    clustered = stats.lower_bound(scores, prompts, bound="korn_graubard")
    exact = stats.lower_bound(scores, prompts, bound="one_repeat")
    assert stats.q25_lower_bound(scores, prompts) == min(clustered or 0, exact or 0)


@given(cell=cells(), alpha=alphas, seed=st.integers(0, 99))
def test_row_order_labels_and_rising_transforms_change_nothing(
    cell: dict[str, Any], alpha: float, seed: int
) -> None:
    found = stats.lower_bound(**cell, alpha=alpha)
    rng = np.random.default_rng(seed)
    order = rng.permutation(cell["scores"].size)
    names = rng.permutation(cell["prompts"].max() + 1)
    shuffled = stats.lower_bound(
        cell["scores"][order],
        names[cell["prompts"]][order],
        first=cell["first"][order],
        alpha=alpha,
    )
    assert shuffled == found
    risen = stats.lower_bound(
        np.exp(cell["scores"]) - np.where(np.isfinite(cell["scores"]), 0, math.inf),
        cell["prompts"],
        first=cell["first"],
        alpha=alpha,
    )
    assert risen == (None if found is None else pytest.approx(math.exp(found)))


@given(cell=cells(), seed=st.integers(0, 99))
def test_a_lower_score_never_raises_the_exact_bound(cell: dict[str, Any], seed: int) -> None:
    before = stats.lower_bound(**cell, bound="one_repeat")
    worse = cell["scores"].copy()
    worse[np.random.default_rng(seed).integers(worse.size)] = LOW
    after = stats.lower_bound(worse, cell["prompts"], first=cell["first"], bound="one_repeat")
    assert (after if after is not None else LOW) <= (before if before is not None else LOW)


@given(cell=cells(), max_fail=st.sampled_from([0.06, 0.26, 0.41]))  # no exact ties with bounds
def test_a_callable_bound_gives_the_same_limits(cell: dict[str, Any], max_fail: float) -> None:
    sizes = np.bincount(cell["prompts"])

    def clustered(fails: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
        shares = np.bincount(cell["prompts"], weights=fails) / sizes
        return stats.korn_graubard_upper(shares, sizes)

    called = stats.threshold_limits(cell["scores"], bound=clustered, max_fail=max_fail)
    built_in = stats.threshold_limits(**cell, bound="korn_graubard", max_fail=max_fail)
    assert called.certified_to == built_in.certified_to
    assert called.rejected_above == built_in.rejected_above


def test_ratings_enter_through_a_callable() -> None:
    rng = np.random.default_rng(5)
    raters, prompts = (i.ravel() for i in np.indices((8, 50)))
    scores = np.round(6 + rng.normal(size=50)[prompts] + 0.5 * rng.normal(size=400), 1)

    def two_way(fails: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
        return stats.korn_graubard_ratings(fails, prompts, raters).upper

    by_raters = stats.lower_bound(scores, bound=two_way)
    by_prompts = stats.lower_bound(scores, prompts)
    assert by_raters is not None
    assert by_prompts is not None
    assert 4 < by_raters <= by_prompts


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        stats.q25_lower_bound([1.0, math.nan])
    with pytest.raises(ValueError, match="one list of 2 labels"):
        stats.q25_lower_bound([1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match="exactly one output of each prompt"):
        stats.q25_lower_bound([1.0, 2.0], ["a", "a"], first=[True, True])
    with pytest.raises(ValueError, match="confidence"):
        stats.q25_lower_bound([1.0], confidence=0.5)
    with pytest.raises(ValueError, match="alpha"):
        stats.lower_bound([1.0], alpha=0.5)
    with pytest.raises(ValueError, match="bound must be"):
        stats.lower_bound([1.0], ["a"], bound="bootstrap")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threshold must be finite"):
        stats.threshold_limits([1.0]).verdict(LOW)
    with pytest.raises(ValueError, match="threshold must be finite"):
        stats.fail_rate_bounds([1.0], math.nan)
