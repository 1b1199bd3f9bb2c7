"""What follows from the shape of a request alone, worked out once and remembered with the release.

Certified offers of all requests of one shape (`qfloor.router.kept.Kept`) stand in one order, and
of every offer most of a candidate's row is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from qfloor.records import Offer
from qfloor.router import rules
from qfloor.router.request import Request
from qfloor.router.rules import Rejection

Placed = tuple[int, Rejection]
"""A rejection, and the place of its rule in the order in which rules are asked."""

Asking = tuple[tuple[int, rules.Check], ...]
"""Rules to ask, each with its place."""

_ORDER = {check: at for at, check in enumerate(rules.ALL)}
_FIT = tuple(c for c in rules.ALL if c in rules.SHAPE and c not in rules.EVIDENCE)
_EVIDENCE = tuple(c for c in rules.ALL if c in rules.SHAPE and c in rules.EVIDENCE)
_WORST = ("rejected", "undecided", "unjudged", "certified")


class Facts(NamedTuple):
    """One offer as every request of a shape sees it; figures are the worst over the categories.

    ``row`` are the first fields of a `qfloor.router.Candidate`, up to where its price is from.
    ``unfit`` and ``uncertified`` are the first objections of the rules that depend on the shape
    alone: about the offer itself, and about its evidence.
    """

    offer: Offer
    row: tuple[Any, ...]
    upper: float | None
    price_nanousd: int | None
    unfit: Placed | None
    uncertified: Placed | None

    def rejection(
        self, request: Request, asked: Asking, *, evidence: bool = True
    ) -> Rejection | None:
        """First objection in the order of the rules, asking only what the shape does not tell.

        Parameters
        ----------
        request : Request
        asked : tuple
            `asking` of the request.
        evidence : bool
            Whether certificates matter.
        """
        told = self.unfit or (self.uncertified if evidence else None)
        for at, check in asked:
            if told is not None and at > told[0]:
                break
            found = check(request, self.offer)
            if found is not None:
                return found
        return None if told is None else told[1]


@dataclass(frozen=True)
class Demanded:
    """The threshold that decided in one plausible category, and how it was set if learned."""

    category: str
    threshold: float
    max_fail: float
    rule: str = "absolute"
    evidence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a number that was not learned needs no explanation."""
        plain = {name: vars(self)[name] for name in ("category", "threshold", "max_fail")}
        learned = {"rule": self.rule, "evidence": self.evidence}
        return plain if self.rule == "absolute" else plain | learned


def standing_of(request: Request) -> tuple[str, ...]:
    """Offers whose evidence, language and rights hold for requests of this shape, best first."""
    kept = request.kept
    if kept.standing is None:
        kept.standing = _standing(request)
    return kept.standing


def demanded_of(request: Request) -> tuple[Demanded, ...]:
    """What the tier demands in each category that the request may be of."""
    kept = request.kept
    if kept.demanded is None:
        demands = ((place[0], request.db.demands.get(place)) for place, _ in request.places)
        kept.demanded = tuple(Demanded(category, *d) for category, d in demands if d is not None)
    return kept.demanded


class Rows(NamedTuple):
    """Every offer as requests of one shape see it, in three orders.

    ``told`` are, by the time of a request, fields of candidates in the first of them.
    """

    by_cost: Mapping[str, Facts]
    by_price: tuple[Facts, ...]  # those whose price is known
    by_floor: tuple[Facts, ...]
    told: dict[str, tuple[tuple[Any, ...], ...]]


def rows_of(request: Request) -> Rows:
    """Every offer: by what the policy minimises, by price, and by how good it is for sure."""
    return request.db.remember_rows(request.kept.key, lambda: _rows(request))


def _rows(request: Request) -> Rows:
    facts = {o: _facts(request, o) for o in _in_order(request, request.db.offers)}
    priced = [(f.price_nanousd, o) for o, f in facts.items() if f.price_nanousd is not None]
    floors = sorted(facts, key=lambda offer: -request.floor(offer))  # equals stay by cost
    by_price = tuple(facts[offer] for _, offer in sorted(priced))
    return Rows(facts, by_price, tuple(facts[offer] for offer in floors), {})


def known_of(request: Request) -> Iterable[tuple[Facts, tuple[Any, ...]]]:
    """Every offer by cost, with the fields of its `qfloor.router.Candidate` but the last two.

    Without a health feed they are the same for all requests of a shape at one time.
    """
    rows, health = rows_of(request), request.health
    facts = rows.by_cost.values()
    told = rows.told.get(request.now) if health is None else None
    if told is None:
        told = tuple([_told(request, one) for one in facts])
        if health is None:
            rows.told.clear()  # requests come in the order of time
            rows.told[request.now] = told
    return zip(facts, told, strict=True)


def _told(request: Request, facts: Facts) -> tuple[Any, ...]:
    offer_id = facts.offer.id
    seen = request.latency_of(offer_id)
    latency = seen.p50_s, seen.p95_s, seen.n, seen.source, seen.as_of
    return (*facts.row, request.price_age(offer_id), *latency)


def asking(request: Request) -> Asking:
    """Rules that could object and that the shape does not tell, with their places."""
    return tuple((_ORDER[check], check) for check in rules.relevant(request))


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
    return tuple(_in_order(request, found))


def _in_order(request: Request, offers: Iterable[str]) -> Iterator[str]:
    """As `Request.rank` has them; floors are looked up only of those that cost the same."""

    def cost(offer_id: str) -> tuple[bool, int]:
        found = request.cost(offer_id)
        return found is None, found or 0

    for _, same in groupby(sorted(offers, key=cost), cost):
        equals = list(same)
        yield from equals if len(equals) == 1 else sorted(equals, key=request.rank)


def _facts(request: Request, offer_id: str) -> Facts:
    offer, rule = request.db.offers[offer_id], request.price_rule(offer_id)
    standings = [found.get(offer_id) for _, found in request.places]
    judged = [s for s in standings if s is not None]
    complete = bool(judged) and len(judged) == len(standings)
    rulings = {s.ruling for s in judged} | (set() if complete else {"unjudged"})
    upper, price = request.upper(offer_id), request.price_of(offer_id)
    row = (
        offer_id,
        next(ruling for ruling in _WORST if ruling in rulings),
        _least([s.q25 for s in judged]),
        _least([s.q25_lo for s in judged]),
        upper,
        _least([s.n_prompts for s in judged]),
        _least([s.n_outputs for s in judged]),
        price,
        request.usable_cost(offer_id),
        None if rule is None else rule.source,
    )
    unfit, uncertified = _placed(request, offer, _FIT), _placed(request, offer, _EVIDENCE)
    return Facts(offer, row, upper, price, unfit, uncertified)


def _placed(request: Request, offer: Offer, checks: tuple[rules.Check, ...]) -> Placed | None:
    for check in checks:
        found = check(request, offer)
        if found is not None:
            return _ORDER[check], found
    return None


def _least(values: list[float | None]) -> float | None:
    """The least, or None when any is unknown: a worst case is known only when all are."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
