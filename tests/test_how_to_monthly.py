"""The recipes of docs/how-to/monthly.md: they name what exists, and their lines do what is said."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

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


CODES = (0, 1, 2, CHANGED, UNFINISHED)


def blocks(language: str) -> list[str]:
    """Code blocks of the page in a language; "" for those that name none."""
    parts = re.split(r"^```(.*)\n", (HOW_TO / "monthly.md").read_text(), flags=re.MULTILINE)
    return [text for name, text in zip(parts[1::4], parts[2::4], strict=True) if name == language]


@pytest.fixture
def srv(tmp_path: Path) -> Path:
    """A folder in the place of /srv/qfloor, whose qfloor says a word and ends with a given code."""
    fake = tmp_path / ".venv" / "bin" / "qfloor"
    fake.parent.mkdir(parents=True)
    fake.write_text('#!/bin/sh\necho "called with $*"\nexit "$(cat code)"\n')
    fake.chmod(0o755)
    return tmp_path


def shell(srv: Path, code: int, script: str, *shell: str, **extra: str) -> tuple[int, str]:
    """Run lines in a scheduler's bare environment; gives the exit code and what they say."""
    (srv / "code").write_text(str(code))
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(srv), **extra}
    ran = subprocess.run(
        [*shell, script.replace("/srv/qfloor", str(srv))], cwd=srv, env=bare, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout


def cron_lines() -> list[str]:
    """Commands of the crontab, without their times."""
    (table,) = (block for block in blocks("") if "MAILTO" in block)
    jobs = [line.split(None, 5) for line in table.splitlines() if re.match(r"[\d*]", line)]
    assert all(re.fullmatch(r"[\d*/,-]+", field) for job in jobs for field in job[:5])
    assert not any("%" in job[5] for job in jobs), "cron takes % for a new line"
    return [job[5] for job in jobs]


@pytest.mark.parametrize("code", CODES)
def test_cron_mails_what_a_person_must_know(srv: Path, code: int) -> None:
    month, prices = cron_lines()
    _, said = shell(srv, code, month, "/bin/sh", "-c")
    assert "called with month monthly --minutes 55" in (srv / "month.log").read_text()
    quiet = code in (0, UNFINISHED)
    assert said == "" if quiet else said.startswith(f"qfloor month: exit {code}\ncalled with")
    _, said = shell(srv, code, prices, "/bin/sh", "-c")
    assert "called with prices update" in (srv / "prices.log").read_text()
    assert said == "" if not code else said.startswith(f"qfloor prices: exit {code}\ncalled with")


def test_cron_says_that_the_folder_is_missing(srv: Path) -> None:
    for line in cron_lines():
        _, said = shell(srv, 0, line.replace("/srv/qfloor", "/nowhere/qfloor"), "/bin/sh", "-c")
        assert "/nowhere/qfloor" in said
        assert "exit" in said


def workflow_job() -> dict[str, object]:
    (text,) = blocks("yaml")
    return yaml.safe_load(text)["jobs"]["month"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("code", CODES)
def test_the_workflows_lines_pass_on_the_code(srv: Path, code: int) -> None:
    steps = {step.get("id"): step for step in workflow_job()["steps"]}  # type: ignore[attr-defined]
    outputs, path = srv / "outputs", f"{srv}/.venv/bin:/usr/bin:/bin"
    ended, said = shell(
        srv, code, steps["month"]["run"], "bash", "-e", "-c",
        PATH=path, KEYS="a secret", GITHUB_OUTPUT=str(outputs),
    )  # fmt: skip
    assert ended == (0 if code in (0, CHANGED, UNFINISHED) else code)
    assert outputs.read_text() == f"code={code}\n"
    assert ("::warning::" in said) == (code == CHANGED)
    assert ("::notice::" in said) == (code == UNFINISHED)
    assert (srv / "keys.env").read_text() == "a secret"


def test_the_workflow_is_one_that_github_takes(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="needs check-jsonschema (extra dev)")
    file = tmp_path / "month.yml"
    file.write_text(blocks("yaml")[0])
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    for text, right in (
        (file.read_text(), True),
        (file.read_text().replace("runs-on", "on"), False),
    ):
        file.write_text(text)
        ran = subprocess.run(
            [*check, "vendor.github-workflows", file], capture_output=True, text=True
        )
        assert (ran.returncode == 0) == right, ran.stdout


def test_the_units_are_ones_that_systemd_takes(tmp_path: Path) -> None:
    if (verify := shutil.which("systemd-analyze")) is None:
        pytest.skip("needs systemd-analyze")
    service, timer = blocks("ini")
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "qfloor").symlink_to("/bin/true")
    units = tmp_path / "units"
    units.mkdir()
    for name, text in {
        "qfloor-month.service": service,
        "qfloor-month.timer": timer,
        "qfloor-tell@.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    }.items():
        (units / name).write_text(text.replace("/srv/qfloor", str(tmp_path)))
    files = [units / "qfloor-month.service", units / "qfloor-month.timer"]
    where = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"}

    def verified() -> str:
        ran = subprocess.run([verify, "verify", *files], env=where, capture_output=True, text=True)
        return "\n".join(line for line in ran.stderr.splitlines() if "qfloor" in line)

    assert verified() == ""
    files[0].write_text(files[0].read_text().replace("RestartSec=", "RestartSeconds="))
    assert "RestartSeconds" in verified()
