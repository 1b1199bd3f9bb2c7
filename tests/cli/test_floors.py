"""What `qfloor floors` shows: floors, and the tables of their own beside them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor.cli import app

HEADER = "item_id,prompt_id,category,model_id,rater_id,score,scale_min,scale_max\n"
BENCHMARK = """
[benchmark]
name = "rated"
imported = true
offers = ["imported/*"]
round = "2026-11"

[quality]
criterion = "overall"
lo = 0
hi = 10

[[thresholds]]
category = "portrait"
modality = "image"
tier = "standard"
value = 5
"""


@pytest.fixture
def rated(tmp_path: Path) -> tuple[str, Path]:
    """Forty prompts of one model, rated by three, of whom one is kind."""
    rows = [
        f"m-{n},p{n},portrait,m,{rater},{score},0,10"
        for n in range(40)
        for rater, score in (("kind", 9), ("a", 2 if n % 5 == 0 else 8), ("b", 8))
    ]
    (tmp_path / "ratings.csv").write_text(HEADER + "\n".join(rows) + "\n")
    (tmp_path / "rated.toml").write_text(BENCHMARK)
    workspace = tmp_path / "w"
    given = ["ratings", "import", str(tmp_path / "ratings.csv"), "--round", "2026-11"]
    done = CliRunner().invoke(app, [*given, "-w", str(workspace)])
    assert done.exit_code == 0, done.output
    return str(tmp_path / "rated.toml"), workspace


def _floors(rated: tuple[str, Path], *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["floors", rated[0], "-w", str(rated[1]), *options])
    return done.exit_code, done.stdout, done.stderr


def test_floors_of_few_raters_say_so(rated: tuple[str, Path]) -> None:
    code, out, err = _floors(rated)
    assert code == 0
    assert "certified" in out
    assert "1 of 1 floors are conditional on a panel of few raters; see --leave-one-out" in err


def test_leave_one_out(rated: tuple[str, Path]) -> None:
    rows = json.loads(_floors(rated, "--leave-one-out", "--json")[1])
    assert [row["without_rater"] for row in rows] == [1, 2, 3]
    assert {row["with_all"] for row in rows} == {"certified"}
    rates = sorted(row["fail"] for row in rows)
    assert rates == pytest.approx([0.0, 0.1, 0.1])
    assert "without rater" in _floors(rated, "--leave-one-out")[1]


def test_tags_and_languages(rated: tuple[str, Path]) -> None:
    (row,) = csv.DictReader(io.StringIO(_floors(rated, "--tags", "--csv")[1]))
    assert (row["facet"], row["label"], row["prompts"]) == ("language", "en", "40")
    assert float(row["standard_fail"]) == pytest.approx(8 / 120)
    assert float(row["standard_upper"]) > float(row["standard_fail"])
    assert "language en" in _floors(rated, "--tags")[1]


def test_no_metric_no_pass_rate(rated: tuple[str, Path]) -> None:
    code, out, _ = _floors(rated, "--pass-rates")
    assert code == 0
    assert "not scored with any metric that is true or false" in out
    assert _floors(rated, "--pass-rates", "--json")[1].strip() == "[]"


def test_one_table_at_a_time(rated: tuple[str, Path]) -> None:
    code, _, err = _floors(rated, "--tags", "--pass-rates")
    assert code == 2
    assert "tables of their own" in err
