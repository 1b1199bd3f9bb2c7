"""The rules, in the order in which they are asked: what each offer must pass to be eligible.

A rule is a function of a request and an offer; it returns what it objects to, or None. Which
rules can matter for a request at all is settled once, so that a choice asks few of them; what is
shown to people asks all, for every offer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from qfloor.records import Offer
from qfloor.records.needed import lacking
from qfloor.router.languages import primary
from qfloor.router.money import dollars
from qfloor.router.needs import RATIO_TOLERANCE, ratio_of
from qfloor.router.places import Standing
from qfloor.router.reasons import Rule
from qfloor.router.request import Request
from qfloor.router.resolutions import (
    fixed_to,
    is_in_any_shape,
    is_of,
    made_of,
    seconds_of,
    shape_of,
)


class Rejection(NamedTuple):
    """Which rule rejected an offer, and what it found."""

    rule: Rule
    detail: str


Check = Callable[[Request, Offer], Rejection | None]


def named(request: Request, offer: Offer) -> Rejection | None:
    """``only`` and ``ignore``."""
    need = request.need
    if need.only and offer.id not in need.only:
        return Rejection(Rule.ONLY, f"only {', '.join(need.only)}")
    if offer.id in need.ignore:
        return Rejection(Rule.IGNORE, "to be ignored")
    return None


def sold(request: Request, offer: Offer) -> Rejection | None:
    """Whether it can still be bought today."""
    gone = offer.lifecycle.gone
    if offer.lifecycle.state == "gone" or (gone is not None and gone <= request.today):
        return Rejection(Rule.GONE, f"gone since {gone or 'an unknown day'}")
    return None


def answering(request: Request, offer: Offer) -> Rejection | None:
    """Whether the health feed says that it answers."""
    health = request.fresh_health(offer.id)
    if health is not None and not health.available:
        return Rejection(Rule.UNHEALTHY, f"not answering at {health.as_of}")
    return None


def makes(request: Request, offer: Offer) -> Rejection | None:
    """Whether it makes stills or clips as asked."""
    if offer.makes(request.modality):
        return None
    return Rejection(Rule.MODALITY, f"does not make {request.modality}s")


def shape(request: Request, offer: Offer) -> Rejection | None:
    """Aspect ratio: that of the size or shape an offer is fixed to, else one that it lists.

    An offer that does neither is not asked.
    """
    ratio, listed = request.need.ratio, offer.capabilities.aspect_ratios
    if ratio is None:
        return None
    by_pixels = request.need.pixels is not None and offer.id in request.db.pixels  # `size` asks
    fixed = None if by_pixels else shape_of(offer.settings)
    if fixed is not None and ratio_of(fixed) is not None:
        listed = (fixed,)
    if listed is None:
        return None
    for text in listed:
        offered = ratio_of(text)
        if offered is not None and abs(ratio / offered - 1) <= RATIO_TOLERANCE:
            return None
    return Rejection(Rule.ASPECT_RATIO, f"makes {', '.join(listed) or 'none'}")


def size(request: Request, offer: Offer) -> Rejection | None:
    """Pixels; an offer fixed to one size was judged at that size and no other.

    A resolution is asked for outright, so unknown is no.
    """
    need, fixed = request.need, request.db.pixels.get(offer.id)
    wanted, named, own = need.pixels, need.resolution, fixed_to(offer.settings)
    in_any_shape = is_in_any_shape(offer.settings)
    if named is not None:
        made = None if fixed is None else made_of(fixed, need.ratio if in_any_shape else None)
        if not (own == named if made is None else is_of(made, named)):
            told = own if made is None else f"{made[0]}x{made[1]}"
            return Rejection(Rule.SIZE, "resolution unknown" if told is None else f"makes {told}")
    if wanted is None:
        return None
    if fixed is None:
        fits = own is None or is_of(wanted, own)
        return None if fits else Rejection(Rule.SIZE, f"makes {own}")
    made = made_of(fixed, need.ratio if in_any_shape else None)
    return None if wanted in (fixed, made) else Rejection(Rule.SIZE, f"makes {made[0]}x{made[1]}")


def length(request: Request, offer: Offer) -> Rejection | None:
    """Seconds of a clip; an offer that is fixed to a length makes no longer ones."""
    wanted, most = request.need.seconds, longest(offer)
    if wanted is None or most is None or wanted <= most:
        return None
    return Rejection(Rule.SECONDS, f"at most {most:g} s")


def longest(offer: Offer) -> float | None:
    """Longest clips that an offer makes, in seconds, where that is known."""
    fixed = seconds_of(offer.settings)
    return offer.capabilities.longest if fixed is None else fixed


def sound(request: Request, offer: Offer) -> Rejection | None:
    """Sound is asked for outright, so unknown is no; an offer may be fixed to it, or to none."""
    fixed = offer.settings.get("audio")
    has = fixed if isinstance(fixed, bool) else offer.capabilities.audio
    if not request.need.audio or has:
        return None
    known = has is False
    return Rejection(Rule.AUDIO, "no sound" if known else "sound unknown")


def count(request: Request, offer: Offer) -> Rejection | None:
    """How many at a time, where they are to be one call."""
    most = offer.capabilities.max_outputs
    if most is None or request.need.separately or request.need.n <= most:
        return None
    return Rejection(Rule.OUTPUTS, f"at most {most} a call")


def negative(request: Request, offer: Offer) -> Rejection | None:
    """A negative prompt is given outright, so unknown is no."""
    if not request.need.negative or offer.capabilities.negative_prompt:
        return None
    known = offer.capabilities.negative_prompt is False
    return Rejection(
        Rule.NEGATIVE_PROMPT, "takes none" if known else "unknown whether it takes one"
    )


def speaks(request: Request, offer: Offer) -> Rejection | None:
    """Language of the prompt, where the offer lists its own; one that cannot be told is no."""
    language, spoken = request.language, offer.capabilities.languages
    if spoken is None or (language is not None and primary(language) in spoken):
        return None
    return Rejection(
        Rule.LANGUAGE, f"prompts in {', '.join(spoken)} only, this one is {_told(language)}"
    )


def _told(language: str | None) -> str:
    return language or "in a language that cannot be told"


def rights(request: Request, offer: Offer) -> Rejection | None:
    """Rights that the policy requires must be known to hold."""
    policy, held = request.policy, offer.rights
    if policy.require_commercial_use and held.commercial_use is not True:
        known = held.commercial_use is False
        return Rejection(Rule.RIGHTS, f"commercial use {'not allowed' if known else 'unknown'}")
    if policy.forbid_training_on_inputs and held.trains_on_inputs is not False:
        known = held.trains_on_inputs is True
        return Rejection(Rule.RIGHTS, "trains on inputs" if known else "training on inputs unknown")
    if policy.regions and held.region not in policy.regions:
        return Rejection(Rule.RIGHTS, f"region {held.region or 'unknown'}")
    return None


def certificate(request: Request, offer: Offer) -> Rejection | None:
    """Certified for the tier in every plausible category."""
    if not request.places:
        return Rejection(Rule.NOT_JUDGED, f"no category is judged on {request.modality}s")
    for (category, modality, tier), standings in request.places:
        standing = standings.get(offer.id)
        if standing is None:
            return Rejection(Rule.NOT_JUDGED, f"no verdict for {tier} in {category}, {modality}")
        if standing.ruling == "certified":
            continue
        if standing.reason == "provisional" and request.policy.allow_provisional:
            continue
        rule, why = uncertified(standing, tier)
        return Rejection(rule, f"{category}: {why}")
    return None


def uncertified(standing: Standing, tier: str) -> tuple[Rule, str]:
    """What a verdict that is no certificate counts as, and why, in words."""
    if standing.ruling == "undecided":
        # 0 in a file is no number that could be asked for
        needed = lacking(standing.reason, standing.more_prompts or None, standing.bound)
        return Rule.UNDECIDED, needed
    share = "an unknown share" if standing.upper is None else f"up to {standing.upper:.0%}"
    return Rule.NOT_CERTIFIED, f"{share} may fall short of {tier}"


def coverage(request: Request, offer: Offer) -> Rejection | None:
    """What a certificate is about: its dates, languages and challenges."""
    language = request.language
    for (category, _, _), standings in request.places:
        standing = standings[offer.id]
        if (
            request.policy.lapsed == "reject"
            and standing.valid_until is not None
            and standing.valid_until < request.today
        ):
            return Rejection(Rule.LAPSED, f"{category}: valid until {standing.valid_until}")
        spoken = standing.languages
        if spoken is not None and language not in spoken:
            judged = ", ".join(sorted(spoken))
            return Rejection(
                Rule.LANGUAGE_NOT_COVERED,
                f"{category}: judged in {judged}, this one is {_told(language)}",
            )
        missing = [t for t in request.challenges if t not in (standing.tags or ())]
        if missing:
            return Rejection(Rule.TAG_NOT_COVERED, f"{category}: not judged on {missing[0]}")
    return None


def price(request: Request, offer: Offer) -> Rejection | None:
    """Under a ceiling: a price that is known, new enough and low enough."""
    ceiling = request.need.max_price_nanousd
    if ceiling is None:
        return None
    found = request.price_of(offer.id)
    if found is None:
        return Rejection(Rule.PRICE_UNKNOWN, "no price for this request")
    age = request.price_age(offer.id)
    if age is None or age > request.policy.max_price_age_days:
        old = "of unknown age" if age is None else f"{age:g} days old"
        return Rejection(Rule.PRICE_STALE, f"{dollars(found)}, {old}")
    if found > ceiling:
        return Rejection(Rule.BUDGET, f"{dollars(found)} is over {dollars(ceiling)}")
    return None


def speed(request: Request, offer: Offer) -> Rejection | None:
    """A latency that is needed must be known to hold."""
    for name, limit in request.latency_limits:
        seen = getattr(request.latency_of(offer.id), f"{name}_s")
        if seen is None:
            return Rejection(Rule.LATENCY_UNKNOWN, f"{name} unknown")
        if seen > limit:
            return Rejection(Rule.LATENCY, f"{name} {seen:g} s is over {limit:g} s")
    return None


ALL: tuple[Check, ...] = (
    named, sold, answering, makes, shape, size, length, sound, count, negative, speaks, rights,
    certificate, coverage, price, speed,
)  # fmt: skip
EVIDENCE: frozenset[Check] = frozenset({certificate, coverage})
SHAPE: frozenset[Check] = frozenset({makes, speaks, rights, certificate, coverage})
"""Those that depend on nothing but the shape of a request (`qfloor.router.shapes`)."""


def relevant(request: Request) -> tuple[Check, ...]:
    """Rules that could object and that the shape of the request does not tell, in order."""
    if request.checks is None:
        request.checks = _checks(request)
    return request.checks


def _checks(request: Request) -> tuple[Check, ...]:
    need = request.need
    matters = (
        bool(need.only or need.ignore), bool(request.db.perishable), request.health is not None,
        need.ratio is not None, need.pixels is not None or need.resolution is not None,
        need.seconds is not None,
        bool(need.audio), need.n > 1, bool(need.negative), need.max_price_nanousd is not None,
        bool(request.latency_limits),
    )  # fmt: skip
    return _relevant(matters)


@cache
def _relevant(matters: tuple[bool, ...]) -> tuple[Check, ...]:
    asked = (
        named, sold, answering, shape, size, length, sound, count, negative, price, speed,
    )  # fmt: skip
    return tuple(check for check, does in zip(asked, matters, strict=True) if does)


def first_rejection(
    request: Request, offer: Offer, checks: tuple[Check, ...] = ALL
) -> Rejection | None:
    """The first objection, or None when the offer is eligible."""
    for check in checks:
        found = check(request, offer)
        if found is not None:
            return found
    return None
