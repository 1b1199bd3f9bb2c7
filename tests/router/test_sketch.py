"""Quantiles are true order statistics within the stated share, in bounded memory, and add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.router.sketch import (
    LONGEST,
    MOST_BUCKETS,
    RELATIVE_ERROR,
    SHORTEST,
    Sketch,
    from_plain,
    merged,
)

SECONDS = st.floats(SHORTEST, LONGEST, allow_nan=False)


def sketch_of(times: list[float]) -> Sketch:
    sketch = Sketch()
    for seconds in times:
        sketch.add(seconds)
    return sketch


@given(st.lists(SECONDS, min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_is_within_its_error_of_the_true_one(times: list[float], share: float) -> None:
    true = sorted(times)[max(1, math.ceil(share * len(times) - 1e-9)) - 1]
    found = sketch_of(times).quantile(share)
    assert found is not None
    assert abs(found - true) <= RELATIVE_ERROR * true * (1 + 1e-9)


@given(st.lists(SECONDS, max_size=50), st.lists(SECONDS, max_size=50))
def test_sketches_add_up_exactly_and_survive_json(one: list[float], other: list[float]) -> None:
    both = merged((sketch_of(one), from_plain(sketch_of(other).to_plain())))
    assert both.counts == sketch_of(one + other).counts
    assert both.n == len(one) + len(other)


def test_memory_is_bounded_whatever_is_counted() -> None:
    sketch = sketch_of([10 ** (-6 + i / 100) for i in range(1300)])
    assert len(sketch.counts) <= MOST_BUCKETS < 420
    assert sketch.quantile(0.0) == pytest.approx(SHORTEST, rel=RELATIVE_ERROR)
    assert sketch.quantile(1.0) == pytest.approx(LONGEST, rel=RELATIVE_ERROR)


def test_nothing_counted_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None


@pytest.mark.parametrize("plain", [{"999999": 1}, {"3": -1}, {"x": 1}])
def test_what_is_no_sketch_is_refused(plain: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        from_plain(plain)
