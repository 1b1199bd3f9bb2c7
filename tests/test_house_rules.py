"""The size of rooms, the layers, and that what is promised as public is there."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "src" / "qfloor").rglob("*.py"))

MODULE_LINES, FUNCTION_LINES = 400, 50


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    documented = ast.get_docstring(function, clean=False)
    return lines - (len(documented.splitlines()) + 1 if documented else 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES
    functions = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {f.name: _body_lines(f) for f in functions if _body_lines(f) > FUNCTION_LINES}
    assert long == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_modules_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), "a module says what it does and does not know"


UNMAPPED = {"qfloor", "cli", "providers", "formats", "testing"}
"""The README's own map; a module a command, a seller, a format; and two functions by name."""
PACKAGES = [
    path.parent for path in MODULES if path.stem == "__init__" and path.parent.name not in UNMAPPED
]


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_packages_have_a_map_of_all_their_modules(folder: Path) -> None:
    above = folder.parent if folder.parent.name == "pipeline" else folder  # one map for all of it
    texts = (ast.get_docstring(ast.parse((f / "__init__.py").read_text())) for f in {above, folder})
    named = set(re.findall(r"\w+", " ".join(text or "" for text in texts))) | {"__init__"}
    modules = {path.stem for path in folder.glob("*.py")}
    modules |= {path.parent.name for path in folder.glob("*/__init__.py")}
    assert sorted(m for m in modules - named if not m.startswith("words_")) == []


def test_layers_hold() -> None:
    lint = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if lint is None:
        pytest.skip("import-linter is not installed (extra [dev])")
    ran = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout


def test_every_exported_name_exists() -> None:
    import qfloor
    from qfloor import floors, router, stats, suite

    for module in (qfloor, floors, router, stats, suite):
        missing = [name for name in module.__all__ if not hasattr(module, name)]
        assert missing == [], module.__name__
    assert {"load", "Need", "classify", "choose"} <= set(router.__all__)
    promised = {"clopper_pearson", "korn_graubard_upper", "q25_lower_bound", "EProcess"}
    assert promised <= set(stats.__all__)
