from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats

ALPHAS = (0.05, 0.05 / 7, 0.05 / 40, 0.05 / 280)
TABLE = {  # facts, table 2d: prompts for 80 % and 90 % power at each alpha
    0.02: ((18, 18), (25, 32), (32, 40), (48, 48)),
    0.05: ((23, 29), (39, 45), (53, 65), (68, 81)),
    0.10: ((50, 65), (78, 99), (105, 126), (138, 160)),
    0.125: ((70, 93), (119, 148), (162, 197), (207, 242)),
    0.15: ((117, 153), (191, 238), (260, 317), (335, 397)),
    0.175: ((207, 273), (348, 437), (473, 577), (616, 734)),
    0.20: ((463, 634), (792, 1012), (1084, 1335), (1411, 1693)),
}


@pytest.mark.parametrize("fail_rate", TABLE)
def test_planning_table(fail_rate: float) -> None:
    found = tuple(
        tuple(stats.prompts_needed(fail_rate, alpha, power=power) for power in (0.8, 0.9))
        for alpha in ALPHAS
    )
    assert found == TABLE[fail_rate]


@given(
    fail_rate=st.floats(0.0, 0.17),
    alpha=st.sampled_from(ALPHAS),
    max_fail=st.sampled_from([0.25, 0.4]),
    power=st.sampled_from([0.5, 0.8, 0.95]),
)
def test_power_holds_from_the_answer_on_and_not_just_before(
    fail_rate: float, alpha: float, max_fail: float, power: float
) -> None:
    n = stats.prompts_needed(fail_rate, alpha, max_fail, power)
    assert n is not None
    later = [stats.certification_power(fail_rate, m, alpha, max_fail) for m in range(n, n + 200)]
    assert min(later) >= power
    assert stats.certification_power(fail_rate, n - 1, alpha, max_fail) < power


def test_power_is_what_a_simulation_finds() -> None:
    fails = np.random.default_rng(3).binomial(60, 0.12, size=20_000)
    most = stats.max_fails(60, 0.05)
    assert most is not None
    simulated = float(np.mean(fails <= most))
    assert stats.certification_power(0.12, 60, 0.05) == pytest.approx(simulated, abs=0.01)
    assert stats.certification_power(0.0, 10, 0.05) == 0.0


def test_release_level_needs_a_low_fail_rate() -> None:
    assert stats.certification_power(0.09, 120, 0.05 / 280) < 0.83
    assert stats.certification_power(0.08, 120, 0.05 / 280) > 0.83


def test_no_plan_at_or_beyond_the_tolerated_rate() -> None:
    assert stats.prompts_needed(0.25, 0.05) is None
    assert stats.prompts_needed(0.9, 0.05) is None
    assert stats.prompts_needed(0.2499, 0.05) is None
    with pytest.raises(ValueError, match="fail_rate"):
        stats.prompts_needed(-0.1, 0.05)
    with pytest.raises(ValueError, match="fail_rate"):
        stats.certification_power(1.1, 20, 0.05)
    with pytest.raises(ValueError, match="power"):
        stats.prompts_needed(0.1, 0.05, power=1.0)


@given(
    max_fail=st.sampled_from([0.05, 0.1, 0.25, 0.4]),
    share=st.floats(0.0, 0.85),
    alpha=st.sampled_from([0.1, 0.05, 0.05 / 7, 0.05 / 40, 0.05 / 280]),
    power=st.sampled_from([0.5, 0.8, 0.95]),
)
def test_the_search_finds_what_looking_at_every_size_finds(
    max_fail: float, share: float, alpha: float, power: float
) -> None:
    fail_rate = share * max_fail
    found = stats.prompts_needed(fail_rate, alpha, max_fail, power)
    assert found is not None
    if found > 3_000:  # beyond, sizes are rounded up
        return
    least = stats.min_prompts(alpha, max_fail)
    sizes = range(least, 2 * found + 100)
    short = [n for n in sizes if stats.certification_power(fail_rate, n, alpha, max_fail) < power]
    assert found == (short[-1] + 1 if short else least)
