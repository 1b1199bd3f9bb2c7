"""Where a cell stands that is judged prompt by prompt: what it has shown, what may yet come.

What it has shown is a function of its stream, the values of its prompts in an order fixed before
the first; verdicts follow from that alone. What may yet come (chance, growth, cost) only steers
money. This file knows no store and buys nothing.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qfloor import stats
from qfloor.floors.judged import Judged, how_it_counts
from qfloor.records import CountsAs, FloorKind
from qfloor.stats import SequentialBoundary, ThresholdLimits
from qfloor.stats.streams import Seen

SequentialRule = Literal["exact_sequential", "e_process"]
Patience = float | Literal["usual"] | None
Why = Literal["open", "decided", "futile", "exhausted", "not_worth_it"]

PATIENCE = 1.2
"""A verdict is worth this many times the horizon in prompts; a cell not worth going on is left.

About where synthetic cells come to as many verdicts as the planned design: results of
benchmarks/validity/adaptive_spend.py and sequential_bound.py.
"""

PATIENCE_SHARED = 0.84
"""The same where cells share alpha: levels that rise come to as many verdicts with less."""

WARM = 10
"""Prompts before a cell may be left: a bad start is not yet a bad offer."""


@dataclass(frozen=True, kw_only=True)
class Closed:
    """How many chains (offer and ``max_fail``) of a family have certified, rejected all tiers."""

    certified: int = 0
    rejected: int = 0


NONE_CLOSED = Closed()


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a tier asks: at most ``max_fail`` of the values below ``threshold``."""

    tier: str
    threshold: float
    max_fail: float = 0.25


@dataclass(frozen=True, kw_only=True)
class SequentialDesign:
    """How a cell is tested; fixed before its first prompt.

    Parameters
    ----------
    rule : {"exact_sequential", "e_process"}
        The first spends less and takes one value a prompt; the second takes any number.
    horizon : int
        Most prompts there can be.
    level : float
        Error probability of each side at each ``max_fail``, corrected for the family.
    chains : int, optional
        Chains of the family, where they share alpha by Holm: the level rises as chains close
        (`qfloor.stats.shared_boundary`). By default it stays what it is.
    """

    rule: SequentialRule
    horizon: int
    level: float
    chains: int | None = None

    def boundary(self, max_fail: float, closed: Closed = NONE_CLOSED) -> SequentialBoundary:
        """Fails that decide; for the e-process those of one value a prompt, to steer by."""
        if self.chains is not None:
            return stats.shared_boundary(
                self.horizon, self.level * self.chains, max_fail, chains=self.chains,
                closed=(closed.certified, closed.rejected), rule=self.rule,
            )  # fmt: skip
        made = stats.exact_boundary if self.rule == "exact_sequential" else stats.e_process_boundary
        return made(self.horizon, self.level, max_fail)

    def risen(self, closed: int) -> float:
        """The level once so many chains have closed."""
        if self.chains is None:
            return self.level
        return self.level * self.chains / max(1, self.chains - closed)

    def limits(
        self, stream: Sequence[Seen], max_fail: float, closed: Closed = NONE_CLOSED
    ) -> ThresholdLimits:
        """Thresholds that the stream has certified, and those that it has rejected.

        One level covers all thresholds at this ``max_fail``, before and after: see
        `qfloor.stats.exact_boundary` for the reason.
        """
        if self.rule == "exact_sequential":
            return stats.exact_limits(stream, self.boundary(max_fail, closed))
        levels = [self.risen(n) for n in (closed.certified, closed.rejected)]
        fine, bad = (stats.e_process_limits(stream, level, max_fail) for level in levels)
        return replace(fine, rejected_above=bad.rejected_above)


@dataclass(frozen=True, kw_only=True)
class SequentialCell:
    """An offer in a category, as money sees it.

    ``key`` names it; ``price_nanousd`` is what one prompt costs, its outputs and ratings;
    ``family`` names those that it shares alpha with, if its design says so.
    """

    key: Hashable
    design: SequentialDesign
    demands: tuple[Demand, ...]
    price_nanousd: int = 0
    family: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A cell after some prompts.

    ``rulings`` by tier. The rest is about tiers still undecided: the best ``chance`` of a verdict
    by the horizon, log ``growth`` a prompt (nats), prompts until a verdict as ``expected``, and
    the fewest after which nothing more might have to be bought, the ``soonest``: by then each
    tier may be decided or not worth going on.
    """

    why: Why
    n: int
    rulings: Mapping[str, str]
    chance: float = 0.0
    growth: float = 0.0
    soonest: int = 0
    expected: int = 0


def stand(
    cell: SequentialCell,
    stream: Sequence[Seen],
    *,
    closed: Closed = NONE_CLOSED,
    patience: Patience = "usual",
    value_nanousd: int | None = None,
) -> Standing:
    """Say where a cell stands.

    Parameters
    ----------
    cell : SequentialCell
    stream : sequence of Seen
        Its prompts so far, in their order.
    closed : Closed
        Of its family; see `qfloor.floors.sharing`.
    patience : float or None or "usual"
        See `qfloor.stats.worth_going_on`; None: a cell is never left for it; usual: `PATIENCE`,
        or `PATIENCE_SHARED` where alpha is shared.
    value_nanousd : int, optional
        What a verdict is worth; a cell whose expected cost is above chance times that, summed
        over its undecided tiers, is left.

    Returns
    -------
    Standing

    Examples
    --------
    >>> design = SequentialDesign(rule="exact_sequential", horizon=100, level=0.005)
    >>> cell = SequentialCell(key="a", design=design, demands=(Demand(tier="draft", threshold=5),))
    >>> stand(cell, [[9.0]] * 5).why, stand(cell, [[9.0]] * 22).why
    ('open', 'decided')
    """
    if patience == "usual":
        patience = PATIENCE if cell.design.chains is None else PATIENCE_SHARED
    limits = {q: cell.design.limits(stream, q, closed) for q in {d.max_fail for d in cell.demands}}
    rulings = {d.tier: limits[d.max_fail].verdict(d.threshold) for d in cell.demands}
    n, undecided = len(stream), [d for d in cell.demands if rulings[d.tier] == "undecided"]
    if not undecided:
        return Standing(why="decided", n=n, rulings=rulings)
    if n >= cell.design.horizon:
        return Standing(why="exhausted", n=n, rulings=rulings)
    ahead = [
        _ahead(cell.design.boundary(d.max_fail, closed), stream, d, patience) for d in undecided
    ]
    chance = max(a.chance for a in ahead)
    likely = [a for a in ahead if a.is_worth_it] or ahead
    found = Standing(
        why="open",
        n=n,
        rulings=rulings,
        chance=chance,
        growth=max(a.growth for a in likely),
        soonest=max(1, max(a.soonest for a in likely)),
        expected=max(1, max(a.expected for a in likely)),
    )
    if n >= WARM and not any(a.is_worth_it for a in ahead):
        return _left(found, "futile")
    worth = math.inf if value_nanousd is None else value_nanousd * sum(a.chance for a in ahead)
    if n >= WARM and found.expected * cell.price_nanousd > worth:
        return _left(found, "not_worth_it")
    return found


@dataclass(frozen=True)
class _Ahead:
    chance: float
    growth: float
    soonest: int
    expected: int
    is_worth_it: bool


def _ahead(
    boundary: SequentialBoundary, stream: Sequence[Seen], demand: Demand, patience: float | None
) -> _Ahead:
    """What may come of one tier, on its fails so far rounded to whole prompts."""
    n = len(stream)
    low = float(stats.fail_shares(stream, demand.threshold, missing=1.0).sum())
    fails = min(n, round(low))
    rate = (low + 0.5) / (n + 1.0)
    clean = stats.prompts_to_decide(boundary, low, n, 0.0)
    dirty = stats.prompts_to_decide(boundary, low, n, 1.0)
    soonest, is_worth_it = min(clean, dirty), True
    if patience is not None:
        leaves = int(stats.prompts_to_leave(boundary, patience)[n][fails])
        soonest, is_worth_it = min(soonest, max(leaves, WARM - n)), leaves > 0
    return _Ahead(
        chance=stats.chance_to_decide(boundary, fails, n),
        growth=log_growth(rate, demand.max_fail),
        soonest=soonest,
        expected=stats.prompts_to_decide(boundary, low, n, rate),
        is_worth_it=is_worth_it,
    )


def _left(standing: Standing, why: Why) -> Standing:
    return Standing(
        why=why,
        n=standing.n,
        rulings=standing.rulings,
        chance=standing.chance,
        growth=standing.growth,
    )


def counted(judged: Judged, kind: FloorKind) -> CountsAs:
    """What a judged output counts as in a floor of a kind: DESIGN section 2's table."""
    return how_it_counts(judged, kind)


def log_growth(fail_rate: float, max_fail: float) -> float:
    """Fastest expected growth of log wealth a prompt, of a bet against ``max_fail``.

    Nats: the Kullback-Leibler divergence of the two rates, what the best bet earns (Kelly).

    Examples
    --------
    >>> print(f"{log_growth(0.05, 0.25):.3f} {log_growth(0.25, 0.25):.3f}")
    0.144 0.000
    """
    parts = ((fail_rate, max_fail), (1.0 - fail_rate, 1.0 - max_fail))
    return sum(p * math.log(p / q) for p, q in parts if p > 0.0)
