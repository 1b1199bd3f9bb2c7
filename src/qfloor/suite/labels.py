"""What is told of foreign labels that name none of our categories."""

from __future__ import annotations

from collections.abc import Mapping

from qfloor.counting import several
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
