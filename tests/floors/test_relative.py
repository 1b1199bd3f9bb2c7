"""A reference's quantile from above, and offers beside it prompt by prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.floors import Judged, paired_shortfall, reference_quantile
from qfloor.records import Status


def _judged(values: Sequence[float], repeat: int = 0) -> list[Judged]:
    return [
        Judged(output_id=f"o{i}-{repeat}", family=f"f{i}", repeat=repeat, status=Status.MADE,
               values=(float(value),))
        for i, value in enumerate(values)
    ]  # fmt: skip


def test_the_upper_bound_is_an_order_statistic() -> None:
    """One value a prompt: the mirror of the exact lower bound."""
    found = reference_quantile(_judged(range(100)), "image", level=0.05)
    limits = stats.threshold_limits(range(100), alpha=0.05)
    assert found.upper == limits.rejected_above == 32.0
    assert found.estimate == 24.0
    assert (found.n_prompts, found.n_values, found.n_raters) == (100, 100, None)
    assert found.reason == ""
    other = reference_quantile(_judged(range(100)), "image", level=0.05, max_fail=0.1)
    assert (
        other.upper == stats.threshold_limits(range(100), alpha=0.05, max_fail=0.1).rejected_above
    )


def test_repeats_are_clusters() -> None:
    values = np.random.default_rng(2).normal(size=60)
    once = reference_quantile(_judged(values), "image", level=0.05)
    twice = reference_quantile(_judged(values) + _judged(values, 1), "image", level=0.05)
    assert twice.n_prompts == once.n_prompts == 60
    assert (twice.upper, twice.estimate) == (once.upper, once.estimate)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ([], "no judged output"),
        (_judged([1.0, 2.0]), "2 prompts are too few"),
        ([replace(o, status=Status.REFUSED, values=()) for o in _judged(range(20))],
         "more than 25% of the reference's outputs fail"),
        ([*_judged(range(20)), Judged(output_id="x", family="x", repeat=0, status=Status.FAILED)],
         "4.8% of the reference's outputs are missing"),
    ],
)  # fmt: skip
def test_what_is_not_known_has_a_reason_and_no_number(outputs: list[Judged], reason: str) -> None:
    found = reference_quantile(outputs, "image", level=0.01)
    assert found.upper is None
    assert reason in found.reason


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(20, 60),
    levels=st.tuples(st.floats(0.01, 0.1), st.floats(0.11, 0.4)),
)
def test_a_surer_bound_is_never_lower(seed: int, n: int, levels: tuple[float, float]) -> None:
    outputs = _judged(np.random.default_rng(seed).normal(size=n))
    sure, less = (reference_quantile(outputs, "image", level=level) for level in levels)
    assert sure.upper is not None
    assert less.upper is not None
    assert sure.upper >= less.upper >= (less.estimate or 0.0)


def test_shortfalls_are_counted_prompt_by_prompt() -> None:
    reference = _judged([5.0] * 20)
    mine = _judged([4.0] * 3 + [4.5] * 7 + [9.0] * 10)
    found = paired_shortfall(mine, reference, "image", margin=0.5, alpha=0.05)
    assert found is not None
    assert (found.n_prompts, found.below, found.share) == (20, 3, 0.15)
    assert found.upper == stats.clopper_pearson_upper(3, 20, 0.05)
    refused = [replace(o, status=Status.REFUSED, values=()) for o in mine]
    all_of_it = paired_shortfall(refused, reference, "image", margin=0.5, alpha=0.05)
    assert all_of_it is not None
    assert all_of_it.below == 20
    none_of_it = paired_shortfall(mine, refused, "image", margin=0.5, alpha=0.05)
    assert none_of_it is not None
    assert none_of_it.below == 0
    elsewhere = [replace(o, family=f"g{o.family}") for o in reference]
    assert paired_shortfall(mine, elsewhere, "image", margin=0.5, alpha=0.05) is None
