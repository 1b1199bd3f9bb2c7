"""The study of panel sizes: what facts/statistics.md 8.4 found, and what per-rating fails do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "validity"))

import panel_size  # noqa: E402

from qfloor.floors import Judged  # noqa: E402
from qfloor.records import Status  # noqa: E402

RATINGS = ROOT.parent / "shared" / "data" / "genai_bench" / "genai_image.json"


def test_a_rate_per_rating_is_the_mean_of_those_without_one() -> None:
    outputs = [
        Judged(
            output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE, raters=("a", "b", "c"),
            values=(1.0 + i % 5, 1.0 + i % 4, 5.0 - i % 3),
        )
        for i in range(60)
    ]  # fmt: skip
    (line,) = panel_size.by_rating({"x/y": outputs}, 2.5, 0.05)
    rates = [row.rate for row in line.without if row.rate is not None]
    assert len(rates) == 3
    assert line.floor.fail_rates[0].rate == pytest.approx(sum(rates) / 3)
    all_, *pairs = panel_size.by_mean({"x/y": outputs}, 2.5, 0.05)["x/y"]
    assert (all_.n, len(pairs)) == (60, 3)
    assert all_.fails == sum((1 + i % 5 + 1 + i % 4 + 5 - i % 3) / 3 < 2.5 for i in range(60))


@pytest.mark.skipif(not RATINGS.exists(), reason="the ratings of GenAI-Bench are not here")
def test_the_finding_on_published_ratings() -> None:
    """Facts 8.4 gives .230 and .154 to .192 for Midjourney_6: these are rates, not bounds."""
    cells = panel_size.read(RATINGS)
    all_, *pairs = panel_size.by_mean(cells, 2.5, 0.05)["genai_bench/Midjourney_6"]
    assert round(all_.fails / all_.n, 3) == 0.230
    assert sorted(round(p.fails / p.n, 3) for p in pairs) == [0.154, 0.167, 0.192]
    assert not all_.certified
    assert all(p.certified for p in pairs)
    by_rating = {line.verdict.offer_id: line for line in panel_size.by_rating(cells, 2.5, 0.05)}
    assert not by_rating["genai_bench/Midjourney_6"].hangs_on_one
