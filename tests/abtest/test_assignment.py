"""Booklets: votes as planned, a prompt once, far repeats, balanced sides."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor.abtest.assignment import (
    Shares,
    Slot,
    Unit,
    adjacent_prompts,
    arrange,
    check_dealt,
    deal,
    fitting_length,
)
from qfloor.errors import SessionError

SHARES = Shares(placebo=0.05, catch=0.05, repeat=0.05, ask_when_none=0.1)
SECRET = b"k" * 32


def _units(n: int, per_prompt: int = 1) -> list[Unit]:
    return [
        Unit(id=f"u{i}", prompt=f"p{i // per_prompt}", first="routed" if i % 2 else "reference")
        for i in range(n)
    ]


def _booklets(
    units: list[Unit], votes: dict[str, int], length: int, shares: Shares = SHARES
) -> list[list[Slot]]:
    fit = fitting_length(length, len({u.prompt for u in units}), shares)
    hidden = {"placebo": units, "catch": units}
    return arrange(deal(units, votes, fit, SECRET), hidden, shares, SECRET)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    per_prompt=st.integers(1, 3),
    votes=st.integers(1, 5),
    audit=st.integers(0, 10),
    length=st.integers(1, 40),
)
def test_every_pair_gets_its_votes_and_no_rater_meets_a_prompt_twice(
    n: int, per_prompt: int, votes: int, audit: int, length: int
) -> None:
    units = _units(n, per_prompt)
    wanted = {u.id: votes + (4 if i < audit else 0) for i, u in enumerate(units)}
    booklets = _booklets(units, wanted, length)
    check_dealt(booklets, wanted)  # votes, prompts and neighbours
    for slots in booklets:
        assert adjacent_prompts(slots) == 0
        for n_at, slot in enumerate(slots):
            if slot.repeat_of is not None:
                first = slots[slot.repeat_of]
                assert slot.repeat_of < n_at - 1
                assert (first.unit, first.order[::-1]) == (slot.unit, slot.order)


def test_booklets_are_as_long_as_each_other_and_shares_are_kept() -> None:
    units = _units(600)
    booklets = _booklets(units, {u.id: 2 for u in units}, 60)
    tests = [sum(s.kind == "test" for s in slots) for slots in booklets]
    assert len(booklets) == 20
    assert max(tests) - min(tests) <= 1
    kinds = Counter(s.kind for slots in booklets for s in slots)
    assert kinds["placebo"] == kinds["catch"] == kinds["repeat"] == 60
    asked = sum(s.ask for slots in booklets for s in slots if s.kind == "test")
    assert 80 <= asked <= 160  # a tenth of 1,200


def test_sides_are_balanced_over_a_pair_and_within_a_booklet() -> None:
    units = _units(200)
    booklets = _booklets(units, {u.id: 4 for u in units}, 50)
    routed_first = {u.id: u.first == "routed" for u in units}
    per_pair: Counter[str] = Counter()
    for slots in booklets:
        balance = 0
        for slot in (s for s in slots if s.kind == "test"):
            left = slot.order == (0, 1)
            per_pair[slot.unit] += 1 if left else -1
            balance += 1 if left == routed_first[slot.unit] else -1
        assert abs(balance) <= 12  # of 50: half of them are free to even out the others
    assert set(per_pair.values()) == {0}


def test_the_draw_is_keyed_and_repeats() -> None:
    units = _units(30)
    wanted = {u.id: 2 for u in units}
    shares = SHARES
    again = _booklets(units, wanted, 15)
    assert again == _booklets(units, wanted, 15)
    other = arrange(deal(units, wanted, 13, b"x" * 32), {}, shares, b"x" * 32)
    assert [s.unit for s in other[0]] != [s.unit for s in again[0]]


def test_repeats_lie_far_from_the_first_showing() -> None:
    units = _units(200)
    booklets = _booklets(units, {u.id: 1 for u in units}, 40)
    gaps = [
        n - s.repeat_of
        for slots in booklets
        for n, s in enumerate(slots)
        if s.repeat_of is not None
    ]
    assert gaps
    assert min(gaps) >= 10


def test_a_wrong_deal_is_noticed() -> None:
    slot = Slot(kind="test", unit="a", prompt="p", order=(0, 1))
    with pytest.raises(SessionError, match="2 votes in place of 1"):
        check_dealt([[slot], [slot]], {"a": 1})
    twice = [slot, Slot(kind="test", unit="b", prompt="p", order=(0, 1))]
    with pytest.raises(SessionError, match="prompt twice"):
        check_dealt([twice], {"a": 1, "b": 1})


def test_a_booklet_leaves_room_for_hidden_prompts() -> None:
    assert fitting_length(60, 30, SHARES) == 26  # 26 + 2 placebos + 2 catches
    assert fitting_length(60, 30, Shares(placebo=0, catch=0, repeat=0, ask_when_none=0)) == 30
    assert fitting_length(60, 1, SHARES) == 1
