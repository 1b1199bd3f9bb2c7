"""Shares and means of votes over random prompts *and* random raters, with intervals.

Votes of one rater are alike, and so are votes on one prompt. Where every rater and every prompt
comes once, Clopper-Pearson is exact and is used; otherwise both enter the variance (as in
`two_way`, whose one-sided bound of a fail rate this widens to intervals, weights, means and
differences). Every estimate says on how many prompts and raters it stands.

It takes codes and numbers, and knows nothing of arms, sides or sessions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.binomial import check_share, clopper_pearson_lower, clopper_pearson_upper
from qfloor.stats.clusters import effective, effective_size
from qfloor.stats.discrimination import difference_p_value, similarity_p_value
from qfloor.stats.paired_shares import paired_difference_p_value, paired_difference_upper
from qfloor.stats.two_way import FEW_RATERS, clustered

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]
Method = Literal["independent", "two_way"]

ENOUGH_CHOICES = 100
"""Effective votes for either arm from which on Student's interval of their difference is used."""


Bounds = tuple[float | None, float | None, float | None, float | None, float | None]
"""Low, high, one-sided upper; p-values of "similar" and "different"."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its two-sided interval and one-sided upper bound, and what it stands on.

    ``low``, ``high`` hold together at ``confidence``, ``upper`` alone at ``confidence``; all are
    None where one rater or one prompt says nothing about others. ``conditional_on_panel`` marks
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
        part = self.weight * residual
        prompts, raters, cells = (clustered(part, c) for c in (self.prompt, self.rater, self.cell))
        return max(prompts + raters - cells, prompts, raters)

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
        """Degrees of freedom: the scarcer of prompts and raters less one; votes if independent."""
        scarce = self.prompt.size if self.independent else min(self.n_prompts, self.n_raters)
        return scarce - 1.0


def crossing(prompts: ArrayLike, raters: ArrayLike, weights: ArrayLike | None = None) -> Crossing:
    """Say how votes cross prompts and raters.

    Parameters
    ----------
    prompts, raters : array_like of int, shape (votes,)
        Any whole numbers that name them.
    weights : array_like, shape (votes,), optional
        Positive; by default all votes weigh the same.

    Raises
    ------
    ValueError
        If there is no vote, the lists differ in length or a weight is not positive.
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


def two_way_share(chosen: ArrayLike, crossed: Crossing, confidence: float = 0.95) -> Estimate:
    """Share of votes of which something holds.

    Parameters
    ----------
    chosen : array_like of bool, shape (votes,)
    crossed : Crossing
    confidence : float
        Strictly between 0.5 and 1.

    Returns
    -------
    Estimate
        In [0, 1]. Clopper-Pearson of the votes where all are independent and weigh the same, of
        the effective number of votes ``n*`` otherwise (see `two_way.korn_graubard_ratings`).

    Raises
    ------
    ValueError
        If the lists differ in length or the level is out of range.

    Examples
    --------
    >>> votes = crossing(np.arange(12_000), np.arange(12_000))
    >>> share = two_way_share(np.arange(12_000) < 360, votes)
    >>> print(f"{share.value:.4f} {share.low:.4f} {share.high:.4f} {share.upper:.4f}")
    0.0300 0.0270 0.0332 0.0327
    """
    alpha = _alpha(confidence)
    y = _values(chosen, crossed)
    p = _mean(y, crossed)
    n_star = _effective_votes(p, y - p, crossed, alpha / 2.0)
    known = n_star > 0.0
    floor = clopper_pearson_upper(0, crossed.clusters, alpha / 2.0)  # what no vote at all rules out
    k = min(p * n_star, n_star)
    low = min(clopper_pearson_lower(k, n_star, alpha / 2.0), 1.0 - floor) if known else None
    high = max(clopper_pearson_upper(k, n_star, alpha / 2.0), floor) if known else None
    least = clopper_pearson_upper(0, crossed.clusters, alpha)
    upper = max(clopper_pearson_upper(k, n_star, alpha), least) if known else None
    return _estimate(p, low, high, upper, n_star, crossed, confidence)


def two_way_mean(values: ArrayLike, crossed: Crossing, confidence: float = 0.95) -> Estimate:
    """Weighted mean of finite numbers, with Student's interval over prompts and raters.

    Parameters, returns and errors are those of `two_way_share`.

    Examples
    --------
    >>> found = two_way_mean([0.5, 1.5, 0.0, 2.0], crossing(range(4), range(4)))
    >>> print(f"{found.value:.2f} {found.low:.2f} {found.high:.2f}")
    1.00 -0.45 2.45
    """
    alpha = _alpha(confidence)
    x = _values(values, crossed)
    mean = _mean(x, crossed)
    low = high = upper = None
    if crossed.df >= 1:
        error = math.sqrt(crossed.variance(x - mean))
        both = float(special.stdtrit(crossed.df, 1.0 - alpha / 2.0)) * error
        low, high = mean - both, mean + both
        upper = mean + float(special.stdtrit(crossed.df, 1.0 - alpha)) * error
    return _estimate(mean, low, high, upper, float(x.size), crossed, confidence)


def mean_p_value(values: ArrayLike, crossed: Crossing, margin: float) -> float | None:
    """One-sided p-value of "the mean is at least ``margin``"; None where nothing can be said.

    Examples
    --------
    >>> print(f"{mean_p_value([0.1, -0.1, 0.2, 0.0], crossing(range(4), range(4)), 0.5):.4f}")
    0.0030
    """
    if crossed.df < 1:
        return None
    x = _values(values, crossed)
    mean = _mean(x, crossed)
    error = math.sqrt(crossed.variance(x - mean))
    if error == 0.0:
        return 0.0 if mean < margin else 1.0
    return float(special.stdtr(crossed.df, (mean - margin) / error))


@dataclass(frozen=True, kw_only=True)
class Discriminability:
    """How much of a difference people see: share for one arm less share for the other.

    ``net`` holds the difference, its score interval and its upper bound. ``p_similar`` belongs
    to "the difference is at least ``pd0``", ``p_different`` to "there is none".
    """

    net: Estimate
    pd0: float
    p_similar: float | None
    p_different: float | None
    standard_error: float | None

    @property
    def pd(self) -> float:
        """Discriminability: the net difference, and 0 where it is negative."""
        return max(0.0, self.net.value)

    def similar(self, alpha: float) -> bool:
        """Whether a discriminability of ``pd0`` is ruled out at this level."""
        return self.p_similar is not None and self.p_similar <= alpha


def two_way_discriminability(
    choices: ArrayLike, crossed: Crossing, pd0: float, confidence: float = 0.95
) -> Discriminability:
    """Net share of votes for an arm, with a similarity test, over prompts and raters.

    Parameters
    ----------
    choices : array_like, shape (votes,)
        +1 for the arm that is said to be better, -1 for the other, 0 for neither.
    crossed : Crossing
    pd0 : float
        Difference that would matter, strictly between 0 and 1.
    confidence : float
        Strictly between 0.5 and 1.

    Returns
    -------
    Discriminability
        Without any 0 choices are forced, and the exact binomial of correct choices decides, at
        ``n*`` votes. Otherwise Student's interval of the mean choice; where fewer than
        `ENOUGH_CHOICES` chose a side, Tango's score interval of paired shares, at ``n*`` votes.

    Raises
    ------
    ValueError
        If a choice is none of the three, or an argument is out of range.

    Examples
    --------
    >>> choices = np.repeat([1, -1, 0], [540, 180, 11_280])
    >>> found = two_way_discriminability(choices, crossing(range(12_000), range(12_000)), 0.05)
    >>> print(f"{found.net.value:.4f} {found.net.low:.4f} {found.net.high:.4f}")
    0.0300 0.0257 0.0343
    """
    alpha = _alpha(confidence)
    check_share("pd0", pd0)
    x = _values(choices, crossed)
    if not np.all(np.isin(x, (-1.0, 0.0, 1.0))):
        raise ValueError("choices must be +1, -1 or 0.")
    net, seen = _mean(x, crossed), _mean(np.abs(x), crossed)
    n_star = _effective_net(net, seen, x, crossed, alpha / 2.0)
    forced = bool(np.all(x != 0.0))
    ends: Bounds
    if n_star <= 0.0:
        ends = (None, None, None, None, None)
    elif not forced and seen * n_star >= ENOUGH_CHOICES:
        variance = (seen - net**2) / n_star if crossed.independent else crossed.variance(x - net)
        df = math.inf if crossed.independent else crossed.df
        ends = _normal(net, math.sqrt(variance), df, pd0, alpha)
    else:
        chosen = (seen + net) / 2.0 * n_star, (seen - net) / 2.0 * n_star
        ends = (_forced if forced else _scored)(*chosen, n_star, pd0, alpha)
    error = None if n_star <= 0.0 else math.sqrt(max(seen - net**2, 0.0) / n_star)
    return Discriminability(
        net=_estimate(net, *ends[:3], n_star, crossed, confidence),
        pd0=pd0,
        p_similar=ends[3],
        p_different=ends[4],
        standard_error=error,
    )


def _forced(first: float, second: float, n: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of forced choices: exact, at an effective number of votes."""
    first, second = min(first, n), min(second, n)
    half = alpha / 2.0
    return (
        1.0 - 2.0 * clopper_pearson_upper(second, n, half),
        2.0 * clopper_pearson_upper(first, n, half) - 1.0,
        2.0 * clopper_pearson_upper(first, n, alpha) - 1.0,
        similarity_p_value(first, n, pd0),
        difference_p_value(first, n),
    )


def _normal(net: float, error: float, df: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of a mean choice: Student's, or the normal's with infinite ``df``."""
    both, one = (float(special.stdtrit(df, 1.0 - a)) * error for a in (alpha / 2.0, alpha))
    similar, different = (float(special.stdtr(df, z / error)) for z in (net - pd0, -net))
    return net - both, net + both, net + one, similar, different


def _scored(first: float, second: float, n: float, pd0: float, alpha: float) -> Bounds:
    """Bounds and p-values of choices with a way out: Tango's score, at an effective number."""
    half = alpha / 2.0
    return (
        -paired_difference_upper(second, first, n, half),
        paired_difference_upper(first, second, n, half),
        paired_difference_upper(first, second, n, alpha),
        paired_difference_p_value(first, second, n, pd0),
        paired_difference_p_value(second, first, n, 0.0),
    )


def _effective_net(
    net: float, seen: float, x: FloatArray, crossed: Crossing, alpha: float
) -> float:
    """Votes that are worth what clustered ones are, for a difference of paired shares."""
    if crossed.independent:
        return _plain_size(crossed)
    plain = seen - net**2
    if plain <= 1e-15:  # all chose alike: it says as much as there are prompts
        return effective_size(0.0, 0.0, x.size, crossed.clusters, crossed.df, alpha)
    variance = crossed.variance(x - net)
    factor = effective_size(0.5, 0.25 / x.size, x.size, crossed.clusters, crossed.df, alpha)
    return min(float(x.size), plain / variance * factor / x.size) if variance > 0 else factor


def _effective_votes(p: float, residual: FloatArray, crossed: Crossing, alpha: float) -> float:
    if crossed.independent:
        return _plain_size(crossed)
    n = float(residual.size)
    p = min(max(p, 0.0), 1.0)
    if p in (0.0, 1.0):
        return effective_size(p, 0.0, n, crossed.clusters, crossed.df, alpha)
    return effective_size(p, crossed.variance(residual), n, crossed.clusters, crossed.df, alpha)


def _plain_size(crossed: Crossing) -> float:
    """Independent votes: all of them, or what unequal weights leave (Kish)."""
    return effective(0.5, 0.25 * float(np.sum(crossed.weight**2)), crossed.prompt.size, 0.0)


def _estimate(
    value: float,
    low: float | None,
    high: float | None,
    upper: float | None,
    n_star: float,
    crossed: Crossing,
    confidence: float,
) -> Estimate:
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


def _mean(x: FloatArray, crossed: Crossing) -> float:
    """Weighted mean; of equal numbers that number, to the last bit."""
    if x.min() == x.max():
        return float(x[0])
    if crossed.weight.min() == crossed.weight.max():
        return float(x.sum() / x.size)
    return float(np.sum(crossed.weight * x))


def _values(given: ArrayLike, crossed: Crossing) -> FloatArray:
    x = np.asarray(given, dtype=np.float64)
    if x.shape != crossed.prompt.shape or not np.all(np.isfinite(x)):
        raise ValueError(f"values must be one list of {crossed.prompt.size} finite numbers.")
    return x


def _codes(given: ArrayLike) -> Codes:
    labels = np.asarray(given)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError("prompts and raters must be one list of whole numbers each.")
    if labels.size and labels.min() >= 0 and labels.max() < 100 * labels.size:
        taken = np.zeros(int(labels.max()) + 1, dtype=bool)  # counting is faster than sorting
        taken[labels] = True
        return np.asarray((np.cumsum(taken) - 1)[labels], dtype=np.intp)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.intp)


def _alpha(confidence: float) -> float:
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"confidence must lie strictly between 0.5 and 1, got {confidence!r}.")
    return 1.0 - confidence
