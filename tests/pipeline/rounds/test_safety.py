"""What a safety metric says enters delivered floors; what it failed to say is counted."""

from __future__ import annotations

import datetime as dt
import shutil
import zlib
from pathlib import Path

import pytest
from fakes.classifiers import FakeClassifier

from qfloor import pipeline, router
from qfloor.benchmark import Benchmark
from qfloor.errors import ScoringError
from qfloor.export import verification
from qfloor.pipeline import RunResult
from qfloor.pipeline.release import release_of
from qfloor.pipeline.rounds.planned import prompts_of, run_id, view_of
from qfloor.pipeline.rounds.safety import Safety
from qfloor.records import Floor, ScoreStatus, Status, WeightsRights
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.safety import UNSAFE, SafetyScorer
from qfloor.store import Store


@pytest.fixture
def workspace(ran: RunResult, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran.database.parent, tmp_path / "copy"))


def _answer(picture: Pixels) -> dict[str, float]:
    """A third is unsafe, and about a tenth cannot be judged, by a hash of the pixels."""
    draw = zlib.crc32(picture[::7, ::7].tobytes()) % 30
    if draw < 3:
        raise RuntimeError("the classifier choked")
    return {"draw": 0.9 if draw < 13 else 0.1}


def _score(store: Store, small: Benchmark, scorer: SafetyScorer) -> None:
    pipeline.score_round(store, small, prompts_of(small), scorers=[scorer])


def _certified(store: Store, small: Benchmark) -> dict[tuple[str, ...], Floor]:
    findings = pipeline.certify_round(store, small, prompts_of(small))
    return {(f.offer_id, f.category, f.modality, f.quality, f.kind): f for f in findings.floors}


def test_unsafe_by_a_metric_fails_what_is_delivered_and_unknown_is_missing(
    ran: RunResult, small: Benchmark, workspace: Path
) -> None:
    before = {
        (f.offer_id, f.category, f.modality, f.quality, f.kind): f for f in ran.findings.floors
    }
    with Store.open(workspace) as store, store.writing("test"):
        _score(store, small, SafetyScorer(FakeClassifier(_answer)))
        after = _certified(store, small)
        view = view_of(store, small, prompts_of(small)).with_safety(store)
        rows = {s.output_id: s for s in store.scores_of(metric=view.safety.metric)}
    assert view.safety.unsafe == {i for i, s in rows.items() if s.value == 1}
    assert view.safety.unknown == {i for i, s in rows.items() if s.status is ScoreStatus.FAILED}
    assert view.safety.unsafe
    assert view.safety.unknown
    for place, floor in after.items():
        told = floor.counts
        assert floor.digests["safety"] == view.safety.metric
        assert "safety" not in before[place].digests
        plain = {k: v for k, v in told.items() if k not in {"unsafe", "safety_unknown"}}
        assert plain == before[place].counts  # the new ones stand apart
        if place[-1] == "conditional":
            assert floor.fail_rates == before[place].fail_rates
        else:
            gone = told.get("safety_unknown", 0)
            assert floor.n_outputs == before[place].n_outputs - gone
            for rate, unjudged in zip(floor.fail_rates, before[place].fail_rates, strict=True):
                assert rate.fails >= told.get("unsafe", 0) * min(1, unjudged.n) - 1e-9
    human = [f for p, f in after.items() if p[3].startswith("human") and p[-1] == "delivered"]
    assert sum(f.counts.get("unsafe", 0) for f in human) == len(view.safety.unsafe)
    assert sum(f.counts.get("safety_unknown", 0) for f in human) == len(view.safety.unknown)


def test_a_round_never_scored_for_safety_is_as_before(
    ran: RunResult, small: Benchmark, workspace: Path
) -> None:
    with Store.open(workspace) as store, store.writing("test"):
        assert view_of(store, small, prompts_of(small)).with_safety(store).safety == Safety()
        assert pipeline.certify_round(store, small, prompts_of(small)) == ran.findings


def test_a_row_that_is_not_there_is_unknown_and_never_safe(
    small: Benchmark, workspace: Path
) -> None:
    with Store.open(workspace) as store, store.writing("test"):
        _score(store, small, SafetyScorer(FakeClassifier(lambda picture: {"x": 0.0})))
        seen = view_of(store, small, prompts_of(small))
        key = seen.with_safety(store).safety.metric
        made = [o.id for o in seen.outputs if o.status is Status.MADE]
        store._write("DELETE FROM scores WHERE metric = ? AND output_id = ?", (key, made[0]))
        safety = seen.with_safety(store).safety
    assert safety.unknown == {made[0]}
    assert not safety.unsafe


def test_two_half_scored_identities_are_refused(small: Benchmark, workspace: Path) -> None:
    with Store.open(workspace) as store, store.writing("test"):
        for version in (1, 2):
            _score(store, small, SafetyScorer(FakeClassifier(version=version)))
        keys = [m.key for m in store.metrics_of(names=[UNSAFE])]
        ids = sorted(store.scored_ids(keys[0]))
        store._write("DELETE FROM scores WHERE metric = ? AND output_id = ?", (keys[0], ids[0]))
        store._write("DELETE FROM scores WHERE metric = ? AND output_id = ?", (keys[1], ids[1]))
        with pytest.raises(ScoringError, match="must not be mixed"):
            pipeline.certify_round(store, small, prompts_of(small))


def test_the_release_names_the_safety_metric_and_the_terms_of_weights(
    small: Benchmark, workspace: Path
) -> None:
    classifier = FakeClassifier()
    classifier.weights = (WeightsRights(name="net.pt", licence="MIT", commercial_use=True),)
    with Store.open(workspace) as store, store.writing("test"):
        _score(store, small, SafetyScorer(classifier))
        _certified(store, small)
        now = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
        release = release_of(store, small, prompts_of(small), run_id(small), now)
        path = pipeline.export_round(store, small, prompts_of(small), workspace / "q.db", now)
        terms = store.metrics()
    names = {m.name: m.key for m in release.metrics}
    # sharpness was calibrated, and the pass rate of near_blank stands beside the floors
    assert set(names) == {UNSAFE, "technical.sharpness", "technical.near_blank"}
    assert verification.verify(path).n_floors == len(release.floors)
    assert router.load(path)
    content = {row["key"]: row["value"] for row in verification.read(path)["provenance"]}
    assert content["weights"][names[UNSAFE]] == [
        {"name": "net.pt", "licence": "MIT", "commercial_use": True, "source": None}
    ]
    assert content["weights"][names["technical.sharpness"]] == []
    row = terms[terms["key"] == names[UNSAFE]].iloc[0]
    assert (row["weights"], row["licence"], row["commercial_use"]) == ("net.pt", "MIT", "yes")
