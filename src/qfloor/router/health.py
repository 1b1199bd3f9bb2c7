"""How offers fare now: recorded answer by answer, in windows of bounded memory.

`HealthWindow` counts times by the minute (`SLOT_S`) and by the hour. What counts as current is
the shortest recent span that holds enough requests, from 3 to 15 minutes; what is usual is the
median of hourly 95th percentiles over a week, so that a bad day does not become the usual one. An
offer nothing was heard of lately is unknown, not slow. `read_health` and `write_health` (of
`qfloor.router.health_file`) exchange the same with other services. Knows nothing of files.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from qfloor.errors import InputError
from qfloor.router.decision import Decision
from qfloor.router.health_file import read_health, write_health
from qfloor.router.policy import HealthFeed, OfferHealth
from qfloor.router.probing import Probes
from qfloor.router.sketch import Sketch, merged
from qfloor.router.steering import Breaker, Steering, answered, steer

__all__ = ["HealthWindow", "read_health", "write_health"]

SLOT_S = 60
SPAN_SLOTS = (3, 15)
"""Fewest and most minutes that are current."""

ENOUGH = 60
"""Requests in a span beyond which it need not be longer."""

LEAST = 20
"""Fewer requests than this say nothing of a 95th percentile."""

HOUR_S = 3600
USUAL_HOURS = (3, 168)
"""Hours that must have been seen before there is a usual, and hours that are remembered."""

MOST_UNKEPT = 7 * 24 * 60
"""Minutes that wait to be kept; beyond that the oldest are lost."""

MOST_OFFERS = 5000
"""Names that are kept: one that was heard of least lately goes first."""


@dataclass
class Slot:
    """Answers of one offer in one minute or hour."""

    times: Sketch = field(default_factory=Sketch)
    ok: int = 0
    failed: int = 0
    last_at: float = 0.0

    def add(self, seconds: float | None, ok: bool, at: float) -> None:
        """Count one answer."""
        self.ok += ok
        self.failed += not ok
        self.last_at = max(self.last_at, at)
        if ok and seconds is not None:
            self.times.add(seconds)


@dataclass(frozen=True)
class Usual:
    """The 95th percentile of one past hour."""

    p95_s: float
    n: int


def usual_of(hours: Iterable[Usual]) -> float | None:
    """Median of hourly 95th percentiles; None before `USUAL_HOURS` hours were seen."""
    known = [hour.p95_s for hour in hours if hour.n >= LEAST]
    return median_low(known) if len(known) >= USUAL_HOURS[0] else None


def current_of(slots: Mapping[int, Slot], now: float) -> Slot:
    """Add up the shortest recent span that holds enough requests."""
    this, n = int(now // SLOT_S), 0
    span: list[Slot] = []
    for back in range(SPAN_SLOTS[1]):
        slot = slots.get(this - back)
        if slot is not None:
            span.append(slot)
            n += slot.times.n
        if back + 1 >= SPAN_SLOTS[0] and n >= ENOUGH:
            break
    return total_of(span)


def total_of(slots: Sequence[Slot]) -> Slot:
    """Add slots up, exactly."""
    return Slot(
        merged(slot.times for slot in slots),
        sum(slot.ok for slot in slots),
        sum(slot.failed for slot in slots),
        max((slot.last_at for slot in slots), default=0.0),
    )


def health_of(
    current: Slot, usual: float | None, state: Steering, resting: bool, now: float
) -> OfferHealth | None:
    """Say how an offer fares; None when nothing was heard of it lately."""
    if not (current.ok or current.failed or resting):
        return None
    known = current.times.n >= LEAST and usual is not None
    return OfferHealth(
        as_of=iso(now if resting else current.last_at),
        available=not resting,
        p50_s=current.times.quantile(0.5),
        p95_s=current.times.quantile(0.95),
        n=current.times.n,
        usual_p95_s=usual,
        elevated=state.elevated if known else None,
        shed=state.shed if known else None,
    )


def ratio_of(current: Slot, usual: float | None) -> float | None:
    """Current over usual 95th percentile; None when either is unknown."""
    p95 = current.times.quantile(0.95)
    if p95 is None or not usual or current.times.n < LEAST:
        return None
    return p95 / usual


def iso(at: float) -> str:
    """Seconds since the epoch as UTC text."""
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds")


class _Watched:
    """One offer in a window."""

    __slots__ = ("breaker", "hours", "last_at", "now_hour", "slots", "state", "unkept")

    def __init__(self) -> None:
        self.slots: dict[int, Slot] = {}
        self.hours: dict[int, Usual] = {}
        self.now_hour: tuple[int, Slot] | None = None
        self.state = Steering()
        self.breaker = Breaker()
        self.last_at = 0.0
        self.unkept: dict[int, Slot] = {}

    def add(self, seconds: float | None, ok: bool, at: float) -> None:
        slot = int(at // SLOT_S)
        for slots in (self.slots, self.unkept):
            slots.setdefault(slot, Slot()).add(seconds, ok, at)
        for old in [s for s in self.slots if s <= slot - SPAN_SLOTS[1]]:
            del self.slots[old]
        while len(self.unkept) > MOST_UNKEPT:
            del self.unkept[min(self.unkept)]
        hour = int(at // HOUR_S)
        if self.now_hour is None or hour > self.now_hour[0]:
            self._close_hour()
            self.now_hour = hour, Slot()
        if hour == self.now_hour[0]:
            self.now_hour[1].add(seconds, ok, at)
        self.breaker = answered(self.breaker, ok, at)
        self.last_at = max(self.last_at, at)

    def _close_hour(self) -> None:
        if self.now_hour is None:
            return
        hour, slot = self.now_hour
        p95 = slot.times.quantile(0.95)
        if p95 is not None:
            self.hours[hour] = Usual(p95, slot.times.n)
        for old in sorted(self.hours)[: -USUAL_HOURS[1]]:
            del self.hours[old]


@dataclass(frozen=True)
class Unkept:
    """What a window recorded of one offer since it was last kept."""

    offer: str
    slots: Mapping[int, Slot]
    breaker: Breaker
    at: float


class HealthWindow:
    """What one program saw of its offers lately; safe in threads.

    Parameters
    ----------
    usual : mapping of str to float, optional
        Usual 95th percentiles known from elsewhere (a release), for offers not yet seen long
        enough to have one of their own.

    Examples
    --------
    >>> window = HealthWindow()
    >>> window.record("shop/value", 2.0, True, 1000.0)
    >>> window.snapshot(1000.0).offers["shop/value"].n
    1
    """

    def __init__(self, usual: Mapping[str, float] | None = None) -> None:
        self._usual = dict(usual or {})
        self._offers: dict[str, _Watched] = {}
        self._probes = Probes()
        self._lock = threading.Lock()

    def record(self, offer: str, seconds: float | None, ok: bool, at: float) -> None:
        """Count one answer of a seller.

        Parameters
        ----------
        offer : str
        seconds : float or None
            How long it took; None where that means nothing.
        ok : bool
            Whether the seller answered. A refusal is an answer; a setup error of ours is not to
            be recorded at all.
        at : float
            When it came, in seconds since the epoch.

        Raises
        ------
        InputError
            When a number is none.
        """
        if not math.isfinite(at) or (seconds is not None and not 0 <= seconds < math.inf):
            raise InputError(f"{offer}: {seconds} s at {at} is no time that something took")
        with self._lock:
            watched = self._offers.pop(offer, None) or _Watched()
            self._offers[offer] = watched  # the last in order was heard of last
            watched.add(seconds, ok, at)
            if len(self._offers) > MOST_OFFERS:
                del self._offers[next(iter(self._offers))]

    def snapshot(self, now: float) -> HealthFeed:
        """Say how every offer fares, by what this window alone saw."""
        found = {}
        with self._lock:
            for offer, watched in sorted(self._offers.items()):
                current = current_of(watched.slots, now)
                usual = usual_of(watched.hours.values()) or self._usual.get(offer)
                watched.state = steer(watched.state, ratio_of(current, usual), now)
                resting = watched.breaker.resting(now)
                health = health_of(current, usual, watched.state, resting, now)
                if health is not None:
                    found[offer] = health
        return HealthFeed(offers=found)

    def probe(self, decision: Decision, now: float) -> Decision:
        """Now and then send a request to an offer whose latency nobody knows any more.

        Parameters
        ----------
        decision : Decision
            Of a request that was routed; the offer probed is eligible for that same request and
            dearer by no more than the policy's surcharge.
        now : float
            Seconds since the epoch.

        Returns
        -------
        Decision
            The same one, or one whose cause is ``probe_for_latency``: at most for the policy's
            ``probe_share`` of all decisions shown here.
        """
        with self._lock:
            return self._probes.probe(decision, now)

    def take_unkept(self) -> list[Unkept]:
        """Return what was recorded since the last call, and forget that it was not kept."""
        with self._lock:
            taken = [
                Unkept(offer, watched.unkept, watched.breaker, watched.last_at)
                for offer, watched in self._offers.items()
                if watched.unkept
            ]
            for watched in self._offers.values():
                if watched.unkept:
                    watched.unkept = {}
        return taken

    def give_back(self, unkept: Iterable[Unkept]) -> None:
        """Undo `take_unkept` where keeping failed."""
        with self._lock:
            for one in unkept:
                watched = self._offers.setdefault(one.offer, _Watched())
                for slot, counted in one.slots.items():
                    before = watched.unkept.get(slot)
                    watched.unkept[slot] = (
                        counted if before is None else total_of((before, counted))
                    )
