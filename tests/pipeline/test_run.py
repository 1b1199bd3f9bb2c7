"""The whole pipeline on a small benchmark: every stage for real, and nothing done twice."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import qfloor
from qfloor import export, pipeline, router, suite
from qfloor.benchmark import Benchmark
from qfloor.errors import (
    BenchmarkError,
    BudgetError,
    PluginError,
    RatingsError,
    ScoringError,
    StoreError,
)
from qfloor.export import verification
from qfloor.generators.builtin.calllog import calls
from qfloor.pipeline import RoundView, RunResult, human_cells
from qfloor.pipeline.certifying.ruled import valid_until
from qfloor.pipeline.rounds.declared import metric_key
from qfloor.records import (
    Metric,
    PluginSpec,
    Ruling,
    Score,
    ScoreStatus,
    Status,
    Verdict,
    output_id,
)
from qfloor.store import Store


def _workspace(ran: RunResult) -> Path:
    return ran.database.parent


def _calls(workspace: Path) -> Counter[str]:
    logs = sorted((workspace / "generators").iterdir())
    return Counter(call["key"] for log in logs for call in calls(log))


@pytest.mark.parametrize(
    ("round", "until"),
    [("2026-11", "2026-12-31"), ("2026-12", "2027-01-31"), ("2028-01", "2028-02-29")],
)
def test_a_certificate_holds_until_the_end_of_the_next_month(round: str, until: str) -> None:
    assert valid_until(round) == until


def test_verdicts_say_how_long_they_hold_and_floors_what_they_rest_on(
    ran: RunResult, small: Benchmark
) -> None:
    assert {v.valid_until for v in ran.findings.verdicts} == {"2026-12-31"}
    assert {f.digests["benchmark"] for f in ran.findings.floors} == {small.digest}
    rows = verification.read(ran.database)["verdicts"]
    assert {row["valid_until"] for row in rows} == {"2026-12-31"}


def test_a_release_was_made_when_it_was_written_and_not_when_buying_began(ran: RunResult) -> None:
    made = dt.datetime.fromisoformat(export.read(ran.database)["release"][0]["created_at"])
    with Store.open(_workspace(ran)) as store:
        moments = [dt.datetime.fromisoformat(o.at) for o in store.outputs_of() if o.at]
    assert made >= max(moments).replace(microsecond=0)
    assert made <= dt.datetime.now(dt.UTC)


def test_every_stage_left_something(ran: RunResult) -> None:
    assert ran.generation.left == 0
    assert ran.generation.counts[Status.MADE] > 100
    assert ran.scoring.n_scored_now == ran.generation.counts[Status.MADE]
    assert ran.n_rated == ran.generation.counts[Status.MADE]
    assert ran.findings.floors
    assert ran.findings.verdicts
    assert ran.findings.calibrations


def test_a_second_run_does_nothing_again(ran: RunResult, small: Benchmark) -> None:
    before = _calls(_workspace(ran))
    again = pipeline.run(small, _workspace(ran))
    assert _calls(_workspace(ran)) == before
    assert max(before.values()) == 1
    assert sum(again.generation.counts.values()) == 0
    assert again.scoring.n_scored_now == 0
    assert again.findings == ran.findings
    assert router.load(again.database).digest == router.load(ran.database).digest


def test_the_database_is_consistent_and_routes(ran: RunResult) -> None:
    export.verify(ran.database)
    db = router.load(ran.database)
    need = router.Need(prompt="A product photo of a red apple on a white background",
                       tier="standard")  # fmt: skip
    decision = router.choose(db, need)
    certified = {
        v.offer_id
        for v in ran.findings.verdicts
        if v.ruling is Ruling.CERTIFIED and v.category == "product-photo" and v.tier == "standard"
    }
    assert (decision.offer in certified) if certified else decision.offer is None


def test_refusals_are_counted_and_fail_what_is_delivered(ran: RunResult) -> None:
    with Store.open(_workspace(ran)) as store:
        refused = Counter(
            (o.offer_id, store.prompts_by_digest()[o.prompt_digest].category)
            for o in store.outputs_of(status=Status.REFUSED)
        )
    assert refused, "indigo refuses some of these prompts"
    human = [f for f in ran.findings.floors if f.quality.startswith("human")]
    for (offer, category), n in refused.items():
        delivered, conditional = (
            next(f for f in human if (f.offer_id, f.category, f.kind) == (offer, category, kind))
            for kind in ("delivered", "conditional")
        )
        assert delivered.counts["refused"] == conditional.counts["refused"] == n
        assert delivered.n_outputs - conditional.n_outputs == n
        at = delivered.fail_rates[0]
        share = n / delivered.n_outputs
        assert at.rate == pytest.approx(share + (1 - share) * conditional.fail_rates[0].rate)


def test_no_number_without_a_status(ran: RunResult) -> None:
    store = qfloor.open_store(_workspace(ran))
    scores = store.scores()
    assert set(scores["status"]) <= {s.value for s in ScoreStatus}
    assert (scores["value"].isna() == (scores["status"] != "scored")).all()
    assert not (scores["value"].dropna().astype(float).isna()).any()


def test_metric_floors_leave_fit_prompts_out(ran: RunResult) -> None:
    metric = [f for f in ran.findings.floors if f.quality.startswith("metric:")]
    assert metric
    assert all(f.population["split"] == ["certify"] for f in metric)
    human = [f for f in ran.findings.floors if f.quality.startswith("human:")]
    assert all(f.population["split"] == ["certify", "fit"] for f in human if f.n_prompts > 20)


def test_the_family_is_what_was_planned(ran: RunResult, small: Benchmark) -> None:
    sizes = {(f.category, f.modality): f.m for f in ran.findings.floors}
    assert sizes["portrait", "image"] == 3
    assert sizes["video", "video"] == 1
    wide = replace(small, family="release")
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, wide, pipeline.prompts_of(wide))
        found = pipeline.certify(store, wide, view, wide.offers)
    assert {f.m for f in found.floors} == {3 + 3 + 1}


def test_a_budget_below_the_worst_case_buys_nothing(small: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="nothing was bought"):
        pipeline.run(replace(small, budget_nanousd=1), tmp_path)
    assert not list(tmp_path.rglob("calls.jsonl"))


def test_a_rating_on_another_scale_is_refused(ran: RunResult, small: Benchmark) -> None:
    five = replace(small.quality, lo=1.0, hi=5.0)
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, small, pipeline.prompts_of(small))
        with pytest.raises(RatingsError, match="scales are never converted silently") as refused:
            human_cells(store, view, five)
    said = str(refused.value)
    assert said.startswith("a rating of painters/")
    assert "is on a scale of 0 to 10, but the benchmark's quality is on 1 to 5" in said
    assert "set lo and hi under [quality] in the benchmark file" in said


def test_a_round_is_judged_by_one_identity_that_covers_it(
    ran: RunResult, small: Benchmark, tmp_path: Path
) -> None:
    shutil.copytree(_workspace(ran), tmp_path / "copy")
    with Store.open(tmp_path / "copy") as store:
        view = pipeline.view_of(store, small, pipeline.prompts_of(small))
        (metric,) = store.metrics_of(names=["technical.sharpness"])
        newer = replace(metric, execution={"runtime": "another"})
        made = [s.output_id for s in store.scores_of(metric=metric.key)]
        store.save_metrics([newer])

        def score(of: Metric, outputs: list[str]) -> None:
            store.save_scores(
                Score(output_id=o, metric=of.key, status=ScoreStatus.SCORED, value=0.5)
                for o in outputs
            )

        score(newer, made[:1])
        assert metric_key(store, metric.name, view) == metric.key, "half scored anew"
        score(newer, made[1:])
        assert metric_key(store, metric.name, view) == newer.key, "scored anew from end to end"
        torn = [replace(metric, name="torn"), replace(newer, name="torn")]
        store.save_metrics(torn)
        for of, output in zip(torn, made, strict=False):
            score(of, [output])
        with pytest.raises(ScoringError, match="2 identities"):
            metric_key(store, "torn", view)
        assert metric_key(store, "unknown", view) is None


def test_an_export_needs_floors(small: Benchmark, tmp_path: Path) -> None:
    with (
        Store.open(tmp_path, create=True) as store,
        pytest.raises(StoreError, match="has no floors of small in round 2026-11"),
    ):
        pipeline.release_of(store, small, (), pipeline.run_id(small), None)


def test_an_export_is_of_one_moment(
    ran: RunResult,
    small: Benchmark,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call_qfloor: Callable[..., tuple[int, str, str]],
) -> None:
    """`qfloor floors` beside it gave it floors of before and verdicts of after."""
    shutil.copytree(_workspace(ran), tmp_path / "w")
    run, verdicts_of = pipeline.run_id(small), Store.verdicts_of

    def others_write(store: Store, *, run: str) -> Iterator[Verdict]:
        monkeypatch.undo()
        with Store.open(store.root) as other:
            other.save_verdicts([], run=run)
        return verdicts_of(store, run=run)

    monkeypatch.setattr(Store, "verdicts_of", others_write)
    out = tmp_path / "q.db"
    code, _, said = call_qfloor("export", small.path, "-w", tmp_path / "w", "--out", out)
    assert code == 0, said
    assert len(export.read(out)["verdicts"]) == len(ran.findings.verdicts)
    with Store.open(tmp_path / "w") as store:
        assert not list(store.verdicts_of(run=run))


def test_a_view_holds_only_the_benchmarks_prompts(ran: RunResult, small: Benchmark) -> None:
    with Store.open(_workspace(ran)) as store:
        some = pipeline.prompts_of(small)[:2]
        view = RoundView.of(store, small.round, ["painters/ochre"], [p.digest for p in some])
    assert {o.prompt_id for o in view.outputs} == {p.id for p in some}


def test_refusals_of_a_lone_offer_still_count(ran: RunResult, small: Benchmark) -> None:
    alone = replace(small, offers=tuple(o for o in small.offers if o.id == "painters/indigo"))
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, alone, pipeline.prompts_of(alone))
        cells = human_cells(store, view, alone.quality)
    refused = Counter(o.status for o in view.outputs)[Status.REFUSED]
    assert refused > 0
    assert sum(j.status is Status.REFUSED for js in cells.values() for j in js) == refused


@pytest.mark.parametrize("somebody_rated", [True, False])
def test_a_category_that_all_refused_counts_where_the_round_was_rated(
    ran: RunResult, small: Benchmark, somebody_rated: bool
) -> None:
    """It had no floor at all: where one offer draws a picture, the refusals of the others count."""
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, small, pipeline.prompts_of(small))
        here = {
            d for d, p in view.prompts.items() if p.category == "portrait" or not somebody_rated
        }
        outputs = tuple(
            replace(o, id=f"refused-{o.id}", status=Status.REFUSED, media_sha256=None)
            if o.prompt_digest in here
            else o
            for o in view.outputs
        )
        cells = human_cells(store, replace(view, outputs=outputs), small.quality)
    asked = [o for o in outputs if o.prompt_digest in here] if somebody_rated else []
    mine = [j for js in cells.values() for j in js if j.output_id.startswith("refused-")]
    assert len(mine) == len(asked)


def test_an_offer_that_nobody_rated_stays_provisional(
    ran: RunResult, small: Benchmark, tmp_path: Path
) -> None:
    shutil.copytree(_workspace(ran), tmp_path / "copy")
    with Store.open(tmp_path / "copy") as store:
        view = pipeline.view_of(store, small, pipeline.prompts_of(small))
        mine = [o.id for o in view.outputs if o.offer_id == "painters/umber"]
        with store.transaction():
            marks = ", ".join("?" * len(mine))
            store._write(f"DELETE FROM ratings WHERE output_id IN ({marks})", mine)
        found = pipeline.certify(store, small, view, small.offers)
    metric = [f for f in found.floors if f.quality.startswith("metric:")]
    provisional = {f.offer_id for f in metric if f.provisional}
    assert provisional == {"painters/umber"}


def test_another_version_of_an_offer_is_another_offers_output(
    ran: RunResult, small: Benchmark
) -> None:
    changed = tuple(
        replace(o, version="next") if o.id == "painters/umber" else o for o in small.offers
    )
    with Store.open(_workspace(ran)) as store:
        prompts = pipeline.prompts_of(small)
        view = pipeline.view_of(store, replace(small, offers=changed), prompts)
    assert "painters/umber" not in {o.offer_id for o in view.outputs}
    ids = {output_id(p, o, 0, small.round) for p in prompts for o in small.offers}
    assert {o.id for o in view.outputs} <= ids


def test_each_tolerated_share_costs_its_part_of_the_level(ran: RunResult, small: Benchmark) -> None:
    strict = replace(
        small,
        thresholds=tuple(
            replace(t, max_fail=0.1) if t.tier == "premium" else t for t in small.thresholds
        ),
    )
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, strict, pipeline.prompts_of(strict))
        found = pipeline.certify(store, strict, view, strict.offers)
    levels = {f.alpha_release for f in found.floors if f.category == "portrait"}
    assert levels == {strict.alpha / 3 / 2}


def test_a_misspelt_scorer_is_told_before_anything_is_bought(
    small: Benchmark, tmp_path: Path
) -> None:
    wrong = replace(small, scorers=(PluginSpec(name="tecnical"),))
    with pytest.raises(PluginError, match="did you mean 'technical'"):
        pipeline.run(wrong, tmp_path)
    assert not list(tmp_path.rglob("calls.jsonl"))


def test_a_run_that_nobody_judged_says_what_to_do_and_goes_on_later(
    small: Benchmark, tmp_path: Path
) -> None:
    unjudged = replace(small, offers=small.offers[:1], panel=None, calibrations=(), scorers=())
    with pytest.raises(StoreError, match=r"nobody has rated in it yet; import ratings .* again$"):
        pipeline.run(unjudged, tmp_path)
    asked = _calls(tmp_path)
    assert asked
    with pytest.raises(StoreError, match="nobody has rated in it yet"):
        pipeline.run(unjudged, tmp_path)
    assert _calls(tmp_path) == asked
    assert not (tmp_path / "quality.db").exists()


def test_a_misspelt_metric_is_told(ran: RunResult, small: Benchmark) -> None:
    plan = replace(small.calibrations[0], metric="technical.sharpnes")
    wrong = replace(small, calibrations=(plan,))
    with Store.open(_workspace(ran)) as store:
        view = pipeline.view_of(store, wrong, pipeline.prompts_of(wrong))
        with pytest.raises(BenchmarkError, match=r"did you mean 'technical\.sharpness'"):
            pipeline.certify(store, wrong, view, wrong.offers)


def test_the_release_names_its_suites_by_digest(ran: RunResult, small: Benchmark) -> None:
    content = verification.read(ran.database)["provenance"]
    told = {row["key"]: row["value"] for row in content}
    assert told["suite_digests"] == {n: suite.load(n).digest for n in small.suites}


def test_a_category_that_cannot_be_judged_is_told_before_anything_is_bought(
    small: Benchmark, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[suite]\nname = "own"\nversion = "1.0.0"\n'
        '[[categories]]\nid = "packshot"\ndescription = "pack shots"\n'
        '[[prompts]]\nid = "a"\ncategory = "packshot"\ntext = "a mug"\n'
    )
    with pytest.raises(BenchmarkError, match="own category 'packshot'"):
        pipeline.run(replace(small, suites=(str(path),)), tmp_path / "workspace")
    assert not (tmp_path / "workspace").exists()


def test_the_end_of_the_demo_names_what_can_be_done_next(
    ran: RunResult, capsys: pytest.CaptureFixture[str]
) -> None:
    from qfloor.cli import demonstration

    demonstration.show(ran)
    last = capsys.readouterr().out.splitlines()[-4:]
    assert last[0].startswith(f"The quality database is {ran.database}")
    assert last[-1].endswith(f" report {ran.database}")
