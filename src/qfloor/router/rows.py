"""Records of a quality database's rows: categories, offers, prices. Knows nothing of SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from qfloor.errors import InputError
from qfloor.prices import check_rule
from qfloor.records import (
    Capabilities,
    Category,
    Lifecycle,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Rights,
)
from qfloor.router.languages import primary

T = TypeVar("T")


def category_of(row: Any) -> Category:
    """A category from its row."""
    modalities, signals = json.loads(row[2]), json.loads(row[3])
    return Category(
        id=row[0], description=row[1], modalities=tuple(modalities), signals=tuple(signals)
    )


def offer_of(row: Any) -> Offer:
    """An offer from its row."""
    return Offer(
        id=row[0],
        model=row[1],
        provider=row[2],
        version=row[3],
        modality=row[4],
        modalities=_told(tuple, row[5]),
        settings=json.loads(row[6]),
        generator=None if row[7] is None else _told(PluginSpec, row[7]),
        capabilities=_told(Capabilities, row[8]),
        rights=_told(Rights, row[9]),
        lifecycle=_told(Lifecycle, row[10]),
        concurrency=row[11],
        notes=row[12],
    )


@lru_cache(maxsize=8192)
def _told(kind: type[T], text: str) -> T:
    """A record from its JSON; offers of one seller share most of theirs."""
    told = json.loads(text)
    if kind is tuple:
        return kind(told)  # type: ignore[call-arg]
    if isinstance(told.get("aspect_ratios"), list):
        told["aspect_ratios"] = tuple(told["aspect_ratios"])
    if isinstance(told.get("durations"), list):
        told["durations"] = tuple(sorted(told["durations"]))
    if isinstance(told.get("languages"), list):
        told["languages"] = tuple(dict.fromkeys(map(primary, told["languages"])))
    return kind(**_known(kind, told))


def _known(record: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Fields this version knows: a later minor version may have added others."""
    return {k: v for k, v in told.items() if k in record.__dataclass_fields__}


@lru_cache(maxsize=8192)
def price_of(rule: str) -> PriceRule | None:
    """A price from its JSON; one that can never be evaluated is not known, before and after."""
    told = json.loads(rule)
    components = (PriceComponent(**_known(PriceComponent, c)) for c in told["components"])
    found = PriceRule(
        components=tuple(components),
        source=told["source"],
        as_of=told["as_of"],
        charged_on=tuple(told["charged_on"]),
    )
    try:
        check_rule(found)
    except InputError:
        return None
    return found
