"""What goes wrong, by chance: a seeded draw for every create, poll and download.

A draw depends on the seed, the prompt and how often it was asked, not on the order in which
threads come by, so a run can be had again.
"""

from __future__ import annotations

import random

# (fault, share): refusals to take the request, and answers lost after it was taken
CREATE = (
    ("limited_bare_once", 0.05), ("down", 0.04), ("broken", 0.02), ("broken_after", 0.02),
    ("reset", 0.02), ("reset_before", 0.01), ("hang", 0.006), ("page", 0.015), ("cut", 0.015),
    ("drip", 0.03),
)  # fmt: skip
READ = (
    ("limited_bare_once", 0.03), ("broken", 0.03), ("down", 0.02), ("reset", 0.02),
    ("hang", 0.004), ("page", 0.02), ("cut", 0.02), ("drip", 0.03),
)  # fmt: skip
ENDS = (("failed", 0.04), ("refused_output", 0.05), ("black", 0.03), ("cut_media", 0.02))


class Calm:
    """Nothing goes wrong by chance."""

    def create(self, prompt: str, nth: int) -> tuple[str, str]:
        """Fault of a create call and end of its job."""
        return "", ""

    def read(self, prompt: str, what: str) -> str:
        """Fault of a poll or a download."""
        return ""


class Chaos(Calm):
    """Something goes wrong with every fifth call."""

    def __init__(self, seed: int, *, ends: tuple[tuple[str, float], ...] = ENDS) -> None:
        self.seed, self.ends = seed, ends

    def create(self, prompt: str, nth: int) -> tuple[str, str]:
        rng = random.Random(f"{self.seed}/{prompt}/create/{nth}")
        return _draw(rng, CREATE), _draw(rng, self.ends) or "happy"

    def read(self, prompt: str, what: str) -> str:
        return _draw(random.Random(f"{self.seed}/{prompt}/{what}"), READ)


def _draw(rng: random.Random, shares: tuple[tuple[str, float], ...]) -> str:
    at = rng.random()
    for name, share in shares:
        at -= share
        if at < 0:
            return name
    return ""
