"""Rows of a Parquet file, batch by batch; pictures and sounds in its columns are left aside."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qfloor.errors import RatingsError


def is_parquet(path: Path) -> bool:
    """Whether a file's name says so."""
    return path.suffix.lower() == ".parquet"


def parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number of the row, values) as JSON would have them.

    Raises
    ------
    RatingsError
        When pyarrow is not installed, the file is not readable as Parquet, or two of its columns
        have one name.
    """
    try:
        pq = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise RatingsError(
            f"{path}: Parquet needs pyarrow, install it or save the table as JSON lines; nothing "
            "was imported"
        ) from None
    try:
        table = pq.ParquetFile(path)
        names = [f.name for f in table.schema_arrow if "binary" not in str(f.type)]
        if twice := {name for name in names if names.count(name) > 1}:
            raise RatingsError(
                f"{path}: column {min(twice)!r} stands in it twice, rename one; nothing was "
                "imported"
            )
        row = 0
        for batch in table.iter_batches(columns=names):
            for values in batch.to_pylist():
                row += 1
                yield row, {name: _plain(value) for name, value in values.items()}
    except (OSError, ValueError, OverflowError, NotImplementedError) as problem:
        raise RatingsError(f"{path}: not readable as Parquet: {problem}") from problem


def _plain(value: Any) -> Any:
    """What JSON has no word for in words; a cell that pandas left empty is no number."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value
