"""Two thousand outputs of sellers in chaos, a hundred kills: two ledgers that agree exactly."""

from __future__ import annotations

import importlib.util
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from fakes.providers import chaos_sellers
from fakes.providers.engine import KEY
from fakes.providers.matrix import KEY_ENV

from qfloor.export import write
from qfloor.generate.desk import STEPS
from qfloor.plugins import installed
from qfloor.records import Status
from qfloor.store import Store

_spec = importlib.util.spec_from_file_location(
    "kill_harness", Path(__file__).with_name("kill_harness.py")
)
harness = importlib.util.module_from_spec(_spec)
sys.modules["kill_harness"] = harness
_spec.loader.exec_module(harness)

SETUP = "fakes.providers.chaos_sellers:setup"
HERE = tuple(s for s in chaos_sellers.SELLERS if s.split("-")[0] in installed("qfloor.generators"))
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.setenv(KEY_ENV, KEY)
    started = chaos_sellers.start(seed=7, sellers=HERE)
    yield started
    for fake in started.values():
        fake.stop()


def _arguments(fakes, n: int, tag: str) -> dict:
    return {"origins": {name: f.origin for name, f in fakes.items()}, "n": n, "tag": tag}


def _settle(workspace: Path, fakes, n: int, rounds: int) -> None:
    """Go on until a run finds nothing more to do."""
    for r in range(rounds):
        for _ in range(6):
            before = sum(len(f.calls) for f in fakes.values())
            harness.go_on(workspace, SETUP, _arguments(fakes, n, f"r{r}"), f"r{r}")
            if sum(len(f.calls) for f in fakes.values()) == before:
                break


def _verdict(workspace: Path, fakes) -> chaos_sellers.Judged:
    found = chaos_sellers.judge(workspace, fakes)
    assert found.wrong == []
    assert set(found.statuses) <= {"made", "refused", "blank", "failed", "unknown"}
    assert found.ours_nanousd == found.theirs_nanousd > 0
    in_all = sum(e.amount_nanousd for f in fakes.values() for e in f.ledger)
    assert found.theirs_nanousd + found.lost_theirs_nanousd == in_all  # no purchase unheard of
    for fake in fakes.values():
        assert fake.strays == fake.leaks == fake.api.broken == fake.cdn.broken == []
    return found


def _no_key_in(*places: Path | str) -> None:
    for place in places:
        if isinstance(place, str):
            assert KEY not in place
            continue
        for file in place.rglob("*"):
            if file.is_file():
                assert KEY.encode() not in file.read_bytes(), file


def test_a_small_run_in_chaos(fakes, tmp_path):
    """Without kills: what is unknown is so because an answer was lost, and money agrees."""
    _settle(tmp_path / "w", fakes, 12, rounds=1)
    found = _verdict(tmp_path / "w", fakes)
    assert found.outputs == 12 * len(fakes)
    _export(tmp_path / "w", tmp_path / "quality.db")
    _no_key_in(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", STEPS)
def test_one_death_at_each_step(step, fakes, tmp_path):
    workspace, given = tmp_path / "w", _arguments(fakes, 10, "r0")
    assert harness.run(workspace, SETUP, given, "r0", die=f"{step}:7") == harness.DIED
    _settle(workspace, fakes, 10, rounds=1)
    found = _verdict(workspace, fakes)
    assert found.outputs == 10 * len(fakes)
    _no_key_in(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_thousand_outputs_and_a_hundred_kills(fakes, tmp_path):
    workspace, n = tmp_path / "w", -(-2000 // (4 * len(fakes)))
    rng, killed, torn, rounds, said = random.Random(11), 0, 0, 0, []
    while killed < 100 or rounds < 4:
        arguments = _arguments(fakes, n, f"r{rounds}")
        with harness.start(workspace, SETUP, arguments, f"r{rounds}") as child:
            child.stdout.readline()
            time.sleep(rng.uniform(0.0, 1.0))
            if killed < 100:
                child.send_signal(signal.SIGKILL)
            said += child.communicate()
        if child.returncode == -signal.SIGKILL:
            killed += 1
            torn += harness.open_attempts(workspace) > 0
        else:
            assert child.returncode == 0, said[-1]
            rounds += 1
    _settle(workspace, fakes, n, rounds)
    found = _verdict(workspace, fakes)
    sys.stdout.write(f"chaos: {killed} kills ({torn} amid calls), {rounds} rounds: {found}\n")
    assert killed == 100
    assert torn > 20
    assert found.outputs >= 2000
    assert found.statuses["made"] > 0.6 * found.outputs
    _export(workspace, tmp_path / "quality.db")
    _no_key_in(tmp_path, *said)


def _export(workspace: Path, path: Path) -> None:
    with Store.open(workspace) as store:
        offers = tuple(store.offers_of())
        assert any(o.status is Status.MADE for o in store.outputs_of())
    shop = factories.release()
    write(path, replace(shop, offers=(*shop.offers, *offers)))
