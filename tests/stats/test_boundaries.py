"""Exact sequential tests: their level, against simulation and the fixed test."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats.boundaries import SequentialRule


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 10, 0.05 / 280])
@pytest.mark.parametrize("max_fail", [0.25, 0.10, 0.05])
@pytest.mark.parametrize("horizon", [1, 20, 120, 300])
def test_each_side_spends_no_more_than_alpha(alpha: float, max_fail: float, horizon: int) -> None:
    done = stats.operation(stats.exact_boundary(horizon, alpha, max_fail), max_fail)
    assert done.certified <= alpha
    assert done.rejected <= alpha


def test_alpha_is_spent_where_an_e_process_leaves_a_third() -> None:
    exact = stats.operation(stats.exact_boundary(300, 0.05), 0.25)
    betting = stats.operation(stats.e_process_boundary(300, 0.05), 0.25)
    assert exact.certified > 0.98 * 0.05
    assert betting.certified < 0.75 * 0.05


@pytest.mark.parametrize("looks", [None, (20, 40, 60, 80)])
def test_level_by_simulation_of_every_path(looks: tuple[int, ...] | None) -> None:
    rng, repetitions = np.random.default_rng(5), 20_000
    boundary = stats.exact_boundary(80, 0.05, 0.25, looks)
    fails = np.cumsum(rng.random((repetitions, 80)) < 0.25, axis=1)
    ever = np.mean(np.any(fails <= boundary.certify[1:], axis=1))
    exact = stats.operation(boundary, 0.25).certified
    error = np.sqrt(0.05 * 0.95 / repetitions)
    assert ever == pytest.approx(exact, abs=4 * error)
    assert ever <= 0.05 + 3 * error


def test_never_asks_less_than_a_fixed_test_at_the_same_prompts() -> None:
    boundary = stats.exact_boundary(150, 0.01)
    for n in range(1, 151):
        allowed = stats.max_fails(n, 0.01)
        assert boundary.certify[n] <= (-1 if allowed is None else allowed)


@pytest.mark.parametrize("fail_rate", [0.03, 0.12, 0.2, 0.45])
def test_operation_agrees_with_simulation(fail_rate: float) -> None:
    boundary, n = stats.exact_boundary(60, 0.05), 20_000
    rng = np.random.default_rng(7)
    fails = np.cumsum(rng.random((n, 60)) < fail_rate, axis=1)
    fine, bad = fails <= boundary.certify[1:], fails >= boundary.reject[1:]
    at = np.arange(1, 61)
    first_fine = np.where(fine, at, 99).min(axis=1)
    first_bad = np.where(bad, at, 99).min(axis=1)
    done = stats.operation(boundary, fail_rate)
    assert np.mean(first_fine < first_bad) == pytest.approx(done.certified, abs=0.015)
    assert np.mean(first_bad < first_fine) == pytest.approx(done.rejected, abs=0.015)
    ends = np.minimum(np.minimum(first_fine, first_bad), 60)
    assert ends.mean() == pytest.approx(done.prompts, abs=0.5)


def test_e_process_boundary_is_where_the_e_process_decides() -> None:
    boundary = stats.e_process_boundary(60, 0.05)
    rng = np.random.default_rng(3)
    for fail_rate in (0.02, 0.1, 0.4, 0.8):
        for _ in range(20):
            shares = (rng.random(60) < fail_rate).astype(float)
            process = stats.EProcess(alpha=0.05).update_many(shares)
            fails = np.cumsum(shares)
            fine = np.flatnonzero(fails <= boundary.certify[1:])
            bad = np.flatnonzero(fails >= boundary.reject[1:])
            ends = [int(f[0]) + 1 for f in (fine, bad) if f.size]
            assert process.decided_at == (min(ends) if ends else None)


def test_chance_to_decide_is_that_of_drawing_a_rate_and_then_fails() -> None:
    boundary, rng = stats.exact_boundary(100, 0.05), np.random.default_rng(1)
    rates = rng.beta(0.5 + 3, 0.5 + 17, size=200_000)
    total = 3 + rng.binomial(80, rates)
    drawn = np.mean((total <= boundary.certify[-1]) | (total >= boundary.reject[-1]))
    assert stats.chance_to_decide(boundary, 3, 20) == pytest.approx(drawn, abs=0.006)


def test_leaving_the_hopeless_costs_less_and_never_more_errors() -> None:
    boundary = stats.exact_boundary(120, 0.005)
    stay = stats.operation(boundary, 0.25)
    leave = stats.operation(boundary, 0.25, patience=1.0, every=5)
    assert leave.prompts < 0.6 * stay.prompts
    assert leave.certified <= stay.certified <= 0.005


@settings(max_examples=30, deadline=None)
@given(fails=st.integers(0, 20), n=st.integers(20, 60), rate=st.floats(0.0, 1.0, allow_nan=False))
def test_prompts_to_decide_stays_within_what_is_left(fails: int, n: int, rate: float) -> None:
    boundary = stats.exact_boundary(60, 0.05)
    assert 0 <= stats.prompts_to_decide(boundary, fails, n, rate) <= 60 - n


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0, 0.05), "horizon"), ((10, 0.0), "alpha"), ((10, 0.05, 1.0), "max_fail")],
)
def test_what_is_out_of_range_is_told(arguments: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        stats.exact_boundary(*arguments)
    with pytest.raises(ValueError, match=words):
        stats.e_process_boundary(*arguments)


def test_more_patience_goes_on_wherever_less_does() -> None:
    boundary = stats.exact_boundary(80, 0.02)
    goes = [stats.worth_going_on(boundary, patience) for patience in (0.2, 1.0, 5.0)]
    for less, more in pairwise(goes):
        assert all((~few | many).all() for few, many in zip(less, more, strict=True))
    assert sum(int(now.sum()) for now in goes[0]) < sum(int(now.sum()) for now in goes[2])
    with pytest.raises(ValueError, match="patience"):
        stats.worth_going_on(boundary, 0.0)


@pytest.mark.parametrize("fail_rate", [0.02, 0.12, 0.2, 0.3, 0.5])
def test_worth_is_the_best_of_all_ways_to_leave_at_a_fixed_prompt(fail_rate: float) -> None:
    """Verdicts less cost under the prior beat "never" and "at prompt 20", averaged over rates."""
    boundary, patience = stats.exact_boundary(60, 0.05), 1.0
    cost = 1.0 / 60
    rates = np.linspace(0.0005, 0.9995, 400)
    weights = 1.0 / np.sqrt(rates * (1 - rates))

    def value(leave: float | None) -> float:
        done = [stats.operation(boundary, r, patience=leave) for r in rates]
        gain = np.array([d.certified + d.rejected - cost * d.prompts for d in done])
        return float((gain * weights).sum() / weights.sum())

    assert value(patience) > value(None)
    assert stats.operation(boundary, fail_rate, patience=patience).prompts <= (
        stats.operation(boundary, fail_rate).prompts
    )


@pytest.mark.parametrize("rule", ["exact_sequential", "e_process"])
@pytest.mark.parametrize("horizon", [40, 141])
def test_what_crosses_at_a_level_has_crossed_at_every_larger_one(
    rule: SequentialRule, horizon: int
) -> None:
    """Holm hangs on it: a certificate must not be lost because another cell has closed."""
    chains = 12
    ladder = [
        stats.shared_boundary(horizon, 0.05, chains=chains, closed=(n, n), rule=rule)
        for n in range(chains)
    ]
    for n, (strict, lax) in enumerate(pairwise(ladder)):
        assert (strict.certify <= lax.certify).all()
        assert (strict.reject >= lax.reject).all()
        done = stats.operation(strict, 0.25)
        assert max(done.certified, done.rejected) <= 0.05 / (chains - n)
        assert done.certified > 0.5 * 0.05 / (chains - n) or rule == "e_process" or horizon < 100
    last = stats.shared_boundary(horizon, 0.05, chains=chains, closed=(chains, 0), rule=rule)
    made = stats.exact_boundary if rule == "exact_sequential" else stats.e_process_boundary
    assert (last.certify == made(horizon, 0.05).certify).all()
    assert (last.reject == ladder[0].reject).all()


def test_more_closed_than_there_are_is_told() -> None:
    with pytest.raises(ValueError, match="of 3 tests 4 and 0 cannot have closed"):
        stats.shared_boundary(20, 0.05, chains=3, closed=(4, 0))


def test_a_large_family_keeps_no_boundaries_that_nobody_asks_for() -> None:
    """Of 280 levels a family may come to it asks for two; an e-process needs no others."""
    stats.e_process_boundary.cache_clear()
    stats.exact_boundary.cache_clear()
    stats.shared_boundary(31, 0.05, chains=280, closed=(3, 5), rule="e_process")
    stats.shared_boundary(31, 0.05, chains=280, closed=(3, 5))
    assert stats.e_process_boundary.cache_info().misses == 2
    assert stats.exact_boundary.cache_info().currsize == 1
