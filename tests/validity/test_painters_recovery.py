"""The built-in run recovers the truth, and the committed figures are those of this code."""

import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from qfloor import benchmark

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "validity"
DEMANDS = ("false_certificates", "power", "order", "refusals")
RELEASES = 60
COMMITTED = json.loads((ROOT / "results" / "painters_recovery.json").read_text(encoding="utf-8"))
AGAIN = "rerun benchmarks/validity/painters_truth.py, then painters_recovery.py"


def test_the_committed_figures_are_of_this_code(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import painters_release

    now = painters_release.digests(painters_release.benchmark_of())
    then = COMMITTED["digests"]
    assert now.keys() == then.keys()
    changed = [name for name in now if now[name] != then[name]]
    assert not changed, f"{', '.join(changed)} changed since the figures were made: {AGAIN}"


def test_a_changed_painter_or_panel_is_noticed(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    from dataclasses import replace

    import painters_release

    loaded = painters_release.benchmark_of()
    before = painters_release.digests(loaded)
    ochre = painters_release.PAINTERS["ochre"]
    monkeypatch.setitem(painters_release.PAINTERS, "ochre", replace(ochre, refuses=0.3))
    panel = replace(loaded.panel, votes=2)
    after = painters_release.digests(replace(loaded, panel=panel))
    assert {name for name in before if before[name] != after[name]} == {
        "outputs", "painters", "plan",
    }  # fmt: skip


def test_the_committed_figures_meet_every_demand():
    assert COMMITTED["releases"] >= 200
    assert [COMMITTED[name]["held"] for name in DEMANDS] == [True] * len(DEMANDS)
    false = COMMITTED["false_certificates"]
    allowed = 0.05 + 2 * math.sqrt(0.05 * 0.95 / COMMITTED["releases"])
    assert false["release"]["share"] <= allowed
    assert all(row["any_threshold"]["share"] <= allowed for row in false["families"].values())
    power = COMMITTED["power"]
    assert power["share"] >= 0.8
    assert all(row["share"] >= 0.8 for row in power["families"].values())
    for row in COMMITTED["order"]["families"].values():
        assert row["swapped_q25"] == []
        assert row["share"] >= 0.7
    refusals = COMMITTED["refusals"]
    assert refusals["real"]
    assert all(row["refused"] == row["counted"] for row in refusals["real"])
    assert refusals["largest_deviation"] < 1e-9


def test_the_page_and_the_log_tell_the_same_run():
    page = (ROOT / "results" / "painters_recovery.md").read_text(encoding="utf-8")
    log = (ROOT / "results" / "LOG.md").read_text(encoding="utf-8")
    for text in (page, log):
        assert COMMITTED["command"] in text
        assert COMMITTED["code"] in text
        assert f"{COMMITTED['power']['share']:.3f}" in text


def test_the_truth_is_by_brute_force_on_enough_prompts(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import painters_truth

    rows = painters_truth.read()
    assert len(rows) == COMMITTED["cells"]
    assert min(int(row["prompts"]) for row in rows.values()) >= 2000
    asked = {f"fail_below_{t.value:g}" for t in benchmark.load("painters").thresholds}
    assert asked <= set(next(iter(rows.values())))
    digest = hashlib.sha256(painters_truth.PATH.read_bytes()).hexdigest()
    assert digest.startswith(COMMITTED["digests"]["truth"])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fresh_releases_recover_the_truth(tmp_path):
    """Fewer releases, other seeds: the bound is as much wider as fewer releases are less sure."""
    script = FOLDER / "painters_recovery.py"
    args = ["--date", "2026-01-01", "--releases", str(RELEASES), "--seed", "100001"]
    ran = subprocess.run(
        [sys.executable, str(script), *args, "--out", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "painters_recovery.json").read_text(encoding="utf-8"))
    assert [found[name]["held"] for name in DEMANDS] == [True] * len(DEMANDS)
    false = found["false_certificates"]
    allowed = 0.05 + 2 * math.sqrt(0.05 * 0.95 / RELEASES)
    assert false["release"]["share"] <= allowed
    assert all(row["any_threshold"]["share"] <= allowed for row in false["families"].values())
    assert found["power"]["share"] >= 0.8
    assert found["refusals"]["wrong_counts"] == 0
