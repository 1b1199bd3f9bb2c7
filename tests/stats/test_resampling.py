from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats.resampling import cluster_counts


def ratings(seed: int, n_prompts: int = 30, per_prompt: int = 2, n_raters: int = 3):
    """Ratings whose quality is shared within prompts."""
    rng = np.random.default_rng(seed)
    quality = np.repeat(rng.normal(size=n_prompts), per_prompt)
    matrix = np.round(2 * (quality[:, None] + rng.normal(size=(quality.size, n_raters))))
    unit = np.repeat(np.arange(quality.size), n_raters)
    return matrix, matrix.ravel(), unit, unit // per_prompt


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), level=st.sampled_from(["nominal", "ordinal", "interval"]))
def test_resampled_alphas_are_those_of_resampled_matrices(seed, level) -> None:
    """One matrix product over coincidences, against alpha of units laid out again."""
    matrix, values, unit, cluster = ratings(seed, n_prompts=8)
    values = values.copy()
    seen = np.random.default_rng(seed).random(values.size) > 0.2
    found = stats.krippendorff_alpha_interval(
        values[seen], unit[seen], cluster[seen], np.random.default_rng(1), level=level,
        n_resamples=40,
    )  # fmt: skip
    gappy = np.where(seen.reshape(matrix.shape), matrix, math.nan)
    whole = stats.krippendorff_alpha(gappy.T, level)
    if found is None or whole is None:
        assert found is whole
        return
    assert found.value == pytest.approx(whole, abs=1e-9)
    rated = np.flatnonzero(np.bincount(cluster, weights=_paired(gappy).repeat(3)) > 0)
    counts = cluster_counts(rated.size, np.random.default_rng(1), 40).astype(int)
    draws = [
        stats.krippendorff_alpha(
            np.concatenate([gappy[2 * c : 2 * c + 2] for c in np.repeat(rated, row)]).T, level
        )
        for row in counts
    ]
    defined = [d for d in draws if d is not None]
    if found.low is not None:
        ends = np.quantile(defined, [0.025, 0.975])
        assert [found.low, found.high] == pytest.approx(ends.tolist(), abs=1e-9)


def _paired(gappy: np.ndarray) -> np.ndarray:
    return (~np.isnan(gappy)).sum(axis=1) >= 2


def test_the_interval_covers_alpha_most_of_the_time() -> None:
    """Population alpha is known: quality and noise of equal variance give about one half."""
    _, values, unit, _ = ratings(0, n_prompts=20_000)
    truth = stats.krippendorff_alpha(stats.by_slot(values, unit))
    covered = 0
    for seed in range(1, 201):
        _, values, unit, cluster = ratings(seed, n_prompts=40)
        found = stats.krippendorff_alpha_interval(
            values, unit, cluster, np.random.default_rng(seed), n_resamples=199
        )
        covered += found.low <= truth <= found.high
    assert covered >= 175  # nominal 190; percentile intervals of 40 prompts fall a little short


def test_ratings_alone_would_be_too_sure() -> None:
    """Prompts are drawn because units of a prompt are alike."""
    _, values, unit, cluster = ratings(3, n_prompts=20, per_prompt=6)
    rng = np.random.default_rng(0)
    by_prompt = stats.krippendorff_alpha_interval(values, unit, cluster, rng)
    by_unit = stats.krippendorff_alpha_interval(values, unit, unit, rng)
    assert by_prompt.high - by_prompt.low > 1.2 * (by_unit.high - by_unit.low)


def test_same_seed_same_interval_and_few_prompts_none() -> None:
    _, values, unit, cluster = ratings(5)
    one, two = (
        stats.krippendorff_alpha_interval(values, unit, cluster, np.random.default_rng(4))
        for _ in range(2)
    )
    assert one == two
    few = stats.krippendorff_alpha_interval(values, unit, cluster % 4, np.random.default_rng(4))
    assert (few.low, few.high, few.n_clusters) == (None, None, 4)
    alike = stats.krippendorff_alpha_interval([3, 3], [0, 0], [0, 0], np.random.default_rng(0))
    assert alike is None


def test_mean_interval_is_about_two_standard_errors() -> None:
    x = np.random.default_rng(2).normal(size=400)
    found = stats.mean_interval(x, np.arange(400), np.random.default_rng(0), n_resamples=2000)
    assert found.value == pytest.approx(x.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * x.std() / 20, rel=0.08)


@pytest.mark.parametrize("bad", [([], []), ([math.inf], [0]), ([1.0, 2.0], [0])])
def test_bad_lists_are_refused(bad) -> None:
    with pytest.raises(ValueError):
        stats.mean_interval(*bad, np.random.default_rng(0))


def test_bad_arguments_are_refused() -> None:
    rng = np.random.default_rng(0)
    for values, units, options in (
        ([1.0, math.nan], [0, 0], {}),
        ([1.0, 2.0], [0], {}),
        ([1.0, 2.0], [0, 0], {"confidence": 1.0}),
    ):
        with pytest.raises(ValueError):
            stats.krippendorff_alpha_interval(values, units, units, rng, **options)
