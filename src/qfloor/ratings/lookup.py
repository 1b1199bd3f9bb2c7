"""What a record of a foreign file says of an answer: what was rated, by whom, when.

A field is looked up as the user mapped it for what was shown, as the user mapped it at all, and as
it is called: in the format's own column, or in the one of that name in qfloor's long table (unless
that one was mapped to something else).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import TEST, Faults, ItemsTable, ReadOptions
from qfloor.ratings.mapping import Column
from qfloor.ratings.wording import nearest
from qfloor.records import category_of

OWN: dict[str, str] = {
    "item": "item_id", "prompt": "prompt_id", "text": "prompt", "category": "category",
    "modality": "modality", "model": "model_id", "seed": "seed", "rater": "rater_id",
    "session": "session_id", "at": "submitted_at",
}  # fmt: skip
"""Where a field is found when nobody says: in the column of that name in the long table."""

MODALITIES = ("", "image", "video")
DESCRIBING = ("item", "prompt", "text", "category", "modality", "model", "seed")
"""Fields that say which output it is."""


class Described(NamedTuple):
    """Which output it is; the fields of a `Judgment` that follow its row, in their order."""

    item: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str


class _Absent:
    """Stands for a column that a record does not have."""


_ABSENT = _Absent()
_SIMPLE = frozenset({str, int, type(None), _Absent})
"""Types of which equal values read alike; 1, True and 1.0 are equal and do not."""


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
        self._places: dict[tuple[str, tuple[str, ...]], Column | str] = {}
        self._known: dict[tuple[tuple[str, ...], bool], _Known] = {}
        self._items_path = options.items
        self._items = _items_table(options.items, options.shared)

    def reached(self, columns: Collection[str]) -> list[str]:
        """Those of a table's columns that a field may be looked up in; a record needs no others.

        All where one that was mapped is not there: the message tells which are.
        """
        mapped = [c for c in self._mapping.columns.values() if c.fixed is None]
        if any(c.name not in columns and str(c) not in columns for c in mapped):
            return list(columns)
        asked = {"", *self._usual.values(), *(name for c in mapped for name in (c.name, str(c)))}
        return [name for name in columns if name in asked]

    def described(
        self, given: Given, shown: tuple[str, ...], *, one_of_two: bool = False
    ) -> Described:
        """Say which output it is, as far as the record, the mapping and the items table do.

        The id of a row that shows ``one_of_two`` names neither, so only an item that was mapped
        for that side does. Records that are alike in all that is read of them are read once.
        """
        known = self._known.get((shown, one_of_two))
        if known is None:
            found = self._described(given, shown, one_of_two)
            self._known[shown, one_of_two] = _Known(self._deciding(shown))
            return found
        said = known.said(given.record)
        if said is None:
            return self._described(given, shown, one_of_two)
        described = known.described.get(said)
        if described is None:
            described = known.described[said] = self._described(given, shown, one_of_two)
        return described

    def _described(self, given: Given, shown: tuple[str, ...], one_of_two: bool) -> Described:
        record = self._with_items(given)
        prompt, text, category, modality, model, seed = [
            self._value(given.row, record, name, shown) for name in DESCRIBING[1:]
        ]
        has_item = not one_of_two or any(
            f"{place}.item" in self._mapping.columns for place in shown
        )
        item = self._value(given.row, record, "item", shown) if has_item else ""
        if modality not in MODALITIES:
            raise self.faults.wrong(
                given.row, f"modality {modality!r} is unknown {nearest(modality, MODALITIES[1:])}"
            )
        return Described(item, prompt or text, text, category_of(category), modality, model, seed)

    def _deciding(self, shown: tuple[str, ...]) -> tuple[str, ...]:
        """The columns that decide what a record is of, once one was looked through."""
        found: dict[str, None] = {}
        for name in DESCRIBING:
            for places in (shown, ()):  # the items table is asked for the row's own item
                column = self._places.get((name, places))
                if isinstance(column, str):
                    found[column] = None
                elif column is not None and column.fixed is None:
                    found |= {column.name: None, str(column): None}
        return tuple(found)

    def _with_items(self, given: Given) -> Mapping[str, Any]:
        """Put what the items table says of the row's own item beside the row."""
        if self._items is None:
            return given.record
        item = self.field(given, "item", ())
        if item not in self._items:
            raise self.faults.wrong(
                given.row,
                f"item {item!r} is not in {self._items_path} "
                f"{nearest(item, list(self._items)[:2000])}",
            )
        return {**self._items[item], **given.record}

    def field(self, given: Given, name: str, shown: tuple[str, ...]) -> str:
        """Look a field up: as mapped for what was shown, as mapped at all, as it is called."""
        return self._value(given.row, given.record, name, shown)

    def _value(self, row: int, record: Mapping[str, Any], name: str, shown: tuple[str, ...]) -> str:
        at = self._places.get((name, shown))
        if at is None:
            at = self._places[name, shown] = self._place(name, shown)
        if not isinstance(at, str):
            return self._cell(row, record, name, at)
        value = record.get(at)
        return (plain_text(value) or "") if value is not None else ""

    def _place(self, name: str, shown: tuple[str, ...]) -> Column | str:
        """Where a field of what was shown is mapped to, or the column that is called like it.

        Asked once, as rows are many.
        """
        self.shown.update(shown)
        for called in (*(f"{place}.{name}" for place in shown), name):
            column = self._mapping.columns.get(called)
            if column is not None:
                return column
        usual = self._usual.get(name, "")
        self.read.add(usual)
        return usual

    def _cell(self, row: int, record: Mapping[str, Any], name: str, column: Column) -> str:
        if column.fixed is not None:
            return column.fixed
        # A column whose own name reads like a cut is still a column.
        at = str(column) if column.part else column.name
        whole = at in record
        if not whole:
            at = column.name
        if at not in record:
            raise self.faults.wrong(
                row,
                f"there is no column {at!r}, which {name} was mapped to "
                f"{nearest(at, [str(k) for k in record])}",
            )
        self.read.add(at)
        value = record[at]
        text = "" if value is None else plain_text(value)
        if text is None:
            raise self.faults.wrong(row, f"column {at!r} holds no plain text, for {name}")
        cut = text if whole else column.cut(text)
        if cut is None:
            raise self.faults.wrong(
                row, f"{at} {text!r} has no {column.wanted} to be split at, for {name}"
            )
        return cut.strip()


class _Known:
    """What records of one kind were found to be of, by what the deciding columns hold."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.described: dict[tuple[Any, ...], Described] = {}
        self._columns = columns
        self._absent = (_ABSENT,) * len(columns)

    def said(self, record: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What a record holds there; None where equal values may differ in what they say."""
        said = tuple(map(record.get, self._columns, self._absent))
        return said if _SIMPLE.issuperset(map(type, said)) else None


def plain_text(value: Any) -> str | None:
    """Give a number or a text as text; None for anything that holds more than one value."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else repr(value)


def _items_table(path: Path | None, shared: dict[Path, ItemsTable] | None) -> ItemsTable | None:
    """Read what a table says of items, by their ids; once for files that are read as one."""
    if path is None:
        return None
    if shared is None:
        return _read_items(path)
    if path not in shared:
        shared[path] = _read_items(path)
    return shared[path]


def _read_items(path: Path) -> ItemsTable:
    read = tables.json_rows if tables.is_json(path) else tables.rows
    found: ItemsTable = {}
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
