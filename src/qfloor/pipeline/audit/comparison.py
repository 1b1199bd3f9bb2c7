"""Two contents of a quality database, compared table by table, row by row, value by value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from qfloor.export import TABLES, Content, Row
from qfloor.export.columns import Table
from qfloor.pipeline.audit.check import Check, none_of

TOLERANCE = 1e-9
"""How far numbers may be off: the same code sums in another order on another processor."""

LEFT_OUT = frozenset({"release"})
"""Tables whose rows say when and by what they were written; they are checked by themselves."""


def compared(published: Content, again: Content, how: str) -> Iterator[Check]:
    """Compare every published table with the same table made again, a check for each.

    Parameters
    ----------
    published, again : Content
        Rows by table; columns that the published file's format did not have are not compared.
    how : str
        How the second came about, for the checks' names.
    """
    for name, total, wrong in unlike(published, again):
        yield none_of(f"{name} {how}", total, "row", wrong)


def unlike(published: Content, again: Content) -> Iterator[tuple[str, int, list[str]]]:
    """Give each table that has rows: its name, how many were published, what differs."""
    for table in TABLES:
        if table.name in LEFT_OUT or table.name not in published:
            continue
        rows, others = published[table.name], again.get(table.name, [])
        if rows or others:
            yield table.name, len(rows), list(_unlike(table, rows, others))


def before_withdrawal(published: Content, again: Content) -> Content:
    """Give a release as it was before drift took certificates back; as it is if none was.

    What drift may do is all that is undone: a certificate become undecided, and the provenance
    that says so. Whether the rest is the release it says it was withdrawn from, its digest shows.
    """
    if not any(row["key"] == "withdrawn_from" for row in published["provenance"]):
        return published
    table = next(table for table in TABLES if table.name == "verdicts")
    certified = {_key(table, r): r for r in again["verdicts"] if r["ruling"] == "certified"}
    verdicts = []
    for row in published["verdicts"]:
        found = certified.get(_key(table, row))
        taken = found is not None and (row["ruling"], row["reason"]) == ("undecided", "drifted")
        verdicts.append(
            {**row, "ruling": found["ruling"], "reason": found["reason"]}
            if taken and found
            else row
        )
    told = [r for r in published["provenance"] if r["key"] not in ("withdrawn_from", "drift")]
    return {**published, "verdicts": verdicts, "provenance": told}


def _unlike(table: Table, rows: list[Row], others: list[Row]) -> Iterator[str]:
    mine = {_key(table, row): row for row in rows}
    theirs = {_key(table, row): row for row in others}
    for key in sorted(mine.keys() | theirs.keys(), key=repr):
        named = " ".join(str(part) for part in key)
        if key not in theirs:
            yield f"{named}: published, and not found again"
        elif key not in mine:
            yield f"{named}: found, and not published"
        else:
            differing = list(_values(mine[key], theirs[key], ignore=_ignored(table, key)))
            if differing:
                yield f"{named}: {', '.join(differing[:3])}" + (
                    f", {len(differing) - 3} more" if len(differing) > 3 else ""
                )


def _ignored(table: Table, key: tuple[Any, ...]) -> bool:
    """The version of the code is a check of its own."""
    return table.name == "provenance" and key == ("code",)


def _values(published: Any, found: Any, *, ignore: bool, at: str = "") -> Iterator[str]:
    """Name the values that differ, by the path to them."""
    if ignore:
        return
    if isinstance(published, Mapping) and isinstance(found, Mapping):
        names = published if not at else {**published, **found}
        for name in names:
            yield from _values(
                published.get(name),
                found.get(name),
                ignore=False,
                at=f"{at}.{name}" if at else str(name),
            )
    elif isinstance(published, list) and isinstance(found, list) and len(published) == len(found):
        for n, (one, other) in enumerate(zip(published, found, strict=True)):
            yield from _values(one, other, ignore=False, at=f"{at}[{n}]")
    elif not _equal(published, found):
        yield f"{at} {_said(published)} is {_said(found)}"


def _equal(published: Any, found: Any) -> bool:
    if isinstance(published, float) and isinstance(found, float):
        return math.isclose(published, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(published == found)


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in table.key)


def _said(value: Any) -> str:
    text = "nothing" if value is None else repr(value) if isinstance(value, float) else str(value)
    return text if len(text) <= 48 else f"{text[:45]}..."
