"""The chance of a certificate with so many raters: against the bound itself, and in its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from qfloor import stats
from qfloor.stats.panel_power import _latent, latent_spread


@pytest.mark.parametrize(("raters", "votes"), [(12, 1), (30, 1), (12, 2)])
def test_it_is_how_often_the_two_way_bound_clears(raters, votes):
    """Drawn apart and judged by the bound of a list of ratings, which shares no code with paths."""
    alpha, prompts, runs = 0.05 / 12, 90, 600
    rng = np.random.default_rng(7)
    u, noise = rng.standard_normal((runs, prompts, 1)), rng.standard_normal((runs, prompts, votes))
    severity = 0.4 * rng.standard_normal((runs, raters))
    prompt = np.repeat(np.arange(prompts), votes)
    rater = np.arange(prompts * votes) % raters
    quality = (u + noise).reshape(runs, -1) - severity[:, rater]
    fails = quality < special.ndtri(0.1) * np.sqrt(2.16)
    clears = [
        stats.korn_graubard_ratings(f, prompt, rater, 1.0 - alpha).upper <= 0.25 for f in fails
    ]
    # prompts alone make ratings alike in that model; outputs add nothing
    alike = np.corrcoef(_pairs(1.0 / 2.16))[0, 1]
    found = stats.power_with_raters(
        0.1, alpha, prompts=prompts, raters=raters, votes=votes, fail_icc=alike, rater_icc=alike
    )
    error = np.hypot(found.error, np.std(clears) / np.sqrt(runs))
    assert found.chance == pytest.approx(np.mean(clears), abs=3.5 * error)


def _pairs(rho):
    rng = np.random.default_rng(1)
    u, own = rng.standard_normal(400_000), rng.standard_normal((2, 400_000))
    return np.sqrt(rho) * u + np.sqrt(1.0 - rho) * own < special.ndtri(0.1)


@pytest.mark.parametrize(("rate", "icc"), [(0.1, 0.28), (0.02, 0.17), (0.2, 0.5), (0.1, 0.9)])
def test_fails_are_as_alike_as_is_said(rate, icc):
    rho = _latent(icc, rate)
    rng = np.random.default_rng(3)
    u, own = rng.standard_normal(400_000), rng.standard_normal((2, 400_000))
    fails = np.sqrt(rho) * u + np.sqrt(1.0 - rho) * own < special.ndtri(rate)
    assert np.corrcoef(fails)[0, 1] == pytest.approx(icc, abs=0.02)


@pytest.mark.parametrize("alike", [(0.28, 0.5, 0.4), (0.5, 1.0, 1.0), (0.9, 0.95, 0.4), (0, 0, 0)])
def test_what_adds_up_to_a_rating_has_variance_1(alike):
    spread = latent_spread(0.1, *alike)
    parts = spread.prompt, spread.output, spread.rater, spread.noise
    assert sum(part**2 for part in parts) == pytest.approx(1.0)
    assert spread.rater == pytest.approx(alike[2] * spread.prompt)


def test_more_raters_help_and_a_large_panel_is_nearly_none():
    chances = [
        stats.power_with_raters(0.1, 0.005, prompts=120, raters=r).chance for r in (8, 20, 60, 120)
    ]
    assert chances == sorted(chances)
    assert chances[0] < 0.2
    alone = stats.certification_power(0.1, 120, 0.005)
    assert alone - 0.06 < chances[-1] <= alone + 0.02


def test_under_six_raters_it_is_about_the_panel():
    few = stats.power_with_raters(0.1, 0.005, prompts=120, raters=5, severity=0.0)
    alone = stats.certification_power(0.1, 120, 0.005)
    assert few.chance == pytest.approx(alone, abs=3.5 * few.error)


def test_at_the_ends():
    def chance(rate):
        return stats.power_with_raters(rate, 0.005, prompts=120, raters=30).chance

    assert (chance(0.0), chance(1.0)) == (1.0, 0.0)
    assert chance(0.25) < 0.03
    assert stats.power_with_raters(0.1, 0.05, prompts=60, raters=9, draws=1).error > 0.2


@pytest.mark.parametrize(
    "wrong",
    [{"fail_rate": 1.1}, {"alpha": 0.0}, {"max_fail": 1.0}, {"prompts": 0}, {"raters": 0},
     {"raters": 2, "votes": 3}, {"draws": 0}, {"severity": -1.0}, {"fail_icc": 0.9}],
)  # fmt: skip
def test_used_wrongly(wrong):
    asked = {"fail_rate": 0.1, "alpha": 0.05, "prompts": 60, "raters": 12} | wrong
    with pytest.raises(ValueError, match=r"must|take"):
        stats.power_with_raters(asked.pop("fail_rate"), asked.pop("alpha"), **asked)
