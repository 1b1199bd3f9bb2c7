"""What a scorer promises, checked on every batch: a wrong row is worse than none.

Rows that cannot be told apart are none at all; a value that cannot be costs its own row. Nothing
is taken for granted of what comes back: scorers are other people's code.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from qfloor.counting import several
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
    if not isinstance(result, Sequence):
        raise ScoringError(f"scorer {scorer} returned {_kind(result)} instead of a list of rows")
    if len(result) != items:
        raise ScoringError(
            f"scorer {scorer} returned {several(len(result), 'entry')} for {several(items, 'item')}"
        )
    declared = {metric.name for metric in metrics}
    for rows in result:
        if not isinstance(rows, Sequence) or not all(isinstance(row, Row) for row in rows):
            raise ScoringError(f"scorer {scorer} returned {_kind(rows)} instead of one item's rows")
        names = [str(row.metric) for row in rows]
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
            reason = storable(f"scorer {scorer} returned {row.metric} {fault}")
            row = Row(metric=row.metric, status=ScoreStatus.FAILED, reason=reason)
        elif row.reason is not None:
            row = replace(row, reason=storable(row.reason))
        kept.append(row)
    return tuple(kept)


def storable(text: str) -> str:
    r"""Return a text as it is, but for halves of characters, which no file can hold, escaped.

    Names of files come with them where a system's encoding is not the file's.

    Examples
    --------
    >>> storable("no file caf\udce9.png")
    'no file caf\\udce9.png'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fault(metric: Metric, row: Any) -> str | None:
    if not isinstance(row.status, ScoreStatus):
        return f"with status {_shown(row.status)}, which is no ScoreStatus"
    if row.reason is not None and not isinstance(row.reason, str):
        return f"with {_kind(row.reason)} as its reason"
    if (row.value is None) == (row.status is ScoreStatus.SCORED):
        return f"with status {row.status.value} and value {_shown(row.value)}"
    if row.value is None:
        return None if row.reason else f"with status {row.status.value} and no reason"
    if row.series is not None and not isinstance(row.series, Collection):
        return f"with {_kind(row.series)} as its series"
    strange = [v for v in (row.value, *(row.series or ())) if not _is_number(v)]
    if strange:
        return f"as {_shown(strange[0])}, which is no number"
    return _out_of_range(metric, float(row.value), [float(v) for v in row.series or ()])


def _out_of_range(metric: Metric, value: float, series: Sequence[float]) -> str | None:
    if not all(map(math.isfinite, (value, *series))):
        return "as NaN or infinite"
    if metric.boolean and value not in (0, 1):
        return f"as {value}, which is no boolean"
    low = -math.inf if metric.lo is None else metric.lo
    high = math.inf if metric.hi is None else metric.hi
    if not low <= value <= high:
        return f"as {value}, outside its declared range [{low:g}, {high:g}]"
    return None


def _is_number(value: object) -> bool:
    """Whether it converts to a float without loss of sense: a text or a complex one does not."""
    if isinstance(value, numbers.Real):
        return True
    if isinstance(value, str | bytes | numbers.Complex):
        return False
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _shown(value: object) -> str:
    return repr(value)[:60]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
