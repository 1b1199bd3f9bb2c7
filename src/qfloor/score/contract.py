"""What a scorer promises, checked on every batch: a wrong row is worse than none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qfloor.errors import ScoringError
from qfloor.records import Metric, ScoreStatus
from qfloor.scorers.protocol import Row


def check_rows(
    scorer: str, metrics: Sequence[Metric], items: int, result: Sequence[Sequence[Row]]
) -> None:
    """Check what a scorer returned for a batch.

    Parameters
    ----------
    scorer : str
        How the message names it.
    metrics : sequence of Metric
        What it declared.
    items : int
        How many items the batch had.
    result : sequence of sequence of Row
        What it returned.

    Raises
    ------
    ScoringError
        When the length differs, a metric is missing, twice or undeclared, a value is there
        without status ``scored`` or the other way round, or a number is NaN, infinite or
        outside its declared range.
    """
    if len(result) != items:
        raise ScoringError(f"scorer {scorer} returned {len(result)} entries for {items} items")
    declared = {metric.name: metric for metric in metrics}
    for rows in result:
        names = [row.metric for row in rows]
        if len(set(names)) != len(names) or set(names) != set(declared):
            raise ScoringError(
                f"scorer {scorer} declares {_listed(declared)} and returned rows of "
                f"{_listed(names)}"
            )
        for row in rows:
            fault = _fault(declared[row.metric], row)
            if fault:
                raise ScoringError(f"scorer {scorer} returned {row.metric} {fault}")


def _fault(metric: Metric, row: Row) -> str | None:
    if (row.value is None) == (row.status is ScoreStatus.SCORED):
        return f"with status {row.status.value} and value {row.value}"
    if row.value is None:
        return None if row.reason else f"with status {row.status.value} and no reason"
    numbers = (row.value, *(row.series or ()))
    if not all(map(math.isfinite, numbers)):
        return "as NaN or infinite"
    if metric.boolean and row.value not in (0, 1):
        return f"as {row.value}, which is no boolean"
    low = -math.inf if metric.lo is None else metric.lo
    high = math.inf if metric.hi is None else metric.hi
    if not low <= row.value <= high:
        return f"as {row.value}, outside its declared range [{low:g}, {high:g}]"
    return None


def _listed(names: Sequence[str] | dict[str, Metric]) -> str:
    return ", ".join(sorted(names)) or "none"
