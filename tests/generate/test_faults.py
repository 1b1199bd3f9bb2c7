"""Interrupts, full and read-only disks, two runs at once: one sentence each, and nothing lost."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.seller import RememberingSeller, calls, offer, prompts

from qfloor.errors import StoreError
from qfloor.generate import generate
from qfloor.records import Status
from qfloor.store import Store

_spec = importlib.util.spec_from_file_location(
    "kill_harness", Path(__file__).with_name("kill_harness.py")
)
harness = importlib.util.module_from_spec(_spec)
sys.modules.setdefault("kill_harness", harness)
_spec.loader.exec_module(harness)

SETUP = "fakes.seller:kill_setup"
ROOT = Path(__file__).parents[1]


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run Python code with the tests' modules at hand."""
    paths = [str(ROOT), str(ROOT / "generate"), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


INTERRUPTED = """
import json, signal, sys
from pathlib import Path
import kill_harness
import qfloor.__main__
from fakes import seller
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
seller.SLOW_S = float(sys.argv[3])
qfloor.__main__._take_signals()
kill_harness.go_on(Path(sys.argv[1]), "fakes.seller:kill_setup", json.loads(sys.argv[2]), "r1")
"""


def wait_for_calls(remote: Path, n: int) -> None:
    deadline = time.monotonic() + 60
    while len(calls(remote)) < n:
        assert time.monotonic() < deadline, "the run never called"
        time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_finishes_the_calls_under_way(tmp_path, told):
    remote = tmp_path / "s"
    given = {"remote": str(remote), "n": 6, "jobs": False}
    with child(INTERRUPTED, tmp_path / "w", json.dumps(given), 1.0) as run:
        wait_for_calls(remote, 6)
        run.send_signal(told)
        _, said = run.communicate(timeout=60)
    assert "finishing 6 calls under way" in said
    with Store.open(tmp_path / "w") as store:
        assert {o.status for o in store.outputs_of()} == {Status.MADE}
        assert sum(1 for _ in store.outputs_of()) == 6
    harness.go_on(tmp_path / "w", SETUP, given, "r1")
    found = harness.judge(tmp_path / "w", calls(remote), remembers=True)
    assert (found["outputs"], found["submitted"]) == (12, 12)


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
def test_the_second_interrupt_leaves_at_once_and_safely(tmp_path):
    remote = tmp_path / "s"
    given = {"remote": str(remote), "n": 6, "jobs": False}
    with child(INTERRUPTED, tmp_path / "w", json.dumps(given), 300.0) as run:
        wait_for_calls(remote, 6)
        run.send_signal(signal.SIGINT)
        assert "finishing 6 calls" in run.stderr.readline()
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert said == (
        "qfloor: left at once; what calls under way came to is asked of their sellers by the next "
        "run, see `qfloor unknown`\n"
    )
    harness.go_on(tmp_path / "w", SETUP, given, "r1")
    found = harness.judge(tmp_path / "w", calls(remote), remembers=True)
    assert (found["outputs"], found["submitted"]) == (12, 12)


FULL = """
import json, resource, sys
from pathlib import Path
import kill_harness
from qfloor.errors import QfloorError
from qfloor.store import Store
Store.open(sys.argv[1], create=True).close()
most = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # files end here: a full disk
try:
    kill_harness.go_on(Path(sys.argv[1]), "fakes.seller:kill_setup", json.loads(sys.argv[2]), "r1")
except QfloorError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of a process")
@pytest.mark.parametrize("most", [300_000, 700_000])
def test_a_disk_that_fills_up_is_one_sentence_and_the_next_run_goes_on(tmp_path, most):
    remote = tmp_path / "s"
    given = {"remote": str(remote), "n": 400}
    with child(FULL, tmp_path / "w", json.dumps(given), most) as run:
        out, err = run.communicate(timeout=120)
    assert "Traceback" not in err
    said = out.removeprefix("ready\n").strip().splitlines()
    assert len(said) == 1
    assert "what was kept is safe" in said[0]
    harness.go_on(tmp_path / "w", SETUP, given, "r1")
    found = harness.judge(tmp_path / "w", calls(remote), remembers=True)
    assert (found["outputs"], found["submitted"]) == (800, 800)


def test_media_that_the_disk_refuses_are_one_sentence(tmp_path, monkeypatch):
    bought = offer("one", tmp_path / "s", offer_concurrency=1)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with Store.open(tmp_path / "w", create=True) as store:
        monkeypatch.setattr("qfloor.store.media_files.os.fsync", full)
        with pytest.raises(StoreError, match=r"media cannot be written to .*: No space left on"):
            generate(prompts(2), [bought], store=store, round="r1")
        monkeypatch.undo()
        assert generate(prompts(2), [bought], store=store, round="r1").counts == {Status.MADE: 2}
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 2


def test_a_read_only_store_is_one_sentence_and_nothing_is_bought(tmp_path):
    bought = offer("one", tmp_path / "s")
    with Store.open(tmp_path / "w", create=True) as store:
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=r"store\.db is read-only for this user"):
            generate(prompts(2), [bought], store=store, round="r1")
    assert calls(tmp_path / "s") == []


def test_two_runs_on_one_store_are_one_sentence(tmp_path):
    bought = offer("one", tmp_path / "s")
    with (
        Store.open(tmp_path / "w", create=True) as first,
        Store.open(tmp_path / "w") as second,
        first.writing("run painters"),
        pytest.raises(StoreError, match=r"another run is writing .* \(run painters, process \d+"),
    ):
        generate(prompts(2), [bought], store=second, round="r1")
    assert calls(tmp_path / "s") == []


# -- secrets ---------------------------------------------------------------------------------

PLANTED = "sk-planted-5f1d2c3b4a59687786958473"


def test_nothing_of_the_environment_is_kept_or_said(tmp_path, monkeypatch, capfd):
    """A key in the environment is in no file of the workspace, no log and no error."""
    monkeypatch.setenv("FAKE_API_KEY", PLANTED)

    class Keyed(RememberingSeller):
        """Uses the key and complains, as sellers do, without saying it."""

        async def submit(self, request):
            assert os.environ["FAKE_API_KEY"] == PLANTED
            return await super().submit(request)

    from qfloor.cli import main

    monkeypatch.chdir(tmp_path)
    bought = offer("one", tmp_path / "s")
    with Store.open(tmp_path / "w", create=True) as store:
        generate([*prompts(2), *prompts(1, "x #raise")], [bought], store=store, round="r1")
    for line in ("generate painters --round 2026-12 --budget 0.0001", "plugins",
                 "unknown -w w", "plan painters -w w"):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["qfloor", *line.split()])
        with pytest.raises(SystemExit):
            main()
    out, err = capfd.readouterr()
    assert PLANTED not in out + err
    kept = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(kept) > 5
    assert [p for p in kept if PLANTED.encode() in p.read_bytes()] == []
