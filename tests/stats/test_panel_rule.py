"""Many cells of one design at once: verdict by verdict what floors' own path says of each."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.stats.fail_path import build_path
from qfloor.stats.fail_rules import planned_rule
from qfloor.stats.panel_rule import PanelRule
from qfloor.stats.rater_parts import effective_raters
from qfloor.stats.thresholds import path_certified_to
from qfloor.stats.two_way import FEW_RATERS


def _floors_say(fails, each, raters, alpha, max_fail):
    """The verdict of a cell in which a fail scores 0 and the rest 1, at the threshold 1."""
    prompt, rater = np.arange(fails.size) // each, np.arange(fails.size) % raters
    few = round(effective_raters(np.bincount(rater))) < FEW_RATERS
    path = build_path(np.where(fails, 0.0, 1.0), prompt, raters=None if few else rater)
    found = path_certified_to(path, alpha=alpha, max_fail=max_fail, rule=planned_rule(path, alpha))
    return found is not None and found >= 1.0


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01, 0.004, 0.0002])
@pytest.mark.parametrize("raters", [1, 5, 6, 9, 40, 200])
def test_it_says_of_each_cell_what_floors_do(alpha, raters):
    rng = np.random.default_rng(int(alpha * 1e4) + raters)
    verdicts = []
    for each, max_fail in ((1, 0.25), (2, 0.25), (3, 0.4), (6, 0.1)):
        prompts = int(rng.integers(9, 90))
        rule = PanelRule(prompts=prompts, each=each, raters=raters, alpha=alpha, max_fail=max_fail)
        likely = rng.uniform(0.0, max_fail, (12, 1, 1)) + 0.3 * (rng.random((12, prompts, 1)) - 0.5)
        fails = (rng.random((12, prompts, each)) < likely).reshape(12, -1)
        fails[0], fails[1] = False, True
        said = [_floors_say(cell, each, raters, alpha, max_fail) for cell in fails]
        assert rule.certified(fails).tolist() == said
        verdicts += said
    assert not all(verdicts)


def test_both_verdicts_come():
    rule = PanelRule(prompts=80, each=2, raters=20, alpha=0.01, max_fail=0.25)
    fails = np.random.default_rng(1).random((400, 160)) < 0.12
    said = rule.certified(fails)
    assert 0.2 < said.mean() < 0.98
    assert said.tolist() == [_floors_say(cell, 2, 20, 0.01, 0.25) for cell in fails]
