"""Where a release is written when nobody says: the workspace's own file; another's is kept.

Rounds of one benchmark follow each other there, and what reads the file goes on with the newest.
A release of another benchmark is not the one before, and of what cannot be read nobody knows: it
is put aside first, and told.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from qfloor.errors import DatabaseError, NewerDatabaseError
from qfloor.export.release import Content
from qfloor.export.verification import computed_digest, read
from qfloor.whole import sha256_of, write_whole

USUAL, ASIDE = "quality.db", "releases"


@dataclass(frozen=True)
class PutAside:
    """What lay in a workspace's ``quality.db`` and was not the benchmark's, kept elsewhere."""

    what: str
    was: Path
    kept: Path

    def __str__(self) -> str:
        return f"{self.what}, which was {self.was}, is kept as {self.kept}"


def usual_place(
    workspace: Path, benchmark: str, offers: Collection[str]
) -> tuple[Path, PutAside | None]:
    """Return a workspace's ``quality.db``; what is there and is not this benchmark's is kept.

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
        What lay there, by now a file in ``releases`` that is called by benchmark, round and the
        digest of its evidence; or by that of its bytes where it cannot be read.
        None where nothing lay there, or a release of this benchmark. One
        that has the name and shares no offer is of another that happens to be called so.
    """
    path = workspace / USUAL
    if not path.is_file() or not path.stat().st_size:
        return path, None
    try:
        content = read(path)
        digest = computed_digest(path, content)
    except NewerDatabaseError:
        return path, _kept(path, "a release for a newer qfloor", f"newer_{_bytes_of(path)}")
    except DatabaseError:
        return path, _kept(path, "a file that is no sound release", f"unread_{_bytes_of(path)}")
    whose = _other(content, benchmark, offers)
    if whose is None:
        return path, None
    about = content["release"][0]
    named = f"{about['name']}_{about['round']}_{digest[:12]}"
    return path, _kept(path, f"the release of {whose}", named)


def _other(content: Content, benchmark: str, offers: Collection[str]) -> str | None:
    """Whose release it is, where it is not the benchmark's."""
    about, there = content["release"][0], {row["id"] for row in content["offers"]}
    whose = f"{about['name']} {about['round']}"
    if about["name"] != benchmark:
        return whose
    if there and offers and there.isdisjoint(offers):
        return f"another {whose}, of other offers"
    return None


def _bytes_of(path: Path) -> str:
    return sha256_of(path)[:12]


def _kept(path: Path, what: str, named: str) -> PutAside:
    """Keep a file; where another of its name is kept, under one that has its bytes' digest too."""
    content = path.read_bytes()
    stem = re.sub(r"[^\w.+-]", "-", named)[:100]  # whoever wrote the file chose its words
    for name in (stem, f"{stem}_{_bytes_of(path)}"):
        kept = path.parent / ASIDE / f"{name}.db"
        if not kept.exists():
            write_whole(kept, content)
        if kept.read_bytes() == content:
            break
    return PutAside(what, path, kept)
