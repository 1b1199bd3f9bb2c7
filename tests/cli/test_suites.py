"""Suites that the command line writes: what a person corrected by hand stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
SAMPLE = ("suite", "sample", "--log", "log.csv", "-o", "s.toml")
IMPORT = ("suite", "import", "log.csv", "-f", "csv", "--column", "text=prompt", "-o", "s.toml")


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command beside a log of requests; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("prompt,category\na man,portrait\na hill,landscape\n")
    return call_qfloor


@pytest.mark.parametrize(
    ("command", "corrected"),
    [(SAMPLE, "s.toml"), (SAMPLE, "s.inclusion.json"), (IMPORT, "s.toml")],
)
def test_what_was_corrected_by_hand_is_written_over_only_when_told(
    cli: Cli, tmp_path: Path, command: tuple[str, ...], corrected: str
) -> None:
    assert cli(*command)[0] == 0
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert cli(*command)[0] == 0  # the same bytes are no other's
    (tmp_path / corrected).write_bytes(made[corrected] + b"\n")
    other = next((n for n in made if n not in ("log.csv", corrected)), None)
    if other is not None:
        (tmp_path / other).unlink()
    code, _, err = cli(*command)
    assert code == 1
    assert f"qfloor: {corrected}: is there and differs from what would be written" in err
    assert "or say --replace" in err
    assert (tmp_path / corrected).read_bytes() == made[corrected] + b"\n"
    assert other is None or not (tmp_path / other).exists()  # checked before either is written
    assert cli(*command, "--replace")[0] == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made


def test_a_suite_may_be_written_to_what_is_no_file(cli: Cli) -> None:
    for _ in range(2):
        code, out, _ = cli(*IMPORT[:-1], "/dev/stdout")
        assert code == 0
        assert 'text = "a hill"' in out
