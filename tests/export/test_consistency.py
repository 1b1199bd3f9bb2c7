"""Rows of a release that contradict each other: each is told, by its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.export.consistency import problems_of
from qfloor.records import digest_of

Content = export.Content


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return export.read(export.write(tmp_path / "quality.db", factories.release()))


def _certified(content: Content) -> tuple[export.Row, export.Row]:
    """A certified verdict and the floor under it."""
    verdict = next(v for v in content["verdicts"] if v["ruling"] == "certified")
    place = ("offer_id", "category", "modality", "quality")
    floor = next(
        f
        for f in content["floors"]
        if f["kind"] == "delivered" and all(f[c] == verdict[c] for c in place)
    )
    return verdict, floor


def _provisional(content: Content) -> None:
    _certified(content)[1]["provisional"] = True


def _without_a_floor(content: Content) -> None:
    content["floors"].remove(_certified(content)[1])


def _without_a_metric(content: Content) -> None:
    content["qualities"][0]["metric_key"] = "clip@gone"


def _pass_rate_of_nothing(content: Content) -> None:
    verdict, _ = _certified(content)
    row = {c: verdict[c] for c in ("offer_id", "category", "modality")}
    content["pass_rates"] = [{**row, "metric": "safety@gone"}]


def _learned_from_nowhere(content: Content) -> None:
    row = dict(content["thresholds"][0])
    content["learned_thresholds"] = [{**row, "rule": "usable-rate", "value": 3.25, "reason": ""}]


def _learned_nothing_and_no_reason(content: Content) -> None:
    row = dict(content["thresholds"][0])
    content["learned_thresholds"] = [{**row, "rule": "usable-rate", "value": None, "reason": ""}]


def _priced_for_nobody(content: Content) -> None:
    content["prices"][0]["offer_id"] = "shop/gone"


def _spent_on_nobody(content: Content) -> None:
    row = dict.fromkeys(("rows", "attempts", "charged", "unknown", "amount_nanousd"), 1)
    content["spending"] = [{**row, "offer_id": "shop/gone", "digest": "0" * 32}]


def _as_fast_as(seconds: object) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        row = {"offer_id": content["offers"][0]["id"], "p50_s": 1.0, "n": 3, "as_of": None}
        content["latency"] = [{**row, "p95_s": seconds}]

    return change


def _frozen_at(at: object) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        content["release"][0]["frozen_at"] = at
        plan = {"frozen": True, "content": {}, "digest": digest_of({})}
        content["provenance"] = [{"key": "frozen_plan", "value": plan}]

    return change


def _never_frozen(content: Content) -> None:
    content["release"][0]["frozen_at"] = "2026-11-01T00:00:00+00:00"
    content["provenance"] = [{"key": "frozen_plan", "value": {"frozen": False}}]


def _a_tier_of_words(content: Content) -> None:
    content["thresholds"][0]["value"] = "high"


def _neither_way(content: Content) -> None:
    content["qualities"][0]["direction"] = "sideways"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_priced_for_nobody, "prices: shop/gone: unknown offer_id"),
        (_spent_on_nobody, "spending: shop/gone: unknown offer_id"),
        (_as_fast_as("abc"), "p95_s is 'abc', which is not a number"),
        (_as_fast_as(float("inf")), "p95_s is inf, which is not a number"),
        (_as_fast_as(-2.0), "p95_s is -2 seconds"),
        (_frozen_at(None), "its plan is frozen, but not told when"),
        (_frozen_at("7"), "frozen at '7', which is no time"),
        (_never_frozen, "but holds no frozen plan"),
        (_a_tier_of_words, "value is 'high', which is not a number"),
        (_neither_way, "direction is 'sideways', which is not one of higher, lower"),
        (_provisional, "certified on a provisional floor"),
        (_without_a_floor, "there is no delivered floor under it"),
        (_without_a_metric, "no metric 'clip@gone'"),
        (_pass_rate_of_nothing, "no metric 'safety@gone'"),
        (_learned_from_nowhere, "3.25 is no threshold"),
        (_learned_nothing_and_no_reason, "neither a value nor a reason, or both"),
    ],
)
def test_what_does_not_agree_is_told(
    content: Content, change: Callable[[Content], None], said: str
) -> None:
    assert problems_of(content) == []
    change(content)
    assert any(said in problem for problem in problems_of(content))
