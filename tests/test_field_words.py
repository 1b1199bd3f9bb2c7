"""Messages of files that people write: entries counted from one, names in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor import benchmark, field_words
from qfloor.benchmark import tables
from qfloor.errors import BenchmarkError, SuiteError
from qfloor.pipeline.rounds import planned
from qfloor.suite import loading

FILE = """
[benchmark]
name = "{name}"
suites = ["painters"]
offers = ["painters/ochre"]
round = "2026-11"

[[thresholds]]
tier = "standard"
value = 5.0

[[thresholds]]
tier = "premium"
rule = "usable-rate"
usable = {usable}
"""


@pytest.mark.parametrize(
    ("name", "usable", "said"),
    [
        ("shop", "80", "field 'thresholds (entry 2).usable' is 80"),
        ("My Shop", "0.8", "field 'benchmark.name' is 'My Shop', must be small letters, digits"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, name: str, usable: str, said: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(FILE.format(name=name, usable=usable))
    with pytest.raises(BenchmarkError) as found:
        benchmark.load(path)
    assert said in str(found.value)
    assert "pattern" not in str(found.value)


def test_a_suite_that_is_not_there_names_the_file_that_asks(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(FILE.format(name="shop", usable=0.8).replace('["painters"]', '["paintres"]'))
    with pytest.raises(SuiteError) as found:
        planned.suites_of(benchmark.load(path))
    assert str(found.value).startswith(f"{path}: benchmark.suites: no suite is called 'paintres'")
    assert str(found.value).endswith("did you mean 'painters', or a file such as paintres.toml?")


@pytest.mark.parametrize("module", [tables, loading])
def test_every_pattern_has_words(module) -> None:
    written = Path(module.__file__).read_text()
    patterns = [part.split('"')[0] for part in written.split('pattern=r"')[1:]]
    assert patterns
    assert set(patterns) <= set(field_words.PATTERNS)


def test_a_misspelt_field_is_asked_among_those_of_its_own_table(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(FILE.format(name="shop", usable=0.8).replace("rule =", "roul ="))
    with pytest.raises(BenchmarkError, match=r"'thresholds \(entry 2\).roul'; did you mean 'rule'"):
        benchmark.load(path)
    path.write_text(FILE.format(name="shop", usable=0.8).replace("suites =", "qqq ="))
    with pytest.raises(BenchmarkError, match=r"unknown field 'benchmark.qqq'; known: name, "):
        benchmark.load(path)


def test_a_secret_is_not_said() -> None:
    told = {"type": "string_type", "loc": ("a",), "msg": ""}
    assert field_words.sentence(told, tables.BenchmarkFile) == "field 'a' must be text"
    given = {**told, "input": 7}
    assert field_words.sentence(given, tables.BenchmarkFile) == "field 'a' is 7, must be text"
