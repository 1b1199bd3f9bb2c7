"""Floors on a metric by itself: the worst offer left out is paid for, nobody unrated certifies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from beside_world import GOOD, build

from qfloor import benchmark, calibrate, export, pipeline, router
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.release import release_of
from qfloor.store import Store

FAILS = {"shop/a": 0.02, "shop/b": 0.05, "shop/c": 0.12, "shop/unseen": 0.04}
FILE = """
[benchmark]
name = "alone"
offers = ["shop/*"]
imported = true
round = "2026-11"

[[calibrations]]
metric = "judge.good"
epsilon = 0.05

[[thresholds]]
tier = "standard"
value = 6.0
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three rated offers and one that only the metric has seen; a fit split."""
    folder = tmp_path_factory.mktemp("alone")
    return build(folder, FAILS, labelled=500, split=True, unrated=frozenset({"shop/unseen"}))


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    path = tmp_path_factory.mktemp("file") / "alone.toml"
    path.write_text(FILE)
    return benchmark.load(path)


@pytest.fixture(scope="module")
def found(store: Store, chosen: Benchmark) -> Findings:
    with store.writing("test"):
        return pipeline.certify_round(store, chosen, ())


def test_the_worst_offer_left_out_is_added_to_the_bound(found: Findings, chosen: Benchmark) -> None:
    (calibration,) = found.calibrations
    assert calibration.metric == GOOD.key
    worst = calibration.worst_leave_one_model_out
    assert worst is not None
    total = calibrate.total_epsilon(calibration)
    assert total == calibration.epsilon + max(0.0, worst)
    (threshold,) = [t for t in found.thresholds if t.quality.startswith("metric:")]
    assert threshold.max_fail == calibrate.total_max_fail(0.25, total)
    assert "the worst excess of an offer left out" in threshold.evidence
    assert calibration.rank_correlation is not None
    assert calibration.rank_lo is not None
    assert 0.5 < calibration.rank_lo < calibration.rank_correlation


def test_rated_offers_certify_on_the_metric_and_the_unrated_one_does_not(found: Findings) -> None:
    ruled = {
        v.offer_id: (v.ruling.value, v.reason)
        for v in found.verdicts
        if v.quality.startswith("metric:")
    }
    assert ruled["shop/a"] == ("certified", "clears")
    assert ruled["shop/unseen"] == ("undecided", "provisional")
    provisional = {f.offer_id for f in found.floors if f.provisional}
    assert provisional == {"shop/unseen"}


def test_a_router_takes_it_only_when_the_policy_says_so(
    store: Store, chosen: Benchmark, found: Findings, tmp_path: Path
) -> None:
    assert found.verdicts
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    release = release_of(store, chosen, (), pipeline.run_id(chosen), now)
    db = router.load(export.write(tmp_path / "quality.db", release))
    need = router.Need(prompt="a red mug", tier="standard", only=("shop/unseen",))
    assert router.choose(db, need, now="2026-11-21").offer is None
    allowed = router.Policy(allow_provisional=True)
    decision = router.choose(db, need, policy=allowed, now="2026-11-21")
    assert (decision.offer, decision.cause) == ("shop/unseen", "provisional_by_policy")
    assert "NOT certified" in router.explain(decision)


def test_a_left_out_error_as_large_as_the_tier_leaves_no_threshold(
    tmp_path: Path, chosen: Benchmark
) -> None:
    """An offer that fails far more than its metric says: the pool's threshold is not used."""
    fails = {"shop/a": 0.02, "shop/b": 0.05, "shop/c": 0.9}
    bad = build(tmp_path, fails, labelled=500, split=True)
    with bad.writing("test"):
        found = pipeline.certify_round(bad, chosen, ())
    (calibration,) = found.calibrations
    if calibration.metric_threshold is not None:
        total = calibrate.total_epsilon(calibration)
        assert total is not None
        kept = [t for t in found.thresholds if t.quality.startswith("metric:")]
        assert bool(kept) == (total < 0.25)
    assert not any(v.ruling == "certified" and v.offer_id == "shop/c" for v in found.verdicts)


def test_an_offer_that_nobody_rated_is_named(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "slip.toml"
    path.write_text(FILE.replace('["shop/*"]', '["shop/*", "shop/unsen"]'))
    with pytest.raises(BenchmarkError, match=r"offer 'shop/unsen', .* did you mean 'shop/unseen'"):
        pipeline.offers_of(store, benchmark.load(path))
