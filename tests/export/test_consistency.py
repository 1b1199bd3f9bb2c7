"""Rows of a release that contradict each other: each is told, by its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.export.consistency import problems_of

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
    content["learned_thresholds"] = [{**row, "rule": "usable", "value": 3.25, "reason": ""}]


def _learned_nothing_and_no_reason(content: Content) -> None:
    row = dict(content["thresholds"][0])
    content["learned_thresholds"] = [{**row, "rule": "usable", "value": None, "reason": ""}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
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
