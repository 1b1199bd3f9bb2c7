"""Who is judged together, at what level, and how the family's error is shared.

``bonferroni``
    Every offer at ``alpha / m``: one bound holds for all thresholds at once, and the published
    number and the verdict are the same statement. The default.
``holm``
    Family-wise too, never stricter. An offer's tiers of one ``max_fail`` are a chain: it is judged
    at ``alpha`` over the chains still open, and a chain closes once *all* its tiers are certified.
    (Holm on every tier as a hypothesis of its own would start three times stricter; on one tier
    after the other it would spend alpha up to once a tier.) It is the shortcut of the closed test
    that gives each chain's lowest open tier an equal share, valid under any dependence.
``by``, ``e-bh``
    The expected share of false ones among the certificates is at most alpha, every verdict a
    hypothesis of its own, under any dependence.

What was planned and has no data counts: its p-value is 1 and its e-value 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from qfloor import stats
from qfloor.errors import CertificationError
from qfloor.records import Correction

_TIE = 1e-12


@dataclass(frozen=True, kw_only=True)
class FamilyPlan:
    """Who is judged together and at what level; fixed before the data.

    ``demands`` is how many different ``max_fail`` its tiers ask for. A bound holds for all
    thresholds at once only at one ``max_fail``: three of them at a nominal 5 % certified falsely
    in 8.3 % of cells. ``verdicts`` is how many verdicts are planned, for the corrections that
    count them (by default one for each offer and demand).
    """

    name: str
    m: int
    alpha: float
    demands: int = 1
    correction: Correction = "bonferroni"
    verdicts: int = 0

    @property
    def chains(self) -> int:
        """Offers times demands: what a family-wise correction divides the error among."""
        return self.m * self.demands

    @property
    def hypotheses(self) -> int:
        """Planned verdicts."""
        return self.verdicts or self.chains

    @property
    def level(self) -> float:
        """Error probability each offer gets for each ``max_fail`` (Bonferroni)."""
        return self.alpha / self.chains

    @property
    def least_level(self) -> float:
        """The smallest level that any verdict may be judged at: it fixes the rule."""
        if self.correction == "by":
            return min(self.level, self.alpha / _by_price(self.hypotheses))
        return self.level


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One hypothesis: that an offer does *not* clear a tier. ``chain`` is its offer and demand."""

    chain: Hashable
    p_value: float
    e_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """A claim as its family judges it: certified where ``p_adjusted`` is at most alpha.

    ``level`` is the level it was judged at in the end: the p-value is at most it (under e-BH the
    e-value at least its inverse) exactly where the claim is certified.
    """

    p_adjusted: float
    level: float

    def certified(self, alpha: float) -> bool:
        """Whether the family certifies it at alpha, giving an exact tie the last bits."""
        return self.p_adjusted <= alpha * (1.0 + _TIE)


def adjust(plan: FamilyPlan, claims: Sequence[Claim]) -> list[Adjusted]:
    """Judge all claims of a family together, by the correction its plan names.

    Raises
    ------
    CertificationError
        When there are more claims than were planned: the level would be too generous.
    """
    found = len({claim.chain for claim in claims})
    planned, n = (plan.chains, found) if _family_wise(plan) else (plan.hypotheses, len(claims))
    if n > planned:
        raise CertificationError(
            f"family {plan.name}: {n} judged but {planned} planned; the family is fixed before "
            "the data"
        )
    if plan.correction == "bonferroni":
        return [
            Adjusted(p_adjusted=min(1.0, c.p_value * plan.chains), level=plan.level) for c in claims
        ]
    if plan.correction == "holm":
        return _holm(plan, claims)
    return _false_discovery(plan, claims)


def _family_wise(plan: FamilyPlan) -> bool:
    return plan.correction in ("bonferroni", "holm")


def _by_price(n: int) -> float:
    """What Benjamini-Yekutieli's strictest verdict is divided by."""
    return n * float(np.sum(1.0 / np.arange(1, n + 1)))


def _holm(plan: FamilyPlan, claims: Sequence[Claim]) -> list[Adjusted]:
    """Holm over chains, each closing with its worst p-value; see the top of this module."""
    worst: dict[Hashable, float] = {}
    for claim in claims:
        worst[claim.chain] = max(worst.get(claim.chain, 0.0), claim.p_value)
    order = sorted(worst, key=lambda chain: worst[chain])
    place = {chain: i for i, chain in enumerate(order)}
    closing = np.ones(plan.chains)
    closing[: len(order)] = [worst[chain] for chain in order]
    open_chains = np.arange(plan.chains, 0, -1)
    # closed_at[k]: the family-wise alpha from which on k chains are closed
    closed_at = np.concatenate(([0.0], np.maximum.accumulate(closing * open_chains)))
    closed = int(np.sum(closed_at[1:] <= plan.alpha * (1.0 + _TIE)))
    adjusted = []
    for claim in claims:
        before = place[claim.chain] + 1
        ways = np.maximum(closed_at[:before], open_chains[:before] * claim.p_value)
        level = plan.alpha / (plan.chains - min(closed, before - 1))
        adjusted.append(Adjusted(p_adjusted=min(1.0, float(ways.min())), level=level))
    return adjusted


def _false_discovery(plan: FamilyPlan, claims: Sequence[Claim]) -> list[Adjusted]:
    n, k = len(claims), plan.hypotheses
    if plan.correction == "by":
        p = np.ones(k)
        p[:n] = [claim.p_value for claim in claims]
        values, price = stats.benjamini_yekutieli(p)[:n], _by_price(k)
    else:
        e = np.zeros(k)
        e[:n] = [claim.e_value or 0.0 for claim in claims]
        values, price = stats.e_bh(e)[:n], float(k)
    discoveries = int(np.sum(values <= plan.alpha * (1.0 + _TIE)))
    level = plan.alpha * max(1, discoveries) / price
    return [Adjusted(p_adjusted=float(value), level=level) for value in values]
