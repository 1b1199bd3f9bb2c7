"""Small versions of both sequential studies: levels that hold, spend that is below the bars."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "validity"


@pytest.fixture(autouse=True)
def _studies_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


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


def test_the_loop_of_cells_that_share_alpha_is_the_librarys() -> None:
    assert _load("adaptive_holm").check(5, seed=8, families=4) == 16


@pytest.mark.slow
def test_levels_hold_at_any_stopping_time() -> None:
    rows = _load("sequential_validity").study(4_000, seed=2)
    ours = [r for r in rows if r["rule"] != "fixed-size"]
    assert len(ours) >= 32
    assert [r for r in ours if r["false"] > r["level"] + 3 * r["error"]] == []
    passed_on = [r for r in ours if r["condition"].startswith("Holm, 9 of 10")]
    assert all(r["false"] > 0.5 * r["level"] for r in passed_on)  # a tenth of alpha would be .005
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


@pytest.mark.parametrize("patience", [0.4, 1.1, 20.0])
def test_no_rule_of_ours_spends_less_than_the_least(patience: float) -> None:
    bound = _load("sequential_bound")
    rates, level, horizon = np.linspace(0.02, 0.6, 12), 0.005, 120
    boundary = bound.stats.exact_boundary(horizon, level, 0.25)
    go = bound.stats.worth_going_on(boundary, patience)
    found = [bound.walk(boundary, go, rate) for rate in rates.tolist()]
    spent, right = (sum(part) / rates.size for part in zip(*found, strict=True))
    least = bound.least_prompts(rates, level, 0.25, right, horizon)
    assert least <= spent
    assert least > 0.75 * spent  # and not far below: it says something


def test_the_least_is_that_of_a_test_that_can_be_worked_out_by_hand() -> None:
    optimum = _load("sequential_optimum")
    # One prompt at most, and no cell ever fails.
    known = optimum.game(np.array([1e-12]), 0.25, 1)
    assert optimum.value(known, 0.0, 0.0, 0.0) == pytest.approx(0.0)
    # Worth 10, a false one 8: certify after one clean prompt at 1 - 10 + .75 * 8, or at once.
    assert optimum.value(known, 10.0, 8.0, 1.0) == pytest.approx(-3.0)
    # Buying with chance c and certifying at once with chance d: c + d = .07, .75 c + d <= .06.
    least = optimum.least_prompts(np.array([1e-12]), 0.06, 0.25, 0.07, 1)
    assert least == pytest.approx(0.04, abs=0.002)
