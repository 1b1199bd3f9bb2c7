"""Words of drift: by corrected p-values, for the offers planned; fails are strictly below."""

from __future__ import annotations

import pytest

from qfloor.pipeline.months.drift import OWN_QUARTILE, _places
from qfloor.pipeline.months.drift_trees import Compared, Comparison, findings_of
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.records import EVERY, DriftFinding, Threshold

COMPARISON = Comparison(
    before_run="m 2026-10", after_run="m 2026-11", quality="human:overall[0,10]", alpha=0.05,
    at="2026-11-30",
)  # fmt: skip


def _compared(offer: str, worse: int, prompts: int = 60, category: str = "portrait") -> Compared:
    return Compared(
        key=CellKey(category, "image", offer), tier="standard", threshold=5.0, paired=True,
        before=[False] * prompts, after=[i < worse for i in range(prompts)],
    )  # fmt: skip


def _words(places: list[Compared], n_trees: int) -> dict[tuple[str, str], DriftFinding]:
    return {(f.offer_id, f.category): f for f in findings_of(places, COMPARISON, n_trees)}


@pytest.mark.parametrize(
    ("planned", "word"), [(1, "changed"), (3, "changed"), (4, "not distinguishable")]
)
def test_offers_that_were_planned_count_whether_they_have_data_or_not(
    planned: int, word: str
) -> None:
    """Seven of sixty got worse and none better: p is 1/64, and 4/64 is above .05."""
    found = _words([_compared("shop/a", 7)], planned)
    whole = found["shop/a", EVERY]
    assert (whole.p_value, whole.p_adjusted) == (1 / 64, planned / 64)
    assert whole.level == pytest.approx(0.05 / planned)
    assert {f.word for f in found.values()} == {word}


def test_more_offers_with_data_than_planned_count_too() -> None:
    found = _words([_compared("shop/a", 6), _compared("shop/b", 0)], 1)
    assert found["shop/a", EVERY].p_adjusted == 2 / 32


def test_a_category_speaks_only_behind_its_offer() -> None:
    """Each category's seven would be enough alone, and against seven that got better are not."""
    better = Compared(
        key=CellKey("landscape", "image", "shop/a"), tier="standard", threshold=5.0, paired=True,
        before=[i < 7 for i in range(60)], after=[False] * 60,
    )  # fmt: skip
    found = _words([_compared("shop/a", 7), better], 1)
    assert found["shop/a", "portrait"].p_value == 1 / 64
    assert {f.word for f in found.values()} == {"not distinguishable"}


KEY = CellKey("portrait", "image", "shop/a")
THEN = {f"p{i}": float(i) for i in range(40)}
SINCE = {f"p{i}": max(0.0, i - 3.0) for i in range(40)}


def test_a_metrics_fails_lie_below_the_offers_own_quartile_before() -> None:
    (place,) = _places([], {KEY: THEN}, {KEY: SINCE}, "clip.cos")
    assert (place.tier, place.threshold) == (OWN_QUARTILE, 9.0)
    assert (sum(place.before), sum(place.after)) == (9, 12)


def test_what_lies_on_a_tiers_threshold_does_not_fail() -> None:
    demanded = [
        Threshold(category=c, modality="image", quality="human:x", tier="standard", value=20.0)
        for c in ("portrait", "landscape")
    ]
    (place,) = _places(demanded, {KEY: THEN}, {KEY: SINCE}, None)
    assert (sum(place.before), sum(place.after), place.paired) == (20, 23, True)
