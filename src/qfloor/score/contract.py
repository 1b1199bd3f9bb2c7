"""What a scorer promises, checked on every batch: a wrong row is worse than none.

Rows that cannot be told apart stop the run; a value that cannot be costs its own row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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
    check_shape(scorer, metrics, items, result)
    declared = {metric.name: metric for metric in metrics}
    for row in (row for rows in result for row in rows):
        fault = _fault(declared[row.metric], row)
        if fault:
            raise ScoringError(f"scorer {scorer} returned {row.metric} {fault}")


def check_shape(
    scorer: str, metrics: Sequence[Metric], items: int, result: Sequence[Sequence[Row]]
) -> None:
    """Check that there is one row of every declared metric for every item, and no other.

    Raises
    ------
    ScoringError
        When not: which row belongs to which output is then anybody's guess.
    """
    if len(result) != items:
        raise ScoringError(f"scorer {scorer} returned {len(result)} entries for {items} items")
    declared = {metric.name for metric in metrics}
    for rows in result:
        names = [row.metric for row in rows]
        if len(set(names)) != len(names) or set(names) != declared:
            raise ScoringError(
                f"scorer {scorer} declares {_listed(declared)} and returned rows of "
                f"{_listed(names)}"
            )


def without_faults(scorer: str, metrics: Sequence[Metric], rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return one item's rows, those with an impossible value as failed rows that say so."""
    declared = {metric.name: metric for metric in metrics}
    kept = []
    for row in rows:
        fault = _fault(declared[row.metric], row)
        if fault:
            reason = f"scorer {scorer} returned {row.metric} {fault}"
            row = Row(metric=row.metric, status=ScoreStatus.FAILED, reason=reason)
        kept.append(row)
    return tuple(kept)


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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
