"""Stage 5: floors and verdicts. Everything is built on the fail indicator.

`cells` says which values an offer has in a category, `bounds` which thresholds they clear,
`powered` what metrics add to them, `missing` what outputs without a value take from them,
`compute` makes a floor of it, `family` shares the error among those judged together, and
`ruling` makes verdicts of a whole family; `sequential` and `allocation` judge prompt by prompt
and say whose to buy next, and `sharing` lets levels rise as a family is decided. Beside floors
stand those of tags and languages (`by_tag`), rulings without one rater (`panel`), and how often
boolean metrics hold (`pass_rates`). `traffic` weighs by a team's mix, `relative` compares with a
reference offer, `first` takes one value a prompt, and `anchors` are the outputs at the quartile.
Nothing here reads a store: `qfloor.pipeline` brings the outputs as people or metrics judged them
(`judged`).
"""

from __future__ import annotations

from qfloor.floors.allocation import (
    Purchase,
    SequentialOutcome,
    judge_sequentially,
    next_purchases,
)
from qfloor.floors.anchors import PERCENTILES, AtPercentile, at_percentiles
from qfloor.floors.by_tag import Labels, compute_all_tag_floors, compute_tag_floors
from qfloor.floors.cells import Cell, build_cell
from qfloor.floors.compute import Assessed, CellRequest, assess, assess_all
from qfloor.floors.family import FamilyPlan
from qfloor.floors.first import first_values
from qfloor.floors.judged import Judged, JudgedOutputs, lay_out
from qfloor.floors.panel import number_raters, on_panels
from qfloor.floors.pass_rates import PassRequest, compute_pass_rate
from qfloor.floors.powered import Predicted
from qfloor.floors.relative import (
    PairedShortfall,
    ReferenceQuantile,
    paired_shortfall,
    reference_quantile,
)
from qfloor.floors.ruling import compute_floor, rule_family
from qfloor.floors.sequential import (
    Closed,
    Demand,
    SequentialCell,
    SequentialDesign,
    Standing,
    stand,
)
from qfloor.floors.sharing import closed_by_cell, stand_all

__all__ = [
    "PERCENTILES",
    "Assessed",
    "AtPercentile",
    "Cell",
    "CellRequest",
    "Closed",
    "Demand",
    "FamilyPlan",
    "Judged",
    "JudgedOutputs",
    "Labels",
    "PairedShortfall",
    "PassRequest",
    "Predicted",
    "Purchase",
    "ReferenceQuantile",
    "SequentialCell",
    "SequentialDesign",
    "SequentialOutcome",
    "Standing",
    "assess",
    "assess_all",
    "at_percentiles",
    "build_cell",
    "closed_by_cell",
    "compute_all_tag_floors",
    "compute_floor",
    "compute_pass_rate",
    "compute_tag_floors",
    "first_values",
    "judge_sequentially",
    "lay_out",
    "next_purchases",
    "number_raters",
    "on_panels",
    "paired_shortfall",
    "reference_quantile",
    "rule_family",
    "stand",
    "stand_all",
]
