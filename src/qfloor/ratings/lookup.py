"""What a record of a foreign file says of an answer: what was rated, by whom, when.

A field is looked up as the user mapped it for what was shown, as the user mapped it at all, and as
it is called: in the format's own column, or in the one of that name in qfloor's long table (unless
that one was mapped to something else).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import TEST, Faults, ReadOptions
from qfloor.ratings.mapping import Column
from qfloor.ratings.wording import nearest

OWN: dict[str, str] = {
    "item": "item_id", "prompt": "prompt_id", "text": "prompt", "category": "category",
    "modality": "modality", "model": "model_id", "seed": "seed", "rater": "rater_id",
    "session": "session_id", "at": "submitted_at",
}  # fmt: skip
"""Where a field is found when nobody says: in the column of that name in the long table."""

MODALITIES = ("", "image", "video")


class Given(NamedTuple):
    """What a file says of an answer beside the answer itself.

    Attributes
    ----------
    row : int
        Where it stands, for messages.
    record : mapping
        The columns in reach: of the row, the task or the item.
    question : str
        What was asked.
    rater : str
        Who, as the file's own field says; empty when it does not.
    shown : tuple of str
        Names of what the answer is about: an image, a question; mapped fields of these go first.
    annotation : str
        The id that the tool gave the answer.
    """

    row: int
    record: Mapping[str, Any]
    question: str
    rater: str = ""
    shown: tuple[str, ...] = ()
    annotation: str = ""
    session: str = ""
    at: str = ""
    seconds: float | None = None
    control: str = TEST


class Lookup:
    """Looks fields up for one file; remembers columns that were read and names that were shown.

    Parameters
    ----------
    faults : Faults
        Builds errors of rows.
    options : ReadOptions
        What the user said of the file.
    usual : mapping
        Columns that the format itself knows for fields, e.g. ``{"model": "rating_stimulus"}``.
    """

    def __init__(self, faults: Faults, options: ReadOptions, usual: Mapping[str, str]) -> None:
        self.faults = faults
        self.shown: set[str] = set()
        self.read: set[str] = set()
        self._mapping = options.mapping
        mapped = {column.name for column in self._mapping.columns.values()}
        own = {name: column for name, column in OWN.items() if column not in mapped}
        self._usual = {**own, **usual}
        self._columns: dict[tuple[str, tuple[str, ...]], Column | None] = {}
        self._items_path = options.items
        self._items = _items_table(options.items)

    def described(
        self, given: Given, shown: tuple[str, ...], *, one_of_two: bool = False
    ) -> dict[str, str]:
        """Say which output it is, as far as the record, the mapping and the items table do.

        The id of a row that shows ``one_of_two`` names neither, so only an item that was mapped
        for that side does.
        """
        given = self._with_items(given)
        found = {
            name: self.field(given, name, shown)
            for name in ("prompt", "text", "category", "modality", "model", "seed")
        }
        found["prompt"] = found["prompt"] or found["text"]
        is_mapped = any(f"{place}.item" in self._mapping.columns for place in shown)
        found["item"] = "" if one_of_two and not is_mapped else self.field(given, "item", shown)
        if found["modality"] not in MODALITIES:
            raise self.faults.wrong(
                given.row,
                f"modality {found['modality']!r} is unknown "
                f"{nearest(found['modality'], MODALITIES[1:])}",
            )
        return found

    def _with_items(self, given: Given) -> Given:
        """Put what the items table says of the row's own item beside the row."""
        if self._items is None:
            return given
        item = self.field(given, "item", ())
        if item not in self._items:
            raise self.faults.wrong(
                given.row,
                f"item {item!r} is not in {self._items_path} "
                f"{nearest(item, list(self._items)[:2000])}",
            )
        return given._replace(record={**self._items[item], **given.record})

    def field(self, given: Given, name: str, shown: tuple[str, ...]) -> str:
        """Look a field up: as mapped for what was shown, as mapped at all, as it is called."""
        key = (name, shown)
        if key not in self._columns:
            self._columns[key] = self._column(name, shown)
        column = self._columns[key]
        if column is not None:
            return self._cell(given, name, column)
        value = given.record.get(self._usual.get(name, ""))
        return (plain_text(value) or "") if value is not None else ""

    def _column(self, name: str, shown: tuple[str, ...]) -> Column | None:
        """Where a field of what was shown is mapped to: asked once, as rows are many."""
        self.shown.update(shown)
        for called in (*(f"{place}.{name}" for place in shown), name):
            column = self._mapping.columns.get(called)
            if column is not None:
                return column
        self.read.add(self._usual.get(name, ""))
        return None

    def _cell(self, given: Given, name: str, column: Column) -> str:
        if column.fixed is not None:
            return column.fixed
        # A column whose own name reads like a cut is still a column.
        at = str(column) if column.sign else column.name
        whole = at in given.record
        if not whole:
            at = column.name
        if at not in given.record:
            raise self.faults.wrong(
                given.row,
                f"there is no column {at!r}, which {name} was mapped to "
                f"{nearest(at, [str(k) for k in given.record])}",
            )
        self.read.add(at)
        value = given.record[at]
        text = "" if value is None else plain_text(value)
        if text is None:
            raise self.faults.wrong(given.row, f"column {at!r} holds no plain text, for {name}")
        cut = text if whole else column.cut(text)
        if cut is None:
            raise self.faults.wrong(
                given.row, f"{at} {text!r} has no {column.sign!r} to be split at, for {name}"
            )
        return cut.strip()


def plain_text(value: Any) -> str | None:
    """Give a number or a text as text; None for anything that holds more than one value."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else repr(value)


def _items_table(path: Path | None) -> dict[str, Mapping[str, Any]] | None:
    """Read what a table says of items, by their ids."""
    if path is None:
        return None
    is_json = path.suffix.lower() in {".json", ".jsonl", ".ndjson"}
    read = tables.json_rows if is_json else tables.rows
    found: dict[str, Mapping[str, Any]] = {}
    for line, row in read(path, RatingsError):
        key = next((name for name in ("item_id", "id") if name in row), None)
        if key is None:
            raise RatingsError(
                f"{path}: column 'item_id' (or 'id') is missing; nothing was imported"
            )
        identity = plain_text(row[key]) or ""
        if not identity or identity in found:
            raise Faults(path).wrong(line, f"{key} {identity!r} is empty or stands there twice")
        found[identity] = row
    return found
