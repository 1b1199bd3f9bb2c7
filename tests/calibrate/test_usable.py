"""From which quality on is enough usable: fixed vectors, and what must hold whatever is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.calibrate import Flagged, learn_usable, usable


def _ratings(
    n: int = 120, *, cut: float = 5.0, raters: int = 20, seed: int = 1, flips: float = 0.0
) -> list[Flagged]:
    """Two offers on n prompts: every quality from 0 to 10, usable from ``cut`` on."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.uniform(0, 10, (2, n)), 1)
    return [
        Flagged(
            output_id=f"{offer}{i}",
            offer_id=f"shop/{offer}",
            family=f"f{i}",
            rater=f"r{(i + k) % raters}",
            value=float(values[k, i]),
            usable=bool((values[k, i] >= cut) != (rng.random() < flips)),
        )
        for k, offer in enumerate("ab")
        for i in range(n)
    ]


def test_it_finds_where_people_begin_to_say_usable() -> None:
    found = learn_usable(_ratings(), 0.8, 0.05)
    assert found.threshold is not None
    assert found.window_hi is not None
    assert 4.0 < found.threshold <= 5.5
    assert found.lower is not None
    assert 0.8 <= found.lower < (found.share or 0.0)
    assert (found.n_prompts, found.n_raters, found.on_panel) == (120, 20, False)
    assert found.bound == "two_way"
    assert found.reason == ""


def test_a_fixed_vector_by_hand() -> None:
    """One rater, one output a prompt: the bound is Clopper and Pearson's of the lowest half."""
    rows = [
        Flagged(output_id=f"o{i}", offer_id="a", family=f"f{i}", rater="r", value=float(i),
                usable=i >= 20)
        for i in range(80)
    ]  # fmt: skip
    found = learn_usable(rows, 0.8, 0.05)
    assert found.on_panel
    assert found.threshold is not None
    inside = [r for r in rows if found.threshold <= r.value <= (found.window_hi or 0.0)]
    assert len(inside) == 40  # half of the prompts
    unusable = sum(not r.usable for r in inside)
    upper = stats.clopper_pearson_upper(unusable, 40, 0.05)
    assert found.lower == pytest.approx(1.0 - upper)
    assert upper <= 0.2
    lower = max(t for t in found.grid if t < found.threshold)
    below = sum(lower <= r.value < 20 for r in rows)
    assert stats.clopper_pearson_upper(below, 40, 0.05) > 0.2


def test_excellent_outputs_do_not_make_up_for_useless_ones() -> None:
    """Nine in ten outputs are far above; what lies between 1 and 4 is never usable."""
    rng = np.random.default_rng(4)
    rows = [
        Flagged(
            output_id=f"o{i}", offer_id="a", family=f"f{i // 2}", rater=f"r{i % 30}",
            value=float(value), usable=bool(value >= 5),
        )
        for i, value in enumerate(np.where(rng.random(600) < 0.1, rng.uniform(1, 4, 600),
                                           rng.uniform(8, 10, 600)))
    ]  # fmt: skip
    found = learn_usable(rows, 0.8, 0.05)
    assert sum(r.usable for r in rows) / len(rows) > 0.85  # above the lowest of all, on average
    assert found.threshold is not None
    assert found.threshold > 3.0


@pytest.mark.parametrize(("share", "least"), [(0.8, 14), (0.9, 29), (0.95, 59)])
def test_too_few_prompts_give_a_reason_and_no_number(share: float, least: int) -> None:
    """One fewer than a bound could ever hold for, all usable: nothing is guessed."""
    rows = [replace(r, usable=True) for r in _ratings(least - 1)]
    found = learn_usable(rows, share, 0.05)
    assert (found.threshold, found.share, found.lower) == (None, None, None)
    assert f"{least - 1} prompts" in found.reason
    assert f"at least {least} needed" in found.reason
    one_more = [replace(r, usable=True, rater="r") for r in _ratings(least)]
    assert learn_usable(one_more, share, 0.05).threshold is not None


def test_no_rating_is_no_number() -> None:
    assert learn_usable([], 0.8, 0.05).reason.startswith("0 prompts")


def test_useless_outputs_give_a_reason() -> None:
    found = learn_usable([replace(r, usable=False) for r in _ratings()], 0.8, 0.05)
    assert found.threshold is None
    assert found.reason.startswith("even of outputs from ")
    assert found.reason.endswith(
        "on it cannot be shown that 80% are usable: the lower bound at level 0.05 is 0.0%"
    )


def test_raters_who_differ_are_drawn_too() -> None:
    """One of ten calls half of the outputs unusable: another ten might hold three of that kind."""
    said = _ratings(cut=0.0, raters=10)
    severe = [replace(r, usable=r.rater != "r0" or i % 2 == 0) for i, r in enumerate(said)]
    strangers = [replace(r, rater=f"s{i}") for i, r in enumerate(severe)]
    assert learn_usable(strangers, 0.8, 0.05).threshold is not None
    assert learn_usable(severe, 0.8, 0.05).threshold is None


def test_repeats_do_not_count_as_prompts() -> None:
    """The same thirteen prompts rated ten times over are thirteen prompts."""
    rows = [replace(r, usable=True) for r in _ratings(13)]
    often = [replace(r, output_id=f"{r.output_id}-{k}") for r in rows for k in range(10)]
    assert learn_usable(often, 0.8, 0.05).threshold is None


def test_the_worst_offer_is_named() -> None:
    rows = [
        replace(r, usable=r.usable and (r.offer_id == "shop/a" or int(r.output_id[1:]) % 5 > 0))
        for r in _ratings()
    ]
    found = learn_usable(rows, 0.6, 0.05)
    assert found.threshold is not None
    assert found.worst_offer == "shop/b"
    assert found.worst_share is not None
    assert found.worst_share < 1.0


@pytest.mark.parametrize(("share", "level"), [(0.0, 0.05), (1.0, 0.05), (0.8, 0.0), (0.8, 0.5)])
def test_what_cannot_be_asked(share: float, level: float) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        learn_usable(_ratings(30), share, level)


WORLD = st.builds(
    _ratings,
    st.integers(30, 80),
    cut=st.floats(2, 8),
    raters=st.sampled_from([1, 3, 25]),
    seed=st.integers(0, 10_000),
    flips=st.sampled_from([0.0, 0.05]),
)


def _order(threshold: float | None) -> float:
    return np.inf if threshold is None else threshold


@settings(max_examples=25, deadline=None)
@given(rows=WORLD, less=st.floats(0.5, 0.8), more=st.floats(0.0, 0.15))
def test_who_wants_more_gets_no_lower_threshold(
    rows: list[Flagged], less: float, more: float
) -> None:
    """Monotone in the share, where both shares are tried on the same stretches."""
    n = len({r.family for r in rows})
    least = stats.min_prompts(0.05, 1.0 - less - more)
    widths = {usable._width(n, 0.05, 1.0 - share) for share in (less, less + more)}
    if least <= n and len(widths) == 1:
        lax, strict = learn_usable(rows, less, 0.05), learn_usable(rows, less + more, 0.05)
        assert _order(strict.threshold) >= _order(lax.threshold)


@settings(max_examples=25, deadline=None)
@given(rows=WORLD, seed=st.integers(0, 1000))
def test_order_and_a_rising_change_of_scale_change_nothing(rows: list[Flagged], seed: int) -> None:
    found = learn_usable(rows, 0.7, 0.05)
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    assert learn_usable(shuffled, 0.7, 0.05) == found
    scaled = [replace(r, value=2.0 * r.value + 3.0) for r in rows]
    other = learn_usable(scaled, 0.7, 0.05)
    assert (found.threshold is None) == (other.threshold is None)
    if found.threshold is not None:
        assert other.threshold == pytest.approx(2.0 * found.threshold + 3.0)
        assert other.lower == pytest.approx(found.lower, rel=1e-12)  # raters in another order


@settings(max_examples=25, deadline=None)
@given(rows=WORLD)
def test_more_usable_never_raises_the_threshold(rows: list[Flagged]) -> None:
    """Every flag set to usable: what passed before passes still."""
    better = [replace(r, usable=True) for r in rows]
    found, at_best = learn_usable(rows, 0.7, 0.05), learn_usable(better, 0.7, 0.05)
    assert _order(at_best.threshold) <= _order(found.threshold)


def test_false_thresholds_stay_within_the_level() -> None:
    """Usable whatever the quality, a little too seldom: every threshold would be false."""
    rng = np.random.default_rng(8)
    false = 0
    for _ in range(200):
        flags = rng.random(100) < 0.69
        rows = [
            Flagged(output_id=f"o{i}", offer_id="a", family=f"f{i}", rater="r",
                    value=float(v), usable=bool(flag))
            for i, (v, flag) in enumerate(zip(rng.random(100), flags, strict=True))
        ]  # fmt: skip
        false += learn_usable(rows, 0.7, 0.1).threshold is not None
    assert false <= 33  # 200 x .1 and three standard errors
