"""Signals at any moment of a command: one sentence, the exit code that is documented, no draft."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
SAID = "qfloor: stopped; what was finished is kept, run the same command again\n"
BEGIN = """
import os, signal, sys, tempfile
signal.signal(signal.SIGINT, signal.{sigint})  # a shell's background job ignores it
from qfloor.__main__ import main
"""
LOADING = """
class Interrupts:
    def find_spec(self, name, *_):
        if name == "qfloor.cli.system":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
main()
"""
WORKING = """
from qfloor.cli import app

@app.command("work")
def work():
    with tempfile.TemporaryDirectory(dir="."):
        print("begun")
        os.kill(os.getpid(), signal.{told})
        print("done")

sys.argv[1:] = ["work"]
main()
"""


def ran(folder: Path, code: str, sigint: str = "default_int_handler") -> tuple[int, str, str]:
    """What a program made of its signal: exit code, and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN.format(sigint=sigint) + code], cwd=folder, timeout=120,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_ctrl_c_while_everything_is_being_loaded(tmp_path: Path) -> None:
    """It was a traceback of an import."""
    code, _, said = ran(tmp_path, LOADING)
    assert (code, said) == (130, SAID)


@pytest.mark.parametrize(
    ("told", "code"), [("SIGINT", 130), ("SIGTERM", -signal.SIGTERM)]
)  # fmt: skip
def test_a_signal_amid_the_work(tmp_path: Path, told: str, code: int) -> None:
    """SIGTERM said nothing, and left what was half-made where it was."""
    ended, out, said = ran(tmp_path, WORKING.format(told=told))
    assert (ended, out) == (code, "begun\n")
    assert said.endswith(SAID)
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_where_ctrl_c_is_ignored_sigterm_still_ends_it(tmp_path: Path) -> None:
    code, _, _ = ran(tmp_path, WORKING.format(told="SIGTERM"), sigint="SIG_IGN")
    assert code == -signal.SIGTERM
