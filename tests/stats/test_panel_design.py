"""The search for a panel: its best design against draws of our own, and against all there are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from qfloor import stats
from qfloor.stats import panel_design
from qfloor.stats.panel_power import latent_spread

PRICES = {"output_price": 0.04, "rating_price": 0.04, "rater_price": 0.3}


def _chance(design, fail_rate, alpha, runs=500, seed=11):
    """How often the bound that floors publish is low enough, in cells drawn here."""
    rng = np.random.default_rng(seed)
    spread = latent_spread(fail_rate, stats.FAIL_ICC, stats.RATER_ICC, stats.SEVERITY)
    each = design.repeats * design.votes
    n, clears = design.prompts * each, 0
    prompt, output = np.arange(n) // each, np.arange(n) // design.votes
    rater = np.arange(n) % design.raters
    for _ in range(runs):
        quality = spread.prompt * rng.standard_normal(design.prompts)[prompt]
        quality += spread.output * rng.standard_normal(design.outputs)[output]
        quality -= spread.rater * rng.standard_normal(design.raters)[rater]
        quality += spread.noise * rng.standard_normal(n)
        fails = quality < special.ndtri(fail_rate)
        bounds = stats.fail_rate_bounds(
            np.where(fails, 0.0, 1.0), 1.0, prompt, alpha=alpha, raters=rater
        )
        clears += bounds.upper <= 0.25
    return clears / runs


@pytest.mark.parametrize(
    ("raters", "prices"),
    [([12], PRICES), ([20], PRICES | {"output_price": 0.6}), (stats.panel_sizes(6, 30), PRICES)],
)
def test_the_best_design_has_the_power_and_hardly_more(raters, prices):
    found = stats.panel_designs(0.08, 0.05, raters=raters, **prices)
    best = found.designs[0]
    error = np.hypot(best.chance.error, np.sqrt(0.8 * 0.2 / 500))
    chance = _chance(best, 0.08, 0.05)
    assert chance == pytest.approx(best.chance.chance, abs=3.5 * error)
    assert 0.8 <= best.chance.chance < 0.86
    fewer = stats.power_with_raters(
        0.08, 0.05, prompts=int(best.prompts * 0.85), raters=best.raters,
        repeats=best.repeats, votes=best.votes,
    )  # fmt: skip
    assert fewer.chance < 0.8
    assert [d.cost for d in found.designs] == sorted(d.cost for d in found.designs)


def test_nothing_cheaper_was_left_out(monkeypatch):
    """Every repeat and number of ratings solved, none passed over for its guess or its cost."""
    asked = {"raters": [9], "output_price": 0.4, "rating_price": 0.04, "rater_price": 0.3}
    found = stats.panel_designs(0.05, 0.05, **asked)
    monkeypatch.setattr(panel_design, "_SLACK", np.inf)
    every = stats.panel_designs(0.05, 0.05, keep=30, **asked)
    assert len(every.designs) == 30
    assert every.designs[0] == found.designs[0]
    ways = {(d.repeats, d.votes) for d in found.designs}
    assert len(ways & {(d.repeats, d.votes) for d in every.designs[:8]}) >= 6


def test_what_a_design_costs_counts_raters_once_each():
    best = stats.panel_designs(0.05, 0.05, raters=[9], **PRICES).designs[0]
    assert best.raters_cost == pytest.approx(9 * 0.3)
    assert best.cost == pytest.approx(best.outputs * 0.04 + best.ratings * 0.04 + 9 * 0.3)
    alone = stats.panel_designs(0.05, 0.05, raters=[500], **PRICES).designs[0]
    assert alone.raters == alone.ratings < 500  # no more than there is something to rate for


def test_of_several_panels_the_cheapest_of_each():
    sizes = stats.panel_sizes(6, 40)
    found = stats.panel_designs(0.05, 0.05, raters=sizes, **PRICES).designs
    assert len({d.raters for d in found}) == len(found) > 4
    assert {d.raters for d in found} - set(sizes)  # near the best it looks closer
    dear = stats.panel_designs(0.05, 0.05, raters=sizes, **(PRICES | {"rater_price": 3.0})).designs
    free = stats.panel_designs(0.05, 0.05, raters=sizes, **(PRICES | {"rater_price": 0.0})).designs
    assert dear[0].raters < found[0].raters < free[0].raters


def test_where_none_does_the_best_seen_is_told():
    found = stats.panel_designs(0.1, 0.05 / 12, raters=[6], power=0.9, **PRICES)
    assert found.designs == ()
    assert found.best_seen.raters == 6
    assert 0.2 < found.best_seen.chance.chance < 0.9
    assert stats.panel_designs(0.3, 0.05, raters=[12], **PRICES).designs == ()


@pytest.mark.parametrize(("fail_rate", "raters", "most"), [(0.1, [10], 102), (0.12, [6, 8], 102)])
def test_a_cheapest_design_that_did_by_luck_is_not_the_end(fail_rate, raters, most):
    """With 400 cells the cheapest seemed to do, with 4,000 not: the search said that none does."""
    asked = {"raters": raters, "most_prompts": most, "keep": 1, **PRICES, "rater_price": 0.0}
    found = stats.panel_designs(fail_rate, 0.05, **asked)
    assert found.designs[0].prompts <= most
    assert found.designs[0].chance.chance >= 0.8
    assert _chance(found.designs[0], fail_rate, 0.05) > 0.75


def test_no_more_prompts_than_there_are():
    free = stats.panel_designs(0.08, 0.05, raters=[12], **PRICES).designs[0]
    few = stats.panel_designs(0.08, 0.05, raters=[12], most_prompts=free.prompts - 5, **PRICES)
    assert all(d.prompts <= free.prompts - 5 for d in few.designs)
    assert few.designs[0].cost > free.cost
    assert all(d.votes <= 2 for d in stats.panel_designs(0.05, 0.05, raters=[2], **PRICES).designs)


@pytest.mark.parametrize(
    "wrong",
    [{"raters": []}, {"raters": [0]}, {"keep": 0}, {"rater_price": -1.0}, {"most_prompts": 0},
     {"alpha": 0.0}, {"power": 1.0}],
)  # fmt: skip
def test_used_wrongly(wrong):
    asked = {"fail_rate": 0.1, "alpha": 0.05, "raters": [12]} | PRICES | wrong
    with pytest.raises(ValueError, match=r"must"):
        stats.panel_designs(asked.pop("fail_rate"), asked.pop("alpha"), **asked)
    with pytest.raises(ValueError, match="must"):
        stats.panel_sizes(9, 8)
