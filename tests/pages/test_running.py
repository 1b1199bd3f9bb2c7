"""The runner of pages finds what a page gets wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pages.running import agrees, execute


def page(folder: Path, text: str) -> Path:
    (folder / "page.md").write_text(text, encoding="utf-8")
    return folder / "page.md"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a b", "a   b\n", True),
        ("a ... c", "a b\nb c", True),
        ("a ... c", "a c", True),
        ("...\nc\n...", "c", True),
        ("a b", "a bc", False),
        ("a\n...\nc", "a b", False),
        ("at most 9.4%", "at most 9x4%", False),
        ("", "something", False),
    ],
)
def test_what_agrees(shown: str, printed: str, same: bool) -> None:
    assert agrees(shown, printed) is same


def test_a_page_is_executed_in_one_shell(tmp_path: Path) -> None:
    ran = execute(
        page(
            tmp_path,
            "```console\n$ mkdir there && cd there\n$ echo one; echo two\n...\ntwo\n```\n"
            '```toml\n# x.toml\na = "b"\n```\n```console\n$ cat x.toml\n# x.toml\na = "b"\n```\n'
            "<!-- exits 3 -->\n```console\n$ true\n$ (exit 3)\n```\n"
            "```python\nassert open('x.toml').read()\n```\n",
        ),
        tmp_path,
    )
    assert ran == [
        "mkdir there && cd there", "echo one; echo two", "cat x.toml", "true", "(exit 3)",
    ]  # fmt: skip
    assert (tmp_path / "there" / "x.toml").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "```console\n$ echo a\nb\n```\n",
        "```console\n$ (exit 1)\n```\n",
        "<!-- exits 1 -->\n```console\n$ true\n```\n",
        "```python\nassert False\n```\n",
    ],
)
def test_a_page_that_is_wrong_fails(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(AssertionError):
        execute(page(tmp_path, wrong), tmp_path)


def test_nothing_that_a_page_starts_outlives_it(tmp_path: Path) -> None:
    execute(page(tmp_path, "```console\n$ sleep 60 & echo $! > pid\n```\n"), tmp_path)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
