"""Where a request stands, read from its ledger rows and its output row.

The whole of resuming is this one function of history: a restart looks at nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from qfloor.records import Attempt, Event, Status

NEVER_REACHED = (
    "not_sent",
    "rate_limited",
)  # failures that cost the seller nothing and are not counted
LAST_WORDS = (Status.MADE, Status.REFUSED, Status.BLANK)


class Step(StrEnum):
    """What is left to do for a request."""

    NEW = "new"  # never asked for, or asked for and safe to ask again
    RESUME = "resume"  # the seller has the job: poll and collect, never submit
    DOUBT = "doubt"  # called, but whether the seller took it is not known: look it up
    WAIT = "wait"  # may have been charged; a person must release it
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a request stands.

    ``n`` is its last attempt's number, ``counted`` how many attempts failed at the seller,
    ``job`` the handle to resume, ``ended`` whether the last attempt has its last row.
    """

    step: Step
    n: int = 0
    counted: int = 0
    job: Mapping[str, Any] | None = None
    ended: bool = True


_NEW = Standing(step=Step.NEW)


def standing(history: Sequence[Attempt], status: Status | None, max_attempts: int) -> Standing:
    """Decide what is left to do for a request.

    Parameters
    ----------
    history : sequence of Attempt
        Its ledger rows, in order.
    status : Status or None
        Its output's, if it has one; an imported output has a status and no history.
    max_attempts : int
        How many attempts that failed at the seller a request gets.
    """
    if status is not None and (status in LAST_WORDS or not history):
        return Standing(step=Step.DONE)
    if not history:
        return _NEW
    last = history[-1]
    ended = last.event is Event.ENDED
    job = next((a.job for a in reversed(history) if a.n == last.n and a.job is not None), None)
    counted = sum(
        a.event is Event.ENDED and a.status is Status.FAILED and a.reason not in NEVER_REACHED
        for a in history
    )
    return Standing(
        step=_step(last, job is not None, counted >= max_attempts),
        n=last.n,
        counted=counted,
        job=job,
        ended=ended,
    )


def resolving(found: Standing) -> Standing:
    """What can be done for a request without calling the seller anew: ask for it again.

    A job is followed whatever was said of it; where there is none, the seller is asked for the
    request's key.
    """
    if found.step not in (Step.WAIT, Step.DOUBT):
        return found
    return replace(found, step=Step.DOUBT if found.job is None else Step.RESUME)


def released(found: Standing) -> Standing:
    """What a person's release makes of a request that waits: it may be called for again."""
    if found.step in (Step.WAIT, Step.DOUBT) and found.ended:
        return Standing(step=Step.NEW, n=found.n, counted=found.counted)
    return found


def _step(last: Attempt, has_job: bool, spent: bool) -> Step:
    if last.event is Event.INTENDED:
        return Step.DOUBT
    if last.event is not Event.ENDED:
        return Step.RESUME
    if last.status is Status.UNKNOWN:
        if last.reason == "poll_deadline" and has_job:
            return Step.RESUME
        return Step.DOUBT if last.reason == "timeout_ambiguous" else Step.WAIT
    if last.status is Status.FAILED:
        return Step.DONE if spent else Step.NEW
    return Step.NEW if last.status is Status.SETUP else Step.DONE
