"""Pairs judged one by one: on which of them do people reliably tell the arms apart?

One pair needs many votes, and many pairs need a correction. A rule that calls 3 % of pairs
"distinguished" by chance says nothing with 3 % found, so the count that chance gives always
stands beside the count found.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor import stats
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.votes import Votes


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One pair: votes, those for the reference, the p-value and the one after correction."""

    pair: str
    prompt: str
    category: str
    votes: int
    reference_chosen: int
    p_value: float
    p_adjusted: float
    distinguished: bool


@dataclass(frozen=True, kw_only=True)
class Items:
    """Pairs with enough votes.

    Attributes
    ----------
    n_items : int
        Pairs looked at.
    fewest_votes, most_votes : int
        Votes of the pair with fewest and with most.
    needed : int or None
        Votes for the reference that the rule asks of a pair with the fewest votes.
    n_by_rule : int
        Pairs that pass the rule at the plan's alpha, uncorrected.
    by_chance : float
        Pairs that would pass it at most if nobody could tell any apart.
    n_distinguished : int
        Pairs left after Benjamini-Hochberg.
    fewest_found : int
        Pairs that Benjamini-Hochberg needs to find any, if in each everybody chose the reference.
    share : Estimate or None
        Share of pairs left after it, over all pairs looked at (exact interval).
    rows : tuple of ItemRow
        The most telling first.
    """

    n_items: int
    fewest_votes: int
    most_votes: int
    needed: int | None
    n_by_rule: int
    by_chance: float
    n_distinguished: int
    fewest_found: int
    share: stats.Estimate
    rows: tuple[ItemRow, ...]


def items_of(
    test: Votes, plan: AnalysisPlan, audited: Collection[str] | None = None
) -> Items | None:
    """Judge every audited pair by itself; None when no pair has enough votes.

    Parameters
    ----------
    test : Votes
        Test trials only.
    plan : AnalysisPlan
    audited : collection of str, optional
        Pairs drawn for it beforehand; by default all with the plan's ``audit_votes``.
    """
    n = np.bincount(test.pair, minlength=len(test.pairs))
    enough = n >= plan.audit_votes
    if audited is not None:
        enough &= np.isin(np.array(test.pairs), list(audited))
    chosen = np.flatnonzero(enough)
    if not chosen.size:
        return None
    correct = np.bincount(test.pair[test.choice > 0], minlength=len(test.pairs))[chosen]
    votes = n[chosen]
    p_values = special.bdtrc(correct - 1.0, votes, 0.5)
    p_values = np.where(correct > 0, p_values, 1.0)
    adjusted = stats.benjamini_hochberg(p_values)
    found = adjusted <= plan.alpha
    rules = {int(k): stats.item_rule(int(k), plan.alpha) for k in np.unique(votes)}
    chance = sum(rules[int(k)].alpha_attained for k in votes)
    passed = p_values <= np.array([rules[int(k)].alpha_attained for k in votes]) * (1 + 1e-12)
    shown = np.zeros(len(test.pairs), dtype=np.intp)  # a vote of each pair
    shown[test.pair] = np.arange(len(test))
    every = stats.crossing(np.arange(chosen.size), np.arange(chosen.size))
    return Items(
        n_items=int(chosen.size),
        fewest_votes=int(votes.min()),
        most_votes=int(votes.max()),
        needed=rules[int(votes.min())].needed,
        n_by_rule=int(passed.sum()),
        by_chance=float(chance),
        n_distinguished=int(found.sum()),
        fewest_found=_fewest_found(votes, plan.alpha),
        share=stats.two_way_share(found, every, plan.confidence),
        rows=tuple(
            ItemRow(
                pair=test.pairs[chosen[i]],
                prompt=test.prompts[test.prompt[shown[chosen[i]]]],
                category=test.categories[test.category[shown[chosen[i]]]],
                votes=int(votes[i]),
                reference_chosen=int(correct[i]),
                p_value=float(p_values[i]),
                p_adjusted=float(adjusted[i]),
                distinguished=bool(found[i]),
            )
            for i in np.lexsort((chosen, p_values))
        ),
    )


def _fewest_found(votes: NDArray[np.intp], alpha: float) -> int:
    """Pairs that must pass together: Benjamini-Hochberg holds the best p-values to the count."""
    best = np.sort(0.5 ** votes.astype(np.float64))  # of pairs in which everybody agrees
    rank = np.arange(1, votes.size + 1)
    enough = np.flatnonzero(best <= alpha * rank / votes.size)
    return int(rank[enough[0]]) if enough.size else int(votes.size) + 1
