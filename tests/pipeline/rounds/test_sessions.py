"""Floors never pool sessions that were found apart."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from qfloor import benchmark, export, pipeline
from qfloor.cli import app
from qfloor.errors import RatingsError
from qfloor.pipeline.release import release_of
from qfloor.pipeline.rounds.sessions import who_judged
from qfloor.ratings import import_ratings
from qfloor.ratings.linking import link
from qfloor.records import PassRate, Status
from qfloor.report.content import ReportContent
from qfloor.report.raters_page import raters_section
from qfloor.store import Store

FILE = """
[benchmark]
name = "two-sessions"
offers = ["shop/*"]
imported = true
round = "2026-11"

[quality]
criterion = "overall"
{sessions}

[[thresholds]]
tier = "standard"
value = 5.0
"""


@pytest.fixture
def judged(tmp_path):
    """Thirty outputs rated in May, the first twelve of them two points higher in June."""
    lines = ["item_id,prompt_id,model_id,rater_id,score,session_id"]
    for i in range(30):
        lines += [f"i{i},p{i},shop/m,a{j},{6 + 0.1 * (i % 5)},may" for j in range(2)]
        if i < 12:
            lines += [f"i{i},p{i},shop/m,b{j},{8 + 0.1 * (i % 3)},june" for j in range(2)]
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join(lines) + "\n")
    with Store.open(tmp_path / "workspace", create=True) as store:
        import_ratings(store, path, round="2026-11", scale="0:10")
        yield store


def loaded(tmp_path, sessions=""):
    path = tmp_path / "two.toml"
    path.write_text(FILE.format(sessions=sessions))
    return benchmark.load(path)


def delivered(store, wanted):
    found = pipeline.certify_round(store, wanted, pipeline.prompts_of(wanted))
    return next(f for f in found.floors if f.kind == "delivered")


def test_sessions_nobody_linked_count_together_and_that_is_said(judged, tmp_path):
    assert delivered(judged, loaded(tmp_path)).n_values == 84
    (said,) = pipeline.pooling_remarks(judged, loaded(tmp_path))
    assert said.startswith("ratings of 'overall' from 2 sessions count together (june, may), and")
    assert not list(pipeline.pooling_remarks(judged, loaded(tmp_path, 'sessions = ["may"]')))


def test_two_sources_nobody_linked_are_said(judged, tmp_path):
    path = tmp_path / "more.csv"
    path.write_text("item_id,prompt_id,model_id,rater_id,score,session_id\ni0,p0,shop/m,c,6,s9\n")
    import_ratings(judged, path, round="2026-11", scale="0:10", source="agency")
    named = loaded(tmp_path, 'sessions = ["may", "agency"]')
    (said,) = pipeline.pooling_remarks(judged, named)
    assert "from 2 sources count together (agency, long)" in said


def test_the_command_says_what_was_pooled(judged, tmp_path):
    said = []
    for _ in range(2):
        ran = CliRunner().invoke(
            app, ["floors", loaded(tmp_path).path, "--workspace", str(judged.root)]
        )
        assert ran.exit_code == 0, ran.output
        said.append("nobody tested whether all are on one scale" in " ".join(ran.output.split()))
        link(judged, "may", "june", criterion="overall", margin=3.0)
    assert said == [True, False]


def test_people_and_simulated_raters_never_count_together(judged, tmp_path):
    path = tmp_path / "panel.csv"
    rows = [f"i{i},p{i},shop/m,sim{j},9,simulated panel" for i in range(30) for j in range(2)]
    path.write_text("\n".join(["item_id,prompt_id,model_id,rater_id,score,source", *rows]) + "\n")
    import_ratings(judged, path, round="2026-11", scale="0:10")
    with pytest.raises(RatingsError, match=r"'simulated panel' and from people \(long\).*never"):
        delivered(judged, loaded(tmp_path))
    both = loaded(tmp_path, 'sessions = ["may", "simulated panel"]')
    with pytest.raises(RatingsError, match="never pooled"):
        delivered(judged, both)
    assert delivered(judged, loaded(tmp_path, 'sessions = ["may"]')).n_values == 60
    only = loaded(tmp_path, 'sessions = ["simulated panel"]')
    assert delivered(judged, only).n_values == 60


def test_a_release_says_what_counts_together_untested(judged, tmp_path):
    def told(sessions=""):
        wanted = loaded(tmp_path, sessions)
        delivered(judged, wanted)
        out = pipeline.export_round(
            judged, wanted, pipeline.prompts_of(wanted), tmp_path / "q.db", dt.datetime.now(dt.UTC)
        )
        content = export.read(out)
        return {row["key"]: row["value"] for row in content["provenance"]}, content

    provenance, content = told()
    assert provenance["judgments"] == "imported"
    (said,) = provenance["pooled_untested"]
    page = raters_section(ReportContent(tables=content, written_at="", written_by=""))
    assert "nobody tested whether all are on one scale" in said
    assert "nobody tested whether all are on one scale" in page
    assert "pooled_untested" not in told('sessions = ["may"]')[0]


def test_who_judged_is_told_by_the_ratings_that_count(ran, small, tmp_path):
    folder = tmp_path / "workspace"
    shutil.copytree(ran.database.parent, folder)
    with Store.open(folder) as store:
        assert who_judged(store, small) == "simulated raters"
        made = next(o for o in store.outputs_of(status=Status.MADE))
        path = tmp_path / "people.csv"
        path.write_text(f"item_id,rater_id,score\n{made.id},ann,2\n")
        import_ratings(store, path, round=small.round, scale="0:10")
        with pytest.raises(RatingsError, match="never pooled"):
            delivered(store, small)
        assert who_judged(store, replace(small, sessions=("long",))) == "people"


def test_sessions_found_apart_are_refused_until_one_is_named(judged, tmp_path):
    assert link(judged, "may", "june", criterion="overall").word == "do not pool"
    with pytest.raises(RatingsError, match=r"'may' and 'june' must not be pooled.*\[quality\]"):
        delivered(judged, loaded(tmp_path))
    assert delivered(judged, loaded(tmp_path, 'sessions = ["may"]')).n_values == 60
    june = delivered(judged, loaded(tmp_path, 'sessions = ["june"]'))
    assert (june.n_values, june.n_prompts) == (24, 12)


def test_sessions_with_too_few_linking_outputs_are_refused_too(judged, tmp_path):
    found = link(judged, "may", "june", criterion="overall")
    judged.save_linking(replace(found, word="too few linking outputs"))
    with pytest.raises(RatingsError, match=r"must not be pooled \(too few linking outputs\)"):
        delivered(judged, loaded(tmp_path))


def test_sessions_found_alike_count_together(judged, tmp_path):
    assert link(judged, "may", "june", criterion="overall", margin=3.0).word == "pool"
    assert delivered(judged, loaded(tmp_path)).n_values == 84
    assert not list(pipeline.pooling_remarks(judged, loaded(tmp_path)))


def test_a_benchmark_without_sessions_keeps_its_digest(tmp_path):
    plain, named = loaded(tmp_path), loaded(tmp_path, 'sessions = ["may"]')
    assert plain.digest != named.digest
    assert replace(named, sessions=()).digest == plain.digest


def test_a_category_that_only_pass_rates_speak_of_is_in_the_release(judged, tmp_path):
    wanted = loaded(tmp_path, 'sessions = ["may"]')
    prompts = pipeline.prompts_of(wanted)
    delivered(judged, wanted)
    rate = PassRate(
        offer_id="shop/m", category="portrait", modality="image", metric="m", direction="higher",
        n_prompts=1, n_scored=1, n_true=1, share_true=1.0, share_true_lo=0.05, share_true_hi=1.0,
        n_asked=1, passed=1.0, passed_lo=0.05, passed_hi=1.0, confidence=0.95,
        method="clopper_pearson", counts={}, reasons={},
    )  # fmt: skip
    run = pipeline.run_id(wanted)
    judged.save_pass_rates([rate], run=run)
    release = release_of(judged, wanted, prompts, run, dt.datetime.now(dt.UTC))
    assert {c.id for c in release.categories} == {"general", "portrait"}
