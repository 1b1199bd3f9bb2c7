"""Thresholds learned from prompts that never certify: found, kept, published, audited, frozen."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import usable_world

from qfloor import benchmark, export, pipeline, router
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, CertificationError, DatabaseError
from qfloor.export.writing import write_content
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.rounds.frozen import content_of
from qfloor.records import LearnedThreshold, ThresholdRule
from qfloor.store import Store

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
FILE = """
[benchmark]
name = "learned"
offers = ["shop/best", "shop/good", "shop/poor"]
imported = true
round = "2026-11"

[[thresholds]]
tier = "standard"
value = 5.0

[[thresholds]]
category = "general"
tier = "professional"
rule = "usable-rate"
usable = 0.8

[[thresholds]]
category = "general"
tier = "premium"
rule = "relative"
reference = "shop/best"
margin = 1.2
level = 0.02
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    usable_world.build(folder).close()
    return folder


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    path = tmp_path_factory.mktemp("file") / "learned.toml"
    path.write_text(FILE)
    return benchmark.load(path)


@pytest.fixture
def store(root: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(root, tmp_path / "ws")
    with Store.open(tmp_path / "ws") as opened:
        yield opened


@pytest.fixture
def found(store: Store, chosen: Benchmark) -> Findings:
    with store.writing("test"):
        return pipeline.certify_round(store, chosen, ())


def _learned(found: Findings) -> dict[str, LearnedThreshold]:
    return {one.tier: one for one in found.learned}


def _fit(store: Store) -> set[str]:
    prompts = store.prompts_by_digest()
    return {o.id for o in store.outputs_of() if prompts[o.prompt_digest].split == "fit"}


def test_both_rules_find_a_number_with_its_evidence(found: Findings, store: Store) -> None:
    usable, relative = _learned(found)["professional"], _learned(found)["premium"]
    n_fit = sum(p.split == "fit" for p in store.prompts_by_digest().values())
    assert usable.value is not None
    assert 6.0 < usable.value < 7.5  # usable from 6.5 on
    assert usable.bound is not None
    assert usable.bound >= 0.8
    assert (usable.n_prompts, usable.n_values, usable.n_raters) == (
        n_fit,
        n_fit * 6,
        usable_world.RATERS,
    )
    assert (usable.level, usable.total_error, usable.split) == (0.01, pytest.approx(0.06), "fit")
    assert relative.bound is not None
    assert relative.value == round(relative.bound - 1.2, 9)
    assert relative.estimate is not None
    assert relative.bound > relative.estimate
    assert (relative.n_prompts, relative.total_error) == (n_fit, pytest.approx(0.07))
    assert {one.decided_by for one in found.learned} == {"two_way"}
    rules = {t.tier: (t.rule, t.value) for t in found.thresholds}
    assert rules["standard"] == ("absolute", 5.0)
    assert rules["professional"] == ("usable-rate", usable.value)
    assert rules["premium"] == ("relative", relative.value)
    for tier, one in _learned(found).items():
        evidence = next(t.evidence for t in found.thresholds if t.tier == tier)
        assert f"at most {one.total_error:g}, of which {one.level:g} is this number's" in evidence


def test_fit_prompts_do_not_certify(found: Findings, store: Store, chosen: Benchmark) -> None:
    """Ruining every rating of a fit prompt moves the thresholds and no floor's own number."""
    n_certify = sum(p.split == "certify" for p in store.prompts_by_digest().values())
    assert {f.n_prompts for f in found.floors} == {n_certify}
    assert {tuple(f.population["split"]) for f in found.floors} == {("certify",)}
    with store.writing("test"):
        for output in sorted(_fit(store)):
            store._write("UPDATE ratings SET value = 0, usable = 0 WHERE output_id = ?", (output,))
        again = pipeline.certify_round(store, chosen, ())
    known = {(f.offer_id, f.kind): (f.q25, f.q25_lo_release, f.mean) for f in found.floors}
    assert {(f.offer_id, f.kind): (f.q25, f.q25_lo_release, f.mean) for f in again.floors} == known
    assert _learned(again)["professional"].value is None
    assert _learned(again)["professional"].fitted_on != _learned(found)["professional"].fitted_on
    assert "it cannot be shown that 80% are usable" in _learned(again)["professional"].reason
    assert (
        _learned(again)["premium"].value == 0.0
    )  # the reference's quartile less 1.2, on the scale


def test_certifying_prompts_do_not_move_thresholds(
    found: Findings, store: Store, chosen: Benchmark
) -> None:
    fit = _fit(store)
    others = [o.id for o in store.outputs_of() if o.id not in fit]
    with store.writing("test"):
        for output in others:
            store._write("UPDATE ratings SET value = 0, usable = 0 WHERE output_id = ?", (output,))
        again = pipeline.certify_round(store, chosen, ())
    assert again.learned == found.learned


def test_too_few_prompts_leave_no_threshold_and_no_verdict(
    tmp_path: Path, chosen: Benchmark
) -> None:
    with usable_world.build(tmp_path, n=60) as few, few.writing("test"):
        n_fit = sum(p.split == "fit" for p in few.prompts_by_digest().values())
        found = pipeline.certify_round(few, chosen, ())
        assert list(few.learned_thresholds_of(run=pipeline.run_id(chosen)))
    usable = _learned(found)["professional"]
    assert n_fit < 21
    assert usable.value is None
    assert usable.reason == (
        f"{n_fit} prompts with ratings that say whether an output is usable, at least 21 needed"
    )
    assert "professional" not in {t.tier for t in found.thresholds}
    assert "professional" not in {v.tier for v in found.verdicts}
    told = list(pipeline.threshold_remarks(found))
    assert any("no threshold, " in sentence for sentence in told)
    rows = {row["tier"]: row for row in pipeline.threshold_rows(found, "human")}
    assert rows["professional"]["value"] is None
    assert rows["professional"]["evidence"] == usable.reason


def test_who_never_says_usable_is_not_asked_twice(tmp_path: Path, chosen: Benchmark) -> None:
    with usable_world.build(tmp_path, flagged=0.0) as silent, silent.writing("test"):
        found = pipeline.certify_round(silent, chosen, ())
    usable = _learned(found)["professional"]
    assert usable.value is None
    assert usable.n_lacking > 300
    assert usable.reason.endswith("ratings of them say nothing of that")


def test_usable_may_be_a_criterion_of_its_own(store: Store, chosen: Benchmark) -> None:
    asked = replace(chosen, rules=tuple(
        replace(r, criterion="fit for use") if r.rule == "usable-rate" else r
        for r in chosen.rules
    ))  # fmt: skip
    given = list(store.ratings_of(criterion="overall"))
    with store.writing("test"):
        none = pipeline.certify_round(store, asked, ())
        assert _learned(none)["professional"].value is None
        store.save_ratings(
            replace(r, id=f"u{r.id}", criterion="fit for use", value=float(r.value >= 6.5), lo=0,
                    hi=1, usable=None)
            for r in given
        )  # fmt: skip
        found = pipeline.certify_round(store, asked, ())
    learned = _learned(found)["professional"]
    assert learned.value is not None
    assert 6.0 < learned.value < 7.5
    assert learned.criterion == "fit for use"
    half = replace(next(store.ratings_of(criterion="fit for use")), value=0.5)
    with store.writing("test"):
        store.save_ratings([replace(half, id="half", rater="zoe")])
        with pytest.raises(BenchmarkError, match=r"rating half is 0\.5 on 'fit for use'"):
            pipeline.certify_round(store, asked, ())


def test_offers_stand_beside_the_reference_prompt_by_prompt(found: Findings) -> None:
    told = {
        f.offer_id: f.population.get("beside_reference")
        for f in found.floors
        if f.kind == "delivered"
    }
    assert told["shop/best"] is None
    poor = told["shop/poor"]["premium"]
    assert (poor["reference"], poor["margin"]) == ("shop/best", 1.2)
    assert poor["below"] > 0.8 * poor["n_prompts"]
    assert poor["share"] < poor["upper"] <= 1.0


def test_a_release_holds_it_and_an_audit_computes_it_again(
    store: Store, found: Findings, chosen: Benchmark, tmp_path: Path
) -> None:
    assert found.learned
    release = pipeline.release_of(store, chosen, (), pipeline.run_id(chosen), NOW)
    path = export.write(tmp_path / "quality.db", release)
    content = export.read(path)
    rows = {row["tier"]: row for row in content["learned_thresholds"]}
    for tier, one in _learned(found).items():
        assert rows[tier]["value"] == one.value
        assert rows[tier]["fitted_on"] == one.fitted_on
        assert rows[tier]["post_hoc"] is None
    assert export.read(export.write_json(tmp_path / "quality.json", release)) == content
    export.verify(path)
    checks = {c.check: c.verdict for c in pipeline.audit(path, store.root).checks}
    assert checks["learned_thresholds computed again"] == "ok"
    assert checks["thresholds computed again"] == "ok"
    with store.writing("test"):  # one flag of one fit prompt
        output = sorted(_fit(store))[0]
        store._write("UPDATE ratings SET usable = 1 - usable WHERE output_id = ?", (output,))
    checks = {c.check: c.verdict for c in pipeline.audit(path, store.root).checks}
    assert checks["learned_thresholds computed again"] == "DIFFERS"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE learned_thresholds SET value = 1.5 WHERE tier = 'premium'", "what was learned"),
        ("DELETE FROM learned_thresholds WHERE tier = 'professional'", "learned there is nothing"),
        ("UPDATE learned_thresholds SET reason = 'x' WHERE tier = 'premium'", "or both"),
    ],
)
def test_a_number_without_its_evidence_is_refused(
    store: Store, found: Findings, chosen: Benchmark, tmp_path: Path, statement: str, said: str
) -> None:
    assert found.learned
    release = pipeline.release_of(store, chosen, (), pipeline.run_id(chosen), NOW)
    path = export.write(tmp_path / "quality.db", release)
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    content = export.read(path)
    with pytest.raises(DatabaseError, match=said):
        write_content(tmp_path / "again.db", content)


def test_a_router_says_how_the_threshold_came_about(
    store: Store, found: Findings, chosen: Benchmark, tmp_path: Path
) -> None:
    assert found.learned
    release = pipeline.release_of(store, chosen, (), pipeline.run_id(chosen), NOW)
    db = router.load(export.write(tmp_path / "quality.db", release))
    need = router.Need(prompt="a red mug", tier="professional")
    decision = router.choose(db, need, now="2026-11-21")
    assert decision.offer == "shop/best"
    assert "usable-rate, 80% usable" in router.explain(decision)
    assert "wrong with probability at most 0.06" in router.explain(decision)
    (demanded,) = decision.to_dict()["demanded"]
    assert demanded["rule"] == "usable-rate"
    standard = replace(need, tier="standard")
    plain = router.choose(db, standard, now="2026-11-21").to_dict()["demanded"]
    assert plain == [{"category": "general", "threshold": 5.0, "max_fail": 0.25}]


def test_an_explanation_says_what_its_thresholds_rest_on(
    store: Store, found: Findings, chosen: Benchmark
) -> None:
    (explained,) = pipeline.explain(store, chosen, found, "shop/good", "general")
    told = "\n".join(explained.sentences)
    assert "professional: usable-rate, 80% usable" in told
    assert "premium: relative, shop/best less 1.2" in told
    assert "premium: more than 1.2 below shop/best on" in told


def test_the_rule_is_frozen_and_an_edit_is_post_hoc(tmp_path: Path, chosen: Benchmark) -> None:
    with Store.open(tmp_path / "ws", create=True) as empty:
        frozen = pipeline.freeze_plan(empty, chosen)
        demanded = frozen.content["thresholds"]["general/image/professional"]
        assert demanded == {
            "rule": "usable-rate", "usable": 0.8, "level": 0.01, "max_fail": 0.25,
            "quality": chosen.quality.id,
        }  # fmt: skip
        more = replace(chosen, rules=tuple(
            replace(r, usable=0.7) if r.rule == "usable-rate" else r for r in chosen.rules
        ))  # fmt: skip
        with pytest.raises(CertificationError, match=r"professional\.usable was 0.8, is 0.7"):
            pipeline.freeze_plan(empty, more)
    usable_world.build(tmp_path / "ws").close()
    with Store.open(tmp_path / "ws") as store, store.writing("test"):
        as_planned = pipeline.certify_round(store, chosen, ())
        edited = pipeline.certify_round(store, more, ())
        narrower = replace(chosen, quality=replace(chosen.quality, step=0.1))
        other_quality = pipeline.certify_round(store, narrower, ())
    assert {one.post_hoc for one in as_planned.learned} == {False}
    assert {t.post_hoc for t in as_planned.thresholds} == {False}
    assert {o.tier: o.post_hoc for o in edited.learned} == {"professional": True, "premium": False}
    assert {t.tier for t in edited.thresholds if t.post_hoc} == {"professional"}
    assert {v.tier for v in edited.verdicts if v.post_hoc} == {"professional"}
    assert {one.post_hoc for one in other_quality.learned} == {True}


def test_a_plan_without_rules_is_named_as_before(chosen: Benchmark) -> None:
    """Benchmarks from before there were rules keep their digests and their frozen plans."""
    plain = replace(chosen, rules=())
    assert "rules" not in content_of(plain, ["shop/best"])
    unlike = {replace(plain, rules=chosen.rules).digest, plain.digest}
    assert len(unlike) == 2


def test_families_count_tiers_that_are_to_be_learned(found: Findings, chosen: Benchmark) -> None:
    other = replace(chosen, rules=tuple(replace(r, max_fail=0.1) for r in chosen.rules))
    assert {f.alpha_release for f in found.floors} == {0.05 / 3}
    level = {len({d.max_fail for d in b.demands}) for b in (chosen, other)}
    assert level == {1, 2}


def test_an_unknown_reference_is_told(store: Store, chosen: Benchmark) -> None:
    wrong = replace(chosen, rules=tuple(replace(r, reference="shop/bets") for r in chosen.rules))
    with (
        store.writing("test"),
        pytest.raises(BenchmarkError, match="none of its offers: shop/best"),
    ):
        pipeline.certify_round(store, wrong, ())


def test_tests_that_look_after_every_prompt_refuse_rules(tmp_path: Path, small: Benchmark) -> None:
    rule = ThresholdRule(
        category="portrait", modality="image", quality=small.quality.id, tier="professional",
        rule="relative", level=0.01, reference=small.offers[0].id, margin=0.5,
    )  # fmt: skip
    with pytest.raises(BenchmarkError, match="must know its threshold from the start"):
        pipeline.run_adaptive(replace(small, rules=(rule,)), tmp_path)


def test_evidence_can_be_had_as_a_frame(store: Store, found: Findings) -> None:
    frame = store.learned_thresholds()
    assert sorted(frame["tier"]) == ["premium", "professional"]
    usable = frame[frame["tier"] == "professional"].iloc[0]
    assert usable["usable"] == 0.8
    assert usable["value"] == _learned(found)["professional"].value
