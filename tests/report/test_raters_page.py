"""How severe raters are, as the report draws them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from qfloor.report.content import ReportContent
from qfloor.report.raters_page import MOST_RATERS, _severity, raters_section


def rater(name: str, severity: float | None, **more: Any) -> dict[str, Any]:
    told = {
        "rater": name, "by": "people", "n_ratings": 40, "mean": 6.0, "severity": severity,
        "severity_lo": None if severity is None else severity - 0.25,
        "severity_hi": None if severity is None else severity + 0.25, "inconsistency": None,
        "outside_share": None, "bt500": "", "repeat_same": None, "catches_seen": None,
    }  # fmt: skip
    return told | more


def test_severity_is_drawn_with_its_interval_and_described() -> None:
    page = _severity([rater("harsh", -1.5), rater("mild", 0.5), rater("alone", None)])
    assert "Severity of 2 raters in points, from harsh (-1.5) to mild (0.5)." in page
    assert page.count('class="name"') == 2, "who shares no output with others is in the table only"
    assert "All 3 raters" in page


def test_of_many_raters_the_ends_are_drawn_and_all_are_listed() -> None:
    rows = [rater(f"r{n:03}", n / 100 - 0.5) for n in range(MOST_RATERS + 40)]
    page = _severity(rows)
    assert page.count('class="name"') == MOST_RATERS
    assert "from r000 (-0.5) to r099 (0.49)" in page
    assert f"All {len(rows)} raters" in page


def test_raters_that_share_no_output_are_listed_and_not_compared() -> None:
    page = _severity([rater("a", None), rater("b", None)])
    assert "severity cannot be told from taste" in page
    assert "All 2 raters" in page
    assert _severity([rater("a", None, mean=None)]) == ""


def section(shared: int, *raters: dict[str, Any]) -> str:
    row = {
        "category": "portrait", "criterion": "overall", "by": "people", "ratings": 9, "raters": 3,
        "anonymous": 0, "alpha": 0.5 if shared else None, "alpha_ordinal": None, "alpha_95": None,
        "icc1": None, "resolution": None, "shared_items": shared,
    }  # fmt: skip
    content = SimpleNamespace(
        agreement=(row,), raters=raters, floors=[], provenance={}, tables={}, absent={},
        quality={"id": "overall"},
    )  # fmt: skip
    return raters_section(cast("ReportContent", content))


def test_where_nothing_was_rated_twice_one_sentence_says_so() -> None:
    page = section(0, rater("a", None), rater("b", None))
    assert page.count("No output was rated twice: how far raters agree, and how severe") == 1
    assert "alpha" not in page
    assert "taste" not in page
    assert "All 2 raters" in page
    heads = page[page.index("<thead>") : page.index("</thead>")]
    known = {"rater", "by", "ratings", "mean", "severity", "screening"}
    assert {head for head in known if head in heads} == {"rater", "by", "ratings", "mean"}
    assert "alpha (ordinal)" in section(4, rater("a", 0.1))
    assert "rated twice: how far" not in section(4, rater("a", 0.1))
