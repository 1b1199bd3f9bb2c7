"""A price source's bytes into rows: CSV, our own JSON, or litellm's map.

CSV has a heading; ``offer`` (an id) or ``provider`` and ``model``, ``unit`` and ``usd`` are
needed (or ``amount`` and ``currency``, with a rate given); ``as_of``, ``source``, ``variant``
(``quality=low;size=1024x1024``), ``rounding``, ``above``, ``upto``, ``minimum`` and ``retires``
may be there. It may be as a spreadsheet saves it: UTF-16, and semicolons or tabs with decimal
commas (`qfloor.tables`). Our JSON is a list of objects with the same names, or
``{"prices": [...]}``. These two are written by hand or by one's own programs: one bad row refuses
the file, by its line.
litellm's map is large and others': a bad row of it is left out and told.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from qfloor import tables
from qfloor.errors import InputError
from qfloor.meant import meant
from qfloor.router.feeds.litellm import LEAST_ROWS, is_litellm, read_litellm
from qfloor.router.feeds.rows import Key, PriceRow, checked_row, money_text

Format = Literal["auto", "csv", "json", "litellm"]

_FIELDS = (
    "offer", "provider", "model", "unit", "usd", "amount", "currency", "variant", "as_of",
    "source", "rounding", "above", "upto", "minimum", "retires",
)  # fmt: skip


_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_NUMBERS = ("usd", "amount", "above", "upto", "minimum")


@dataclass(frozen=True)
class SourceRead:
    """Rows of a source, what was left out of it, and how few rows would be too few.

    ``own`` is a file of one's own, which one bad row refuses.
    """

    rows: list[PriceRow]
    left_out: list[str]
    least_rows: int
    own: bool = True


def read_source(
    content: bytes,
    name: str,
    *,
    form: Format = "auto",
    as_of: str | None = None,
    rates: Mapping[str, str] | None = None,
) -> SourceRead:
    """Read a price source.

    Parameters
    ----------
    content : bytes
    name : str
        File or address, for a person.
    form : {"auto", "csv", "json", "litellm"}
        By default what it looks like.
    as_of : str, optional
        Day of rows that have none of their own; there is no other way to know it.
    rates : mapping of str to str, optional
        USD per unit of other currencies.

    Raises
    ------
    InputError
    """
    text = tables.text_of(content, name)
    if form == "csv" or (form == "auto" and text.lstrip()[:1] not in ("{", "[")):
        return SourceRead(_unique(name, _csv_rows(name, text, as_of, rates or {})), [], 1)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: no JSON ({error})") from error
    if form == "litellm" or (form == "auto" and is_litellm(told)):
        if not isinstance(told, Mapping):
            raise InputError(f"{name}: no price map of litellm: it must be an object of models")
        if as_of is None:
            raise InputError(
                f"{name}: says nothing of its day; give one, such as --as-of 2026-11-24"
            )
        rows, left = read_litellm(told, as_of)
        return SourceRead(rows, left, LEAST_ROWS, own=False)
    listed = told.get("prices") if isinstance(told, Mapping) else told
    if not isinstance(listed, list):
        raise InputError(f'{name}: must be a list of prices, or {{"prices": [...]}}')
    rows_told = ((f"{name}: price {i}", row) for i, row in enumerate(listed, 1))
    return SourceRead(_unique(name, _own_rows(rows_told, as_of, rates or {})), [], 1)


def _csv_rows(
    name: str, text: str, as_of: str | None, rates: Mapping[str, str]
) -> Iterator[PriceRow]:
    above, sign = tables.parts_of(text, Path(name))
    commas = tables.Commas(Path(name), text, tables.ONE_NUMBER)
    lines = io.StringIO(text)
    for _ in range(above):
        lines.readline()
    reader = csv.DictReader(lines, delimiter=sign, strict=True)
    try:
        heading = [column.strip() for column in reader.fieldnames or ()]
        _check_heading(name, heading)
        reader.fieldnames = heading
        rows = []
        for row in reader:
            where = f"{name}: line {above + reader.line_num}"
            if None in row.values():
                raise InputError(f"{where}: has fewer cells than the heading has columns")
            rows.append((where, _with_points(where, row, commas)))
    except csv.Error as error:
        raise InputError(f"{name}: line {above + reader.line_num}: {error}") from error
    if commas.doubt:
        raise InputError(f"{name}: {commas.doubt}")
    yield from _own_rows(iter(rows), as_of, rates)


def _with_points(where: str, row: Mapping[str, Any], commas: tables.Commas) -> dict[str, Any]:
    """A row whose numbers have decimal points, where the table writes them with commas."""
    found = dict(row)
    for field in _NUMBERS:
        told = str(found.get(field) or "").strip()
        if _THOUSANDS.fullmatch(told):
            raise InputError(
                f"{where}: {field} is {told!r}: nobody can tell whether the comma is of decimals "
                "or of thousands, write it without, or with a point"
            )
        if commas.read(told) is None:
            commas.look(told)
        else:
            found[field] = told.replace(",", ".")
    return found


def _check_heading(name: str, heading: list[str]) -> None:
    """Say what is amiss with the first line, from what is worst to what is misspelt."""
    needed = {"unit", "usd", "amount"} - set(heading)
    for column in [c for c in heading if c not in _FIELDS] if needed else ():
        hint = meant(column, needed, "")
        if hint:
            raise InputError(f"{name}: line 1: no field is called {column!r}{hint}")
    if "unit" not in heading:
        raise InputError(f"{name}: the first line must name columns such as offer,unit,usd")
    if not {"usd", "amount"} & set(heading):
        told = ", ".join(heading)
        raise InputError(f"{name}: line 1: no column usd says what it costs; it has {told}")
    _check_fields(f"{name}: line 1", heading)


def _own_rows(
    rows: Iterator[tuple[str, Any]], as_of: str | None, rates: Mapping[str, str]
) -> Iterator[PriceRow]:
    for where, row in rows:
        if not isinstance(row, Mapping):
            raise InputError(f"{where}: must be an object")
        if None in row:
            raise InputError(f"{where}: has more cells than the heading has columns")
        _check_fields(where, row)
        yield checked_row(where, _told(where, row, as_of, rates))


def _check_fields(where: str, names: Iterable[str]) -> None:
    unknown = [str(name) for name in names if name not in _FIELDS]
    if unknown:
        hint = meant(unknown[0], _FIELDS)
        raise InputError(f"{where}: no field is called {unknown[0]!r}{hint}")


def _told(
    where: str, row: Mapping[str, Any], as_of: str | None, rates: Mapping[str, str]
) -> dict[str, Any]:
    """Fields of a row in the words of `PriceRow`."""
    told = {k: v for k, v in row.items() if v not in (None, "")}
    offer = told.pop("offer", None)
    if offer is not None and (told.get("model") or told.get("provider")):
        raise InputError(f"{where}: names an offer and a model; give one of the two")
    if offer is None and told.get("model") and not told.get("provider"):
        raise InputError(f"{where}: names a model but no provider")
    told.setdefault("as_of", as_of)
    if told["as_of"] is None:
        raise InputError(
            f"{where}: has no as_of; add the column, or give a day for all rows (--as-of)"
        )
    told["model"] = offer or told.get("model")
    told["page"] = told.pop("source", "")
    told["variant"] = _variant(where, told.get("variant"))
    amount, currency = told.pop("amount", None), str(told.pop("currency", "USD")).strip().upper()
    if amount is None:
        amount = told.get("usd")
    elif "usd" in told:
        raise InputError(f"{where}: has usd and amount; give one of the two")
    rate = "1" if currency == "USD" else rates.get(currency)
    if rate is None:
        raise InputError(f"{where}: is in {currency}; give its rate in USD (--rate {currency}=...)")
    if rate != "1":
        amount = Decimal(money_text(where, "amount", amount)) * Decimal(rate)
        told["page"] = f"{told['page']} at {rate} USD per {currency}".strip()
    told["usd"] = amount
    return told


def _variant(where: str, told: Any) -> dict[str, str]:
    """From an object, or from ``quality=low;size=1024x1024``."""
    if told is None:
        return {}
    if isinstance(told, Mapping):
        return {str(k): str(v) for k, v in told.items()}
    pairs = [part.partition("=") for part in str(told).split(";") if part.strip()]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        raise InputError(f"{where}: variant is {told!r}, must look like quality=low;size=1024x1024")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _unique(name: str, rows: Iterator[PriceRow]) -> list[PriceRow]:
    """Two prices for one thing cannot both hold."""
    found: dict[Key, PriceRow] = {}
    for row in rows:
        before = found.setdefault(row.key, row)
        if before.usd != row.usd:
            raise InputError(f"{name}: {row.name} is priced twice, {before.usd} and {row.usd}")
    return list(found.values())
