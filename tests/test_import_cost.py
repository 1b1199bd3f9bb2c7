"""`import qfloor` and `import qfloor.router` load the standard library and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"

PROBE = """
import json, sys
before = set(sys.modules)
import {module}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps(sorted(loaded - set(sys.stdlib_module_names) - {{"qfloor"}})))
"""


@pytest.mark.parametrize("module", ["qfloor", "qfloor.router", "qfloor.records", "qfloor.prices"])
def test_only_the_standard_library_is_loaded(module: str) -> None:
    # -S -I: no site-packages at all, as after `pip install --no-deps` in an empty environment
    code = f"import sys; sys.path.insert(0, {str(SRC)!r})\n" + PROBE.format(module=module)
    ran = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["route", "--help"]])
def test_the_command_line_starts_without_anything_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SRC)!r}); sys.argv = ['qfloor', *{arguments!r}]\n"
        "from qfloor.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        # pydantic is not on the list: typer itself looks for it, and it costs 17 ms
        "heavy = {'torch', 'open_clip', 'pandas', 'scipy', 'numpy', 'sklearn', 'cv2'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.strip().splitlines()[-1] == "[]"
