"""Exact tests of change, against scipy and statsmodels, and what they could have seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar

from qfloor import stats

fails = st.lists(st.booleans(), min_size=1, max_size=40)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_pairs_equal_statsmodels(pairs) -> None:
    before, after = np.array(pairs).T
    change = stats.paired_change(before, after, 0.05)
    table = [
        [int(np.sum(~before & ~after)), change.worse],
        [change.better, int(np.sum(before & after))],
    ]
    assert change.p_changed == pytest.approx(min(1.0, mcnemar(table, exact=True).pvalue))
    back = stats.paired_change(after, before, 0.05)
    assert (back.worse, back.better, back.p_changed) == (
        change.better, change.worse, pytest.approx(change.p_changed),
    )  # fmt: skip


def test_reference_of_agresti() -> None:
    before = np.repeat([0, 0, 1, 1], [794, 86, 150, 570])
    after = np.repeat([0, 1, 0, 1], [794, 86, 150, 570])
    change = stats.paired_change(before, after, 0.05)
    assert (change.worse, change.better) == (86, 150)
    assert change.p_changed == pytest.approx(3.716e-5, rel=1e-3)


@given(before=fails, after=fails)
def test_one_stratum_is_fishers_test(before, after) -> None:
    change = stats.unpaired_change([before], [after], 0.05)
    table = [[sum(after), len(after) - sum(after)], [sum(before), len(before) - sum(before)]]
    ends = [scipy_stats.fisher_exact(table, side).pvalue for side in ("greater", "less")]
    assert change.p_worse == pytest.approx(ends[0], abs=1e-9)
    assert change.p_changed == pytest.approx(min(1.0, 2 * min(ends)), abs=1e-9)


def test_strata_together_agree_with_mantel_haenszel() -> None:
    rng = np.random.default_rng(0)
    before = [rng.random(n) < 0.15 for n in (120, 80, 100)]
    after = [rng.random(n) < 0.25 for n in (110, 90, 100)]
    tables = [
        [[int(a.sum()), int((~a).sum())], [int(b.sum()), int((~b).sum())]]
        for b, a in zip(before, after, strict=True)
    ]
    exact = stats.unpaired_change(before, after, 0.05).p_changed
    large_sample = (
        StratifiedTable(np.array(tables).transpose(1, 2, 0).astype(float))
        .test_null_odds(correction=True)
        .pvalue
    )
    assert exact == pytest.approx(large_sample, rel=0.25)


def test_strata_are_not_thrown_together() -> None:
    """An easy and a hard category, twice as many hard prompts after: nothing changed."""
    easy, hard = [False] * 95 + [True] * 5, [True] * 60 + [False] * 40
    apart = stats.unpaired_change([easy, hard], [easy, hard * 2], 0.05)
    together = stats.unpaired_change([easy + hard], [easy + hard * 2], 0.05)
    assert apart.p_changed > 0.9
    assert together.p_changed < 0.05


def test_an_empty_side_says_nothing() -> None:
    change = stats.unpaired_change([[True, False], []], [[True, True], [True]], 0.05)
    assert (change.n_before, change.n_after) == (2, 2)
    for before, after in (([[]], [[True]]), ([[True]], []), ([], [])):
        with pytest.raises(ValueError):
            stats.unpaired_change(before, after, 0.05)
    with pytest.raises(ValueError):
        stats.paired_change([], [], 0.05)
    with pytest.raises(ValueError):
        stats.paired_change([1], [1, 0], 0.05)


@settings(max_examples=8)
@given(
    n=st.integers(20, 90),
    level=st.sampled_from([0.05, 0.01, 0.001]),
    churn=st.just(0.0) | st.floats(1e-6, 0.1),
)
def test_detectable_is_the_smallest_rise_with_power(n, level, churn) -> None:
    rise = stats.detectable_paired(n, level, churn)
    if rise is None:
        return
    assert power(n, level, churn, rise) >= 0.8 - 1e-9
    assert power(n, level, churn, rise - 2e-3) < 0.8


def power(n: int, level: float, churn: float, rise: float) -> float:
    """By summing over both numbers of changed prompts: another way to the same chance."""
    total = 0.0
    for worse in range(n + 1):
        p_worse = scipy_stats.binom.pmf(worse, n, min(1.0, churn + rise))
        if p_worse < 1e-14:
            continue
        better = np.arange(n - worse + 1)
        p_better = scipy_stats.binom.pmf(
            better, n - worse, churn / max(1e-300, 1 - min(1 - 1e-12, churn + rise))
        )
        rejects = [
            2 * scipy_stats.binom.cdf(b, worse + b, 0.5) <= level if worse + b else False
            for b in better
        ]
        total += p_worse * float(np.sum(p_better * rejects))
    return total


def test_detectable_by_simulation() -> None:
    rise = stats.detectable_unpaired(120, 120, 0.05, 0.15)
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(600):
        before, after = rng.random(120) < 0.15, rng.random(120) < 0.15 + rise
        seen += stats.unpaired_change([before], [after], 0.05).p_changed <= 0.05
    assert 0.68 * 600 < seen < 0.85 * 600  # exact tests are conservative
    assert stats.detectable_unpaired(5, 5, 1e-6, 0.5) is None
    assert stats.detectable_paired(5, 0.01) is None


@pytest.mark.parametrize("before", [1.0, 0.97])
def test_nothing_rises_beyond_all_fails(before) -> None:
    failed = np.arange(120) < before * 120
    found = stats.paired_change(failed, failed, 0.05)
    assert (found.detectable, found.p_changed) == (None, 1.0)
    assert stats.paired_change(~failed, ~failed, 0.05).detectable is not None


def test_shape() -> None:
    assert stats.shape_change([1, 2, 3, 4], [3, 4, 5, 6]) == pytest.approx(0.771429, abs=1e-6)
    usual = list(np.random.default_rng(0).normal(size=100))
    assert stats.shape_change(usual, [-math.inf] * 40 + usual[:60]) < 1e-6
    assert stats.shape_change([-math.inf] * 5, [-math.inf] * 5) == 1.0
    assert stats.shape_change([], [1.0]) is None
    with pytest.raises(ValueError):
        stats.shape_change([math.nan], [1.0])


@given(
    trees=st.lists(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5), min_size=1, max_size=5),
    pooled=st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5),
)
def test_parts_never_speak_before_their_tree(trees, pooled) -> None:
    names = [str(i) for i in range(len(trees))]
    whole, parts = stats.gatekeep(
        dict(zip(names, pooled, strict=False)), dict(zip(names, trees, strict=True)), 7
    )
    for name in names:
        assert all(p >= whole[name] for p in parts[name])
        assert pooled[int(name)] <= whole[name] <= min(1.0, 7 * pooled[int(name)]) + 1e-12
    with pytest.raises(ValueError):
        stats.gatekeep(dict(zip(names, pooled, strict=False)), {}, 0)


def test_planned_trees_count_whether_they_have_data_or_not() -> None:
    whole, parts = stats.gatekeep({"a": 0.02}, {"a": [0.001]}, 4)
    assert whole == {"a": pytest.approx(0.08)}
    assert parts == {"a": [pytest.approx(0.08)]}


def p_of(before: np.ndarray, after: np.ndarray) -> float:
    worse, better = int(np.sum(~before & after)), int(np.sum(before & ~after))
    return stats.mcnemar_exact(worse, better, two_sided=True)


def test_errors_stay_within_what_is_promised() -> None:
    """Ten offers of five categories, nothing changed but the first offer's first category."""
    rng = np.random.default_rng(3)
    offers, named, reports = 0, 0, 400
    for _ in range(reports):
        before = rng.random((10, 5, 60)) < 0.2
        after = np.where(rng.random(before.shape) < 0.1, rng.random(before.shape) < 0.2, before)
        after[0, 0] = rng.random(60) < 0.8
        pooled = {str(o): p_of(before[o], after[o]) for o in range(10)}
        parts = {str(o): [p_of(before[o, c], after[o, c]) for c in range(5)] for o in range(10)}
        whole, inner = stats.gatekeep(pooled, parts, 10)
        offers += min(whole[str(o)] for o in range(1, 10)) <= 0.05
        named += min(inner["0"][1:]) <= 0.05
    allowed = reports * 0.05 + 3 * math.sqrt(reports * 0.05 * 0.95)
    assert offers <= allowed
    assert named <= allowed
