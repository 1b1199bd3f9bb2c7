"""Jobs: every generation request as a row, from its acceptance to its answer.

A job is opened under its key's daily budget and its Idempotency-Key, in one transaction; whatever
worker holds it, another takes it over when that one is gone. What was asked stands in ``plan``
only while the job runs: when it ends, the prompt is forgotten.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qfloor.errors import StoreError
from qfloor.web.gateway.handles import forget_handles
from qfloor.web.gateway.ledger import GatewayLedger, LostJobError
from qfloor.web.gateway.presence import Presence

State = Literal["queued", "in_progress", "completed", "failed"]
ENDED = ("completed", "failed")
_COLUMNS = (
    "id, kind, key_name, idempotency, body_digest, day, created_at, ended_at, state, owner, "
    "seconds, size, n, held_nanousd, charged, charged_nanousd, plan, result, facts"
)


_SPENDING = """
SELECT day, key_name, sum(jobs), sum(charged), sum(unknown), sum(held) FROM (
  SELECT day, key_name, jobs, charged_nanousd AS charged, unknown_jobs AS unknown,
         held_nanousd AS held FROM spending
  UNION ALL
  SELECT day, key_name, 1, coalesce(charged_nanousd, 0),
         charged_nanousd IS NULL, CASE WHEN charged_nanousd IS NULL THEN held_nanousd ELSE 0 END
  FROM jobs
) WHERE day >= ? GROUP BY day, key_name ORDER BY day, key_name
"""


_END = """
UPDATE jobs SET state = ?, ended_at = ?, result = ?, facts = ?, charged = ?, charged_nanousd = ?,
  doubt = CASE WHEN ? AND state NOT IN ('completed', 'failed')  -- once: it is no answer for ever
    THEN json_set(plan, '$.prompt', '', '$.negative', NULL) END,
  plan = CASE WHEN ? THEN plan END
WHERE id = ? AND owner = ?
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A row of ``jobs``; see `qfloor.web.gateway.tables`."""

    id: str
    kind: Literal["image", "video"]
    key_name: str
    idempotency: str | None
    body_digest: str
    day: str
    created_at: float
    ended_at: float | None = None
    state: State = "queued"
    owner: str = ""
    seconds: float | None = None
    size: str | None = None
    n: int = 1
    held_nanousd: int = 0
    charged: str = "unknown"
    charged_nanousd: int | None = None
    plan: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether there is an answer."""
        return self.state in ENDED

    @property
    def is_late(self) -> bool:
        """Whether its answer was that nobody knows, and its seller may yet end it."""
        return self.has_ended and self.plan is not None


class OverBudgetError(Exception):
    """The key's budget of the day does not cover the worst case."""

    def __init__(self, left_nanousd: int) -> None:
        super().__init__(left_nanousd)
        self.left_nanousd = left_nanousd


class Jobs:
    """Reads and writes jobs; every writer is meant for `Pen.write`."""

    def __init__(self, ledger: GatewayLedger, worker: str) -> None:
        self._ledger, self.worker = ledger, worker
        self.presence = Presence(ledger, worker)

    def open(self, job: Job, budget_nanousd: int | None) -> Job | None:
        """Keep a new job; None when it is new, else the one under the same Idempotency-Key.

        Raises
        ------
        OverBudgetError
            When the key's budget does not cover it; nothing was kept.
        """
        if job.idempotency is not None:
            there = self.under(job.key_name, job.idempotency)
            if there is not None:
                return there
        if budget_nanousd is not None:
            left = budget_nanousd - self.spent(job.key_name, job.day)
            if job.held_nanousd > left:
                raise OverBudgetError(max(0, left))
        self.presence.seen()  # a job whose owner is not there may be taken by anyone
        marks = ", ".join("?" * len(_COLUMNS.split(",")))
        self._ledger.write(f"INSERT INTO jobs ({_COLUMNS}) VALUES ({marks})", _row(job))
        return None

    def under(self, key_name: str, idempotency: str) -> Job | None:
        """The job under an Idempotency-Key."""
        return self._one("key_name = ? AND idempotency = ?", key_name, idempotency)

    def get(self, job_id: str) -> Job | None:
        """A job by id."""
        return self._one("id = ?", job_id)

    def clips(
        self, key_name: str, *, after: Job | None, at_most: int, newest_first: bool
    ) -> list[Job]:
        """Clips of a key in the order in which they were asked for, behind one of them."""
        way, order = ("<", "DESC") if newest_first else (">", "ASC")
        behind = "" if after is None else f"AND (created_at, id) {way} (?, ?)"
        rows = self._ledger.rows(
            f"SELECT {_COLUMNS} FROM jobs WHERE kind = 'video' AND key_name = ? {behind} "
            f"ORDER BY created_at {order}, id {order} LIMIT ?",
            (key_name, *(() if after is None else (after.created_at, after.id)), at_most),
        )
        return [_job(row) for row in rows]

    def delete(self, job_id: str) -> bool:
        """Remove a job that has ended; its cost stays. Not where its seller may yet answer."""
        row = self._ledger.one(
            "SELECT 1 FROM jobs WHERE id = ? AND state IN ('completed', 'failed') "
            "AND plan IS NULL AND doubt IS NULL", (job_id,),
        )  # fmt: skip
        if row is not None:
            self._ledger.forget_ended([job_id])
        return row is not None

    def _one(self, clause: str, *values: Any) -> Job | None:
        row = self._ledger.one(f"SELECT {_COLUMNS} FROM jobs WHERE {clause}", values)
        return None if row is None else _job(row)

    def spent(self, key_name: str, day: str) -> int:
        """What a key has spent on a day, with what its open jobs and unknown charges may cost."""
        row = self._ledger.one(
            "SELECT coalesce(sum(CASE WHEN state IN ('completed', 'failed') "
            "AND charged_nanousd IS NOT NULL THEN charged_nanousd ELSE held_nanousd END), 0) "
            "+ coalesce((SELECT charged_nanousd + held_nanousd FROM spending "
            "WHERE spending.day = ?2 AND spending.key_name = ?1), 0) "
            "FROM jobs WHERE key_name = ?1 AND day = ?2",
            (key_name, day),
        )
        return 0 if row is None else int(row[0])

    def spending(self, since: str = "") -> list[dict[str, Any]]:
        """What every key spent on every day, forgotten jobs included; of a day on."""
        rows = self._ledger.rows(_SPENDING, (since,))
        return [dict(zip(("day", "key", "jobs", "charged_nanousd", "unknown_jobs",
                          "held_nanousd"), row, strict=True)) for row in rows]  # fmt: skip

    def begin(self, job_id: str) -> None:
        """Note that work on it has begun."""
        self._ledger.write(
            "UPDATE jobs SET state = 'in_progress' WHERE id = ? AND state = 'queued'", (job_id,)
        )

    def end(
        self,
        job_id: str,
        *,
        state: State,
        result: Mapping[str, Any],
        facts: Mapping[str, str],
        charged: str,
        charged_nanousd: int | None,
        is_late: bool = False,
        prompt: str | None = None,
    ) -> None:
        """Keep the answer and forget the prompt; `LostJobError` when it is another worker's.

        Of a job that is late, the plan stays until its seller has ended it. Where nobody knows
        what was charged, one without the prompt is kept for an answer that another worker may get.
        """
        touched = self._ledger.write(
            _END,
            (state, time.time(), json.dumps(result), json.dumps(dict(facts)), charged,
             charged_nanousd, not is_late and charged == "unknown", is_late, job_id, self.worker),
        )  # fmt: skip
        if not touched:
            raise LostJobError(job_id)
        if charged == "unknown" and self._ledger.is_answered_since(job_id):
            self._ledger.follow_on([job_id])
        if prompt is not None and not is_late:
            forget_handles(self._ledger, job_id, prompt, is_known=charged != "unknown")

    def forget(self, job_id: str) -> None:
        """Remove a job that no seller has taken: asking again with its key is new.

        Raises
        ------
        StoreError
            When its ledger does not say so of every call; then nothing was removed.
        """
        own = "SELECT 1 FROM jobs WHERE id = ? AND owner = ?"
        if self._ledger.one(own, (job_id, self.worker)) is None:
            raise LostJobError(job_id)
        if self._ledger.in_doubt(job_id):
            raise StoreError(f"job {job_id} is not forgotten, for a seller may have it")
        self._ledger.forget(job_id)

    def adopt(self, under_way: Collection[str] = ()) -> list[Job]:
        """Take over what workers that are gone left open or late, and give our own of that kind.

        Those ``under_way`` are left out: there may be thousands, and this is asked every moment.
        One of them that was ended elsewhere is not given back to who is still at it here, and
        would ask the next seller for it.
        """
        owners = json.dumps([self.worker, *self.presence.gone()])
        open_ones = self._ledger.rows(
            "SELECT id, owner, state FROM jobs WHERE plan IS NOT NULL "
            "AND owner IN (SELECT value FROM json_each(?))",
            (owners,),
        )
        for job_id, owner, state in open_ones:
            if owner != self.worker and not (state in ENDED and job_id in under_way):
                self._ledger.write("UPDATE jobs SET owner = ? WHERE id = ?", (self.worker, job_id))
        found = (self.get(job_id) for job_id, *_ in open_ones if job_id not in under_way)
        return [job for job in found if job is not None]


def _row(job: Job) -> tuple[Any, ...]:
    return (
        job.id, job.kind, job.key_name, job.idempotency, job.body_digest, job.day, job.created_at,
        job.ended_at, job.state, job.owner, job.seconds, job.size, job.n, job.held_nanousd,
        job.charged, job.charged_nanousd, json.dumps(job.plan), None, json.dumps(dict(job.facts)),
    )  # fmt: skip


def _job(row: tuple[Any, ...]) -> Job:
    *plain, plan, result, facts = row
    names = _COLUMNS.replace(" ", "").split(",")
    return Job(
        **dict(zip(names, plain, strict=False)),
        plan=None if plan is None else json.loads(plan),
        result=None if result is None else json.loads(result),
        facts=json.loads(facts),
    )
