"""Scoring on Ray: the same rows as here, once each, whatever is killed meanwhile."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scoring_fakes import FunctionScorer
from stored_outputs import add, png

from qfloor import plugins
from qfloor.errors import PlaceError, PluginError, QfloorError, ScoringError
from qfloor.ray_cluster import RaySettings, ray_settings
from qfloor.records import PluginSpec, Score
from qfloor.score import ScoreSummary, engine_called, on_ray, score_outputs
from qfloor.score.batches import batches_of
from qfloor.score.ray_actor import Recipe, ScoringActor, packed, recipe_of
from qfloor.score.scoring import Scoring
from qfloor.score.stage import StoredMedia, missing_work
from qfloor.store import Store

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs the extra: pip install 'qfloor[ray]'"
)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test imports, an actor can import too."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def fill(store: Store, n: int) -> None:
    for i in range(n):
        add(store, i, png(i), width=64, height=48)


def spec(**args: Any) -> PluginSpec:
    return PluginSpec(name="ray_scorers:PixelMean", args=args)


def run(store: Store, specs: list[PluginSpec], engine: str, **options: Any) -> ScoreSummary:
    scorers = [plugins.build_scorer(one) for one in specs]
    outputs = list(store.outputs_of())
    return score_outputs(
        store, outputs, store.prompts_by_digest(), scorers, engine=engine, **options
    )


def rows(store: Store) -> list[Score]:
    return sorted(store.scores_of(round="2026-11"), key=lambda s: (s.metric, s.output_id))


# -- without a cluster


@needs_ray
def test_settings() -> None:
    assert ray_settings("actors=2,cpus=0.5,gpus=0.25,store_mb=100,restarts=0") == RaySettings(
        actors=2, cpus=0.5, gpus=0.25, store_mb=100, restarts=0
    )
    assert ray_settings("") == RaySettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("actor=2", "unknown setting 'actor'"), ("actors=0", "whole number from 1"),
        ("actors=two", "must be a whole number"), ("cpus=nan", "must be a number"),
        ("cpus=-1", "must be a number"), ("actors", "must be a whole number"),
        ("store_mb=1", "from 80"), ("cpus=inf", "must be a number"),
    ],
)  # fmt: skip
def test_settings_that_are_wrong_are_told(text: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        engine_called(f"ray:{text}")


def test_without_ray_it_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qfloor.ray_cluster.find_spec", lambda name: None)
    with pytest.raises(PluginError, match=r"pip install 'qfloor\[ray\]'"):
        engine_called("ray")


@pytest.mark.parametrize("name", ["spark", "local:2", ""])
def test_an_unknown_engine_is_told(name: str) -> None:
    with pytest.raises(ScoringError, match="known: local, ray"):
        engine_called(name)


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QFLOOR_CORES", "1")  # an actor sets it, here in the test's own process


def actor_of(store: Store, specs: list[PluginSpec]) -> tuple[ScoringActor, bytes]:
    scorers = [plugins.build_scorer(one) for one in specs]
    outputs = list(store.outputs_of())
    work = missing_work(store, outputs, store.prompts_by_digest(), scorers)
    scoring = Scoring(scorers, StoredMedia(store.media))
    recipe = recipe_of(scoring, lanes=1, probe=work[0], dumps=pickle.dumps)
    return ScoringActor(recipe), packed(list(enumerate(batches_of(work, 3))))


def test_an_actor_scores_what_the_driver_would(store: Store, cores: None) -> None:
    fill(store, 7)
    actor, parcel = actor_of(store, [spec()])
    answer = pickle.loads(actor({"parcel": parcel})["answer"])
    assert [n for n, _ in answer] == [0, 1, 2]
    run(store, [spec()], "local")
    assert sorted((s for _, f in answer for s in f.scores), key=lambda s: s.output_id) == rows(
        store
    )


def test_an_actor_of_another_identity_refuses(store: Store, cores: None) -> None:
    fill(store, 1)
    actor, parcel = actor_of(store, [spec(elsewhere=os.getpid())])
    assert not isinstance(pickle.loads(actor({"parcel": parcel})["answer"]), QfloorError)
    plain = plugins.build_scorer(spec())
    scoring = Scoring([plain], StoredMedia(store.media))
    other = Recipe(
        scorers=(spec(elsewhere=1),), keys=(plain.metrics[0].key,), decode=scoring.decode,
        lanes=1, probe=None,
    )  # fmt: skip
    answer = pickle.loads(ScoringActor(pickle.dumps(other))({"parcel": parcel})["answer"])
    assert isinstance(answer, ScoringError)
    assert "same versions" in str(answer)


def test_an_actor_that_does_not_see_the_media_writes_no_failed_row(
    store: Store, cores: None, tmp_path: Path
) -> None:
    fill(store, 2)
    scorers = [plugins.build_scorer(spec())]
    work = missing_work(store, list(store.outputs_of()), store.prompts_by_digest(), scorers)
    from qfloor.store.media_files import MediaFiles

    scoring = Scoring(scorers, StoredMedia(MediaFiles(tmp_path / "not mounted")))
    recipe = recipe_of(scoring, lanes=1, probe=work[0], dumps=pickle.dumps)
    answer = ScoringActor(recipe)({"parcel": packed(list(enumerate(batches_of(work, 3))))})
    error = pickle.loads(answer["answer"])
    assert isinstance(error, PlaceError)
    assert "store media" in str(error)


def test_a_parcel_that_is_answered_twice_is_taken_once(
    store: Store, cores: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 9)
    actor, _ = actor_of(store, [spec()])

    def twice(ray: Any, parcels: Any, *_: Any, **__: Any) -> Iterator[bytes]:
        for parcel in [*parcels, *parcels[::-1]]:
            yield actor(parcel)["answer"]

    monkeypatch.setattr(on_ray, "_answers", twice)
    monkeypatch.setattr(on_ray, "_PARCEL", 2)
    scorers = [plugins.build_scorer(spec())]
    work = missing_work(store, list(store.outputs_of()), store.prompts_by_digest(), scorers)
    batches = list(batches_of(work, 2))
    found = list(on_ray._spanned(None, batches, b"", RaySettings(), actors=1, gpus=0.0))
    assert sorted(w.output.id for batch, _ in found for w in batch) == [
        f"o{n:05}" for n in range(9)
    ]
    monkeypatch.setattr(on_ray, "_answers", lambda *_, **__: (b for b in ()))
    with pytest.raises(ScoringError, match="lost 9 outputs"):
        list(on_ray._spanned(None, batches, b"", RaySettings(), actors=1, gpus=0.0))


def test_a_scorer_that_cannot_travel_is_told() -> None:
    scorer = FunctionScorer(lambda item: 1.0)
    scoring = Scoring([scorer], StoredMedia(None))  # type: ignore[arg-type]
    with pytest.raises(ScoringError, match=r"cannot send the scorer .*FunctionScorer"):
        recipe_of(scoring, lanes=1, probe=None, dumps=pickle.dumps)


# -- on real clusters of this machine

cluster = [
    pytest.mark.slow,
    needs_ray,
    pytest.mark.enable_socket,
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore"),
]


def marked(function: Callable[..., None]) -> Callable[..., None]:
    for mark in cluster:
        function = mark(function)
    return function


@marked
def test_rows_are_byte_equal_to_local_and_one_lame_output_is_a_failed_row(
    store: Store, tmp_path: Path
) -> None:
    fill(store, 60)
    specs = [spec(lame="o00003"), PluginSpec(name="technical", args={})]
    if importlib.util.find_spec("open_clip"):
        specs.append(PluginSpec(name="clip", args={}))
    done = run(store, specs, "ray:actors=2")
    with Store.open(tmp_path / "other", create=True) as other:
        fill(other, 60)
        expected = run(other, specs, "local")
        assert rows(store) == rows(other)
    assert (done.n_scored_now, done.rows) == (60, expected.rows)
    assert run(store, specs, "ray:actors=2").n_scored_now == 0


@marked
def test_an_actor_and_a_node_are_killed_and_nothing_is_lost(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(on_ray, "_PARCEL", 1)
    fill(store, 120)
    trail = tmp_path / "trail"
    trail.mkdir()
    nodes = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    lost = [nodes.add_node(num_cpus=1), nodes.add_node(num_cpus=1)]
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    killed: list[int] = []
    counted: list[int] = []

    def progress(done: int, total: int) -> None:
        counted.append(done)
        if done >= 20 and not killed:  # an actor's process
            pids = {int(p.name.split("-")[1]) for p in trail.glob("built-*")} - {os.getpid()}
            killed.append(min(pids))
            os.kill(killed[0], signal.SIGKILL)
        if done >= 56 and lost:  # a node with all on it; another joins later
            nodes.remove_node(lost.pop(), allow_graceful=False)
            lost.clear()
            nodes.add_node(num_cpus=1)

    try:
        done = run(store, [spec(folder=str(trail), seconds=0.05)], "ray", progress=progress)
    finally:
        ray.shutdown()
        nodes.shutdown()
    assert counted == sorted(set(counted))
    assert (counted[-1], done.n_scored_now) == (120, 120)
    assert [s.output_id for s in rows(store)] == [f"o{n:05}" for n in range(120)]
    assert [s.value for s in rows(store)] == _expected(120)
    assert killed
    assert not lost
    built = {p.name for p in trail.glob("built-*")}
    assert len(built) >= 4  # the driver's, two actors', and what took a lost one's place


DRIVER = """
import sys
from qfloor import plugins
from qfloor.records import PluginSpec
from qfloor.score import score_outputs
from qfloor.store import Store

folder, trail, engine = sys.argv[1:]
scorer = plugins.build_scorer(
    PluginSpec(name="ray_scorers:PixelMean", args={"folder": trail, "seconds": 0.05})
)
with Store.open(folder) as store:
    done = score_outputs(
        store, list(store.outputs_of()), store.prompts_by_digest(), [scorer], engine=engine
    )
    print(done.n_scored_now)
"""


def _kept(folder: Path) -> int:
    with Store.open(folder) as store:
        return len(rows(store))


def _gone(pids: set[int]) -> bool:
    """Whether all processes have ended; one that nobody has waited for has."""
    told = (Path(f"/proc/{pid}/stat") for pid in pids)
    return all(not p.exists() or p.read_text().rpartition(")")[2].split()[0] == "Z" for p in told)


@marked
@pytest.mark.parametrize("where", ["its own cluster", "a cluster that is up"])
def test_the_driver_is_killed_and_the_same_command_finishes(
    where: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "_PARCEL", 1)
    fill(store, 150)
    store.close()
    trail = tmp_path / "trail"
    trail.mkdir()
    nodes = None
    if where == "a cluster that is up":
        from ray.cluster_utils import Cluster

        nodes = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    command = [sys.executable, "-c", DRIVER, store.root, trail, "ray:actors=1"]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as driver:
            _wait(lambda: _kept(store.root) >= 20 or driver.poll() is not None, 120)
            driver.kill()
        before = _kept(store.root)
        assert 20 <= before < 150
        actors = {int(p.name.split("-")[1]) for p in trail.glob("built-*")}
        _wait(lambda: _gone(actors), 60)  # an actor without its driver would hold its core
        again = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert again.returncode == 0, again.stderr
        assert int(again.stdout) == 150 - before
    finally:
        if nodes is not None:
            nodes.shutdown()
    with Store.open(store.root) as opened:
        assert [s.output_id for s in rows(opened)] == [f"o{n:05}" for n in range(150)]
        assert [s.value for s in rows(opened)] == _expected(150)


def _wait(until: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so; a test that waits in vain fails."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def _expected(n: int) -> list[float]:
    import io

    import numpy as np
    from PIL import Image

    return [float(np.asarray(Image.open(io.BytesIO(png(i)))).mean()) for i in range(n)]


@marked
def test_an_output_that_kills_its_reader_ends_the_run_with_a_sentence(store: Store) -> None:
    fill(store, 40)
    started = time.monotonic()
    with pytest.raises(ScoringError, match=r"scored o000.* was lost 2 times"):
        run(store, [spec(fatal="o00039")], "ray:actors=1,restarts=1")
    assert time.monotonic() - started < 120
    kept = len(rows(store))
    assert run(store, [spec()], "ray:actors=1").n_scored_now == 40 - kept
    assert len(rows(store)) == 40


@marked
def test_a_cluster_without_room_or_answer_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 1)
    with pytest.raises(PluginError, match="no node of the cluster has 1 CPUs and 4 GPUs"):
        run(store, [spec()], "ray:gpus=4")
    monkeypatch.setenv("RAY_ADDRESS", "no address at all")
    with pytest.raises(PluginError, match="the Ray cluster at no address at all cannot be used"):
        run(store, [spec()], "ray")
