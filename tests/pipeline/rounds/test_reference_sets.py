"""Floors on a metric that compares only within a prompt: centred, frozen, never mixed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_fakes import FunctionScorer

from qfloor import benchmark, export, pipeline
from qfloor.benchmark import Benchmark, CalibrationPlan
from qfloor.errors import BenchmarkError, CertificationError, StoreError
from qfloor.floors import CellRequest, FamilyPlan, compute_floor
from qfloor.pipeline import RoundView, RunResult, freeze_reference, metric_cells
from qfloor.pipeline.rounds.judging import pairs
from qfloor.records import (
    CentredQuality,
    Metric,
    Output,
    Prompt,
    Quality,
    Rating,
    ReferenceSet,
    Score,
    ScoreStatus,
    Status,
)
from qfloor.store import Store

METRIC = Metric(
    name="preference.fake",
    unit="cosine",
    lo=-1.0,
    hi=1.0,
    definition={"weights_sha256": "0"},
    comparable="within a prompt",
)
PROMPTS = tuple(
    Prompt(id=f"p{i}", text=f"request {i}", category="portrait", family=f"f{i}", split="certify")
    for i in range(14)
)
Scores = Mapping[str, Mapping[tuple[int, int], float]]
"""Offer -> (prompt, repeat) -> raw score."""


def _output(offer: str, prompt: int, repeat: int) -> Output:
    return Output(
        id=f"{offer}-{prompt}-{repeat}",
        prompt_id=PROMPTS[prompt].id,
        prompt_digest=PROMPTS[prompt].digest,
        offer_id=offer,
        repeat=repeat,
        round="2026-11",
        status=Status.MADE,
        reason="ok",
        media_sha256=f"{prompt:02d}{repeat:02d}" * 16,
        at="t",
    )


@contextmanager
def scored(scores: Scores, metric: Metric = METRIC) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, Store.open(folder, create=True) as store:
        store.save_prompts(PROMPTS)
        store.save_metrics([metric])
        add(store, scores, metric)
        yield store


def add(store: Store, scores: Scores, metric: Metric = METRIC) -> None:
    for offer, numbers in scores.items():
        store.save_outputs(_output(offer, p, r) for p, r in numbers)
        store.save_scores(
            Score(
                output_id=f"{offer}-{p}-{r}",
                metric=metric.key,
                status=ScoreStatus.SCORED,
                value=value,
            )
            for (p, r), value in numbers.items()
        )


def view(store: Store) -> RoundView:
    offers = {o.offer_id for o in store.outputs_of()}
    return RoundView.of(store, "2026-11", offers)


def centred(store: Store, reference: ReferenceSet) -> dict[str, float]:
    cells = metric_cells(store, view(store), reference.metric, reference)
    return {j.output_id: j.values[0] for judged in cells.values() for j in judged if j.values}


NUMBERS = st.floats(-1.0, 1.0, allow_nan=False, width=32).map(float)
PLACES = st.tuples(st.integers(0, len(PROMPTS) - 1), st.integers(0, 2))
OFFERS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(PLACES, NUMBERS, min_size=1, max_size=12),
    min_size=1,
)


@settings(max_examples=25, deadline=None)
@given(first=OFFERS, late=st.dictionaries(PLACES, NUMBERS, min_size=1, max_size=12), more=NUMBERS)
def test_what_comes_later_moves_nobody(
    first: Scores, late: Mapping[tuple[int, int], float], more: float
) -> None:
    with scored(first) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
        before = centred(store, reference)
        floors = _floors(store, reference)
        add(store, {"late": late, **{name: {(0, 7): more} for name in first}})
        after = centred(store, reference)
        assert {name: after[name] for name in before} == before
        alone = {j.output_id for j in _judged(store, reference, "late")}
        assert alone == {f"late-{p}-{r}" for p, r in late}
        again = _floors(store, reference, repeats=7)
        assert {name: again[name] for name in floors} == floors


def _judged(store: Store, reference: ReferenceSet, offer: str) -> list:
    cells = metric_cells(store, view(store), METRIC.key, reference)
    return next(judged for key, judged in cells.items() if key.offer_id == offer)


def _floors(store: Store, reference: ReferenceSet, repeats: int = 99) -> dict:
    """Floors of every offer at one level, leaving aside outputs added after ``repeats``."""
    found = {}
    for key, judged in metric_cells(store, view(store), METRIC.key, reference).items():
        request = CellRequest(
            offer_id=key.offer_id,
            category=key.category,
            modality=key.modality,
            quality=CentredQuality.of_reference(METRIC, reference),
            outputs=[j for j in judged if j.repeat < repeats],
            thresholds=[],
            family=FamilyPlan(name="portrait/image", m=4, alpha=0.05),
        )
        found[key.offer_id] = compute_floor(request)[0]
    return found


@settings(max_examples=25, deadline=None)
@given(scores=OFFERS, shift=st.integers(-8, 8))
def test_centred_numbers_are_raw_ones_less_the_median_and_forget_a_prompts_level(
    scores: Scores, shift: int
) -> None:
    """A harder prompt, where all scores are lower by the same, changes nothing."""
    raw = {offer: {place: round(v, 3) / 4 for place, v in n.items()} for offer, n in scores.items()}
    moved = {
        offer: {(p, r): v + (shift / 16 if p == 3 else 0) for (p, r), v in n.items()}
        for offer, n in raw.items()
    }
    with scored(raw) as one, scored(moved) as other:
        first = freeze_reference(one, view(one), METRIC.name)
        second = freeze_reference(other, view(other), METRIC.name)
        here, there = centred(one, first), centred(other, second)
        assert here.keys() == there.keys()
        assert np.allclose(list(here.values()), [there[k] for k in here], atol=1e-12)
        for offer, numbers in raw.items():
            for (p, r), value in numbers.items():
                mine = [v for n in raw.values() for (q, _), v in n.items() if q == p]
                assert here[f"{offer}-{p}-{r}"] == value - statistics.median(mine)
        changed = shift != 0 and any(p == 3 for n in raw.values() for p, _ in n)
        assert (first.digest != second.digest) == changed


EVEN = {"a": {(p, 0): 0.2 + p / 100 for p in range(14)}, "b": {(p, 0): 0.1 for p in range(14)}}


def test_without_a_reference_set_there_is_no_floor() -> None:
    with scored(EVEN) as store:
        with pytest.raises(CertificationError, match="no reference set to centre its floors on"):
            metric_cells(store, view(store), METRIC.key)
        with pytest.raises(CertificationError, match="qfloor reference freeze"):
            pairs(store, view(store), Quality(source="human", name="o", lo=0, hi=1), METRIC.key)


def test_a_set_of_another_identity_is_refused() -> None:
    newer = replace(METRIC, execution={"runtime": "newer"})
    with scored(EVEN) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
        store.save_metrics([newer])
        add(store, EVEN, newer)
        with pytest.raises(CertificationError, match=r"cannot centre preference\.fake@"):
            metric_cells(store, view(store), newer.key, reference)


def test_freezing_again_stands_beside_and_never_replaces() -> None:
    with scored(EVEN) as store:
        first = freeze_reference(store, view(store), METRIC.name, ["a"])
        assert freeze_reference(store, view(store), METRIC.name, ["a"]) == first
        second = freeze_reference(store, view(store), METRIC.name, ["b"])
        assert [r.digest for r in store.references_of()] == [first.digest, second.digest]
        add(store, {"a": {(p, 0): 0.9 for p in range(14)}})  # scored anew
        assert centred(store, first)["b-0-0"] == pytest.approx(0.1 - 0.2)
        third = freeze_reference(store, view(store), METRIC.name, ["a"])
        assert third.digest not in {first.digest, second.digest}
        ids = {CentredQuality.of_reference(METRIC, r).id for r in (first, second, third)}
        assert len(ids) == 3
        for change in ("UPDATE reference_sets SET at = 'x'", "DELETE FROM reference_sets"):
            with pytest.raises((StoreError, sqlite3.Error), match="frozen"):
                store._write(change, ())


def test_prompts_without_reference_are_missing_and_say_so() -> None:
    with scored({"a": {(p, 0): 0.2 for p in range(12)}}) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
        add(store, {"b": EVEN["b"]})
        floor = _floors(store, reference)["b"]
    assert floor.counts == {"made": 14, "no_reference": 2}
    assert floor.population["missing"] == 2
    assert floor.n_prompts == 12
    assert floor.q25_lo_release is None, "2 of 14 missing is too much to certify anything"


def test_an_offer_on_unreferenced_prompts_only_has_an_empty_floor() -> None:
    with scored({"a": {(0, 0): 0.2}}) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
        add(store, {"b": {(5, 0): 0.2}})
        floor = _floors(store, reference)["b"]
    assert (floor.n_outputs, floor.q25, floor.counts["no_reference"]) == (0, None, 1)


def test_what_compares_across_prompts_is_never_centred() -> None:
    plain = replace(METRIC, comparable="across prompts")
    with scored(EVEN, plain) as store:
        with pytest.raises(CertificationError, match="need no reference set"):
            freeze_reference(store, view(store), plain.name)
        cells = metric_cells(store, view(store), plain.key)
        assert {j.values[0] for judged in cells.values() for j in judged} >= {0.1, 0.2}
        foreign = ReferenceSet(metric=plain.key, round="2026-11", offers=("a",), prompts=())
        with pytest.raises(CertificationError, match="is not centred"):
            metric_cells(store, view(store), plain.key, foreign)


def test_a_reference_needs_offers_and_scores_that_are_there() -> None:
    with scored(EVEN) as store:
        with pytest.raises(CertificationError, match=r"no outputs of nobody .* known: a, b"):
            freeze_reference(store, view(store), METRIC.name, ["nobody"])
        store._write("DELETE FROM scores WHERE output_id LIKE 'a-%'", ())
        with pytest.raises(CertificationError, match="run `qfloor score` first"):
            freeze_reference(store, view(store), METRIC.name, ["a"])


def test_a_set_travels_as_a_file_and_an_altered_file_is_refused(tmp_path: Path) -> None:
    with scored(EVEN) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
    path = pipeline.write_reference(tmp_path / "set.json", reference)
    again = pipeline.read_reference(path)
    assert again == reference
    assert again.digest == reference.digest
    with Store.open(tmp_path / "other", create=True) as other:
        assert other.save_reference(again)
        assert not other.save_reference(again)
        assert list(other.references_of(metric=METRIC.key)) == [reference]
    content = json.loads(path.read_text())
    content["set"]["prompts"][0]["outputs"][0]["value"] += 0.01
    path.write_text(json.dumps(content))
    with pytest.raises(StoreError, match="it was altered"):
        pipeline.read_reference(path)
    for content in (b"", b"[" * 5000, b"\xff" * 5000):
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"set\.json: (not|line 1: not)") as told:
            pipeline.read_reference(path)
        assert len(str(told.value)) < 300 + len(str(path))
    for text in ("[]", "{}", '{"format": "other"}', '{"format": "qfloor reference set 1"}'):
        path.write_text(text)
        with pytest.raises(StoreError, match=r"set\.json: is"):
            pipeline.read_reference(path)


# -- from score to floors and the quality database ---------------------------------------------

NAME = METRIC.name


def fake_scorer() -> FunctionScorer:
    """Brightness plus a level of the prompt's own: raw, it mostly says which prompt it is."""
    scorer = FunctionScorer(
        lambda item: float(item.inputs["pixels"].mean()) / 1000 + len(item.prompt.text) / 100,
        name=NAME,
        modalities=("image",),
    )
    scorer.metrics = (replace(scorer.metrics[0], comparable="within a prompt"),)
    return scorer


@pytest.fixture(scope="module")
def asked(small: Benchmark) -> Benchmark:
    return replace(small, calibrations=(CalibrationPlan(metric=NAME, epsilon=0.2, alpha=0.05),))


@pytest.fixture
def workspace(ran: RunResult, tmp_path: Path) -> Path:
    shutil.copytree(ran.database.parent, tmp_path / "copy")
    return tmp_path / "copy"


def test_from_score_to_the_quality_database(asked: Benchmark, workspace: Path) -> None:
    prompts = pipeline.prompts_of(asked)
    with Store.open(workspace) as store:
        pipeline.score_round(store, asked, prompts, scorers=[fake_scorer()])
        with pytest.raises(CertificationError, match=f"freeze BENCHMARK --metric {NAME}"):
            pipeline.certify_round(store, asked, prompts)
        seen = pipeline.view_of(store, asked, prompts)
        reference = freeze_reference(store, seen, NAME, ["painters/ochre", "painters/umber"])
        found = pipeline.certify_round(store, asked, prompts)
        database = workspace / "centred.db"
        release = pipeline.release_of(store, asked, prompts, pipeline.run_id(asked), _now())
        export.write(database, release)
    mine = [f for f in found.floors if f.quality.startswith(f"metric:{NAME}@")]
    assert mine
    for floor in mine:
        assert floor.quality.endswith(f"~centred:{reference.digest}")
        assert floor.digests["reference"] == reference.digest
        assert floor.population["centred"] == "less the median of the prompt's reference outputs"
        inside = floor.population["in_its_reference"]
        assert (inside > 0) == (floor.offer_id in {"painters/ochre", "painters/umber"})
        assert floor.q25 is None or abs(floor.q25) < 0.2, "centred: the prompt's level is gone"
    others = [f for f in found.floors if f not in mine]
    assert all("reference" not in f.digests for f in others)
    assert {reference.digest in c.method for c in found.calibrations} == {True}
    export.verify(database)
    content = export.verification.read(database)
    told = {row["key"]: row["value"] for row in content["provenance"]}
    assert told["reference_sets"][reference.digest]["offers"] == [
        "painters/ochre",
        "painters/umber",
    ]
    quality = next(q for q in content["qualities"] if q["id"] == mine[0].quality)
    assert quality["metric_key"] == reference.metric


def _now() -> object:
    import datetime as dt

    return dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def test_several_sets_ask_for_a_choice_and_the_choice_decides(
    asked: Benchmark, workspace: Path
) -> None:
    prompts = pipeline.prompts_of(asked)
    with Store.open(workspace) as store:
        pipeline.score_round(store, asked, prompts, scorers=[fake_scorer()])
        seen = pipeline.view_of(store, asked, prompts)
        first, second = (
            freeze_reference(store, seen, NAME, [offer])
            for offer in ("painters/ochre", "painters/umber")
        )
        with pytest.raises(CertificationError, match="has 2 reference sets"):
            pipeline.certify(store, asked, seen, asked.offers)
        one, two = (replace(asked, references={NAME: r.digest}) for r in (first, second))
        assert len({asked.digest, one.digest, two.digest}) == 3
        qualities = {
            f.quality
            for b in (one, two)
            for f in pipeline.certify(store, b, seen, asked.offers).floors
            if NAME in f.quality
        }
        assert {q.partition("~centred:")[2] for q in qualities} == {first.digest, second.digest}
        lost = replace(asked, references={NAME: "0" * 32})
        with pytest.raises(CertificationError, match="not in this workspace"):
            pipeline.certify(store, lost, seen, asked.offers)


def test_a_benchmark_names_its_sets_by_digest(small: Benchmark, tmp_path: Path) -> None:
    text = Path(str(small.path)).read_text()
    assert small.references == {}
    path = tmp_path / "named.toml"
    path.write_text(f'{text}\n[references]\n"{NAME}" = "{"ab" * 16}"\n')
    assert benchmark.load(path).references == {NAME: "ab" * 16}
    path.write_text(f'{text}\n[references]\n"{NAME}" = "latest"\n')
    with pytest.raises(BenchmarkError, match="references"):
        benchmark.load(path)


def test_centring_takes_out_what_a_rater_never_saw(tmp_path: Path) -> None:
    """Pairs for calibration carry the number floors carry, and drop what has no centre."""
    human = Quality(source="human", name="overall", lo=0, hi=10)
    with scored({"a": {(0, 0): 0.5, (1, 0): 0.1}}) as store:
        reference = freeze_reference(store, view(store), METRIC.name)
        add(store, {"b": {(0, 0): 0.75, (1, 0): 0.0, (2, 0): 0.3}})
        store.save_ratings(
            Rating(id=f"r{o}", output_id=o, rater="r", criterion="overall", value=5.0, lo=0, hi=10)
            for o in ("b-0-0", "b-1-0", "b-2-0")
        )
        found = pairs(store, view(store), human, METRIC.key, reference)
    assert {p.output_id: p.metric for p in found["portrait", "image"]} == {
        "b-0-0": 0.25,
        "b-1-0": -0.1,
    }
