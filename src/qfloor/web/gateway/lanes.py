"""How much is done at once: the places there are for jobs of a kind, and who waits for one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class Lane:
    """How many jobs of a kind are done at once, how many wait, and how many there are."""

    most_at_once: int
    most_waiting: int
    jobs: int = 0
    places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.places = asyncio.Semaphore(self.most_at_once)

    @property
    def waiting(self) -> int:
        """How many have no place yet."""
        return max(0, self.jobs - self.most_at_once)

    @property
    def is_full(self) -> bool:
        """Whether another one would have to be turned away."""
        return self.waiting >= self.most_waiting and self.jobs >= self.most_at_once
