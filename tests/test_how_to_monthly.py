"""The recipes of docs/how-to/monthly.md name options, codes and files that exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import typer.main

from qfloor import benchmark
from qfloor.cli import app
from qfloor.cli.monthly import CHANGED, UNFINISHED

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"
PAGES = ("monthly.md", "report.md")


def commands(page: str) -> list[list[str]]:
    text = (HOW_TO / page).read_text()
    found = re.findall(r"qfloor ((?:month|report|plan|prices update) [^\n|>`]*)", text)
    return [line.split() for line in found]


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_is_named_exists(page: str) -> None:
    group = typer.main.get_command(app)
    lines = commands(page)
    assert lines
    for line in lines:
        command, words = group, list(line)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        named = {word for word in words if word.startswith("-")}
        assert named <= known, line


def test_benchmarks_that_are_named_ship() -> None:
    named = {line[1] for line in commands("monthly.md") if line[0] in ("month", "plan")}
    assert named == {"monthly", "painters"}
    assert named <= set(benchmark.names())


def test_exit_codes_are_those_of_the_command() -> None:
    text = (HOW_TO / "monthly.md").read_text()
    rows = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert rows == ["0", "1", "2", str(CHANGED), str(UNFINISHED)]
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string(re.findall(r"```ini\n(.*?)```", text, re.DOTALL)[0])
    assert unit["Service"]["RestartForceExitStatus"] == str(UNFINISHED)
    assert unit["Service"]["RestartPreventExitStatus"].split() == ["1", "2", str(CHANGED)]
    assert f"{CHANGED}) echo" in text
    assert f"{UNFINISHED}) echo" in text
