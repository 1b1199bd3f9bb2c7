"""How far a run is: by offer what came, the money so far and where it is heading, the time left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from qfloor.generate.outcome import Outcome
from qfloor.generate.plan import CALLS, GenerationPlan, Planned
from qfloor.generate.policy import Purse
from qfloor.records import Status


@dataclass
class OfferProgress:
    """How far a run is with one offer. ``left`` are requests that it did not get to."""

    offer_id: str
    planned: int = 0
    counts: Counter[Status] = field(default_factory=Counter)
    left: int = 0
    billed_nanousd: int = 0
    n_billed: int = 0
    worst_nanousd: int = 0

    @property
    def done(self) -> int:
        """How many requests are through."""
        return sum(self.counts.values()) + self.left

    @property
    def to_come_nanousd(self) -> int:
        """What the rest will cost if it costs what it did so far; its worst before anything did."""
        rest = self.planned - self.done
        each = self.billed_nanousd / self.n_billed if self.n_billed else None
        return round(rest * each) if each is not None else self.worst_nanousd


class Progress:
    """How far a run is; grows as requests are through, and is shown to who watches.

    ``spent_nanousd`` counts the whole round; charges nobody knows are counted at their worst.
    ``waiting`` are output ids that may have been charged.
    """

    def __init__(self, plan: GenerationPlan, purse: Purse, clock: Callable[[], float]) -> None:
        self._purse, self._clock, self._began = purse, clock, clock()
        self.offers: dict[str, OfferProgress] = {}
        for item in plan.items:
            mine = self.of(item)
            mine.planned += 1
            mine.worst_nanousd += _ahead(item)
        self.total, self.done, self.left = len(plan.items), 0, 0
        self.counts: Counter[Status] = Counter()
        self.waiting: list[str] = []

    def of(self, item: Planned) -> OfferProgress:
        """The progress of a request's offer."""
        offer_id = item.request.offer.id
        return self.offers.setdefault(offer_id, OfferProgress(offer_id))

    def add(self, item: Planned, outcome: Outcome | None) -> None:
        """Count one request that is through, or that was not got to."""
        mine = self.of(item)
        mine.worst_nanousd -= _ahead(item)
        self.done += 1
        if outcome is None:
            self.left += 1
            mine.left += 1
            return
        self.counts[outcome.status] += 1
        mine.counts[outcome.status] += 1
        if outcome.status is Status.UNKNOWN:
            self.waiting.append(item.request.key)
        if outcome.amount_nanousd is not None:
            mine.n_billed += 1
            mine.billed_nanousd += outcome.amount_nanousd

    @property
    def spent_nanousd(self) -> int:
        """What the round has cost so far."""
        return self._purse.spent_nanousd

    @property
    def projected_nanousd(self) -> int:
        """What the round will have cost when the run is through."""
        return self.spent_nanousd + sum(o.to_come_nanousd for o in self.offers.values())

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return self._clock() - self._began

    @property
    def left_s(self) -> float | None:
        """How long it will still take, by the slowest offer; None while one has not begun."""
        longest = 0.0
        for offer in self.offers.values():
            rest = offer.planned - offer.done
            if rest and not offer.done:
                return None
            if rest:
                longest = max(longest, rest * self.seconds / offer.done)
        return longest


def _ahead(item: Planned) -> int:
    """What a request's next call may cost; nothing while its job is only followed."""
    return (item.call_nanousd or 0) if item.standing.step in CALLS else 0
