"""When an offer counts as slow or down, and how much of its traffic goes elsewhere meanwhile.

Two controls that do not flap. Slow: it is entered above `ENTER` times an offer's own usual 95th
percentile and left below `LEAVE` times it; in between nothing moves. While slow, the share of
requests that may go to a faster offer grows by small steps, and shrinks by the same when it is
well again; every change of direction halves the step, so the share settles where the offer is
neither slow nor idle. It never reaches all: what still goes there keeps its latency known. Down:
after failures an offer rests, for twice as long each time that it fails again at once.

Pure: states and numbers in, states out. Knows no clock, no sketch and no request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ENTER = 1.5
LEAVE = 1.2
STEP_S = 60.0
"""Seconds between two steps of a share: what a step did must first be seen."""

LARGEST_STEP = 0.1
SMALLEST_STEP = 0.0125
MOST_SHED = 0.9
CALM = 30
"""Steps without a move after which a share moves boldly again."""

FAILURES = 5
"""Failures in a row that take an offer out; so does half of the last `JUDGED` answers."""
JUDGED = 20
WELL = 3
"""Answers in a row after which its failures are forgotten."""

FIRST_REST_S = 30.0
LONGEST_REST_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Steering:
    """Whether an offer is slow, and which share of its requests may go to a faster one."""

    elevated: bool = False
    shed: float = 0.0
    step: float = LARGEST_STEP
    direction: int = 0
    calm: int = 0
    stepped_at: float = 0.0


def steer(state: Steering, ratio: float | None, now: float) -> Steering:
    """Take the step that is due, if one is.

    Parameters
    ----------
    state : Steering
    ratio : float or None
        Current over usual 95th percentile; None when too little was seen to tell.
    now : float
        Seconds since the epoch.

    Returns
    -------
    Steering
        The same one until `STEP_S` have passed since the last step.
    """
    if 0.0 <= now - state.stepped_at < STEP_S:  # a clock that was set back does not stop it
        return state
    direction = 0
    elevated = state.elevated
    if ratio is None:  # unknown is not slow: let requests come back and tell
        elevated, direction = False, -1
    elif ratio > ENTER:
        elevated, direction = True, 1
    elif ratio < LEAVE:
        elevated, direction = False, -1
    if direction < 0 and state.shed == 0.0:
        direction = 0
    if direction == 0:
        calm = state.calm + 1
        step = LARGEST_STEP if calm >= CALM else state.step
        return replace(state, elevated=elevated, calm=calm, step=step, stepped_at=now)
    turned = state.direction * direction < 0
    step = max(SMALLEST_STEP, state.step / 2) if turned else state.step
    shed = min(MOST_SHED, max(0.0, round(state.shed + direction * step, 6)))
    return Steering(
        elevated=elevated, shed=shed, step=step, direction=direction, calm=0, stepped_at=now
    )


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Whether an offer answers: its last answers, and until when it rests.

    ``last`` holds one letter an answer, the latest at the end: ``.`` fine, ``x`` failed.
    """

    last: str = ""
    rest_until: float = 0.0
    rest_s: float = 0.0

    def resting(self, now: float) -> bool:
        """Whether it is to be left alone."""
        return now < self.rest_until


def answered(breaker: Breaker, ok: bool, now: float) -> Breaker:
    """Return the state after one more answer."""
    last = (breaker.last + ("." if ok else "x"))[-JUDGED:]
    if ok:
        well = last.endswith("." * WELL)
        return Breaker(
            last=last,
            rest_until=0.0 if well else breaker.rest_until,
            rest_s=0.0 if well else breaker.rest_s,
        )
    if breaker.resting(now):
        return replace(breaker, last=last)
    trial = breaker.rest_s > 0.0  # it rested before and has not been well since
    half = len(last) == JUDGED and last.count("x") * 2 > JUDGED
    if not (trial or half or last.endswith("x" * FAILURES)):
        return replace(breaker, last=last)
    rest = min(LONGEST_REST_S, max(FIRST_REST_S, breaker.rest_s * 2))
    return Breaker(last="", rest_until=now + rest, rest_s=rest)
