"""When nothing is eligible: the cheapest change to the need that would help.

Every change is tried by deciding the changed need afresh, classification included where the change
is of something that is read for it, so that what is offered to a person works when they take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qfloor.errors import NeedError
from qfloor.records import TIERS
from qfloor.router.eligibility import eligible
from qfloor.router.money import dollars, usd_text
from qfloor.router.needs import Need
from qfloor.router.request import CHALLENGES, Request
from qfloor.router.resolutions import is_in_any_shape, made_of
from qfloor.router.rules import longest

Change = dict[str, Any]

_READ = frozenset({"negative", "size", "aspect_ratio", "modality", "seconds", "audio"})
"""What a classification reads of a need beside its prompt."""


_NO_CEILING = "without a price ceiling"


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """The cheapest change to the need that makes an offer eligible.

    Of one demand; of two at once (calls apart, at a higher ceiling) where none alone does.
    """

    change: Mapping[str, Any]
    offer: str
    price_nanousd: int | None
    text: str


def cheapest_relaxation(request: Request) -> Relaxation | None:
    """Try every single change to a need nothing is eligible for; None when none of them helps."""
    return _cheapest(request, _changes(request)) or _cheapest(request, _last(request))


def _cheapest(request: Request, changes: Iterable[tuple[Change, str]]) -> Relaxation | None:
    found: list[tuple[tuple[bool, int], int, Relaxation]] = []
    for order, (change, text) in enumerate(changes):
        changed = _again(request, change)
        offer = next(eligible(changed), None)
        if offer is None:
            continue
        price = changed.price_of(offer)
        if "max_price_usd" in change:
            change, text = _lowest_ceiling(request, change, text, offer)
        if change == {"size": None}:
            change, text = _own_size(request, change, text, offer)
            price = _again(request, change).price_of(offer)  # of a square it was another
        relaxation = Relaxation(
            change=change,
            offer=offer,
            price_nanousd=price,
            text=f"{text}: {offer} at {dollars(price)}",
        )
        found.append(((price is None, price or 0), order, relaxation))
    return min(found, key=lambda f: f[:2])[2] if found else None


def _changes(request: Request) -> Iterator[tuple[Change, str]]:
    """Single changes that undo one demand each."""
    need = request.need
    for tier in reversed(TIERS[: TIERS.index(need.tier)]):
        yield {"tier": tier}, f"with tier {tier}"
    if need.max_price_nanousd is not None:
        yield {"max_price_usd": None}, _NO_CEILING
    if need.max_latency_s is not None:
        yield {"max_latency_s": None}, "without a latency limit"
    if need.only:
        yield {"only": ()}, "with other offers allowed"
    if need.ignore:
        yield {"ignore": ()}, "with no offer ignored"
    if need.size is not None:
        yield {"size": None}, "with another size"
    if need.resolution is not None:
        yield {"resolution": None}, "with another resolution"
    if need.ratio is not None:
        yield {"size": None, "aspect_ratio": None}, "with another aspect ratio"
    if need.seconds is not None:
        made = {
            seconds
            for offer in request.db.offers.values()
            for seconds in (longest(offer), *(offer.capabilities.durations or ()))
        }
        for seconds in sorted((s for s in made if s and s < need.seconds), reverse=True):
            yield {"seconds": seconds}, f"with {seconds:g} seconds"
    if need.audio:
        yield {"audio": None, "modality": "video"}, "without sound"
    if need.n > 1 and not need.separately:  # as many are made, and each call is paid
        yield {"separately": True}, _apart(need)
    if need.negative:
        yield {"negative": None}, "without the negative prompt"
    if request.challenges:
        kept = tuple(tag for tag in need.tags if tag not in CHALLENGES)
        yield {"tags": kept}, "without challenge tags"


def _last(request: Request) -> Iterator[tuple[Change, str]]:
    """What is tried where nothing else helps: two demands at once, and another thing made."""
    need = request.need
    if need.n > 1 and not need.separately and need.max_price_nanousd is not None:
        apart: Change = {"separately": True, "max_price_usd": None}
        yield apart, f"{_apart(need)}, {_NO_CEILING}"
    told = need.modality is not None or need.seconds is not None or need.audio
    if request.modality == "video" and not told:
        yield {"modality": "image"}, "as a still, with modality image"


def _apart(need: Need) -> str:
    return f"one at a time ({need.n} calls, and their prices together)"


def _lowest_ceiling(request: Request, change: Change, text: str, offer: str) -> tuple[Change, str]:
    """Name the ceiling that suffices, or none where age or ignorance is what is in the way."""
    price = _again(request, change).price_of(offer)
    if price is not None:
        named = {**change, "max_price_usd": usd_text(price)}
        if next(eligible(_again(request, named)), None) == offer:
            return named, text.replace(_NO_CEILING, f"with a ceiling of {dollars(price)}")
    return change, text


def _own_size(request: Request, change: Change, text: str, offer: str) -> tuple[Change, str]:
    """Name the size that the offer makes, in the shape asked for, where it is fixed to one."""
    fixed = request.db.pixels.get(offer)
    if fixed is None:
        return change, text
    in_any_shape = is_in_any_shape(request.db.offers[offer].settings)
    width, height = made_of(fixed, request.need.ratio if in_any_shape else None)
    named = {"size": f"{width}x{height}"}
    try:
        suffices = next(eligible(_again(request, named)), None) == offer
    except NeedError:  # it contradicts the aspect ratio that was asked for beside it
        return change, text
    return (named, f"with size {width}x{height}") if suffices else (change, text)


def _again(request: Request, change: Change) -> Request:
    need: Need = replace(request.need, **change)
    known = _READ.isdisjoint(change)
    return Request(
        request.db,
        need,
        request.policy,
        request.prices,
        request.health,
        request.now,
        request.classification if known else request.db.classifier.classify(need),
    )
