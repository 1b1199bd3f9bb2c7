"""The simulated panel: who rates what, the same for every offer, and never twice."""

from __future__ import annotations

import ast
import inspect
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from statistics import fmean

import pytest

from qfloor.errors import RatingsError
from qfloor.generators.builtin.defects import Defect
from qfloor.generators.builtin.raters import RATERS, true_quality
from qfloor.ratings import panel as panel_module
from qfloor.ratings import rate_outputs
from qfloor.ratings.panel import rated_prompts
from qfloor.records import Output, Prompt, Status


@dataclass(frozen=True)
class Panel:
    share: float = 1.0
    raters: int = 14
    votes: int = 2
    seed: int = 11


def prompts(n=40, category="portrait"):
    return [Prompt(id=f"{category}-{i}", text=f"fox {i}", category=category) for i in range(n)]


def outputs_of(
    asked, offers=("painters/a", "painters/b"), status=Status.MADE, defects=(), repeats=1
):
    return [
        Output(
            id=f"{offer}|{prompt.id}|{repeat}",
            prompt_id=prompt.id,
            prompt_digest=prompt.digest,
            offer_id=offer,
            repeat=repeat,
            round="2026-11",
            status=status,
            reason="ok" if status is Status.MADE else "refused_input",
            report={"defects": [vars(d) for d in defects]} if status is Status.MADE else {},
        )
        for prompt in asked
        for offer in offers
        for repeat in range(repeats)
    ]


def rate(store, asked, outputs, panel):
    store.save_prompts(asked)
    store.save_outputs(outputs)
    return rate_outputs(store, outputs, {p.digest: p for p in asked}, panel)


def test_every_made_output_gets_its_votes_by_different_raters(store):
    asked = prompts()
    assert rate(store, asked, outputs_of(asked), Panel(votes=3)) == 40 * 2 * 3
    given = defaultdict(list)
    for rating in store.ratings_of(criterion="overall"):
        given[rating.output_id].append(rating.rater)
        assert (rating.lo, rating.hi) == (0, 10)
        assert rating.value == round(rating.value, 1)
        assert isinstance(rating.usable, bool)
        assert "simulated" in rating.source
        assert "simulated" in rating.rater
    assert {len(set(raters)) for raters in given.values()} == {3}
    assert len(given) == 80


def test_the_same_prompts_and_raters_for_every_offer(store):
    asked = prompts(60)
    rate(store, asked, outputs_of(asked), Panel(share=0.5, votes=1))
    seen = defaultdict(set)
    for rating in store.ratings_of():
        offer, prompt, _ = rating.output_id.split("|")
        seen[offer].add((prompt, rating.rater))
    assert seen["painters/a"] == seen["painters/b"]
    assert 18 <= len(seen["painters/a"]) <= 42


@pytest.mark.parametrize(
    ("raters", "votes", "repeats"), [(14, 1, 1), (40, 1, 1), (12, 5, 1), (7, 2, 2)]
)
def test_the_rotation_is_balanced_in_every_cell(store, raters, votes, repeats):
    asked = prompts(50) + prompts(33, "landscape")
    outputs = outputs_of(asked, repeats=repeats)
    rate(store, asked, outputs, Panel(raters=raters, votes=votes))
    load = defaultdict(Counter)
    for rating in store.ratings_of():
        offer, prompt, repeat = rating.output_id.split("|")
        load[offer, prompt.split("-")[0], repeat][rating.rater] += 1
    for counts in load.values():
        every = [counts[r] for r in {r for c in load.values() for r in c}]
        assert max(every) - min(every) <= 1
    assert len({r for c in load.values() for r in c}) == raters


def test_a_larger_share_only_adds_prompts():
    asked = prompts(300)
    few, many = (rated_prompts(asked, Panel(share=s)) for s in (0.3, 0.6))
    assert set(few) < set(many)
    assert all(few[d] == many[d] for d in few)
    assert 60 <= len(few) <= 120
    assert set(rated_prompts(asked, Panel(share=0.3, seed=12))) != set(few)


def test_what_was_not_made_gets_no_rating(store):
    asked = prompts(10)
    for status in (Status.REFUSED, Status.BLANK, Status.FAILED):
        assert rate(store, asked, outputs_of(asked, (status.value,), status), Panel()) == 0


def test_resuming_adds_only_what_is_missing_and_changes_nothing(store):
    asked = prompts(20)
    outputs = outputs_of(asked)
    first = rate(store, asked, outputs[:15], Panel())
    assert first == 30
    before = {r.id: r for r in store.ratings_of()}
    assert rate(store, asked, outputs, Panel()) == 80 - 30
    assert rate(store, asked, outputs, Panel()) == 0
    after = {r.id: r for r in store.ratings_of()}
    assert before.items() <= after.items()


def test_more_votes_and_more_prompts_top_up(store):
    asked = prompts(20)
    outputs = outputs_of(asked)
    rate(store, asked, outputs, Panel(votes=1))
    assert rate(store, asked, outputs, Panel(votes=3)) == 80
    more = prompts(26)
    assert rate(store, more, outputs_of(more), Panel(votes=3)) == 6 * 2 * 3
    assert set(Counter(r.output_id for r in store.ratings_of()).values()) == {3}


def test_ratings_follow_the_defect_log_and_nothing_else(store):
    asked = prompts(60)
    log = (Defect(name="blur", severity=0.6),)
    good, bad = outputs_of(asked, ("painters/a",)), outputs_of(asked, ("painters/b",), defects=log)
    renamed = [replace(o, id=f"{o.id}x", offer_id="painters/z") for o in bad]
    rate(store, asked, [*good, *bad, *renamed], Panel(raters=40))
    values = defaultdict(list)
    for rating in store.ratings_of():
        values[rating.output_id.split("|")[0], rating.output_id.endswith("x")].append(rating.value)
    assert fmean(values["painters/a", False]) == pytest.approx(true_quality([]), abs=0.25)
    for name in (("painters/b", False), ("painters/b", True)):
        assert fmean(values[name]) == pytest.approx(true_quality(log), abs=0.25)


def test_the_panel_knows_no_metric_and_no_painter():
    names = {
        node.module
        for node in ast.walk(ast.parse(inspect.getsource(panel_module)))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("qfloor.gen")
    }
    assert names == {"qfloor.generators.builtin.defects", "qfloor.generators.builtin.raters"}


def test_other_makers_cannot_be_rated_by_simulation(store):
    asked = prompts(1)
    outputs = [replace(o, report={}) for o in outputs_of(asked)]
    with pytest.raises(
        RatingsError, match="has no defect log; simulated raters rate painters only"
    ):
        rate(store, asked, outputs, Panel())
    assert list(store.ratings_of()) == []


def test_another_seed_in_the_same_round_is_refused(store):
    asked = prompts(5)
    rate(store, asked, outputs_of(asked), Panel())
    with pytest.raises(RatingsError, match="ratings of another 'simulated panel, seed 11'"):
        rate(store, asked, outputs_of(asked), Panel(seed=12))


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (Panel(raters=len(RATERS) + 1), "1 to 40 raters, not 41"),
        (Panel(raters=0), "1 to 40 raters, not 0"),
        (Panel(raters=3, votes=4), "gives an output 1 to 3 votes, not 4"),
        (Panel(votes=0), "votes, not 0"),
        (Panel(share=0), "must be above 0"),
        (Panel(share=1.5), "must be above 0, up to 1"),
    ],
)
def test_panels_that_cannot_be(store, panel, message):
    with pytest.raises(RatingsError, match=message):
        rate(store, [], [], panel)
