"""Plans are frozen before the first score; what is edited afterwards is named and marked."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import benchmark as benchmarks
from qfloor import export, pipeline, router, suite
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, BudgetError, CertificationError, DatabaseError, StoreError
from qfloor.export import verification
from qfloor.pipeline import RunResult
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.post_hoc import marked
from qfloor.pipeline.rounds.frozen import content_of, differences
from qfloor.records import Correction, Exclusion, digest_of
from qfloor.store import Store

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace", create=True) as store:
        yield store


@pytest.fixture
def used(ran: RunResult, tmp_path: Path) -> Iterator[Store]:
    """A copy of the store of a whole run, to be changed."""
    root = ran.database.parent
    with closing(sqlite3.connect(root / "store.db")) as source:
        (tmp_path / "copy").mkdir()
        with closing(sqlite3.connect(tmp_path / "copy" / "store.db")) as target:
            source.backup(target)
    with Store.open(tmp_path / "copy") as store:
        yield store


def _with_premium(benchmark: Benchmark, **changes: object) -> Benchmark:
    thresholds = tuple(
        replace(t, **changes) if (t.category, t.tier) == ("portrait", "premium") else t  # type: ignore[arg-type]
        for t in benchmark.thresholds
    )
    return replace(benchmark, thresholds=thresholds)


def test_a_run_freezes_before_its_first_score_and_its_release_says_so(
    ran: RunResult, small: Benchmark
) -> None:
    content = verification.read(ran.database)
    told = {row["key"]: row["value"] for row in content["provenance"]}["frozen_plan"]
    assert told["frozen"] is True
    assert told["differs"] == []
    assert digest_of(told["content"]) == told["digest"]
    assert told["content"]["m"] == {"image": 3, "video": 1}
    assert {row["post_hoc"] for row in content["thresholds"]} == {False}
    assert {row["post_hoc"] for row in content["verdicts"]} == {False}
    with Store.open(ran.database.parent) as store:
        plan = store.frozen_plan(small.name, small.round)
        assert plan is not None
        assert plan.is_sound
        assert plan.outputs_before == 0
        first = store.first_judged(small.round)
        assert first is not None
        assert plan.at < first
        assert content["release"][0]["frozen_at"] == plan.at
    assert "nothing differs from it" in str(ran.plan)
    assert router.load(ran.database).round == small.round


def test_the_same_plan_again_changes_nothing_and_another_is_refused(
    empty: Store, small: Benchmark
) -> None:
    first = pipeline.freeze_plan(empty, small)
    again = replace(small, title="Other words", notes="too", budget_nanousd=1)
    assert pipeline.freeze_plan(empty, again) == first
    with pytest.raises(CertificationError) as refused:
        pipeline.freeze_plan(empty, _with_premium(small, value=7.5))
    assert f"with digest {first.digest}" in str(refused.value)
    assert "thresholds.portrait/image/premium.value was 8, is 7.5" in str(refused.value)
    assert "a new round freezes anew" in str(refused.value)
    later = pipeline.freeze_plan(empty, replace(small, round="2026-12"))
    assert later.digest != first.digest
    assert [empty.frozen_plan(small.name, p.round) for p in (first, later)] == [first, later]


def test_nothing_is_frozen_once_there_is_a_score(used: Store, small: Benchmark) -> None:
    other = replace(small, name="other")
    with pytest.raises(CertificationError, match="has scores or judgments already"):
        pipeline.freeze_plan(used, other)
    assert "none can be any more" in str(pipeline.plan_state(used, other))


def test_ratings_alone_keep_a_plan_from_being_frozen(used: Store, small: Benchmark) -> None:
    for statement in (
        "DELETE FROM scores",
        "DROP TRIGGER first_judged_never_goes",
        "DELETE FROM first_judged",
    ):
        used._write(statement)
    assert used.is_judged(small.round)
    used._write("DELETE FROM ratings")
    assert not used.is_judged(small.round)


def test_a_frozen_plan_never_changes(empty: Store, small: Benchmark) -> None:
    plan = pipeline.freeze_plan(empty, small)
    for statement in ("UPDATE frozen_plans SET digest = 'x'", "DELETE FROM frozen_plans"):
        with pytest.raises(StoreError, match="never changes"):
            empty._write(statement)
    with pytest.raises(StoreError, match="has a frozen plan"):
        empty.save_frozen_plan(plan)
    assert empty.frozen_plan(small.name, small.round) == plan


def test_when_a_round_was_first_judged_is_noted_once(used: Store, small: Benchmark) -> None:
    first = used.first_judged(small.round)
    used.save_scores(list(used.scores_of(round=small.round))[:3])
    assert used.first_judged(small.round) == first
    with pytest.raises(StoreError, match="once"):
        used._write("UPDATE first_judged SET at = '2000-01-01'")


def test_a_budget_that_does_not_hold_freezes_nothing(small: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(BudgetError):
        pipeline.run(replace(small, budget_nanousd=1), tmp_path)
    with Store.open(tmp_path) as store:
        assert store.frozen_plan(small.name, small.round) is None


def _post_hoc(store: Store, benchmark: Benchmark) -> tuple[set[str], set[str]]:
    found = pipeline.certify_round(store, benchmark, pipeline.prompts_of(benchmark))
    assert None not in {t.post_hoc for t in found.thresholds}
    assert None not in {v.post_hoc for v in found.verdicts}
    return (
        {f"{t.category}/{t.tier}" for t in found.thresholds if t.post_hoc},
        {f"{v.category}/{v.tier}" for v in found.verdicts if v.post_hoc},
    )


def test_an_edited_threshold_is_post_hoc_and_its_verdicts(used: Store, small: Benchmark) -> None:
    only = {"portrait/premium"}
    assert _post_hoc(used, small) == (set(), set())
    assert _post_hoc(used, _with_premium(small, value=7.5)) == (only, only)
    assert _post_hoc(used, _with_premium(small, evidence="other words")) == (set(), set())


@pytest.mark.parametrize("correction", ["holm", "by", "e-bh"])
def test_where_levels_depend_on_the_family_an_edited_threshold_touches_all_its_verdicts(
    used: Store, small: Benchmark, correction: Correction
) -> None:
    found = pipeline.certify_round(used, small, pipeline.prompts_of(small))
    apart = _with_premium(replace(small, correction=correction), value=7.5)
    for edited, reached in (
        (apart, {"portrait"}),
        (replace(apart, family="release"), {"portrait", "product-photo", "video"}),
    ):
        state = pipeline.plan_state(used, edited)
        alone = replace(state, differs=tuple(d for d in state.differs if "thresholds" in d.field))
        assert [d.name for d in alone.differs] == ["thresholds.portrait/image/premium.value"]
        now = marked(found, edited, alone)
        assert {(t.category, t.tier) for t in now.thresholds if t.post_hoc} == {
            ("portrait", "premium")
        }
        assert {(v.category, v.tier) for v in now.verdicts if v.post_hoc} == {
            (v.category, v.tier) for v in found.verdicts if v.category in reached
        }


def test_another_max_fail_is_another_level_for_the_whole_place(
    used: Store, small: Benchmark
) -> None:
    found = _post_hoc(used, _with_premium(small, max_fail=0.1))
    assert found == ({"portrait/premium"}, {"portrait/premium", "portrait/standard"})


def test_another_alpha_or_family_touches_every_verdict(used: Store, small: Benchmark) -> None:
    for changed in (replace(small, alpha=0.1), replace(small, family="release")):
        thresholds, verdicts = _post_hoc(used, changed)
        assert thresholds == set()
        assert {v.partition("/")[0] for v in verdicts} == {"portrait", "product-photo", "video"}


def test_an_offer_less_touches_the_families_of_what_it_makes(used: Store, small: Benchmark) -> None:
    fewer = replace(small, offers=tuple(o for o in small.offers if o.id != "painters/umber"))
    thresholds, verdicts = _post_hoc(used, fewer)
    assert thresholds == set()
    assert {v.partition("/")[0] for v in verdicts} == {"portrait", "product-photo"}
    state = pipeline.plan_state(used, fewer)
    assert "m.image" in {d.name for d in state.differs}
    alone = replace(state, differs=tuple(d for d in state.differs if d.field[0] == "offers"))
    found = pipeline.certify_round(used, small, pipeline.prompts_of(small))
    touched = [v.category for v in marked(found, fewer, alone).verdicts if v.post_hoc]
    assert set(touched) == {"portrait", "product-photo"}, "also where m is as it was"


def test_another_epsilon_touches_only_what_that_metric_says(used: Store, small: Benchmark) -> None:
    """The few ratings of this run teach no metric a threshold, so its verdicts are stand-ins."""
    plan = replace(small.calibrations[0], epsilon=0.24)
    changed = replace(small, calibrations=(plan,))
    found = pipeline.certify_round(used, changed, pipeline.prompts_of(small))
    said = {name: f"metric:{name}@1" for name in (plan.metric, "technical.contrast")}
    both = Findings(
        thresholds=tuple(replace(t, quality=q) for t in found.thresholds for q in said.values()),
        verdicts=tuple(replace(v, quality=q) for v in found.verdicts for q in said.values()),
    )
    both = marked(found + both, changed, pipeline.plan_state(used, changed))
    for rows in (both.thresholds, both.verdicts):
        assert {row.quality for row in rows if row.post_hoc} == {said[plan.metric]}
        assert {row.quality for row in rows if row.post_hoc is False} == {
            small.quality.id, said["technical.contrast"],
        }  # fmt: skip


@pytest.mark.parametrize(("family", "reached"), [("category", False), ("release", True)])
def test_another_max_fail_reaches_a_whole_release_that_is_one_family(
    used: Store, small: Benchmark, family: str, reached: bool
) -> None:
    changed = _with_premium(replace(small, family=family), max_fail=0.1)
    state = pipeline.plan_state(used, changed)
    assert state.plan is not None
    state = replace(state, differs=tuple(d for d in state.differs if d.field[0] == "thresholds"))
    found = pipeline.certify_round(used, small, pipeline.prompts_of(small))
    rows = [v for v in marked(found, changed, state).verdicts if v.category != "portrait"]
    assert {v.post_hoc for v in rows} == {reached}


def test_what_is_post_hoc_is_exported_and_the_router_reads_it(
    used: Store, small: Benchmark, tmp_path: Path
) -> None:
    edited = _with_premium(small, value=7.5)
    prompts = pipeline.prompts_of(edited)
    pipeline.certify_round(used, edited, prompts)
    now = NOW
    path = pipeline.export_round(used, edited, prompts, tmp_path / "quality.db", now)
    content = verification.read(path)
    told = {row["key"]: row["value"] for row in content["provenance"]}["frozen_plan"]
    assert told["differs"] == [
        {"field": "thresholds.portrait/image/premium.value", "frozen": 8.0, "now": 7.5}
    ]
    marked = {(r["category"], r["tier"]) for r in content["thresholds"] if r["post_hoc"]}
    assert marked == {("portrait", "premium")}
    assert export.verify(path)
    assert router.load(path).certified.keys() == router.load(path).demands.keys()


def test_without_a_frozen_plan_it_cannot_be_told(used: Store, small: Benchmark) -> None:
    other = replace(small, name="other")
    found = pipeline.certify_round(used, other, pipeline.prompts_of(other))
    assert {t.post_hoc for t in found.thresholds} == {None}
    assert {v.post_hoc for v in used.verdicts_of(run=pipeline.run_id(other))} == {None}
    now = NOW
    made = pipeline.release_of(used, other, pipeline.prompts_of(other), pipeline.run_id(other), now)
    assert made.provenance["frozen_plan"] == {"frozen": False}
    assert made.frozen_at is None


def test_a_tampered_plan_does_not_pass_as_its_digest(ran: RunResult, tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    with Store.open(ran.database.parent) as store:
        made = pipeline.release_of(
            store,
            ran.benchmark,
            pipeline.prompts_of(ran.benchmark),
            pipeline.run_id(ran.benchmark),
            NOW,
        )
    plan = dict(made.provenance["frozen_plan"])
    plan["content"] = {**plan["content"], "alpha": 0.5}
    with pytest.raises(DatabaseError, match="frozen plan is not what its digest names"):
        export.write_json(path, replace(made, provenance={**made.provenance, "frozen_plan": plan}))
    assert not path.exists()


def test_imported_offers_are_frozen_by_name(empty: Store) -> None:
    genai = benchmarks.load("genai_bench")
    with pytest.raises(BenchmarkError, match="name the offers one by one"):
        pipeline.freeze_plan(empty, genai)
    named = replace(genai, patterns=("genai_bench/a", "genai_bench/b"))
    plan = pipeline.freeze_plan(empty, named)
    assert list(plan.content["offers"]) == ["genai_bench/a", "genai_bench/b"]
    assert pipeline.freeze_plan(empty, named) == plan


@given(
    value=st.floats(0, 10, allow_nan=False),
    alpha=st.floats(0.001, 0.4),
    repeats=st.integers(1, 9),
)
def test_every_difference_is_named_and_only_those(value: float, alpha: float, repeats: int) -> None:
    old = benchmarks.load("genai_bench")
    new = replace(
        old,
        alpha=alpha,
        repeats=repeats,
        thresholds=(replace(old.thresholds[0], value=value), *old.thresholds[1:]),
    )
    named = ["genai_bench/a"]
    found = {d.name for d in differences(content_of(old, named), content_of(new, named))}
    t = old.thresholds[0]
    expected = {
        name
        for name, changed in (
            ("alpha", alpha != old.alpha),
            ("repeats", repeats != old.repeats),
            (f"thresholds.{t.category}/{t.modality}/{t.tier}.value", value != t.value),
        )
        if changed
    }
    assert found == expected


# -- exclusions --------------------------------------------------------------------------------


def _excluding(small: Benchmark, tmp_path: Path, *tables: str) -> Benchmark:
    assert small.path is not None
    path = tmp_path / "excluding.toml"
    path.write_text(Path(small.path).read_text() + "\n".join(tables))
    return benchmarks.load(path)


def test_what_is_excluded_is_not_bought_and_is_counted(small: Benchmark, tmp_path: Path) -> None:
    some = next(p for p in suite.load(small.suites[0]).prompts if p.category == "portrait")
    excluding = _excluding(
        small,
        tmp_path,
        f'[[exclude]]\nprompts = "{some.id}"\nreason = "its words were changed"',
        '[[exclude]]\noffers = "painters/umber"\ncategory = "product-photo"\nreason = "broken"',
        '[[exclude]]\noffers = "painters/indigo"\nreason = "withdrawn by its maker"',
    )
    assert excluding.digest != small.digest
    assert "painters/indigo" not in {o.id for o in excluding.offers}
    result = pipeline.run(excluding, tmp_path / "workspace")
    floors = {(f.offer_id, f.category): f for f in result.findings.floors}
    assert ("painters/umber", "product-photo") not in floors
    assert floors["painters/ochre", "portrait"].population["excluded"] == {
        "its words were changed": 1
    }
    assert "excluded" not in floors["painters/ochre", "product-photo"].population
    assert floors["painters/ochre", "portrait"].m == 2
    with Store.open(tmp_path / "workspace") as store:
        bought = {(o.offer_id, o.prompt_id) for o in store.outputs_of()}
        plan = store.frozen_plan(excluding.name, excluding.round)
    assert not {offer for offer, prompt in bought if prompt == some.id}
    assert "painters/indigo" not in {offer for offer, _ in bought}
    assert plan is not None
    assert [e["reason"] for e in plan.content["exclusions"]] == [
        "its words were changed", "broken", "withdrawn by its maker",
    ]  # fmt: skip
    told = {r["key"]: r["value"] for r in verification.read(result.database)["provenance"]}
    assert [e["offers"] for e in told["exclusions"]] == [None, "painters/umber", "painters/indigo"]


def test_an_exclusion_after_the_fact_is_told(used: Store, small: Benchmark) -> None:
    late = replace(small, exclusions=(Exclusion(reason="ugly", prompts="*-0001*"),))
    if not any(e.covers_prompt(p) for e in late.exclusions for p in pipeline.prompts_of(small)):
        some = pipeline.prompts_of(small)[0].id
        late = replace(small, exclusions=(Exclusion(reason="ugly", prompts=some),))
    _, verdicts = _post_hoc(used, late)
    assert {v.partition("/")[0] for v in verdicts} == {"portrait", "product-photo", "video"}
    assert "exclusions" in {d.name for d in pipeline.plan_state(used, late).differs}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('reason = "none"', "names neither offers, prompts, category nor tag"),
        ('offers = "painters/nobody"\nreason = "gone"', "is no offer of this benchmark"),
        ('offers = "*"\nreason = "all"', "leaves no offer"),
        ('offers = "painters/umber"', r"'exclude \(entry 1\)\.reason' is missing"),
        ('offer = "painters/umber"\nreason = "x"', "did you mean 'offers'"),
    ],
)
def test_a_senseless_exclusion_is_one_sentence(
    small: Benchmark, tmp_path: Path, table: str, said: str
) -> None:
    with pytest.raises(BenchmarkError, match=said):
        _excluding(small, tmp_path, f"[[exclude]]\n{table}")


def test_an_exclusion_of_no_prompt_is_told(small: Benchmark) -> None:
    wrong = replace(small, exclusions=(Exclusion(reason="typo", tag="hnads"),))
    with pytest.raises(BenchmarkError, match=r"excludes prompts \(typo\)"):
        pipeline.prompts_of(wrong)
