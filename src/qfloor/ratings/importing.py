"""Import a file of human judgments into the store: checked as a whole, written as a whole.

    format -> Reading -> items -> joined, settled outputs -> ratings, comparisons -> one transaction

The same file twice adds nothing. A longer file of the same source adds what is new in it: a
judgment's id comes of the source, the item, the rater, the criterion and the session, not of the
file. A file is known by its bytes together with what the caller said about it. Raters enter under
pseudonyms (`pseudonyms`), before anything of them is compared, named or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.assembling import ImportedRatings, assemble
from qfloor.ratings.comparing import Compared, Ground, assemble_comparisons
from qfloor.ratings.files import digest_of_files, files_of, read_files
from qfloor.ratings.formats import format_of
from qfloor.ratings.items import gather
from qfloor.ratings.joining import join
from qfloor.ratings.judgment import (
    Faults,
    Format,
    Reading,
    ReadOptions,
    Scale,
    parse_scale,
)
from qfloor.ratings.known import known_of
from qfloor.ratings.mapping import Mapped
from qfloor.ratings.prolific import join_submissions
from qfloor.ratings.pseudonyms import Names, names_of
from qfloor.ratings.reporting import ImportReport, report_of
from qfloor.ratings.scales_in_store import check_scales_in_store
from qfloor.ratings.settling import Settled, Settler
from qfloor.ratings.store_rows import ComparisonRow, RatingRow
from qfloor.records import Category, digest_of
from qfloor.store import Store
from qfloor.uncollected import uncollected


@uncollected()
def import_ratings(
    store: Store,
    path: str | Path | Sequence[str | Path],
    format: str = "long",
    *,
    round: str,
    source: str | None = None,
    scale: str | Scale | None = None,
    ignore_unknown_columns: bool = False,
    options: ReadOptions | None = None,
    prolific: str | Path | None = None,
    keep_rater_ids: bool = False,
    categories: Iterable[Category] = (),
) -> ImportReport:
    """Import people's ratings and comparisons, all of a file or nothing.

    Parameters
    ----------
    store : Store
    path : str, Path or sequence of them
        The file; or several, or a folder of them, that are read as one.
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
    options : ReadOptions, optional
        What else is said about the file; ``scale`` and ``ignore_unknown_columns`` go before it.
    prolific : str or Path, optional
        Prolific's export of submissions: judgments of those that do not count are dropped.
    keep_rater_ids : bool
        Store raters as the file calls them, since these are pseudonyms already; by default they
        are hashed with the workspace's salt.
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
    known_format = format_of(format)
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]
    source = (known_format.name if source is None else source).strip()
    if not round.strip() or not source:
        raise RatingsError("--round and --source of ratings must have names")
    options = _options(options or ReadOptions(), scale, ignore_unknown_columns)
    _check_told(paths[0], known_format, options)
    files, others = files_of(paths, known_format)
    sha256 = _digest_of(files)
    key = _key(sha256, format, source, round, options, prolific)
    earlier = _earlier(store, key)
    if earlier is not None:
        return replace(earlier, path=_path_told(files, known_format))
    reading, faults = read_files(known_format, files, options)
    reading = _joined(reading, prolific, faults)
    keep = keep_rater_ids or known_format.raters == "places"
    names = _names(store, reading, source, keep)
    reading = replace(reading, notes=(*reading.notes, *others, *names.notes))
    with store.transaction():
        imported, settled = _settled(
            store, reading, known_format, options, round, source, tuple(categories), names, faults
        )
        report = replace(
            report_of(reading, imported, settled),
            path=_path_told(files, known_format),
            sha256=sha256,
            format=format,
            source=source,
            round=round,
            hashed_raters=names.hashed,
            salt=names.mark,
        )
        if store.was_imported(key):  # by a version that reported otherwise
            return replace(report, repeated=True)
        report = replace(report, added=_write(store, imported, settled, faults))
        store.save_import(digest=key, kind="ratings", source=source, counts=report.to_row())
    return report


def _digest_of(files: Sequence[Path]) -> str:
    """Name the bytes of files; one that cannot be read is left to its reader, who says why."""
    try:
        return digest_of_files(files)
    except (OSError, ValueError):
        return ""


def _earlier(store: Store, key: str) -> ImportReport | None:
    """What an import of the same file gave, if it was this version's: nothing is added now."""
    counts = store.import_counts(key)
    if counts is None or set(counts) != {field.name for field in fields(ImportReport)}:
        return None
    told: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in counts.items()}
    return ImportReport(**{**told, "repeated": True, "added": 0})


def _options(
    options: ReadOptions, scale: str | Scale | None, ignore_unknown_columns: bool
) -> ReadOptions:
    if isinstance(scale, str):
        scale = parse_scale(scale)
    return replace(
        options,
        scale=options.scale if scale is None else scale,
        ignore_unknown_columns=ignore_unknown_columns or options.ignore_unknown_columns,
    )


def _joined(reading: Reading, prolific: str | Path | None, faults: Faults) -> Reading:
    """Leave out submissions that do not count; something must be left."""
    if prolific is not None:
        reading = join_submissions(reading, Path(prolific))
    if not reading.judgments and not reading.comparisons:
        raise RatingsError(
            f"{faults.path}: none of {several(reading.n_rows, 'row')} has a score; "
            "nothing was imported"
        )
    return reading


def _check_told(path: Path, format: Format, options: ReadOptions) -> None:
    """A format that says itself what is what would leave a mapping aside without a word."""
    told = {
        "--map": options.mapping.columns,
        "--criterion": options.mapping.criteria,
        "--answer": options.mapping.answers,
        "--items": options.items,
        "--label-config": options.label_config,
    }
    unread = [option for option, said in told.items() if said]
    if unread and format.maps == "none":
        raise RatingsError(
            f"{path}: format {format.name!r} says itself what its columns mean and takes no "
            f"{unread[0]}; leave it out, or read the file as format 'table'; nothing was imported"
        )


def _key(
    sha256: str,
    format: str,
    source: str,
    round: str,
    options: ReadOptions,
    prolific: str | Path | None,
) -> str:
    """Name an import by the file and all that was said of it, with the files said by digest."""
    said: dict[str, Any] = {
        "scale": options.scale,
        "ignore_unknown_columns": options.ignore_unknown_columns,
    }
    if options.mapping != Mapped():
        said["mapping"] = options.mapping
    if options.modality is not None:
        said["modality"] = options.modality
    if options.empty_result != "drop":
        said["empty_result"] = options.empty_result
    beside = {"items": options.items, "label_config": options.label_config, "prolific": prolific}
    said |= {
        name: digest_of_files([Path(path)]) for name, path in beside.items() if path is not None
    }
    return digest_of([sha256, format, source, round, said])


def _names(store: Store, reading: Reading, source: str, keep: bool) -> Names:
    """Find the names that raters have in the store."""
    raters = {j.rater for j in reading.judgments}.union(c.rater for c in reading.comparisons)
    told = {j.source for j in reading.judgments}.union(c.source for c in reading.comparisons)
    return names_of(store, raters, {source, *told} - {""}, keep=keep)


def _path_told(files: Sequence[Path], format: Format) -> str:
    """What a report may say of where the judgments lay."""
    if format.rater_in_path:
        return f"{len(files)} files" if len(files) > 1 else "a file"
    return str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _settled(
    store: Store,
    reading: Reading,
    format: Format,
    options: ReadOptions,
    round: str,
    source: str,
    categories: Sequence[Category],
    names: Names,
    faults: Faults,
) -> tuple[ImportedRatings, Settled]:
    found = gather(reading.judgments, reading.comparisons, faults)
    join(store, found.items, round=round, provider=format.provider, faults=faults)
    known = known_of(store, found.items, round=round, source=source, declared=categories)
    settled = Settler(
        known=known,
        faults=faults,
        round=round,
        source=source,
        provider=format.provider,
        modality=options.modality,
    ).settle(found.items)
    ground = Ground(source=source, raters=names.of, faults=faults)
    compared = assemble_comparisons(reading.comparisons, found.sides, settled, ground)
    return assemble(reading.judgments, found.place, settled, compared, ground), settled


def _write(store: Store, imported: ImportedRatings, settled: Settled, faults: Faults) -> int:
    """Write what is new; a judgment that the store has with other content is an error."""
    _check_unchanged(store, imported, settled.stored, faults)
    _check_unchanged_choices(store, imported.comparisons, settled.stored, faults)
    check_scales_in_store(store, imported, settled, faults)
    store.save_prompts(imported.prompts)
    store.save_offers(imported.offers)
    # In the order of what they refer to, SQLite finds that where it has just been.
    store.save_outputs(settled.moved)
    store.save_output_rows(sorted(settled.new_outputs, key=attrgetter("prompt_digest")))
    added = store.save_comparison_rows(imported.comparisons.comparisons)
    return added + store.save_rating_rows(sorted(imported.ratings, key=attrgetter("output_id")))


def _check_unchanged(
    store: Store, imported: ImportedRatings, about: frozenset[str], faults: Faults
) -> None:
    stored = store.rating_rows(about) if about else {}
    if not stored:
        return
    for rating, row in zip(imported.ratings, imported.rows, strict=True):
        earlier = stored.get(rating.id, rating)
        if earlier != rating:
            earlier = RatingRow(*earlier)
            raise faults.wrong(
                row,
                f"this rater gives {rating.criterion!r} of this item {rating.value:g}"
                f", but an earlier import has that judgment otherwise ({earlier.value:g} on "
                f"{earlier.lo:g} to {earlier.hi:g}), correct it or import under another --source",
            )


def _check_unchanged_choices(
    store: Store, compared: Compared, about: frozenset[str], faults: Faults
) -> None:
    ids = [choice.id for choice in compared.comparisons if choice.left_output_id in about]
    stored = store.comparison_rows(ids) if ids else {}
    if not stored:
        return
    for comparison, row in zip(compared.comparisons, compared.rows, strict=True):
        earlier = stored.get(comparison.id, comparison)
        if earlier != comparison:
            earlier = ComparisonRow(*earlier)
            raise faults.wrong(
                row,
                f"this rater says {comparison.winner} of this pair, but an earlier import has "
                f"that judgment otherwise ({earlier.winner}), correct it or import under another "
                "--source",
            )
