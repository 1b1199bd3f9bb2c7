"""Stage 5: floors and verdicts. Everything is built on the fail indicator.

`cells` says which values an offer has in a category, `bounds` which thresholds they clear,
`compute` makes floors and verdicts of it. Nothing here reads a store: `qfloor.pipeline` brings
the judged outputs.
"""

from __future__ import annotations

from qfloor.floors.cells import Cell, Judged, build_cell
from qfloor.floors.compute import CellRequest, FamilyPlan, compute_floor

__all__ = ["Cell", "CellRequest", "FamilyPlan", "Judged", "build_cell", "compute_floor"]
