"""Prediction-powered fail rates: what they reduce to, what they equal, and what they cover."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from qfloor import stats
from qfloor.stats import prediction_powered_fail_rate


def _study(
    rng: np.random.Generator, n: int, extra: int, r: float, fail: float = 0.25, repeats: int = 1
) -> tuple[np.ndarray, ...]:
    """Labels, predictions and clusters; predictions correlate ``r`` with what decides a fail."""
    size = (n + extra) * repeats
    prompt = np.repeat(np.arange(n + extra), repeats)
    shared = rng.standard_normal(n + extra)[prompt]
    latent = np.sqrt(0.5) * shared + np.sqrt(0.5) * rng.standard_normal(size)
    noise = np.sqrt(0.5) * rng.standard_normal(n + extra)[prompt] + np.sqrt(
        0.5
    ) * rng.standard_normal(size)
    metric = r * latent + np.sqrt(1 - r**2) * noise
    cut = special.ndtri(fail)
    f = special.ndtr((cut - r * metric) / np.sqrt(1 - r**2))
    labelled = prompt < n
    return (
        latent[labelled] < cut,
        f[labelled],
        prompt[labelled],
        f[~labelled],
        prompt[~labelled],
    )


def test_a_useless_prediction_leaves_korn_graubard_as_it_was() -> None:
    rng = np.random.default_rng(0)
    fails, _, prompts, g, others = _study(rng, 60, 300, 0.5, repeats=4)
    found = prediction_powered_fail_rate(fails, np.full(fails.size, 0.2), prompts, g, others)
    shares = fails.reshape(60, 4).mean(axis=1)
    assert found.weight == 0.0
    assert not found.adds
    assert found.upper == pytest.approx(stats.korn_graubard_upper(shares, 4), abs=1e-12)
    assert found.upper == found.upper_labels
    one = prediction_powered_fail_rate(
        fails[::4], np.full(60, 0.2), prompts[::4], g, others, confidence=0.99
    )
    exact = stats.clopper_pearson_upper(int(fails[::4].sum()), 60, 0.01)
    assert one.upper == pytest.approx(exact, abs=1e-12)


def test_with_raters_a_useless_prediction_leaves_the_two_way_bound() -> None:
    rng = np.random.default_rng(1)
    fails, f, prompts, g, others = _study(rng, 80, 300, 0.5, repeats=3)
    raters = rng.integers(0, 9, fails.size)
    alone = stats.korn_graubard_ratings(fails, prompts, raters)
    found = prediction_powered_fail_rate(fails, f, prompts, g, others, raters=raters, weight=0.0)
    assert found.upper == pytest.approx(alone.upper, abs=1e-12)
    powered = prediction_powered_fail_rate(fails, f, prompts, g, others, raters=raters, weight=0.5)
    no_raters = prediction_powered_fail_rate(fails, f, prompts, g, others, weight=0.5)
    assert powered.powered.variance >= no_raters.powered.variance


@pytest.mark.parametrize("known", [False, True])
def test_prompts_that_fail_equally_often_leave_the_bound_of_labels(known: bool) -> None:
    fails = np.eye(4, 3, dtype=bool)  # one of four raters fails each
    rater, prompt = (index.ravel() for index in np.indices(fails.shape))
    raters = rater if known else None
    half = np.full(12, 0.5)
    found = prediction_powered_fail_rate(
        fails.ravel(), half, prompt, half, prompt + 3, raters=raters, weight=0.0
    )
    two_way = stats.korn_graubard_two_way(fails).upper
    one_way = stats.korn_graubard_upper(fails.mean(axis=0), 4)
    assert found.upper == pytest.approx(two_way if known else one_way, abs=1e-9)


def test_three_raters_do_not_pay_for_a_weight() -> None:
    rng = np.random.default_rng(5)
    y, f, prompts, g, others = _study(rng, 60, 400, 0.95, repeats=3)
    raters = np.arange(y.size) % 3
    sample = stats.PoweredSample(prompts, others, raters=raters)
    assert sample.df == 1
    found = sample.fail_rate(y, f, g)
    assert found.tuned_weight > 0.5
    assert (found.weight, found.upper) == (0.0, found.upper_labels)
    assert sample.fail_rate(y, f, g, weight=0.5).adds


@pytest.mark.parametrize(("more", "tuned", "adds"), [(10, 0.0909, False), (12, 0.1091, True)])
def test_a_weight_below_a_tenth_is_none(more: int, tuned: float, adds: bool) -> None:
    """Half of the outputs are said to fail; of those ``more`` in 200 do beyond the fifty."""
    said = np.repeat([1.0, 0.0], 200)
    fails = np.concatenate([np.arange(200) < 50 + more, np.arange(200) < 50 - more])
    others = np.repeat([1.0, 0.0], 2000)
    found = prediction_powered_fail_rate(fails, said, np.arange(400), others, np.arange(400, 4400))
    assert found.tuned_weight == pytest.approx(tuned, abs=2e-3)
    assert (found.adds, found.weight) == (adds, found.tuned_weight if adds else 0.0)


def test_predictions_that_are_all_alike_weigh_nothing() -> None:
    y = np.arange(90) % 7 == 0
    found = prediction_powered_fail_rate(
        y, np.full(90, 0.1), np.repeat(np.arange(45), 2), np.full(77, 0.1), np.arange(45, 122)
    )
    assert found.tuned_weight == 0.0


def test_raters_are_worth_what_their_loads_leave_with_predictions_too() -> None:
    rng = np.random.default_rng(6)
    y, f, prompts, g, others = _study(rng, 120, 400, 0.9, repeats=3)
    uneven = np.where(np.arange(y.size) % 3 == 0, 0, 1 + np.arange(y.size) % 60)
    sample = stats.PoweredSample(prompts, others, raters=uneven)
    shares = np.bincount(uneven) / y.size
    assert sample.df == pytest.approx(1 / np.sum(shares**2) - 2)
    assert sample.fail_rate(y, f, g).powered.df == pytest.approx(sample.df - 1)


def test_estimate_variance_and_weight_are_those_of_ppi_py() -> None:
    """At one output a prompt, and at a given weight, against the reference implementation."""
    ppi_py = pytest.importorskip("ppi_py")
    rng = np.random.default_rng(2)
    fails, f, prompts, g, others = _study(rng, 300, 2000, 0.7)
    y = fails.astype(float)
    for weight in (1.0, 0.4):
        found = prediction_powered_fail_rate(fails, f, prompts, g, others, weight=weight)
        estimate = ppi_py.ppi_mean_pointestimate(y, f, g, lam=weight)[0]
        low, high = ppi_py.ppi_mean_ci(y, f, g, alpha=0.1, lam=weight)
        assert found.p == pytest.approx(estimate, abs=1e-12)
        # Theirs is normal with n in the variance, ours has n - 1: both say the same of the spread.
        spread = (high[0] - low[0]) / 2 / special.ndtri(0.95)
        assert np.sqrt(found.powered.variance) == pytest.approx(spread, rel=3e-3)
        assert found.upper == pytest.approx(high[0], abs=0.012)
    tuned = prediction_powered_fail_rate(fails, f, prompts, g, others)
    theirs = ppi_py.ppi_mean_pointestimate(y, f, g)[0]
    assert tuned.p == pytest.approx(theirs, abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]))
def test_order_of_rows_and_names_do_not_matter(seed: int, repeats: int) -> None:
    rng = np.random.default_rng(seed)
    fails, f, prompts, g, others = _study(rng, 40, 60, 0.8, repeats=repeats)
    a = prediction_powered_fail_rate(fails, f, prompts, g, others)
    order, order_other = rng.permutation(fails.size), rng.permutation(g.size)
    names = np.array([f"p{(i * 37) % 1009}" for i in range(100)])
    b = prediction_powered_fail_rate(
        fails[order], f[order], names[prompts[order]], g[order_other], names[others[order_other]]
    )
    assert a.upper == pytest.approx(b.upper, abs=1e-9)
    assert a.weight == pytest.approx(b.weight, abs=1e-9)
    assert 0.0 <= a.p <= a.upper <= 1.0
    assert a.upper >= stats.clopper_pearson_upper(0, 40, 0.05) - 1e-12


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_tuned_weight_has_the_least_variance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = _study(rng, 80, 300, 0.7, repeats=2)
    tuned = prediction_powered_fail_rate(*rows)
    at = [prediction_powered_fail_rate(*rows, weight=w).powered.variance for w in (0.2, 0.6, 1.0)]
    df = 79  # the tuned variance pays a degree of freedom for its weight
    assert tuned.powered.variance * (df - 1) / df <= min(at) + 1e-12


def test_a_prompt_in_both_samples_is_one_cluster() -> None:
    """Two outputs of each prompt, one labelled: the second term does not pretend to be new."""
    rng = np.random.default_rng(3)
    fails, f, prompts, g, _ = _study(rng, 200, 200, 0.9)
    apart = prediction_powered_fail_rate(fails, f, prompts, g, np.arange(200, 400), weight=1.0)
    same = prediction_powered_fail_rate(fails, f, prompts, f, prompts, weight=1.0)
    assert same.p == pytest.approx(fails.mean(), abs=1e-12)
    assert same.powered.variance == pytest.approx(same.labels.variance, rel=1e-9)
    assert apart.powered.variance != pytest.approx(same.powered.variance, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.01, 0.05 / 40]))
def test_a_table_of_moments_is_bounded_as_each_alone(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    moments = []
    for repeats, raters in ((1, None), (3, None), (3, 8), (2, 1)):
        fails, f, prompts, g, others = _study(
            rng, 30, 90, 0.8, rng.choice([0.02, 0.3, 0.97]), repeats
        )
        who = None if raters is None else rng.integers(0, raters, fails.size)
        found = prediction_powered_fail_rate(fails, f, prompts, g, others, raters=who)
        moments += [found.powered, found.labels]
    table = stats.MomentTable(moments)
    assert table.upper(alpha) == pytest.approx([m.upper(alpha) for m in moments], abs=1e-10)
    mirrored = [replace(m, p=1.0 - m.p).upper(alpha) for m in moments]
    assert table.mirror().upper(alpha) == pytest.approx(mirrored, abs=1e-10)


def test_never_wider_than_labels_alone_in_expectation() -> None:
    rng = np.random.default_rng(4)
    for r, least in ((0.1, 0.999), (0.6, 0.97), (0.9, 0.85)):
        widths = []
        for _ in range(150):
            found = prediction_powered_fail_rate(*_study(rng, 150, 900, r, 0.15))
            widths.append((found.upper - found.p, found.upper_labels - found.labels.p))
        powered, alone = np.mean(widths, axis=0)
        assert powered <= alone * 1.005
        assert powered <= alone * least + 0.001


def test_upper_bounds_hold_at_the_tolerated_rate() -> None:
    """A small version of benchmarks/validity/ppi_coverage.py."""
    rng = np.random.default_rng(5)
    runs, missed = 400, 0
    for _ in range(runs):
        found = prediction_powered_fail_rate(*_study(rng, 120, 600, 0.9, repeats=2))
        missed += found.upper <= 0.25
    assert missed / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fails": [0.5, 1.0]}, "true or false"),
        ({"predicted": [0.1, 1.2]}, r"predicted must lie in \[0, 1\]"),
        ({"predicted_unlabelled": []}, "predicted_unlabelled must be one list of 1"),
        ({"prompts": ["a"]}, "fails must be one list of 1"),
        ({"prompts": []}, "one non-empty list"),
        ({"raters": ["x"]}, "raters must be one list of 2"),
        ({"weight": 1.5}, "weight must lie"),
        ({"confidence": 0.3}, "confidence must lie"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], said: str) -> None:
    given_ = {
        "fails": [True, False],
        "predicted": [0.1, 0.2],
        "prompts": ["a", "b"],
        "predicted_unlabelled": [0.3],
        "prompts_unlabelled": ["c"],
    } | change
    with pytest.raises(ValueError, match=said):
        prediction_powered_fail_rate(**given_)  # type: ignore[arg-type]
