"""Execute a page: its files are written, its commands run, what they print is what it shows.

Console blocks of a page share one shell, as a reader's do: `cd`, `activate` and `&` work. Lines
that begin with `$ ` are commands; what follows up to the next one is what they print, with `...`
for anything. A comment `<!-- exits 1 -->` above a block says so of its last command. Blocks whose
first line is a comment with a file's name, or that stand below `<!-- file NAME -->`, are files;
other Python blocks are run, other TOML blocks parsed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(
    r"(?:<!-- (exits|file) (\S+) -->\n)?^( *)```(\w+)\n(.*?)^\3```$", re.DOTALL | re.MULTILINE
)
_FILE = re.compile(r"# ([\w./-]+\.\w+)$")
_END = "__this_command_has_ended__"


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    exits: int = 0
    file: str | None = None

    def commands(self) -> Iterator[tuple[str, str | None]]:
        """Each command with what it is shown to print; None where nothing is shown."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            lines = part.rstrip("\n").split("\n")
            command = lines.pop(0)
            while command.endswith("\\"):
                command += "\n" + lines.pop(0)
            yield command, "\n".join(lines) if lines else None


def blocks(page: Path) -> list[Block]:
    return [_block(*found) for found in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def _block(mark: str, value: str, _: str, language: str, text: str) -> Block:
    named = _FILE.match(text.partition("\n")[0])
    file = value if mark == "file" else named[1] if named else None
    return Block(language, text, int(value) if mark == "exits" else 0, file)


class Shell:
    """One bash for a whole page."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        binaries = str(Path(sys.executable).parent)
        self.env = {
            **os.environ,
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "TERM": "dumb",
            **(env or {}),
        }
        self._bash = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=self.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.folder = folder

    def run(self, command: str) -> tuple[int, str]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f'{command}\n__code=$?; echo; echo {_END} $__code "$PWD"\n')
        self._bash.stdin.flush()
        printed: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(_END):
                _, code, where = line.rstrip("\n").split(" ", 2)
                self.folder = Path(where)
                return int(code), "".join(printed).rstrip("\n")
            printed.append(line)
        raise AssertionError(f"the shell ended in: {command}\n{''.join(printed)}")

    def close(self) -> None:
        """End the shell and what it started in the background."""
        self._signal(signal.SIGTERM)
        for stream in (self._bash.stdin, self._bash.stdout):
            assert stream is not None
            stream.close()
        self._bash.wait(timeout=30)
        for _ in range(50):  # what was started in the background may end in peace, up to 5 s
            if not self._signal(0):
                return
            time.sleep(0.1)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> bool:
        """Signal the shell and all that it started; false when nobody is left."""
        try:
            os.killpg(self._bash.pid, number)
        except ProcessLookupError:
            return False
        return True


def execute(
    page: Path,
    folder: Path,
    env: Mapping[str, str] | None = None,
    swap: Mapping[str, str] | None = None,
) -> list[str]:
    """Execute every block of a page; returns the commands that were run, as the page has them.

    ``swap`` puts other words into commands and Python, for what is no page's choice: a free port.
    """
    shell = Shell(folder, env)
    ran: list[str] = []
    try:
        for block in blocks(page):
            ran += _execute(block, shell, swap or {})
    finally:
        shell.close()
    return ran


def _execute(block: Block, shell: Shell, swap: Mapping[str, str]) -> list[str]:
    if block.language == "console":
        commands = list(block.commands())
        for n, (command, shown) in enumerate(commands, 1):
            code, printed = shell.run(_swapped(command, swap))
            due = block.exits if n == len(commands) else 0
            assert code == due, f"$ {command}\nexits {code}, not {due}:\n{printed}"
            assert shown is None or agrees(shown, printed), difference(command, shown, printed)
        return [command for command, _ in commands]
    if block.file:
        file = shell.folder / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "python":
        text = _swapped(block.text, swap)
        code, printed = shell.run(f"python - <<'__PYTHON__'\n{text}\n__PYTHON__")
        assert code == 0, f"{text}\n{printed}"
    return []


def _swapped(command: str, swap: Mapping[str, str]) -> str:
    for word, other in swap.items():
        command = command.replace(word, other)
    return command


def agrees(shown: str, printed: str) -> bool:
    """Whether a command printed what the page shows; only words count, not the blanks between."""
    pattern = "".join(
        r".*?" if word == "..." else rf"{re.escape(word)}\s" for word in shown.split()
    )
    return re.fullmatch(pattern, " ".join(printed.split()) + " ", re.DOTALL) is not None


def difference(command: str, shown: str | None, printed: str) -> str:
    return f"$ {command}\nprints\n{printed}\n\nand the page shows\n{shown}"
