"""``qfloor run --adaptive`` prints what each cell cost, or what people have to rate next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor import benchmark, export, pipeline
from qfloor.benchmark import Benchmark
from qfloor.cli import app
from qfloor.errors import QfloorError

runner = CliRunner()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    """One painter, one category, no scorers, with its panel."""
    full = benchmark.load("painters")
    found = replace(
        full,
        offers=tuple(o for o in full.offers if o.id == "painters/umber"),
        thresholds=tuple(t for t in full.thresholds if t.category == "portrait"),
        scorers=(),
        calibrations=(),
    )
    monkeypatch.setattr("qfloor.cli.running.benchmark_of", lambda *_, **__: found)
    return found


def test_a_table_of_what_each_cell_cost(short: Benchmark, tmp_path: Path) -> None:
    given = ["run", "painters", "--adaptive", "-w", str(tmp_path), "--json", "--batch", "6"]
    told = runner.invoke(app, [*given, "--rating-usd", "0.05"])
    assert told.exit_code == 0, told.output
    (row,) = json.loads(told.stdout)
    assert row["offer"] == "painters/umber"
    assert row["stopped"] == "every tier"
    assert row["prompts"] < row["of"]
    assert row["premium"].startswith("rejected at ")
    assert row["usd"] > 0.05 * row["prompts"]
    assert (tmp_path / "quality.db").exists()


def test_outputs_to_rate_do_not_tell_the_offer(
    short: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "qfloor.cli.running.benchmark_of", lambda *_, **__: replace(short, panel=None)
    )
    told = runner.invoke(app, ["run", "painters", "--adaptive", "-w", str(tmp_path), "--csv"])
    assert told.exit_code == 0, told.output
    header, *rows = told.stdout.splitlines()
    assert header == "item_id,category,prompt,file"
    assert len(rows) == 5
    assert "umber" not in told.stdout
    assert "ratings are wanted of 5 outputs:" in told.stderr
    assert not (tmp_path / "quality.db").exists()


def test_floors_of_an_adaptive_round_say_which_tables_it_does_not_give(
    short: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its test lets no rater vary, so every verdict hangs on its panel, and says so (0015)."""
    monkeypatch.setattr("qfloor.cli.floors.benchmark_of", lambda *_, **__: short)
    runner.invoke(app, ["run", "painters", "--adaptive", "-w", str(tmp_path), "--batch", "6"])
    for table in ("--tags", "--pass-rates", "--leave-one-out"):
        told = runner.invoke(app, ["floors", "painters", "-w", str(tmp_path), table])
        assert told.exit_code == 0, told.output
        assert told.stdout.startswith("an adaptive round has no such table: ")
    told = runner.invoke(app, ["floors", "painters", "-w", str(tmp_path)])
    assert "1 of 1 floor is conditional on their panel" in told.stderr
    assert "--leave-one-out" not in told.stderr
    told = runner.invoke(app, ["floors", "painters", "-w", str(tmp_path), "--thresholds"])
    assert "premium" in told.stdout
    panels = {v["panel"] for v in export.read(tmp_path / "quality.db")["verdicts"]}
    assert len(panels) == 1
    assert panels.pop().startswith("conditional on this panel of ")


def test_an_amount_that_is_none_is_refused(short: Benchmark, tmp_path: Path) -> None:
    told = runner.invoke(
        app, ["run", "painters", "--adaptive", "-w", str(tmp_path), "--rating-usd", "much"]
    )
    assert isinstance(told.exception, QfloorError)
    assert "--rating-usd" in str(told.exception)


def test_a_budget_for_nothing_says_so(short: Benchmark, tmp_path: Path) -> None:
    """It told people to run `qfloor floors`, which had nothing to compute either."""
    given = ["run", "painters", "--adaptive", "-w", str(tmp_path)]
    with pytest.raises(QfloorError, match=r"not one prompt was judged \(budget: 1 cell\)"):
        pipeline.run_adaptive(replace(short, budget_nanousd=0), tmp_path / "other")
    told = runner.invoke(app, [*given, "--rating-usd", "-1"])
    assert str(told.exception) == "--rating-usd is '-1', must not be negative"
    told = runner.invoke(app, [*given, "--value-usd", "nan"])
    assert str(told.exception) == "--value-usd is 'nan', must be an amount"


@pytest.mark.parametrize(
    "option", [["--method", "exact"], ["--batch", "3"], ["--rating-usd", "1"], ["--value-usd", "1"]]
)
def test_options_of_an_adaptive_run_are_refused_without_it(
    short: Benchmark, tmp_path: Path, option: list[str]
) -> None:
    told = runner.invoke(app, ["run", "painters", "-w", str(tmp_path), *option])
    assert told.exit_code == 2
    assert "goes with --adaptive" in told.output
    assert not list(tmp_path.iterdir())


def test_a_run_that_buys_nothing_is_not_adaptive(short: Benchmark, tmp_path: Path) -> None:
    """It bought: --resolve-unknown was not looked at."""
    given = ["run", "painters", "-w", str(tmp_path), "--adaptive", "--resolve-unknown"]
    told = runner.invoke(app, given)
    assert told.exit_code == 2
    assert "--resolve-unknown" in told.output
    assert not list(tmp_path.iterdir())
