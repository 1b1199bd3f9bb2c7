"""Many cells looked up together say what each would say alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats import every_repeat, every_repeat_many
from qfloor.stats.fail_tally import MOST_VALUES, FailTally

LATTICE = np.array([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0])
rows_of = st.lists(
    st.lists(st.integers(0, 80), min_size=7, max_size=7).filter(lambda row: sum(row) > 0),
    min_size=1,
    max_size=8,
)


@given(
    rows=rows_of,
    rate=st.sampled_from([0.05, 0.1, 0.25, 0.6, 0.9]),
    alpha=st.sampled_from([0.05, 0.05 / 7, 0.05 / 280]),
)
@settings(deadline=None)
def test_rows_are_what_each_is_alone(rows: list[list[int]], rate: float, alpha: float) -> None:
    counts = np.array(rows, dtype=float)
    counts[:, -1] += 1.0
    n = len(rows)
    rates, alphas = np.full(n, rate), np.full(n, alpha)
    tails = every_repeat_many.tails(LATTICE, counts, rates)
    clear = every_repeat_many.clear(LATTICE, counts, rates, alphas)
    uppers = every_repeat_many.upper_bounds(LATTICE, counts, alphas)
    for i, row in enumerate(rows):
        shares = np.repeat(LATTICE, row)
        found = every_repeat.tally(shares)
        assert tails[i] == pytest.approx(every_repeat.tail(*found, rate), rel=1e-7, abs=1e-12)
        assert clear[i] == (tails[i] <= alpha)
        assert uppers[i] == pytest.approx(every_repeat.upper_bound(shares, alpha), abs=1e-9)


@given(st.lists(st.integers(1, MOST_VALUES), min_size=1, max_size=12), st.randoms())
def test_prompts_are_followed_from_share_to_share(sizes: list[int], rng: object) -> None:
    group = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(group)  # type: ignore[attr-defined]
    tally = FailTally.of(group, np.array(sizes))
    assert tally is not None
    for m in range(group.size + 1):
        failed = np.bincount(group[:m], minlength=len(sizes)) / np.array(sizes)
        values, counts = np.unique(failed.round(12), return_counts=True)
        there = tally.counts[:, m]
        assert dict(zip(tally.values[there > 0].tolist(), there[there > 0].tolist(), strict=True)) \
            == dict(zip(values.tolist(), counts.tolist(), strict=True))  # fmt: skip


def test_prompts_of_many_values_are_left_to_be_asked_alone() -> None:
    assert FailTally.of(np.zeros(7, dtype=np.int64), np.array([7])) is None


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 40])
@pytest.mark.parametrize("repeats", [2, 3])
def test_a_table_looked_up_says_what_its_cells_say(alpha: float, repeats: int) -> None:
    rng = np.random.default_rng(5)
    asked, alone = [], []
    for _ in range(12):
        prompts = np.repeat(np.arange(40), repeats)[: -int(rng.integers(1, 4))]
        scores = rng.normal(6.0 + rng.normal(), 1.0, prompts.size).round(1)
        scores[rng.random(prompts.size) < 0.05] = -np.inf
        asked.append(stats.build_path(scores, prompts))
        alone.append(stats.build_path(scores, prompts))
    at, rates = (4.0, 5.5), (0.1, 0.25)
    rule = stats.planned_rule(asked[0], alpha)
    passing = [(rate, False) for rate in rates] + [(1.0 - rate, True) for rate in rates]
    stats.look_up(
        stats.Asked(path=path, alpha=alpha, rule=rule, passing=passing, thresholds=at,
                    max_fails=rates)
        for path in asked
    )  # fmt: skip
    assert all(path.known for path in asked)
    for one, other in zip(asked, alone, strict=True):
        for rate in rates:
            limits = [
                stats.path_limits(path, alpha=alpha, max_fail=rate, rule=rule)
                for path in (one, other)
            ]
            assert limits[0] == limits[1]
            for t in at:
                p = [stats.p_value(path, t, rate, rule) for path in (one, other)]
                assert p[0] == pytest.approx(p[1], rel=1e-9)
        for t in at:
            for bound in (stats.path_upper, stats.path_lower):
                found = [bound(path, t, alpha=alpha, rule=rule) for path in (one, other)]
                assert found[0] == pytest.approx(found[1], abs=1e-11)
    assert not any(path.known for path in alone)
