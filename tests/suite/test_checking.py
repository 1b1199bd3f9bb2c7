"""`suite check` fails for what gives a template away, and passes the suites that ship."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import suite
from qfloor.records import CATEGORIES, Prompt, Suite
from qfloor.suite.checking import words
from qfloor.suite.loading import Checks

NATURAL = Checks(natural=True)


def _suite(texts: list[str], **fields: object) -> Suite:
    prompts = [
        Prompt(id=f"p-{i}", text=t, category="portrait", family=f"p-{i}")
        for i, t in enumerate(texts)
    ]
    return Suite(name="s", version="1.0.0", prompts=tuple(replace(p, **fields) for p in prompts))


def _rules(made: Suite, rules: Checks = NATURAL) -> set[str]:
    return {finding.rule for finding in suite.check(made, rules)}


def test_templates_are_found() -> None:
    made = _suite([f"a studio photo of {i} {i + 1} {i + 2}" for i in range(60)])
    assert "opening" in _rules(made)


def test_shared_runs_are_found() -> None:
    tail = "shot on a rainy day in the old town"
    made = _suite([f"{'x' * (i + 1)} {'y' * (i + 1)} {tail}" for i in range(60)])
    assert "run" in _rules(made)


def test_one_length_and_one_language_are_found() -> None:
    short = _suite([f"word{i} other{i}" for i in range(20)])
    assert {"median", "long"} <= _rules(short)
    assert "languages" in _rules(short, Checks(min_languages=8))
    assert "count" in _rules(short, Checks(min_per_category=120))


def test_lettering_must_stand_in_the_text() -> None:
    made = _suite(["a sign"], category="text-in-image", must_render=("OPEN",))
    assert _rules(made) >= {"must_render"}
    fine = _suite(['a sign that says "OPEN"'], category="text-in-image", must_render=("OPEN",))
    assert "must_render" not in _rules(fine)


def test_equal_texts_are_found() -> None:
    assert "duplicate" in _rules(_suite(["A face.", "a face"]))


def test_words_of_scripts_without_blanks() -> None:
    assert words("Two red apples, please!") == ["two", "red", "apples", "please"]
    assert len(words("两个红苹果放在木桌上")) == 5


@pytest.mark.parametrize("name", ["core", "quick", "painters"])
def test_suites_that_ship_pass(name: str) -> None:
    loaded = suite.load(name)
    assert suite.check(loaded) == []
    assert {p.category for p in loaded.prompts} == {c.id for c in CATEGORIES}


def test_core_is_large_and_quick_is_part_of_it() -> None:
    core, quick = suite.load("core"), suite.load("quick")
    per_category = [sum(p.category == c.id for p in core.prompts) for c in CATEGORIES]
    assert min(per_category) >= 120
    assert [sum(p.category == c.id for p in quick.prompts) for c in CATEGORIES] == [30] * 7
    known = {p.id: p.digest for p in core.prompts}
    assert all(known[p.id] == p.digest for p in quick.prompts)
    assert all(p.seconds for p in core.prompts if p.category == "video")
    assert len({p.language for p in core.prompts}) >= 8


def test_a_category_of_the_suites_own_is_told_before_a_benchmark_refuses_it(
    tmp_path: Path, call_qfloor
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[suite]\nname = "own"\nversion = "1.0.0"\n'
        '[[categories]]\nid = "packshot"\ndescription = "pack shots"\n'
        '[[prompts]]\nid = "a"\ncategory = "packshot"\ntext = "a red mug"\n'
        '[[prompts]]\nid = "b"\ncategory = "general"\ntext = "the blue teapot"\n'
    )
    (finding,) = suite.check(suite.load(path))
    assert (finding.category, finding.rule) == ("packshot", "category")
    code, _, err = call_qfloor("suite", "check", path)
    assert code == 1
    assert "packshot: category: the suite's own, which no benchmark can judge yet" in err
    path.write_text(path.read_text().replace('"packshot"\ntext', '"product-photo"\ntext'))
    assert suite.check(suite.load(path)) == []
