"""The pages on adaptive runs, on why a quartile, and on corrections and traffic are executed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pages.running import ROOT, blocks, execute
from qfloor import suite
from qfloor.store import Store

DOCS = ROOT / "docs"
HOW_TO = DOCS / "how-to"
pytestmark = pytest.mark.slow

BENCH = """
[benchmark]
name = "bench"
title = "A small run of painters, not AI models"
suites = ["few.toml"]
offers = ["painters/umber"]
round = "2026-12"
repeats = 1

[[thresholds]]
tier = "standard"
value = 5.0
"""
PANEL = """
[raters]
share = 1.0
raters = 6
"""
RATED = """
import csv

rows = csv.DictReader(open("to_rate.csv"))
out = csv.writer(open("rated.csv", "w", newline=""))
out.writerow(["rater_id", "item_id", "score", "scale_min", "scale_max"])
out.writerows([rater, row["item_id"], 8, 0, 10] for row in rows for rater in ("ann", "ben"))
"""


def write_suite(folder: Path, prompts: int) -> None:
    found = [p.id for p in suite.load("painters").prompts if p.category == "product-photo"]
    (folder / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {found[:prompts]}\n'
    )


def test_the_page_on_adaptive_runs(tmp_path: Path) -> None:
    """A small benchmark stands for the built-in one; two people rate before their table comes."""
    write_suite(tmp_path, 40)
    (tmp_path / "bench.toml").write_text(BENCH + PANEL)
    (tmp_path / "mine.toml").write_text(BENCH.replace('"bench"', '"mine"'))
    (tmp_path / "rate.py").write_text(RATED)
    swap = {
        "run painters": "run bench.toml -w panel",
        "qfloor ratings": f"{sys.executable} rate.py && qfloor ratings",
    }
    assert len(execute(HOW_TO / "adaptive.md", tmp_path, swap=swap)) == 4
    assert (tmp_path / "panel" / "quality.db").is_file()
    with Store.open(tmp_path / ".qfloor") as store:
        made = [o for o in store.outputs_of() if o.media_sha256]
        rated = {rating.output_id for rating in store.ratings_of()}
    with (tmp_path / "to_rate.csv").open(newline="") as file:
        assert {row["item_id"] for row in csv.DictReader(file)} == rated
    assert len(made) > len(rated) > 0, "the second run looks, and buys on"


def test_the_page_on_the_quartile(tmp_path: Path) -> None:
    """The page shows the table, which is what the command writes to its standard output."""
    swap = {"qfloor power": "qfloor power 2> /dev/null"}
    assert len(execute(DOCS / "explanation" / "quartile.md", tmp_path, swap=swap)) == 1


def write_languages(folder: Path, german: int) -> None:
    """A suite of portraits and landscapes, some of them asked for in German."""
    lines = ["[suite]", 'name = "two"', 'version = "1.0.0"']
    for n in range(60):
        language = "de" if n < german else "en"
        lines += [
            "[[prompts]]", f'id = "q{n}"', f'text = "thing number {n} seen from above"',
            f'category = "{("portrait", "landscape")[n % 2]}"', f'language = "{language}"',
        ]  # fmt: skip
    (folder / "few.toml").write_text("\n".join(lines))


def test_the_page_on_corrections_and_traffic(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call_qfloor: Callable[..., tuple[int, str, str]],
) -> None:
    """Its lines, put into a benchmark, are planned; without German prompts the plan is refused."""
    first, traffic = (b.text for b in blocks(HOW_TO / "corrections-and-traffic.md"))
    monkeypatch.chdir(tmp_path)
    lines = BENCH.replace("[benchmark]\n", first) + PANEL + traffic
    (tmp_path / "bench.toml").write_text(lines)
    write_languages(tmp_path, 20)
    code, _, err = call_qfloor("plan", "bench.toml")
    assert code == 0, err
    write_languages(tmp_path, 0)
    code, _, err = call_qfloor("plan", "bench.toml")
    assert code == 1
    assert "'de'" in err or " de" in err, err
