"""Intervals over prompts and raters hold where a few raters give most of the votes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qfloor import stats

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "validity"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("crossing_coverage")


def test_raters_part_is_right_on_average_whatever_their_loads(study: Any) -> None:
    loads = next(found for found in study.LOADS if found.name.startswith("four of 34"))
    rng = np.random.default_rng(3)
    heads = np.maximum(1, np.round(np.array(loads.shares) * 600).astype(int))
    rater = np.repeat(np.arange(heads.size), heads)
    crossed = stats.crossing(np.arange(rater.size), rater)
    truth = float(np.sum((heads / heads.sum()) ** 2))
    seen = []
    for _ in range(2_000):
        felt = rng.standard_normal(heads.size)[rater]
        residual = felt - felt.mean()
        part = np.bincount(rater, weights=crossed.weight * residual)
        prompts, more = crossed.parts(residual)
        seen.append(max(prompts + more, float(part @ part)))
    assert np.mean(seen) == pytest.approx(truth, rel=0.08)  # counted by heads .78 of it


@pytest.mark.parametrize("name", ["four of 34 give a fifth each", "12 raters alike"])
def test_few_say_yes_and_raters_differ(study: Any, name: str) -> None:
    loads = next(found for found in study.LOADS if found.name == name)
    runs = 500
    _, _, outside, over, silent = study.misses(loads, 1.0, 0.05, runs, seed=7)
    error = np.sqrt(0.05 * 0.95 / runs)
    assert max(outside, over) <= 0.05 + 3 * error
    assert over > 0.005  # it says something
    assert silent == 0


def test_an_interval_of_no_is_that_of_yes_turned_round() -> None:
    rng = np.random.default_rng(1)
    votes = stats.crossing(rng.integers(0, 40, 200), rng.integers(0, 9, 200))
    yes = rng.random(200) < 0.2
    for_it, against = stats.two_way_share(yes, votes), stats.two_way_share(~yes, votes)
    assert for_it.low is not None
    assert for_it.high is not None
    assert (against.high, against.low) == pytest.approx((1 - for_it.low, 1 - for_it.high), abs=1e-9)
