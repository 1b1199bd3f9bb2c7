"""The page on the router in a service does what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

from pages.running import ROOT, execute

PAGE = ROOT / "docs" / "how-to" / "service.md"


def test_the_page_is_executed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "results" / "painters.db", tmp_path)
    execute(PAGE, tmp_path)
    assert (tmp_path / "policy.toml").read_text() == 'objective = "price"', (
        "its Python ran to the end"
    )
