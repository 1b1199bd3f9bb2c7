"""The pages on adding a provider, a scorer and a suite do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.running import ROOT, execute


@pytest.mark.parametrize("name", ["provider", "scorer", "suite"])
def test_the_page_is_executed(name: str, tmp_path: Path) -> None:
    assert execute(ROOT / "docs" / "how-to" / f"{name}.md", tmp_path)
