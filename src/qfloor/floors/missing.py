"""Outputs that should have a value and have none: what must hold too then, and what is not said."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qfloor.floors.bounds import CellBounds
from qfloor.floors.cells import Cell
from qfloor.records import FailRate

MISSING_TOLERATED, MISSING_TOO_MUCH = 0.02, 0.05
"""Shares of missing outputs above which the worst case must hold, and nothing can be said; they
were set for a ``max_fail`` of a quarter."""


@dataclass(frozen=True, kw_only=True)
class CountedBounds:
    """A cell's bounds as they count: in the worst case too, when outputs are missing.

    Thresholds here are in the direction in which higher is better.
    """

    cell: Cell
    release: CellBounds
    worst: CellBounds | None

    @property
    def cases(self) -> tuple[CellBounds, ...]:
        """Everything that must hold for a certificate."""
        return (self.release,) if self.worst is None else (self.release, self.worst)

    def certified_to(self, max_fail: float) -> float | None:
        """Largest threshold certified at the plan's level."""
        if self.worst is None:
            return self.release.certified_to(max_fail)
        found = [bounds.certified_to(max_fail) for bounds in self.cases]
        return None if any(t is None for t in found) else min(t for t in found if t is not None)

    def fail_rate(self, threshold: float) -> FailRate:
        """Fail rate at a threshold, with the upper bounds that count."""
        if self.worst is None:
            return self.release.fail_rate(threshold)
        rates = [bounds.fail_rate(threshold) for bounds in self.cases]
        alone = [r.upper_one_repeat for r in rates if r.upper_one_repeat is not None]
        return replace(
            rates[0], upper=max(r.upper for r in rates), upper_one_repeat=max(alone, default=None)
        )

    @property
    def too_much_missing(self) -> bool:
        """Whether so much is missing that nothing can be said; a whole stratum of traffic is."""
        return self.cell.missing_share > MISSING_TOO_MUCH or bool(self.cell.unjudged)
