"""Random numbers drawn once, when a picture is composed, and read again at every rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Dice:
    """Reads a fixed row of numbers in [0, 1) from a named place on, round and round."""

    numbers: Sequence[float]
    at: int = field(default=0)

    def roll(self, low: float = 0.0, high: float = 1.0) -> float:
        """The next number, between two bounds."""
        value = self.numbers[self.at % len(self.numbers)]
        self.at += 1
        return low + (high - low) * value

    def pick(self, count: int) -> int:
        """The next number as an index below ``count``."""
        return min(int(self.roll() * count), count - 1)
