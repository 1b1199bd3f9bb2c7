"""The live bound: equal to the one of a finished list, and right whenever one looks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=120))
@settings(max_examples=40, deadline=None)
def test_value_by_value_is_the_same_as_all_at_once(values: list[float]) -> None:
    live = stats.AnytimeBound(alpha=0.05).update_many(values)
    x = np.array(values)
    assert (live.lower, live.upper) == pytest.approx(stats.anytime_bounds(x, x, 0.05))
    assert live.mean == (None if not values else pytest.approx(x.mean()))


def test_bounds_only_ever_tighten() -> None:
    rng = np.random.default_rng(5)
    live = stats.AnytimeBound()
    low, high = 0.0, 1.0
    for value in rng.random(300) < 0.3:
        live.update(float(value))
        assert live.lower >= low
        assert live.upper <= high
        low, high = live.lower, live.upper
    assert low < 0.3 < high


@pytest.mark.parametrize("rate", [0.1, 0.25])
def test_no_false_alarm_however_often_one_looks(rate: float) -> None:
    """4,000 streams of 200: false alarms at most 5 %, and room for luck.

    An alarm above the rate is the wealth against "at most the rate" reaching 20, which the test
    above ties to the class.
    """
    rng = np.random.default_rng(7)
    bar = -np.log(0.05)
    streams = (rng.random((4000, 200)) < rate).astype(float)
    alarms = sum(stats.log_wealth(1.0 - s, 1.0 - rate).max() >= bar for s in streams)
    assert 0 < alarms <= 245  # 5 % is 200; 245 is 3 deviations


def test_a_stream_that_fails_too_often_is_told() -> None:
    live = stats.AnytimeBound(alpha=0.05)
    values = np.random.default_rng(1).random(400) < 0.5
    told = next(i for i, v in enumerate(values) if live.update(float(v)).above(0.25))
    assert told < 80
    assert not live.below(0.25)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_values_outside_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="value must lie"):
        stats.AnytimeBound().update(value)
