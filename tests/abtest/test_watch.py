"""The live audit: alarms when it must, hardly ever when it must not, and reads only test trials."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.abtest.watch import DiscriminabilityWatch, FailWatch


def test_fails_beyond_the_limit_raise_an_alarm_and_stay_one() -> None:
    rng = np.random.default_rng(2)
    watch = FailWatch(limit=0.25)
    assert watch.state.standing == "open"
    assert "nothing seen yet" in watch.state.sentence
    for failed in rng.random(200) < 0.45:
        watch.update(float(failed))
    assert watch.state.standing == "alarm"
    assert watch.state.sentence.startswith("ALARM: served fail rate")
    for _ in range(300):
        watch.update(0.0)
    assert watch.state.standing == "alarm"  # it was crossed at some time: that is kept


def test_a_good_stream_is_called_within_the_limit() -> None:
    watch = FailWatch(limit=0.25)
    for failed in np.random.default_rng(3).random(300) < 0.08:
        watch.update(float(failed))
    state = watch.state
    assert state.standing == "within the limit"
    assert state.lower <= 0.08 <= state.upper <= 0.25


def test_only_test_trials_enter_and_sides_do_not_matter() -> None:
    answers = simulate(World(visible=0.4, seen=0.9), Shape(pairs=500), np.random.default_rng(0))
    watch = DiscriminabilityWatch(limit=0.1).take(answers)
    assert watch.state.n == 500
    assert watch.state.standing == "alarm"
    assert watch.state.value == pytest.approx(0.36, abs=0.06)


def test_votes_of_one_pair_are_one_bet() -> None:
    shape = Shape(pairs=40, votes=5)
    answers = simulate(World(visible=0.4, seen=0.9), shape, np.random.default_rng(1))
    tested = [a for a in answers if a.kind == "test"]
    assert len(tested) > len({a.pair_id for a in tested})
    assert DiscriminabilityWatch(limit=0.1).take(answers).state.n == len(
        {a.pair_id for a in tested if a.response != "skip"}
    )


def test_false_alarms_of_discriminability_over_all_looks() -> None:
    """60 sessions at the very limit, looked at after each vote."""
    rng = np.random.default_rng(9)
    alarms = 0
    for _ in range(60):
        watch = DiscriminabilityWatch(limit=0.1)
        choices = rng.choice([1, 0, -1], 40, p=[0.2, 0.7, 0.1])
        alarms += any(watch.update(int(c)).state.standing == "alarm" for c in choices)
    assert alarms <= 9  # 5 % is 3; more than 9 has a chance of .1 %


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.2])
def test_limits_that_mean_nothing_are_refused(limit: float) -> None:
    for kind in (FailWatch, DiscriminabilityWatch):
        with pytest.raises(ValueError, match="limit must"):
            kind(limit)


def test_other_choices_are_refused() -> None:
    with pytest.raises(ValueError, match="choice must be"):
        DiscriminabilityWatch(0.1).update(2)
