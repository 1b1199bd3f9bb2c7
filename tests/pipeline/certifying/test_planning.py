"""What a benchmark's certificates take, at its own levels and prices."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from qfloor import benchmark, pipeline, stats
from qfloor.cli import app
from qfloor.errors import BenchmarkError
from qfloor.pipeline.certifying.planning import Assumed, plan_evidence
from qfloor.ratings.panel import rated_prompts
from qfloor.records import Exclusion, ThresholdRule


@pytest.fixture(scope="module")
def painters():
    loaded = benchmark.load("painters")
    return loaded, pipeline.prompts_of(loaded)


def test_cells_of_the_built_in_benchmark(painters):
    cells = {(c.category, c.modality): c for c in plan_evidence(*painters, Assumed())}
    assert len(cells) == 8
    portrait = cells["portrait", "image"]
    assert (portrait.offers, portrait.level, portrait.prompts) == (10, 0.005, 120)
    assert portrait.least == stats.min_prompts(0.005, 0.25)
    assert portrait.needed == stats.prompts_needed(0.1, 0.005)
    assert portrait.chance == pytest.approx(stats.certification_power(0.1, 120, 0.005))
    assert (portrait.best.repeats, portrait.unpriced) == (1, ())
    mean = portrait.output_usd
    best = portrait.best
    assert portrait.total_usd == pytest.approx(10 * best.outputs * mean)
    assert cells["video", "video"].output_usd > mean


def test_ratings_cost_too_and_an_unknown_price_is_no_price(painters):
    loaded, prompts = painters
    free = plan_evidence(loaded, prompts, Assumed())
    paid = plan_evidence(loaded, prompts, Assumed(rating_usd=0.05))
    assert all(p.best.cost > f.best.cost for p, f in zip(paid, free, strict=True))
    first = replace(loaded.offers[0], price=None)
    unpriced = replace(loaded, offers=(first, *loaded.offers[1:]))
    found = plan_evidence(unpriced, prompts, Assumed())
    hit = [c for c in found if c.unpriced]
    assert hit
    assert all(c.total_usd is None and c.unpriced == (first.id,) for c in hit)
    hopeless = plan_evidence(loaded, prompts, Assumed(fail_rate=0.3))
    assert {(c.needed, c.best, c.total_usd) for c in hopeless} == {(None, None, None)}


def test_prompts_that_a_threshold_is_learned_on_do_not_certify(painters):
    loaded, prompts = painters
    rule = ThresholdRule(
        category="portrait", modality="image", quality=loaded.quality.id, tier="professional",
        rule="relative", level=0.01, reference="painters/cobalt", margin=0.5,
    )  # fmt: skip
    kept = tuple(t for t in loaded.thresholds if (t.category, t.tier) != ("portrait", rule.tier))
    cells = plan_evidence(replace(loaded, thresholds=kept, rules=(rule,)), prompts, Assumed())
    fit = {p.family for p in prompts if p.category == "portrait" and p.split == "fit"}
    before = {c.category: c.prompts for c in plan_evidence(loaded, prompts, Assumed())}
    assert fit
    for cell in cells:
        learned = len(fit) if cell.category == "portrait" else 0
        assert cell.prompts == before[cell.category] - learned
        assert cell.level == 0.05 / cell.offers


def test_what_a_benchmark_excludes_is_not_planned(painters):
    loaded, prompts = painters
    before = {(c.category, c.modality): c for c in plan_evidence(loaded, prompts, Assumed())}

    def cells(*exclusions):
        kept = replace(loaded, exclusions=exclusions)
        return {
            (c.category, c.modality): c
            for c in plan_evidence(kept, pipeline.prompts_of(kept), Assumed())
        }

    whole = cells(Exclusion(reason="not ours", category="portrait"))
    assert whole == {place: c for place, c in before.items() if place[0] != "portrait"}
    tag = next(t for p in prompts if p.category == "portrait" for t in p.tags)
    left = {p.family for p in prompts if p.category == "portrait" and tag not in p.tags}
    part = cells(Exclusion(reason="no such traffic", category="portrait", tag=tag))
    assert 0 < len(left) < before["portrait", "image"].prompts
    assert part["portrait", "image"].prompts == len(left)
    assert part["portrait", "image"].chance < before["portrait", "image"].chance


def test_one_offers_exclusions_leave_it_fewer_prompts_and_the_level_as_it_was(painters):
    loaded, prompts = painters
    before = {c.category: c for c in plan_evidence(loaded, prompts, Assumed())}["portrait"]
    one = next(offer.id for offer in loaded.offers if offer.makes("image"))
    tag = next(t for p in prompts if p.category == "portrait" for t in p.tags)
    for exclusion, offers, fewer in (
        (Exclusion(reason="it cannot", offers=one, category="portrait", tag=tag), 10, True),
        (Exclusion(reason="it cannot", offers=one, category="portrait"), 9, False),
    ):
        cells = plan_evidence(replace(loaded, exclusions=(exclusion,)), prompts, Assumed())
        cell = next(c for c in cells if c.category == "portrait")
        assert (cell.offers, cell.level, cell.prompts < before.prompts) == (
            offers, before.level, fewer,
        )  # fmt: skip


def test_the_best_design_asks_for_no_more_prompts_than_the_suites_have(painters, monkeypatch):
    loaded, prompts = painters
    few = [p for i, p in enumerate(sorted(prompts, key=lambda p: p.digest)) if i % 3 == 0]
    ample = {c.category: c for c in plan_evidence(loaded, prompts, Assumed(fail_rate=0.05))}
    assert all(c.best.prompts <= c.prompts and c.beyond is None for c in ample.values())
    rated = plan_evidence(loaded, few, Assumed(fail_rate=0.1))
    assert any(c.beyond for c in rated)
    for cell in rated:
        found = cell.best or cell.beyond
        assert found.raters == loaded.panel.raters
        assert (found.prompts <= cell.prompts) == (cell.best is not None)
    scarce = plan_evidence(replace(loaded, panel=None), few, Assumed(fail_rate=0.1))
    assert scarce
    for cell in scarce:
        unbound = stats.designs(0.1, cell.level, output_price=cell.output_usd, rating_price=0.0)
        fits = [d for d in unbound if d.prompts <= cell.prompts]
        assert cell.best == (fits[0] if fits else None)
        assert cell.beyond == (None if fits else unbound[0])
        assert (cell.total_usd is None) == (not fits)
    assert any(c.beyond for c in scarce)
    assert any(c.best for c in scarce)
    monkeypatch.setattr(pipeline, "prompts_of", lambda benchmark: tuple(few))
    said = call("painters", "--fail", "0.1", "--json")
    rated = plan_evidence(loaded, few, Assumed(fail_rate=0.1, rating_usd=15 / 360, rater_usd=1.25))
    told = next(c for c in rated if c.beyond)
    assert (
        f"{told.category} {told.modality}: no design does it on the {told.prompts} prompts"
        in said.stderr
    )
    assert f"with {told.beyond.prompts - told.prompts} more" in said.stderr
    priced = [c.total_usd for c in rated if c.total_usd is not None]
    assert f"{len(priced)} of {len(rated)} cells: ${sum(priced):,.2f}" in said.stderr
    assert 0 < len(priced) < len(rated)


def test_imported_judgments_have_nothing_to_plan():
    with pytest.raises(BenchmarkError, match="imports its judgments"):
        plan_evidence(benchmark.load("genai_bench"), (), Assumed())


def call(*arguments):
    return CliRunner().invoke(app, ["power", *arguments])


@pytest.mark.parametrize(
    "option", ["--offers=9", "--categories=2", "--alpha=0.01", "--max-fail=0.1", "--price-usd=3"]
)
def test_what_a_benchmark_says_itself_is_not_asked(option):
    refused = call("painters", option)
    assert refused.exit_code == 2
    assert "painters says that itself" in " ".join(refused.output.split())


def test_the_table_for_ones_own_setting():
    rows = json.loads(call("--offers", "40", "--categories", "7", "--json").stdout)
    by_rate = {row["true_fail_rate"]: row for row in rows}
    assert (by_rate[0.1]["alone"], by_rate[0.1]["one of 40"], by_rate[0.1]["one of 280"]) == (
        50, 105, 138,
    )  # fmt: skip
    strict = json.loads(call("--max-fail", "0.1", "--json").stdout)
    assert [row["true_fail_rate"] for row in strict] == [0.02, 0.05]


def test_designs_for_the_raters_there_are():
    asked = ("--offers", "12", "--fail", "0.05", "--json")
    few = call(*asked, "--raters", "12")
    rows = json.loads(few.stdout)
    found = stats.panel_designs(
        0.05, 0.05 / 12, raters=[12], output_price=0.04, rating_price=15 / 360,
        rater_price=15 / 12 / 12,
    ).designs  # fmt: skip
    assert [(r["prompts"], r["repeats"], r["ratings_each"], r["raters"]) for r in rows] == [
        d.what for d in found
    ]
    assert rows[0]["chance_with_raters"] == found[0].chance.chance >= 0.8
    assert rows[0]["raters_usd"] * 12 == pytest.approx(12 * 1.25)
    assert rows[0]["usd_all_offers"] == pytest.approx(12 * found[0].cost)
    assert "each rater costs $1.25 before the first rating" in few.stderr
    assert "about that panel alone" not in few.stderr
    alone = json.loads(call(*asked).stdout)[0]
    assert "chance_with_raters" not in alone
    assert rows[0]["prompts"] * rows[0]["ratings_each"] > alone["prompts"]  # what few raters take


def test_how_many_raters_there_should_be():
    asked = ("--fail", "0.05", "--json")
    any_number = json.loads(call(*asked, "--raters", "auto").stdout)
    some = json.loads(call(*asked, "--raters", "6-9").stdout)
    assert any_number[0]["usd"] <= some[0]["usd"]
    assert {r["raters"] for r in some} <= set(range(6, 10))
    trained = json.loads(call(*asked, "--raters", "auto", "--rater-minutes", "60").stdout)
    free = json.loads(call(*asked, "--raters", "auto", "--rater-minutes", "0").stdout)
    assert trained[0]["raters"] <= any_number[0]["raters"] < free[0]["raters"]
    three = call(*asked, "--raters", "3")
    assert max(row["ratings_each"] for row in json.loads(three.stdout)) <= 3
    assert "a verdict is about that panel alone" in three.stderr


def test_too_few_raters_are_told_so_in_a_sentence():
    refused = call("--offers", "12", "--power", "0.9", "--fail", "0.1", "--raters", "6-8")
    assert refused.exit_code == 1
    said = str(refused.exception)
    assert "no design with 6 to 8 raters certifies a true fail rate of 0.1 with a chance" in said
    assert "the best seen, 10000 x 1 output x 1 rating by 8 raters, has a chance of 0.7" in said
    assert json.loads(call("--fail", "0.3", "--raters", "12", "--json").stdout) == []


@pytest.mark.parametrize("said", ["0", "many", "9-6", "6-", "-4"])
def test_what_is_no_number_of_raters(said):
    refused = call("--fail", "0.1", f"--raters={said}")
    assert refused.exit_code == 2
    assert "neither a number" in " ".join(refused.output.split())


def test_a_benchmarks_own_raters_count(painters):
    loaded, prompts = painters
    cells = {c.category: c for c in plan_evidence(loaded, prompts, Assumed())}
    cell, panel = cells["portrait"], loaded.panel
    seen = set(rated_prompts(prompts, panel))
    families = {p.family for p in prompts if p.category == "portrait" and p.digest in seen}
    assert (cell.raters, cell.seen) == (panel.raters, len(families))
    assert 0 < cell.seen < cell.prompts
    assert cell.rated == stats.power_with_raters(
        0.1, cell.level, prompts=cell.seen, raters=panel.raters, votes=panel.votes
    )
    few = plan_evidence(loaded, prompts, Assumed(raters=(9,)))
    assert {c.raters for c in few} == {9}
    assert next(c for c in few if c.category == "portrait").rated.chance < cell.rated.chance
    nine = next(c for c in few if c.category == "portrait")
    assert nine.best is None or nine.best.raters == 9
    assert cell.best.raters == panel.raters
    assert cell.best.chance.chance >= 0.8
    choice = plan_evidence(loaded, prompts, Assumed(raters=(20, 40), rater_usd=0.4))
    assert {c.raters for c in choice} <= {20, 24, 27, 33, 34, 37, 40}
    share = choice[0].best.raters_cost / choice[0].best.raters
    assert share == pytest.approx(0.4 / sum(c.offers for c in choice))
    none = plan_evidence(replace(loaded, panel=None), prompts, Assumed())
    assert {(c.raters, c.rated) for c in none} == {(None, None)}
    assert all(c.seen == c.prompts for c in none)
    row = json.loads(call("painters", "--json").stdout)[-1]
    assert row["chance_with_raters"] < row["chance"]


@pytest.mark.parametrize("asked", [(), ("--fail", "0.1"), ("painters",)])
def test_it_says_that_the_panel_is_taken_to_be_large(asked):
    found = call(*asked, "--json")
    said = " ".join(found.stderr.split())
    assert ("panel of raters is taken to be large" in said) == ("painters" not in asked)
    assert ("chance and needed take the panel of raters to be large" in said) == (
        "painters" in asked
    )
    assert json.loads(found.stdout)


def test_designs_and_benchmarks():
    rows = json.loads(call("--fail", "0.1", "--price-usd", "2", "--json").stdout)
    assert rows[0]["ratings_each"] > 1
    assert rows[0]["usd"] == min(row["usd"] for row in rows)
    assert rows[0]["usd"] == pytest.approx(rows[0]["outputs_usd"] + rows[0]["ratings_usd"])
    planned = call("painters", "--json")
    assert planned.exit_code == 0
    assert {row["category"] for row in json.loads(planned.stdout)} >= {"portrait", "video"}
    nothing = call("--fail", "0.3")
    assert "nothing can be certified" in nothing.stdout


@pytest.mark.parametrize(
    "wrong",
    [("--offers", "0"), ("--categories", "0"), ("--alpha", "1"), ("--fail", "2"),
     ("--raters", "12"), ("--raters", "0"), ("--price-usd", "-1"),
     ("--rater-icc", "0.1"), ("--power", "0"), ("--alpha", "0.5")],
)  # fmt: skip
def test_used_wrongly_is_exit_2(wrong):
    assert call(*wrong).exit_code == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--price-usd", "nan"), "nan must be a number from 0 on"),
        (("--fail-icc", "-0.1"), "-0.1 must lie in 0 to 1"),
        (("--alpha", "0.7"), "0.7 must lie between 0 and 0.5"),
    ],
)
def test_the_value_at_fault_is_named(wrong, says):
    told = call("--fail", "0.1", *wrong)
    assert says in told.output
    assert wrong[0] in told.output


def test_progress_is_told_on_stderr():
    """With a choice of raters each cell takes seconds."""
    got = call("painters")
    assert got.exit_code == 0
    told = [line for line in got.stderr.splitlines() if line.startswith("cells ")]
    assert (told[0], told[-1]) == ("cells      0/8", "cells      8/8")
    assert "0/8" not in got.stdout
