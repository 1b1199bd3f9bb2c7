"""The how-to page on generating does what it says; a planted key is nowhere."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.seller import offer

from qfloor import benchmark, pipeline
from qfloor.cli import main
from qfloor.store import Store

PAGE = Path(__file__).parents[1] / "docs/how-to/generate.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLANTED = "sk-planted-5f1d2c3b4a59687786958473"


@pytest.fixture
def monthly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (toml,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "monthly.toml").write_text(toml, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAL_KEY", PLANTED)
    return tmp_path


def _run(
    line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", line.split())
    capfd.readouterr()
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    else:
        code = 0
    return code, *capfd.readouterr()


def test_the_pages_commands(
    monthly: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = _run("qfloor plan monthly.toml --csv", monkeypatch, capfd)
    assert code == 1
    assert err.strip().splitlines()[-1] in TEXT
    assert out.splitlines()[0] == "offer,outputs,worst_usd,expected_s"
    assert re.search(r"expected to take \d+ (s|min) under the limits of its accounts", err)
    code, out, err = _run("qfloor generate monthly.toml --budget 0.10", monkeypatch, capfd)
    assert code == 1
    assert err.strip().splitlines()[-1] in TEXT
    code, out, err = _run("qfloor generate monthly.toml --budget 1 --minutes 90 --csv",
                          monkeypatch, capfd)  # fmt: skip
    assert code == 0
    header = "offer,made,refused,blank,failed,setup,unknown,attempts,billed_usd,reserved_usd"
    assert out.splitlines()[0] == f"{header},p50_s,p95_s"
    assert len(out.splitlines()) == 3
    assert re.search(r"generate   240/240, \$0\.\d+ spent, \$0\.\d+ in all as it goes", err)
    assert re.search(r"  painters/umber 120/120", err)
    assert " made" in err.splitlines()[-1]
    code, out, err = _run("qfloor unknown", monkeypatch, capfd)
    assert out.strip() in TEXT
    code, out, err = _run("qfloor generate monthly.toml --resolve-unknown", monkeypatch, capfd)
    assert (code, out.strip()) == (0, "the end of every output is known")
    code, out, err = _run("qfloor generate monthly.toml --release 3f2a91", monkeypatch, capfd)
    assert code == 1
    assert "round 2026-12 has no unknown outputs called '3f2a91'; see `qfloor unknown`" in err
    code, out, err = _run("qfloor generate monthly.toml --minutes -1", monkeypatch, capfd)
    assert code == 2
    kept = [p for p in monthly.rglob("*") if p.is_file()]
    assert len(kept) > 100
    assert [p for p in kept if PLANTED.encode() in p.read_bytes()] == []


def test_a_planted_key_is_in_no_release_either(
    monthly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Painters and a seller that is merely installed, from the first call to the export."""
    monkeypatch.setenv("FAKE_API_KEY", PLANTED)
    few = benchmark.load("monthly.toml")
    plugin = offer("one", monthly / "s")
    painted, few = few, replace(few, offers=(*few.offers, plugin), panel=None)
    prompts = tuple(p for p in pipeline.prompts_of(few) if p.category == "portrait")[:12]
    with Store.open(monthly / "w", create=True) as store:
        pipeline.generate_round(store, few, prompts)
        pipeline.score_round(store, few, prompts)
        pipeline.rate_round(store, painted, prompts)
        store.save_prompts(pipeline.prompts_of(few))
        pipeline.certify_round(store, few, pipeline.prompts_of(few))
        out = monthly / "quality.db"
        pipeline.export_round(store, few, pipeline.prompts_of(few), out, dt.datetime.now(dt.UTC))
    assert out.exists()
    kept = [p for p in monthly.rglob("*") if p.is_file()]
    assert [p for p in kept if PLANTED.encode() in p.read_bytes()] == []
