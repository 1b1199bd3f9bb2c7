"""A painter's job as plain JSON, and the plan it stands for.

A job holds what was asked and nothing of what comes of it: the plan follows from the job by
hash, so that a process started after a crash paints the very same picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qfloor.generators.builtin.painters import Painter, painter_in
from qfloor.generators.builtin.work import Commission, PaintedPlan, plan


@dataclass(frozen=True, kw_only=True)
class Job:
    """One request as the painters keep it."""

    offer_id: str
    painter: str
    repeat: int
    round: str
    text: str
    modality: str
    negative: str | None = None
    aspect_ratio: str | None = None
    seconds: float | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Job:
        """From JSON types; fields it does not know are the driver's and stay unread."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in row.items() if name in known})

    def hand(self) -> Painter:
        """Return the painter as it is in the job's round."""
        return painter_in(self.painter, self.round)

    def plan(self) -> PaintedPlan:
        """Decide again what becomes of the job; always the same."""
        commission = Commission(
            text=self.text,
            negative=self.negative,
            aspect_ratio=self.aspect_ratio,
            seconds=self.seconds,
            modality=self.modality,
        )
        return plan(
            commission, self.hand(), offer_id=self.offer_id, repeat=self.repeat, round=self.round
        )


def report(job: Job, painted: PaintedPlan) -> dict[str, Any]:
    """Give the painter's account of an output: its defect log, and nothing of declared skill."""
    delivered = painted.frames / painted.fps if job.modality == "video" else None
    return {
        "made_by": "a painter of the built-in world: a program that draws, not an AI model",
        "painter": job.painter,
        "outcome": painted.outcome,
        "seed": painted.seed,
        "defects": [asdict(defect) for defect in painted.defects],
        "read_as": painted.asked.category,
        "seconds_asked": job.seconds,
        "seconds_delivered": delivered,
    }
