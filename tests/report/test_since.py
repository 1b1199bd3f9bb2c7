"""What the report says of a release that differs from the one before."""

from __future__ import annotations

from typing import Any

from qfloor.records import EVERY, DriftFinding
from qfloor.report.content import ReportContent, Since
from qfloor.report.drift_page import drift_section


def finding(offer: str, category: str = EVERY, **more: Any) -> DriftFinding:
    told: dict[str, Any] = {
        "before_run": "a", "after_run": "b", "quality": "q", "offer_id": offer,
        "category": category, "modality": "image", "tier": "premium", "threshold": 8.0,
        "test": "mcnemar", "n_before": 60, "n_after": 60, "before": 0.1, "after": 0.5,
        "worse": 26, "better": 2, "p_value": 1e-6, "p_adjusted": 2e-6, "level": 0.01,
        "detectable": 0.21, "shape_p": None, "word": "changed", "at": "t",
    }  # fmt: skip
    return DriftFinding(**told | more)


def section(**more: Any) -> str:
    told: dict[str, Any] = {"findings": (), "paired": True, "alpha": 0.05}
    since = Since(name="m", round="2026-10", digest="d" * 32, **told | more)
    tables: dict[str, Any] = {"offers": ()}
    return drift_section(ReportContent(tables=tables, written_at="", written_by="", since=since))


def test_who_changed_is_named_with_every_place_where_it_shows() -> None:
    found = (
        finding("shop/x"),
        finding("shop/x", "portrait"),
        finding("shop/y", word="not distinguishable", after=0.11),
    )
    page = section(findings=found)
    assert "<p>Changed: <b>shop/x</b>.</p>" in page
    assert page.count("changed for the worse") >= 2
    assert "<td>all categories</td>" in page
    assert "No offer is shown to have changed" not in page


def test_verdicts_signs_and_prices_that_are_other_now() -> None:
    verdict = {"offer_id": "shop/x", "category": "portrait", "tier": "premium",
               "before": "certified", "now": "undecided", "bound_before": 8.25,
               "bound_now": None}  # fmt: skip
    page = section(
        verdicts=(verdict,),
        signs=("shop/x: it names version 2 <b>",),
        prices=({"offer_id": "shop/x", "before": 0.04, "now": 0.05},),
    )
    assert "Verdicts that are other now (1 verdict)" in page
    assert "8.25 → none" in page
    assert "it names version 2 &lt;b&gt;" in page
    assert "$0.04" in page
    assert "$0.05" in page
    assert "Every verdict that both releases have is as before" not in page
