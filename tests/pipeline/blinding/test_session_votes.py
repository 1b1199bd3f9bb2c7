"""Closing the loop: what a blind session said is what calibration and floors learn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from beside_world import ROUND, build
from scipy import special

from qfloor import benchmark, pipeline
from qfloor.abtest import Answer
from qfloor.abtest.exporting import storable
from qfloor.errors import RatingsError
from qfloor.pipeline.blinding.session_votes import store_votes
from qfloor.store import Store

FILE = """
[benchmark]
name = "beside"
offers = ["shop/*"]
imported = true
round = "2026-11"

[quality]
source = "prediction-powered"
metrics = ["judge.good"]

[[thresholds]]
tier = "professional"
value = 6.0
"""
FAILS = {"shop/a": 0.10, "shop/b": 0.30}
PAIRS = 220


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two offers, all scored by a metric; nobody has rated anything."""
    return build(tmp_path / "w", FAILS, labelled=0)


def session(store: Store) -> list[Answer]:
    """Every pair scored on both sides, as people would whose opinion the metric half tells."""
    rng = np.random.default_rng(1)
    scores = store.scores()
    good = scores[scores["metric"].str.startswith("judge.good")].set_index("output_id")["value"]

    def score(offer: str, i: int) -> float:
        latent = 0.9 * float(good[f"{offer}-{i}"]) + 0.4 * rng.standard_normal()
        return float(np.clip(np.round(6 + 1.3 * (latent - special.ndtri(FAILS[offer])), 1), 0, 10))

    def vote(n: int, i: int) -> Answer:
        scored = score("shop/b", i), score("shop/a", i)
        return Answer(
            trial_id=f"t{n}", pair_id=f"x{i}", prompt_id=f"p{i}", category="general",
            left_item=f"shop/b-{i}", right_item=f"shop/a-{i}", left_arm="routed",
            right_arm="reference", response="right" if scored[1] > scored[0] else "none",
            left_score=scored[0], right_score=scored[1], left_usable=scored[0] >= 6,
            right_usable=scored[1] >= 6, rater_id=f"r{n % 12}", session_id="s1",
        )  # fmt: skip

    chosen = rng.permutation(700)[:PAIRS]
    votes = [vote(n, int(i)) for n, i in enumerate(chosen)]
    catch = replace(
        votes[0], trial_id="c1", kind="catch", left_arm="spoilt", right_arm="intact",
        left_item="spoilt", left_score=None, right_score=None, left_usable=None, right_usable=None,
    )  # fmt: skip
    return [*votes, catch]


def test_votes_become_what_calibration_and_floors_use(store: Store, tmp_path: Path) -> None:
    answers = session(store)
    with store.writing("test"):
        stored = store_votes(store, answers, round=ROUND)
    assert stored.left_out == 1
    assert stored.report.added == 3 * PAIRS  # a comparison and two ratings each
    assert store.n_comparisons() == PAIRS
    path = tmp_path / "beside.toml"
    path.write_text(FILE)
    chosen = benchmark.load(path)
    with store.writing("test"):
        found = pipeline.certify_round(store, chosen, ())
    human = chosen.quality.human.id  # type: ignore[attr-defined]
    rates = {
        (f.offer_id, f.quality): f.fail_rates[0] for f in found.floors if f.kind == "delivered"
    }
    for offer, fail in FAILS.items():
        assert rates[offer, human].rate == pytest.approx(fail, abs=0.09)
        assert rates[offer, chosen.quality.id].rate == pytest.approx(fail, abs=0.09)
    assert any("brier" in row for row in pipeline.calibration_rows(found))


def test_the_same_session_twice_adds_nothing(store: Store) -> None:
    answers = session(store)
    with store.writing("test"):
        store_votes(store, answers, round=ROUND)
        again = store_votes(store, answers, round=ROUND)
    assert again.report.added == 0
    assert store.n_comparisons() == PAIRS


def test_items_that_are_no_outputs_are_refused_and_nothing_is_written(store: Store) -> None:
    answers = [*session(store), replace(session(store)[0], trial_id="z", left_item="nobody-knows")]
    with store.writing("test"), pytest.raises(RatingsError, match="nobody-knows"):
        store_votes(store, answers, round=ROUND)
    assert store.n_comparisons() == 0


def test_a_session_of_controls_alone_has_nothing_to_store(store: Store) -> None:
    catch = [a for a in session(store) if a.kind == "catch"]
    assert storable(catch) == []
    with pytest.raises(RatingsError, match="no answer is about two outputs"):
        store_votes(store, catch, round=ROUND)
