from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats
from qfloor.stats.agreement import Level

X = math.nan
THREE_RATERS = [
    [X, X, X, X, X, 3, 4, 1, 2, 1, 1, 3, 3, X, 3],
    [1, X, 2, 1, 3, 3, 4, 3, X, X, X, X, X, X, X],
    [X, X, 2, 1, 3, 4, 4, X, 2, 1, 1, 3, 3, X, 4],
]
FOUR_RATERS = [  # Krippendorff (2011)
    [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
    [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


def test_alpha_reference_values() -> None:
    three = [stats.krippendorff_alpha(THREE_RATERS, level) for level in LEVELS[:3]]
    assert three == pytest.approx([0.691358, 0.806721, 0.810845], abs=1e-6)
    four = [stats.krippendorff_alpha(FOUR_RATERS, level) for level in LEVELS]
    assert four == pytest.approx([0.7434, 0.8154, 0.8491, 0.7974], abs=5e-5)


def alpha_by_pairs(matrix: list[list[float]]) -> float:
    """Interval alpha straight from its definition as mean squared differences of pairs."""
    x = np.asarray(matrix, dtype=float)
    units = [u[~np.isnan(u)] for u in x.T]
    units = [u for u in units if u.size >= 2]
    pooled = np.concatenate(units)
    observed = sum(((u[:, None] - u) ** 2).sum() / (u.size - 1) for u in units) / pooled.size
    expected = ((pooled[:, None] - pooled) ** 2).sum() / (pooled.size * (pooled.size - 1))
    return float(1 - observed / expected)


@given(seed=st.integers(0, 500), missing=st.floats(0, 0.5))
def test_interval_alpha_is_its_definition(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(4, 12)) + rng.normal(size=12), 1)
    x[rng.random(x.shape) < missing] = X
    alpha = stats.krippendorff_alpha(x)
    assert alpha == pytest.approx(alpha_by_pairs(x.tolist()), abs=1e-9)
    shuffled = rng.permutation(x, axis=0)[:, rng.permutation(12)]
    assert stats.krippendorff_alpha(shuffled) == pytest.approx(alpha, abs=1e-9)
    assert stats.krippendorff_alpha(3 * x + 7) == pytest.approx(alpha, abs=1e-9)
    ordinal = stats.krippendorff_alpha(x, "ordinal")
    assert stats.krippendorff_alpha(np.exp(x), "ordinal") == pytest.approx(ordinal, abs=1e-9)


def test_undefined_agreement_is_none() -> None:
    assert stats.krippendorff_alpha([[3, 3], [3, 3]]) is None
    assert stats.krippendorff_alpha([[1, X], [X, 2]]) is None
    assert stats.krippendorff_alpha([[1, 2], [1, 2]]) == 1.0


def test_bad_ratings_are_refused() -> None:
    with pytest.raises(ValueError, match="matrix"):
        stats.krippendorff_alpha([1, 2])
    with pytest.raises(ValueError, match="finite"):
        stats.krippendorff_alpha([[1.0, math.inf], [1.0, 2.0]])
    with pytest.raises(ValueError, match="negative"):
        stats.krippendorff_alpha([[-1, 2], [1, 2]], "ratio")
    with pytest.raises(ValueError, match="level must be"):
        stats.krippendorff_alpha([[1, 2], [1, 3]], "median")  # type: ignore[arg-type]


SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_icc_reference_values() -> None:
    icc = stats.intraclass_correlations(SHROUT_FLEISS)
    assert icc is not None
    found = [icc.icc1, icc.icc2, icc.icc3, icc.icc2k]
    assert found == pytest.approx([0.165742, 0.289764, 0.714841, 0.620051], abs=1e-6)
    # the same table in Shrout and Fleiss: .17 .29 .71, and .44 .62 .91 for means
    means = [round(x, 2) for x in (icc.icc1k, icc.icc2k, icc.icc3k)]
    assert means == [0.44, 0.62, 0.91]
    assert (icc.n_units, icc.n_raters) == (6, 4)


def test_oneway_is_icc1_when_balanced_and_takes_unequal_groups() -> None:
    groups = np.repeat(np.arange(6), 4)
    flat = np.ravel(SHROUT_FLEISS)
    assert stats.icc_oneway(flat, groups) == pytest.approx(0.165742, abs=1e-6)
    order = np.random.default_rng(0).permutation(24)
    assert stats.icc_oneway(flat[order], groups[order]) == pytest.approx(0.165742, abs=1e-6)
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 6, size=4000)
    labels = np.repeat(np.arange(4000), sizes)
    values = rng.normal(size=4000)[labels] + rng.normal(size=labels.size)
    assert stats.icc_oneway(values, labels) == pytest.approx(0.5, abs=0.03)


def test_undefined_reliability_is_none() -> None:
    assert stats.intraclass_correlations([[1, 2], [2, 1]]) is None
    assert stats.icc_oneway([1, 1, 1, 1], ["a", "a", "b", "b"]) is None
    assert stats.icc_oneway([1, 2], ["a", "b"]) is None
    assert stats.icc_oneway([1, 2], ["a", "a"]) is None


def test_bad_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 units"):
        stats.intraclass_correlations([[1, 2]])
    with pytest.raises(ValueError, match="complete"):
        stats.intraclass_correlations([[1.0, X], [1.0, 2.0]])
    with pytest.raises(ValueError, match="same length"):
        stats.icc_oneway([1, 2], ["a"])
    with pytest.raises(ValueError, match="finite"):
        stats.icc_oneway([1, X], ["a", "a"])


@given(seed=st.integers(0, 300), level=st.sampled_from(LEVELS))
def test_alpha_equals_the_published_packages(seed: int, level: Level) -> None:
    krippendorff = pytest.importorskip("krippendorff", reason="krippendorff is not installed")
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 6, (4, 15)).astype(float)
    x[rng.random(x.shape) < 0.3] = X
    ours = stats.krippendorff_alpha(x, level)
    if ours is None:
        return
    theirs = krippendorff.alpha(reliability_data=x, level_of_measurement=level)
    assert ours == pytest.approx(theirs, abs=1e-9)
