"""From a decision to a job that can be opened."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Literal

from qfloor.prices import usd
from qfloor.web.gateway import facts as f
from qfloor.web.gateway.deciding import Decided
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.jobs import Job
from qfloor.web.gateway.plan import Plan


def job_of(
    decided: Decided,
    kind: Literal["image", "video"],
    body_digest: str,
    idempotency: str | None,
    worker: str,
) -> Job:
    """The job of a decision; `Fault` 402 where a budget cannot know what it may cost."""
    plan = Plan.of(decided)
    worst = plan.worst_nanousd()
    if worst is None and decided.key.budget_nanousd is not None:
        raise Fault(402, "price_unknown", "this key has a daily budget, and what this request may "
                    "cost is not known")  # fmt: skip
    return Job(
        id=f"{kind}_{uuid.uuid4().hex}",
        kind=kind,
        key_name=decided.key.name,
        idempotency=idempotency,
        body_digest=body_digest,
        day=datetime.now(UTC).date().isoformat(),
        created_at=time.time(),
        owner=worker,
        seconds=decided.need.seconds,
        size=decided.need.size,
        n=decided.need.n,
        held_nanousd=worst or 0,
        plan=plan.plain(),
        facts=f.of_decision(decided),
    )


def over_budget(job: Job, left_nanousd: int) -> Fault:
    """Why a job is not taken."""
    others = len((job.plan or {}).get("offers", ())) > 1
    at = " at the dearest offer it may fall back to (routing.allow_fallbacks: false)" * others
    return Fault(
        402, "budget_exceeded",
        f"this key's budget of the day has {usd(left_nanousd, exact=True)} left, and this request "
        f"may cost {usd(job.held_nanousd, exact=True)}{at}",
        metadata={"left_usd": left_nanousd / 1e9, "worst_usd": job.held_nanousd / 1e9,
                  "resets": "at midnight UTC"},
    )  # fmt: skip
