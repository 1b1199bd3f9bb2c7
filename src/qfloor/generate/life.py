"""The life of one request: called at most once an attempt and followed to its end.

The order of every step is the promise of the ledger: ``intended`` is on disk before the seller
is called, the job handle before it is polled, the media before the row that names it. `desk.STEPS`
names the instants between, where tests pull the plug.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from qfloor.generate import outcome as oc
from qfloor.generate.desk import Desk
from qfloor.generate.gate import Closed, Gate, Pass
from qfloor.generate.keep import Keeper, is_plain
from qfloor.generate.outcome import Outcome
from qfloor.generate.plan import Planned
from qfloor.generate.policy import seconds_or
from qfloor.generate.state import NEVER_REACHED, Step
from qfloor.generators.protocol import Accepted, Ended, LooksUp, Ready, Request, Running
from qfloor.records import REASONS, Event, Status


class Life:
    """One request of a run."""

    def __init__(self, item: Planned, generator: Any, gate: Gate, desk: Desk) -> None:
        self.item, self.generator, self.gate, self.desk = item, generator, gate, desk
        self.request = item.request
        self._keep = Keeper(item.request, item.standing.n, desk)

    @property
    def _is_late(self) -> bool:
        """Whether it was given up and is only followed: then it holds nobody else up."""
        return not self.item.buys and self.item.patience is not None

    async def live(self) -> Outcome | None:
        """Bring the request to its end, or as far as it goes; None when it is left untouched."""
        stands = self.item.standing
        job = stands.job if stands.step is Step.RESUME else None
        last: Outcome | None = None
        if stands.step is Step.DOUBT:
            found = await self._look_up()
            if isinstance(found, Outcome):
                return found
            job = found
            if job is None:
                self.desk.purse.settle(self.item.held_nanousd, 0)
        if job is not None:
            last = await self._resume(job)
        failures, refused = stands.counted, 0
        while last is None or last.status is Status.FAILED:
            if last is not None:
                if last.reason in NEVER_REACHED:
                    refused += 1
                else:
                    failures += 1
                if failures >= self.desk.max_attempts or refused > self.desk.policy.throttled_most:
                    break
                if not await self._wait(last, failures + refused):
                    break
            bought = await self._buy_in_turn()
            if bought is None:
                break
            last = bought
        if last is not None and last.status is Status.SETUP:
            self.desk.stop(self.request.offer.id, last.sentence)
        return last

    async def _wait(self, last: Outcome, failures: int) -> bool:
        """Wait before another attempt; False when that is longer than this run waits."""
        desk, told_s = self.desk, self._keep.told_s
        if last.reason == "rate_limited":
            return True  # the whole account waits, at its gate
        wait_s = desk.policy.wait_s(failures, told_s, desk.rng)
        if wait_s > desk.policy.patience_s or wait_s > desk.left_s():
            return False
        began = desk.clock()
        await desk.sleep(wait_s)
        self._keep.throttled_s += desk.clock() - began
        return True

    # -- buying ------------------------------------------------------------------------------

    def _is_wanted(self) -> bool:
        return self.item.buys and self.desk.may_buy(self.request.offer.id)

    async def _buy_in_turn(self) -> Outcome | None:
        """Buy when the account's turn and the budget allow; None when they do not."""
        desk, call = self.desk, self.item.call_nanousd
        try:
            ticket = await self.gate.enter(self._is_wanted)
        except Closed as closed:
            if str(closed):
                desk.stop(self.request.offer.id, str(closed))
            return None
        self._keep.throttled_s += ticket.waited_s
        try:
            if not self._is_wanted():
                return None
            if not desk.purse.hold(call):
                desk.halted = "the budget does not cover the worst case of another call"
                return None
            answer = await desk.finish(self._buy(), self.request.key)
            last = answer if isinstance(answer, Outcome) else await self._bought(answer)
            desk.purse.settle(call, last.amount_nanousd)
            self.gate.report(last, ticket, self._keep.told_s)
            return last
        finally:
            self.gate.leave(ticket)

    async def _bought(self, answer: Accepted) -> Outcome:
        self.gate.accepted()
        return await self._finish(answer.job)

    async def _resume(self, job: Any) -> Outcome:
        """Follow a job that an earlier run was given."""
        self._keep.has_handle = True
        ticket: Pass = self.gate.resume(counts=not self._is_late)
        try:
            last = await self._finish(job)
            self.desk.purse.settle(self.item.held_nanousd, last.amount_nanousd)
            self.gate.report(last, ticket, self._keep.told_s)
            return last
        finally:
            self.gate.leave(ticket)

    async def _buy(self) -> Accepted | Outcome:
        """Call the seller once. Nothing here may be repeated for this attempt."""
        self._keep.n += 1
        self._keep.told_s = self._keep.download_s = None
        self._keep.has_handle = False
        self._keep.trace("before_intended")
        claimed_at = self.desk.clock()
        await self._keep.note(Event.INTENDED, most_nanousd=self.item.call_nanousd)
        self._keep.trace("after_intended")
        self._keep.started = self.desk.clock()
        if self._keep.started - claimed_at > self.desk.policy.claim_s:
            return await self._keep.close(_overslept(self._keep.started - claimed_at), "submit")
        answer: Any
        try:
            answer = await self.generator.submit(self._call())
        except Exception as error:
            answer = oc.raised(error, "submit")
        self._keep.answered_at = self.desk.clock()
        if task := asyncio.current_task():
            self.desk.answered.add(task)
        self._keep.trace("after_submit")
        if not isinstance(answer, Accepted):
            return await self._keep.close(answer, "submit")
        if not is_plain(answer.job):
            return await self._keep.close(oc.not_an_answer(answer, "submit"), "submit")
        await self._keep.note(Event.ACCEPTED, job=answer.job)
        self._keep.has_handle = True
        self._keep.trace("after_accepted")
        return answer

    def _call(self) -> Request:
        """Give the request as the attempt under way puts it."""
        return replace(self.request, attempt=self._keep.n)

    async def _look_up(self) -> Any:
        """Settle whether a seller took a call whose answer was lost.

        Gives the job if it did, None if it is safe to call again, an `Outcome` if nobody knows.
        """
        detail = "the run ended between the call and its answer, and the seller cannot be asked"
        if isinstance(self.generator, LooksUp):
            try:
                found: Any = await self.generator.lookup(self._call())
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
        """Wait for a job, fetch what it made, keep it; damaged or expired media once more.

        Few are fetched at once, so that thousands that end together do not fill the memory.
        """
        answer = await self._follow(job)
        async with self.desk.collecting(self.request.offer.provider):
            answer = await self._fetch(job, answer)
            if isinstance(answer, Ended) and await self._is_damaged(answer):
                again = await self._fetch(job, await self._follow(job))
                if not isinstance(again, Ended):  # the job is still there: left to a next run
                    self._keep.drop(answer)
                    return await self._keep.close(again, "collect")
                if "ok" not in {answer.reason} - {again.reason}:
                    answer, again = again, answer  # never in place of media that were paid for
                self._keep.drop(again)
            return await self._keep.close(answer, "collect")

    async def _is_damaged(self, ended: Ended) -> bool:
        if ended.reason == "url_expired":
            return True
        seen = await self._keep.look(ended)
        return seen is not None and seen.reason == "undecodable"

    async def _fetch(self, job: Any, answer: Ready | Ended | Outcome) -> Ended | Outcome:
        """Collect what is ready."""
        if not isinstance(answer, Ready):
            return answer
        await self._keep.note(Event.POLLED)
        began = self.desk.clock()
        fetched: Ended | Outcome = await self._ask("collect", job, (Ended,))
        self._keep.download_s = self.desk.clock() - began
        return fetched

    async def _follow(self, job: Any) -> Ready | Ended | Outcome:
        desk, patience = self.desk, self.item.patience or self.desk.policy
        began = desk.clock()
        deadline = min(began + patience.poll_deadline_s, began + desk.left_s())
        while True:
            answer = await self._ask("poll", job, (Running, Ready, Ended))
            self._keep.trace("during_poll")
            if not isinstance(answer, Running):
                self._keep.answered_at = desk.clock()
                ended: Ready | Ended | Outcome = answer
                return ended
            left = deadline - desk.clock()
            if left <= 0:
                return _late(f"still running after {desk.clock() - began:.0f} s: {answer.detail}")
            told_s = seconds_or(answer.retry_after_s, None)
            wait_s = patience.poll_s(desk.clock() - began) if told_s is None else told_s
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
            if lost == _OUT_OF_REACH_POLLS and not self._is_late:
                self.gate.unreachable(said)
            if lost < desk.policy.lost_polls:
                await desk.sleep(desk.policy.wait_s(lost, None, desk.rng))
        return _late(said)


_OUT_OF_REACH_POLLS = 5
"""Lost polls in a row after which no new call is made for the time being."""


def _overslept(seconds: float) -> Outcome:
    """A process stood still after its claim: another may have taken the request for dropped."""
    detail = f"{seconds:.0f} s passed between the ledger row and the call, so it was not made"
    return Outcome(status=REASONS["not_sent"], reason="not_sent", detail=detail, charged="no",
                   amount_nanousd=0)  # fmt: skip


def _late(detail: str) -> Outcome:
    """The job is still the seller's; a next run asks for it again."""
    return Outcome(status=REASONS["poll_deadline"], reason="poll_deadline", detail=oc.clip(detail))
