"""Which files an import reads, and one reading of them all.

Some tools write a file for each rater, or a folder for each: they are read as one, so that either
all of them enter or none.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import (
    ROWS_OF_A_FILE,
    Faults,
    Format,
    Reading,
    ReadOptions,
)
from qfloor.tables import ending


def files_of(paths: Sequence[Path], format: Format) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Find the files that paths stand for; a folder stands for those the format reads of it.

    Returns
    -------
    files : tuple of Path
    notes : tuple of str
        What other files lie in folders, by their endings: one may be of a rater.

    Raises
    ------
    RatingsError
        When there is none, or one stands there twice.
    """
    found: list[Path] = []
    others: Counter[str] = Counter()
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        files = [f for f in path.rglob("*") if f.is_file() and not _is_hidden(f.relative_to(path))]
        inside = [f for f in files if _is_read(f, format)]
        others.update(ending(f) or "without an ending" for f in files if not _is_read(f, format))
        if not inside:
            wanted = (
                f"it holds no {' or '.join(format.folder)}"
                if format.folder
                else f"format {format.name!r} reads files, not folders"
            )
            raise RatingsError(f"{path}: is a folder; {wanted}; nothing was imported")
        found += sorted(inside)
    if not found:
        raise RatingsError("no file of judgments was named")
    twice = [path for path, n in Counter(f.resolve() for f in found).items() if n > 1]
    if twice:
        raise RatingsError(f"{twice[0]}: named twice; nothing was imported")
    return tuple(found), _told(others, format)


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _is_read(file: Path, format: Format) -> bool:
    """Whether a format reads a file of a folder, by its name in any case, gzipped or not."""
    name = file.name.lower().removesuffix(".gz")
    return any(fnmatchcase(name, pattern) for pattern in format.folder)


def _told(others: Counter[str], format: Format) -> tuple[str, ...]:
    if not others:
        return ()
    are = several(others.total(), "other file in the folder is", "other files in the folder are")
    if format.rater_in_path:  # john.smith has an ending, too
        return (f"{are} not read",)
    endings = ", ".join(f"{n} {ending}" for ending, n in sorted(others.items()))
    return (f"{are} not read ({endings})",)


def read_files(
    format: Format, files: Sequence[Path], options: ReadOptions
) -> tuple[Reading, Faults]:
    """Read files as one.

    Returns
    -------
    reading : Reading
        Rows of the n-th file are numbered from n times `ROWS_OF_A_FILE`.
    faults : Faults
        Names such a row by its file and its number there.

    Raises
    ------
    RatingsError
        Of the first file that cannot be read, or when the user spoke of what none of them has.
    """
    options = replace(options, shared={})
    readings = [format.read(path, options) for path in files]
    _check_heard(files, readings)
    maps_all = format.maps == "all"
    if len(files) == 1:
        return readings[0], Faults(files[0], format.noun, maps_all=maps_all)
    judgments = tuple(
        judgment._replace(row=judgment.row + n * ROWS_OF_A_FILE)
        for n, reading in enumerate(readings)
        for judgment in reading.judgments
    )
    comparisons = tuple(
        versus._replace(row=versus.row + n * ROWS_OF_A_FILE)
        for n, reading in enumerate(readings)
        for versus in reading.comparisons
    )
    dropped: Counter[str] = Counter()
    for reading in readings:
        dropped.update(reading.dropped)
    together = Reading(
        judgments=judgments,
        comparisons=comparisons,
        n_rows=sum(reading.n_rows for reading in readings),
        dropped=dropped,
        ignored_columns=tuple(sorted({c for r in readings for c in r.ignored_columns})),
        notes=tuple(dict.fromkeys(note for reading in readings for note in reading.notes)),
    )
    return together, Faults(files[0].parent, format.noun, tuple(files), maps_all)


def _check_heard(files: Sequence[Path], readings: Sequence[Reading]) -> None:
    """One rater may have left a question out; that all did is a slip of whoever named it."""
    speaking = [r for r in readings if r.judgments or r.comparisons] or readings
    for name, there_is in speaking[0].unheard.items():
        if all(name in reading.unheard for reading in speaking):
            raise RatingsError(f"{files[0]}: there is no {name} {there_is}; nothing was imported")


def digest_of_files(files: Sequence[Path]) -> str:
    """SHA-256 of a file's bytes, or of the digests of several, whatever they are called."""
    digests = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
