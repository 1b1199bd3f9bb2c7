"""Votes that cross prompts and raters: codes, weights, and the variance both give.

Votes of one rater are alike, and so are votes on one prompt; a vote belongs to one of each. What
is computed of them is an `Estimate` that says on how many prompts and raters it stands.

It takes codes and numbers, and knows nothing of arms, sides or sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.rater_parts import clustered, rater_prices
from qfloor.stats.two_way import FEW_RATERS

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]
Method = Literal["independent", "two_way"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its two-sided interval and one-sided upper bound, and what it stands on.

    ``low``, ``high`` hold together at ``confidence``, ``upper`` alone at ``confidence``; all are
    None where one rater or one prompt says nothing about others, or has most of all votes.
    ``conditional_on_panel`` marks
    statements on fewer than six raters.
    """

    value: float
    low: float | None
    high: float | None
    upper: float | None
    n: int
    n_prompts: int
    n_raters: int
    n_star: float
    method: Method
    conditional_on_panel: bool
    confidence: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossing:
    """Which prompt and which rater each vote belongs to, and what it weighs.

    Build it with `crossing`; codes run from 0, weights sum to 1.
    """

    prompt: Codes
    rater: Codes
    weight: FloatArray
    n_prompts: int
    n_raters: int

    @property
    def independent(self) -> bool:
        """Whether every prompt and every rater comes once."""
        return self.n_prompts == self.prompt.size == self.n_raters

    def variance(self, residual: FloatArray) -> float:
        """Two-way variance of a weighted sum of residuals, never below either part alone."""
        return sum(self.parts(residual))

    def parts(self, residual: FloatArray) -> tuple[float, float]:
        """That variance by prompts, and what raters add to it.

        A rater's square counts what makes it right on average whatever his share of the votes
        (`rater_parts.rater_prices`): counted as if all had given as many, raters' part was .8 of
        itself where four of 34 gave a fifth each.
        """
        part = self.weight * residual
        prompts, cells = (clustered(part, c) for c in (self.prompt, self.cell))
        raters = float(np.bincount(self.rater, weights=part) ** 2 @ self._rater_price)
        return prompts, max(raters - cells, raters - prompts, 0.0)

    @cached_property
    def _rater_price(self) -> FloatArray:
        return rater_prices(np.bincount(self.rater, weights=self.weight).astype(np.float64))

    @cached_property
    def cell(self) -> Codes:
        """Code of the rater-prompt cell of each vote."""
        return _codes(self.prompt * self.n_raters + self.rater)

    @property
    def clusters(self) -> float:
        """How many prompts the weights are worth."""
        of_prompt = np.bincount(self.prompt, weights=self.weight)
        return float(1.0 / of_prompt.max())

    @property
    def df(self) -> float:
        """Degrees of freedom: the scarcer of prompts and raters less one; votes if independent.

        Raters count for what their votes weigh, as prompts do in `clusters`: where one gave half of
        all votes there are two, whoever else came. Counted by heads, intervals at 95 % held 78 %.
        """
        if self.independent:
            return self.prompt.size - 1.0
        of_rater = np.bincount(self.rater, weights=self.weight)
        return min(float(self.n_prompts), float(1.0 / of_rater.max())) - 1.0


def crossing(prompts: ArrayLike, raters: ArrayLike, weights: ArrayLike | None = None) -> Crossing:
    """Say how votes cross prompts and raters.

    Parameters
    ----------
    prompts, raters : array_like of int, shape (votes,)
        Any whole numbers that name them.
    weights : array_like, shape (votes,), optional
        Positive; by default all votes weigh the same.

    Returns
    -------
    Crossing
        Votes in the order given, their weights adding up to 1.

    Raises
    ------
    ValueError
        If there is no vote, the lists differ in length or a weight is not positive.

    Examples
    --------
    >>> votes = crossing([7, 7, 9], [1, 2, 1])
    >>> votes.n_prompts, votes.n_raters, votes.independent
    (2, 2, False)
    """
    prompt, rater = (_codes(given) for given in (prompts, raters))
    weight = np.ones(prompt.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if not prompt.size or rater.shape != prompt.shape or weight.shape != prompt.shape:
        raise ValueError("prompts, raters and weights must be lists of one length, not empty.")
    if not np.all((weight > 0.0) & np.isfinite(weight)):
        raise ValueError("weights must be positive numbers.")
    return Crossing(
        prompt=prompt,
        rater=rater,
        weight=weight / weight.sum(),
        n_prompts=int(prompt.max()) + 1,
        n_raters=int(rater.max()) + 1,
    )


def estimate(
    value: float,
    low: float | None,
    high: float | None,
    upper: float | None,
    n_star: float,
    crossed: Crossing,
    confidence: float,
) -> Estimate:
    """Put an estimate together with what it stands on."""
    return Estimate(
        value=value,
        low=low,
        high=high,
        upper=upper,
        n=crossed.prompt.size,
        n_prompts=crossed.n_prompts,
        n_raters=crossed.n_raters,
        n_star=n_star,
        method="independent" if crossed.independent else "two_way",
        conditional_on_panel=crossed.n_raters < FEW_RATERS,
        confidence=confidence,
    )


def weighted_mean(x: FloatArray, crossed: Crossing) -> float:
    """Weighted mean; of equal numbers that number, to the last bit."""
    if x.min() == x.max():
        return float(x[0])
    if crossed.weight.min() == crossed.weight.max():
        return float(x.sum() / x.size)
    return float(np.sum(crossed.weight * x))


def checked_values(given: ArrayLike, crossed: Crossing) -> FloatArray:
    """Return one finite number for each vote, or raise ValueError."""
    x = np.asarray(given, dtype=np.float64)
    if x.shape != crossed.prompt.shape or not np.all(np.isfinite(x)):
        raise ValueError(f"values must be one list of {crossed.prompt.size} finite numbers.")
    return x


def _codes(given: ArrayLike) -> Codes:
    labels = np.asarray(given)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError("prompts and raters must be one list of whole numbers each.")
    if labels.size and labels.min() >= 0 and labels.max() < 4 * labels.size:
        taken = np.zeros(int(labels.max()) + 1, dtype=bool)  # counting is faster than sorting
        taken[labels] = True
        return np.asarray((np.cumsum(taken) - 1)[labels], dtype=np.intp)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.intp)
