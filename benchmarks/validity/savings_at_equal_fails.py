"""What routing saves at an equal served fail rate, against the best single offer.

Cheap offers that fail more often save money trivially. So policies are compared where they fail as
often as the best single offer does: on a line of money against fails, at that offer's height. Each
policy sends every group of prompts to one offer, learned on other prompts than it is judged on;
two neighbouring policies can be mixed, which is what the lower hull is. Arrays in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

WEIGHTS = (0.0, *np.geomspace(1e-4, 1e2, 41).tolist())
"""What one point of fail rate may cost in prices, from nothing to nearly anything."""


@dataclass(frozen=True, kw_only=True)
class EqualSavings:
    """Share saved at the best single offer's fail rate plus each allowance, with intervals.

    ``rows`` hold allowance, saved share, and its two-sided limits.
    """

    best: str
    best_fails: float
    n_prompts: int
    groups: int
    confidence: float
    resamples: int
    rows: tuple[tuple[float, float, float, float], ...]


def savings_at_equal_fails(
    fails: Floats,
    prices: Sequence[float],
    groups: Ints,
    folds: Ints,
    names: Sequence[str],
    *,
    allowances: Sequence[float] = (0.0, 0.01, 0.02, 0.05),
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 1,
) -> EqualSavings:
    """Compare routed mixes with the best single offer at equal fail rates.

    Parameters
    ----------
    fails : array, shape (prompts, offers)
        Share of each output's ratings that fall short.
    prices : sequence of float
        Of one output, by offer; all must be known.
    groups : array of int, shape (prompts,)
        What a router knows of a prompt before anything is made: its category.
    folds : array of int, shape (prompts,)
        A prompt is routed by what the other folds say.
    names : sequence of str
    allowances : sequence of float
        How much more may fail than with the best single offer.
    resamples, confidence, seed
        Of the bootstrap over prompts; policies are learned anew in each.

    Returns
    -------
    EqualSavings

    Raises
    ------
    ValueError
        When shapes do not fit or there are fewer than two folds.
    """
    fails, costs = np.asarray(fails, dtype=np.float64), np.asarray(prices, dtype=np.float64)
    if fails.ndim != 2 or fails.shape[1] != costs.size or len(names) != costs.size:
        raise ValueError("fails must have a column for each price and name.")
    if groups.shape != folds.shape or groups.shape != fails.shape[:1] or np.unique(folds).size < 2:
        raise ValueError(
            "groups and folds must have a value for each prompt, of two folds or more."
        )
    rng = np.random.default_rng(seed)
    best = int(np.lexsort((costs, fails.mean(axis=0)))[0])
    frontier = policies(fails, costs, groups, folds)
    found = [_saved(frontier, fails, costs, best, a) for a in allowances]
    drawn = np.empty((resamples, len(allowances)))
    for i in range(resamples):
        rows = rng.integers(0, len(fails), len(fails))
        # copies of one prompt stay in one fold, or it would be judged by itself
        again = policies(fails[rows], costs, groups[rows], folds[rows])
        drawn[i] = [_saved(again, fails[rows], costs, best, a) for a in allowances]
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return EqualSavings(
        best=names[best],
        best_fails=float(fails[:, best].mean()),
        n_prompts=len(fails),
        groups=int(np.unique(groups).size),
        confidence=confidence,
        resamples=resamples,
        rows=tuple(
            (float(a), float(s), float(lo), float(hi))
            for a, s, lo, hi in zip(allowances, found, low, high, strict=True)
        ),
    )


def policies(fails: Floats, costs: Floats, groups: Ints, folds: Ints) -> Floats:
    """Money and fails of every policy, judged on prompts that it did not learn from.

    Returns
    -------
    array, shape (policies, 2)
    """
    weights = np.asarray(WEIGHTS)
    money, failed = np.zeros(weights.size), np.zeros(weights.size)
    for fold in np.unique(folds):
        held = folds == fold
        for group in np.unique(groups[held]):
            learn, judge = ~held & (groups == group), held & (groups == group)
            if not learn.any():
                learn = ~held
            known = fails[learn].mean(axis=0)
            chosen = np.argmin(costs[None, :] + weights[:, None] * known[None, :], axis=1)
            money += costs[chosen] * judge.sum()
            failed += fails[judge].sum(axis=0)[chosen]
    return np.column_stack([money, failed]) / len(fails)


def _saved(frontier: Floats, fails: Floats, costs: Floats, best: int, allowance: float) -> float:
    """Share saved at the fail rate of the best single offer and an allowance, on the lower hull.

    The best single offer is a policy as well, so that nothing is ever lost by routing.
    """
    allowed = fails[:, best].mean() + allowance
    single = np.column_stack([costs, fails.mean(axis=0)])
    points = np.vstack([frontier, single[best][None, :]])
    return 1.0 - cheapest_mix(points, float(allowed)) / float(costs[best])


def cheapest_mix(points: Floats, allowed: float) -> float:
    """Least money at which a mix of at most two points fails no more often than allowed.

    Examples
    --------
    >>> cheapest_mix(np.array([[0.04, 0.02], [0.01, 0.06]]), 0.04)
    0.025
    """
    good = points[points[:, 1] <= allowed + 1e-12]
    bad = points[points[:, 1] > allowed + 1e-12]
    least = float(good[:, 0].min())
    for dear, fine in good:
        for cheap, poor in bad:
            if cheap < dear:
                share = (allowed - fine) / (poor - fine)
                least = min(least, dear + share * (cheap - dear))
    return float(round(least, 12))
