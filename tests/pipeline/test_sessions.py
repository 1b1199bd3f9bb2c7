"""Floors never pool sessions that were found apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from qfloor import benchmark, pipeline
from qfloor.cli import app
from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings
from qfloor.ratings.linking import link
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
