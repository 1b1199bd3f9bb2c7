"""Sequential runs: bought in batches, killed and gone on with, valid and never twice."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import export, pipeline
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, StoreError
from qfloor.generate import Progress, RunPolicy
from qfloor.generators.builtin.calllog import calls
from qfloor.pipeline import (
    AdaptiveOptions,
    AdaptiveResult,
    Buying,
    adaptive_batches,
    run_adaptive,
    run_id,
)
from qfloor.pipeline.certifying.sequential_cells import rule_for, stream_of
from qfloor.pipeline.rounds.prompt_order import prompt_orders, spent_prompts
from qfloor.records import CountsAs, Rating, Ruling, SeenOutput, SequentialState
from qfloor.store import Store

OFFERS = ("painters/ochre", "painters/umber")


class KilledError(Exception):
    """The machine went down."""


def _calls(workspace: Path) -> Counter[str]:
    logs = sorted((workspace / "generators").iterdir())
    return Counter(call["key"] for log in logs for call in calls(log))


@pytest.fixture(scope="module")
def bench(small: Benchmark) -> Benchmark:
    """Two painters, one clearly good in product photos and one clearly bad; no scorers."""
    offers = tuple(o for o in small.offers if o.id in OFFERS)
    kept = tuple(t for t in small.thresholds if t.category == "product-photo")
    return replace(small, offers=offers, thresholds=kept, scorers=(), calibrations=(), alpha=0.2)


@pytest.fixture(scope="module")
def done(bench: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> AdaptiveResult:
    """Run it to its end."""
    return run_adaptive(bench, tmp_path_factory.mktemp("adaptive"))


def test_it_decides_with_fewer_prompts_than_there_are(done: AdaptiveResult) -> None:
    assert done.findings is not None
    assert done.database is not None
    states = {s.offer_id: s for s in done.states}
    assert set(states) == set(OFFERS)
    rulings = {r.tier: r for r in states["painters/umber"].rulings}
    assert rulings["premium"].ruling == "rejected"
    assert states["painters/umber"].n_prompts < states["painters/umber"].horizon == 24
    assert all(s.spent_nanousd > 0 for s in done.states)
    assert done.spent_nanousd == sum(s.spent_nanousd for s in done.states)


def test_nothing_is_bought_that_no_test_looked_at(done: AdaptiveResult) -> None:
    assert done.database is not None
    made = _calls(done.database.parent)
    assert set(made) == {seen.output_id for s in done.states for seen in s.seen}
    assert max(made.values()) == 1


def test_number_and_verdict_are_those_of_the_test(done: AdaptiveResult) -> None:
    assert done.findings is not None
    assert done.database is not None
    export.verify(done.database)
    assert pipeline.audit(done.database, done.database.parent).wrong == ()
    states = {s.offer_id: s for s in done.states}
    assert {f.bound for f in done.findings.floors} == {"exact_sequential"}
    assert {r.upper_one_repeat for f in done.findings.floors for r in f.fail_rates} == {None}
    assert (done.findings.tag_floors, done.findings.pass_rates) == ((), ())
    for verdict in done.findings.verdicts:
        ruling = {r.tier: r.ruling for r in states[verdict.offer_id].rulings}[verdict.tier]
        assert verdict.ruling == ruling
        floor = next(
            f for f in done.findings.floors
            if (f.offer_id, f.kind) == (verdict.offer_id, "delivered")
        )  # fmt: skip
        low = floor.q25_lo_release
        clears = low is not None and verdict.threshold <= low
        assert clears == (verdict.ruling is Ruling.CERTIFIED)
        assert verdict.p_adjusted is not None
        assert (verdict.p_adjusted <= floor.alpha_cell) == clears
        assert floor.n_prompts == states[verdict.offer_id].n_prompts


def test_floors_asked_for_again_are_those_of_the_test(
    bench: Benchmark, done: AdaptiveResult
) -> None:
    assert done.database is not None
    with Store.open(done.database.parent) as store:
        again = pipeline.certify_round(store, bench, pipeline.prompts_of(bench))
    assert again == done.findings


def test_a_finished_run_does_nothing_again(bench: Benchmark, done: AdaptiveResult) -> None:
    assert done.database is not None
    before = _calls(done.database.parent)
    again = run_adaptive(bench, done.database.parent)
    assert _calls(done.database.parent) == before
    assert again.states == done.states
    assert again.findings == done.findings


def test_time_that_is_over_stops_between_batches_and_a_later_run_goes_on(
    bench: Benchmark, done: AdaptiveResult, tmp_path: Path
) -> None:
    at_s = 0.0
    shown: list[int] = []

    def watch(progress: Progress) -> None:
        nonlocal at_s
        at_s += 1.0
        shown.append(progress.done)

    buying = Buying(policy=RunPolicy(deadline_s=600.0), watch=watch, clock=lambda: at_s * 100.0)
    first = run_adaptive(bench, tmp_path, buying=buying)
    assert first.is_over
    assert first.findings is not None  # valid whenever buying stops
    assert len(shown) >= 6
    open_ = [s for s in first.states if s.standing == "open"]
    assert {s.stopped for s in open_} <= {"time", "outputs"}
    assert open_
    assert sum(s.n_prompts for s in first.states) < sum(s.n_prompts for s in done.states)
    made = _calls(tmp_path)
    again = run_adaptive(bench, tmp_path)
    assert not again.is_over
    assert again.states == done.states
    assert max((_calls(tmp_path) - made).values(), default=1) == 1
    assert _calls(tmp_path) == _calls(done.database.parent if done.database else tmp_path)


@pytest.mark.parametrize("at", [pytest.param("generate", marks=pytest.mark.slow), "adaptive"])
def test_a_run_killed_again_and_again_ends_the_same(
    bench: Benchmark, done: AdaptiveResult, tmp_path: Path, at: str
) -> None:
    def killer(after: int) -> Callable[[str, int, int], None]:
        seen = Counter[str]()

        def report(stage: str, done: int, total: int) -> None:
            seen[stage] += 1
            if stage == at and seen[stage] == after:
                raise KilledError

        return report

    kills = 0
    for after in (1, 1, 2, 7):
        try:
            run_adaptive(bench, tmp_path, report=killer(after))
        except KilledError:
            kills += 1
    ended = run_adaptive(bench, tmp_path)
    assert kills >= 2
    assert ended.states == done.states
    assert max(_calls(tmp_path).values()) == 1


def test_holm_lets_levels_rise_and_is_killed_and_audited_like_the_rest(
    bench: Benchmark, done: AdaptiveResult, tmp_path: Path
) -> None:
    shared = replace(bench, correction="holm")
    looks = Counter[str]()

    def report(stage: str, done: int, total: int) -> None:
        looks[stage] += 1
        if stage == "adaptive" and looks[stage] == 3:
            raise KilledError

    with pytest.raises(KilledError):
        run_adaptive(shared, tmp_path / "killed", report=report)
    killed = run_adaptive(shared, tmp_path / "killed")
    result = run_adaptive(shared, tmp_path / "whole")
    assert result.states == killed.states
    assert result.findings is not None
    assert result.database is not None
    export.verify(result.database)
    assert pipeline.audit(result.database, result.database.parent).wrong == ()
    states = {s.offer_id: s for s in result.states}
    verdicts = result.findings.verdicts
    for verdict in verdicts:
        ruling = {r.tier: r.ruling for r in states[verdict.offer_id].rulings}[verdict.tier]
        assert verdict.ruling == ruling
        assert verdict.p_adjusted is not None
        assert (verdict.p_adjusted <= bench.alpha) == (verdict.ruling is Ruling.CERTIFIED)
    assert {v.correction for v in verdicts} == {"holm"}
    # One painter certified all it asked, so the other is certified at twice the level, and the
    # first still at its own.
    levels = {(v.offer_id, v.ruling): round(v.level, 9) for v in verdicts}
    assert levels["painters/ochre", Ruling.CERTIFIED] == round(bench.alpha / 2, 9)
    assert {f.alpha_release for f in result.findings.floors} == {bench.alpha / 2}
    spent = {s.offer_id: s.n_prompts for s in done.states}
    assert all(states[offer].n_prompts <= n for offer, n in spent.items())


@pytest.mark.parametrize("lost", OFFERS)
def test_a_cell_of_which_too_much_is_missing_lends_no_level(
    bench: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """What the run goes by, and what is published, are the same levels: nothing is lent."""
    levels: list[int] = []
    silent: list[str] = []
    seen_of, ruled_of = adaptive_batches.look, adaptive_batches.ruled
    stand_of = adaptive_batches.stand_all

    def look(planned, first, end, *more):
        seen, waits = seen_of(planned, first, end, *more)
        gone = CountsAs.MISSING
        return [
            replace(s, delivered=gone, conditional=gone, values=())
            if planned.offer.id == lost and planned.order[0].digest == s.prompt_digest
            else s
            for s in seen
        ], waits

    def ruled(state, planned, closed, after):
        levels.append(closed.certified + closed.rejected)
        return ruled_of(state, planned, closed, after)

    def stand_all(cells, streams, **more):
        silent.append("".join(key.offer_id for key in more["silent"]))
        return stand_of(cells, streams, **more)

    monkeypatch.setattr(adaptive_batches, "stand_all", stand_all)
    monkeypatch.setattr(adaptive_batches, "look", look)
    monkeypatch.setattr(adaptive_batches, "ruled", ruled)
    easy = tuple(replace(t, value=0.5) for t in bench.thresholds[:1])
    result = run_adaptive(replace(bench, correction="holm", thresholds=easy), tmp_path)
    assert result.findings is not None
    other = next(o for o in OFFERS if o != lost)
    verdicts = {v.offer_id: v for v in result.findings.verdicts}
    assert verdicts[lost].reason == "too_much_missing"
    assert verdicts[other].ruling is Ruling.CERTIFIED
    assert verdicts[other].level == pytest.approx(bench.alpha / 2)
    states = {s.offer_id: s for s in result.states}
    assert {r.ruling for r in states[lost].rulings} == {"certified"}  # by its test, for nobody
    assert max(levels) == 1  # the other cell's own chain
    assert silent[-1] == lost  # nor is bought by a level that is not lent


def _nines(state: SequentialState) -> SequentialState:
    seen = tuple(replace(o, values=(9.9,), delivered=CountsAs.SCORED) for o in state.seen)
    return replace(state, seen=seen)


LIES: dict[str, Callable[[SequentialState], SequentialState]] = {
    "not what people said": _nines,
    "planned at": lambda s: replace(s, level=s.alpha / 3),
    "not the first of the drawn order": lambda s: replace(s, seen=s.seen[1:]),
    "there are 24": lambda s: replace(s, horizon=100),
    "another prompt": lambda s: replace(
        s, seen=(replace(s.seen[0], prompt_digest=s.seen[1].prompt_digest), *s.seen[1:])
    ),
}


@pytest.mark.parametrize("told", LIES)
def test_an_audit_sees_that_a_test_was_told_what_is_not_so(
    bench: Benchmark, done: AdaptiveResult, tmp_path: Path, told: str
) -> None:
    """Changed before the findings were made, so that these follow from it."""
    assert done.database is not None
    root, prompts = tmp_path / "copy", pipeline.prompts_of(bench)
    shutil.copytree(done.database.parent, root)
    with Store.open(root) as store, store.writing("a lie"):
        states = list(store.sequential_of(run=run_id(bench)))
        store.save_sequential([LIES[told](s) for s in states], run=run_id(bench))
        pipeline.certify_round(store, bench, prompts)
        now = dt.datetime.now(dt.UTC)
        database = pipeline.export_round(store, bench, prompts, root / "quality.db", now)
    found = pipeline.audit(database, root)
    assert [check.check for check in found.wrong] == ["what tests looked at"]
    assert told in " ".join(found.explanations)


def test_people_rate_between_batches(bench: Benchmark, tmp_path: Path) -> None:
    people = replace(bench, panel=None)
    options = AdaptiveOptions(batch=8, rating_nanousd=50_000_000)
    rounds = 0
    while True:
        result = run_adaptive(people, tmp_path, options=options)
        if not result.awaiting:
            break
        rounds += 1
        assert result.findings is None
        assert result.database is None
        assert {s.stopped for s in result.states} <= {"", "ratings"}
        with Store.open(tmp_path) as store:
            store.save_ratings(
                Rating(
                    id=f"r-{o.id}", output_id=o.id, rater="someone", criterion="overall", lo=0,
                    hi=10, value=9.0 if o.offer_id == "painters/ochre" else 2.0,
                )
                for o in result.awaiting
            )  # fmt: skip
    assert 1 < rounds < 6
    rulings = {s.offer_id: {r.ruling for r in s.rulings} for s in result.states}
    assert rulings == {"painters/ochre": {"certified"}, "painters/umber": {"rejected"}}
    assert all(s.rated_nanousd == 50_000_000 * s.n_prompts for s in result.states)


@pytest.mark.slow
def test_a_budget_stops_it_and_more_money_goes_on(
    bench: Benchmark, done: AdaptiveResult, tmp_path: Path
) -> None:
    poor = replace(bench, budget_nanousd=done.spent_nanousd // 2)
    first = run_adaptive(poor, tmp_path)
    assert first.spent_nanousd <= done.spent_nanousd // 2
    assert "budget" in {s.stopped for s in first.states}
    second = run_adaptive(replace(bench, budget_nanousd=10**12), tmp_path)
    assert {s.stopped for s in second.states} == {""}


def test_a_new_round_draws_a_new_order_and_a_second_run_gets_fresh_prompts(
    bench: Benchmark, done: AdaptiveResult
) -> None:
    assert done.database is not None
    prompts = pipeline.prompts_of(bench)
    place = ("product-photo", "image")
    now = prompt_orders(bench, prompts)[place]
    assert now == prompt_orders(bench, reversed(prompts))[place]
    assert now != prompt_orders(replace(bench, round="2026-12"), prompts)[place]
    assert len({p.family for p in now}) == len(now)
    other = replace(bench, alpha=0.1)  # another benchmark file in the same round
    with Store.open(done.database.parent) as store:
        spent = spent_prompts(store, bench.round, run_id(other))
        assert spent == {seen.prompt_digest for s in done.states for seen in s.seen}
        assert spent_prompts(store, bench.round, run_id(bench)) == set()
    fresh = prompt_orders(other, prompts, spent)[place]
    assert not spent & {p.digest for p in fresh}
    assert [p for p in now if p in fresh] == list(fresh)


def test_a_lost_certificate_is_regained_on_fresh_prompts_only(
    bench: Benchmark, done: AdaptiveResult
) -> None:
    assert done.database is not None
    again = run_adaptive(replace(bench, alpha=0.19), done.database.parent)
    used = {seen.prompt_digest for s in done.states for seen in s.seen}
    now = {seen.prompt_digest for s in again.states for seen in s.seen}
    assert now
    assert not used & now
    assert again.database is not None
    assert pipeline.audit(again.database, again.database.parent).wrong == ()


def test_another_test_of_the_same_cells_is_refused(bench: Benchmark, done: AdaptiveResult) -> None:
    assert done.database is not None
    with pytest.raises(StoreError, match="another sequential test"):
        run_adaptive(bench, done.database.parent, options=AdaptiveOptions(method="e_process"))


def test_what_cannot_be_adaptive_is_told(bench: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="imported"):
        run_adaptive(replace(bench, imported=True), tmp_path)
    with pytest.raises(BenchmarkError, match="corrects by by, which judges a family"):
        run_adaptive(replace(bench, correction="by"), tmp_path)
    with pytest.raises(BenchmarkError, match="batch"):
        run_adaptive(bench, tmp_path, options=AdaptiveOptions(batch=0))
    with pytest.raises(BenchmarkError, match="method"):
        run_adaptive(bench, tmp_path, options=AdaptiveOptions(method="guess"))  # type: ignore[arg-type]
    assert not list(tmp_path.glob("media/*"))


def test_a_plain_run_of_the_same_round_is_refused(bench: Benchmark, done: AdaptiveResult) -> None:
    assert done.database is not None
    before = _calls(done.database.parent)
    with pytest.raises(BenchmarkError, match="begun adaptively"):
        pipeline.run(bench, done.database.parent)
    assert _calls(done.database.parent) == before


def test_repeats_and_votes_are_for_the_e_process(bench: Benchmark) -> None:
    assert rule_for(bench, "auto") == "exact_sequential"
    assert rule_for(replace(bench, repeats=2), "auto") == "e_process"
    assert bench.panel is not None
    assert rule_for(replace(bench, panel=replace(bench.panel, votes=3)), "auto") == "e_process"


def test_what_counts_in_a_stream() -> None:
    def seen(prompt: str, delivered: CountsAs, conditional: CountsAs, *v: float) -> SeenOutput:
        return SeenOutput(
            output_id=f"{prompt}{v}", prompt_digest=prompt, delivered=delivered,
            conditional=conditional, values=v,
        )  # fmt: skip

    scored, fail, absent, missing = (
        CountsAs.SCORED, CountsAs.FAIL, CountsAs.ABSENT, CountsAs.MISSING
    )  # fmt: skip
    state = [
        seen("a", scored, scored, 7.0, 8.0),
        seen("a", fail, absent),
        seen("b", fail, absent),
        seen("c", missing, missing),
    ]
    low = float("-inf")
    assert stream_of(state) == [[7.0, 8.0, low, low], [low], None]
    assert stream_of(state, "conditional") == [[7.0, 8.0], None]


def test_states_are_kept_in_the_store(bench: Benchmark, done: AdaptiveResult) -> None:
    assert done.database is not None
    with Store.open(done.database.parent) as store:
        kept: list[SequentialState] = list(store.sequential_of(run=run_id(bench)))
    assert sorted(kept, key=lambda s: s.offer_id) == sorted(done.states, key=lambda s: s.offer_id)
