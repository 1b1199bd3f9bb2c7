"""One output of a job: its offers are asked in order, each at most once.

The next offer is asked only where the one before surely took nothing: it was not called, the call
was not sent, or it was turned away (429 or a quota used up, 503 before acceptance). A refusal is an
answer and goes to nobody else; after an answer that was lost, nobody is asked at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from qfloor.errors import QfloorError, StoreError
from qfloor.generate import (
    Outcome,
    RunPolicy,
    SingleRequests,
    Standing,
    Step,
    TurnedAway,
    resolving,
    standing,
)
from qfloor.generators.protocol import Declines, Request
from qfloor.records import Attempt, Event, Output, PriceRule, Status
from qfloor.router import Database
from qfloor.router.health import HealthWindow
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.plan import Plan
from qfloor.web.gateway.sellers import Sellers
from qfloor.web.gateway.tracing import span

_UNCERTAIN = Outcome(status=Status.UNKNOWN, reason="timeout_ambiguous")
_NEVER_SENT = Outcome(status=Status.FAILED, reason="not_sent", charged="no", amount_nanousd=0)
_LATE_POLL_S = 60.0


@dataclass(frozen=True, kw_only=True)
class End:
    """What became of one output: of the last offer that was asked, or would have been."""

    offer_id: str
    outcome: Outcome | TurnedAway
    output: Output | None
    asked: tuple[str, ...]
    charged_nanousd: int | None
    charged: str

    @property
    def is_made(self) -> bool:
        """Whether there are media to hand over."""
        return isinstance(self.outcome, Outcome) and self.outcome.status is Status.MADE

    @property
    def is_open(self) -> bool:
        """Whether its seller has a job that may yet end."""
        return isinstance(self.outcome, Outcome) and self.outcome.reason == "poll_deadline"


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """What all outputs share."""

    ledger: GatewayLedger
    singles: SingleRequests
    sellers: Sellers
    window: HealthWindow
    database: Callable[[str], Database]
    rule: Callable[[Database, str], PriceRule | None]
    deadline_s: Callable[[str, str], float]

    async def make(self, plan: Plan, job_id: str, index: int, *, resumed: bool = False) -> End:
        """Have one output made."""
        db = self.database(plan.release)
        asked: list[str] = []
        spent: list[Outcome] = []
        last: End | None = None
        begun = self._begun(plan, job_id, index) if resumed else 0
        for place, offer_id in enumerate(plan.offers):
            key = f"{job_id}-{index}-{place}"
            if place < begun:  # it took nothing, or nobody after it would have been asked
                kept = self.ledger.output(key)
                if kept is not None:
                    asked.append(offer_id)
                    spent.append(_kept(kept, self.ledger.history(key)))
                continue
            stands = self._standing(key) if resumed else Standing(step=Step.NEW)
            request = self._request(plan, db, offer_id, key, job_id, index)
            most = plan.most_nanousd.get(offer_id)
            with span("qfloor.ask", offer=offer_id, place=place):
                outcome = await self._ask(request, db, stands, most)
            if isinstance(outcome, TurnedAway):
                self._refuse_doubt(key, outcome)
            else:
                asked.append(offer_id)
                spent.append(outcome)
            last = End(
                offer_id=offer_id,
                outcome=outcome,
                output=self.ledger.output(key) if isinstance(outcome, Outcome) else None,
                asked=tuple(asked),
                charged=_money(spent)[0],
                charged_nanousd=_money(spent)[1],
            )
            if stands.step is not Step.DONE:  # that is no news
                self._note(last)
            if not self._may_fall(last, key, plan):
                break
        assert last is not None, "a plan has at least one offer"
        return last

    async def follow(self, plan: Plan, job_id: str, index: int, within_s: float) -> End | None:
        """Follow what the seller of a late output has; None when it is still open.

        Nothing is bought any more, of nobody, whatever comes of it.
        """
        db = self.database(plan.release)
        place = self._begun(plan, job_id, index)
        offer_id, key = plan.offers[place], f"{job_id}-{index}-{place}"
        stands = resolving(self._standing(key))
        request = self._request(plan, db, offer_id, key, job_id, index)
        outcome: Outcome | TurnedAway = _NEVER_SENT
        if stands.step is Step.DOUBT and not plan.prompt:
            outcome = _UNCERTAIN  # by a prompt that is forgotten nothing may be looked up, or made
        elif stands.step is not Step.NEW:
            late = replace(self.singles.desk.policy, poll_deadline_s=within_s,
                           poll_most_s=_LATE_POLL_S)  # fmt: skip
            outcome = await self._ask(request, db, stands, plan.most_nanousd.get(offer_id), late)
        if isinstance(outcome, TurnedAway):
            return None
        charged, charged_nanousd = _money([outcome])
        end = End(offer_id=offer_id, outcome=outcome, output=self.ledger.output(key),
                  asked=(offer_id,), charged=charged, charged_nanousd=charged_nanousd)  # fmt: skip
        return None if end.is_open else end

    async def _ask(
        self,
        request: Request,
        db: Database,
        stands: Standing,
        most_nanousd: int | None,
        late: RunPolicy | None = None,
    ) -> Outcome | TurnedAway:
        if stands.step is Step.DONE:
            kept = self.ledger.output(request.key)
            return _UNCERTAIN if kept is None else _kept(kept, self.ledger.history(request.key))
        if stands.step is Step.WAIT:
            return _UNCERTAIN
        try:
            generator = self.sellers.of(db, request.offer.id)
        except QfloorError as error:
            return TurnedAway(why=str(error), free_in_s=self.singles.rest_s, lasts="setup")
        if stands.step is Step.NEW and isinstance(generator, Declines):
            declined = generator.declines(request)
            if declined:
                return TurnedAway(why=declined, free_in_s=self.singles.rest_s, lasts="request")
        within_s = self.deadline_s(request.offer.id, request.prompt.modality)
        patience = late or replace(self.singles.desk.policy, poll_deadline_s=within_s)
        return await self.singles.live(
            request, generator, stands, most_nanousd, patience=patience, buys=late is None
        )

    def _request(
        self, plan: Plan, db: Database, offer_id: str, key: str, job_id: str, index: int
    ) -> Request:
        """The request in the words of `qfloor.generate`, with an identity of the gateway's own."""
        return Request(
            key=key,
            prompt=plan.prompt_of(job_id),
            offer=replace(db.offers[offer_id], price=self.rule(db, offer_id)),
            repeat=index,
            round=f"gateway-{job_id}",
            seed=plan.seed_of(job_id, index),
        )

    def _begun(self, plan: Plan, job_id: str, index: int) -> int:
        """The last of the plan's offers that was called before a restart."""
        places = range(len(plan.offers))
        return max((p for p in places if self.ledger.history(f"{job_id}-{index}-{p}")), default=0)

    def _standing(self, key: str) -> Standing:
        kept = self.ledger.output(key)
        return standing(self.ledger.history(key), None if kept is None else kept.status, 1)

    def _refuse_doubt(self, key: str, away: TurnedAway) -> None:
        """Leave open what a seller may have, when it cannot be asked: nobody else is."""
        if self._standing(key).step is not Step.NEW:
            raise StoreError(f"{key} is left open, for its seller may have it: {away.why}")

    def _note(self, end: End) -> None:
        """Tell the health window how the seller did; our own faults are none of its."""
        outcome, output = end.outcome, end.output
        if isinstance(outcome, TurnedAway) or outcome.status is Status.SETUP:
            return
        ok = outcome.status in (Status.MADE, Status.REFUSED, Status.BLANK)
        seconds = None if output is None or outcome.status is not Status.MADE else output.seconds
        self.window.record(end.offer_id, seconds, ok, time.time())

    def _may_fall(self, end: End, key: str, plan: Plan) -> bool:
        """Whether another seller may be asked after this."""
        if isinstance(end.outcome, TurnedAway):
            return True
        if end.outcome.reason == "billing" and end.outcome.charged == "no":
            return True  # its quota is used up: another 429, only a longer one
        if end.outcome.status is not Status.FAILED or end.outcome.reason not in plan.fall_on:
            return False
        if end.outcome.reason in ("rate_limited", "not_sent"):
            return True
        taken = any(a.event is Event.ACCEPTED for a in self.ledger.history(key))
        asked_for = end.outcome.reason != "capacity"  # named in fallback_on, so wanted
        return end.outcome.charged == "no" and (asked_for or not taken)


def _kept(output: Output, history: list[Attempt]) -> Outcome:
    """What came of an output that had ended before a restart."""
    ends = [a for a in history if a.event is Event.ENDED and a.status is output.status]
    last = next(iter(reversed(ends or history)), None)
    return Outcome(
        status=output.status,
        reason=output.reason,
        charged="unknown" if last is None else last.charged,
        amount_nanousd=None if last is None else last.amount_nanousd,
    )


def _money(spent: list[Outcome]) -> tuple[str, int | None]:
    """What all sellers that were asked have charged together; unknown when one of them is."""
    if any(o.charged != "no" and o.amount_nanousd is None for o in spent):
        return "unknown", None
    total = sum(o.amount_nanousd or 0 for o in spent)
    return ("yes" if total else "no"), total
