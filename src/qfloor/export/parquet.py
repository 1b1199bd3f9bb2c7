"""A release as a folder of Parquet files, one a table, for analysts."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

from qfloor.errors import SetupError
from qfloor.export.columns import Table
from qfloor.export.release import Release, content_of
from qfloor.export.schema import BY_NAME
from qfloor.records import canonical_json
from qfloor.whole import write_whole

_DTYPES = {
    "text": "string",
    "integer": "Int64",
    "real": "Float64",
    "boolean": "boolean",
    "list": "string",
    "object": "string",
}


def need_parquet() -> None:
    """Raise `SetupError` when pyarrow, which writes Parquet, is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise SetupError("writing Parquet needs pyarrow: pip install pyarrow")


def write_parquet(folder: str | Path, release: Release) -> Path:
    """Write every table as ``folder/<table>.parquet``; JSON columns stay JSON text.

    Raises
    ------
    SetupError
        When pyarrow is not installed; nothing is written.
    """
    need_parquet()
    import pandas as pd

    folder = Path(folder)
    for name, rows in content_of(release).items():
        frame = pd.DataFrame(_columns(BY_NAME[name], rows))
        buffer = io.BytesIO()
        frame.to_parquet(buffer, engine="pyarrow", index=False)
        write_whole(folder / f"{name}.parquet", buffer.getvalue())
    return folder


def _columns(table: Table, rows: list[dict[str, object]]) -> dict[str, object]:
    import pandas as pd

    columns: dict[str, object] = {}
    for column in table.columns:
        values = [row[column.name] for row in rows]
        if column.type in ("list", "object"):
            values = [None if v is None else canonical_json(v) for v in values]
        columns[column.name] = pd.array(values, dtype=_DTYPES[column.type])  # type: ignore[call-overload]
    return columns
