"""Which rows of a feed price an offer, and the rule that they make together.

A row that names the offer counts before rows about its provider's model. Of those, rows whose
variant speaks of a setting that the offer does not have, or has otherwise, are not about it; of
the rest only the most particular count, as a rule adds up every line that applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qfloor.errors import InputError
from qfloor.prices import PRICED_BY, check_rule
from qfloor.records import Offer, PriceRule
from qfloor.router.feeds.rows import PriceRow

FOLLOWS = ("size", "resolution")
"""Settings that follow from a request when the offer leaves them open."""

KINDS = ("tokens",)
"""What a variant says that is no setting."""


class PriceShelf:
    """Rows of one source, arranged to price offers."""

    def __init__(self, source: str, rows: Iterable[PriceRow]) -> None:
        self.source = source
        self._rows: dict[tuple[str, str], list[PriceRow]] = {}
        for row in rows:
            name = row.provider.lower(), row.model if not row.provider else row.model.lower()
            self._rows.setdefault(name, []).append(row)

    def rule_of(
        self, offer: Offer, before: PriceRule | None, *, apart: bool = False
    ) -> PriceRule | None:
        """The rule for an offer, or None where the source says nothing that could be evaluated.

        Parameters
        ----------
        offer : Offer
        before : PriceRule or None
            What is known of its price without the feed: for which outcomes it is charged, and
            whether its owner declares it, in which case only a row that names the offer counts.
        apart : bool
            Whether other settings of the model have another price (`told_apart`): rows that speak
            of no setting are then not about this offer.
        """
        rows = [r for r in self._rows.get(("", offer.id), []) if can_price(r, offer)]
        declared = before is not None and before.source.startswith("declared")
        if not rows and not declared:
            rows = _about(offer, self._rows.get((offer.provider.lower(), offer.model.lower()), []))
            if _says_less(rows, offer, before) or (apart and not any(map(_particular, rows))):
                return None
        if not rows:
            return None
        pages = sorted({row.page for row in rows if row.page})
        rule = PriceRule(
            components=tuple(row.component() for row in rows),
            source=f"{self.source}: {pages[0]}" if pages else self.source,
            as_of=min(row.as_of for row in rows),
            charged_on=("made",) if before is None else before.charged_on,
        )
        try:
            check_rule(rule)
        except InputError:
            return None
        return rule


def can_price(row: PriceRow, offer: Offer) -> bool:
    """Whether a row's unit can price what the offer makes."""
    return any(row.unit in PRICED_BY[m] for m in PRICED_BY if offer.makes(m))


def _says_less(rows: list[PriceRow], offer: Offer, before: PriceRule | None) -> bool:
    """Whether a price by the token, of who knows how many, would replace one that is known."""
    told = isinstance(offer.settings.get("output_tokens"), int)
    by_token = any(row.unit == "token" for row in rows)
    return by_token and not told and before is not None and not _is_by_token(before)


def _is_by_token(rule: PriceRule) -> bool:
    return any(component.unit == "token" for component in rule.components)


def told_apart(offers: Iterable[Offer], known: Mapping[str, PriceRule]) -> frozenset[str]:
    """Offers of one model that are known to differ in price: a price for all of them says less."""
    found: dict[tuple[str, str], list[str]] = {}
    for offer in offers:
        if offer.id in known:
            found.setdefault((offer.provider.lower(), offer.model.lower()), []).append(offer.id)
    apart = (ids for ids in found.values() if len({repr(known[i].components) for i in ids}) > 1)
    return frozenset(i for ids in apart for i in ids)


def rows_of_offers(offers: Iterable[Offer]) -> Iterator[PriceRow]:
    """What offers are known to cost, as rows by their own names and by those of their models."""
    offers = list(offers)
    known = {o.id: o.price for o in offers if o.price is not None}
    apart = told_apart(offers, known)
    for offer in offers:
        for component in () if offer.price is None else offer.price.components:
            if component.currency != "USD":
                continue
            named = [("", offer.id)]
            named += [] if offer.id in apart else [(offer.provider, offer.model)]
            for provider, model in named:
                yield PriceRow(
                    provider=provider,
                    model=model,
                    unit=component.unit,
                    usd=component.amount,
                    as_of=offer.price.as_of if offer.price else "",
                    variant=component.when,
                    above=component.above,
                )


def _about(offer: Offer, rows: Iterable[PriceRow]) -> list[PriceRow]:
    settings = {k: str(v).strip().lower() for k, v in offer.settings.items()}
    fitting = [row for row in rows if _fits(row.variant, settings) and can_price(row, offer)]
    most = max((_particular(row) for row in fitting), default=0)
    return [row for row in fitting if _particular(row) == most]


def _fits(variant: Mapping[str, str], settings: Mapping[str, str]) -> bool:
    for name, value in variant.items():
        if name in KINDS or (name in FOLLOWS and name not in settings):
            continue
        if settings.get(name) != value:
            return False
    return True


def _particular(row: PriceRow) -> int:
    return sum(name not in KINDS for name in row.variant)
