"""Check a quality database against its own digest and its own rules."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor.counting import several
from qfloor.errors import DatabaseError, NewerDatabaseError, UnsoundDatabaseError
from qfloor.export.columns import Column, Table
from qfloor.export.consistency import problems_of
from qfloor.export.late import certified_words
from qfloor.export.release import Content, digest_of_content
from qfloor.export.schema import APPLICATION_ID, SCHEMA_VERSION, tables_at
from qfloor.read_only import opened_to_read

_DAMAGE = (
    sqlite3.Error, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
)  # fmt: skip
"""What reading values of other types than the format's can raise."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a sound quality database holds."""

    path: str
    name: str
    round: str
    digest: str
    n_offers: int
    n_floors: int
    n_verdicts: int
    n_certified: int
    certified_words: str
    illustrative: bool

    def __str__(self) -> str:
        example = ", illustrative" if self.illustrative else ""
        return (
            f"{self.path}: sound; {self.name} {self.round}{example}, "
            f"{several(self.n_offers, 'offer')}, {several(self.n_floors, 'floor')}, "
            f"{several(self.n_verdicts, 'verdict')} of which "
            f"{self.certified_words}; digest {self.digest}"
        )


def verify(path: str | Path) -> Verification:
    """Recompute a database's digest and check that its rows agree with one another.

    Parameters
    ----------
    path : str or Path
        A ``quality.db``, or a ``quality.json``.

    Returns
    -------
    Verification
        What was found sound.

    Raises
    ------
    NewerDatabaseError
        When a newer major version of the format wrote it.
    UnsoundDatabaseError
        When it was changed, or contradicts itself; it holds all problems, and tells the first.
    DatabaseError
        When it cannot be read.
    """
    path = Path(path)
    content = read(path)
    about = content["release"][0]
    digest = computed_digest(path, content)
    try:
        problems = problems_of(content)
    except _DAMAGE as error:
        raise DatabaseError(f"{path}: a damaged quality database: {error}") from error
    if digest != about["digest"]:
        problems.insert(0, f"its digest is {digest} but it says {about['digest']}: it was changed")
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UnsoundDatabaseError(f"{path}: {problems[0]}{more}", tuple(problems))
    return Verification(
        path=str(path),
        name=about["name"],
        round=about["round"],
        digest=digest,
        n_offers=len(content["offers"]),
        n_floors=len(content["floors"]),
        n_verdicts=len(content["verdicts"]),
        n_certified=sum(row["ruling"] == "certified" for row in content["verdicts"]),
        certified_words=certified_words(content),
        illustrative=about["illustrative"],
    )


def read(path: str | Path) -> Content:
    """Read all rows of a quality database as they were before they were written.

    Raises
    ------
    DatabaseError
        When it is missing, damaged, newer, or no quality database.
    """
    path = Path(path)
    if not path.is_file():
        raise DatabaseError(f"{path}: no such quality database")
    try:
        content = _from_json(path) if path.suffix == ".json" else _from_sqlite(path)
        _check_version(path, content["release"][0]["schema_version"])
    except _DAMAGE as error:
        raise DatabaseError(f"{path}: not a quality database, or a damaged one: {error}") from error
    return content


def computed_digest(path: Path, content: Content) -> str:
    """Compute the digest of what was read, whatever the file says of itself.

    Raises
    ------
    DatabaseError
        When values are of other types than the format's.
    """
    try:
        return digest_of_content(content)
    except _DAMAGE as error:
        raise DatabaseError(f"{path}: a damaged quality database: {error}") from error


def _from_sqlite(path: Path) -> Content:
    with opened_to_read(path) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            empty = path.stat().st_size == 0
            raise ValueError("it is empty" if empty else "it is another kind of SQLite file")
        (major,) = connection.execute("PRAGMA user_version").fetchone()
        _check_version(path, f"{major}.0")
        if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise ValueError(said)
        (version,) = connection.execute("SELECT schema_version FROM release").fetchone()
        return {table.name: _rows(connection, table) for table in tables_at(version)}


def _rows(connection: sqlite3.Connection, table: Table) -> list[dict[str, Any]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(table.key)
    found = connection.execute(f"SELECT {names} FROM {table.name} ORDER BY {order}")
    return [
        {c.name: _value(c, v) for c, v in zip(table.columns, row, strict=True)} for row in found
    ]


def _value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type in ("list", "object"):
        return json.loads(value)
    return bool(value) if column.type == "boolean" else value


def _from_json(path: Path) -> Content:
    document = json.loads(path.read_text(encoding="utf-8"))
    content: Content = {}
    for table in tables_at(document["release"]["schema_version"]):
        rows = [document["release"]] if table.name == "release" else document[table.name]
        names = {column.name for column in table.columns}
        if any(set(row) != names for row in rows):
            raise ValueError(f"a row of {table.name} has other fields than it should")
        content[table.name] = rows
    return content


def _check_version(path: Path, version: str) -> None:
    if int(version.partition(".")[0]) > int(SCHEMA_VERSION.partition(".")[0]):
        raise NewerDatabaseError(
            f"{path}: written in format {version}, newer than the {SCHEMA_VERSION} that this "
            "qfloor reads; upgrade qfloor"
        )
