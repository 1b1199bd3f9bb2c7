"""Import a file of human judgments into the store: checked as a whole, written as a whole.

    format -> Reading -> items -> settled outputs -> ratings -> one transaction

The same file twice adds nothing. A longer file of the same source adds what is new in it: a
judgment's id comes of the source, the item, the rater, the criterion and the session, not of the
file. A file is known by its bytes together with what the caller said about it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qfloor.errors import RatingsError
from qfloor.ratings.assembling import ImportedRatings, assemble, remarks
from qfloor.ratings.formats import format_of
from qfloor.ratings.items import gather
from qfloor.ratings.judgment import (
    ANONYMOUS,
    TEST,
    Faults,
    Format,
    Reading,
    ReadOptions,
    Scale,
    parse_scale,
)
from qfloor.ratings.known import known_of
from qfloor.ratings.settling import Settled, Settler
from qfloor.records import Category, digest_of
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of a file.

    ``kept`` rows are ratings, of which ``added`` are new to the store; ``controls`` counts those
    of them that never enter a floor. ``repeated`` says that this very file was imported before.
    """

    path: str
    sha256: str
    format: str
    source: str
    round: str
    repeated: bool
    read: int
    kept: int
    added: int
    dropped: Mapping[str, int]
    controls: Mapping[str, int]
    anonymous: int
    raters: int
    items: int
    items_in_store: int
    prompts: int
    offers: tuple[str, ...]
    criteria: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table."""
        return dict(self.__dict__)

    def __str__(self) -> str:
        if self.repeated:
            return f"{self.path} was imported before; nothing was added"
        why = ", ".join(f"{n} {reason}" for reason, n in self.dropped.items())
        return (
            f"{self.path}: {self.read} judgments read, {self.kept} kept"
            + (f" ({why} dropped)" if why else "")
            + f", {self.added} of them new: {self.raters} raters, {self.items} items, "
            f"{len(self.offers)} offers"
        )


def import_ratings(
    store: Store,
    path: str | Path,
    format: str = "long",
    *,
    round: str,
    source: str | None = None,
    scale: str | Scale | None = None,
    ignore_unknown_columns: bool = False,
    categories: Iterable[Category] = (),
) -> ImportReport:
    """Import human ratings, all of a file or nothing.

    Parameters
    ----------
    store : Store
    path : str or Path
    format : str
        A name of `qfloor.ratings.FORMATS`.
    round : str
        Round that the judged outputs belong to.
    source : str, optional
        Where the judgments come from, by default the format's name. Files of one source may
        overlap; the same item ids of two sources are different items.
    scale : str or Scale, optional
        ``LOW:HIGH`` where the file does not declare it.
    ignore_unknown_columns : bool
        Leave columns aside that the format does not know, and report them.
    categories : iterable of Category
        Categories beside those that ship and those of the store's prompts.

    Returns
    -------
    ImportReport

    Raises
    ------
    RatingsError
        One sentence with file, row and what to do; nothing was written.
    """
    path = Path(path)
    known_format = format_of(format)
    source = (known_format.name if source is None else source).strip()
    if not round.strip() or not source:
        raise RatingsError(f"{path}: the round and the source of ratings must have names")
    if isinstance(scale, str):
        scale = parse_scale(scale)
    options = ReadOptions(scale=scale, ignore_unknown_columns=ignore_unknown_columns)
    reading = known_format.read(path, options)
    if not reading.judgments:
        raise RatingsError(
            f"{path}: none of {reading.n_rows} rows has a score; nothing was imported"
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    key = digest_of([sha256, format, source, round, options])
    faults = Faults(path, known_format.noun)
    with store.transaction():
        imported, settled = _settled(
            store, reading, known_format, round, source, tuple(categories), faults
        )
        report = _report(reading, imported, settled)
        report = replace(
            report, path=str(path), sha256=sha256, format=format, source=source, round=round
        )
        if store.was_imported(key):
            return replace(report, repeated=True)
        report = replace(report, added=_write(store, imported, faults))
        store.save_import(digest=key, kind="ratings", source=source, counts=report.to_row())
    return report


def _settled(
    store: Store,
    reading: Reading,
    format: Format,
    round: str,
    source: str,
    categories: Sequence[Category],
    faults: Faults,
) -> tuple[ImportedRatings, Settled]:
    items, place = gather(reading.judgments, faults)
    known = known_of(store, items, round=round, source=source, declared=categories)
    settler = Settler(
        known=known, faults=faults, round=round, source=source, provider=format.provider
    )
    settled = settler.settle(items)
    imported = assemble(reading.judgments, place, settled, source=source, faults=faults)
    return imported, settled


def _write(store: Store, imported: ImportedRatings, faults: Faults) -> int:
    """Write what is new; a judgment that the store has with other content is an error."""
    _check_unchanged(store, imported, faults)
    store.save_prompts(imported.prompts)
    store.save_offers(imported.offers)
    store.save_outputs(imported.outputs)
    return store.save_ratings(imported.ratings)


def _check_unchanged(store: Store, imported: ImportedRatings, faults: Faults) -> None:
    about = {rating.output_id for rating in imported.ratings}
    stored = {rating.id: rating for rating in store.ratings_of(outputs=about)}
    if not stored:
        return
    for rating, row in zip(imported.ratings, imported.rows, strict=True):
        earlier = stored.get(rating.id, rating)
        if earlier != rating:
            raise faults.wrong(
                row,
                f"rater {rating.rater!r} gives {rating.criterion!r} of this item {rating.value:g}"
                f", but an earlier import has that judgment otherwise ({earlier.value:g} on "
                f"{earlier.lo:g} to {earlier.hi:g}), correct it or import under another --source",
            )


def _report(reading: Reading, imported: ImportedRatings, settled: Settled) -> ImportReport:
    ratings = imported.ratings
    outputs = {output.id: output for output in settled.outputs}
    dropped = Counter(reading.dropped) + Counter(imported.dropped)
    named = {rating.rater for rating in ratings} - {ANONYMOUS}
    controls = Counter(rating.control for rating in ratings)
    controls.pop(TEST, None)
    return ImportReport(
        path="",
        sha256="",
        format="",
        source="",
        round="",
        repeated=False,
        read=reading.n_rows,
        kept=len(ratings),
        added=0,
        dropped=dict(sorted(dropped.items())),
        controls=dict(sorted(controls.items())),
        anonymous=sum(rating.rater == ANONYMOUS for rating in ratings),
        raters=len(named),
        items=len(outputs),
        items_in_store=settled.matched,
        prompts=len({output.prompt_digest for output in outputs.values()}),
        offers=tuple(sorted({output.offer_id for output in outputs.values()})),
        criteria=tuple(sorted({rating.criterion for rating in ratings})),
        ignored_columns=reading.ignored_columns,
        notes=(*reading.notes, *remarks(ratings, outputs)),
    )
