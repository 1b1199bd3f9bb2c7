"""docs/how-to/replay.md is executed; what it cannot run here names options that exist."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import typer.main
from pages.running import ROOT, execute

from qfloor.cli import app
from qfloor.pipeline.workloads import workloads

PAGE = ROOT / "docs" / "how-to" / "replay.md"


def test_the_page_is_executed(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    for name in ("painters.db", "painters_2026-12.db"):
        shutil.copy(ROOT / "results" / name, tmp_path / "results")
    ran = execute(PAGE, tmp_path)
    assert [command.split()[1] for command in ran] == ["replay", "savings", "savings", "db"]


def test_every_option_that_is_named_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    lines = re.findall(r"^(?:\$ )?qfloor ((?:replay|savings|db) .*)$", text, re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        command, words = group, line.split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_the_workloads_that_are_named_ship() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in workloads())
