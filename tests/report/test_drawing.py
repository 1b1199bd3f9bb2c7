"""Scales, ticks and the Pareto front."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.report.drawing import Axis
from qfloor.report.prices_plot import Point, front_of

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(NUMBERS, st.floats(1e-3, 1e6), st.lists(NUMBERS, min_size=2, max_size=5))
def test_positions_keep_their_order_and_stay_on_the_page(
    lo: float, width: float, values: list[float]
) -> None:
    axis = Axis(lo=lo, hi=lo + width)
    at = [axis.at(v) for v in sorted(values)]
    assert at == sorted(at)
    assert all(0.0 <= x <= 100.0 for x in at)


@given(NUMBERS, st.floats(1e-3, 1e6))
def test_ticks_lie_on_the_scale(lo: float, width: float) -> None:
    axis = Axis(lo=lo, hi=lo + width)
    ticks = axis.ticks()
    assert len(ticks) <= 7
    assert all(lo - 1e-6 * width <= t <= lo + width + 1e-6 * width for t in ticks)


def test_a_scale_of_one_value_has_a_middle() -> None:
    assert Axis(lo=3.0, hi=3.0).at(3.0) == 50.0


@pytest.mark.parametrize(("lo", "hi"), [(0.002, 0.08), (0.01, 10.0), (0.3, 0.31)])
def test_log_ticks_are_round_and_few(lo: float, hi: float) -> None:
    ticks = Axis(lo=lo, hi=hi, log=True).ticks(7)
    assert len(ticks) <= 7
    assert all(f"{t:e}"[0] in "125" for t in ticks)


@given(st.lists(st.tuples(st.floats(0.01, 9), st.one_of(st.none(), st.floats(0, 10))), max_size=9))
def test_nobody_beats_an_offer_on_the_front(found: list[tuple[float, float | None]]) -> None:
    points = front_of([Point(offer_id=str(n), price=p, floor=f) for n, (p, f) in enumerate(found)])
    assert [p.price for p in points] == sorted(p.price for p in points)
    for point in points:
        beaten = any(
            other.floor is not None
            and (
                point.floor is None
                or (other.price <= point.price and other.floor > point.floor)
                or (other.price < point.price and other.floor >= point.floor)
            )
            for other in points
        )
        if point.front:
            assert point.floor is not None
            assert not beaten
        elif point.floor is not None:
            same = any(o.front and (o.price, o.floor) == (point.price, point.floor) for o in points)
            assert beaten or same
