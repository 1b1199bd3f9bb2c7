"""What foreign rows hold: their texts, and what is told of labels that name no category of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qfloor.counting import several
from qfloor.errors import SuiteError
from qfloor.records import CATEGORIES, GENERAL


def strange_labels(strange: Mapping[str, int], most: int = 6) -> str:
    """Say which labels are no category, in how many rows, and what became of those."""
    labels = [f"{label!r} in {n:,}" for label, n in sorted(strange.items(), key=lambda x: -x[1])]
    more = f" and {several(len(labels) - most, 'more label')}" if len(labels) > most else ""
    rows = sum(strange.values())
    return (
        f"{several(rows, 'row has', 'rows have')} a label that is no category "
        f"({', '.join(labels[:most])}{more}), taken as {GENERAL.id}; the categories are "
        + ", ".join(category.id for category in CATEGORIES)
    )


def text_in(where: str, field: str, value: Any, hint: str = "") -> str:
    """A field's text; an object, a list or a number in its place is nobody's words."""
    if not isinstance(value, str):
        raise SuiteError(f"{where}: {field} is {repr(value)[:60]}, must be text{hint}")
    return value
