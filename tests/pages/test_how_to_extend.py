"""The pages on providers, scorers, suites and pictures made elsewhere do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.running import ROOT, execute


@pytest.mark.parametrize("name", ["provider", "scorer", "suite", "made-elsewhere"])
def test_the_page_is_executed(name: str, tmp_path: Path) -> None:
    assert execute(ROOT / "docs" / "how-to" / f"{name}.md", tmp_path)
