"""The answer to a need: what was chosen, and everything it was chosen by.

What a caller needs at once stands in fields; the row of every candidate is worked out when it is
asked for, from the same request, so that a choice costs little and hides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from qfloor.records import digest_of
from qfloor.router.classification import Classification
from qfloor.router.counterfactual import Counterfactuals, counterfactuals
from qfloor.router.eligibility import binding_rule, eligible, is_certified
from qfloor.router.money import usd_or_none
from qfloor.router.needs import Need
from qfloor.router.reasons import RULE_ORDER, Cause, Rule
from qfloor.router.relaxing import Relaxation, cheapest_relaxation
from qfloor.router.request import Request
from qfloor.router.shapes import Asking, Demanded, Facts, asking, known_of

_SERVED = (
    Cause.CHEAPEST, Cause.FASTER, Cause.PROBE, Cause.PINNED, Cause.OVERRIDDEN, Cause.PROVISIONAL,
)  # fmt: skip
_CHOSEN = (Cause.CHEAPEST, Cause.FASTER, Cause.PROBE, Cause.PROVISIONAL)


class Candidate(NamedTuple):
    """One offer as the decision saw it; figures are the worst over the plausible categories.

    ``ruling`` is certified, rejected, undecided or unjudged: the verdict on the category, whatever
    language or challenge it covers (`Decision.certified` minds those). ``rejected_by`` is None for
    the offer that was chosen.
    """

    offer: str
    ruling: str
    q25: float | None
    q25_lo: float | None
    upper: float | None
    n_prompts: int | None
    n_outputs: int | None
    price_nanousd: int | None
    usable_cost_nanousd: int | None
    price_source: str | None
    price_age_days: float | None
    p50_s: float | None
    p95_s: float | None
    latency_n: int | None
    latency_source: str
    latency_as_of: str | None
    rejected_by: Rule | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Savings:
    """What the choice saves against the dearest offer certified for the highest tier."""

    offer: str
    tier: str
    price_nanousd: int
    saved_nanousd: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What `qfloor.router.choose` returns.

    ``offer`` is None when the need is refused; ``refused_by`` is the rule that stopped a pinned
    one. ``digests`` and ``now`` name all inputs: the same ones give the same bytes. It can be
    pickled where its database's file stays as it is; `to_dict` needs no file.
    """

    offer: str | None
    cause: Cause
    category: str | None
    classification: Classification
    modality: str
    tier: str
    demanded: tuple[Demanded, ...]
    price_nanousd: int | None
    usable_cost_nanousd: int | None
    surcharge_nanousd: int
    runner_up: str | None
    refused_by: Rule | None
    notes: tuple[str, ...]
    digests: Mapping[str, str | None]
    now: str
    request: Request = field(repr=False, compare=False)

    @cached_property
    def binding_rule(self) -> Rule | None:
        """The rule at which the last candidates fell, when nothing was eligible."""
        if self.cause in (Cause.REFUSED_PIN, *_SERVED):
            return self.refused_by
        return binding_rule(self.request)

    @cached_property
    def relaxation(self) -> Relaxation | None:
        """The cheapest change that would help, when nothing was eligible."""
        if self.cause in (Cause.REFUSED_PIN, *_SERVED):
            return None
        return cheapest_relaxation(self.request)

    @cached_property
    def fallbacks(self) -> tuple[str, ...]:
        """Other eligible offers, best first: where a request may go that this one cannot take.

        Empty for what was pinned or is not certified: nobody said that another would do.
        """
        if self.cause not in _CHOSEN:
            return ()
        return tuple(offer for offer in eligible(self.request) if offer != self.offer)

    @cached_property
    def counterfactuals(self) -> Counterfactuals:
        """What would be chosen if quality, or else price, did not matter."""
        return counterfactuals(self.request)

    @property
    def rejected(self) -> dict[str, int]:
        """How many offers each rule rejected, in the order of the rules."""
        counted = Counter(c.rejected_by for c in self.candidates if c.rejected_by is not None)
        return {rule.value: counted[rule] for rule in Rule if counted[rule]}

    @property
    def certified(self) -> bool:
        """Whether the chosen offer is certified for what was asked, language and tags included."""
        if self.offer is None:
            return False
        return self.cause.certified or is_certified(self.request, self.offer)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every offer: the chosen one, then eligible ones by cost, then by how far they came."""
        asked = asking(self.request)
        last = len(RULE_ORDER)  # eligible ones; rows of one place stay in order of cost
        first: list[Candidate] = []
        others: list[tuple[int, Candidate]] = []
        for facts, told in known_of(self.request):
            offer_id = facts.offer.id
            rule, detail = self._rejection(offer_id, facts, asked)
            row = Candidate._make((*told, rule, detail))
            if offer_id == self.offer:
                first.append(row)
            else:
                others.append((-last if rule is None else -RULE_ORDER[rule], row))
        others.sort(key=itemgetter(0))
        return (*first, *[row for _, row in others])

    def _rejection(self, offer_id: str, facts: Facts, asked: Asking) -> tuple[Rule | None, str]:
        if offer_id == self.offer:
            return None, "chosen"
        found = facts.rejection(self.request, asked)
        if found is not None:
            return found
        if self.cause in (Cause.PINNED, Cause.OVERRIDDEN, Cause.REFUSED_PIN):
            return Rule.ONLY, "eligible, but another is pinned"
        if self.cause is Cause.FASTER and self.request.sheds(offer_id):
            return Rule.ELEVATED_LATENCY, "slower than its usual"
        if facts.price_nanousd is None:
            known = self.price_nanousd is not None
            order = "after those whose price is known" if known else "next in order"
            return Rule.PRICE_UNKNOWN, f"eligible, {order}"
        return Rule.DEARER, "eligible, next in order"

    @cached_property
    def savings(self) -> Savings | None:
        """Against always buying the dearest offer certified for the highest tier here."""
        request = self.request
        if self.offer is None or self.price_nanousd is None:
            return None
        for tier in ("premium", "professional", "standard"):
            places = [(category, self.modality, tier) for category, *_ in self._places()]
            certified = [request.db.certified.get(place, frozenset()) for place in places]
            both = frozenset.intersection(*certified) if certified else frozenset()
            priced = [(p, o) for o in both if (p := request.price_of(o)) is not None]
            if priced:
                price, offer = max(priced, key=lambda found: (found[0], found[1]))
                saved = price - self.price_nanousd
                return Savings(offer=offer, tier=tier, price_nanousd=price, saved_nanousd=saved)
        return None

    def _places(self) -> list[tuple[str, str, str]]:
        return [place for place, _ in self.request.places]

    def to_dict(self) -> dict[str, Any]:
        """All of it for JSON; the prompt itself is named by a digest only."""
        need, found = self.request.need, self.classification
        saved = self.savings
        return {
            "offer": self.offer,
            "cause": self.cause.value,
            "certified": self.certified,
            "category": self.category,
            "classification": {
                "category": found.category,
                "confidence": round(found.confidence, 6),
                "plausible": list(found.plausible),
                "modality": found.modality,
                "language": found.language,
                **({"language_stated": True} if found.language_stated else {}),
                "evidence": [
                    {"signal": e.signal, "category": e.category, "weight": round(e.weight, 4)}
                    for e in found.evidence
                ],
            },
            "modality": self.modality,
            "tier": self.tier,
            "demanded": [d.to_dict() for d in self.demanded],
            "price_usd": usd_or_none(self.price_nanousd),
            "price_nanousd": self.price_nanousd,
            "usable_cost_nanousd": self.usable_cost_nanousd,
            "surcharge_nanousd": self.surcharge_nanousd,
            "runner_up": self.runner_up,
            "fallbacks": list(self.fallbacks),
            "counterfactuals": self.counterfactuals.to_dict(),
            "savings": None if saved is None else vars(saved) | {},
            "binding_rule": None if self.binding_rule is None else self.binding_rule.value,
            "relaxation": plain_relaxation(self.relaxation),
            "rejected": self.rejected,
            "notes": list(self.notes),
            "candidates": [_row(c) for c in self.candidates],
            "need": plain_need(need),
            "digests": dict(self.digests),
            "now": self.now,
        }


def _row(candidate: Candidate) -> dict[str, Any]:
    rejected = candidate.rejected_by
    return candidate._asdict() | {"rejected_by": None if rejected is None else rejected.value}


def plain_relaxation(found: Relaxation | None) -> dict[str, Any] | None:
    """A relaxation for JSON."""
    return None if found is None else vars(found) | {"change": dict(found.change)}


def plain_need(need: Need) -> dict[str, Any]:
    """A need for JSON; its words are named by digests only."""
    latency = need.max_latency_s
    rarely: dict[str, Any] = {} if need.resolution is None else {"resolution": need.resolution}
    if need.language is not None:
        rarely["language"] = need.language
    if need.separately and need.n > 1:
        rarely["separately"] = True
    if need.by_shape and need.pixels is not None:
        rarely["by_shape"] = True
    return rarely | {
        "prompt_digest": digest_of(need.prompt, 16),
        "negative_digest": None if need.negative is None else digest_of(need.negative, 16),
        "aspect_ratio": need.aspect_ratio,
        "size": need.size,
        "modality": need.modality,
        "seconds": need.seconds,
        "audio": need.audio,
        "n": need.n,
        "tier": need.tier,
        "max_price_usd": usd_or_none(need.max_price_nanousd),
        "max_latency_s": dict(latency) if isinstance(latency, Mapping) else latency,
        "only": list(need.only),
        "ignore": list(need.ignore),
        "pin": need.pin,
        "project": need.project,
        "tags": list(need.tags),
    }
