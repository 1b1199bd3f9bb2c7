"""Killed at any instant, a run goes on: nothing lost, nothing bought twice in a round."""

from __future__ import annotations

import importlib.util
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from fakes import painters
from fakes.seller import calls

from qfloor.generate.desk import STEPS

_spec = importlib.util.spec_from_file_location(
    "kill_harness", Path(__file__).with_name("kill_harness.py")
)
harness = importlib.util.module_from_spec(_spec)
sys.modules["kill_harness"] = harness
_spec.loader.exec_module(harness)

SETUP = "fakes.seller:kill_setup"
SELLERS = {
    "jobs, remembers keys": {"cls": "RememberingSeller", "jobs": True},
    "answers at once, remembers keys": {"cls": "RememberingSeller", "jobs": False},
    "files, remembers keys": {"cls": "RememberingSeller", "jobs": True, "files": True},
    "jobs, forgets keys": {"cls": "FakeSeller", "jobs": True},
    "answers at once, forgets keys": {"cls": "FakeSeller", "jobs": False},
}
AT_ONCE = [s for s in STEPS if s not in ("after_accepted", "during_poll")]


def cases():
    for name, args in SELLERS.items():
        for step in STEPS if args["jobs"] else AT_ONCE:
            yield pytest.param(args, step, id=f"{name}, {step}")


@pytest.mark.parametrize(("args", "step"), list(cases()))
def test_one_death_at_each_step(args, step, tmp_path):
    remote, workspace = tmp_path / "seller", tmp_path / "w"
    given = {"remote": str(remote), "n": 3, **args}
    assert harness.run(workspace, SETUP, given, "r1", die=f"{step}:2") == harness.DIED
    harness.go_on(workspace, SETUP, given, "r1")
    remembers = args["cls"] == "RememberingSeller"
    found = harness.judge(workspace, calls(remote), remembers=remembers)
    assert found["outputs"] == 6
    assert found["submitted"] <= 6
    if remembers:
        assert found == {
            "outputs": 6,
            "submitted": 6,
            "made": 6,
            "twice": 0,
            "lost": 0,
            "unknown": 0,
        }
    before = len(calls(remote))
    harness.go_on(workspace, SETUP, given, "r1")  # once more: nothing is left to do
    assert len(calls(remote)) == before


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_the_painters_survive_each_step(step, tmp_path):
    workspace, setup, given = tmp_path / "w", "fakes.painters:kill_setup", {"n": 2}
    assert harness.run(workspace, setup, given, "r1", die=f"{step}:3") == harness.DIED
    harness.go_on(workspace, setup, given, "r1")
    found = harness.judge(workspace, painters.calls(workspace), remembers=True)
    assert (found["outputs"], found["submitted"]) == (6, 6)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_random_kills_of_the_painters(tmp_path):
    found = kill_at_random(
        tmp_path / "w",
        "fakes.painters:kill_setup",
        {"n": 20},
        painters.calls,
        kills=100,
        seed=2,
        longest_s=1.5,
    )
    sys.stdout.write(f"painters: {found}\n")
    assert (found["killed"], found["twice"], found["lost"]) == (100, 0, 0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", list(SELLERS))
def test_random_kills(name, tmp_path):
    kills = 100 if name == "jobs, remembers keys" else 25
    args, remote = SELLERS[name], tmp_path / "seller"
    found = kill_at_random(
        tmp_path / "w",
        SETUP,
        {"remote": str(remote), "n": 40, "latency_s": 0.005, **args},
        lambda _: calls(remote),
        kills=kills,
        seed=1,
        remembers=args["cls"] == "RememberingSeller",
    )
    sys.stdout.write(f"{name}: {found}\n")  # seen with pytest -s
    assert (found["killed"], found["twice"], found["lost"]) == (kills, 0, 0)


def kill_at_random(
    workspace, setup, given, calls_of, *, kills, seed, longest_s=0.5, remembers=True
):
    """SIGKILL victims until so many have died, then finish every round and judge."""
    rng = random.Random(seed)
    killed = rounds = mid_call = 0
    while killed < kills:
        with harness.start(workspace, setup, given, f"r{rounds}") as child:
            child.stdout.readline()
            time.sleep(rng.uniform(0.0, longest_s))
            child.send_signal(signal.SIGKILL)
            _, said = child.communicate()
        if child.returncode == -signal.SIGKILL:
            killed += 1
            mid_call += harness.open_attempts(workspace) > 0
        else:
            assert child.returncode == 0, said
            rounds += 1
    for r in range(rounds + 1):
        harness.go_on(workspace, setup, given, f"r{r}")
    found = harness.judge(workspace, calls_of(workspace), remembers=remembers)
    return {"killed": killed, "mid_call": mid_call, "rounds": rounds + 1, **found}
