"""Proportional odds, held against statsmodels and against its own gradient."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from qfloor.calibrate import fit_proportional_odds
from qfloor.calibrate.ordinal import MAX_LEVELS, _levels, _loss
from qfloor.errors import CertificationError


def _ratings(n: int = 400, levels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 2)) * [1.0, 20.0] + [0.0, 5.0]
    latent = 1.2 * x[:, 0] - 0.04 * x[:, 1] + rng.logistic(size=n)
    return x, np.digitize(latent, np.quantile(latent, np.linspace(0, 1, levels + 1)[1:-1])) + 1.0


def test_slopes_cuts_and_likelihood_are_those_of_statsmodels() -> None:
    ordinal = pytest.importorskip("statsmodels.miscmodels.ordinal_model")
    x, human = _ratings()
    found = fit_proportional_odds(x, human, ridge=0.0)
    model = ordinal.OrderedModel(human, x, distr="logit")
    theirs = model.fit(method="bfgs", disp=False, maxiter=2000, gtol=1e-8)
    slopes = np.array(found.slopes) / found.spread
    assert slopes == pytest.approx(theirs.params[:2], rel=1e-3)
    assert found.log_likelihood == pytest.approx(theirs.llf, rel=1e-7)
    cuts = model.transform_threshold_params(theirs.params)[1:-1]
    shift = float(slopes @ np.array(found.centre))
    assert np.array(found.cuts) + shift == pytest.approx(cuts, rel=2e-3, abs=2e-3)


def test_the_gradient_is_the_loss_s() -> None:
    x, human = _ratings(60)
    level, n = _levels(human)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    at = np.concatenate([[0.3, -0.2, -1.0], np.full(n - 2, -0.3)])
    error = optimize.check_grad(
        lambda p: _loss(p, z, level, 0.1)[0], lambda p: _loss(p, z, level, 0.1)[1], at
    )
    assert error < 1e-5


def test_many_values_are_cut_into_few_levels_and_the_direction_stays() -> None:
    x, _ = _ratings(300)
    human = np.round(3 * x[:, 0] + 0.1, 2)
    assert _levels(human)[1] <= MAX_LEVELS
    found = fit_proportional_odds(x, human)
    assert found.slopes[0] > 10 * abs(found.slopes[1])
    order = np.argsort(found.index(x))
    assert np.corrcoef(np.arange(300), human[order])[0, 1] > 0.9


def test_twin_metrics_and_constant_ones_do_no_harm() -> None:
    x, human = _ratings(200)
    twins = np.column_stack([x[:, 0], x[:, 0], np.ones(200)])
    found = fit_proportional_odds(twins, human)
    assert found.slopes[0] == pytest.approx(found.slopes[1], abs=1e-3)
    assert found.slopes[2] == pytest.approx(0.0, abs=1e-6)


def test_ratings_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(CertificationError, match="all ratings are the same"):
        fit_proportional_odds(np.ones((5, 1)), np.ones(5))
