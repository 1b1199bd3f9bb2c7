"""Two rounds compared: the offer that changed is found, the others are not, and it is applied."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from scoring_fakes import FunctionScorer
from typer.testing import CliRunner

from qfloor import benchmark, export, pipeline
from qfloor.errors import BenchmarkError, CertificationError, DatabaseError
from qfloor.pipeline.months.signs import signs_of
from qfloor.pipeline.rounds.anchors import check_anchors
from qfloor.ratings import import_ratings
from qfloor.records import (
    EVERY,
    Metric,
    Output,
    Prompt,
    ReferenceOutput,
    ReferencePrompt,
    ReferenceSet,
    Status,
)
from qfloor.store import Store

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
FILE = """
[benchmark]
name = "monthly"
offers = ["shop/*"]
imported = true
round = "{round}"

[[thresholds]]
tier = "standard"
value = 5.0
"""
CATEGORIES = ("portrait", "landscape")


def ratings(round, quality, prompts=60, seed=0, start=0):
    """Rows of a round: three offers, two categories; ``quality`` says each offer's usual score."""
    rng = np.random.default_rng(seed)
    lines = ["item_id,prompt_id,category,model_id,rater_id,score"]
    for category in CATEGORIES:
        for i in range(start, start + prompts):
            hard = np.random.default_rng(i).normal()
            for offer, usual in quality.items():
                score = np.clip(usual - 0.5 * hard + 0.3 * rng.normal(), 0, 10)
                item = f"{round}{offer}{category}{i}"
                lines.append(f"{item},{category}{i},{category},shop/{offer},r{i % 9},{score:.1f}")
    return "\n".join(lines) + "\n"


STEADY = {"a": 7.0, "b": 7.0, "c": 6.0}


@pytest.fixture
def rounds(tmp_path):
    """Two benchmarks of two rounds in one store; in the second, offer a is worse."""

    def make(after, **options):
        store = Store.open(tmp_path / "workspace", create=True)
        for name, quality, seed in (("2026-10", STEADY, 0), ("2026-11", after, 1)):
            path = tmp_path / f"{name}.csv"
            path.write_text(ratings(name, quality, seed=seed, **(options if seed else {})))
            import_ratings(store, path, round=name, scale="0:10", source=name)
        return store

    return make


def loaded(tmp_path, round):
    path = tmp_path / f"monthly-{round}.toml"
    path.write_text(FILE.format(round=round))
    return benchmark.load(path)


def compared(store, tmp_path, **options):
    return pipeline.check_drift(
        store, loaded(tmp_path, "2026-10"), loaded(tmp_path, "2026-11"), now=NOW, **options
    )


def by_place(report):
    return {(f.offer_id, f.category): f for f in report.findings}


def test_the_offer_that_changed_is_found_and_the_others_are_not(rounds, tmp_path):
    with rounds({**STEADY, "a": 5.0}) as store:
        found = by_place(compared(store, tmp_path))
    assert {f.test for f in found.values()} == {"mcnemar"}
    worse = found["shop/a", EVERY]
    assert (worse.word, worse.got_worse, worse.n_before) == ("changed", True, 120)
    assert "changed for the worse" in worse.sentence()
    assert {found["shop/a", c].word for c in CATEGORIES} == {"changed"}
    for offer in ("shop/b", "shop/c"):
        steady = found[offer, EVERY]
        assert steady.word == "not distinguishable"
        assert 0.0 < steady.detectable < 0.3
        assert "could have seen a rise of" in steady.sentence()
        assert all(found[offer, c].p_adjusted >= steady.p_adjusted for c in CATEGORIES)


def test_nothing_changed(rounds, tmp_path):
    with rounds(STEADY) as store:
        report = compared(store, tmp_path)
    assert {f.word for f in report.findings} == {"not distinguishable"}
    assert (report.only_before, report.only_after) == ((), ())


def test_other_prompts_are_compared_side_by_side(rounds, tmp_path):
    with rounds({**STEADY, "a": 4.5}, start=500) as store:
        found = by_place(compared(store, tmp_path))
    assert {f.test for f in found.values()} == {"fisher"}
    assert found["shop/a", EVERY].got_worse
    assert not found["shop/b", EVERY].got_worse
    assert found["shop/a", "portrait"].shape_p < 0.01 < found["shop/b", "portrait"].shape_p


def test_a_few_prompts_are_too_little(rounds, tmp_path):
    with rounds({**STEADY, "a": 5.0}, prompts=2) as store:
        found = by_place(compared(store, tmp_path))
    assert {f.word for f in found.values()} == {"too little data"}
    assert found["shop/b", EVERY].sentence().startswith("too little data: 4 prompts, not even")


def test_offers_of_one_round_only_are_named(rounds, tmp_path):
    with rounds({"a": 7.0, "d": 7.0}) as store:
        report = compared(store, tmp_path)
    assert (report.only_before, report.only_after) == (("shop/b", "shop/c"), ("shop/d",))
    (whole,) = (f for f in report.findings if f.category == EVERY)
    assert whole.level == pytest.approx(0.05 / 4), "corrected for all four, not for the one there"


def test_what_cannot_be_compared_is_one_sentence(rounds, tmp_path):
    with rounds(STEADY) as store:
        now = loaded(tmp_path, "2026-11")
        for before, options, message in (
            (now, {}, "compared with itself"),
            (
                loaded(tmp_path, "2026-09"),
                {},
                "^there is no rating of .* in round 2026-09, so .*; rate them first, or name",
            ),
            (
                loaded(tmp_path, "2026-10"),
                {"metric": "technical.sharpness"},
                "^there is no score of technical.sharpness of .* in round 2026-10 or 2026-11, so",
            ),
            (loaded(tmp_path, "2026-10"), {"alpha": 0.7}, "alpha is 0.7"),
        ):
            with pytest.raises(CertificationError, match=message):
                pipeline.check_drift(store, before, now, **options)


def test_a_misspelt_metric_is_told_from_one_that_was_not_computed(rounds, tmp_path):
    with rounds(STEADY) as store:
        store.save_metrics([Metric(
            name="technical.sharpness", unit="", lo=None, hi=None, definition={"version": 1},
        )])  # fmt: skip
        then, now = loaded(tmp_path, "2026-10"), loaded(tmp_path, "2026-11")
        with pytest.raises(BenchmarkError, match=r"'technical.sharpnes'; did you mean 'technical"):
            pipeline.check_drift(store, then, now, metric="technical.sharpnes")


def test_certificates_are_taken_back_and_the_rest_stays(rounds, tmp_path):
    with rounds({**STEADY, "a": 5.0}) as store:
        then = loaded(tmp_path, "2026-10")
        with store.writing("test"):
            pipeline.certify_round(store, then, pipeline.prompts_of(then))
        run = pipeline.run_id(then)
        path = tmp_path / "october.db"
        export.write(path, pipeline.release_of(store, then, (), run, NOW))
        before = export.verification.read(path)
        report = compared(store, tmp_path)
        out = tmp_path / "withdrawn.db"
        n = export.withdraw(path, out, report.findings, ("monthly", "2026-10"), NOW)
    assert n == 2
    assert export.verify(out).n_certified == export.verify(path).n_certified - 2
    after = export.verification.read(out)
    gone = [v for v in after["verdicts"] if v["reason"] == "drifted"]
    assert {(v["offer_id"], v["ruling"]) for v in gone} == {("shop/a", "undecided")}
    assert after["floors"] == before["floors"]
    told = {row["key"]: row["value"] for row in after["provenance"]}
    assert told["withdrawn_from"] == [before["release"][0]["digest"]]
    assert {f["offer_id"] for f in told["drift"]} == {"shop/a"}
    # again takes nothing more away, and writes nothing
    again = export.withdraw(out, tmp_path / "x.db", report.findings, ("monthly", "2026-10"), NOW)
    assert (again, (tmp_path / "x.db").exists()) == (0, False)
    with pytest.raises(DatabaseError, match="give that release"):
        export.withdraw(out, tmp_path / "x.db", report.findings, ("monthly", "2026-09"), NOW)
    # of an edited file, the findings speak of another number than the certificates do
    easier = [replace(f, threshold=f.threshold and f.threshold - 2) for f in report.findings]
    with pytest.raises(DatabaseError, match="at 5, but the findings are of fails below 3; compare"):
        export.withdraw(path, tmp_path / "x.db", easier, ("monthly", "2026-10"), NOW)
    assert not (tmp_path / "x.db").exists()


def test_the_command_says_when_it_has_nothing_to_take_back(rounds, tmp_path):
    from qfloor.cli import app

    with rounds(STEADY) as store:
        then = loaded(tmp_path, "2026-10")
        with store.writing("test"):
            pipeline.certify_round(store, then, pipeline.prompts_of(then))
        path, out = tmp_path / "october.db", tmp_path / "withdrawn.db"
        export.write(path, pipeline.release_of(store, then, (), pipeline.run_id(then), NOW))
    loaded(tmp_path, "2026-11")
    ran = CliRunner().invoke(app, [
        "drift", str(tmp_path / "monthly-2026-11.toml"), "-w", str(tmp_path / "workspace"),
        "--from", "2026-10", "--apply", str(path), "--out", str(out),
    ])  # fmt: skip
    assert ran.exit_code == 0, ran.output
    assert f"none of {path}'s certificates is taken back, so {out} was not written" in ran.stderr
    assert not out.exists()


def test_an_offer_that_changed_as_a_whole_loses_what_did_not_improve(rounds, tmp_path):
    with rounds({**STEADY, "a": 5.0}) as store:
        report = compared(store, tmp_path)
    whole = [f for f in report.findings if f.category == EVERY]
    rates = {"portrait": (0.1, 0.2), "landscape": (0.2, 0.1)}
    parts = [
        replace(
            f, word="not distinguishable", before=rates[f.category][0], after=rates[f.category][1]
        )
        for f in report.findings
        if f.category != EVERY
    ]
    row = {"offer_id": "shop/a", "modality": "image", "tier": "standard"}
    row["quality"] = whole[0].quality
    hits = export.withdrawing._hits
    assert hits({**row, "category": "portrait"}, [*whole, *parts])
    assert not hits({**row, "category": "landscape"}, [*whole, *parts])
    assert hits({**row, "category": "product-photo"}, [*whole, *parts])  # nobody looked
    assert not hits({**row, "tier": "premium", "category": "portrait"}, [*whole, *parts])


def test_findings_are_kept_and_replaced(rounds, tmp_path):
    with rounds(STEADY) as store, store.writing("test"):
        report = compared(store, tmp_path)
        runs = {"before_run": report.before_run, "after_run": report.after_run}
        for _ in range(2):
            store.save_drift(report.findings, **runs)
        kept = list(store.drift_of(before_run=report.before_run))
    assert sorted(kept, key=str) == sorted(report.findings, key=str)


def test_the_command(rounds, tmp_path):
    from qfloor.cli import app

    rounds({**STEADY, "a": 5.0}).close()
    loaded(tmp_path, "2026-11")
    file, workspace = tmp_path / "monthly-2026-11.toml", tmp_path / "workspace"
    base = ["drift", str(file), "--workspace", str(workspace)]
    ran = CliRunner().invoke(app, [*base, "--from", "2026-10", "--json"])
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)
    assert [r["offer"] for r in rows if r["says"].startswith("changed")] == ["shop/a"] * 3
    assert {r["category"] for r in rows if r["offer"] == "shop/b"} == {EVERY}
    assert "the other way round" not in ran.stderr
    back = CliRunner().invoke(app, [*base, "--from", "2026-11", "--to", "2026-10"])
    assert "round 2026-11 is the later one: before and after are the other" in back.stderr
    alone = CliRunner().invoke(app, base)
    assert alone.exit_code == 2
    assert "--from: is needed: the round that certified" in " ".join(alone.output.split())
    assert CliRunner().invoke(app, [*base, "--from", "2026-10", "--apply", "q.db"]).exit_code == 2
    release = tmp_path / "q.db"
    release.write_bytes(b"kept")
    onto = ["--apply", str(release), "--out", str(tmp_path / "workspace" / ".." / "q.db")]
    over = CliRunner().invoke(app, [*base, "--from", "2026-10", *onto])
    assert over.exit_code == 2
    assert "would write over what --apply reads" in " ".join(over.output.split())
    assert release.read_bytes() == b"kept"


# -- signs ---------------------------------------------------------------------------------------


def output(i, **fields):
    usual = {"width": 1024, "height": 1024, "media_type": "image/png", "seconds_run": 4.0}
    return Output(
        id=f"o{i}", prompt_id=f"p{i}", prompt_digest=f"d{i}", offer_id="shop/a", repeat=0,
        round="2026-10", status=Status.MADE, reason="ok", **{**usual, **fields},
    )  # fmt: skip


def test_signs_of_a_silent_change():
    before = [output(i) for i in range(8)]
    assert signs_of(before, before) == ()
    old, new = [output(i, model_version="1") for i in range(2)], [output(9, model_version="2")]
    told = signs_of(old, new)
    assert [s.sentence() for s in told] == ["version told: 1 -> 2"]
    changed = [output(i, width=768, media_type="image/jpeg", seconds_run=9.0) for i in range(8)]
    assert [s.sentence() for s in signs_of(before, changed)] == [
        "not told, but size changed: 1024x1024 -> 768x1024",
        "not told, but format changed: image/png -> image/jpeg",
        "not told, but speed changed: 4 s -> 9 s",
    ]
    assert signs_of(before, changed[:4]) == ()


# -- anchors -------------------------------------------------------------------------------------


def reds(more=0.0, **definition):
    """A scorer that gives the red of a picture, and a little more."""
    return FunctionScorer(
        lambda item: float(item.inputs["pixels"][..., 0].mean()) + more,
        definition=definition or {"version": 1},
    )


@pytest.fixture
def anchored(tmp_path):
    """A store with four pictures and their frozen brightness."""
    from io import BytesIO

    from PIL import Image

    metric = reds().metrics[0]
    with Store.open(tmp_path / "workspace", create=True) as store:
        outputs, prompts = [], []
        for i in range(4):
            prompt = Prompt(id=f"p{i}", text=f"grey {i}", category="portrait", family=f"p{i}")
            buffer = BytesIO()
            Image.new("RGB", (8, 8), (40 * i, 0, 0)).save(buffer, "PNG")
            sha = store.media.put(buffer.getvalue(), "image/png")
            prompts.append(prompt)
            outputs.append(replace(output(i), prompt_digest=prompt.digest, media_sha256=sha))
        store.save_prompts(prompts)
        store.save_outputs(outputs)
        reference = ReferenceSet(
            metric=metric.key,
            round="2026-10",
            offers=("shop/a",),
            prompts=tuple(
                ReferencePrompt(
                    prompt_id=p.id,
                    prompt_digest=p.digest,
                    outputs=(
                        ReferenceOutput(
                            output_id=o.id, media_sha256=o.media_sha256, value=40.0 * i
                        ),
                    ),
                )
                for i, (p, o) in enumerate(zip(prompts, outputs, strict=True))
            ),
        )  # fmt: skip
        store.save_reference(reference)
        yield store, reference.digest


def test_the_same_judge_gives_the_same_numbers(anchored):
    store, digest = anchored
    found = check_anchors(store, digest[:8], [reds()])
    assert (found.word, found.n, found.lost, found.failed) == ("same numbers", 4, 0, 0)
    assert (found.largest, found.ranks) == (0.0, pytest.approx(1.0))


def test_a_judge_that_moved_is_told(anchored):
    store, digest = anchored
    moved = check_anchors(store, digest, [reds(more=0.5)])
    assert (moved.word, moved.shift) == ("judge moved", pytest.approx(0.5))
    other = check_anchors(store, digest, [reds(more=3.0, version=2)])
    assert (other.word, other.shift) == ("another judge", pytest.approx(3.0))
    assert list(store.scores_of()) == []  # nothing is written


def test_anchors_that_are_gone_or_cannot_be_scored_are_counted(anchored):
    store, digest = anchored
    lost = next(iter(store.outputs_of()))
    store.media.path(lost.media_sha256).unlink()
    found = check_anchors(store, digest, [reds()])
    assert (found.n, found.lost, found.failed) == (3, 0, 1)


def test_anchors_nobody_can_score_are_one_sentence(anchored):
    store, digest = anchored
    for wanted, scorers, message in (
        ("ffff", [reds()], "0 reference sets"),
        (digest, [], "do not give fake.number; they give nothing"),
        (digest, [FunctionScorer(lambda item: 1 / 0)], "none of the 4 anchors"),
    ):
        with pytest.raises(CertificationError, match=message):
            check_anchors(store, wanted, scorers)
