"""Jobs whose outcome was told as unknown, and whose sellers may yet end them.

They are followed beside everything else, by their handles, until they end or are forgotten: what
was paid for is collected, and what it cost replaces what was held. Nothing is ever bought here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from qfloor.web.gateway.dispatch import Dispatcher, End
from qfloor.web.gateway.ending import unbroken
from qfloor.web.gateway.jobs import Job
from qfloor.web.gateway.ledger import LostJobError
from qfloor.web.gateway.plan import Plan

log = logging.getLogger("qfloor.gateway")
REST_S = 60.0
"""How long a late job is left alone whose seller could not be asked."""


class LateJobs:
    """The late jobs of one worker; ``end`` keeps what came of one."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        keep_s: float,
        end: Callable[[Job, Plan, list[End]], Awaitable[None]],
    ) -> None:
        self._dispatcher, self._keep_s, self._end = dispatcher, keep_s, end
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def under_way(self) -> frozenset[str]:
        """Jobs that are followed."""
        return frozenset(self._tasks)

    def start(self, job: Job) -> None:
        """Follow a job, if it is not followed."""
        if job.id in self._tasks:
            return
        task = asyncio.create_task(self._follow(job), name=f"late {job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))

    async def stop(self) -> None:
        """Leave them to the next worker."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, job: Job) -> None:
        assert job.plan is not None
        assert job.ended_at is not None
        plan = Plan.read(job.plan)
        within_s = max(0.0, job.ended_at + self._keep_s - time.time())
        follow = self._dispatcher.follow
        try:
            found = await asyncio.gather(
                *(follow(plan, job.id, i, within_s) for i in range(plan.n)), return_exceptions=True
            )
            ends = unbroken(found)
            if len(ends) == plan.n:  # else one is open still
                await self._end(job, plan, ends)
                return
        except LostJobError as lost:
            log.error("%s; it is followed there, or was forgotten", lost)
        except Exception:
            log.exception("job %s, which is late, could not be followed; it is tried again", job.id)
        await asyncio.sleep(REST_S)
