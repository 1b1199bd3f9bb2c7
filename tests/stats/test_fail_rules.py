"""What is computed at few steps only is what computing it at every step would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from qfloor import stats
from qfloor.stats.clusters import effective_size
from qfloor.stats.fail_path import FailPath
from qfloor.stats.fail_rules import (
    Rule,
    _undominated,
    exact_bound,
    n_passing,
    rule_of,
    upper_bound,
)
from qfloor.stats.fail_scan import Search, _above, korn_graubard_passing, tail_of
from qfloor.stats.two_way import severity_ratio

alphas = st.sampled_from([0.3, 0.05, 0.02, 0.05 / 7, 0.05 / 280])
tolerances = st.sampled_from([0.05, 0.1, 0.25, 0.4])
rules = st.sampled_from(["auto", "korn_graubard", "one_repeat", "every_repeat", "both"])


@st.composite
def paths(draw: st.DrawFn) -> FailPath:
    """Draw a path: repeats, ties and fail markers; at times weights, or raters."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = rng.integers(1, draw(st.integers(2, 5)), size=draw(st.integers(1, 90)))
    prompts = np.repeat(np.arange(sizes.size), sizes)
    scores = np.round(
        rng.normal(size=sizes.size)[prompts] + rng.normal(size=prompts.size),
        draw(st.integers(0, 3)),
    )
    scores[rng.random(scores.size) < draw(st.sampled_from([0.0, 0.05, 0.5]))] = -np.inf
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more["raters"] = rng.integers(0, 8, size=scores.size)
    if draw(st.booleans()):
        more["weights"] = rng.choice([1.0, 3.0], size=sizes.size)[prompts]
        more["first"] = np.append(True, prompts[1:] != prompts[:-1]) & (
            rng.random(scores.size) < 0.8
        )
    return stats.build_path(scores, prompts, **more)


def _by_itself(path: FailPath, step: int, alpha: float, rule: Rule, *, mirror: bool) -> float:
    """Bound of one step: the largest of all that must hold there."""
    found = []
    for part in rule_of(path, alpha, rule)[1]:
        if part == "one_repeat":
            found.append(exact_bound(path, step, alpha, mirror=mirror))
        elif part == "every_repeat":
            shares = path.fail_shares(step)
            upper = stats.every_repeat_upper
            seen = 1.0 - shares if mirror else shares
            found.append(upper(seen, 1.0 - alpha) if seen.size else 1.0)
        else:
            n_star = path.worth(step, alpha)[1]
            p = float(1.0 - path.p[step] if mirror else path.p[step])
            k, room = p * n_star, n_star - p * n_star
            bound = float(special.betainccinv(k + 1.0, room, alpha)) if room > 0.0 else 1.0
            found.append(bound if path.raters is None else _with_raters(path, step, p, alpha))
            found.append(float(special.betainccinv(1.0, path.size, alpha)))
    return max(found)


def _with_raters(path: FailPath, step: int, p: float, alpha: float) -> float:
    """By halving: where the tail meets alpha if raters add what they would at that rate."""
    own = path.prompts.variance(float(path.p[step]), int(path.at[step]))
    if path.weighted:
        own = max(own, path.prompts.kish_at(float(path.p[step]), int(path.at[step])))
    more = path.variance(step) - own
    low, high = 0.0, 1.0
    while high - low > 1e-13:
        u = (low + high) / 2.0
        then = own + more * float(severity_ratio(p, u))
        n_star = effective_size(p, then, path.most, path.size, path.df, alpha)
        room = n_star - p * n_star
        above = room <= 0.0 or u <= p or special.betaincc(p * n_star + 1.0, room, u) > alpha
        low, high = (u, high) if above else (low, u)
    return high


@given(path=paths(), alpha=alphas, rule=rules, mirror=st.booleans())
@settings(max_examples=100)
def test_the_bound_of_a_step_is_the_largest_up_to_it(
    path: FailPath, alpha: float, rule: Rule, mirror: bool
) -> None:
    bounds = [_by_itself(path, s, alpha, rule, mirror=mirror) for s in range(path.p.size)]
    for step in {0, path.p.size // 3, path.p.size - 1}:
        expected = max(bounds[step:] if mirror else bounds[: step + 1])
        found = upper_bound(path, step, alpha, rule, mirror=mirror)
        assert found == pytest.approx(expected, rel=1e-9)


def test_more_fails_never_make_the_published_bound_smaller() -> None:
    """One of 20 prompts fails four times; three more prompts, once each, look like better news."""
    scores = np.full((20, 4), 2.0)
    scores[0], scores[[5, 11, 12], 1] = 0.0, 1.0
    prompts = np.repeat(np.arange(20), 4)
    alone = [
        stats.korn_graubard_upper((scores < t).mean(axis=1), 4, 1.0 - 0.05 / 7) for t in (0.5, 1.5)
    ]
    assert alone == pytest.approx([0.34173, 0.31666], abs=1e-5)
    found = [
        stats.fail_rate_bounds(
            scores.ravel(), t, prompts, alpha=0.05 / 7, bound="korn_graubard"
        ).upper
        for t in (0.5, 1.5)
    ]
    assert found == pytest.approx([alone[0], alone[0]], rel=1e-9)


@given(path=paths(), alpha=alphas, max_fail=tolerances, rule=rules, mirror=st.booleans())
@settings(max_examples=200)
def test_steps_pass_until_the_first_that_does_not(
    path: FailPath, alpha: float, max_fail: float, rule: Rule, mirror: bool
) -> None:
    found = n_passing(path, alpha, max_fail, rule, mirror=mirror)
    order = range(path.p.size - 1, -1, -1) if mirror else range(path.p.size)
    bounds = [upper_bound(path, step, alpha, rule, mirror=mirror) for step in order]
    near = 1e-9  # where the bound is the tolerated rate itself, rounding decides
    assert all(bound <= max_fail + near for bound in bounds[:found])
    assert all(bound > max_fail - near for bound in bounds[found : found + 1])


@given(path=paths())
def test_the_variance_of_one_step_is_that_of_all(path: FailPath) -> None:
    together = path.variances(0, path.p.size)
    alone = [path.variance(step) for step in range(path.p.size)]
    assert together == pytest.approx(alone, rel=1e-9, abs=1e-15)
    half = path.p.size // 2
    assert path.variances(0, half) == pytest.approx(together[:half], rel=1e-9, abs=1e-15)


@given(seed=st.integers(0, 2**32 - 1), alpha=alphas, max_fail=st.floats(0.02, 0.98))
def test_brackets_and_dominance_leave_the_same_steps_above_and_the_same_one_worst(
    seed: int, alpha: float, max_fail: float
) -> None:
    rng = np.random.default_rng(seed)
    n_star = rng.uniform(1.0, 10.0 ** rng.uniform(1, 4)) * rng.uniform(0.7, 1.0, size=200)
    k = np.sort(rng.uniform(0.0, 0.95, size=200)) * n_star
    tail = tail_of(k, n_star - k, max_fail)
    assert _above(k, n_star - k, alpha, max_fail).tolist() == (tail > alpha).tolist()
    worst = _undominated(k, n_star - k)
    assert tail[worst].max() == tail.max()
    assert tail == pytest.approx(special.betaincc(k + 1.0, n_star - k, max_fail), rel=1e-9)


@given(
    cells=st.lists(paths(), min_size=1, max_size=5),
    alpha=alphas,
    max_fail=st.sampled_from([0.1, 0.25]),
    mirror=st.booleans(),
)
def test_paths_scanned_together_pass_as_far_as_each_alone(
    cells: list[FailPath], alpha: float, max_fail: float, mirror: bool
) -> None:
    asked = [
        Search(path, alpha, max_fail, most, mirror)
        for path in cells
        if not path.exact
        for most in (path.p.size, path.p.size // 2)
    ]
    alone = [korn_graubard_passing([search])[0] for search in asked]
    assert korn_graubard_passing(asked) == alone
    assert all(end <= search.most for end, search in zip(alone, asked, strict=True))
