"""Prediction-powered floors and uncalibrated ones, from a store to a route."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from beside_world import FAIL_AT_6, GOOD, LABELLED, ROUND, N, build

from qfloor import benchmark, export, pipeline, router
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.export import verification
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.release import release_of
from qfloor.store import Store

FILE = """
[benchmark]
name = "beside"
offers = ["shop/*"]
imported = true
round = "2026-11"

[quality]
{quality}

[[thresholds]]
tier = "standard"
value = {low}

[[thresholds]]
tier = "professional"
value = {high}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three offers on 700 prompts, all scored; 220 prompts rated, chosen at random."""
    return build(tmp_path_factory.mktemp("beside"))


def _benchmark(folder: Path, quality: str, low: float = 4.0, high: float = 6.0) -> Benchmark:
    path = folder / "beside.toml"
    path.write_text(FILE.format(quality=quality, low=low, high=high))
    return benchmark.load(path)


def _found(store: Store, chosen: Benchmark) -> Findings:
    with store.writing("test"):
        return pipeline.certify_round(store, chosen, ())


POWERED = 'source = "prediction-powered"\nmetrics = ["{}"]'


def test_a_good_metric_makes_people_s_floors_narrower_and_certifies_more(
    store: Store, tmp_path: Path
) -> None:
    chosen = _benchmark(tmp_path, POWERED.format("judge.good"))
    found = _found(store, chosen)
    human = chosen.quality.human.id  # type: ignore[attr-defined]
    uppers = {
        (f.offer_id, f.quality, rate.threshold): rate
        for f in found.floors
        if f.kind == "delivered"
        for rate in f.fail_rates
    }
    for offer, fail in FAIL_AT_6.items():
        powered, alone = uppers[offer, chosen.quality.id, 6.0], uppers[offer, human, 6.0]
        assert powered.upper - powered.rate < alone.upper - alone.rate
        refused = 1 / 40 if offer == "shop/c" else 0.0
        assert powered.rate == pytest.approx(refused + (1 - refused) * fail, abs=0.06)
        assert powered.n == alone.n
    ruled = {(v.offer_id, v.quality): v for v in found.verdicts if v.tier == "professional"}
    assert ruled["shop/b", human].ruling == "undecided"
    assert ruled["shop/b", chosen.quality.id].ruling == "certified"
    assert ruled["shop/c", chosen.quality.id].ruling == "rejected"


def test_number_and_verdict_agree_and_bounds_rise_with_the_threshold(
    store: Store, tmp_path: Path
) -> None:
    found = _found(store, _benchmark(tmp_path, POWERED.format("judge.good")))
    floors = {(f.offer_id, f.quality): f for f in found.floors if f.kind == "delivered"}
    for verdict in found.verdicts:
        floor = floors[verdict.offer_id, verdict.quality]
        low = floor.q25_lo_release
        clears = low is not None and low >= verdict.threshold
        assert (verdict.ruling == "certified") == clears
        assert verdict.upper is not None
        assert (verdict.upper <= verdict.max_fail + 1e-9) == clears
        if verdict.p_value is not None:
            certified = verdict.p_value * 3 <= 0.05 * (1 + 1e-9)
            assert certified == clears or abs(verdict.upper - verdict.max_fail) < 1e-6
    for floor in floors.values():
        uppers = [rate.upper for rate in floor.fail_rates]
        assert uppers == sorted(uppers)


def test_floors_and_predictions_say_what_the_metrics_did(store: Store, tmp_path: Path) -> None:
    chosen = _benchmark(tmp_path, POWERED.format("judge.good"))
    found = _found(store, chosen)
    floor = next(f for f in found.floors if f.quality == chosen.quality.id)
    assert floor.bound == "prediction_powered"
    assert floor.population["metrics"] == [GOOD.key]
    assert floor.population["labelled_prompts"] == LABELLED
    assert floor.population["unlabelled_prompts"] == N - LABELLED
    assert floor.population["metric_weight"]["6"] > 0.3
    said = {p.threshold: p for p in found.predictions}
    assert said.keys() == {4.0, 6.0}
    assert said[6.0].rank_lo is not None
    assert said[6.0].rank_lo > 0.4
    assert {offer for offer, _, _ in said[6.0].transfer} == FAIL_AT_6.keys()
    assert list(store.predictions_of(run=pipeline.run_id(chosen))) == list(found.predictions)


def test_noise_adds_nothing_and_says_so(store: Store, tmp_path: Path) -> None:
    chosen = _benchmark(tmp_path, POWERED.format("judge.noise"), high=6.0)
    found = _found(store, chosen)
    human = chosen.quality.human.id  # type: ignore[attr-defined]
    floors = {(f.offer_id, f.quality): f for f in found.floors if f.kind == "delivered"}
    for offer in FAIL_AT_6:
        powered, alone = floors[offer, chosen.quality.id], floors[offer, human]
        weights = powered.population["metric_weight"].values()
        if not any(weights):
            assert powered.population["says"] == "the metrics add nothing here"
        for a, b in zip(powered.fail_rates, alone.fail_rates, strict=True):
            assert a.upper == pytest.approx(b.upper, abs=0.01)
    assert any("says" in f.population for f in floors.values())


def test_a_metric_of_which_less_is_better_is_the_same_metric(store: Store, tmp_path: Path) -> None:
    a = _found(store, _benchmark(tmp_path, POWERED.format("judge.good")))
    b = _found(store, _benchmark(tmp_path, POWERED.format("judge.less")))
    uppers = [[v.upper for v in found.verdicts] for found in (a, b)]
    assert uppers[0] == pytest.approx(uppers[1], abs=1e-9)


def test_two_metrics_are_one_direction(store: Store, tmp_path: Path) -> None:
    quality = 'source = "prediction-powered"\nmetrics = ["judge.good", "judge.noise"]'
    found = _found(store, _benchmark(tmp_path, quality))
    (high,) = [p for p in found.predictions if p.threshold == 6.0]
    assert "proportional odds" in high.method
    assert high.coefficients[0] > 10 * abs(high.coefficients[1])


def test_with_few_labels_people_decide_alone(store: Store, tmp_path: Path) -> None:
    """With 60 labelled prompts metrics are not let in, and the numbers are people's."""
    chosen = _benchmark(tmp_path, POWERED.format("judge.good"))
    few = Store.open(tmp_path / "few", create=True)
    prompts = list(store.prompts_of())
    few.save_prompts(prompts)
    few.save_offers(list(store.offers_of()))
    few.save_metrics([GOOD])
    few.save_outputs(list(store.outputs_of(round=ROUND)))
    few.save_scores(list(store.scores_of(metric=GOOD.key)))
    kept = sorted({r.output_id.rpartition("-")[2] for r in store.ratings_of()})[:60]
    few.save_ratings(r for r in store.ratings_of() if r.output_id.rpartition("-")[2] in set(kept))
    found = _found(few, chosen)
    by_quality: dict[str, list[float | None]] = {}
    for v in found.verdicts:
        by_quality.setdefault(v.quality, []).append(v.upper)
    a, b = by_quality.values()
    assert a == b
    floors = [f for f in found.floors if f.quality == chosen.quality.id]
    assert all(f.bound != "prediction_powered" for f in floors)
    assert "labels are too few" in floors[0].population["says"]


def test_a_misspelt_or_unscored_metric_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"did you mean 'judge\.good'"):
        _found(store, _benchmark(tmp_path, POWERED.format("judge.god")))


UNCALIBRATED = (
    'source = "uncalibrated"\nmetrics = ["judge.good", "judge.less"]\nweights = [0.5, 0.5]'
)


def test_an_uncalibrated_composite_says_so_in_every_floor_and_route(
    store: Store, tmp_path: Path
) -> None:
    chosen = _benchmark(tmp_path, UNCALIBRATED, low=-3.0, high=-2.0)
    found = _found(store, chosen)
    assert chosen.quality.id == "uncalibrated:0.5*judge.good+0.5*judge.less"
    assert {f.quality for f in found.floors} == {chosen.quality.id}
    assert all("no rating stands behind" in f.population["uncalibrated"] for f in found.floors)
    floor = next(f for f in found.floors if f.offer_id == "shop/c" and f.kind == "delivered")
    assert (floor.n_outputs, floor.counts["refused"]) == (N, 18)
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    path = export.write(
        tmp_path / "quality.db", release_of(store, chosen, (), pipeline.run_id(chosen), now)
    )
    assert verification.verify(path).n_floors == len(found.floors)
    db = router.load(path)
    need = router.Need(prompt="a red mug", tier="standard")
    decision = router.choose(db, need, now="2026-11-21")
    assert decision.offer is not None
    assert any("uncalibrated" in note for note in decision.notes)
    assert "uncalibrated" in router.explain(decision)


def test_a_powered_release_can_be_verified_and_routed_by(store: Store, tmp_path: Path) -> None:
    chosen = _benchmark(tmp_path, POWERED.format("judge.good"))
    _found(store, chosen)
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    release = release_of(store, chosen, (), pipeline.run_id(chosen), now)
    assert {q.source for q in release.qualities} == {"human", "prediction-powered"}
    path = export.write(tmp_path / "quality.db", release)
    verification.verify(path)
    assert [m.key for m in release.metrics] == [GOOD.key]
    decision = router.choose(
        router.load(path), router.Need(prompt="a red mug", tier="professional"), now="2026-11-21"
    )
    assert decision.offer in ("shop/a", "shop/b")
    assert not any("uncalibrated" in note for note in decision.notes)


@pytest.mark.parametrize("quality", [POWERED.format("judge.good"), UNCALIBRATED])
def test_a_third_party_computes_it_again(store: Store, tmp_path: Path, quality: str) -> None:
    low, high = (4.0, 6.0) if "powered" in quality else (-3.0, -2.0)
    chosen = _benchmark(tmp_path, quality, low, high)
    _found(store, chosen)
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    release = release_of(store, chosen, (), pipeline.run_id(chosen), now)
    path = export.write(tmp_path / "quality.db", release)
    audit = pipeline.audit(path, store.root)
    wrong = {check.check for check in audit.wrong}
    assert wrong == {"media files by SHA-256"}, audit.explanations  # this world has no pictures


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        ('source = "metric"\nmetrics = ["judge.good"]', 'say source = "uncalibrated"'),
        ('source = "prediction-powered"', "needs quality.metrics"),
        ('source = "uncalibrated"', "needs quality.metrics"),
        ('metrics = ["judge.good"]', 'say source = "prediction-powered"'),
        ('source = "uncalibrated"\nmetrics = ["a", "b"]\nweights = [1.0]', "must be 2 numbers"),
        ('source = "uncalibrated"\nmetrics = ["a", "a"]', "names 'a' twice"),
        ('source = "prediction-powered"\nmetrics = ["a"]\nweights = [1.0]', "go with source"),
        ('source = "uncalibrated"\nmetrics = ["a"]\nhi = 5', "outside the scale anything to 5"),
    ],
)
def test_what_a_quality_cannot_be_is_told(quality: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=said):
        _benchmark(tmp_path, quality)


def test_calibrations_need_people(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(
        FILE.format(quality='source = "uncalibrated"\nmetrics = ["a"]', low=0, high=1)
        + '\n[[calibrations]]\nmetric = "a"\n'
    )
    with pytest.raises(BenchmarkError, match="an uncalibrated quality has none"):
        benchmark.load(path)


@pytest.mark.parametrize(("level", "is_let_in"), [(0.0011, True), (0.0009, False)])
def test_metrics_are_let_in_from_a_thousandth_on_and_claim_no_smaller_p(
    store: Store, tmp_path: Path, level: float, is_let_in: bool
) -> None:
    """Below that the bound was not seen to hold: labels alone decide, by their own p-values."""
    chosen = replace(_benchmark(tmp_path, POWERED.format("judge.good")), alpha=3 * level)
    found = _found(store, chosen)
    for floor in found.floors:
        if (floor.quality, floor.kind) == (chosen.quality.id, "delivered"):
            assert floor.alpha_release == pytest.approx(level)
            assert ("metric_weight" in floor.population) == is_let_in
            assert ("not let in" in str(floor.population.get("says"))) != is_let_in
    clear = [
        v for v in found.verdicts
        if (v.offer_id, v.quality, v.tier) == ("shop/a", chosen.quality.id, "standard")
    ]  # fmt: skip
    assert [v.ruling for v in clear] == ["certified"]
    assert [v.p_value == 0.001 for v in clear] == [is_let_in]
    assert clear[0].p_value is not None
    assert clear[0].p_value <= 0.001
