"""Which rows of a feed price an offer, and the rule that they make together.

A row that names the offer counts before rows about its provider's model. Of those, rows whose
variant speaks of a setting that the offer does not have, or has otherwise, are not about it; of
the rest only the most particular count, as a rule adds up every line that applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qfloor.errors import InputError
from qfloor.prices import check_rule
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

    def rule_of(self, offer: Offer, before: PriceRule | None) -> PriceRule | None:
        """The rule for an offer, or None where the source says nothing that could be evaluated.

        Parameters
        ----------
        offer : Offer
        before : PriceRule or None
            What is known of its price without the feed: for which outcomes it is charged, and
            whether its owner declares it, in which case only a row that names the offer counts.
        """
        rows = self._rows.get(("", offer.id), [])
        declared = before is not None and before.source.startswith("declared")
        if not rows and not declared:
            rows = _about(offer, self._rows.get((offer.provider.lower(), offer.model.lower()), []))
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


def _about(offer: Offer, rows: Iterable[PriceRow]) -> list[PriceRow]:
    settings = {k: str(v).strip().lower() for k, v in offer.settings.items()}
    fitting = [row for row in rows if _fits(row.variant, settings)]
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
