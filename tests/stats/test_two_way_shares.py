"""Shares, means and differences over prompts and raters: exact where they can be, invariant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from scipy import stats as scipy_stats

from qfloor import stats

EACH = np.arange(12_000)


def independent(n: int) -> stats.Crossing:
    return stats.crossing(np.arange(n), np.arange(n))


def test_golden_shares() -> None:
    votes = stats.crossing(EACH, EACH)
    share = stats.two_way_share(EACH < 360, votes)
    ends = [round(100 * end, 2) for end in (share.value, share.low, share.high, share.upper)]
    assert ends == [3.00, 2.70, 3.32, 3.27]
    assert share.method == "independent"
    material = stats.two_way_share(EACH < 144, votes)
    assert [round(100 * e, 2) for e in (material.value, material.low, material.high)] == [
        1.20, 1.01, 1.41
    ]  # fmt: skip
    minor = stats.two_way_share(np.arange(360) < 216, independent(360))
    assert [round(100 * e, 1) for e in (minor.value, minor.low, minor.high)] == [60.0, 54.7, 65.1]


def test_golden_net_and_forced_choices() -> None:
    votes = stats.crossing(EACH, EACH)
    open_ = stats.two_way_discriminability(np.repeat([1, -1, 0], [540, 180, 11_280]), votes, 0.05)
    ends = [round(100 * e, 2) for e in (open_.net.value, open_.net.low, open_.net.high)]
    assert ends == [3.00, 2.57, 3.43]
    forced = stats.two_way_discriminability(np.repeat([1, -1], [6180, 5820]), votes, 0.05)
    assert forced.pd == pytest.approx(0.030)
    assert forced.net.upper == pytest.approx(0.045, abs=5e-4)
    assert forced.p_different < 0.05  # detectable ...
    assert forced.similar(0.05)  # ... and similar
    small = stats.two_way_discriminability(np.repeat([1, -1], [520, 480]), independent(1000), 0.1)
    assert small.p_similar == pytest.approx(0.030542, abs=5e-7)


@given(st.integers(2, 300), st.data())
@settings(max_examples=50)
def test_independent_shares_are_clopper_pearson(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    found = stats.two_way_share(np.arange(n) < k, independent(n))
    assert (found.low, found.high) == pytest.approx(stats.clopper_pearson(k, n), abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400))
def test_the_score_interval_inverts_its_test(first: int, second: int, rest: int) -> None:
    n = first + second + rest
    if n == 0:
        return
    low, high = stats.paired_difference_interval(first, second, n)
    assert -1.0 <= low <= (first - second) / n <= high <= 1.0
    swapped = stats.paired_difference_interval(second, first, n)
    assert swapped == pytest.approx((-high, -low), abs=1e-9)
    upper = stats.paired_difference_upper(first, second, n, 0.05)
    if 0.0 < upper < 1.0:
        p = stats.paired_difference_p_value(first, second, n, upper)
        assert p == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "n", "delta"),
    [(7, 1, 44, 0.1), (0, 3, 60, 0.05), (5, 0, 90, -0.02), (30, 25, 200, 0.08)],
)
def test_the_score_uses_the_constrained_maximum(
    first: int, second: int, n: int, delta: float
) -> None:
    """Against a maximum of the likelihood found by search instead of Tango's formula."""

    def loss(q: float) -> float:
        shares = np.array([q + delta, q, 1 - 2 * q - delta])
        return -float(special.xlogy([first, second, n - first - second], shares).sum())

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = optimize.minimize_scalar(
        loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    ).x
    z = (first - second - n * delta) / np.sqrt(n * (2 * q + delta * (1 - delta)))
    p_value = stats.paired_difference_p_value(first, second, n, delta)
    assert p_value == pytest.approx(scipy_stats.norm.cdf(z), abs=1e-6)


@st.composite
def held(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(4, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    raters, prompts = draw(st.integers(2, 9)), draw(st.integers(2, 30))
    return rng.integers(-1, 2, n), rng.integers(0, prompts, n), rng.integers(0, raters, n)


@given(held(), st.integers(0, 2**16))
@settings(max_examples=80, deadline=None)
def test_order_names_and_arms_do_not_matter(
    given_votes: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int
) -> None:
    choice, prompt, rater = given_votes
    crossed = stats.crossing(prompt, rater)
    found = stats.two_way_discriminability(choice, crossed, 0.1)
    order = np.random.default_rng(seed).permutation(choice.size)
    renamed = stats.crossing(1000 - prompt[order], 7 * rater[order] + 3)
    again = stats.two_way_discriminability(choice[order], renamed, 0.1)
    turned = stats.two_way_discriminability(-choice, crossed, 0.1)

    def ends(net: stats.Estimate) -> list[float]:
        return [np.nan if e is None else e for e in (net.value, net.low, net.high)]

    assert ends(again.net) == pytest.approx(ends(found.net), abs=1e-9, nan_ok=True)
    value, low, high = ends(turned.net)
    assert [-value, -high, -low] == pytest.approx(ends(found.net), abs=1e-9, nan_ok=True)


def test_shared_raters_widen_and_one_rater_says_nothing_of_others() -> None:
    rng = np.random.default_rng(3)
    rater = np.repeat(np.arange(20), 30)
    chosen = rng.random(600) < rng.beta(1, 5, 20)[rater]
    alone = stats.two_way_share(chosen, stats.crossing(np.arange(600), np.arange(600)))
    shared = stats.two_way_share(chosen, stats.crossing(np.arange(600), rater))
    assert shared.n_star < 0.6 * alone.n_star
    assert shared.low < alone.low
    assert shared.high > alone.high
    one = stats.two_way_share(chosen, stats.crossing(np.arange(600), np.zeros(600, dtype=int)))
    assert (one.low, one.high, one.upper) == (None, None, None)
    assert one.conditional_on_panel
    mean = stats.two_way_mean(chosen, stats.crossing(np.arange(600), np.zeros(600, dtype=int)))
    assert mean.low is None


def test_a_mean_of_independent_values_is_students() -> None:
    x = np.random.default_rng(1).normal(0.2, 1.0, 50)
    found = stats.two_way_mean(x, independent(50))
    t = scipy_stats.ttest_1samp(x, 0.5, alternative="less")
    both = scipy_stats.ttest_1samp(x, 0.5).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(both))
    assert stats.mean_p_value(x, independent(50), 0.5) == pytest.approx(t.pvalue)


def test_heavy_pairs_count_once() -> None:
    prompt = np.concatenate([np.arange(100), np.repeat(0, 50)])
    rater = np.arange(150)
    chosen = np.concatenate([np.arange(100) < 10, np.ones(50, dtype=bool)])
    weight = 1.0 / np.bincount(prompt)[prompt]
    found = stats.two_way_share(chosen, stats.crossing(prompt, rater, weight))
    assert found.value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("prompts", "raters", "weights"),
    [([], [], None), ([1], [1, 2], None), ([1, 2], [1, 2], [1, 0]), ([0.5], [1], None)],
)
def test_what_crosses_nothing_is_refused(prompts: list, raters: list, weights: object) -> None:
    with pytest.raises(ValueError, match="must"):
        stats.crossing(prompts, raters, weights)  # type: ignore[arg-type]


@pytest.mark.parametrize("loads", [[600] + [30] * 19, [400] * 2 + [20] * 10, [60] * 30])
def test_raters_of_uneven_loads_keep_the_level(loads: list[int]) -> None:
    """A rater who gave half of all votes is no crowd, whoever else came (78 % held before)."""
    rng = np.random.default_rng(7)
    rater = np.repeat(np.arange(len(loads)), loads)
    crossed = stats.crossing(np.arange(rater.size), rater)
    held, called_similar = 0, 0
    for _ in range(300):
        seen = rng.beta(3.5, 31.5, len(loads))  # mean .1, spread .05
        choices = (rng.random(rater.size) < seen[rater]).astype(float)
        share = stats.two_way_share(choices > 0, crossed)
        held += share.low is None or share.low <= 0.1 <= share.high
        called_similar += stats.two_way_discriminability(choices, crossed, 0.1).similar(0.05)
    assert held >= 0.92 * 300
    assert called_similar <= 0.09 * 300


def test_a_rater_with_most_votes_says_nothing_of_others() -> None:
    rater = np.array([0] * 60 + [1] * 20 + [2] * 20)
    found = stats.two_way_share(np.arange(100) % 2 == 0, stats.crossing(np.arange(100), rater))
    assert found.low is None
    assert found.upper is None
