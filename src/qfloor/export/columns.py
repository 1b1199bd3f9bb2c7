"""How a table of the quality database is declared: columns with their types and meanings.

Columns that several tables share stand here once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ColumnType = Literal["text", "integer", "real", "boolean", "list", "object"]

FIRST_VERSION = "1.0"

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
    """One column; ``list`` and ``object`` are JSON in SQLite and themselves in JSON.

    ``since`` is the version of the format that brought it: files of an earlier one lack it.
    """

    name: str
    type: ColumnType
    meaning: str
    null: bool = False
    of: tuple[str, ...] = ()
    since: str = FIRST_VERSION

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
    since: str = FIRST_VERSION

    def at(self, version: str) -> Table | None:
        """Give the table as a version of the format had it; None when it had none."""
        if _number(self.since) > _number(version):
            return None
        there = tuple(c for c in self.columns if _number(c.since) <= _number(version))
        return replace(self, columns=there)

    @property
    def sql(self) -> str:
        """CREATE TABLE statement."""
        lines = [column.sql for column in self.columns]
        lines.append(f"PRIMARY KEY ({', '.join(self.key)})")
        return f"CREATE TABLE {self.name} (\n  " + ",\n  ".join(lines) + "\n) WITHOUT ROWID"


MODALITIES = ("image", "video")
OFFER = Column("offer_id", "text", "the offer, as in `offers.id`")
CATEGORY = Column("category", "text", "the category, as in `categories.id`")
MODALITY = Column("modality", "text", "what is made", of=MODALITIES)
QUALITY = Column("quality", "text", "which number this is about, as in `qualities.id`")
CELL = (OFFER, CATEGORY, MODALITY, QUALITY)
"""Whose floor it is: an offer's, in a category, for a modality, of a quality."""
TIER = Column("tier", "text", "standard, professional or premium")
KIND = Column(
    "kind",
    "text",
    "whether refusals are fails (delivered) or absent (conditional)",
    of=("delivered", "conditional"),
)
RULINGS = ("certified", "rejected", "undecided")
MAX_FAIL = Column("max_fail", "real", "largest tolerated share of fails; .25 = the lower quartile")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
