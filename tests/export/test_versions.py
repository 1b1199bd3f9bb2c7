"""A file of an earlier minor version is read, checked and digested as what it was."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import factories
import pytest

from qfloor import export
from qfloor.errors import DatabaseError
from qfloor.export import schema
from qfloor.export.columns import Column, Table
from qfloor.export.release import content_of, digest_of_content


def test_a_table_as_an_earlier_version_had_it() -> None:
    old, new = Column("a", "text", "old"), Column("b", "text", "new", since="1.9")
    grown = Table("grown", "A table.", ("a",), (old, new))
    assert grown.at("1.10") == grown
    assert grown.at("1.9") == grown
    later = grown.at("1.8")
    assert later is not None
    assert later.columns == (old,)
    assert Table("late", "A table.", ("a",), (old,), since="1.2").at("1.1") is None


COLUMNS_AT_FIRST = {
    "release": 8, "categories": 4, "offers": 13, "qualities": 8, "metrics": 10, "thresholds": 9,
    "floors": 25, "fail_rates": 10, "verdicts": 16, "calibrations": 17, "signals": 3,
    "provenance": 2, "prices": 4, "latency": 5,
}  # fmt: skip


def test_what_came_later_says_since_when() -> None:
    """A new column or table needs ``since=SCHEMA_VERSION``, or files written before are refused."""
    first = {table.name: len(table.columns) for table in schema.tables_at("1.0")}
    assert first == COLUMNS_AT_FIRST


def _as_first_version(path: Path) -> None:
    """Make a file what the first version of the format would have written."""
    there = {table.name: table for table in schema.tables_at("1.0")}
    content = {
        name: [{c.name: row[c.name] for c in there[name].columns} for row in rows]
        for name, rows in content_of(factories.release()).items()
        if name in there
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in schema.TABLES:
            if table.name not in there:
                connection.execute(f"DROP TABLE {table.name}")
                continue
            kept = {column.name for column in there[table.name].columns}
            for column in table.columns:
                if column.name not in kept:
                    connection.execute(f'ALTER TABLE {table.name} DROP COLUMN "{column.name}"')
        connection.execute(
            "UPDATE release SET schema_version = '1.0', digest = ?", (digest_of_content(content),)
        )


def test_a_file_of_the_first_version_is_sound(tmp_path: Path) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    _as_first_version(path)
    assert export.verify(path).n_floors == 20
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE floors SET n_prompts = 121")
    with pytest.raises(DatabaseError, match="it was changed"):
        export.verify(path)


def test_a_version_cannot_hide_what_is_there(tmp_path: Path) -> None:
    path = export.write_json(tmp_path / "quality.json", factories.release())
    told = json.loads(path.read_text())
    told["release"]["schema_version"] = "1.0"
    path.write_text(json.dumps(told))
    later = any(c.since != "1.0" for table in schema.TABLES for c in table.columns)
    if later or any(table.since != "1.0" for table in schema.TABLES):
        with pytest.raises(DatabaseError):
            export.verify(path)
