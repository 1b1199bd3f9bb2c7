"""Who is eligible: certified offers in order of cost, then the rules that a need brings.

A choice walks the short list that its shape remembers (`qfloor.router.shapes`), from its cheap end.
"""

from __future__ import annotations

from collections.abc import Iterator

from qfloor.router import rules
from qfloor.router.reasons import RULE_ORDER, Rule
from qfloor.router.request import Request
from qfloor.router.shapes import asking, rows_of, standing_of


def eligible(request: Request) -> Iterator[str]:
    """Offers that pass every rule, best first."""
    checks = rules.relevant(request)
    return _passing(request, checks) if checks else iter(standing_of(request))


def _passing(request: Request, checks: tuple[rules.Check, ...]) -> Iterator[str]:
    offers, ceiling = request.db.offers, request.need.max_price_nanousd
    for offer_id in standing_of(request):
        if ceiling is not None:  # the rule on price would say so as well, and in words
            price = request.price_of(offer_id)
            if price is None or price > ceiling:
                continue
        if rules.first_rejection(request, offers[offer_id], checks) is None:
            yield offer_id


def is_certified(request: Request, offer_id: str) -> bool:
    """Whether an offer is certified for what is asked, by people, its language and tags included.

    A verdict on the category alone is not enough, nor what a policy lets through on a metric.
    """
    return not request.is_provisional(offer_id) and uncertified(request, offer_id) is None


def uncertified(request: Request, offer_id: str) -> rules.Rejection | None:
    """What an offer lacks in evidence for what is asked: a verdict, its language or its tags."""
    offer, checks = request.db.offers[offer_id], (rules.certificate, rules.coverage)
    return rules.first_rejection(request, offer, checks)


def fitting(request: Request) -> list[str]:
    """Offers that pass every rule but those on evidence, in order of the policy's objective."""
    asked = asking(request)
    rows = rows_of(request).by_cost.values()
    return [f.offer.id for f in rows if f.rejection(request, asked, evidence=False) is None]


def binding_rule(request: Request) -> Rule | None:
    """The rule at which the last candidates fell; None when there are no candidates."""
    asked = asking(request)
    found = (facts.rejection(request, asked) for facts in rows_of(request).by_cost.values())
    fell = [rejection.rule for rejection in found if rejection is not None]
    return max(fell, key=RULE_ORDER.__getitem__, default=None)
