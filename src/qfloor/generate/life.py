"""The life of one request: called at most once an attempt and followed to its end.

The order of every step is the promise of the ledger: ``intended`` is on disk before the seller
is called, the job handle before it is polled, the media before the row that names it. `desk.STEPS`
names the instants between, where tests pull the plug.
"""

from __future__ import annotations

from typing import Any

from qfloor.generate import outcome as oc
from qfloor.generate.desk import Desk
from qfloor.generate.keep import Keeper, is_plain
from qfloor.generate.outcome import Outcome
from qfloor.generate.plan import Planned
from qfloor.generate.policy import seconds_or
from qfloor.generate.state import Step
from qfloor.generators.protocol import Accepted, Ended, LooksUp, Ready, Running
from qfloor.records import REASONS, Event, Status


class Life:
    """One request of a run."""

    def __init__(self, item: Planned, generator: Any, desk: Desk) -> None:
        self.item, self.generator, self.desk = item, generator, desk
        self.request = item.request
        self._keep = Keeper(item.request, item.standing.n, desk)

    async def live(self) -> Outcome | None:
        """Bring the request to its end, or as far as it goes; None when it is left untouched."""
        stands = self.item.standing
        failures = stands.counted
        held = self.item.held_nanousd
        job = stands.job if stands.step is Step.RESUME else None
        if stands.step is Step.DOUBT:
            found = await self._look_up()
            if isinstance(found, Outcome):
                return found
            job = found
            if job is None:
                self.desk.purse.settle(held, 0)
        last: Outcome | None = None
        while True:
            if job is not None:
                last = await self._finish(job)
                self.desk.purse.settle(held, last.amount_nanousd)
            elif self._may_buy():
                last = await self._buy_and_settle()
            else:
                return last
            if last.status is Status.SETUP:
                self.desk.stopped.setdefault(self.request.offer.id, last.sentence)
            if last.status is not Status.FAILED:
                return last
            failures, job = failures + 1, None
            if failures >= self.desk.max_attempts:
                return last
            if (self._keep.told_s or 0.0) > self.desk.policy.poll_deadline_s:
                return last  # longer than anything is waited for: a next run goes on
            wait_s = self.desk.policy.wait_s(failures, self._keep.told_s, self.desk.rng)
            await self.desk.sleep(wait_s)

    # -- buying ------------------------------------------------------------------------------

    def _may_buy(self) -> bool:
        desk = self.desk
        if desk.halted or self.request.offer.id in desk.stopped:
            return False
        if not desk.purse.hold(self.item.call_nanousd):
            desk.halted = "the budget does not cover the worst case of another call"
            return False
        return True

    async def _buy_and_settle(self) -> Outcome:
        answer = await self.desk.finish(self._buy())
        last = answer if isinstance(answer, Outcome) else await self._finish(answer.job)
        self.desk.purse.settle(self.item.call_nanousd, last.amount_nanousd)
        return last

    async def _buy(self) -> Accepted | Outcome:
        """Call the seller once. Nothing here may be repeated for this attempt."""
        self._keep.n += 1
        self._keep.told_s = None
        self._keep.trace("before_intended")
        await self._keep.note(Event.INTENDED, most_nanousd=self.item.call_nanousd)
        self._keep.trace("after_intended")
        self._keep.started = self.desk.clock()
        answer: Any
        try:
            answer = await self.generator.submit(self.request)
        except Exception as error:
            answer = oc.raised(error, "submit")
        self._keep.trace("after_submit")
        if not isinstance(answer, Accepted):
            return await self._keep.close(answer, "submit")
        if not is_plain(answer.job):
            return await self._keep.close(oc.not_an_answer(answer, "submit"), "submit")
        await self._keep.note(Event.ACCEPTED, job=answer.job)
        self._keep.trace("after_accepted")
        return answer

    async def _look_up(self) -> Any:
        """Settle whether a seller took a call whose answer was lost.

        Gives the job if it did, None if it is safe to call again, an `Outcome` if nobody knows.
        """
        detail = "the run ended between the call and its answer, and the seller cannot be asked"
        if isinstance(self.generator, LooksUp):
            try:
                found: Any = await self.generator.lookup(self.request)
            except Exception as error:
                found, detail = self, f"lookup raised {type(error).__name__}: {error}"
            if isinstance(found, Accepted) and is_plain(found.job):
                await self._keep.note(Event.ACCEPTED, job=found.job)
                return found.job
            if found is None:
                never = Outcome(
                    status=REASONS["not_sent"], reason="not_sent", charged="no", amount_nanousd=0
                )
                await self._keep.note(Event.ENDED, outcome=never)
                return None
        lost = Outcome(
            status=REASONS["timeout_ambiguous"], reason="timeout_ambiguous", detail=oc.clip(detail)
        )
        return lost if self.item.standing.ended else await self._keep.close(lost, "lookup")

    # -- following ---------------------------------------------------------------------------

    async def _finish(self, job: Any) -> Outcome:
        """Wait for a job, fetch what it made, keep it; damaged or expired media once more."""
        answer = await self._follow(job)
        if isinstance(answer, Ended) and await self._is_damaged(answer):
            again = await self._follow(job)
            if isinstance(again, Ended) and "ok" not in {answer.reason} - {again.reason}:
                answer, again = again, answer  # never in place of media that were paid for
            if isinstance(again, Ended):
                self._keep.drop(again)
        return await self._keep.close(answer, "collect")

    async def _is_damaged(self, ended: Ended) -> bool:
        if ended.reason == "url_expired":
            return True
        seen = await self._keep.look(ended)
        return seen is not None and seen.reason == "undecodable"

    async def _follow(self, job: Any) -> Ended | Outcome:
        desk = self.desk
        began = desk.clock()
        deadline = began + desk.policy.poll_deadline_s
        while True:
            answer = await self._ask("poll", job, (Running, Ready, Ended))
            self._keep.trace("during_poll")
            if isinstance(answer, Ready):
                await self._keep.note(Event.POLLED)
                fetched: Ended | Outcome = await self._ask("collect", job, (Ended,))
                return fetched
            if isinstance(answer, Ended | Outcome):
                return answer
            left = deadline - desk.clock()
            if left <= 0:
                return _late(f"still running after {desk.policy.poll_deadline_s:g} s")
            told_s = seconds_or(answer.retry_after_s, None)
            wait_s = desk.policy.poll_s(desk.clock() - began) if told_s is None else told_s
            await desk.sleep(min(wait_s, left))

    async def _ask(self, verb: str, job: Any, kinds: tuple[type, ...]) -> Any:
        """Poll or collect, which may be repeated freely, until there is an answer."""
        desk = self.desk
        for lost in range(1, desk.policy.lost_polls + 1):
            try:
                answer = await getattr(self.generator, verb)(job)
                if isinstance(answer, kinds):
                    return answer
                said = f"{verb} returned {type(answer).__name__}: {answer!r}"
            except Exception as error:
                said = f"{verb} raised {type(error).__name__}: {error}"
            if lost < desk.policy.lost_polls:
                await desk.sleep(desk.policy.wait_s(lost, None, desk.rng))
        return _late(said)


def _late(detail: str) -> Outcome:
    """The job is still the seller's; a next run asks for it again."""
    return Outcome(status=REASONS["poll_deadline"], reason="poll_deadline", detail=oc.clip(detail))
