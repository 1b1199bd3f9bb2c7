"""Single requests, one by one, for a service that lives for weeks: no plan, no round, no end.

The same gates, the same life and the same ledger as a run, so that what is promised of money
there holds here. One attempt at one seller: whether to ask another is the caller's decision. What
a run ends over (a bad key, a full disk) is here only a pause: the next request after it tries.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qfloor.errors import StoreError
from qfloor.generate.desk import Desk
from qfloor.generate.gate import Account, Gate, account_of, limits_of
from qfloor.generate.journal import Ledger, Writer
from qfloor.generate.life import Life
from qfloor.generate.outcome import Outcome
from qfloor.generate.plan import Planned
from qfloor.generate.policy import Purse, RunPolicy
from qfloor.generate.state import Standing, Step
from qfloor.generators.protocol import Request
from qfloor.media import Inspection, inspect
from qfloor.records import Offer, RateLimits, Status

SERVING = RunPolicy(poll_first_s=0.25, poll_most_s=5.0, patience_s=2.0, throttled_most=0)
"""How patient a service is: a person waits for each of its requests."""

REST_S = 60.0
"""How long an offer is left alone that could not be called at all (key, permission, billing)."""


@dataclass(frozen=True, kw_only=True)
class TurnedAway:
    """Why a request did not reach its seller; nothing was called. ``free_in_s``: when to ask.

    ``lasts`` where waiting does not help: the ``setup`` of this place, or the ``request`` itself.
    """

    why: str
    free_in_s: float
    lasts: Literal["setup", "request"] | None = None


class SingleRequests:
    """Drives requests of a service; every account has one gate for all of them."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        policy: RunPolicy = SERVING,
        limits: Mapping[str, RateLimits] | None = None,
        rest_s: float = REST_S,
        look: Callable[[bytes | Path, str, str], Inspection] = inspect,
        writer: Writer | None = None,
    ) -> None:
        self._limits, self.rest_s = dict(limits or {}), rest_s
        self.desk = Desk(
            store=ledger,
            policy=policy,
            purse=Purse(None, 0),
            max_attempts=1,
            rng=random.Random(),
            clock=time.monotonic,
            sleep=asyncio.sleep,
            inspect=look,
            writer=writer,
        )
        self._gates: dict[Account, Gate] = {}
        self._resting: dict[str, tuple[float, str]] = {}

    async def live(
        self,
        request: Request,
        generator: Any,
        standing: Standing,
        most_nanousd: int | None,
        *,
        patience: RunPolicy | None = None,
        buys: bool = True,
    ) -> Outcome | TurnedAway:
        """Bring one request to its end, from wherever its ledger rows say that it stands.

        Parameters
        ----------
        request : Request
            With a key of its own: the service's, never a benchmark's.
        generator : Generator
        standing : Standing
            `qfloor.generate.state.standing` of its ledger rows.
        most_nanousd : int or None
            The most that the call can cost.
        patience : RunPolicy, optional
            How a job is followed, and for how long; by default as all are.
        buys : bool
            Whether the seller may be called at all; without, what it has is followed.

        Raises
        ------
        StoreError
            When it is being called for by this process: whoever asks again comes too early.
        """
        offer, desk = request.offer, self.desk
        if request.key in desk.calls:
            raise StoreError(f"{request.key} is left open, for its call is under way here")
        desk.halted = ""
        desk.stopped.pop(offer.id, None)
        fresh = standing.step is Step.NEW  # else its seller may have it: asked, whatever rests
        if fresh and (rests := self.resting_s(offer.id)):
            return TurnedAway(why=self._resting[offer.id][1], free_in_s=rests)
        gate = self._gate(offer, generator)
        if fresh and not gate.breaker.is_closed and gate.breaker.wait_s(desk.clock()) is None:
            return TurnedAway(why=f"{gate.name} is being tried again: {gate.why}", free_in_s=1.0)
        item = Planned(
            request=request,
            standing=standing,
            call_nanousd=most_nanousd,
            worst_nanousd=most_nanousd,
            held_nanousd=0 if fresh else most_nanousd or 0,
            buys=buys,
            patience=patience,
        )
        outcome = await Life(item, generator, gate, desk).live()
        why = desk.stopped.pop(offer.id, "") or desk.halted
        if outcome is None:
            free_in_s = gate.free_in_s()
            return TurnedAway(
                why=why, free_in_s=self.rest_s if free_in_s == math.inf else free_in_s
            )
        if outcome.status is Status.SETUP and outcome.reason != "invalid_request":
            self._rest(offer, gate, outcome)
        return outcome

    def _gate(self, offer: Offer, generator: Any) -> Gate:
        """The gate of the offer's account; one that a bad key closed is made anew."""
        account = account_of(offer)
        gate = self._gates.get(account)
        if gate is None or gate.closed:
            gate = self.desk.gate(offer.provider, limits_of(offer, generator, self._limits))
            self._gates[account] = gate
        return gate

    def _rest(self, offer: Offer, gate: Gate, outcome: Outcome) -> None:
        self._resting[offer.id] = (self.desk.clock() + self.rest_s, outcome.sentence)
        gate.closed = ""
        self.desk.tell(f"{offer.id} is left alone for {self.rest_s:.0f} s: {outcome.sentence}")

    def resting_s(self, offer_id: str) -> float:
        """For how long an offer is still left alone after it could not be called; 0 when not."""
        until, _ = self._resting.get(offer_id, (-math.inf, ""))
        left = until - self.desk.clock()
        if left <= 0:
            self._resting.pop(offer_id, None)
            return 0.0
        return left

    def unavailable(self, offers: Mapping[str, Offer]) -> dict[str, tuple[float, str]]:
        """Offers that no call is let through to now: for how long, and why."""
        found: dict[str, tuple[float, str]] = {}
        for offer in offers.values():
            gate = self._gates.get(account_of(offer))
            broken = 0.0 if gate is None else gate.free_in_s()
            rests = self.resting_s(offer.id)
            if rests:
                found[offer.id] = (rests, self._resting[offer.id][1])
            elif gate is not None and broken > self.desk.policy.patience_s:
                found[offer.id] = (broken, gate.why)
        return found

    async def close(self, grace_s: float) -> None:
        """Finish calls under way, so that what may have been paid for is in the ledger.

        A call that takes longer than ``grace_s`` is broken off; what was answered is kept first,
        however long the disk takes. After this nothing is sent or written.
        """
        left = set(self.desk.under_way)
        if left:
            _, left = await asyncio.wait(left, timeout=grace_s)
        for call in left - self.desk.answered:
            call.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.desk.journal.close()
        self.desk.threads.shutdown(wait=False, cancel_futures=True)
