"""The page on comparisons: every file it shows is written, every command it shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor.cli import app
from qfloor.ratings import FORMATS
from qfloor.store import Store

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "comparisons.md"
FENCES = re.findall(r"```(\w+) ?(\S*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
KEPT = {
    "pairs.csv": 3, "battles.json": 2, "log.jsonl": 1, "votes.csv": 2, "picks.jsonl": 1,
    "job.json": 3, "choices.csv": 2, "arena_votes.csv": 2, "rankings.json": 3,
    "hpd_train.json": 1, "hpd_test.json": 3,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _, name, content in FENCES:
        if name:
            (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_every_command_does_what_the_page_says(folder):
    lines = [line[2:] for kind, _, text in FENCES if kind == "console"
             for line in text.splitlines() if line.startswith("$ ")]  # fmt: skip
    imported, before = set(), 0
    for line in lines:
        words = shlex.split(line)
        ran = CliRunner().invoke(app, words[1:])
        assert ran.exit_code == 0, (line, ran.output, ran.exception)
        with Store.open(folder / ".qfloor") as store:
            now = len(list(store.comparisons_of()))
        if words[2] == "import":
            assert now - before == KEPT[words[3]], line
            imported.add(words[words.index("--format") + 1])
        before = now
    pairs = {"pairwise", "arena", "fastchat", "evalica", "pick_a_pic", "rapidata", "pwcmp",
             "genai_arena", "rankings", "hpd"}  # fmt: skip
    assert imported == pairs <= set(FORMATS)
    assert len(KEPT) == sum(bool(name) for _, name, _ in FENCES)
