"""Every command of every page is one that qfloor knows, and every TOML block is TOML."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pages.running import ROOT, blocks
from qfloor.cli import app

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = ROOT / "docs" / "reference"


def commands(page: Path) -> Iterator[list[str]]:
    """Words of each ``qfloor`` command in a page's console blocks."""
    for block in blocks(page):
        if block.language != "console":
            continue
        for line, _ in block.commands():
            words = shlex.split(line.replace("\\\n", " "), comments=True)
            for start, word in enumerate(words):
                if word.endswith("qfloor") and (
                    not start or words[start - 1] in _BEFORE or "=" in words[start - 1]
                ):
                    ends = [n for n, one in enumerate(words) if n > start and one in _AFTER]
                    yield words[start + 1 : min(ends, default=len(words))]


_BEFORE = ("&&", ";", "|", "||")
_AFTER = (*_BEFORE, "&", ">", ">>", "2>", "2>&1")


GROUP: Any = typer.main.get_command(app)


def parameters(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words name, and what is left of them."""
    command, left = GROUP, list(words)
    while left and left[0] in getattr(command, "commands", {}):
        command = command.commands[left.pop(0)]
    return command, left


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_and_option_exists(page: Path) -> None:
    for words in commands(page):
        command, left = parameters(words)
        if words[:1] in (["--version"], ["--help"]):
            continue
        assert not hasattr(command, "commands"), f"qfloor {' '.join(words)}: no such command"
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        named = {word.partition("=")[0] for word in left if re.match(r"--?[a-z]", word)}
        assert named <= known, f"qfloor {' '.join(words)}: no option {named - known}"


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent != GENERATED], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_block_of_toml_is_toml(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            tomllib.loads(block.text)


def test_commands_are_found() -> None:
    found = [words for page in PAGES for words in commands(page)]
    assert len(found) > 150
    assert ["route", "--db", "quality.db"] in [words[:3] for words in found]
    command, left = parameters(["store", "clean", "--apply"])
    assert (command.name, left) == ("clean", ["--apply"])
