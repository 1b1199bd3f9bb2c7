"""Prompts, repeats, ratings and raters together: what certifies for the least money.

`design` takes the panel to be large; here it is as large as it is, and what a design comes to is
simulated by the bound of floors (`panel_power`), from coarse to fine: where a guess says a number
of prompts could be, brackets of some hundred cells close in, and what is cheap is looked at again
with thousands. Seeds are fixed: the same question has the same answer.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from scipy import special

from qfloor.stats.binomial import min_prompts
from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.design import (
    FAIL_ICC,
    MOST_REPEATS,
    MOST_VOTES,
    RATER_ICC,
    Design,
    check_prices,
    planned_design_effect,
)
from qfloor.stats.panel_power import SEVERITY, SimulatedPower, latent_spread, power_with_raters
from qfloor.stats.power import prompts_needed
from qfloor.stats.two_way import FEW_RATERS, severity_ratio

MOST_RATINGS = 10_000
"""Ratings of one offer beyond which no design is looked at."""

MOST_RATERS = 240
"""Raters beyond which `panel_sizes` does not go: they are nearly as good as any number."""

_COARSE, _FINE, _RATINGS = 400, 4000, (300_000, 2_500_000)
"""Cells drawn, coarse and fine; and ratings, beyond which they are fewer, down to a third and an
eighth: the time of a search is bounded."""

_APART = 1.06
"""Ratio of prompts at which a bracket is as close as so few cells can tell."""

_STRIDE, _SLOPE, _LOOKS = 1.4, 2.2, 7
"""First strides of a bracket; by how much the normal quantile of a chance rises as prompts rise by
a factor of e; and how often a design is looked at again, at most."""

_SPARE = 4
"""Designs of a panel to look at more where none of the cheapest held."""

_SLACK = 1.5
"""By how much a guess of a cost may be too high: what is guessed to cost more is left out."""


@dataclass(frozen=True, kw_only=True)
class PanelDesign(Design):
    """A `Design` judged by ``raters`` people in turn, and its simulated chance.

    ``raters_cost`` is what they cost before the first rating.
    """

    raters: int
    raters_cost: float
    chance: SimulatedPower

    @property
    def what(self) -> tuple[int, int, int, int]:
        """Prompts, repeats, ratings each and raters."""
        return self.prompts, self.repeats, self.votes, self.raters

    @property
    def cost(self) -> float:
        """Outputs, ratings and raters together."""
        return self.outputs_cost + self.ratings_cost + self.raters_cost


@dataclass(frozen=True, kw_only=True)
class PanelDesigns:
    """What a search found: ``designs`` with the wanted power, the cheapest first.

    ``best_seen`` is the one with the highest chance where none has it, else None.
    """

    designs: tuple[PanelDesign, ...]
    best_seen: PanelDesign | None


def panel_sizes(least: int = FEW_RATERS, most: int = MOST_RATERS) -> tuple[int, ...]:
    """Numbers of raters to look at, each a quarter above the last, both ends among them.

    Examples
    --------
    >>> panel_sizes(6, 20)
    (6, 8, 10, 13, 17, 20)
    """
    if not 1 <= least <= most:
        raise ValueError(f"raters must be at least 1 and rise, got {least} to {most}.")
    found, at = [least], least
    while (at := max(at + 1, math.ceil(at * 1.25))) < most:
        found.append(at)
    return tuple(dict.fromkeys([*found, most]))


def panel_designs(
    fail_rate: float,
    alpha: float,
    *,
    raters: Sequence[int],
    output_price: float,
    rating_price: float,
    rater_price: float = 0.0,
    max_fail: float = 0.25,
    power: float = 0.8,
    fail_icc: float = FAIL_ICC,
    rater_icc: float = RATER_ICC,
    severity: float = SEVERITY,
    most_prompts: int | None = None,
    keep: int = 8,
) -> PanelDesigns:
    """Cheapest ways to certify a cell with the wanted power when so many raters judge.

    Parameters
    ----------
    fail_rate, alpha, output_price, rating_price, max_fail, power, fail_icc, rater_icc, most_prompts
        As in `designs`.
    raters : sequence of int
        How many there may be. Of one number the cheapest designs are kept, of several the
        cheapest one of each, and numbers near the best are looked at too.
    rater_price : float
        What each costs before the first rating (instructions, training), for this one cell.
    severity : float
        As in `power_with_raters`.
    keep : int
        Designs to find, at least 1.

    Returns
    -------
    PanelDesigns
        Chances are those of 4,000 drawn cells (fewer of more than 625 ratings, at least 500).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    A design has at most `MOST_RATINGS` ratings. What is guessed to cost half as much again as
    what was found is not simulated. The guess counts what raters add to the variance as floors'
    bound does, at ``max_fail``.

    Examples
    --------
    >>> found = panel_designs(0.05, 0.05, raters=[12], output_price=0.04, rating_price=0.04, keep=1)
    >>> best = found.designs[0]
    >>> best.raters, best.chance.chance >= 0.8, best.prompts > prompts_needed(0.05, 0.05)
    (12, True, True)
    """
    prices = (output_price, rating_price, rater_price)
    check_prices(output_price=output_price, rating_price=rating_price, rater_price=rater_price)
    if not raters or min(raters) < 1 or keep < 1 or (most_prompts is not None and most_prompts < 1):
        raise ValueError("raters, keep and most_prompts must be at least 1.")
    alike = (fail_icc, rater_icc, severity)
    hunt = _Hunt(fail_rate, alpha, prices, max_fail, power, alike, most_prompts)
    sizes = sorted(set(raters))
    candidates = _candidates(hunt, sizes, keep if len(sizes) == 1 else 1)
    closer = hunt.confirmed(candidates[:keep], keep)
    if candidates and not closer:  # with so few cells they did by luck: look at more of each panel
        closer = hunt.confirmed(_candidates(hunt, sizes, keep + _SPARE), keep)
    ordered = tuple(sorted(closer.values(), key=lambda d: (d.cost, d.raters, d.outputs)))
    seen = max(hunt.seen, key=lambda d: (d.chance.chance, -d.cost), default=None)
    return PanelDesigns(designs=ordered, best_seen=None if ordered else seen)


def _candidates(hunt: _Hunt, sizes: Sequence[int], each: int) -> list[PanelDesign]:
    """Designs that some hundred cells speak for, ``each`` of a panel, the cheapest first."""
    best = {n: hunt.of_panel(n, each) for n in sizes}
    if len(sizes) > 1:
        cheapest = {n: found[0] for n, found in best.items() if found}
        best |= {n: hunt.of_panel(n, each) for n in _between(cheapest, sizes)}
    apart = {d.what: d for found in best.values() for d in found}  # few ratings: panels are one
    return sorted(apart.values(), key=lambda d: (d.cost, d.raters))


def _between(best: dict[int, PanelDesign], sizes: Sequence[int]) -> list[int]:
    """Numbers of raters beside the best one that were not looked at, two on each side."""
    if not best:
        return []
    at = sizes.index(min(best, key=lambda n: (best[n].cost, n)))
    beside = sizes[max(at - 1, 0) : at + 2]
    near = {
        beside[i - 1] + round((beside[i] - beside[i - 1]) * part)
        for i in range(1, len(beside))
        for part in (1 / 3, 2 / 3)
    }
    return sorted(near - set(sizes))


@dataclass
class _Hunt:
    """One question, what is asked of the simulation, and all designs that it was asked of."""

    fail_rate: float
    alpha: float
    prices: tuple[float, float, float]
    max_fail: float
    power: float
    alike: tuple[float, float, float]
    most_prompts: int | None
    seen: list[PanelDesign] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.least = min_prompts(self.alpha, self.max_fail)
        self.alone = prompts_needed(self.fail_rate, self.alpha, self.max_fail, self.power)

    def of_panel(self, raters: int, keep: int) -> list[PanelDesign]:
        """Up to ``keep`` cheapest designs of one panel."""
        ways = [
            (repeats, votes)
            for repeats in range(1, MOST_REPEATS + 1)
            for votes in range(1, min(MOST_VOTES, raters) + 1)
        ]
        guesses = {way: self._guess(raters, *way) for way in ways}
        costs = {w: self._cost(raters, n, *w) for w, n in guesses.items() if n is not None}
        found: list[PanelDesign] = []
        for way in sorted(costs, key=lambda w: costs[w]):
            found.sort(key=lambda d: d.cost)
            limit = found[keep - 1].cost if len(found) >= keep else math.inf
            if costs[way] > _SLACK * limit:
                break
            found += self._solved(raters, way, guesses[way], limit)
        if not found:  # the guess may be wrong: ask of the largest designs there are
            for way in dict.fromkeys((ways[0], ways[min(MOST_VOTES, raters) - 1], ways[-1])):
                found += self._solved(raters, way, None, math.inf)
        return sorted(found, key=lambda d: d.cost)[:keep]

    def _solved(
        self, raters: int, way: tuple[int, int], guess: int | None, limit: float
    ) -> list[PanelDesign]:
        """The design of fewest prompts that does, below a cost; nothing where none does."""
        most = self._most(raters, way, limit)
        if most < self.least:
            return []
        low, best = self.least - 1, None
        at = most if guess is None else min(guess, most)
        while best is None or best.prompts > max(low + 1, int(low * _APART)):
            tried = self._design(raters, way, at, _COARSE)
            if tried.chance.chance >= self.power:
                best = tried
            elif at == most:
                return []
            else:
                low = at
            if best is None:
                at = min(most, math.ceil(at * _STRIDE))
            elif low >= self.least:
                at = math.ceil(math.sqrt(low * best.prompts))
                at -= at == best.prompts
            else:
                at = max(self.least, int(best.prompts / _STRIDE))
                low = low if at < best.prompts else at - 1
        return [best]

    def confirmed(
        self, candidates: Sequence[PanelDesign], keep: int
    ) -> dict[tuple[int, int, int, int], PanelDesign]:
        """The first of them that thousands of cells speak for too, up to ``keep``."""
        found: dict[tuple[int, int, int, int], PanelDesign] = {}
        for one in candidates:
            if len(found) >= keep:
                break
            found |= {d.what: d for d in self.closer(one)}
        return found

    def closer(self, coarse: PanelDesign) -> list[PanelDesign]:
        """The same with thousands of cells: prompts move to where the wanted power is."""
        way, raters = (coarse.repeats, coarse.votes), coarse.raters
        most = self._most(raters, way, math.inf)
        low, best, at = self.least - 1, None, coarse.prompts
        wanted = float(special.ndtri(self.power))
        for _ in range(_LOOKS):
            tried = self._design(raters, way, at, _FINE)
            if tried.chance.chance >= self.power:
                best = tried
            else:
                low = at
            high = most if best is None else best.prompts - 1
            if low >= high or (best is not None and best.prompts <= low * 1.01):
                break
            n = tried.chance.draws
            seen = float(special.ndtri((tried.chance.chance * n + 0.5) / (n + 1.0)))
            at = min(max(round(at * math.exp((wanted - seen) / _SLOPE)), low + 1), high)
        return [] if best is None else [best]

    def _most(self, raters: int, way: tuple[int, int], limit: float) -> int:
        """Most prompts of a design: those there are, of few enough ratings, below a cost."""
        most = MOST_RATINGS // (way[0] * way[1])
        if self.most_prompts is not None:
            most = min(most, self.most_prompts)
        if limit == math.inf:
            return most
        costs = range(1, most + 1)
        return bisect.bisect_left(costs, limit, key=lambda n: self._cost(raters, n, *way))

    def _guess(self, raters: int, repeats: int, votes: int) -> int | None:
        """Prompts that a design may take; None where so few raters may never do."""
        if self.alone is None:
            return None
        p, (fail_icc, rater_icc, _) = self.fail_rate, self.alike
        effect = planned_design_effect(repeats, votes, fail_icc, rater_icc) / (repeats * votes)
        factor, severe = 1.0, 0.0
        if raters >= FEW_RATERS and 0.0 < p < 1.0:
            z = float(special.ndtri(p))
            spread = latent_spread(p, *self.alike).rater
            severe = math.exp(-z * z) / (2.0 * math.pi * p * (1.0 - p)) * spread**2
            severe *= float(severity_ratio([p], self.max_fail)[0]) / raters
            n = float(self.alone * repeats * votes)
            factor = few_clusters_factor(n, min(raters - 2.0, n), self.alpha)
        room = factor / self.alone - severe
        if room <= 0.0:
            return None
        return max(self.least, math.ceil(effect / room))

    def _cost(self, raters: int, prompts: int, repeats: int, votes: int) -> float:
        return sum(self._costs(raters, prompts, repeats, votes))

    def _costs(
        self, raters: int, prompts: int, repeats: int, votes: int
    ) -> tuple[float, float, float]:
        outputs, (output, rating, rater) = prompts * repeats, self.prices
        return outputs * output, outputs * votes * rating, min(raters, outputs * votes) * rater

    def _design(self, raters: int, way: tuple[int, int], prompts: int, draws: int) -> PanelDesign:
        repeats, votes = way
        fail_icc, rater_icc, severity = self.alike
        fine = draws == _FINE
        least, ratings = (_FINE // 8, _RATINGS[1]) if fine else (_COARSE // 3, _RATINGS[0])
        draws = min(draws, max(least, ratings // (prompts * repeats * votes)))
        raters = min(raters, prompts * repeats * votes)
        chance = power_with_raters(
            self.fail_rate, self.alpha, prompts=prompts, raters=raters, repeats=repeats,
            votes=votes, max_fail=self.max_fail, fail_icc=fail_icc, rater_icc=rater_icc,
            severity=severity, draws=draws,
        )  # fmt: skip
        costs = self._costs(raters, prompts, repeats, votes)
        found = PanelDesign(
            prompts=prompts,
            repeats=repeats,
            votes=votes,
            raters=raters,
            design_effect=planned_design_effect(repeats, votes, fail_icc, rater_icc),
            outputs_cost=costs[0],
            ratings_cost=costs[1],
            raters_cost=costs[2],
            chance=chance,
        )
        self.seen.append(found)
        return found
