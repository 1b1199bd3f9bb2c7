"""What was chosen, put together as a decision, with what a buyer should know of it."""

from __future__ import annotations

from collections.abc import Iterable

from qfloor.router.decision import Decision
from qfloor.router.moments import is_ahead
from qfloor.router.reasons import Cause, Rule
from qfloor.router.request import Request
from qfloor.router.resolutions import seconds_of, shape_of
from qfloor.router.shapes import demanded_of


def decide(
    request: Request,
    offer: str | None,
    cause: Cause,
    *,
    runner_up: str | None = None,
    surcharge: int = 0,
    refused_by: Rule | None = None,
    notes: tuple[str, ...] = (),
) -> Decision:
    """Put a choice together as a decision."""
    found = request.classification
    decision = object.__new__(Decision)
    vars(decision).update(  # as its constructor would, which sets fields one by one
        offer=offer,
        cause=cause,
        category=found.category,
        classification=found,
        modality=request.modality,
        tier=request.need.tier,
        demanded=demanded_of(request),
        price_nanousd=None if offer is None else request.price_of(offer),
        usable_cost_nanousd=None if offer is None else request.usable_cost(offer),
        surcharge_nanousd=surcharge,
        runner_up=runner_up,
        refused_by=refused_by,
        notes=(*notes, *_given(request), *(() if offer is None else _remarked(request, offer))),
        digests={
            "database": request.db.digest,
            "prices": None if request.prices is None else request.prices.digest,
            "health": None if request.health is None else request.health.digest,
            "policy": request.policy.digest,
        },
        now=request.now,
        request=request,
    )
    return decision


_SHARED = (
    "offer", "cause", "modality", "tier", "demanded", "price_nanousd", "usable_cost_nanousd",
    "surcharge_nanousd", "runner_up", "refused_by", "notes", "digests",
)  # fmt: skip


def keep(request: Request, decision: Decision) -> None:
    """Remember a decision for requests that bring nothing but their shape: no limit, no health."""
    told = vars(decision)
    shared = {name: told[name] for name in _SHARED} | {"digests": dict(decision.digests)}
    request.kept.concluded[_untold(request)] = request.today, shared


def kept(request: Request) -> Decision | None:
    """The same decision for another such request of that shape, on the same day."""
    day, shared = request.kept.concluded.get(_untold(request), ("", {}))
    if day != request.today:
        return None
    found = request.classification
    decision = object.__new__(Decision)
    told = vars(decision)
    told.update(shared)
    told["category"], told["classification"] = found.category, found
    told["digests"] = dict(shared["digests"])
    told["now"], told["request"] = request.now, request
    return decision


def _untold(request: Request) -> bool:
    """Whether its language could not be told: where the policy takes it for one, that is noted."""
    return request.classification.language is None


def _given(request: Request) -> tuple[str, ...]:
    """What was taken for granted, or was not believed, of what came with the request."""
    health, assumed = request.health, request.policy.assumed_language
    told: tuple[str, ...] = ()
    if assumed is not None and request.classification.language is None:
        told += (f"its language cannot be told, and the policy takes it for {assumed}",)
    if health is not None and health.latest is not None and is_ahead(health.latest, request.now):
        ahead = [o for o, h in health.offers.items() if is_ahead(h.as_of, request.now)]
        named = ", ".join(ahead[:3]) + (f" and {len(ahead) - 3} more" if len(ahead) > 3 else "")
        told += (f"health that is dated after {request.now} does not count: {named}",)
    return told


def _remarked(request: Request, offer_id: str) -> tuple[str, ...]:
    """What a buyer should know: the same for all requests of a shape on one day."""
    key = offer_id, request.need.ratio is None
    remarks = request.kept.remarks
    day, told = remarks.get(key, ("", ()))
    if day != request.today:
        told = tuple(_remarks(request, offer_id))
        remarks[key] = request.today, told
    return told


def _remarks(request: Request, offer_id: str) -> Iterable[str]:
    """What a buyer should know of the chosen offer, though it rejected nothing."""
    db, need = request.db, request.need
    offer = db.offers[offer_id]
    if db.illustrative:
        yield "the database is an example, not a measurement"
    if db.uncalibrated:
        yield f"uncalibrated: its verdicts are on {db.primary_quality[13:]}, no rating behind it"
    for (category, _, _), standings in request.places:
        standing = standings.get(offer_id)
        if standing and standing.reason == "provisional" and request.policy.allow_provisional:
            yield f"in {category} a metric alone lets {offer_id} through; no person judged it"
        if standing and standing.panel:
            yield f"the verdict in {category} is {standing.panel}"
        if standing and standing.post_hoc:
            yield f"the verdict in {category} is post hoc: not by what was frozen before any score"
        if standing and standing.valid_until and standing.valid_until < request.today:
            yield f"the verdict in {category} was meant to hold until {standing.valid_until}"
    if offer.lifecycle.state == "uncertain":
        yield f"it is uncertain whether {offer_id} is still sold"
    if offer.lifecycle.state == "deprecated" or (
        offer.lifecycle.deprecated and offer.lifecycle.deprecated <= request.today
    ):
        yield f"{offer_id} is deprecated"
    unsaid = need.seconds is None and seconds_of(offer.settings) is None
    if request.modality == "video" and unsaid:
        yield f"priced for {request.seconds_of(offer):g} s, as no length was given"
    tokens = request.tokens_of(offer_id)
    if tokens is not None:
        yield f"priced for at most {tokens[0]} tokens of prompt and {tokens[1]} of what is made"
    told = offer.capabilities.aspect_ratios or shape_of(offer.settings)
    if need.ratio is not None and told is None:
        yield f"unknown which aspect ratios {offer_id} makes"
