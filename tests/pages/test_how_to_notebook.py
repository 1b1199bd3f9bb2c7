"""The page on reading a release and its raw rows in a notebook does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.running import ROOT, execute
from qfloor import suite

BENCH = """
[benchmark]
name = "bench"
suites = ["few.toml"]
offers = ["painters/umber", "painters/cobalt"]
round = "2026-12"

[raters]
share = 1.0
raters = 12
votes = 3

[[thresholds]]
tier = "standard"
value = 5.0

[[thresholds]]
tier = "premium"
value = 8.0
"""


@pytest.mark.slow
def test_the_page_is_executed(tmp_path: Path) -> None:
    ids = [p.id for p in suite.load("painters").prompts if p.category == "portrait"][:30]
    (tmp_path / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {ids}\n'
    )
    (tmp_path / "bench.toml").write_text(BENCH)
    assert execute(ROOT / "docs" / "how-to" / "notebook.md", tmp_path)
    assert (tmp_path / "portrait-image.png").is_file()
    assert (tmp_path / "tables" / "verdicts.parquet").is_file()
