"""What the page on metrics shows is what the code takes."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from qfloor.plugins import installed

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/metrics.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_scorers_on_the_page_are_installed_and_take_their_arguments(block: str) -> None:
    for table in tomllib.loads(block)["scorers"]:
        assert set(table) <= {"name", "args"}
        scorer = installed("qfloor.scorers")[table["name"]].load()
        inspect.signature(scorer).bind(**table.get("args", {}))


def test_the_page_names_every_published_head() -> None:
    from qfloor.scorers.aesthetic import HEADS

    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in HEADS if f"`{name}`" not in text] == []
