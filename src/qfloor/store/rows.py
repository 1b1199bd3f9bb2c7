"""Records to rows and back: one generic pair, driven by the records' own annotations.

Scalars are columns as they are, enums and flags are plain values, mappings and tuples are
canonical JSON. A number that is not finite never passes, in either direction.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import Any, Literal, TypeVar, Union

from qfloor.errors import StoreError
from qfloor.records import canonical_json

T = TypeVar("T")
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError)
"""What values of other types than a record's raise while it is rebuilt."""


def from_plain(kind: Any, value: Any) -> Any:
    """Rebuild a value of the annotated type ``kind`` from JSON: the inverse of `to_plain`.

    Unknown keys of a record are dropped, so that an older version reads what a newer wrote.
    """
    return None if value is None else _rebuilder(kind)(value)


@functools.cache
def _rebuilder(kind: Any) -> Callable[[Any], Any]:
    """What rebuilds values of a type, other than None; types are looked at once, rows are many."""
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _rebuilder(next(a for a in typing.get_args(kind) if a is not type(None)))
    if origin is tuple:
        return functools.partial(_rebuild_tuple, typing.get_args(kind))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return functools.partial(_rebuild_record, kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return functools.partial(_rebuild_enum, kind, {member.value: member for member in kind})
    if isinstance(kind, type) and issubclass(kind, bool | float):
        return kind
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _rebuild_enum(kind: type[StrEnum], members: Mapping[str, StrEnum], value: str) -> StrEnum:
    return members.get(value) or kind(value)  # which says what is wrong


def _rebuild_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(from_plain(kinds[0], v) for v in value)
    return tuple(from_plain(k, v) for k, v in zip(kinds, value, strict=True))


def _rebuild_record(kind: Any, value: Mapping[str, Any]) -> Any:
    known = _hints(kind)
    return kind(**{k: from_plain(known[k], v) for k, v in value.items() if k in known})


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


@functools.cache
def columns(cls: Any) -> tuple[str, ...]:
    """Column names of a record: its field names, in order."""
    return tuple(_hints(cls))


def _is_json(kind: Any) -> bool:
    """Whether a field of this type is kept as JSON."""
    if typing.get_origin(kind) in (Union, types.UnionType):
        return any(_is_json(a) for a in typing.get_args(kind))
    base = typing.get_origin(kind) or kind
    return base is tuple or (isinstance(base, type) and issubclass(base, Mapping))


@functools.cache
def _json_columns(cls: Any) -> tuple[int, ...]:
    return tuple(i for i, kind in enumerate(_hints(cls).values()) if _is_json(kind))


@functools.cache
def _number_columns(cls: Any) -> tuple[int, ...]:
    """Columns that may hold a number that is none: all but text, flags and JSON."""
    texts = (str, str | None, bool, bool | None)
    return tuple(i for i, kind in enumerate(_hints(cls).values()) if kind not in texts)


def encode(record: Any) -> tuple[Any, ...]:
    """Turn a record into the values of its columns.

    Raises
    ------
    StoreError
        When a number is NaN or infinite: an absent value is None, and says why elsewhere.
    """
    cls: Any = type(record)
    get, number_at, json_at = _encoding(cls)
    values = get(record)
    for i in number_at:
        value = values[i]
        if value is not None and isinstance(value, float) and not math.isfinite(value):
            raise StoreError(f"a {cls.__name__} holds {value}, which is not a number: {record!r}")
    if not json_at:
        return values
    row = list(values)
    for i in json_at:
        row[i] = None if row[i] is None else encode_json(row[i], cls.__name__)
    return tuple(row)


@functools.cache
def _encoding(
    cls: Any,
) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[int, ...], tuple[int, ...]]:
    """How records of a class become rows, looked up once a row: rows are many."""
    return attrgetter(*columns(cls)), _number_columns(cls), _json_columns(cls)


def encode_json(value: Any, what: str) -> str:
    """Canonical JSON of a value, or a `StoreError` that names what could not be kept."""
    try:
        return canonical_json(value)
    except (TypeError, ValueError) as error:
        raise StoreError(f"a {what} holds what JSON cannot keep: {error}") from error


def decode(cls: type[T], row: tuple[Any, ...]) -> T:
    """Rebuild a record from the values of its columns.

    Raises
    ------
    StoreError
        When they are none that a store writes.
    """
    kind: Any = cls
    values = list(row)
    try:
        for i, rebuild in _decoders(kind):
            values[i] = rebuild(values[i])
        return cls(**dict(zip(columns(kind), values, strict=True)))
    except _DAMAGE as error:
        raise _unreadable(cls, error) from error


@functools.cache
def _decoders(cls: Any) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """Where a column is not yet the field's value, and what makes it so."""
    return tuple(
        (i, _decoder(kind))
        for i, kind in enumerate(_hints(cls).values())
        if _is_json(kind) or not _is_scalar(kind)
    )


def _decoder(kind: Any) -> Callable[[Any], Any]:
    if _is_json(kind):
        return functools.partial(_decode_json, kind)
    rebuild = _rebuilder(kind)  # looked up once, not for every row
    return lambda value: None if value is None else rebuild(value)


def _is_scalar(kind: Any) -> bool:
    """Whether SQLite gives the value back as it was; flags and enums are not."""
    if typing.get_origin(kind) is Literal:
        return True
    if typing.get_origin(kind) in (Union, types.UnionType):
        return all(_is_scalar(a) for a in typing.get_args(kind))
    return kind in (str, int, float, type(None))


def _decode_json(kind: Any, value: str | None) -> Any:
    if value == "{}" or value is None:  # of most rows
        return None if value is None else {}
    return from_plain(kind, json.loads(value))


def decode_record(cls: type[T], text: str) -> T:
    """Rebuild a record that is kept whole, as JSON."""
    try:
        return typing.cast("T", from_plain(cls, json.loads(text)))
    except _DAMAGE as error:
        raise _unreadable(cls, error) from error


def _unreadable(cls: type, error: Exception) -> StoreError:
    return StoreError(
        f"the store holds a {cls.__name__} that cannot be read ({error}): it is damaged, or was "
        "changed by another program; take a copy from before"
    )


def insert(table: str, cls: type, *, extra: tuple[str, ...] = (), conflict: str = "") -> str:
    """SQL that inserts a record, with ``extra`` columns first."""
    names = (*extra, *columns(cls))
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) {conflict}".strip()


def upsert(table: str, cls: type, key: tuple[str, ...]) -> str:
    """SQL that inserts a record or replaces all but its key."""
    return insert(table, cls, conflict=replacing(cls, key))


def replacing(cls: type, key: tuple[str, ...]) -> str:
    """What of an `upsert` says that all but the key is replaced."""
    rest = ", ".join(f"{c} = excluded.{c}" for c in columns(cls) if c not in key)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {rest}"


def insert_many(
    table: str, cls: type, rows: Sequence[tuple[Any, ...]], conflict: str
) -> tuple[str, Sequence[tuple[Any, ...]]]:
    """SQL that inserts these rows of a record, and their values.

    Columns that are empty in every row are left to SQLite: that many rows are written in three
    fifths of the time where half of the columns are. What is left out of an insert is NULL in
    ``excluded`` as well, so a row that is replaced loses what it had there.
    """
    names = columns(cls)
    held = [i for i, values in enumerate(zip(*rows, strict=True)) if values.count(None) < len(rows)]
    if len(held) < len(names):
        take = itemgetter(*held)
        names, rows = take(names), [take(row) for row in rows]
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) {conflict}", rows


def select(table: str, cls: type, where: str = "", order: str = "") -> str:
    """SQL that reads a record's columns."""
    tail = (f" WHERE {where}" if where else "") + (f" ORDER BY {order}" if order else "")
    return f"SELECT {', '.join(columns(cls))} FROM {table}{tail}"
