from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from qfloor import stats

Adjust = Callable[[list[float]], NDArray[np.float64]]
METHODS: list[tuple[Adjust, str, list[float]]] = [
    (stats.holm, "holm", [0.05, 0.08, 0.09, 0.09, 0.09]),
    (stats.benjamini_hochberg, "fdr_bh", [0.05] * 5),
    (stats.benjamini_yekutieli, "fdr_by", [0.114167] * 5),
]


@pytest.mark.parametrize(("adjust", "name", "expected"), METHODS)
def test_reference_values(adjust: Adjust, name: str, expected: list[float]) -> None:
    assert adjust([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("adjust", "name", "expected"), METHODS)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_agrees_with_statsmodels(
    adjust: Adjust, name: str, expected: list[float], p: list[float]
) -> None:
    with patch("gc.collect"):  # statsmodels calls it for each list of p-values, at half a second
        theirs = multipletests(p, method=name)[1]
    assert adjust(p) == pytest.approx(theirs, abs=1e-12)


def test_price_of_any_dependence_at_280_verdicts() -> None:
    p = np.full(280, 1e-4)
    assert stats.benjamini_yekutieli(p)[0] / stats.benjamini_hochberg(p)[0] == pytest.approx(
        6.2, abs=0.02
    )


def test_e_bh_reference() -> None:
    rejected = stats.e_bh([500, 120, 80, 10, 300]) <= 0.05
    assert np.flatnonzero(rejected).tolist() == [0, 1, 2, 4]


@given(
    e=st.lists(st.floats(0, 1e6) | st.just(float("inf")), min_size=1, max_size=30),
    alpha=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_e_bh_is_its_definition(e: list[float], alpha: float) -> None:
    ranked = sorted(e, reverse=True)
    ks = [k for k in range(1, len(e) + 1) if ranked[k - 1] * alpha * k >= len(e)]
    adjusted = stats.e_bh(e)
    assert np.all((adjusted >= 0) & (adjusted <= 1))
    assert int(np.sum(adjusted <= alpha * (1 + 1e-12))) >= max(ks, default=0)
    assert int(np.sum(adjusted <= alpha * (1 - 1e-9))) <= max(ks, default=0)


@pytest.mark.parametrize("adjust", [stats.holm, stats.benjamini_hochberg, stats.e_bh])
def test_empty_family_and_bad_values(adjust: Adjust) -> None:
    assert adjust([]).size == 0
    for bad in ([-0.1], [float("nan")]):
        with pytest.raises(ValueError, match=r"must lie in|must not be negative"):
            adjust(bad)
    with pytest.raises(ValueError, match="one list"):
        adjust([[0.1]])  # type: ignore[list-item]
