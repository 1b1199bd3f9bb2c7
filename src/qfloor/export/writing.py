"""Put a release on disk whole or not at all.

The file is built in memory and put in its place at once (`qfloor.whole`). Equal releases give equal
bytes under one version of SQLite, whose number stands in every file's header.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from qfloor.errors import DatabaseError, InputError
from qfloor.export.columns import Table
from qfloor.export.consistency import problems_of
from qfloor.export.release import Content, Release, content_of
from qfloor.export.schema import (
    APPLICATION_ID,
    BY_NAME,
    DOCUMENTATION,
    SCHEMA_VERSION,
    ddl,
    documentation_rows,
)
from qfloor.prices import check_rule
from qfloor.records import canonical_json
from qfloor.whole import write_whole


def write(path: str | Path, release: Release) -> Path:
    """Write ``quality.db``.

    Parameters
    ----------
    path : str or Path
        Destination; its folder is made when missing.
    release : Release

    Returns
    -------
    Path
        The destination.

    Raises
    ------
    DatabaseError
        When the release contradicts itself or has a price that cannot be; nothing is written.
    """
    return write_whole(Path(path), _database(_checked(release)))


def write_content(path: Path, content: Content) -> Path:
    """Write rows that were read from a release and changed; errors as in `write`."""
    _check(content)
    return write_whole(path, _database(content))


def write_json(path: str | Path, release: Release) -> Path:
    """Write ``quality.json``: the same content as `write`; parameters and errors as there."""
    content = _checked(release)
    document = {"release": content["release"][0]} | {
        name: rows for name, rows in content.items() if name != "release"
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return write_whole(Path(path), text.encode("utf-8"))


def _checked(release: Release) -> Content:
    for offer in release.offers:
        if offer.price is None:
            continue
        try:
            check_rule(offer.price)
        except InputError as error:
            raise DatabaseError(f"release {release.name!r}: {offer.id}: {error}") from None
    content = content_of(release)
    _check(content)
    return content


def _check(content: Content) -> None:
    problems = problems_of(content)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        name = content["release"][0]["name"]
        raise DatabaseError(f"release {name!r} contradicts itself: {problems[0]}{more}")


def _database(content: Content) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA page_size = 4096; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {int(SCHEMA_VERSION.partition('.')[0])};"
        )
        connection.execute("BEGIN")
        for statement in filter(str.strip, ddl().split(";\n")):
            connection.execute(statement)
        for name, rows in content.items():
            table = BY_NAME[name]
            _insert(connection, table, [tuple(_cells(table, row)) for row in rows])
        _insert(connection, DOCUMENTATION, list(documentation_rows()))
        connection.execute("COMMIT")
        return bytes(connection.serialize())


def _insert(connection: sqlite3.Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(table.columns))
    connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)


def _cells(table: Table, row: dict[str, Any]) -> list[Any]:
    cells = []
    for column in table.columns:
        value = row[column.name]
        if value is not None and column.type in ("list", "object"):
            value = canonical_json(value)
        cells.append(int(value) if isinstance(value, bool) else value)
    return cells
