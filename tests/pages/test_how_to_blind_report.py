"""The page on reporting a blind session does what it says."""

from __future__ import annotations

from pathlib import Path

from pages.running import ROOT, execute


def test_the_page_is_executed(tmp_path: Path) -> None:
    assert execute(ROOT / "docs" / "how-to" / "blind-report.md", tmp_path)
    assert "People prefer" in (tmp_path / "may.html").read_text()
