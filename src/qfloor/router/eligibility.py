"""Who is eligible: certified offers in order of cost, then the rules that a need brings.

What depends only on the shape of a request (category, tier, language, size, policy) is worked out
once and remembered with the database, so that a choice walks a short list from its cheap end.
"""

from __future__ import annotations

from collections.abc import Iterator

from qfloor.router import rules
from qfloor.router.reasons import RULE_ORDER, Rule
from qfloor.router.request import Request


def standing(request: Request) -> tuple[str, ...]:
    """Offers whose evidence, language and rights hold for requests of this shape, best first."""
    need, policy = request.need, request.policy
    key = (
        request.classification.plausible, request.modality, need.tier, request.language,
        request.challenges, need.n, need.pixels, need.seconds, request.feed, policy.digest,
        request.today if policy.lapsed == "reject" else None, request.asked_tokens,
    )  # fmt: skip
    return request.db.remember(key, lambda: _standing(request))


def _standing(request: Request) -> tuple[str, ...]:
    db = request.db
    certified = [db.certified.get(place, frozenset()) for place, _ in request.places]
    if request.policy.allow_provisional:
        certified = [
            fine | {o for o, s in found.items() if s.reason == "provisional"}
            for fine, (_, found) in zip(certified, request.places, strict=True)
        ]
    if not certified:
        return ()
    checks = (rules.speaks, rules.rights, rules.coverage)
    found = [
        offer_id
        for offer_id in frozenset.intersection(*certified)
        if rules.first_rejection(request, db.offers[offer_id], checks) is None
    ]
    return tuple(sorted(found, key=request.rank))


def eligible(request: Request) -> Iterator[str]:
    """Offers that pass every rule, best first."""
    checks, offers = rules.relevant(request), request.db.offers
    for offer_id in standing(request):
        if rules.first_rejection(request, offers[offer_id], checks) is None:
            yield offer_id


def binding_rule(request: Request) -> Rule | None:
    """The rule at which the last candidates fell; None when there are no candidates."""
    found = (rules.first_rejection(request, offer) for offer in request.db.offers.values())
    fell = [rejection.rule for rejection in found if rejection is not None]
    return max(fell, key=RULE_ORDER.__getitem__, default=None)
