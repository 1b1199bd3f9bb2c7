"""How patient a run is, what is tried again, and how it keeps within its budget."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, TypeVar

N = TypeVar("N", float, None)


@dataclass(frozen=True, kw_only=True)
class RunPolicy:
    """Limits of a run.

    Attributes
    ----------
    backoff_s, backoff_most_s : float
        First and longest wait before a new attempt; doubled each time, jittered by half.
    poll_deadline_s : float
        How long a job is waited for; later it is ``unknown`` and a next run resumes it.
    poll_first_s, poll_most_s : float
        First and longest wait between two polls of a seller that does not say when to ask again.
    throttled_most : int
        How many times in a run one request is asked again that the seller did not take (429, or
        never reached); such calls cost nothing and are no attempts.
    trip_after : int
        How many calls of an account in a row may find the seller out of reach before it is left
        alone; then one call finds out.
    cooldown_s, cooldown_most_s, quota_cooldown_s : float
        For how long: first and longest, and when the account has no money or quota left.
    patience_s : float
        The longest single wait for an account or a seller; beyond it requests are left.
    deadline_s : float or None
        How long the run may take in all: then no call is made, and jobs under way are left to
        the next run.
    collects : int
        How many downloads of one seller, with what is done to their media, may be under way at
        once.
    buys : bool
        Whether new calls are made at all; without, jobs are followed and doubts are settled.
    least_free_bytes : int
        Room on the store's disk below which nothing more is bought.
    lost_polls : int
        How many polls or downloads in a row may raise before the job is left for a next run.
    grace_s : float
        How long calls under way are waited for when a run is interrupted.
    claim_s : float
        How long after its ``intended`` row was begun a call may still be made; later it is not
        sent. A service whose worker can be declared dead keeps this below its lease.
    budget_nanousd : int or None
        Money the round may cost in all; checked again before every single call.
    """

    backoff_s: float = 1.0
    backoff_most_s: float = 60.0
    poll_deadline_s: float = 1_800.0
    poll_first_s: float = 1.0
    poll_most_s: float = 30.0
    throttled_most: int = 8
    trip_after: int = 6
    cooldown_s: float = 15.0
    cooldown_most_s: float = 300.0
    quota_cooldown_s: float = 3_600.0
    patience_s: float = 1_800.0
    deadline_s: float | None = None
    collects: int = 16
    buys: bool = True
    least_free_bytes: int = 64 * 1024 * 1024
    lost_polls: int = 14  # some minutes: what is paid for is worth waiting out an outage
    grace_s: float = 120.0
    claim_s: float = math.inf
    budget_nanousd: int | None = None

    def poll_s(self, passed_s: float) -> float:
        """When to ask for a job again: a tenth of the time it has taken so far, within bounds."""
        return min(self.poll_most_s, max(self.poll_first_s, passed_s / 10.0))

    def wait_s(self, failures: int, told_s: float | None, rng: random.Random) -> float:
        """How long to wait after the ``failures``-th failure: as told, never less."""
        own = min(self.backoff_most_s, self.backoff_s * 2.0 ** (failures - 1))
        jittered = own * (0.5 + 0.5 * rng.random())
        return jittered if told_s is None else max(told_s, 0.0) + jittered * 0.1


class Purse:
    """The budget during a run: what was spent and what calls under way may still cost."""

    def __init__(
        self, budget_nanousd: int | None, spent_nanousd: int, held_nanousd: int = 0
    ) -> None:
        self.budget_nanousd = budget_nanousd
        self.spent_nanousd = spent_nanousd
        self._held_nanousd = held_nanousd

    def hold(self, worst_nanousd: int | None) -> bool:
        """Set aside the worst case of a call; False when the budget does not cover it."""
        worst = worst_nanousd or 0
        total = self.spent_nanousd + self._held_nanousd + worst
        if self.budget_nanousd is not None and total > self.budget_nanousd:
            return False
        self._held_nanousd += worst
        return True

    def settle(self, worst_nanousd: int | None, amount_nanousd: int | None) -> None:
        """Replace what was set aside by what it cost; an unknown charge stays at its worst."""
        worst = worst_nanousd or 0
        self._held_nanousd -= worst
        self.spent_nanousd += worst if amount_nanousd is None else amount_nanousd


def seconds_or(value: Any, otherwise: N) -> float | N:
    """A number of seconds as an adapter gave it, or something else when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    try:
        return max(0.0, float(value)) if math.isfinite(value) else otherwise
    except OverflowError:  # an integer beyond all floats
        return otherwise
