"""The how-to page's thresholds are learned as it shows them, from a benchmark that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qfloor import benchmark, pipeline
from qfloor.store import Store

TEXT = (Path(__file__).parents[1] / "docs/how-to/floors.md").read_text(encoding="utf-8")
HEAD = """
[benchmark]
name = "portraits"
suites = ["painters"]
offers = ["painters/cobalt", "painters/verdigris", "painters/sienna"]
round = "2026-12"
repeats = 1

[raters]
share = 1.0
raters = 40
votes = 3
seed = 5
"""


def remarks(folder: Path) -> list[str]:
    """Run the page's benchmark on its portraits and say what became of its rules."""
    (rules,) = re.findall(r"```toml\n(\[\[thresholds\]\].*?)```", TEXT, re.DOTALL)
    (folder / "portraits.toml").write_text(HEAD + rules, encoding="utf-8")
    asked = benchmark.load(folder / "portraits.toml")
    portraits = tuple(p for p in pipeline.prompts_of(asked) if p.category == "portrait")
    with Store.open(folder / "workspace", create=True) as store, store.writing("test"):
        pipeline.freeze_plan(store, asked)
        pipeline.generate_round(store, asked, portraits)
        pipeline.rate_round(store, asked, portraits)
        found = pipeline.certify_round(store, asked, portraits)
    return list(pipeline.threshold_remarks(found))


@pytest.mark.slow
def test_the_pages_thresholds_are_those_that_are_learned(tmp_path: Path) -> None:
    told = remarks(tmp_path)
    assert len(told) == 2
    for sentence in told:
        assert sentence in TEXT
