"""The health feed as a JSON file: what other services write for us, or read from us.

    {"format": "qfloor-health", "version": 1, "offers": {
       "shop/value": {"as_of": "2026-11-23T10:00:00+00:00", "available": true,
                      "p50_s": 4.1, "p95_s": 9.0, "n": 132, "usual_p95_s": 8.5}}}

``as_of`` is needed, the rest may be left out: what is left out is unknown. A file is read whole
or refused whole.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from qfloor.errors import InputError, NeedError
from qfloor.router.policy import HealthFeed, OfferHealth
from qfloor.whole import write_whole

FORMAT = "qfloor-health"
VERSION = 1
MOST_BYTES = 16_000_000

_FIELDS = frozenset(field.name for field in fields(OfferHealth))


def read_health(path: str | Path) -> HealthFeed:
    """Read a health feed.

    Raises
    ------
    InputError
        One sentence: which offer's field is wrong, and what it must be.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB, no health feed")
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such health feed") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no JSON ({error})") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InputError(f'{path}: a health feed begins with {{"format": "{FORMAT}", ...}}')
    if told.get("version") != VERSION:
        raise InputError(f"{path}: version {told.get('version')!r}, this router reads {VERSION}")
    offers = told.get("offers")
    if not isinstance(offers, dict):
        raise InputError(f"{path}: offers must be an object of offers by id")
    return HealthFeed(offers={name: _offer(path, name, row) for name, row in offers.items()})


def _offer(path: Path, name: str, row: Any) -> OfferHealth:
    where = f"{path}: {name}"
    if not isinstance(row, dict) or "as_of" not in row:
        raise InputError(f"{where}: must be an object with as_of")
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise InputError(f"{where}: no field is called {unknown[0]!r}")
    if row.get("available", True) is None:
        raise InputError(f"{where}: available is null, must be true or false")
    try:
        return OfferHealth(**row)
    except NeedError as error:
        raise InputError(f"{where}: {error}") from None


def write_health(path: str | Path, feed: HealthFeed) -> None:
    """Write a health feed, at once or not at all."""
    rows = {name: vars(health) for name, health in sorted(feed.offers.items())}
    told = {"format": FORMAT, "version": VERSION, "offers": rows}
    write_whole(Path(path), json.dumps(told, indent=1, ensure_ascii=False) + "\n")
