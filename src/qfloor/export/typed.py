"""Whether values of a quality database are what their columns are declared to be.

SQLite keeps text in a column of numbers, and JSON anything anywhere: what reads a file later
would end in arithmetic with words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qfloor.export.columns import Column, ColumnType
from qfloor.export.release import Content
from qfloor.export.schema import TABLES


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_IS: Mapping[ColumnType, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": _is_whole,
    "real": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: True,  # any JSON value
}
_WORDS: Mapping[ColumnType, str] = {
    "text": "a text",
    "integer": "a whole number",
    "real": "a number",
    "boolean": "yes or no",
    "list": "a list",
}


def mistyped(content: Content) -> Iterator[str]:
    """Values of another type than their column's, one sentence each."""
    for table in TABLES:
        columns = {column.name: column for column in table.columns}
        for row in content.get(table.name, ()):  # an earlier version of the format had fewer
            for name in row.keys() & columns.keys():
                if not _fits(columns[name], row[name]):
                    key = " ".join(str(row[part]) for part in table.key)
                    yield f"{table.name}: {key}: {name} is {_told(columns[name], row[name])}"


def _fits(column: Column, value: Any) -> bool:
    if value is None:
        return column.null or column.type == "object"
    return _IS[column.type](value) and (not column.of or value in column.of)


def _told(column: Column, value: Any) -> str:
    wanted = f"one of {', '.join(column.of)}" if column.of else _WORDS[column.type]
    return f"{value!r}, which is not {wanted}"
