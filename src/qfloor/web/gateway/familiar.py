"""Dry runs that differ from earlier ones in their words alone: those are read, the rest is known.

A client sends one body with ever other prompts. Where nothing else decides than the rest of the
body, what the words are taken for, the release, its prices, the policy, the health of offers and
the day, whatever is taken for the same is decided the same, and told alike but for id, moment and
confidence. Knows nothing of how one decides: what is kept here was decided the long way, and
whatever does not fit goes there.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from qfloor import router
from qfloor.errors import NeedError
from qfloor.router.choosing import holds_until
from qfloor.router.moments import moment
from qfloor.router.needs import reworded
from qfloor.web.gateway.deciding import Decided, arm_of, read_need
from qfloor.web.gateway.picture import Arm, Picture
from qfloor.web.gateway.records import Again, Line, Records

if TYPE_CHECKING:
    from qfloor.web.gateway.alike import Alike

_MOST, _MOST_SEEN, _LONG = 2_000, 10_000, 1_000
"""Ways to end that are kept, bodies that came once, and characters above which nothing is kept."""

_Taken = tuple[str | None, tuple[str, ...], str, str | None, bool]
"""What words are taken for, but for how sure that is."""


class _By(NamedTuple):
    """What decides beside the body, from when until when; the rest is frozen: identity tells.

    From when: a clock may be set back, to the day before or to what health was not known yet.
    """

    db: router.Database
    prices: router.PriceFeed | None
    policy: router.Policy
    health: router.HealthFeed | None
    since: float
    until: float

    def is_still(self, arm: Arm, picture: Picture, now: float) -> bool:
        """Whether it still decides."""
        return (
            self.db is arm.db
            and self.prices is arm.prices
            and self.policy is picture.policy
            and self.health is picture.health
            and self.since <= now < self.until
        )


class _Body(NamedTuple):
    """The rest of a body: a need as it asks, and how requests with it ended."""

    need: router.Need
    endings: dict[_Taken, tuple[Alike, Line]]


class Known(NamedTuple):
    """A decision that came before, for another request."""

    told: Alike
    line: Line
    prompt: str
    confidence: float
    now: str
    decide_us: int

    def log(self, records: Records, request_id: str, seconds: float) -> None:
        """Log it as the long way does."""
        records.decided_again(Again(
            self.line, request_id, self.prompt, self.now, self.confidence, self.decide_us, seconds
        ))  # fmt: skip


class Familiar:
    """What is known of bodies that came before; of one release, policy and health an arm."""

    def __init__(self) -> None:
        self._arms: dict[str, tuple[_By, dict[Any, _Body]]] = {}
        self._seen: set[int] = set()
        self._kept = 0

    def decide(self, picture: Picture, rest: Any, body: Any, request_id: str) -> Known | None:
        """The decision for a body in other words; None where it has to be made."""
        if rest is None:
            return None
        arm, now = arm_of(picture, request_id), time.time()
        began = time.perf_counter_ns()
        by, bodies = self._arms.get(arm.name, _NOTHING)
        known, prompt = bodies.get(rest), body["prompt"]
        if known is None or len(prompt) > _LONG:  # which would wait in memory to be logged
            return None
        if by is None or not by.is_still(arm, picture, now):
            return None
        try:
            need = reworded(known.need, prompt)
        except NeedError:  # it is said the long way
            return None
        found = read_need(arm.db, need)
        ending = known.endings.get(_taken(found))
        if ending is None:
            return None
        took = (time.perf_counter_ns() - began) // 1_000
        told = datetime.fromtimestamp(now, UTC).isoformat()
        return Known(*ending, prompt, found.confidence, told, took)

    def keep(
        self, picture: Picture, rest: Any, decided: Decided, told: Alike, records: Records
    ) -> None:
        """Remember how a request ended that was decided the long way, once its body came again."""
        decision, ask = decided.decision, decided.ask
        if rest is None or ask.routing.category is not None or len(ask.prompt) > _LONG:
            return
        if hash(rest) not in self._seen:  # most that go this way never come again
            self._see(hash(rest))
            return
        until = holds_until(decision)
        if until is None:
            return
        bodies = self._bodies(decided.arm, picture, moment(decision.now).timestamp(), until)
        known = bodies.setdefault(rest, _Body(decided.need, {}))
        taken = _taken(decision.classification)
        if taken in known.endings:
            return
        if self._kept >= _MOST:
            self._arms.clear()
            self._kept = 0
            return
        self._kept += 1
        known.endings[taken] = told, records.line(decided)

    def _see(self, body: int) -> None:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(body)

    def _bodies(self, arm: Arm, picture: Picture, now: float, until: float) -> dict[Any, _Body]:
        """Bodies that were decided by all that decides now; none of them of another time."""
        by, bodies = self._arms.get(arm.name, _NOTHING)
        if by is None or by.until != until or not by.is_still(arm, picture, now):
            self._kept -= sum(len(body.endings) for body in bodies.values())
            bodies = {}
            by = _By(arm.db, arm.prices, picture.policy, picture.health, now, until)
            self._arms[arm.name] = by, bodies
        return bodies


_NOTHING: tuple[None, dict[Any, _Body]] = None, {}


def rest_of(body: Any, *asking: str | None) -> Any:
    """A body without its words, and who asks: equal where nothing else differs, and hashable.

    None where it is too long to be kept, or is no body at all.
    """
    if type(body) is not dict or type(body.get("prompt")) is not str:
        return None
    try:
        told = repr({name: value for name, value in body.items() if name != "prompt"})
    except RecursionError:
        return None
    return (told, *asking) if len(told) <= _LONG else None


def _taken(found: router.Classification) -> _Taken:
    return found.category, found.plausible, found.modality, found.language, found.language_stated
