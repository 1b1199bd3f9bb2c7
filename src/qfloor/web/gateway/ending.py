"""What came of a job's outputs, as one answer: who speaks for them, what it cost, what is told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from qfloor.generate import Outcome, TurnedAway
from qfloor.records import Status
from qfloor.web.gateway import facts as f
from qfloor.web.gateway.dispatch import End
from qfloor.web.gateway.faults import Fault, cooling, impossible, of_outcome
from qfloor.web.gateway.jobs import Job
from qfloor.web.gateway.plan import Plan

_NEVER_TAKEN = ("rate_limited", "not_sent", "capacity")


def unbroken(ended: Sequence[End | BaseException | None]) -> list[End]:
    """Raise what broke, now that all have ended: none buys on for a job that was given up.

    What is open still, None, is left out.
    """
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ended if isinstance(end, End)]


def severity(end: End) -> int:
    """Which of several failed outputs speaks for the request: what may cost money comes first."""
    if isinstance(end.outcome, TurnedAway):
        return 0
    order = (Status.FAILED, Status.SETUP, Status.BLANK, Status.REFUSED, Status.UNKNOWN)
    return 1 + order.index(end.outcome.status)


def was_taken(end: End) -> bool:
    """Whether any seller may have taken it; then the answer is kept under its Idempotency-Key."""
    outcome = end.outcome
    if isinstance(outcome, TurnedAway):
        return False
    never = outcome.reason in _NEVER_TAKEN and outcome.charged == "no"
    return not (never or outcome.status is Status.SETUP)


def fault_of(end: End) -> Fault:
    """The answer that an output which was not made amounts to."""
    outcome = end.outcome
    if isinstance(outcome, TurnedAway):
        if outcome.lasts is not None:
            return impossible(end.offer_id, outcome.lasts, outcome.why)
        free_in_s = outcome.free_in_s if math.isfinite(outcome.free_in_s) else 60.0
        return cooling(end.offer_id, free_in_s)
    return of_outcome(outcome, end.offer_id)


def words_of(end: End) -> tuple[str | None, str, str]:
    """Who made an output or failed at it, the outcome and its reason; None where nobody took it."""
    outcome = end.outcome
    if isinstance(outcome, TurnedAway):
        return None, "turned_away", outcome.lasts or "cooling"
    return end.offer_id, outcome.status.value, outcome.reason


def news_of(job: Job, ends: list[End]) -> list[tuple[str | None, str, str]]:
    """`words_of` every output, but for those that a late job's answer already gave."""
    given = (
        {made["sha256"] for made in (job.result or {}).get("outputs", ())} if job.is_late else ()
    )
    return [words_of(e) for e in ends if e.output is None or e.output.media_sha256 not in given]


def charged_of(ends: list[End]) -> tuple[str, int | None]:
    """Whether and what all sellers charged together; unknown when one of them is."""
    if any(end.charged == "unknown" for end in ends):
        return "unknown", None
    total = sum(end.charged_nanousd or 0 for end in ends)
    return ("yes" if total else "no"), total


def charges_of(ends: list[End]) -> dict[str, int]:
    """What each seller charged, where that is known of all: outputs may fall to different ones."""
    charges: dict[str, int] = {}
    if charged_of(ends)[1]:
        for end in ends:
            charges[end.offer_id] = charges.get(end.offer_id, 0) + (end.charged_nanousd or 0)
    return charges


def facts_of(job: Job, plan: Plan, telling: End, ends: list[End]) -> dict[str, str]:
    """The headers of the decision, with what became of it.

    ``model`` is who made the first output, or spoke for the failure; where several made them,
    ``models`` counts for each.
    """
    fell = any(end.offer_id != plan.offers[0] for end in ends)
    made = Counter(end.offer_id for end in ends if end.is_made)
    told: dict[str, Any] = {
        "model": telling.offer_id,
        "models": ", ".join(f"{n}x {o}" for o, n in made.items()) if len(made) > 1 else None,
        "attempts": sum(len(end.asked) for end in ends),
        "fallback-from": plan.offers[0] if fell else None,
    }
    charged, charged_nanousd = charged_of(ends)
    told["charged-usd"] = f"{(charged_nanousd or 0) / 1e9:.6f}" if charged != "unknown" else None
    if isinstance(telling.outcome, Outcome):
        told["outcome"] = telling.outcome.status.value
        told["unsafe"] = "yes" if any(e.output and e.output.unsafe for e in ends) else None
        made_s = telling.output.report.get("media_seconds") if telling.output else None
        told["seconds-delivered"] = None if made_s is None else f"{made_s:g}"
    missing = sum(not end.is_made for end in ends)
    told["missing"] = missing if 0 < missing < len(ends) else None
    return {**job.facts, **f.headers(told)}


def output_of(end: End) -> dict[str, Any]:
    """An output as the job's row names it."""
    output = end.output
    assert output is not None
    return {
        "sha256": output.media_sha256,
        "media_type": output.media_type,
        "offer": end.offer_id,
        "width": output.width,
        "height": output.height,
        "seconds": output.report.get("media_seconds"),
        "unsafe": output.unsafe,
    }
