"""The command line as a person meets it: help, tables, exit codes, one sentence for a fault."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]

# DESIGN section 11, as far as this version goes; `demo` comes first for the newcomer
COMMANDS = [
    "demo", "suite", "offers", "plan", "power", "run", "generate", "unknown", "score",
    "reference", "ratings", "calibrate", "floors", "export", "verify", "route", "plugins", "doctor",
]  # fmt: skip


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return call_qfloor


def test_help_is_the_architecture(cli: Cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    listed = re.findall(r"^│ (\w+) ", out, re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == COMMANDS


def _subcommands() -> list[list[str]]:
    from typer.main import get_command

    from qfloor.cli import app

    found = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [[name, sub] for sub in inner] if inner else [[name]]
    return found


@pytest.mark.parametrize("command", _subcommands(), ids=" ".join)
def test_every_command_says_what_it_does_with_an_example(cli: Cli, command: list[str]) -> None:
    code, out, _ = cli(*command, "--help")
    assert code == 0
    assert "Example: qfloor " + " ".join(command) in " ".join(out.split())


@pytest.mark.parametrize("command", _subcommands(), ids=" ".join)
def test_no_option_is_cut_off_at_80_columns(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = cli(*command, "--help")
    assert [line for line in out.splitlines() if "…" in line] == []


def test_every_command_is_in_the_reference() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
    text = page.read_text(encoding="utf-8")
    assert [c for c in _subcommands() if f"## `qfloor {' '.join(c)}`" not in text] == []


def test_tables_for_people_and_programs(cli: Cli) -> None:
    _, table, _ = cli("offers", "list", "painters/o*")
    assert "painters/ochre" in table
    _, text, _ = cli("offers", "list", "painters/o*", "--json")
    assert [row["offer"]["id"] for row in json.loads(text)] == ["painters/ochre"]
    _, text, _ = cli("offers", "list", "painters/o*", "--csv")
    assert [row["offer"] for row in csv.DictReader(io.StringIO(text))] == ["painters/ochre"]


def test_a_line_of_a_piped_table_is_never_wrapped(capfd: pytest.CaptureFixture[str]) -> None:
    from qfloor.cli.output import emit

    long = "a very long value " * 40
    emit([{"name": "one", "value": long}, {"name": "two", "value": "short"}])
    (line,) = [line for line in capfd.readouterr().out.splitlines() if "one" in line]
    assert long.strip() in line


def test_files_that_cannot_be_judged_are_named(cli: Cli, tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(7)]
    for name in names:
        (tmp_path / name).write_bytes(b"no picture")
    rows = "".join(f"prompt {i},shop/m,{name}\n" for i, name in enumerate(names))
    (tmp_path / "m.csv").write_text("prompt,offer,file\n" + rows)
    take_in = ("generate", "--manifest", "m.csv", "--round", "2026-11")
    code, out, err = cli(*take_in)
    assert (code, out) == (0, "")
    assert "7 files cannot be judged, which counts as a fail:\n  row 2 0.png: " in err
    assert "and 2 more" in err
    assert "all of them: qfloor generate --manifest m.csv --round 2026-11 --rows" in err
    _, out, err = cli(*take_in, "--rows", "--csv")
    assert [row["file"] for row in csv.DictReader(io.StringIO(out))] == names
    assert "all of them" not in err
    assert cli("generate", "painters", "--rows")[0] == 2


def test_used_wrongly_is_exit_2(cli: Cli) -> None:
    assert cli("route")[0] == 2
    assert cli("nonsense")[0] == 2
    assert cli("generate")[0] == 2
    assert cli("suite", "import", "x.csv")[0] == 2
    assert cli("floors", "painters", "--kind", "delivred")[0] == 2
    assert cli("power", "--offers", "0")[0] == 2
    assert cli("power", "--alpha", "2")[0] == 2
    assert cli("power", "--alpha", "0.6")[0] == 2  # no benchmark file may say so
    assert cli("verify", "none.db", "--benchmark", "painters")[0] == 2  # was ignored
    assert cli("power", "--max-fail", "0")[0] == 2
    assert cli("power", "--power", "1")[0] == 2
    assert cli("suite", "sample", "--log", "x.csv", "--out", "o.toml", "--seed", "-1")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["suite", "check", "quikc"], "did you mean 'quick'"),
        (["suite", "check", "nowhere.toml"], "nowhere.toml: no such suite file"),
        (["suite", "import", "none.tsv", "-f", "partiprompts", "-o", "s.toml"], "no such file"),
        (["plan", "paniters"], "did you mean 'painters'"),
        (["run", "painters", "--round", ""], "--round is '', must look like 2026-11"),
        (
            ["run", "painters", "--round", "november"],
            "--round is 'november', must look like 2026-11",
        ),
        (["run", "painters", "--budget", "0.01"], "nothing was bought"),
        (["run", "painters", "--budget", "lots"], "--budget is 'lots', must be an amount"),
        (["score", "painters"], "no store"),
        (["floors", "painters"], "no store"),
        (["export", "painters"], "no store"),
        (["verify", "none.db"], "none.db"),
        (["export", "painters", "--out", "."], "--out . is a folder; name the file"),
        (["route", "a cat", "--db", "none.db"], "none.db"),
        (["generate", "--manifest", "none.csv", "--round", "2026-11"], "none.csv"),
        (["generate", "--manifest", "none.csv"], "say which round"),
        (["ratings", "import", "none.csv", "--round", "2026-11"], "no such file"),
        (
            ["ratings", "import", "log.csv", "--round", "banana"],
            "qfloor: --round is 'banana', must look like 2026-11",
        ),
        (
            ["generate", "--manifest", "log.csv", "--round", "banana"],
            "qfloor: --round is 'banana', must look like 2026-11",
        ),
        (["run", "x" * 5000], "File name too long"),
        (["suite", "import", "log.csv", "-f", "csv", "-o", "."], "is a folder"),
        (
            ["suite", "import", "log.csv", "-f", "csv", "-o", "s.toml", "--name", "My Own"],
            "field 'suite.name' is 'My Own'",
        ),
        (
            [
                "suite",
                "sample",
                "--log",
                "log.csv",
                "--text-field",
                "text",
                "-o",
                "s.toml",
                "--name",
                "My Own",
            ],
            "field 'suite.name' is 'My Own'",
        ),
        (
            [
                "suite",
                "import",
                "log.csv",
                "-f",
                "csv",
                "-o",
                "s.toml",
                "--column",
                "text=text",
                "--column",
                "aspect_ratio=text",
            ],
            "field 'aspect_ratio' is 'wide'",
        ),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_what_is_wrong_is_one_sentence_and_exit_1(
    cli: Cli, tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "log.csv").write_text("text\nwide\n")
    code, out, err = cli(*arguments)
    assert (code, out) == (1, "")
    told = [line for line in err.splitlines() if line.startswith("qfloor: ")]
    assert len(told) == 1
    assert says in told[0]
    assert "Traceback" not in err
    assert not {p.name for p in tmp_path.iterdir()} & {"s.toml", "s.inclusion.json"}


def test_nothing_half_written_is_left(cli: Cli, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("text,seconds\nx,soon\n")
    code, _, _ = cli(
        "suite", "import", bad, "-f", "csv", "-o", "out.toml",
        "--column", "text=text", "--column", "seconds=seconds",
    )  # fmt: skip
    assert code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv"]


def test_suite_check_fails_with_its_findings(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        '[suite]\nname = "s"\nversion = "1.0.0"\n[checks]\nmin_per_category = 2\n'
        '[[prompts]]\nid = "a"\ncategory = "portrait"\ntext = "a face"\n'
    )
    code, _, err = cli("suite", "check", path)
    assert code == 1
    assert "portrait: count: 1 prompt, needs 2" in err
    assert "findings, listed above" in err


def test_plan_shows_the_worst_case(cli: Cli) -> None:
    code, out, err = cli("plan", "painters", "--csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 14
    total = sum(float(row["worst_usd"]) for row in rows)
    assert f"at most ${total:.2f}" in err


def test_sampling_a_log(cli: Cli, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("prompt,category\n" + "".join(f"face {i},portrait\n" for i in range(9)))
    code, _, err = cli("suite", "sample", "--log", log, "-o", "own.toml", "--per-stratum", "4")
    assert code == 0
    assert "4 prompts" in err
    assert len(json.loads((tmp_path / "own.inclusion.json").read_text())) == 4
    log.write_text("prompt\nportrait of an old man\nquarterly tax report\n")
    for given, drawn in (((), "2 general"), (("--guess",), "1 general, 1 portrait")):
        _, _, err = cli("suite", "sample", "--log", log, "-o", "own.toml", "--replace", *given)
        assert f"2 prompts ({drawn})" in err
    log.write_text("prompt,category\nportrait of an old man,face\n")
    code, _, err = cli("suite", "sample", "--log", log, "-o", "own.toml", "--guess", "--replace")
    assert code == 0
    assert "1 row has a label that is no category ('face' in 1), taken as general" in err


@pytest.mark.parametrize(
    ("read", "command"),
    [
        ("log.csv", ["suite", "sample", "--log", "log.csv", "-o", "log.csv"]),
        (
            "log.inclusion.json",
            ["suite", "sample", "--log", "log.inclusion.json", "-o", "log.toml"],
        ),
        ("set.csv", ["suite", "import", "set.csv", "-f", "csv", "-o", "./set.csv"]),
        (
            "base.toml",
            ["suite", "rotate", "pool.toml", "--month", "2026-12", "--base", "base.toml",
             "-o", "base.toml"],
        ),
    ],
)  # fmt: skip
def test_no_suite_is_written_over_what_it_is_read_from(
    cli: Cli, tmp_path: Path, read: str, command: list[str]
) -> None:
    content = {
        ".csv": "prompt,category\na face,portrait\n",
        ".json": '{"prompt": "a face", "category": "portrait"}\n',
        ".toml": '[suite]\nname = "base"\nversion = "1.0.0"\n' + "".join(
            f'[[prompts]]\nid = "b{n}"\ncategory = "portrait"\ntext = "hill {n} fog {n} oak {n}"\n'
            for n in range(3)
        ),
    }[Path(read).suffix]  # fmt: skip
    (tmp_path / read).write_text(content)
    (tmp_path / "pool.toml").write_text(
        '[suite]\nname = "pool"\nversion = "1.0.0"\n[[prompts]]\nid = "own"\n'
        'category = "portrait"\ntext = "a nurse on a quay"\n'
    )
    files = sorted(tmp_path.iterdir())
    code, _, err = cli(*command)
    assert (code, f"would be written over {read}, which is read" in err) == (1, True), err
    assert (tmp_path / read).read_text() == content
    assert sorted(tmp_path.iterdir()) == files


def test_an_interrupt_is_one_sentence(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qfloor.cli.releasing.benchmark_of", stop)
    code, _, said = cli("export", "painters")
    assert (code, said) == (
        130, "qfloor: stopped; what was finished is kept, run the same command again\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--out", "q.json"], "--json-out"),
        (["--out", "Q.PARQUET"], "--parquet FOLDER"),
        (["--json-out", "q.db"], "such as quality.json"),
    ],
)
def test_an_export_is_not_written_under_another_forms_name(
    cli: Cli, tmp_path: Path, given: list[str], told: str
) -> None:
    for command in ("export", "run")[: 2 if given[0] == "--out" else 1]:
        code, _, said = cli(command, "painters", *given)
        assert code == 1
        assert told in said
    assert list(tmp_path.iterdir()) == []


def test_the_installed_command_runs() -> None:
    program = Path(sys.executable).parent / "qfloor"
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    import qfloor

    assert ran.stdout.strip() == qfloor.__version__


@pytest.mark.parametrize(
    ("called_as", "on_path", "told"),
    [
        (".venv/bin/qfloor", None, ".venv/bin/qfloor"),
        ("{cwd}/.venv/bin/qfloor", None, ".venv/bin/qfloor"),
        ("/opt/venv/bin/qfloor", None, "/opt/venv/bin/qfloor"),
        (".venv/bin/qfloor", "/usr/bin/qfloor", "qfloor"),
        ("/opt/qfloor/__main__.py", None, "qfloor"),
    ],
)
def test_what_the_demo_says_to_type_can_be_typed(
    called_as: str, on_path: str | None, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from qfloor.cli import demonstration

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called_as.format(cwd=tmp_path), "demo"])
    monkeypatch.setattr("shutil.which", lambda name: on_path)
    assert demonstration.called() == told


@pytest.mark.parametrize(
    "command", [["ratings", "import", "none.csv"], ["generate", "--manifest", "none.csv"]]
)
def test_a_mistyped_file_leaves_no_workspace(cli: Cli, command: list[str]) -> None:
    code, _, err = cli(*command, "--round", "2026-11")
    assert (code, err) == (1, "qfloor: none.csv: no such file\n")
    assert list(Path().iterdir()) == []


def test_nothing_to_learn_from_is_not_nothing_asked_for(cli: Cli) -> None:
    from qfloor.store import Store

    Store.open(Path(".qfloor"), create=True).close()
    code, out, _ = cli("calibrate", "painters")
    assert code == 0
    assert out == "nothing of round 2026-11 was both rated and scored, so nothing is learned\n"


def test_a_plan_names_the_offers_that_nobody_can_be_asked_for(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "offers.toml").write_text(
        'provider = "studio"\n[sources]\nbooks = "our own books"\n[[offers]]\nid = "shoot"\n'
        'model = "shoot"\nmodality = "image"\nsource = "books"\nas_of = "2026-11-30"\n'
        'price = [{ unit = "image", amount = "0.01" }]\n'
    )
    (tmp_path / "mixed.toml").write_text(
        '[benchmark]\nname = "mixed"\nsuites = ["painters"]\nround = "2026-11"\n'
        'offers = ["painters/ochre", "studio/shoot"]\noffer_files = ["offers.toml"]\n'
        '[[scorers]]\nname = "technical"\n[raters]\nshare = 1.0\n'
        '[[thresholds]]\ntier = "standard"\nvalue = 5\n'
    )
    code, _, err = cli("plan", "mixed.toml")
    assert code == 0, err
    told = [line for line in err.splitlines() if line.startswith("not asked of ")]
    assert told == ["not asked of studio/shoot: the offer has no generator"]
