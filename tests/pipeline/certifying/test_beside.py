"""What stands beside a run's floors: computed from the store, replaced whole, exported, sound."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import qfloor
from qfloor import pipeline
from qfloor.benchmark import Benchmark
from qfloor.pipeline.certifying.beside import NO_ROW, pass_rates
from qfloor.records import (
    Metric,
    Offer,
    Output,
    PluginSpec,
    Prompt,
    Score,
    ScoreStatus,
    Status,
    output_id,
)
from qfloor.store import Store

OFFERS = tuple(
    Offer(id=f"shop/{n}", model=n, provider="shop", modality="image",
          generator=PluginSpec(name="folder"))
    for n in ("a", "b")
)  # fmt: skip
EXACT = Metric(name="text.exact", unit="boolean", lo=0, hi=1, boolean=True, modalities=("image",))
NEWER = replace(EXACT, execution={"runtime": "next"})
ROUND = "2026-11"


def _prompt(n: int) -> Prompt:
    return Prompt(id=f"p{n}", text=f"prompt {n}", category="portrait", modality="image")


def _output(n: int, offer: Offer, status: Status = Status.MADE) -> Output:
    prompt = _prompt(n)
    reasons = {Status.MADE: "ok", Status.REFUSED: "refused_input", Status.BLANK: "one_colour"}
    made = status is Status.MADE
    return Output(
        id=output_id(prompt, offer, 0, ROUND), prompt_id=prompt.id, prompt_digest=prompt.digest,
        offer_id=offer.id, repeat=0, round=ROUND, status=status, reason=reasons[status],
        media_sha256="0" * 64 if made else None, media_type="image/png" if made else None,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Offer a made everything; b was refused prompt 1 (text asked), 3 (none) and 5 (by both)."""
    store = Store.open(tmp_path / "w", create=True)
    store.save_prompts(_prompt(n) for n in range(6))
    store.save_offers(OFFERS)
    outputs = [_output(n, OFFERS[0], Status.REFUSED if n == 5 else Status.MADE) for n in range(6)]
    outputs += [
        _output(n, OFFERS[1], Status.REFUSED if n in (1, 3, 5) else Status.MADE) for n in range(6)
    ]
    store.save_outputs(outputs)
    store.save_metrics([EXACT])
    for output in outputs:
        n = int(output.prompt_id[1:])
        if output.status is Status.MADE:
            store.save_scores([_score(output, EXACT, n)])
    return store


def _score(output: Output, metric: Metric, n: int) -> Score:
    """Prompts 0 to 2 ask for words, 3 and 4 do not."""
    if n > 2:
        return Score(
            output_id=output.id, metric=metric.key, status=ScoreStatus.UNSCORED,
            reason="no text asked: none",
        )  # fmt: skip
    return Score(
        output_id=output.id, metric=metric.key, status=ScoreStatus.SCORED, value=float(n != 2)
    )


def _view(store: Store) -> pipeline.RoundView:
    return pipeline.RoundView.of(store, ROUND, [o.id for o in OFFERS])


def test_a_refusal_counts_only_where_the_metric_applies(store: Store) -> None:
    first, second = pass_rates(store, _view(store))
    assert (first.offer_id, first.n_scored, first.n_true, first.n_asked) == ("shop/a", 3, 2, 3)
    assert first.passed == first.share_true == pytest.approx(2 / 3)
    assert second.n_scored == 2
    assert second.share_true == pytest.approx(1 / 2)
    assert (second.n_asked, second.passed) == (3, pytest.approx(1 / 3))
    assert second.counts == {"made": 3, "refused": 3, "unscored": 1}
    assert second.reasons == {"refused: refused_input": 3, "unscored: no text asked": 1}


def test_identities_are_told_apart_and_the_newest_whole_one_speaks(store: Store) -> None:
    view = _view(store)
    made = [o for o in view.outputs if o.status is Status.MADE]
    store.save_metrics([NEWER])
    store.save_scores([_score(made[0], NEWER, 0)])
    assert {r.metric for r in pass_rates(store, view)} == {EXACT.key}  # it covers them all
    store.save_scores([_score(o, NEWER, int(o.prompt_id[1:])) for o in made])
    assert {r.metric for r in pass_rates(store, view)} == {NEWER.key}


def test_identities_of_which_none_is_whole_are_all_told(store: Store) -> None:
    view = _view(store)
    late = _output(0, OFFERS[1])
    store.save_metrics([NEWER])
    store._write("DELETE FROM scores WHERE output_id = ?", (late.id,))
    store.save_scores([_score(late, NEWER, 0)])
    found = {(r.offer_id, r.metric): r for r in pass_rates(store, view)}
    assert set(found) == {
        ("shop/a", EXACT.key), ("shop/b", EXACT.key), ("shop/b", NEWER.key),
    }  # fmt: skip
    assert found["shop/b", NEWER.key].reasons[NO_ROW] == 2


def test_a_round_without_boolean_metrics_has_none(tmp_path: Path) -> None:
    empty = Store.open(tmp_path / "empty", create=True)
    assert pass_rates(empty, _view(empty)) == ()


def test_a_run_has_them_in_store_frames_and_database(
    small: Benchmark, ran: pipeline.RunResult
) -> None:
    found = ran.findings
    assert {r.metric.partition("@")[0] for r in found.pass_rates} == {"technical.near_blank"}
    m = {f.modality: f.m for f in found.floors}
    told = {(r.modality, r.confidence_release) for r in found.pass_rates}
    assert told == {(modality, 1.0 - small.alpha / n) for modality, n in m.items()}
    assert all(r.share_true_lo <= r.share_true <= r.share_true_hi for r in found.pass_rates)  # type: ignore[operator]
    cells = {(f.offer_id, f.category, f.quality) for f in found.floors}
    assert {(t.offer_id, t.category, t.quality) for t in found.tag_floors} == cells
    name = pipeline.run_id(small)
    store = qfloor.open_store(ran.database.parent)
    assert len(store.pass_rates(run=name)) == len(found.pass_rates)
    assert len(store.tag_floors(run=name)) == len(found.tag_floors)
    assert len(store.leave_one_out(run=name)) == len(found.leave_one_out)
    assert sorted(map(repr, store.tag_floors_of(run=name))) == sorted(map(repr, found.tag_floors))
    with closing(sqlite3.connect(ran.database)) as connection:
        for table, rows in (
            ("pass_rates", found.pass_rates),
            ("tag_floors", found.tag_floors),
            ("leave_one_rater_out", found.leave_one_out),
        ):
            (n,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert n == len(rows), table
        (rates,) = connection.execute(
            "SELECT fail_rates FROM tag_floors WHERE facet = 'language' LIMIT 1"
        ).fetchone()
    assert {"threshold", "fails", "n", "rate", "upper"} <= set(json.loads(rates)[0])


def test_the_languages_of_a_floor_are_those_its_population_names(ran: pipeline.RunResult) -> None:
    for floor in ran.findings.floors:
        mine = [
            t
            for t in ran.findings.tag_floors
            if (t.offer_id, t.category, t.modality, t.quality)
            == (floor.offer_id, floor.category, floor.modality, floor.quality)
        ]
        for facet, named in (("language", "languages"), ("tag", "tags")):
            assert [t.label for t in mine if t.facet == facet] == floor.population[named]
