"""``qfloor run --adaptive`` prints what each cell cost, or what people have to rate next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor import benchmark
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
    assert "5 outputs wait for ratings" in told.stderr
    assert not (tmp_path / "quality.db").exists()


def test_an_amount_that_is_none_is_refused(short: Benchmark, tmp_path: Path) -> None:
    told = runner.invoke(
        app, ["run", "painters", "--adaptive", "-w", str(tmp_path), "--rating-usd", "much"]
    )
    assert isinstance(told.exception, QfloorError)
    assert "--rating-usd" in str(told.exception)
