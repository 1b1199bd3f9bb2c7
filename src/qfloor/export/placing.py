"""Where a release is written when nobody says: the workspace's own file, unless it is another's.

Rounds of one benchmark follow each other there, and what reads the file goes on with the newest.
A release of another benchmark is not the next one: who wants it replaced names the file.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from qfloor.errors import DatabaseError
from qfloor.export.verification import read

USUAL = "quality.db"


def usual_place(workspace: Path, benchmark: str, offers: Collection[str]) -> Path:
    """Return a workspace's ``quality.db``, once it is known that it is nobody else's.

    Parameters
    ----------
    workspace : Path
    benchmark : str
        Name of the benchmark whose release is to be written.
    offers : collection of str
        Ids of its offers; empty where it judges what was imported.

    Raises
    ------
    DatabaseError
        When the release of another benchmark lies there; says how to keep it, and how not to.
    """
    path = workspace / USUAL
    other = whose(path, benchmark, offers)
    if other:
        raise DatabaseError(
            f"{path} is the release of {other}, which that of {benchmark} would replace; write to "
            f"another file (--out), or take another workspace (-w); --out {path} replaces it"
        )
    return path


def whose(path: Path, benchmark: str, offers: Collection[str]) -> str:
    """Say whose release lies at a path where it is not this benchmark's: ``painters 2026-11``.

    Empty where nothing lies there, nothing that can be read, or a release of the same name. One
    that shares no offer with this benchmark is of another that happens to be called so.
    """
    try:
        content = read(path)
    except DatabaseError:
        return ""
    about, there = content["release"][0], {row["id"] for row in content["offers"]}
    if about["name"] != benchmark:
        return f"{about['name']} {about['round']}"
    if there and offers and there.isdisjoint(offers):
        return f"another {benchmark} ({about['round']}, no offer is in both)"
    return ""
