"""``qfloor store`` and the private third, as a person types them."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from stored_outputs import add

from qfloor.store import Store
from qfloor.store.media_files import MediaFiles

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command in this process, as `main` would."""
    import contextlib
    import io
    import sys

    from qfloor.cli import main

    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["qfloor", *map(str, arguments)]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    with Store.open(folder, create=True) as store:
        add(store, 1, score=1.0)
        add(store, 2, paid=40_000_000, score=1.0)
    return folder


@pytest.mark.parametrize("command", [["store", "media"], ["run", "painters", "--media"]])
@pytest.mark.parametrize("place", ["nosuch://bucket/x", "taken/media"])
def test_a_refused_place_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    code, _, err = run(*command, place, "-w", "work")
    assert code == 1
    assert err.count("\n") == 1
    assert not (tmp_path / "work").exists()


def test_a_place_is_tried_once_whether_a_store_is_there_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    put = MediaFiles.put

    def counted(place: MediaFiles, content: bytes, media_type: str) -> str:
        tries.append(str(place.folder))
        return put(place, content, media_type)

    monkeypatch.setattr(MediaFiles, "put", counted)
    for n, name in enumerate(("first", "second"), start=1):
        far = str(tmp_path / name)
        code, out, _ = run("store", "media", far, "-w", tmp_path / "work", "--json")
        assert code == 0
        assert json.loads(out)[0]["place"] == far
        assert len(tries) == n
        assert tries[-1] == far


def test_verify_says_what_is_lost_and_exits_one(work: Path) -> None:
    code, out, err = run("store", "verify", "-w", work)
    assert (code, out) == (0, "everything is as the rows say\n")
    assert "2 media named by outputs; 2 files read and hashed, 14 B" in err
    next((work / "media").rglob("*.png")).unlink()
    code, out, err = run("store", "verify", "-w", work, "--json")
    assert code == 1
    assert [row["finding"] for row in json.loads(out)] == ["missing"]
    assert "1 finding is a loss" in err
    assert run("store", "verify", "-w", work, "--quick")[0] == 1


def test_du_is_for_people_and_programs(work: Path) -> None:
    code, out, _ = run("store", "du", "-w", work, "--by", "offer", "--csv")
    assert code == 0
    assert out.splitlines()[:2] == ["offer,outputs,files,bytes", "shop/cheap,2,2,14"]
    assert run("store", "du", "-w", work, "--by", "mood")[0] == 1
    assert run("store", "du", "-w", work / "none")[2].startswith("qfloor: there is no store")


def test_tier_shows_first_and_does_when_told(work: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rules]]\nname = "all"\naction = "delete"\n')
    code, out, err = run("store", "tier", "-w", work, "--policy", policy, "--json")
    assert (code, json.loads(out)[0]["files"]) == (0, 1)
    assert "nothing was done" in err
    assert "all: 1 file kept: paid for" in err
    assert len(list((work / "media").rglob("*.png"))) == 2
    code, _, err = run("store", "tier", "-w", work, "--policy", policy, "--apply")
    assert code == 0
    assert len(list((work / "media").rglob("*.png"))) == 1
    assert "1 deleted by policy" in run("store", "verify", "-w", work)[2]


def test_clean_shows_first_and_does_when_told(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("store", "clean", "-w", work)[1] == "every file is named by an output\n"
    with Store.open(work) as store:
        store.put_media(b"x" * 1500, "image/png")
    code, out, err = run("store", "clean", "-w", work, "--apply")
    assert (code, "younger than an hour" in out) == (0, True)
    assert "removed 0 files, 0 B" in err
    monkeypatch.setattr("qfloor.store.cleaning.YOUNGEST", dt.timedelta(0))
    code, out, err = run("store", "clean", "-w", work)
    assert (code, "1.5 kB" in out) == (0, True)
    assert "1 file, 1.5 kB, would go; nothing was done; say --apply to do it" in err
    assert len(list((work / "media").rglob("*.png"))) == 3
    code, out, err = run("store", "clean", "-w", work, "--apply", "--json")
    assert (code, json.loads(out)[0]["bytes"]) == (0, 1500)
    assert "removed 1 file, 1.5 kB" in err
    assert len(list((work / "media").rglob("*.png"))) == 2
    assert run("store", "verify", "-w", work)[0] == 0
    assert run("store", "clean", "-w", work, "--place", "s3://elsewhere/x")[0] == 1


def test_media_are_placed_shown_and_brought_back(work: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    code, out, err = run("store", "media", far, "--copy", "-w", work, "--json")
    assert code == 0
    assert "copied 2 files" in err
    rows: list[dict[str, Any]] = json.loads(out)
    assert [(row["place"], row["new_media"], row["files"]) for row in rows] == [
        (str(far), True, 2), (str(work / "media"), False, 2),
    ]  # fmt: skip
    assert run("store", "media", far, "--own", "-w", work)[0] == 2
    assert run("store", "media", "ftp-like", "-w", work)[0] == 1
    code, out, _ = run("store", "media", "--own", "-w", work, "--json")
    assert json.loads(out)[0]["place"] == str(work / "media")


@pytest.mark.parametrize("bad", [["--option", "x"], ["--option", "secret=y"]])
def test_options_that_are_none_or_secret_are_refused(work: Path, bad: list[str]) -> None:
    code, _, err = run("store", "media", "memory://x", *bad, "-w", work)
    assert code in (1, 2)
    assert "must look like NAME=VALUE" in err or "keys do not belong" in err
    assert not (work / "workspace.toml").exists()


def test_a_private_month_from_writing_to_retiring(tmp_path: Path) -> None:
    pool, month, retired = (tmp_path / n for n in ("pool.toml", "month.toml", "retired.toml"))
    text = "quiet harbour {n} at dusk with herons {n} and ropes {n} drying {n} slowly {n}"
    base = tmp_path / "base.toml"
    rows = "".join(
        f'[[prompts]]\nid = "b{n}"\ncategory = "landscape"\ntext = "hill {n} fog {n} pines {n}"\n'
        for n in range(6)
    )
    base.write_text(f'[suite]\nname = "base"\nversion = "1.0.0"\n{rows}')
    (tmp_path / "new.csv").write_text(
        "text,category\n" + "".join(f"{text.format(n=n)},landscape\n" for n in range(4))
    )
    code, _, err = run("suite", "write", pool, "--from", tmp_path / "new.csv", "--against", base)
    assert code == 0, err
    assert "4 prompts added, 4 now" in err
    assert run("suite", "check", pool, "--against", base)[0] == 0
    told = ("--month", "2026-12", "--out", month, "--base", base)
    code, out, err = run("suite", "rotate", pool, *told, "--json")
    assert code == 0, err
    assert [(row["public"], row["private"]) for row in json.loads(out)] == [(4, 2)]
    assert "6 prompts, digest" in err
    code, _, err = run("suite", "retire", pool, "--before", "2027-01", "--out", retired)
    assert (code, "2 prompts retired from service" in err) == (0, True)
    again = run("suite", "write", pool, text.format(n=0), "--category", "landscape")
    assert again[0] == 1 or "resembles" not in again[2]
    assert run("suite", "write", pool)[0] == 2


@pytest.mark.parametrize("page", ["store", "private-prompts", "ray"])
def test_every_command_of_a_how_to_exists(page: str) -> None:
    """Each is asked for its help with the options that the page names."""
    content = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ (?:[A-Z_]+=\S+ )?qfloor (.+)$", content, re.MULTILINE)
    assert lines
    for line in lines:
        words = [w for w in line.partition(" #")[0].split() if not w.startswith(('"', "'"))]
        command = words[:2] if words[0] in ("store", "suite") else words[:1]
        code, out, _ = run(*command, "--help")
        assert code == 0, line
        for option in (word for word in words if word.startswith("--")):
            assert option in out, line


def test_run_takes_a_place_for_media_and_refuses_what_is_none(tmp_path: Path) -> None:
    work = tmp_path / "work"
    code, _, err = run("run", "painters", "-w", work, "--media", "nosuch://x", "--budget", "0")
    assert code == 1
    assert "cannot lie at nosuch://x" in err
    code, _, err = run(
        "run", "painters", "-w", work, "--media", tmp_path / "far", "--budget", "0.000001"
    )
    assert (code, "budget" in err) == (1, True)
    assert json.loads(run("store", "media", "-w", work, "--json")[1])[0]["place"] == str(
        tmp_path / "far"
    )
