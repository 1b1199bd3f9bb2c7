"""The outputs behind a quartile: the right ones, with what was said of them, on a page."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from qfloor import pipeline, report, stats
from qfloor.cli import app
from qfloor.errors import CertificationError
from qfloor.floors import Judged, at_percentiles, build_cell
from qfloor.pipeline.certifying.explain import sentence_of
from qfloor.records import Ruling, Status
from qfloor.report.explained import thumbnail
from qfloor.store import Store

scores = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.integers(1, 5), max_size=3)), min_size=1, max_size=25
)


def judged(rows):
    """Outputs of prompts; one without ratings was refused."""
    return [
        Judged(
            output_id=f"o{i:02}",
            family=f"f{family}",
            repeat=i,
            status=Status.MADE if values else Status.REFUSED,
            values=tuple(map(float, values)),
            raters=tuple(f"r{j}" for j in range(len(values))),
        )
        for i, (family, values) in enumerate(rows)
    ]


@given(rows=scores, percentile=st.sampled_from([5.0, 10.0, 25.0, 50.0, 99.0]))
def test_values_are_the_quantiles_of_the_floor(rows, percentile):
    outputs = judged(rows)
    (found,) = at_percentiles(outputs, percentiles=[percentile])
    cell = build_cell("o", "portrait", "image", "delivered", outputs)
    sizes = np.bincount(cell.cluster)
    weights = 1.0 / sizes[cell.cluster]
    expected = stats.quantile_inverted_cdf(cell.value, percentile / 100.0, weights)
    assert found.value == (None if expected is None or not np.isfinite(expected) else expected)
    output = next(o for o in outputs if o.output_id == found.output_id)
    assert (found.value is None) == (output.status is Status.REFUSED)
    assert found.value is None or found.value in output.values


def test_nothing_judged_has_no_percentiles():
    assert at_percentiles([]) == []
    refused = judged([(0, []), (1, [])])
    assert [a.value for a in at_percentiles(refused)] == [None] * 4
    assert at_percentiles(refused, "conditional") == []


def test_lower_is_better_turns_the_days_round():
    outputs = judged([(i, [i % 5 + 1]) for i in range(10)])
    worst = at_percentiles(outputs, sign=-1.0, percentiles=[5.0])[0]
    assert worst.value == 5.0


@pytest.fixture(scope="module")
def explained(small, ran):
    with Store.open(ran.database.parent) as store:
        return pipeline.explain(store, small, ran.findings, "painters/ochre", "portrait")


def test_an_offer_is_explained(explained):
    (one,) = explained
    assert [e.at.percentile for e in one.examples] == [5.0, 10.0, 25.0, 50.0]
    quartile = one.examples[2]
    assert quartile.at.value == one.floor.q25
    assert quartile.at.value in quartile.values
    assert quartile.media is not None
    assert {v.tier for v in one.verdicts} == {"standard", "premium"}
    for verdict, sentence in zip(one.verdicts, one.sentences, strict=True):
        assert verdict.ruling.value in sentence
        assert f"{one.floor.n_prompts} prompts" in sentence


def test_a_verdict_of_few_raters_says_whose_it_is(explained):
    (one,) = explained
    (verdict, *_), panel = one.verdicts, "conditional on this panel of 3"
    assert "panel" not in sentence_of(verdict, one.floor)
    for upper in (verdict.upper, None):
        said = sentence_of(replace(verdict, panel=panel, upper=upper), one.floor)
        assert said.endswith(f"; {panel})")


def test_one_prompt_more_is_one(explained):
    (one,) = explained
    verdict = replace(
        next(v for v in one.verdicts), ruling=Ruling.UNDECIDED, reason="more_prompts", upper=0.3,
        lower=0.1, more_prompts=1,
    )  # fmt: skip
    floor = replace(one.floor, bound="exact")
    assert "fail (about 1 more prompt; " in sentence_of(verdict, floor)
    twelve = sentence_of(replace(verdict, more_prompts=12), floor)
    assert "about 12 more prompts; " in twelve
    rated = replace(one.floor, bound="two_way")
    assert "fail (more raters; " in sentence_of(verdict, rated)
    both = sentence_of(replace(verdict, more_prompts=12), rated)
    assert "fail (more raters and about 12 more prompts; " in both
    few = sentence_of(replace(verdict, reason="too_few_prompts", more_prompts=12), rated)
    assert "fail (too few prompts; more raters and about 12 more prompts; " in few


def test_the_page_holds_the_pictures(explained, tmp_path):
    (one,) = explained
    rows = [example.to_row() for example in one.examples]
    page = report.page_of("its <bad> days", [("portrait", one.sentences, rows)])
    assert "its &lt;bad&gt; days" in page
    assert page.count("data:image/jpeg;base64,") == sum(r["file"] is not None for r in rows)
    assert "http" not in page
    assert thumbnail(tmp_path / "nothing.png", clip=False) is None


def test_what_there_is_is_told(small, ran):
    with Store.open(ran.database.parent) as store:
        for offer, category, message in (
            ("painters/oker", "portrait", "offers with one: .*painters/ochre"),
            ("painters/ochre", "potrait", "its categories: .*portrait"),
        ):
            with pytest.raises(CertificationError, match=message):
                pipeline.explain(store, small, ran.findings, offer, category)


def test_the_command(small, ran, tmp_path):
    workspace, page = ran.database.parent, tmp_path / "page.html"
    base = ["floors", small.path, "--workspace", str(workspace)]
    asked = ["--explain", "painters/ochre", "portrait"]
    done = CliRunner().invoke(app, [*base, *asked, "--html", str(page), "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["percentile"] for row in rows] == [5.0, 10.0, 25.0, 50.0]
    assert page.read_text().startswith("<!doctype html>")
    assert CliRunner().invoke(app, [*base, "--html", str(page)]).exit_code == 2
    assert CliRunner().invoke(app, [*base, *asked, "--tags"]).exit_code == 2
