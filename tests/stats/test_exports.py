from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

from qfloor import stats

MODULES = sorted(m.name for m in pkgutil.iter_modules(stats.__path__))
UNEXAMPLED = (
    "fail_groups",
    "fail_path",
    "fail_rules",
    "fail_scan",
    "fail_table",
    "fail_tally",
    "every_repeat_many",
    "fail_search",
)
SOURCES = sorted(Path(stats.__path__[0]).glob("*.py"))


def test_every_export_exists_and_is_listed_once() -> None:
    assert len(set(stats.__all__)) == len(stats.__all__)
    assert all(hasattr(stats, name) for name in stats.__all__)
    imported = {
        alias.name
        for node in ast.walk(ast.parse(Path(stats.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    assert imported == set(stats.__all__)


def test_names_of_the_public_surface() -> None:
    assert stats.clopper_pearson(0, 11)[0] == 0.0
    assert stats.korn_graubard_upper([0.0] * 11, 2, confidence=0.95) < 0.25
    assert stats.q25_lower_bound(range(11), prompts=None, confidence=0.95) == 0.0
    assert stats.EProcess(q=0.25, alpha=0.05).update(0.0).verdict == "undecided"


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"qfloor.stats.{name}")
    results = doctest.testmod(module)
    assert results.attempted >= (0 if name in UNEXAMPLED else 1)
    assert results.failed == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_imports_are_numpy_scipy_and_the_standard_library(path: Path) -> None:
    allowed = {
        "__future__", "ast", "bisect", "collections", "dataclasses", "functools", "math", "numpy",
        "qfloor", "scipy", "typing",
    }  # fmt: skip
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in allowed
            if (node.module or "").startswith("qfloor"):
                assert (node.module or "").startswith("qfloor.stats.")
        elif isinstance(node, ast.Import):
            assert {a.name.split(".")[0] for a in node.names} <= allowed
