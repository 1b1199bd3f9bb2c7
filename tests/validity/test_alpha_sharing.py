"""The study of ways to share alpha: Holm is the product's, and shares add up to at most all."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "validity"))

import alpha_sharing  # noqa: E402
from adaptive_holm import FamilyWalk  # noqa: E402

CHAINS, HORIZON = 4, 70


def _family(weight: np.ndarray) -> alpha_sharing.Family:
    some = np.zeros(weight.size, dtype=bool)
    return alpha_sharing.Family(truly=some, wealth=np.ones(weight.size), weight=weight)


def test_holm_in_the_study_is_holm_in_the_spend() -> None:
    rng = np.random.default_rng(3)
    walk = FamilyWalk(
        HORIZON, alpha_sharing.ALPHA, CHAINS, patience=alpha_sharing.PATIENCE_SHARED, batch=5
    )
    made = alpha_sharing.Boundaries(HORIZON, CHAINS, "exact_sequential")
    shared = alpha_sharing.Shared(alpha_sharing.HOLM, made)
    seen = set()
    for _ in range(12):
        rates = np.sort(rng.random((CHAINS, 2)) ** 2 * 0.9, axis=1)
        u = rng.random((CHAINS, 1, HORIZON))
        fails = np.cumsum(u < rates[:, :, None], axis=2)
        usual, usual_n = walk(fails)
        ones = np.ones(CHAINS)
        found, n = shared(fails, np.where(rates < 0.25, 1, -1), (ones, ones))
        assert (found == usual).all()
        assert (n == usual_n).all()
        seen |= set(found.ravel().tolist())
    assert seen == {1, 0, -1}


@pytest.mark.parametrize("shares", [alpha_sharing.holm, alpha_sharing.by_steps])
def test_open_chains_have_all_of_alpha_and_no_more_and_none_loses_by_others(shares) -> None:
    """What a graph asks: the sum is at most 1, and what others find takes nothing away."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        weight = rng.choice([0.1, 1.0], CHAINS) if shares is alpha_sharing.holm else np.ones(CHAINS)
        tiers = np.arange(3)
        done = rng.integers(0, 4, CHAINS)  # lower tiers are found first
        found = tiers[None, :] < done[:, None]
        open_ = ~found.all(axis=1)
        now = shares(_family(weight), found)
        assert now[open_].sum() == pytest.approx(1.0 if open_.any() else 0.0)
        if open_.sum() > 1:
            other = rng.choice(np.flatnonzero(open_))
            later = shares(
                _family(weight), tiers[None, :] < (done + np.eye(CHAINS, dtype=int)[other])[:, None]
            )
            kept = np.delete(np.arange(CHAINS), other)
            assert (later[kept] >= now[kept] - 1e-12).all()


def test_averages_ask_each_set_with_it() -> None:
    """Two of three offers have nothing: certified at three times 1/alpha less what they have."""
    family = _family(np.ones(3))
    family.wealth = np.array([50.0, 0.5, 0.5])
    share = alpha_sharing.averages(family, np.zeros((3, 1), dtype=bool))[0]
    assert 1.0 / (share * alpha_sharing.ALPHA) == pytest.approx(3 / alpha_sharing.ALPHA - 1.0)
