"""How a table of the quality database is declared: columns with their types and meanings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "integer", "real", "boolean", "list", "object"]

_SQL: dict[ColumnType, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "boolean": "INTEGER",
    "list": "TEXT",
    "object": "TEXT",
}


@dataclass(frozen=True)
class Column:
    """One column; ``list`` and ``object`` are JSON in SQLite and themselves in JSON."""

    name: str
    type: ColumnType
    meaning: str
    null: bool = False
    of: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """Declaration inside CREATE TABLE."""
        allowed = ", ".join(f"'{value}'" for value in self.of)
        check = f" CHECK ({self.name} IN ({allowed}))" if self.of else ""
        return f'"{self.name}" {_SQL[self.type]}{"" if self.null else " NOT NULL"}{check}'


@dataclass(frozen=True)
class Table:
    """One table; ``evidence`` tables are what the release's digest covers."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    evidence: bool = True

    @property
    def sql(self) -> str:
        """CREATE TABLE statement."""
        lines = [column.sql for column in self.columns]
        lines.append(f"PRIMARY KEY ({', '.join(self.key)})")
        return f"CREATE TABLE {self.name} (\n  " + ",\n  ".join(lines) + "\n) WITHOUT ROWID"
