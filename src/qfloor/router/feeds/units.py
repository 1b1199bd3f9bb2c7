"""A price by another unit than before: whether it can be one, and what was known in its unit.

A row is matched with yesterday's by its unit, so a new unit would pass every guard: a picture
priced by the second has no price at all any more, and one by the megapixel may have any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

from qfloor.errors import InputError
from qfloor.prices import NANO, check_units
from qfloor.records import Offer, PriceRule
from qfloor.router.feeds.comparing import reference_of, reference_price
from qfloor.router.feeds.pricing import PriceShelf, can_price, told_apart
from qfloor.router.feeds.rows import Key, PriceRow

_TOLD = Context(prec=6)


def about(offers: Iterable[Offer]) -> dict[tuple[str, str], list[Offer]]:
    """Offers by what a row may call them: their own ids, and their providers' models."""
    found: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        found.setdefault(("", offer.id), []).append(offer)
        found.setdefault((offer.provider.lower(), offer.model.lower()), []).append(offer)
    return found


def cannot_price(row: PriceRow, known: Mapping[tuple[str, str], list[Offer]]) -> str | None:
    """Why a row can price none of the offers that it is about; None where it can, or none is known.

    Parameters
    ----------
    row : PriceRow
    known : mapping
        See `about`.
    """
    offers = known.get(_sold_as(row), [])
    if not offers or any(can_price(row, offer) for offer in offers):
        return None
    try:
        check_units(offers[0], [row.unit])
    except InputError as error:
        return str(error)
    return None


def in_their_unit(
    rows: Iterable[PriceRow],
    known: Mapping[tuple[str, str], list[Offer]],
    before: Mapping[str, PriceRule],
) -> dict[Key, tuple[str, str]]:
    """What offers cost before, by the unit of the row that is to price them now.

    Parameters
    ----------
    rows : iterable of PriceRow
        All of a source.
    known : mapping
        See `about`.
    before : mapping of str to PriceRule
        What offers were bought at.

    Returns
    -------
    dict
        By a row's key, USD for each of its units and the call by which it was reckoned; only of
        rows that price an offer alone. Of several offers, the one whose price moved least.
    """
    rows = list(rows)
    shelf = PriceShelf("", rows)
    apart = told_apart({o.id: o for offers in known.values() for o in offers}.values(), before)
    found: dict[Key, tuple[float, str, str]] = {}
    for row in rows:
        for offer in known.get(_sold_as(row), []):
            old = before.get(offer.id)
            if old is None or row.unit in [c.unit for c in old.components]:
                continue
            rule = shelf.rule_of(offer, old, apart=offer.id in apart)
            if rule is None or rule.components != (row.component(),):
                continue
            was, now = reference_price(offer, old), reference_price(offer, rule)
            if was is None or now is None:
                continue
            moved = max(was, now) / min(was, now) if was and now else float("inf")
            usd = Decimal(row.usd) * was / now if now else Decimal(was) / NANO
            told = f"{_TOLD.plus(usd).normalize():f}"
            if row.key not in found or moved < found[row.key][0]:
                found[row.key] = moved, told, reference_of(offer)
    return {key: (usd, call) for key, (_, usd, call) in found.items()}


def _sold_as(row: PriceRow) -> tuple[str, str]:
    return row.provider.lower(), row.model.lower() if row.provider else row.model
