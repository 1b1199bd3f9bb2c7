"""Proportional odds: the one direction in which several metrics together point.

A small maximum-likelihood fit, so that the core needs no statsmodels (the tests hold it against
`statsmodels.miscmodels.ordinal_model.OrderedModel`). It gives a direction and an order;
probabilities are calibrated on top of it by isotonic regression, in `predict`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from qfloor.errors import CertificationError

FloatArray = NDArray[np.float64]

MAX_LEVELS = 12
"""Ratings are cut at quantiles into at most so many levels; more move the direction little."""

RIDGE = 1e-3
"""Penalty on squared slopes of standardised metrics, as a share of the ratings: keeps perfect
separation and twin metrics finite."""


@dataclass(frozen=True, kw_only=True)
class ProportionalOdds:
    """A fitted model: ``logit P(level <= j) = cuts[j] - x . slopes`` on standardised metrics."""

    slopes: tuple[float, ...]
    cuts: tuple[float, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    log_likelihood: float

    def index(self, metrics: ArrayLike) -> FloatArray:
        """Where outputs lie in the direction of better ratings, shape (outputs,)."""
        x = np.asarray(metrics, dtype=np.float64)
        return np.asarray((x - self.centre) / self.spread @ np.asarray(self.slopes))


def fit_proportional_odds(
    metrics: ArrayLike, human: ArrayLike, *, ridge: float = RIDGE
) -> ProportionalOdds:
    """Fit by penalised maximum likelihood.

    Parameters
    ----------
    metrics : array_like, shape (ratings, metrics)
    human : array_like, shape (ratings,)
        Higher is better.
    ridge : float
        See `RIDGE`; 0 is plain maximum likelihood.

    Returns
    -------
    ProportionalOdds

    Raises
    ------
    CertificationError
        When there are fewer than two levels of ratings, or the fit does not converge.

    References
    ----------
    McCullagh, "Regression models for ordinal data", JRSS B 42 (1980) 109-142.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0], [1.0], [2.0]])
    >>> fit_proportional_odds(x, [1, 1, 2, 3, 2, 1]).slopes[0] > 0
    True
    """
    x = np.asarray(metrics, dtype=np.float64)
    level, n_levels = _levels(np.asarray(human, dtype=np.float64))
    if n_levels < 2:
        raise CertificationError("all ratings are the same; no metric can be told to follow them")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0.0] = 1.0
    z = (x - centre) / spread
    shares = np.clip(np.cumsum(np.bincount(level, minlength=n_levels))[:-1] / x.shape[0], 1e-6, 1.0)
    cuts = special.logit(np.minimum(shares, 1 - 1e-6))
    steps = np.log(np.maximum(np.diff(cuts), 1e-3))
    start = np.concatenate([np.zeros(x.shape[1]), cuts[:1], steps])
    found = optimize.minimize(
        _loss, start, args=(z, level, ridge), jac=True, method="L-BFGS-B",
        options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-7},
    )  # fmt: skip
    if not found.success:
        raise CertificationError(f"the proportional-odds fit did not converge: {found.message}")
    slopes, fitted = found.x[: x.shape[1]], _cuts(found.x[x.shape[1] :])
    penalty = 0.5 * ridge * float(slopes @ slopes)
    return ProportionalOdds(
        slopes=tuple(map(float, slopes)),
        cuts=tuple(map(float, fitted)),
        centre=tuple(map(float, centre)),
        spread=tuple(map(float, spread)),
        log_likelihood=-(float(found.fun) - penalty) * x.shape[0],
    )


def _levels(human: FloatArray) -> tuple[NDArray[np.intp], int]:
    """Number ratings 0, 1, ... by value; many values are grouped at quantiles."""
    values = np.unique(human)
    if values.size > MAX_LEVELS:
        inner = np.quantile(human, np.linspace(0.0, 1.0, MAX_LEVELS + 1)[1:-1])
        grouped = np.searchsorted(np.unique(inner), human, side="left")
        values, level = np.unique(grouped, return_inverse=True)
    else:
        level = np.searchsorted(values, human)
    return level.astype(np.intp), int(values.size)


def _cuts(free: FloatArray) -> FloatArray:
    """Rising cuts from a first one and log steps."""
    return np.concatenate([free[:1], free[0] + np.cumsum(np.exp(free[1:]))])


def _loss(
    parameters: FloatArray, z: FloatArray, level: NDArray[np.intp], ridge: float
) -> tuple[float, FloatArray]:
    """Mean negative log likelihood with its gradient."""
    n, d = z.shape
    slopes, free = parameters[:d], parameters[d:]
    cuts = _cuts(free)
    index = z @ slopes
    upper = np.append(cuts, np.inf)[level] - index
    lower = np.append(-np.inf, cuts)[level] - index
    share = np.maximum(special.expit(upper) - special.expit(lower), 1e-300)
    density_up = special.expit(upper) * special.expit(-upper)
    density_low = special.expit(lower) * special.expit(-lower)
    on_index = (density_up - density_low) / share
    on_cut = np.bincount(level, weights=-density_up / share, minlength=cuts.size + 1)[:-1]
    on_cut += np.bincount(level, weights=density_low / share, minlength=cuts.size + 1)[1:]
    # A cut is the first one plus all steps up to it.
    tails = np.cumsum(on_cut[::-1])[::-1]
    gradient = np.concatenate(
        [z.T @ on_index / n + ridge * slopes, tails[:1] / n, np.exp(free[1:]) * tails[1:] / n]
    )
    loss = -float(np.mean(np.log(share))) + 0.5 * ridge * float(slopes @ slopes)
    return loss, gradient
