"""Where a release is written when nobody says: the workspace's own file; another's is kept.

Rounds of one benchmark follow each other there, and what reads the file goes on with the newest.
A release of another benchmark is not the one before: it is put aside first, and told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from qfloor.errors import DatabaseError
from qfloor.export.verification import read
from qfloor.whole import write_whole

USUAL, ASIDE = "quality.db", "releases"


@dataclass(frozen=True)
class PutAside:
    """The release of another benchmark that lay in a workspace's ``quality.db``, kept elsewhere."""

    whose: str
    was: Path
    kept: Path

    def __str__(self) -> str:
        return f"the release of {self.whose}, which was {self.was}, is kept as {self.kept}"


def usual_place(
    workspace: Path, benchmark: str, offers: Collection[str]
) -> tuple[Path, PutAside | None]:
    """Return a workspace's ``quality.db``; a release there that is not this benchmark's is kept.

    Parameters
    ----------
    workspace : Path
    benchmark : str
        Name of the benchmark whose release is to be written.
    offers : collection of str
        Ids of its offers; empty where it judges what was imported.

    Returns
    -------
    path : Path
    aside : PutAside or None
        What lay there, by now a file in ``releases`` that is called by benchmark, round and digest.
        None where nothing lay there, nothing that can be read, or a release of this benchmark. One
        that has the name and shares no offer is of another that happens to be called so.
    """
    path = workspace / USUAL
    try:
        content = read(path)
    except DatabaseError:
        return path, None
    about, there = content["release"][0], {row["id"] for row in content["offers"]}
    whose = f"{about['name']} {about['round']}"
    if about["name"] == benchmark:
        if not (there and offers and there.isdisjoint(offers)):
            return path, None
        whose = f"another {whose}, of other offers"
    kept = workspace / ASIDE / f"{about['name']}_{about['round']}_{about['digest'][:12]}.db"
    write_whole(kept, path.read_bytes())
    return path, PutAside(whose, path, kept)
