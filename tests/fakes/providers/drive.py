"""Drive a case through the real driver: real adapter, real store, a fake seller, a swift clock.

Waits pass at once, so a job that never ends reaches its deadline in an instant; what happens on
the wire takes the time it takes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fakes.providers.engine import Fake
from fakes.providers.matrix import Case
from qfloor.generate import RunPolicy, build_generators, plan_generation, run_generation
from qfloor.generate.run import close_all
from qfloor.records import Attempt, Event, Offer, Output, Prompt
from qfloor.store import Store

ATTEMPTS = 2
_PATIENCE = {
    "backoff_s": 0.01, "backoff_most_s": 0.02, "cooldown_s": 0.01, "poll_deadline_s": 60.0,
    "poll_first_s": 0.5, "throttled_most": 3, "grace_s": 5.0,
}  # fmt: skip
POLICY = RunPolicy(**{  # type: ignore[arg-type]
    f.name: _PATIENCE[f.name] for f in fields(RunPolicy) if f.name in _PATIENCE
})  # fmt: skip


class Swift:
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.skipped += seconds
        await asyncio.sleep(min(seconds, 0.001))


@dataclass(frozen=True)
class Came:
    """What came of one request."""

    output: Output | None
    ends: tuple[Attempt, ...]
    rows: tuple[Attempt, ...]
    store: Path

    @property
    def last(self) -> Attempt:
        return self.ends[-1]

    @property
    def billed_nanousd(self) -> int:
        """All that our ledger knows to be charged."""
        return sum(a.amount_nanousd or 0 for a in self.ends)


def drive(
    workspace: Path, offers: Sequence[Offer], prompts: Sequence[Prompt], **limits: Any
) -> dict[str, Came]:
    """Make what a round lacks; gives what came by prompt text."""
    with Store.open(workspace, create=True) as store:
        with store.writing("test"):
            asyncio.run(_drive(store, offers, prompts, limits))
        rows = list(store.attempts_of())
        outputs = {o.prompt_digest: o for o in store.outputs_of()}
        place = Path(workspace)
    came = {}
    for prompt in prompts:
        output = outputs.get(prompt.digest)
        mine = [a for a in rows if output is not None and a.output_id == output.id]
        ends = tuple(a for a in mine if a.event is Event.ENDED)
        came[prompt.text] = Came(output, ends, tuple(mine), place)
    return came


async def _drive(
    store: Store, offers: Sequence[Offer], prompts: Sequence[Prompt], limits: dict[str, Any]
) -> None:
    swift = Swift()
    policy = limits.pop("policy", POLICY)
    generators = build_generators(offers, store)
    try:
        plan = plan_generation(
            prompts, offers, 1, "r1", store, generators=generators,
            **{"max_attempts": ATTEMPTS, **limits},
        )  # fmt: skip
        await run_generation(
            plan, store, generators, policy=policy, rng=random.Random(1), clock=swift.clock,
            sleep=swift.sleep,
        )  # fmt: skip
    finally:
        await close_all(generators)


def one(workspace: Path, case: Case, fake: Fake, word: str, **offer: Any) -> Came:
    """Ask one case for one scenario."""
    prompt = case.prompt(f"a red mug on a table #{word}")
    return drive(workspace, [case.offer(fake, **offer)], [prompt])[prompt.text]
