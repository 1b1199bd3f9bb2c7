"""Stage 5: floors and verdicts. Everything is built on the fail indicator.

`cells` says which values an offer has in a category, `bounds` which thresholds they clear,
`compute` makes floors and verdicts of it; `sequential` and `allocation` judge prompt by prompt
and say whose to buy next. Nothing here reads a store: `qfloor.pipeline` brings the judged
outputs.
"""

from __future__ import annotations

from qfloor.floors.allocation import (
    Purchase,
    SequentialOutcome,
    judge_sequentially,
    next_purchases,
)
from qfloor.floors.cells import Cell, Judged, build_cell
from qfloor.floors.compute import CellRequest, FamilyPlan, compute_floor
from qfloor.floors.sequential import Demand, SequentialCell, SequentialDesign, Standing, stand

__all__ = [
    "Cell",
    "CellRequest",
    "Demand",
    "FamilyPlan",
    "Judged",
    "Purchase",
    "SequentialCell",
    "SequentialDesign",
    "SequentialOutcome",
    "Standing",
    "build_cell",
    "compute_floor",
    "judge_sequentially",
    "next_purchases",
    "stand",
]
