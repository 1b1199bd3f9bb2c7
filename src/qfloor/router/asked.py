"""Logs of requests, read: a gateway's decision log, JSON lines, or CSV.

A gateway keeps no prompt unless it is told to; such a row brings the classification that was made
then, and is decided by that. Knows nothing of what is done with the requests.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import InputError, NeedError
from qfloor.meant import meant
from qfloor.read_only import opened_to_read
from qfloor.router.classification import Classification
from qfloor.router.needs import Need

NOT_KEPT = "(prompt not kept)"
"""Stands for the prompt of a request whose classification is known and whose text is not."""

_LISTS = ("only", "ignore", "tags")
_NEED = (
    "negative", "aspect_ratio", "size", "resolution", "language", "modality", "seconds", "audio",
    "n", "separately", "by_shape", "tier", "max_price_usd", "max_latency_s", "only", "ignore",
    "pin", "project", "tags",
)  # fmt: skip
_BESIDE = ("prompt", "count", "category", "at", "offer")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request of a log, or ``count`` equal ones.

    ``classification`` is the one made then; without it the need's prompt is classified. ``offer``
    is what served at the time, and ``category`` what the request truly is, where anyone knows.
    """

    need: Need
    classification: Classification | None = None
    count: int | Fraction = 1
    category: str | None = None
    offer: str | None = None
    at: str | None = None

    @property
    def has_prompt(self) -> bool:
        """Whether the text was kept, which overrides by pattern need."""
        return self.need.prompt != NOT_KEPT


def read_log(path: str | Path, *, categories: Collection[str] | None = None) -> tuple[Asked, ...]:
    """Read a log of requests.

    Parameters
    ----------
    path : str or Path
        ``gateway.db`` (table ``decisions``), JSON lines, or a table (``.csv``, ``.tsv``) as a
        spreadsheet saves it. Rows of the latter two have the fields of a `Need`, and may have
        ``count``, ``category`` (the true one), ``at`` and ``offer`` (what served then). Lists in
        a table are parted by ``;``.
    categories : collection of str, optional
        What a ``category`` may be; of any other no rate is known.

    Returns
    -------
    tuple of Asked

    Raises
    ------
    InputError
        With the file and line: no such file, an unknown field, or a need that makes no sense.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such log")
    with path.open("rb") as file:
        sqlite = file.read(16) == b"SQLite format 3\0"
    if sqlite:
        found = tuple(_gateway(path))
    else:
        is_table = tables.ending(path) in (".csv", ".tsv", ".tab")
        rows = _table(path) if is_table else _json_lines(path)
        found = tuple(_asked(where, row, categories) for where, row in rows)
    if not found:
        raise InputError(f"{path}: holds no request")
    return found


def _json_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, row in tables.json_rows(path):
        yield f"{path}: line {number}", row


def _table(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    commas = tables.Commas(path, signs=tables.ONE_NUMBER)
    for number, row in tables.rows(path):
        where = f"{path}: line {number}"
        yield where, {k: _cell(where, k, v, commas) for k, v in row.items() if v}
        if commas.doubt:
            raise InputError(f"{where}: {commas.doubt}")


def _cell(where: str, name: str, value: str, commas: tables.Commas) -> Any:
    if name in _LISTS:
        return [part.strip() for part in value.split(";") if part.strip()]
    if name in ("count", "n"):
        try:
            return int(value)
        except ValueError:
            raise _no_number(where, name, value) from None
    if name in ("audio", "separately", "by_shape"):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.lower(), value)
    if name in ("seconds", "max_price_usd", "max_latency_s"):
        return _decimal(where, name, value, commas)
    return value


def _decimal(where: str, name: str, value: str, commas: tables.Commas) -> float | str:
    """A number with a point, or a comma where the table has such; money stays text, as exact."""
    commas.look(value)
    read = commas.read(value)
    if read is not None:
        return read
    if name == "max_price_usd":
        return value
    try:
        return float(value)
    except ValueError:
        if name == "max_latency_s":
            return value  # "realtime" and "batch", or what the need refuses
        raise _no_number(where, name, value) from None


def _no_number(where: str, name: str, value: str) -> InputError:
    return InputError(f"{where}: {name} is {value!r}, must be a number")


def _asked(where: str, row: Mapping[str, Any], categories: Collection[str] | None) -> Asked:
    unknown = sorted(set(row) - {*_NEED, *_BESIDE})
    if unknown:
        known = ", ".join((*_BESIDE, *_NEED))
        raise InputError(f"{where}: unknown field {unknown[0]!r}; known: {known}")
    count = row.get("count", 1)
    if type(count) is not int or not 0 < count < 10**12:
        raise InputError(f"{where}: count is {count!r}, must be a whole number above 0")
    category, at = _text(where, "category", row), _text(where, "at", row)
    if category is not None and categories is not None and category not in categories:
        hint = meant(category, categories)
        raise InputError(f"{where}: the release has no category {category!r}{hint}")
    if at is not None:
        _check_moment(where, at)
    return Asked(
        need=_need(where, row.get("prompt"), row),
        count=count,
        category=category,
        offer=_text(where, "offer", row),
        at=at,
    )


def _check_moment(where: str, at: str) -> None:
    try:
        dt.datetime.fromisoformat(at)
    except ValueError:
        raise InputError(
            f"{where}: at is {at!r}, must be a day or time such as 2026-11-24T10:00:00"
        ) from None


def _text(where: str, name: str, row: Mapping[str, Any]) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{where}: {name} must be text")
    return value


def _need(where: str, prompt: Any, row: Mapping[str, Any]) -> Need:
    told = {name: row[name] for name in _NEED if row.get(name) is not None}
    told |= {name: tuple(told[name]) for name in _LISTS if isinstance(told.get(name), list)}
    try:
        return Need(prompt="" if prompt is None else prompt, **told)
    except NeedError as error:
        raise InputError(f"{where}: {error}") from error


_COLUMNS = (
    "id", "at", "category", "confidence", "plausible", "modality", "language", "need", "prompt",
    "served_offer",
)  # fmt: skip


def _gateway(path: Path) -> Iterable[Asked]:
    """Rows of a gateway's log, oldest first; the file may be in use."""
    try:
        with opened_to_read(path, in_use=True) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM decisions ORDER BY at, id"
            ).fetchall()
    except sqlite3.Error as error:
        raise InputError(f"{path}: no gateway's decision log ({error})") from error
    for row in rows:
        yield from_decision(path, dict(zip(_COLUMNS, row, strict=True)))


def from_decision(path: Path, row: Mapping[str, Any]) -> Asked:
    """Read a row of a gateway's table ``decisions``; ``path`` is for messages."""
    where = f"{path}: decision {row['id']}"
    try:
        told, plausible = dict(json.loads(row["need"])), tuple(json.loads(row["plausible"]))
        if not plausible:
            raise ValueError("no category is plausible")
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: cannot be read ({error})") from error
    if told.get("negative_digest") is not None:
        told["negative"] = NOT_KEPT
    prompt, classification = row["prompt"], None
    if prompt is None:
        prompt = NOT_KEPT
        classification = Classification(
            row["category"], row["confidence"], plausible, (), row["modality"], row["language"]
        )
    return Asked(
        need=_need(where, prompt, told),
        classification=classification,
        offer=row["served_offer"],
        at=row["at"],
    )
