"""The how-to page on classification does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "classification.md"


def test_the_pages_python_runs_from_the_checkout() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-c", block],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (shown,) = re.findall(r"```\n(portrait .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert ran.stdout == shown


def test_the_pages_own_prompts_are_read(tmp_path: Path) -> None:
    sys.path.append(str(ROOT / "benchmarks" / "classifier"))
    import corpus

    (lines,) = re.findall(r"```\n(P\|en.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "ours.txt"
    path.write_text(lines, encoding="utf-8")
    items = list(corpus.written(path, split="train"))
    assert [item.acceptable for item in items] == [
        ("product-photo",), ("text-in-image", "product-photo"), ("none",),
    ]  # fmt: skip
    assert {item.split for item in items} == {"train"}
