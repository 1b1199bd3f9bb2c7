"""The how-to page on ratings does what it says: every example is written down and run."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from qfloor.cli import main
from qfloor.ratings import FORMATS

DOCS = Path(__file__).parents[2] / "docs/how-to"
TEXT = (DOCS / "ratings.md").read_text(encoding="utf-8")
EXAMPLES = [
    (title, body)
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    if "```console" in body and "genai_image" not in body
]


@pytest.mark.parametrize(("title", "body"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_the_example_of_a_section_runs(title, body, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"```\w+ (\S+)\n(.*?)```", body, re.DOTALL):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    commands = re.findall(r"^\$ qfloor (.+)$", body, re.MULTILINE)
    for command in commands:
        monkeypatch.setattr(sys, "argv", ["qfloor", *shlex.split(command), "--json"])
        assert exit_code() in (0, None)
        said = json.loads(capsys.readouterr().out)
        done = said.get("kept", 0) + said.get("comparisons", 0) + said.get("ratings", 0)
        assert done > 0
        assert said.get("read", done) == done + sum(said.get("dropped", {}).values()), title
        if "import" in command:
            assert exit_code() in (0, None)
            again = json.loads(capsys.readouterr().out)
            assert (again["repeated"], again["added"]) == (True, 0)


def test_what_was_imported_is_judged_as_the_page_says(tmp_path, monkeypatch, capsys):
    """The benchmark file below the first table, on that table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(re.search(r"```csv own.csv\n(.*?)```", TEXT, re.DOTALL)[1])
    file = re.search(r"```toml\n(# judged.toml\n.*?)```", TEXT, re.DOTALL)[1]
    (tmp_path / "judged.toml").write_text(file)
    commands = re.search(r"```sh\n(qfloor floors judged.*?)```", TEXT, re.DOTALL)[1].splitlines()
    for command in ["qfloor ratings import own.csv --round 2026-11", *commands]:
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        refused = 3 if "route" in command else 0  # of one prompt nothing is certified
        assert (exit_code() or 0, command) == (refused, command)
    said = capsys.readouterr()
    assert "imported/flux-dev portrait (image) professional: too few prompts" in said.err
    assert "undecided" in said.out


def exit_code():
    try:
        main()
    except SystemExit as stop:
        return stop.code
    return 0


def test_every_format_has_a_section_here_or_among_comparisons():
    other = DOCS / "comparisons.md"
    text = TEXT + (other.read_text(encoding="utf-8") if other.exists() else "`pairwise`")
    assert [name for name in FORMATS if f"`{name}`" not in text] == []
