"""Prompts, repeats or ratings: what buys a certificate for the least money.

More repeats of a prompt and more ratings of an output are cheaper than prompts where prompts are
dear, and worth less, because they are alike. The exact bound of every repeat, which decides or
joins, asks for a few prompts more than that: for what an unseen prompt could add.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qfloor.stats.binomial import check_share, min_prompts
from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.fail_rules import TRUSTED_ALPHA
from qfloor.stats.power import prompts_needed

FAIL_ICC = 0.28
"""Correlation of fails of two outputs of a prompt, as found in published ratings (.17 to .33)."""

RATER_ICC = 0.5
"""Correlation of fails of two ratings of one output; 1 would make a second rater useless."""

MOST_REPEATS, MOST_VOTES = 6, 5


@dataclass(frozen=True, kw_only=True)
class Design:
    """One way to certify a cell, and what it costs.

    ``prompts`` with ``repeats`` outputs each and ``votes`` ratings an output; the costs are in
    the currency of the prices given. ``design_effect`` is ratings per independent one.
    """

    prompts: int
    repeats: int
    votes: int
    design_effect: float
    outputs_cost: float
    ratings_cost: float

    @property
    def outputs(self) -> int:
        """Outputs to make."""
        return self.prompts * self.repeats

    @property
    def ratings(self) -> int:
        """Ratings to collect."""
        return self.outputs * self.votes

    @property
    def cost(self) -> float:
        """Outputs and ratings together."""
        return self.outputs_cost + self.ratings_cost


def planned_design_effect(
    repeats: int, votes: int, fail_icc: float = FAIL_ICC, rater_icc: float = RATER_ICC
) -> float:
    """Ratings per independent rating, when prompts weigh the same.

    Parameters
    ----------
    repeats, votes : int
        Outputs a prompt and ratings an output, at least 1.
    fail_icc : float
        Correlation of fails of ratings of two outputs of a prompt, in [0, 1].
    rater_icc : float
        Correlation of fails of two ratings of one output, at least ``fail_icc``.

    Returns
    -------
    float
        ``1 + (votes - 1) rater_icc + (repeats - 1) votes fail_icc``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Kish, Survey Sampling (1965), section 5.4 (three-stage clusters).

    Examples
    --------
    >>> print(f"{planned_design_effect(4, 1):.2f} {planned_design_effect(1, 3):.2f}")
    1.84 2.00
    """
    if repeats < 1 or votes < 1:
        raise ValueError(f"repeats and votes must be at least 1, got {repeats}, {votes}.")
    if not 0.0 <= fail_icc <= rater_icc <= 1.0:
        raise ValueError(
            f"correlations must satisfy 0 <= fail_icc <= rater_icc <= 1, got {fail_icc:g} and "
            f"{rater_icc:g}: two ratings of one output are at least as alike as two of a prompt."
        )
    return 1.0 + (votes - 1) * rater_icc + (repeats - 1) * votes * fail_icc


def prompts_for(
    fail_rate: float,
    alpha: float,
    *,
    repeats: int = 1,
    votes: int = 1,
    max_fail: float = 0.25,
    power: float = 0.8,
    fail_icc: float = FAIL_ICC,
    rater_icc: float = RATER_ICC,
) -> int | None:
    """Fewest prompts with the wanted power, at a number of repeats and ratings.

    Parameters
    ----------
    fail_rate : float
        True (or estimated) fail rate, in [0, 1].
    alpha, max_fail, power : float
        Error probability, tolerated fail rate and wanted power, strictly between 0 and 1.
    repeats, votes, fail_icc, rater_icc
        As in `planned_design_effect`.

    Returns
    -------
    int or None
        None where more prompts than a plan can have would be needed.

    Notes
    -----
    Korn-Graubard's effective size, ``n / deff`` with its few-clusters factor, must reach what
    `prompts_needed` asks of ``n`` independent outputs. The exact bound of every repeat holds one
    prompt in ``G`` against what was not seen, not one output in ``n``: that takes ``c (1 -
    max_fail) (1 - G/n) / (max_fail - fail_rate)`` prompts more, with ``c`` 2.5 where it decides
    (2 would follow from normal fail shares) and half of it where it joins, fitted to exact powers
    of two repeats (``tests/stats/test_design.py``).

    Examples
    --------
    >>> prompts_for(0.1, 0.05), prompts_for(0.1, 0.05, repeats=2), prompts_for(0.1, 0.005)
    (50, 36, 85)
    """
    effect = planned_design_effect(repeats, votes, fail_icc, rater_icc)
    needed = prompts_needed(fail_rate, alpha, max_fail, power)
    if needed is None or repeats * votes == 1:
        return needed
    low, high = min_prompts(alpha, max_fail) - 1, max(needed, min_prompts(alpha, max_fail))
    while high - low > 1:
        middle = (low + high) // 2
        enough = _effective(middle, repeats * votes, effect, alpha) >= needed
        low, high = (low, middle) if enough else (middle, high)
    unseen = (1.0 - max_fail) * (1.0 - high / needed) / (max_fail - fail_rate)
    unseen *= 2.5 if alpha < TRUSTED_ALPHA else 1.25
    return max(high, min(needed, high + math.ceil(unseen)))


def _effective(prompts: int, values: int, effect: float, alpha: float) -> float:
    n = float(prompts * values)
    return min(n, n / effect * few_clusters_factor(n, prompts - 1, alpha))


def check_prices(**prices: float) -> None:
    """Require prices of at least 0, by name."""
    for name, price in prices.items():
        if not (price >= 0.0 and math.isfinite(price)):
            raise ValueError(f"{name} must be a price of at least 0, got {price!r}.")


def designs(
    fail_rate: float,
    alpha: float,
    *,
    output_price: float,
    rating_price: float,
    max_fail: float = 0.25,
    power: float = 0.8,
    fail_icc: float = FAIL_ICC,
    rater_icc: float = RATER_ICC,
    most_prompts: int | None = None,
) -> list[Design]:
    """All sensible ways to certify a cell with the wanted power, the cheapest first.

    Parameters
    ----------
    fail_rate, alpha, max_fail, power, fail_icc, rater_icc
        As in `prompts_for`.
    output_price, rating_price : float
        Of one output and of one rating, not below 0, in one currency.
    most_prompts : int, optional
        Prompts there are; designs that need more are left out.

    Returns
    -------
    list of Design
        Empty when nothing can do it. Among equal costs fewer outputs come first.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> best = designs(0.1, 0.05, output_price=0.04, rating_price=0.03)[0]
    >>> best.prompts, best.repeats, best.votes, f"{best.cost:.2f}"
    (50, 1, 1, '3.50')
    >>> dear = designs(0.1, 0.05, output_price=2.0, rating_price=0.03)[0]
    >>> dear.prompts, dear.repeats, dear.votes, f"{dear.cost:.2f}"
    (35, 1, 5, '75.25')
    """
    check_share("alpha", alpha)
    check_prices(output_price=output_price, rating_price=rating_price)
    found = []
    for repeats in range(1, MOST_REPEATS + 1):
        for votes in range(1, MOST_VOTES + 1):
            prompts = prompts_for(
                fail_rate,
                alpha,
                repeats=repeats,
                votes=votes,
                max_fail=max_fail,
                power=power,
                fail_icc=fail_icc,
                rater_icc=rater_icc,
            )
            if prompts is None or (most_prompts is not None and prompts > most_prompts):
                continue
            found.append(
                Design(
                    prompts=prompts,
                    repeats=repeats,
                    votes=votes,
                    design_effect=planned_design_effect(repeats, votes, fail_icc, rater_icc),
                    outputs_cost=prompts * repeats * output_price,
                    ratings_cost=prompts * repeats * votes * rating_price,
                )
            )
    return sorted(found, key=lambda d: (d.cost, d.outputs, d.ratings))
