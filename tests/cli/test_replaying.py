"""``replay``, ``savings`` and ``db diff`` as a person meets them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import factories
import pytest
from factories import Seller, shop

from qfloor import export
from qfloor.cli.replaying import _short

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command beside two releases and a log; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    export.write(tmp_path / "old.db", factories.release())
    worse = [s for s in shop() if s.name != "value"] + [Seller(name="value", clears=5.0)]
    export.write(tmp_path / "new.db", factories.release(worse))
    (tmp_path / "log.jsonl").write_text(
        '{"prompt": "portrait of an old man", "count": 3}\n'
        '{"prompt": "portrait of an old man", "tier": "premium", "max_price_usd": "0.01"}\n'
    )
    return call_qfloor


def test_replay_prints_a_table_and_what_to_know(cli: Cli) -> None:
    code, out, err = cli("replay", "log.jsonl", "--db", "old.db", "--now", "2026-11-23")
    assert code == 0
    assert [line.split("  ")[0].strip() for line in out.splitlines()[3:9]] == [
        "routed", "oracle", "best single", "manual table", "random certified", "always cheapest",
    ]  # fmt: skip
    assert "3 of 4 requests are served" in err
    assert "1 budget" in err


def test_counts_and_shares_are_written_as_people_write_them() -> None:
    row = {"policy": "routed", "requests": 3, "usd": 0.1, "fail_rate": 0.05, "fail_lo": None,
           "fail_hi": None, "regret_usd": 0.0, "regret_fails": -0.0003,
           "offers": {"shop/a": 70 / 3, "shop/b": 2_000}}  # fmt: skip
    said = _short(row)
    assert said["offers"] == "shop/a 23.3, shop/b 2,000"
    assert said["regret_fails"] == "0.0%"


def test_replay_for_programs(cli: Cli) -> None:
    _, out, _ = cli("replay", "log.jsonl", "--db", "old.db", "--now", "2026-11-23", "--json")
    told = json.loads(out)
    assert told["refused"] == {"budget": 1.0}
    assert told["rows"][0]["usd"] == pytest.approx(0.06)
    _, out, _ = cli("replay", "log.jsonl", "--db", "old.db", "--now", "2026-11-23", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[0]["policy"] == "routed"
    assert float(rows[0]["usd"]) == pytest.approx(0.06)


def test_a_manual_teams_table(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "table.toml").write_text('portrait = "shop/grand"\n')
    given = ("replay", "log.jsonl", "--db", "old.db", "--now", "2026-11-23", "--json")
    _, out, _ = cli(*given, "--table", "table.toml")
    manual = next(r for r in json.loads(out)["rows"] if r["policy"] == "manual table")
    assert manual["offers"] == {"shop/grand": 3}
    (tmp_path / "table.toml").write_text("portrait = 3\n")
    code, _, err = cli(*given, "--table", "table.toml")
    assert (code, "portrait must name an offer" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("replay",), 2, "takes one of"),
        (("replay", "log.jsonl", "--outputs", "painters"), 2, "takes one of"),
        (("replay", "nothing.jsonl", "--db", "old.db"), 1, "no such log"),
        (("replay", "log.jsonl", "--db", "nothing.db"), 1, "no such quality database"),
        (("replay", "log.jsonl", "--db", "."), 1, "is a folder; name the file in it"),
        (("replay", "log.jsonl", "--db", "old.db", "--locked", "shop/x"), 1, "no offer 'shop/x'"),
        (("savings", "nosuch", "--db", "old.db"), 1, "no workload is called 'nosuch'"),
        (("savings", "one-offer", "--db", "old.db"), 1, "no offer"),
        (("db", "diff", "old.db", "nothing.db"), 1, "no such quality database"),
        (("db", "diff", "old.db", "new.db", "--log", "old.db"), 1, "no gateway's decision log"),
    ],
)
def test_faults_are_one_sentence(
    cli: Cli, arguments: tuple[str, ...], code: int, told: str
) -> None:
    found, _, err = cli(*arguments)
    assert found == code
    assert told in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_db_diff(cli: Cli) -> None:
    given = ("db", "diff", "old.db", "new.db", "--now", "2026-11-23")
    code, out, err = cli(*given)
    assert code == 0
    assert out.count("lost") == 7 - 1  # every category of stills; `video` has none
    assert out.count("not good enough: up to ") == 6  # in words, `reason` is for programs
    assert "fails" not in out
    assert "6 certificates lost, 0 gained" in err
    _, out, err = cli(*given, "--log", "log.jsonl")
    assert "3 of 4 requests would be decided otherwise; 0 are served no more" in err
    assert "$0.06 -> $0.24" in err
    _, out, _ = cli(*given, "--log", "log.jsonl", "--json")
    told = json.loads(out)
    assert told["log"]["moves"][0]["before"] == "shop/value"
    assert told["log"]["moves"][0]["requests"] == 3
    _, out, _ = cli(*given, "--log", "log.jsonl", "--csv")
    assert next(csv.DictReader(io.StringIO(out)))["after"] == "shop/grand"


@pytest.mark.parametrize(
    "arguments",
    [
        ("db", "diff", "old.db", "new.db"),
        ("replay", "log.jsonl", "--db", "new.db"),
        ("savings", "team.toml", "--db", "new.db"),
    ],
)
def test_a_release_that_was_changed_is_told_of(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Nobody would take 100 certificates more for granted."""
    (tmp_path / "team.toml").write_text(
        '[workload]\nname = "team"\n[now]\noffer = "shop/grand"\n'
        '[[requests]]\ncount = 30\nprompts = ["portrait of an old man"]\n'
    )
    given = (*arguments, "--now", "2026-11-23")
    code, _, err = cli(*given)
    assert (code, "note:" in err) == (0, False)
    with contextlib.closing(sqlite3.connect("new.db")) as db, db:
        db.execute("UPDATE verdicts SET ruling = 'certified'")
    code, _, err = cli(*given)
    assert code == 0
    assert "note: new.db: its digest is " in err
    assert "what is told here goes by it all the same" in err


def test_savings(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text(
        '[workload]\nname = "team"\n[now]\noffer = "shop/grand"\n'
        '[[requests]]\ncount = 30\nprompts = ["portrait of an old man"]\n'
    )
    given = ("savings", "team.toml", "--db", "old.db", "--now", "2026-11-23")
    code, out, err = cli(*given)
    assert code == 0
    assert "shop/value" in out
    assert "$2.40 now, $0.60 routed; saves $1.80 (75%)" in out
    _, out, err = cli(*given, "--csv")
    assert next(csv.DictReader(io.StringIO(out)))["offer"] == "shop/value"
    assert "saves $1.80 (75%)" in err
    _, out, _ = cli(*given, "--json")
    told = json.loads(out)
    assert told["saved_share"] == pytest.approx(0.75)
    assert told["mix"][0]["because"] == "cheapest certified"
