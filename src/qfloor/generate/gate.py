"""The gate of an account: every call to a seller goes through it, in turn.

Offers of one provider and key share an account: its declared limits, its adaptive width after
429s, its circuit breaker. How long a call waited here is our own waiting, kept apart from the
seller's latency. What the gate does not know: money, and what an output is.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qfloor.generate.limits import Breaker, Bucket, Width
from qfloor.generate.outcome import Outcome
from qfloor.generate.policy import RunPolicy
from qfloor.generators.protocol import Limited
from qfloor.records import Offer, RateLimits

OUT_OF_REACH = ("outage", "not_sent", "capacity", "timeout_ambiguous")
"""Reasons that tell of a seller that cannot be reached or cannot serve, whatever it is asked."""

LONGEST_NAP_S = 30.0  # a gate that closes for good is noticed by who waits at it
Account = tuple[str, str, str]


def account_of(offer: Offer) -> Account:
    """Name the account that a call for an offer is made on: provider, key and address."""
    args: Mapping[str, Any] = offer.generator.args if offer.generator else {}
    return (offer.provider, str(args.get("key_env") or ""), str(args.get("base_url") or ""))


def limits_of(offer: Offer, generator: Any, declared: Mapping[str, RateLimits]) -> RateLimits:
    """What an account may be asked: by the benchmark file, else by the generator."""
    if offer.provider in declared:
        return declared[offer.provider]
    own = generator.limits() if isinstance(generator, Limited) else None
    return own if isinstance(own, RateLimits) else RateLimits()


class Closed(Exception):  # noqa: N818  it is no error of anyone's
    """No call is let through any more in this run; says why."""


@dataclass(frozen=True)
class Pass:
    """A call that was let through: when, how long our own limits kept it, whether it probes.

    ``counts`` is whether it takes one of the account's places.
    """

    at: float
    waited_s: float = 0.0
    is_probe: bool = False
    counts: bool = True


class Gate:
    """Lets calls of one account through.

    ``closed`` says why no call is let through any more in this run; empty while any may be.
    """

    def __init__(
        self,
        name: str,
        limits: RateLimits,
        policy: RunPolicy,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        ends_at: float = math.inf,
    ) -> None:
        self.name, self.policy = name, policy
        self.clock, self.sleep, self.ends_at = clock, sleep, ends_at
        self.bucket = Bucket(limits.per_minute, limits.burst)
        self.width = Width(limits.concurrency)
        self.breaker = Breaker(policy.trip_after, policy.cooldown_s, policy.cooldown_most_s)
        self.in_flight = 0
        self.closed = ""
        self.why = ""
        self._strikes = 0
        self._paused_until = -math.inf
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    async def enter(self, is_wanted: Callable[[], bool] = lambda: True) -> Pass:
        """Wait until a call may be made and count it in; `leave` must follow.

        Raises
        ------
        Closed
            When it is not wanted any more, or no call will be let through within the run's
            patience; nothing was counted.
        """
        began = self.clock()
        async with self._turn:  # in the order of coming; only the first in line watches the clock
            while True:
                if not is_wanted():
                    raise Closed("")
                wait_s = self._wait_s()
                if wait_s == 0.0:
                    break
                if wait_s is None:
                    self._changed.clear()
                    await self._changed.wait()
                else:
                    await self.sleep(min(wait_s, LONGEST_NAP_S))
            now = self.clock()
            self.bucket.take(now)
            self.in_flight += 1
            return Pass(now, now - began, self.breaker.enter())

    def free_in_s(self) -> float:
        """Give the seconds until a call may be made, 0 when now; infinite when closed for good.

        A call that has to wait for another one to end is one that may be made.
        """
        if self.closed:
            return math.inf
        now = self.clock()
        paused_s = max(0.0, self._paused_until - now)
        return max(self.breaker.wait_s(now) or 0.0, paused_s, self.bucket.wait_s(now))

    def resume(self, *, counts: bool = True) -> Pass:
        """Count in a job that the seller has already; one that only may end yet takes no place."""
        self.in_flight += counts
        return Pass(self.clock(), counts=counts)

    def leave(self, ticket: Pass) -> None:
        """Count out a call or job, whatever came of it."""
        self.in_flight -= ticket.counts
        if ticket.is_probe:
            self.breaker.abandon()
        self._changed.set()

    def accepted(self) -> None:
        """Note that the seller took a call."""
        self._strikes = 0
        self.breaker.answered()
        self._changed.set()

    def unreachable(self, why: str) -> None:
        """Note that a job's seller does not answer polls: nothing new is bought of it meanwhile."""
        self.breaker.trip(self.clock(), self.policy.cooldown_s)
        self.why = why
        self._changed.set()

    def report(self, outcome: Outcome, ticket: Pass, told_s: float | None) -> None:
        """Note what came of a call or job."""
        now, reason = self.clock(), outcome.reason
        if reason == "auth":
            self.closed = f"{self.name}: {outcome.sentence}"
        elif reason == "billing":
            self.breaker.trip(now, self.policy.quota_cooldown_s)
            self.why = outcome.sentence
        elif reason == "rate_limited":
            self._throttled(now, ticket, told_s)
            self.why = outcome.sentence
        elif reason in OUT_OF_REACH:
            if self.breaker.failed(now, is_probe=ticket.is_probe):
                self.why = outcome.sentence
        elif reason != "poll_deadline":
            self._strikes = 0
            self.breaker.answered()
            self.width.widen()
        self._changed.set()

    def _throttled(self, now: float, ticket: Pass, told_s: float | None) -> None:
        """Fewer at once, and none for as long as was told, or ever longer when nothing was."""
        self.breaker.answered()
        if self.width.narrow(now, called_at=ticket.at, in_flight=self.in_flight):
            self._strikes += 1
        if told_s is None:
            grown = self.policy.backoff_s * 2.0 ** max(0, self._strikes - 1)
            told_s = min(self.policy.backoff_most_s, grown)
        self._paused_until = max(self._paused_until, now + told_s)

    def _wait_s(self) -> float | None:
        """Seconds to wait, 0 to go, None to wait for something to change."""
        if self.closed:
            raise Closed(self.closed)
        now = self.clock()
        broken_s = self.breaker.wait_s(now)
        paused_s = max(0.0, self._paused_until - now)
        longest = max(broken_s or 0.0, paused_s)
        self._refuse_long(now, longest, f" after {self.why}" if self.why else "")
        rate_s = self.bucket.wait_s(now)
        self._refuse_long(now, rate_s, "")
        if longest or rate_s:
            return max(longest, rate_s)
        has_room = broken_s is not None and self.width.has_room(self.in_flight)
        return 0.0 if has_room else None

    def _refuse_long(self, now: float, wait_s: float, after: str) -> None:
        is_late = wait_s > 0 and now + wait_s > self.ends_at
        if is_late or wait_s > self.policy.patience_s:
            raise Closed(
                f"{self.name} takes no call for another {wait_s:.0f} s{after}, longer than this "
                "run waits; run it again later"
            )
