"""A short, seeded part of benchmarks/validity/blind_coverage.py: intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.abtest.estimands import detection_of, discriminability_of, severity_of
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.abtest.votes import votes_of

PLAN = AnalysisPlan(digest="simulated")
RUNS = 60
FEWEST = 51  # of 60 at 95 %: fewer has a chance of .3 %

WORLDS = {
    "null": World(false_alarm=0.1),
    "small": World(visible=0.08, worse=0.02, false_alarm=0.05),
    "large": World(visible=0.4, worse=0.05, false_alarm=0.1),
    "lazy": World(visible=0.1, false_alarm=0.05, lazy=0.2),
    "side-biased": World(visible=0.1, false_alarm=0.3, left_bias=0.9),
    "differ": World(visible=0.2, seen=0.7, seen_spread=0.2, false_alarm_spread=0.04),
}


SHORT = ("null", "differ")  # the rest in `make verify`


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in SHORT else pytest.mark.slow) for n in WORLDS]
)
def test_intervals_hold_the_truth(name: str) -> None:
    world = WORLDS[name]
    shape = Shape(pairs=300, raters=30, votes=2, placebo=0.15, catch=0.0, repeat=0.0)
    rng = np.random.default_rng(17)
    held = np.zeros(5)
    for _ in range(RUNS):
        votes = votes_of(simulate(world, shape, rng))
        test, placebo = (votes.where(votes.of_kind(kind)) for kind in ("test", "placebo"))
        found = detection_of(test, placebo, PLAN)
        net, severity = discriminability_of(test, PLAN).net, severity_of(test, PLAN)
        pairs = (
            (found.detected, world.detected), (found.wrong_way, world.wrong_way),
            (net, world.net), (found.corrected, world.corrected),
            (severity.material, world.material),
        )  # fmt: skip
        held += [f.low - 1e-9 <= truth <= f.high + 1e-9 for f, truth in pairs]
    assert held.min() >= FEWEST, held


def test_similar_is_hardly_ever_said_at_the_margin_itself() -> None:
    world = World(visible=0.2, worse=0.02, seen=0.7, seen_spread=0.15, false_alarm=0.1)
    plan = AnalysisPlan(digest="simulated", pd0=world.net)
    rng = np.random.default_rng(3)
    shape = Shape(pairs=300, raters=30, votes=1, placebo=0.0, catch=0.0, repeat=0.0)
    said = 0
    for _ in range(100):
        said += discriminability_of(votes_of(simulate(world, shape, rng)), plan).similar(0.05)
    assert said <= 13  # 5 is expected; more than 13 has a chance of .05 %
