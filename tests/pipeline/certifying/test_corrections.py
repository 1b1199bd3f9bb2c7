"""Corrections and traffic mixes on a real run: from the benchmark file to the exported verdicts."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import export, pipeline, router
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, DatabaseError
from qfloor.export import verification
from qfloor.pipeline import RunResult
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.pipeline.rounds.planned import offers_of, view_of
from qfloor.pipeline.rounds.traffic import check_traffic
from qfloor.records import Prompt, Ruling, Traffic, Verdict
from qfloor.store import Store

FROM = {"light": 0.3, "none": 0.7}
LIGHT = Traffic(by="tag", categories={"portrait": FROM})


@pytest.fixture
def workspace(ran: RunResult, tmp_path: Path) -> Path:
    shutil.copytree(ran.database.parent, tmp_path / "w")
    return tmp_path / "w"


def _easy(small: Benchmark, **changes: object) -> Benchmark:
    """So low a demand at so loose a level that 24 prompts can certify."""
    low = {"standard": 1.0, "premium": 4.0}
    tiers = tuple(replace(t, value=low[t.tier]) for t in small.thresholds)
    return replace(small, thresholds=tiers, alpha=0.4, **changes)  # type: ignore[arg-type]


def _again(workspace: Path, benchmark: Benchmark) -> tuple[pipeline.Findings, Path]:
    prompts = pipeline.prompts_of(benchmark)
    with Store.open(workspace) as store, store.writing("floors"):
        found = pipeline.certify_round(store, benchmark, prompts)
    with Store.open(workspace) as store:
        now = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
        path = pipeline.export_round(store, benchmark, prompts, workspace / "again.db", now)
    return found, path


@pytest.mark.parametrize("family", ["category", "release"])
@pytest.mark.parametrize("correction", ["holm", "by", "e-bh"])
def test_a_correction_reaches_the_database(
    ran: RunResult, small: Benchmark, workspace: Path, correction: str, family: str
) -> None:
    changed = replace(small, correction=correction, family=family)  # type: ignore[arg-type]
    found, path = _again(workspace, changed)
    export.verify(path)
    rows = verification.read(path)["verdicts"]
    assert {row["correction"] for row in rows} == {correction}
    assert {v.family for v in found.verdicts} == (
        {"release"} if family == "release" else {v.family for v in ran.findings.verdicts}
    )
    for row in rows:
        certified = row["p_adjusted"] is not None and row["p_adjusted"] <= 0.05
        assert (row["ruling"] == "certified") == certified
    db = router.load(path)
    assert sum(len(offers) for offers in db.certified.values()) == sum(
        row["ruling"] == "certified" for row in rows if row["quality"] == small.quality.id
    )
    # numbers do not depend on the correction, within one kind of family
    if family == "category":
        numbers = {(f.offer_id, f.category, f.modality, f.quality, f.kind): f.q25_lo_release
                   for f in ran.findings.floors}  # fmt: skip
        same = [f for f in found.floors if f.quality == small.quality.id]
        if correction != "by":  # whose strictest level may ask for the exact bound
            assert all(
                numbers[f.offer_id, f.category, f.modality, f.quality, f.kind]
                == f.q25_lo_release for f in same
            )  # fmt: skip


def test_holm_certifies_at_least_what_bonferroni_does(small: Benchmark, workspace: Path) -> None:
    holm, _ = _again(workspace, _easy(small, correction="holm"))
    plain, _ = _again(workspace, _easy(small))
    key = lambda v: (v.offer_id, v.category, v.modality, v.quality, v.tier)  # noqa: E731
    certified = [
        {key(v) for v in found.verdicts if v.ruling is Ruling.CERTIFIED} for found in (plain, holm)
    ]
    assert certified[0]
    assert certified[0] <= certified[1]


def test_a_verdict_that_its_p_value_denies_is_not_exported(
    small: Benchmark, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lied(self: Store, *, run: str | None = "") -> list[Verdict]:
        return [replace(v, p_adjusted=0.5) for v in kept(self, run=run)]

    kept = Store.verdicts_of
    monkeypatch.setattr(Store, "verdicts_of", lied)
    with pytest.raises(DatabaseError, match=r"certified at an adjusted p-value of 0\.5"):
        _again(workspace, _easy(small, correction="holm"))


def test_families_are_counted_by_the_plan(small: Benchmark, workspace: Path) -> None:
    with Store.open(workspace) as store:
        prompts = pipeline.prompts_of(small)
        view, offers = view_of(store, small, prompts), offers_of(store, small)
    key = CellKey("portrait", "image", "painters/ochre")
    images = sum(o.makes("image") for o in offers)
    videos = sum(o.makes("video") for o in offers)
    one = family_of(small, view, offers, key)
    assert (one.m, one.demands, one.hypotheses) == (images, 1, 2 * images)
    whole = family_of(replace(small, family="release"), view, offers, key)
    assert (whole.name, whole.m) == ("release", 2 * images + videos)
    assert whole.hypotheses == 2 * whole.m
    none = replace(view, outputs=())
    assert family_of(small, none, offers, key) == one, "what came of it does not count"


def test_a_traffic_mix_reaches_floors_and_database(
    ran: RunResult, small: Benchmark, workspace: Path
) -> None:
    found, path = _again(workspace, replace(small, traffic=LIGHT))
    export.verify(path)
    before = {(f.offer_id, f.category, f.quality, f.kind): f for f in ran.findings.floors}
    for floor in found.floors:
        was = before[floor.offer_id, floor.category, floor.quality, floor.kind]
        traffic = floor.population["traffic"]
        assert traffic["by"] == "tag"
        if floor.category != "portrait":
            assert floor.fail_rates == was.fail_rates
            assert "shares" not in traffic
        elif floor.kind == "delivered" and floor.quality == small.quality.id:
            assert traffic["shares"] == FROM
            assert traffic["effective_prompts"] < was.n_prompts
    row = next(r for r in verification.read(path)["floors"] if r["category"] == "portrait")
    assert row["population"]["traffic"]["shares"] == FROM


def _prompt(i: int, **labels: object) -> Prompt:
    return Prompt(id=f"p{i}", text=f"{i}", category="portrait", **labels)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("traffic", "says"),
    [
        (Traffic(by="language", weights={"en": 1, "de": 1, "fr": 1}),
         "traffic gives language 'fr' a weight in portrait/image, which has no such prompt"),
        (Traffic(by="language", weights={"de": 1}),
         "2 prompts of portrait/image have language 'en', which traffic gives no weight"),
        (Traffic(by="difficulty", weights={"hard": 1}),
         "2 prompts of portrait/image have difficulty 'none', which traffic gives no weight"),
        (Traffic(by="language", weights={"en": 1}),
         "1 prompt of portrait/image has language 'de', which traffic gives no weight"),
        (Traffic(by="tag", weights={"hands": 1, "group": 2, "none": 3}),
         "prompt p2 has the tags hands and group, which both have traffic"),
    ],
)  # fmt: skip
def test_a_mix_that_does_not_fit_is_told_in_one_sentence(
    small: Benchmark, traffic: Traffic, says: str
) -> None:
    prompts = [
        _prompt(1, language="en"),
        _prompt(2, language="en", tags=("hands", "group", "long")),
        _prompt(3, language="de", difficulty="hard"),
    ]
    with pytest.raises(BenchmarkError) as told:
        check_traffic(replace(small, traffic=traffic), prompts)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    fits = Traffic(by="language", weights={"en": 2, "de": 1}, categories={"landscape": {"ja": 1}})
    check_traffic(replace(small, traffic=fits), prompts)


def test_a_mix_is_checked_before_anything_is_bought(small: Benchmark) -> None:
    wrong = replace(small, traffic=Traffic(by="language", weights={"en": 1, "ja": 1}))
    with pytest.raises(BenchmarkError, match="has no such prompt"):
        pipeline.prompts_of(wrong)
