"""Messages of files that people write: entries counted from one, names in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from qfloor import benchmark, field_words
from qfloor.benchmark import tables
from qfloor.errors import BenchmarkError, SuiteError
from qfloor.pipeline.rounds import planned

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


def test_every_pattern_has_words() -> None:
    patterns = {
        found
        for path in Path(field_words.__file__).parent.rglob("*.py")
        for found in re.findall(r"Field\([^()]*\bpattern=r\"([^\"]+)\"", path.read_text())
    }
    assert patterns == set(field_words.PATTERNS)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"type": "date_parsing", "msg": "Input should be a date"}, "must be a date"),
        ({"type": "own", "msg": "two of one name"}, "is not as it must be: two of one name"),
        ({"type": "value_error", "msg": "Value error, x"}, "is not as it must be: x"),
        ({"type": "list_type", "msg": "?"}, "must be a list"),
        ({"type": "model_type", "msg": "?"}, "must be an object"),
        ({"type": "less_than", "ctx": {"lt": 5.0}, "msg": "?"}, "must be below 5"),
        ({"type": "literal_error", "ctx": {"expected": "True"}, "msg": "?"}, "must be true"),
    ],
)
def test_a_fault_in_our_words_or_at_least_in_those_of_whoever_found_it(
    error: dict[str, Any], said: str
) -> None:
    assert field_words.fault(error) == said


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
