"""Stage 5: floors and verdicts. Everything is built on the fail indicator.

`cells` says which values an offer has in a category, `bounds` which thresholds they clear,
`compute` makes a floor of it, `family` shares the error among those judged together, and
`ruling` makes verdicts of a whole family; `sequential` and `allocation` judge prompt by prompt
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
from qfloor.floors.compute import Assessed, CellRequest, assess
from qfloor.floors.family import FamilyPlan
from qfloor.floors.first import first_values
from qfloor.floors.ruling import compute_floor, rule_family
from qfloor.floors.sequential import Demand, SequentialCell, SequentialDesign, Standing, stand

__all__ = [
    "Assessed",
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
    "assess",
    "build_cell",
    "compute_floor",
    "first_values",
    "judge_sequentially",
    "next_purchases",
    "rule_family",
    "stand",
]
