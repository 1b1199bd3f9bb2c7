"""What the page on Python shows of ratings runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pages.running import ROOT


def test_the_example_on_ratings_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    section = page.partition("\n## qfloor.ratings\n")[2]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert block is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.csv").write_text(
        "worker,request,made_by,fits\nw1,a red fox,flux,4\nw2,a red fox,flux,5\n"
    )
    ran: dict[str, Any] = {}
    exec(block[1], ran)
    assert [(row["criterion"], row["raters"]) for row in ran["agreed"]] == [("overall", 2)]
