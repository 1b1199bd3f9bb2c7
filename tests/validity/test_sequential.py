"""Small versions of both sequential studies: levels that hold, spend that is below the bars."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "validity"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_studys_loop_is_the_librarys() -> None:
    assert _load("adaptive_spend").check_walk(seed=8) == 48


@pytest.mark.slow
def test_levels_hold_at_any_stopping_time() -> None:
    rows = _load("sequential_validity").study(4_000, seed=2)
    ours = [r for r in rows if r["rule"] != "fixed-size"]
    assert len(ours) >= 20
    assert [r for r in ours if r["false"] > r["level"] + 3 * r["error"]] == []
    contrast = next(r for r in rows if r["rule"] == "fixed-size")
    assert contrast["false"] > 0.15  # the simulation can see a level that does not hold


@pytest.mark.slow
def test_spend_stays_below_the_bars_where_it_did() -> None:
    study = _load("adaptive_spend")
    kept = {"synthetic clear": 0.6, "synthetic close": 1.25, "painters": 0.6}
    for cells in study.sets(None):
        if cells.name not in kept:
            continue
        rows = study.study(cells, 20, [0.04], seed=4, strategies=study.STRATEGIES[:1])
        everything = next(r for r in rows if r["cells"] == "all" and r["prices"] == "equal")
        assert everything["to_hindsight"] <= kept[cells.name]
        assert everything["false_certificate"] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)
        if cells.name == "painters":
            assert everything["to_planned"] <= 0.4
