"""A SQLite file that is read and not written: not its rows, not a log beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def opened_to_read(path: Path, *, in_use: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a file read-only, and close it with the block.

    Parameters
    ----------
    path : Path
        A file that is there.
    in_use : bool
        Whether others may be writing it. One that nobody writes is read without locks, also
        on a disk or in a folder where nothing can be written.

    Raises
    ------
    sqlite3.Error
        When it cannot be opened; what is no database is noticed when it is first asked.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro{'' if in_use else '&immutable=1'}"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection
