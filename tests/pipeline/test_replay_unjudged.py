"""A policy that may choose an offer that nobody judged is not said to have passed there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from qfloor.floors import Judged
from qfloor.pipeline.replay_outputs import Made, _summed
from qfloor.records import Status


def _made(value: float) -> Made:
    judged = Judged(output_id="o", family="p", repeat=0, status=Status.MADE, values=(value,))
    return Made(outputs=(judged,))


def _world() -> dict[str, Any]:
    """Two prompts: offer a failed at both; b was judged at the second only, and passed."""
    request = SimpleNamespace(price_of=lambda offer: Fraction(1))
    answered = SimpleNamespace(decision=SimpleNamespace(request=request), place="here")
    return {
        "db": SimpleNamespace(demands={"here": SimpleNamespace(value=5.0)}),
        "served": [("p1", answered), ("p2", answered)],
        "made": {"p1": {"a": _made(1.0)}, "p2": {"a": _made(1.0), "b": _made(9.0)}},
        "known": {name: SimpleNamespace(family="") for name in ("p1", "p2")},
    }


@pytest.mark.parametrize(
    ("shares", "fails"),
    [
        ({"a": Fraction(1)}, [1.0, 1.0]),
        ({"b": Fraction(1)}, [0.0]),
        ({"a": Fraction(1, 2), "b": Fraction(1, 2)}, [0.5]),  # at p1 half of it is not known
        ({}, []),
    ],
)
def test_an_unjudged_offer_is_no_pass(shares: Mapping[str, Fraction], fails: list[float]) -> None:
    world = _world()
    found = _summed(world["db"], world["served"], lambda _: shares, world["made"], world["known"])
    assert found.shares == fails
    assert found.spend == 2 * sum(shares.values())
