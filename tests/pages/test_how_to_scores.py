"""The pages on metrics and on doctor are executed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pages.running import ROOT, blocks, execute
from qfloor import suite

HOW_TO = ROOT / "docs" / "how-to"
pytestmark = pytest.mark.slow

BENCH = """
[benchmark]
name = "bench"
title = "A small run of painters, not AI models"
suites = ["few.toml"]
offers = ["painters/umber"]
round = "2026-11"
repeats = 1

[[scorers]]
name = "taste:Taste"

[[scorers]]
name = "clip"

[[thresholds]]
tier = "standard"
value = 5.0
"""
TASTE = """
import numpy as np

from qfloor.records import Metric, ScoreStatus
from qfloor.scorers.protocol import Row


class Taste:
    concurrent = True
    inputs = ("pixels",)
    metrics = (
        Metric(
            name="preference.hps_v2_1", unit="1", lo=0.0, hi=255.0, definition={"of": "a test"},
            execution={}, comparable="within a prompt",
        ),
    )

    def applies(self, prompt, media_type):
        return True

    def score(self, batch):
        return [(self.row(np.mean(item.inputs["pixels"])),) for item in batch]

    def row(self, value):
        name = self.metrics[0].name
        return Row(metric=name, status=ScoreStatus.SCORED, value=float(value))
"""


def test_the_page_on_metrics(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call_qfloor: Callable[..., tuple[int, str, str]],
) -> None:
    """A scorer without weights bears HPSv2's name; the TOML has a test of its own."""
    found = [p.id for p in suite.load("painters").prompts if p.category == "product-photo"]
    (tmp_path / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {found[:8]}\n'
    )
    (tmp_path / "bench.toml").write_text(BENCH)
    (tmp_path / "taste.py").write_text(TASTE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    env = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}"}
    for command in ("generate", "score"):
        code, _, err = call_qfloor(command, "bench.toml")
        assert code == 0, err
    swap = {"shop/base": "painters/umber"}
    assert len(execute(HOW_TO / "metrics.md", tmp_path, env=env, swap=swap)) == 3
    code, out, _ = call_qfloor("reference", "list", "--json")
    assert (code, len(json.loads(out))) == (0, 1)
    (derived,) = (b.text for b in blocks(HOW_TO / "metrics.md") if b.language == "python")
    shown = subprocess.run(
        [sys.executable, "-c", f'{derived}\nprint(scores["100cos"].notna().sum())'],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert int(shown.stdout) == 8, "one for every cosine"


def test_the_page_on_doctor(tmp_path: Path) -> None:
    """Folders without files stand for the page's, and nothing is downloaded: not run, no failure.

    Numbers that published files and weights give are checked where these lie, in `tests/doctor`.
    """
    (tmp_path / "published").mkdir()
    (tmp_path / "weights").mkdir()
    assert len(execute(HOW_TO / "doctor.md", tmp_path, swap={" --download": ""})) == 4
