"""The identity that floors go by is the one the benchmark's scorers declare."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import pipeline
from qfloor.benchmark import Benchmark
from qfloor.errors import ScoringError
from qfloor.pipeline import Declared, RoundView, RunResult, declared_of, metric_key
from qfloor.records import Metric, PluginSpec, Score, ScoreStatus
from qfloor.scorers.safety import UNSAFE
from qfloor.store import Store

SHARPNESS = "technical.sharpness"


@pytest.fixture
def workspace(ran: RunResult, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran.database.parent, tmp_path / "copy"))


def _view(store: Store, benchmark: Benchmark) -> RoundView:
    return pipeline.view_of(store, benchmark, pipeline.prompts_of(benchmark))


def _with_safety(small: Benchmark, threshold: float) -> Benchmark:
    spec = PluginSpec(
        name="safety", args={"classifier": "fakes.classifiers:shared", "threshold": threshold}
    )
    return replace(small, scorers=(*small.scorers, spec))


def _rescored(
    store: Store, view: RoundView, metric: Metric, share: float = 1.0, value: float = 0.5
) -> None:
    """Write rows of another identity for the first part of a round's scored outputs."""
    (old,) = (m for m in store.metrics_of(names=[metric.name]) if m.key != metric.key)
    made = sorted(store.scored_ids(old.key).intersection(o.id for o in view.outputs))
    store.save_metrics([metric])
    store.save_scores(
        Score(output_id=o, metric=metric.key, status=ScoreStatus.SCORED, value=value)
        for o in made[: round(share * len(made))]
    )


def test_a_threshold_changed_there_and_back_gives_the_first_floors_again(
    small: Benchmark, workspace: Path
) -> None:
    """The first identity has the oldest rows, and is meant again."""
    unsafe, keys = [], []
    with Store.open(workspace) as store, store.writing("test"):
        for threshold in (0.5, 0.3, 0.5):
            benchmark = _with_safety(small, threshold)
            pipeline.score_round(store, benchmark, pipeline.prompts_of(benchmark))
            findings = pipeline.certify_round(store, benchmark, pipeline.prompts_of(benchmark))
            keys.append({f.digests["safety"] for f in findings.floors})
            unsafe.append(sum(f.counts.get("unsafe", 0) for f in findings.floors))
    assert unsafe[0] == unsafe[2] < unsafe[1]
    assert keys[0] == keys[2] != keys[1]


def test_calibrations_go_by_the_declared_identity_and_not_by_the_newest(
    ran: RunResult, small: Benchmark, workspace: Path
) -> None:
    with Store.open(workspace) as store, store.writing("test"):
        (metric,) = store.metrics_of(names=[SHARPNESS])
        view = _view(store, small)
        _rescored(store, view, replace(metric, definition={"formula": "another"}))
        assert metric_key(store, SHARPNESS, view) != metric.key, "what nobody declares: the newest"
        assert metric_key(store, SHARPNESS, view, declared_of(small)) == metric.key
        assert pipeline.certify_round(store, small, pipeline.prompts_of(small)) == ran.findings


def test_a_declared_identity_that_does_not_cover_the_round_is_refused(
    small: Benchmark, workspace: Path
) -> None:
    """Numbers of another definition are no answer to what the benchmark asks."""
    with Store.open(workspace) as store, store.writing("test"):
        view = _view(store, small)
        (metric,) = store.metrics_of(names=[SHARPNESS])
        gone = sorted(store.scored_ids(metric.key))[0]
        _rescored(store, view, replace(metric, definition={"formula": "another"}))
        store._write("DELETE FROM scores WHERE metric = ? AND output_id = ?", (metric.key, gone))
        with pytest.raises(ScoringError, match=rf"computes {metric.key}, .* run `qfloor score`"):
            metric_key(store, SHARPNESS, view, declared_of(small))
        store._write("DELETE FROM scores WHERE metric = ?", (metric.key,))
        with pytest.raises(ScoringError, match=r"has 0 of \d+ scores"):
            metric_key(store, SHARPNESS, view, declared_of(small))


def test_another_release_of_a_runtime_is_no_other_scorer(small: Benchmark, workspace: Path) -> None:
    """Scores may be judged where other versions are installed, as long as one identity fits."""
    with Store.open(workspace) as store, store.writing("test"):
        view, declared = _view(store, small), declared_of(small)
        (metric,) = store.metrics_of(names=[SHARPNESS])
        older = replace(metric, execution={**metric.execution, "runtime": "numpy 1"})
        _rescored(store, view, older)
        assert metric_key(store, SHARPNESS, view, declared) == metric.key
        store._write("DELETE FROM scores WHERE metric = ?", (metric.key,))
        assert metric_key(store, SHARPNESS, view, declared) == older.key
        coarser = replace(metric, execution={**older.execution, "dtype": "bfloat16"})
        store.save_metrics([coarser])
        store._write("UPDATE scores SET metric = ? WHERE metric = ?", (coarser.key, older.key))
        with pytest.raises(ScoringError, match=coarser.key):
            metric_key(store, SHARPNESS, view, declared)
        open_ = {n: replace(w, any_execution=True) for n, w in declared.wanted.items()}
        assert metric_key(store, SHARPNESS, view, Declared(wanted=open_)) == coarser.key


def test_a_scorer_that_cannot_be_built_here_decides_nothing(
    small: Benchmark, workspace: Path
) -> None:
    """One identity is no question; two are, and nobody here can answer it."""
    missing = replace(small, scorers=(PluginSpec(name="qfloor_lacks_this:Scorer"),))
    declared = declared_of(missing)
    assert "qfloor_lacks_this" in declared.unbuilt[0]
    with Store.open(workspace) as store, store.writing("test"):
        view = _view(store, small)
        (metric,) = store.metrics_of(names=[SHARPNESS])
        assert metric_key(store, SHARPNESS, view, declared) == metric.key
        _rescored(store, view, replace(metric, execution={"runtime": "another"}))
        with pytest.raises(ScoringError, match=r"cannot be told here: .*qfloor_lacks_this"):
            metric_key(store, SHARPNESS, view, declared)
        assert metric_key(store, UNSAFE, view, declared) is None


def test_freezing_goes_by_the_declared_identity(small: Benchmark, workspace: Path) -> None:
    with Store.open(workspace) as store, store.writing("test"):
        view, declared = _view(store, small), declared_of(small)
        (metric,) = store.metrics_of(names=[SHARPNESS])
        within = replace(metric, comparable="within a prompt")
        change = "UPDATE metrics SET record = json_set(record, '$.comparable', ?) WHERE key = ?"
        store._write(change, (within.comparable, metric.key))
        _rescored(store, view, replace(within, definition={"formula": "another"}), value=0.25)
        chosen = pipeline.freeze_reference(store, view, SHARPNESS, None, declared)
        assert chosen.metric == metric.key
        assert pipeline.freeze_reference(store, view, SHARPNESS).metric != metric.key
