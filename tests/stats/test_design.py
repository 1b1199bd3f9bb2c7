"""Planned designs against simulated certifications, and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multinomial

from qfloor import stats
from qfloor.stats import every_repeat_many


def fails(rng, prompts, repeats, votes, rate, fail_icc, rater_icc, n):
    """Fails with the planned correlations: a shared draw by prompt, by output, or none.

    Ratings copy their prompt's draw with probability ``fail_icc ** .5``, else their output's
    likewise, so two of a prompt agree by ``fail_icc`` and two of an output by ``rater_icc``.
    """
    shape = (n, prompts, repeats, votes)
    of_prompt = rng.random((n, prompts, 1, 1)) < rate
    of_output = rng.random((n, prompts, repeats, 1)) < rate
    own = rng.random(shape) < rate
    a = fail_icc**0.5
    b = (max(0.0, rater_icc - fail_icc)) ** 0.5
    which = rng.random(shape)
    return np.where(which < a, of_prompt, np.where(which < a + b, of_output, own))


@pytest.mark.parametrize(
    ("repeats", "votes", "fail_icc", "rater_icc"),
    [(2, 1, 0.28, 0.5), (4, 1, 0.28, 0.5), (1, 3, 0.0, 0.4), (2, 2, 0.2, 0.35)],
)
def test_the_design_effect_is_that_of_simulated_ratings(repeats, votes, fail_icc, rater_icc):
    rng = np.random.default_rng(0)
    y = fails(rng, 40, repeats, votes, 0.2, fail_icc, rater_icc, 4000)
    n = 40 * repeats * votes
    seen = np.var(y.reshape(4000, -1).mean(axis=1)) / (0.2 * 0.8 / n)
    planned = stats.planned_design_effect(repeats, votes, fail_icc, rater_icc)
    assert seen == pytest.approx(planned, rel=0.08)


@pytest.mark.parametrize(("repeats", "votes"), [(2, 1), (4, 1), (1, 3), (2, 2)])
def test_planned_prompts_have_the_power_they_promise(repeats, votes):
    """Certified by Korn-Graubard as floors are, in about the share of rounds that was asked."""
    icc = {"fail_icc": 0.2, "rater_icc": 0.35}
    prompts = stats.prompts_for(0.1, 0.05, repeats=repeats, votes=votes, **icc)
    y = fails(np.random.default_rng(1), prompts, repeats, votes, 0.1, **icc, n=1500)
    shares = y.reshape(1500, prompts, -1).mean(axis=2)
    bounds = [stats.korn_graubard_upper(row, repeats * votes) for row in shares]
    certified = np.mean(np.array(bounds) <= 0.25)
    assert 0.76 <= certified <= 0.93


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.15])
@pytest.mark.parametrize("alpha", [0.05 / 7, 0.05 / 40])
def test_planned_prompts_have_their_power_at_small_levels(rate, alpha):
    """Exactly, over all outcomes of two repeats: the exact bound of every repeat decides."""
    prompts = stats.prompts_for(rate, alpha, repeats=2)
    one, two = np.indices((prompts + 1, prompts + 1)).reshape(2, -1)
    counts = np.stack([prompts - one - two, one, two], axis=1)
    counts = counts[counts[:, 0] >= 0]
    both = stats.FAIL_ICC * rate * (1 - rate) + rate**2
    chances = np.array([1 - 2 * rate + both, 2 * (rate - both), both])
    likely = multinomial.pmf(counts, prompts, chances)
    counts, likely = counts[likely > 1e-9], likely[likely > 1e-9]
    p = every_repeat_many.tails(np.array([0, 0.5, 1]), counts + np.array([0.0, 0.0, 1.0]), 0.25)
    assert 0.75 <= likely[p <= alpha].sum() <= 0.87


def test_one_output_each_is_the_planning_table():
    for rate in (0.02, 0.1, 0.15):
        for alpha in (0.05, 0.05 / 7, 0.05 / 280):
            assert stats.prompts_for(rate, alpha) == stats.prompts_needed(rate, alpha)


@given(
    rate=st.floats(0.0, 0.2),
    repeats=st.integers(1, 6),
    votes=st.integers(1, 5),
    alpha=st.sampled_from([0.05, 0.02, 0.005]),
)
def test_more_values_never_need_more_prompts(rate, repeats, votes, alpha):
    one = stats.prompts_for(rate, alpha)
    many = stats.prompts_for(rate, alpha, repeats=repeats, votes=votes)
    if one is None:
        assert many is None
        return
    assert stats.min_prompts(alpha, 0.25) <= many <= one + (repeats * votes > 1)


@given(output=st.floats(0.001, 5.0), rating=st.floats(0.001, 1.0), rate=st.floats(0.01, 0.18))
def test_the_first_design_is_the_cheapest_by_hand(output, rating, rate):
    found = stats.designs(rate, 0.05, output_price=output, rating_price=rating)
    by_hand = min(
        stats.prompts_for(rate, 0.05, repeats=m, votes=v) * m * (output + v * rating)
        for m in range(1, 7)
        for v in range(1, 6)
    )
    assert found[0].cost == pytest.approx(by_hand)
    assert [d.cost for d in found] == sorted(d.cost for d in found)


def test_dear_outputs_buy_ratings_and_dear_ratings_buy_prompts():
    dear = stats.designs(0.1, 0.05, output_price=2.0, rating_price=0.01)[0]
    assert (dear.repeats, dear.votes) == (1, 5)
    cheap = stats.designs(0.1, 0.05, output_price=0.003, rating_price=0.05)[0]
    assert (cheap.repeats, cheap.votes) == (1, 1)
    scarce = stats.designs(0.1, 0.05, output_price=0.003, rating_price=0.05, most_prompts=35)[0]
    assert scarce.repeats * scarce.votes > 1
    assert scarce.prompts <= 35
    assert stats.designs(0.24, 0.0001, output_price=1, rating_price=1, most_prompts=100) == []
    corrected = stats.designs(0.1, 0.001, output_price=2.0, rating_price=0.01)[0]
    assert (corrected.repeats, corrected.votes) == (1, 5)  # at small levels ratings count as well


@pytest.mark.parametrize(
    "bad",
    [{"output_price": -1.0}, {"rating_price": float("inf")}, {"fail_icc": 0.6}, {"rater_icc": 1.1}],
)
def test_what_cannot_be_is_refused(bad):
    with pytest.raises(ValueError):
        stats.designs(0.1, 0.05, **{"output_price": 1.0, "rating_price": 1.0, **bad})
    with pytest.raises(ValueError):
        stats.planned_design_effect(0, 1)
