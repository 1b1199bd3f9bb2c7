"""A benchmark small enough to run for real in every test session."""

from __future__ import annotations

import pytest

from qfloor import benchmark, pipeline, suite
from qfloor.benchmark import Benchmark

BENCHMARK = """
[benchmark]
name = "small"
title = "A small run of painters, not AI models"
suites = ["{suite}"]
offers = ["painters/ochre", "painters/indigo", "painters/umber", "painters/sepia"]
round = "2026-11"
repeats = 1
budget_usd = "20"

[raters]
share = 1.0
raters = 12
votes = 1
seed = 3

[[scorers]]
name = "technical"

[[calibrations]]
metric = "technical.sharpness"
epsilon = 0.2

[[thresholds]]
tier = "standard"
value = 5.0

[[thresholds]]
tier = "premium"
value = 8.0
"""

CHOSEN = {"product-photo": 24, "portrait": 24, "video": 4}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """Load the small benchmark from files of its own."""
    folder = tmp_path_factory.mktemp("small")
    ids = [
        p.id
        for category, n in CHOSEN.items()
        for p in [q for q in suite.load("painters").prompts if q.category == category][:n]
    ]
    chosen = "".join(f'  "{i}",\n' for i in ids)
    (folder / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = [\n{chosen}]\n'
    )
    path = folder / "small.toml"
    path.write_text(BENCHMARK.format(suite=folder / "few.toml"))
    return benchmark.load(path)


@pytest.fixture(scope="session")
def ran(small: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> pipeline.RunResult:
    """Run it once; tests read what it left."""
    return pipeline.run(small, tmp_path_factory.mktemp("workspace"))
