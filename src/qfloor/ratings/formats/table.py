"""``table``: any table with one row an answer sheet: CSV, TSV, JSON lines or a JSON array.

Every column that ``--criterion`` names is a question; who answered, and what was rated, is mapped.
Columns that nobody names are not read, and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import Recorder

JSON_ENDINGS = {".json", ".jsonl", ".ndjson"}


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a table.

    Raises
    ------
    RatingsError
        When no question was named, or of the first row that is not what it must be.
    """
    if not options.mapping.criteria:
        next(_rows(path), None)  # a file that is no table has no columns to be named
        raise RatingsError(
            f"{path}: nobody said which columns are answers; name them as --criterion COLUMN=NAME; "
            "nothing was imported"
        )
    recorder = Recorder(path, "line", options)
    columns: set[str] = set()
    for line, row in _rows(path):
        columns |= set(row)
        asked = [question for question in row if question in options.mapping.criteria]
        for question in asked:
            recorder.wants(question)
            given = Given(row=line, record=row, question=question, shown=(question,))
            recorder.answer(given, row[question])
    if not columns:
        raise RatingsError(f"{path}: there is no row in it; nothing was imported")
    used = {*options.mapping.criteria, *recorder.lookup.read}
    return recorder.reading(sorted(columns - used), sorted(columns))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    is_json = path.suffix.lower() in JSON_ENDINGS
    yield from (tables.json_rows if is_json else tables.rows)(path, RatingsError)


FORMAT = Format(
    name="table",
    read=read,
    maps=True,
    takes=(
        "Any CSV, TSV, JSON or JSON lines with answers in columns: --criterion COLUMN=NAME; --map "
        "rater=..., model=..., prompt=...; --scale."
    ),
    folder=("*.csv", "*.tsv", "*.json", "*.jsonl"),
)
