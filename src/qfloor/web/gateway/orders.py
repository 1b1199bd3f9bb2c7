"""From a decision to bought outputs: jobs that are opened, run, awaited, taken over and drained.

Every request for media is a job, whether its client waits (pictures) or asks again (clips): so a
restart, a second worker and an Idempotency-Key are one matter. What this module does not know:
HTTP, and how to choose.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Literal

from qfloor.errors import QfloorError, StoreError
from qfloor.web.gateway.deciding import Decided
from qfloor.web.gateway.dispatch import Dispatcher, End
from qfloor.web.gateway.ending import (
    charged_of,
    charges_of,
    facts_of,
    fault_of,
    news_of,
    output_of,
    severity,
    unbroken,
    was_taken,
    words_of,
)
from qfloor.web.gateway.faults import Fault, busy
from qfloor.web.gateway.jobs import Job, Jobs, OverBudgetError
from qfloor.web.gateway.lanes import Lane
from qfloor.web.gateway.late import LateJobs
from qfloor.web.gateway.ledger import LostJobError
from qfloor.web.gateway.opening import job_of, over_budget
from qfloor.web.gateway.pen import Pen
from qfloor.web.gateway.plan import Plan
from qfloor.web.gateway.records import Records
from qfloor.web.gateway.settings import Settings

log = logging.getLogger("qfloor.gateway")
_LOOK_S = 0.25
_LEAST_REST_S, _MOST_REST_S = 1.0, 60.0
_MOST_UNSERVED = 10_000


class Orders:
    """The jobs of one worker."""

    def __init__(
        self, settings: Settings, jobs: Jobs, pen: Pen, dispatcher: Dispatcher, records: Records,
        budgeted: Collection[str],
    ) -> None:  # fmt: skip
        self.settings, self.jobs, self._pen, self._budgeted = settings, jobs, pen, budgeted
        self._dispatcher, self._records = dispatcher, records
        self._lanes = {
            "image": Lane(settings.most_at_once, settings.most_waiting),
            "video": Lane(settings.most_clips_at_once, settings.most_waiting),
        }
        self._running: dict[str, asyncio.Task[None]] = {}
        self._answers: dict[str, asyncio.Future[Job]] = {}
        """Of running jobs that are answered before their rows say so."""
        self._unserved: dict[str, tuple[Fault, dict[str, str]]] = {}
        self._late = LateJobs(dispatcher, settings.keep_hours * 3600.0, self._end)
        self._resting: dict[str, tuple[float, float]] = {}
        self.draining = False

    @property
    def under_way(self) -> int:
        """Jobs this worker has taken and not answered."""
        return sum(lane.jobs for lane in self._lanes.values())

    @property
    def waiting(self) -> int:
        """How many of them wait for a place."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def late(self) -> int:
        """Jobs that were told as unknown and are still followed here."""
        return len(self._late.under_way)

    async def place(
        self,
        decided: Decided,
        kind: Literal["image", "video"],
        *,
        body_digest: str,
        idempotency: str | None,
    ) -> tuple[Job, bool]:
        """Open a job and begin it; or give the one that its Idempotency-Key named before.

        Returns the job and whether it is new. Raises `Fault` when it cannot be taken.
        """
        if self.draining:
            raise Fault(503, "draining", "the gateway is being shut down",
                        retry_after_s=5.0, again=True)  # fmt: skip
        lane = self._lanes[kind]
        if lane.is_full:
            raise busy()
        job = job_of(decided, kind, body_digest, idempotency, self.jobs.worker)
        budget_nanousd = decided.key.budget_nanousd
        if kind == "image" and idempotency is None and budget_nanousd is None:
            await self._open_with_claim(job)
            return job, True
        lane.jobs += 1
        try:
            # a clip's id is told now; a job of pictures lasts with its claim, before it is bought
            there = await self._pen.write(
                lambda: self.jobs.open(job, budget_nanousd), lasting=kind == "video"
            )
        except OverBudgetError as error:
            raise over_budget(job, error.left_nanousd) from None
        finally:
            lane.jobs -= 1
        if there is not None:
            return self.same(there, body_digest), False
        self._start(job, resumed=False)
        return job, True

    async def _open_with_claim(self, job: Job) -> None:
        """Begin a job that nothing can be against while its row is written, with its first claim.

        A claim comes after the row in the order of the pen, and is refused without it: where the
        row cannot be written, nothing is bought.
        """
        self._start(job, resumed=False)
        task = self._running[job.id]
        try:
            await self._pen.write(lambda: self.jobs.open(job, None), lasting=False, along=True)
        except Exception:
            task.cancel()
            await asyncio.wait({task})
            self._resting.pop(job.id, None)  # there is nothing to go on with
            raise

    def same(self, job: Job, body_digest: str) -> Job:
        """The job of an Idempotency-Key, if it was for the same body."""
        if job.body_digest != body_digest:
            raise Fault(422, "idempotency_mismatch",
                        "this Idempotency-Key was used for another request")  # fmt: skip
        return job

    async def wait(self, job: Job) -> Job:
        """Wait for a job's end, whoever runs it; `Fault` 504 when that takes too long.

        Where all was made, it is handed over once the ledger has it: that the job's own row says
        so as well is not waited for, as whoever takes the job over reads it there.
        """
        deadline = time.monotonic() + self.settings.answer_within_s
        while True:
            task, answer = self._running.get(job.id), self._answers.get(job.id)
            if task is not None:
                either: set[asyncio.Future[Any]] = {task} if answer is None else {task, answer}
                left_s = max(0.0, deadline - time.monotonic())
                await asyncio.wait(either, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if answer is not None and answer.done():
                return answer.result()
            found = await asyncio.to_thread(self.jobs.get, job.id)
            if found is None:
                raise self._why_not(job.id)
            if found.has_ended:
                return found
            if time.monotonic() >= deadline:
                raise Fault(504, "outcome_unknown", "no answer yet; the same Idempotency-Key gets "
                            "it when it comes", metadata={"outcome": "unknown"})  # fmt: skip
            await asyncio.sleep(_LOOK_S)

    async def answers_kept(self) -> None:
        """Wait until the rows of jobs that were answered are written, or cannot be now."""
        ending = {self._running[job_id] for job_id in self._answers if self._is_answered(job_id)}
        if ending:
            await asyncio.wait(ending)

    async def take_over(self) -> int:
        """Go on with the jobs of workers that are gone."""
        if not self._takes_more():
            return 0
        now_s = time.monotonic()
        self._resting = {  # some have gone on with another worker
            job_id: rest for job_id, rest in self._resting.items()
            if job_id in self._running or now_s < rest[0] + _MOST_REST_S
        }  # fmt: skip
        resting = {job_id for job_id, (until, _) in self._resting.items() if now_s < until}
        known = frozenset(self._running) | self._late.under_way | resting
        found = await self._pen.write(lambda: self.jobs.adopt(known))
        if not self._takes_more():  # by now: who comes next takes them, with what is ours
            return 0
        begun = 0
        for job in found:
            if job.id in self._running or job.id in resting:
                continue
            now = await asyncio.to_thread(self.jobs.get, job.id)
            if now is None or now.plan is None:  # it ended while we looked
                continue
            if now.is_late:
                self._late.start(now)
                continue
            self._start(now, resumed=True)
            begun += 1
        return begun

    def _takes_more(self) -> bool:
        return not self.draining

    def _is_answered(self, job_id: str) -> bool:
        answer = self._answers.get(job_id)
        return answer is not None and answer.done()

    def _start(self, job: Job, *, resumed: bool) -> None:
        if job.id in self._running or not self._takes_more():
            return
        lane = self._lanes[job.kind]

        def leave(_: asyncio.Future[Job]) -> None:
            lane.jobs -= 1  # who is answered may ask again at once, and finds its place free

        def ended(_: asyncio.Task[None]) -> None:
            if not self._is_answered(job.id):
                lane.jobs -= 1
            self._running.pop(job.id, None)
            self._answers.pop(job.id, None)

        task = asyncio.create_task(self._run(job, resumed=resumed), name=f"job {job.id}")
        self._running[job.id] = task
        # a budget is told by rows: the next request, at whatever worker, must find this one's cost
        if job.key_name not in self._budgeted:
            self._answers[job.id] = asyncio.get_running_loop().create_future()
            self._answers[job.id].add_done_callback(leave)
        lane.jobs += 1
        task.add_done_callback(ended)

    async def drain(self) -> None:
        """Take nothing more, and let what is under way end within the time there is.

        Clips that take longer are left: their jobs go on with the next worker.
        """
        self.draining = True
        await self._late.stop()
        if self._running:
            await asyncio.wait(set(self._running.values()), timeout=self.settings.drain_s)
        left = dict(self._running)
        for job_id, task in left.items():
            if not self._is_answered(job_id):  # else it is about to be kept and logged
                task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)

    # -- one job -------------------------------------------------------------------------------

    async def _run(self, job: Job, *, resumed: bool) -> None:
        assert job.plan is not None
        plan = Plan.read(job.plan)
        came = time.monotonic()
        try:
            async with self._lanes[job.kind].places:
                self._records.observe("qfloor_queue_seconds", time.monotonic() - came)
                if job.kind == "video":
                    await self._pen.write(lambda: self.jobs.begin(job.id))
                ended = await asyncio.gather(
                    *(self._dispatcher.make(plan, job.id, i, resumed=resumed)
                      for i in range(plan.n)), return_exceptions=True
                )  # fmt: skip
            await self._end(job, plan, unbroken(ended))
        except asyncio.CancelledError:
            raise
        except LostJobError as lost:
            log.error("%s; it goes on there", lost)
        except (StoreError, OSError):
            # its row and plan stay: what was accepted is gone on with at a later beat
            await self._leave_open(job, plan)
        except Exception as error:
            # what it was decided by cannot be read, now; or its answer was given, and stands
            unread = isinstance(error, QfloorError) and self._dispatcher.ledger.calls(job.id)
            if unread or self._is_answered(job.id):
                await self._leave_open(job, plan)
            else:
                await self._give_up_logged(job, plan)
        else:
            self._resting.pop(job.id, None)

    async def _end(self, job: Job, plan: Plan, ends: list[End]) -> None:
        """Hand over what was made, if that is all; then keep and log what came of it."""
        made = [end for end in ends if end.is_made]
        telling = made[0] if made else max(ends, key=severity)
        fault = None if made else fault_of(telling)
        taken = any(was_taken(end) for end in ends)
        charged, charged_nanousd = charged_of(ends)
        told = facts_of(job, plan, telling, ends)
        result = {
            "outputs": [output_of(end) for end in made],
            "fault": None if fault is None else fault.plain(),
            "missing": len(ends) - len(made),
        }
        if job.is_late and job.state == "completed":  # its answer was given: only the money is new
            result, told = dict(job.result or {}), dict(job.facts)
        answer = self._answers.get(job.id)
        is_answered = answer is not None and len(made) == len(ends)
        if answer is not None and is_answered:
            # with one missing it is not settled: who takes the job over may yet have it made
            answer.set_result(
                replace(job, state="completed", result=result, facts=told, charged=charged,
                        charged_nanousd=charged_nanousd, plan=None)
            )  # fmt: skip
        if fault is not None and not taken and job.kind == "image" and not job.is_late:
            # nobody was called, or nobody took it: asking again under the same key is new
            await self._pen.write(lambda: self.jobs.forget(job.id))
            if len(self._unserved) >= _MOST_UNSERVED:
                self._unserved.clear()
            self._unserved[job.id] = fault, told
        else:
            await self._pen.write(
                lambda: self.jobs.end(
                    job.id,
                    state="completed" if made else "failed",
                    result=result,
                    facts=told,
                    charged=charged,
                    charged_nanousd=charged_nanousd,
                    is_late=any(end.is_open for end in ends),
                    prompt=plan.prompt,
                ),
                # pictures were handed over, and their end can be told from what lasts
                lasting=not (is_answered and job.kind == "image"),
            )
        self._settle(job, plan, telling, fault, charged, charged_nanousd, ends)

    def _why_not(self, job_id: str) -> Fault:
        """Why a job that was forgotten again was not served."""
        fault, told = self._unserved.pop(job_id, (None, {}))
        if fault is None:
            fault = Fault(503, "not_served", "the request was not served; ask again",
                          retry_after_s=1.0, again=True)  # fmt: skip
        fault.facts = told
        return fault

    async def _leave_open(self, job: Job, plan: Plan) -> None:
        """Try a job again at a later beat; one that is older than jobs are kept is a late one."""
        if time.time() - job.created_at > self.settings.keep_hours * 3600.0:
            self._resting.pop(job.id, None)
            await self._give_up_logged(job, plan)
            return
        _, waited_s = self._resting.get(job.id, (0.0, 0.0))
        wait_s = min(_MOST_REST_S, max(_LEAST_REST_S, 2.0 * waited_s))
        self._resting[job.id] = time.monotonic() + wait_s, wait_s
        log.exception("job %s is left open, and tried again in %.0f s", job.id, wait_s)

    async def _give_up_logged(self, job: Job, plan: Plan) -> None:
        log.exception("job %s failed within the gateway", job.id)
        with contextlib.suppress(LostJobError):
            await self._give_up(job, plan)

    async def _give_up(self, job: Job, plan: Plan) -> None:
        fault = Fault(500, "gateway_error", "the gateway failed at this request; it is logged")
        await self._pen.write(
            lambda: self.jobs.end(
                job.id,
                state="failed",
                result={"outputs": [], "fault": fault.plain(), "missing": 1},
                facts=job.facts,
                charged="unknown",
                charged_nanousd=None,
                is_late=True,  # what a seller has of it is still collected
            )
        )
        self._records.settled(
            plan.request_id, served=None, serving="none", charged="unknown", charged_nanousd=None,
            outcome="unknown", reason="gateway_error", status=500, attempts=0, fallback_from=None,
            seconds=time.time() - job.created_at,
        )  # fmt: skip

    def _settle(
        self, job: Job, plan: Plan, telling: End, fault: Fault | None, charged: str,
        charged_nanousd: int | None, ends: list[End],
    ) -> None:  # fmt: skip
        served, outcome, reason = words_of(telling)
        fell = telling.offer_id != plan.offers[0]
        self._records.settled(
            plan.request_id,
            served=served,
            serving="fallback" if fell else plan.serving,
            charged=charged,
            charged_nanousd=charged_nanousd,
            outcome=outcome,
            reason=reason,
            status=200 if fault is None else fault.status,
            attempts=sum(len(end.asked) for end in ends),
            fallback_from=plan.offers[0] if fell else None,
            seconds=time.time() - job.created_at,
            charges=charges_of(ends),
            outputs=news_of(job, ends),
        )
