"""What a team decides once: what to optimise, what never to buy, what to do when nothing fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from qfloor.errors import NeedError
from qfloor.records import PriceRule, digest_of
from qfloor.router.moments import moment
from qfloor.router.needs import Need, language_of
from qfloor.router.orders import check_feed, check_health, check_policy

_LATER = (
    "allow_provisional", "assumed_language", "assumed_output_tokens", "labels", "probe_share",
)  # fmt: skip
_LANG = "assumed_language"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


@dataclass(frozen=True, kw_only=True)
class Override:
    """Send what matches to one offer; every condition given must hold.

    Parameters
    ----------
    offer : str
        Where such requests go: any offer of the database.
    project : str, optional
        The need's project.
    tag : str, optional
        One of the need's tags.
    pattern : str, optional
        A regular expression searched for in the prompt, ignoring case.
    """

    offer: str
    project: str | None = None
    tag: str | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        for name in ("offer", "project", "tag", "pattern"):
            value = getattr(self, name)
            if (value is not None or name == "offer") and not _is_text(value):
                raise NeedError(f"an override's {name} is {value!r}, must be text")
        if self.project is None and self.tag is None and self.pattern is None:
            raise NeedError(
                f"the override to {self.offer!r} has no condition; give project, tag or pattern, "
                "or every request goes there"
            )
        if self.pattern is not None:
            try:
                re.compile(self.pattern, re.IGNORECASE)
            except re.error as error:
                raise NeedError(
                    f"the override to {self.offer!r} has pattern {self.pattern!r}, which is no "
                    f"regular expression: {error}"
                ) from error

    def matches(self, need: Need) -> bool:
        """Whether a need is meant."""
        return (
            (self.project is None or self.project == need.project)
            and (self.tag is None or self.tag in need.tags)
            and (
                self.pattern is None
                or re.search(self.pattern, need.prompt, re.IGNORECASE) is not None
            )
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Standing orders for `choose`.

    Parameters
    ----------
    objective : {"price", "usable_cost"}
        What cheapest means: the price of a call, or that price over the share of outputs that
        is sure to be good enough (1 - upper bound of the fail rate).
    on_uncertified : str
        When nothing is eligible: ``refuse``, ``default:<offer>``, or ``best_bound`` (the lowest
        upper bound of the fail rate among those that fit otherwise).
    overrides : tuple of Override
        First match wins; a need's own ``pin`` goes before.
    speed_surcharge : float
        Largest share more to pay for another offer while the cheapest is slower than its usual.
    elevated : float
        Slower than usual means a 95th percentile above this many times the usual one.
    min_latency_n : int
        Fewer requests than this in the window say nothing.
    max_price_age_days : float
        An older price is out under a ceiling; whole days in UTC, from the day it was read. Prices
        declared by their owner never age.
    max_health_age_s : float
        Older health is unknown, and the database's own latency counts.
    realtime_s : float
        What ``realtime`` demands of the 95th percentile.
    assumed_seconds, assumed_pixels
        What a price is estimated for when neither need nor offer says how long or how large. The
        gateway asks for a shape and not for a size: an offer by the megapixel that is fixed to no
        size is priced for this, or for the size asked for where that is larger.
    require_commercial_use, forbid_training_on_inputs, regions
        Rights that must be known to hold; unknown is not permission.
    assumed_output_tokens : int, optional
        What a picture or clip is estimated to take where its price is by the token and the offer
        does not declare ``output_tokens``; without it such a price is unknown. A prompt is priced
        at a token a byte, as it has no more.
    labels : tuple of str
        Tags of your own that are spelt nearly as a challenge is (``hand``, ``County``): any other
        such tag is taken for a slip, and is an error. Tags of overrides are yours as they are.
    probe_share : float
        Largest share of requests that may go to an offer whose latency is not known any more.
    lapsed : {"note", "reject"}
        What becomes of a verdict past its ``valid_until``.
    allow_illustrative : bool
        Route by an example database all the same.
    allow_provisional : bool
        Also choose among offers that no person judged, where a metric's floor clears the tier.
        The metric learned from ratings of *other* offers, and that often does not carry over.
    assumed_language : str, optional
        What a request is taken to be in whose language can not be told: ``en`` where a team writes
        English. Without it no certificate covers such a request that lists its languages.
    """

    objective: Literal["price", "usable_cost"] = "price"
    on_uncertified: str = "refuse"
    overrides: tuple[Override, ...] = ()
    speed_surcharge: float = 0.2
    elevated: float = 1.5
    min_latency_n: int = 20
    max_price_age_days: float = 7.0
    max_health_age_s: float = 900.0
    realtime_s: float = 10.0
    assumed_seconds: float = 5.0
    assumed_pixels: tuple[int, int] = (1024, 1024)
    assumed_output_tokens: int | None = None
    labels: tuple[str, ...] = ()
    probe_share: float = 0.01
    require_commercial_use: bool = False
    forbid_training_on_inputs: bool = False
    regions: tuple[str, ...] = ()
    lapsed: Literal["note", "reject"] = "note"
    allow_illustrative: bool = False
    allow_provisional: bool = False
    assumed_language: str | None = None

    def __post_init__(self) -> None:
        check_policy(self)
        if self.objective not in ("price", "usable_cost"):
            raise NeedError(f"objective is {self.objective!r}, must be 'price' or 'usable_cost'")
        name, _, offer = self.on_uncertified.partition(":")
        if name not in ("refuse", "default", "best_bound") or (name == "default") != bool(offer):
            raise NeedError(
                f"on_uncertified is {self.on_uncertified!r}, must be 'refuse', 'default:<offer>' "
                "or 'best_bound'"
            )
        if self.lapsed not in ("note", "reject"):
            raise NeedError(f"lapsed is {self.lapsed!r}, must be 'note' or 'reject'")
        if not self.speed_surcharge >= 0 or not self.elevated >= 1:
            raise NeedError("speed_surcharge must be at least 0 and elevated at least 1")
        if not self.assumed_seconds > 0 or not self.realtime_s > 0:
            raise NeedError("assumed_seconds and realtime_s must be above 0")
        if not 0 <= self.probe_share <= 1:
            raise NeedError(f"probe_share is {self.probe_share!r}, must be from 0 to 1")
        if self.assumed_output_tokens is not None and self.assumed_output_tokens < 1:
            raise NeedError("assumed_output_tokens must be above 0")
        if self.assumed_language is not None:
            object.__setattr__(self, "assumed_language", language_of(self.assumed_language, _LANG))

    @property
    def default(self) -> str | None:
        """The offer of ``default:<offer>``."""
        return self.on_uncertified.partition(":")[2] or None

    @cached_property
    def digest(self) -> str:
        """Names the policy in decisions."""
        plain = {k: v for k, v in vars(self).items() if k != "digest"}
        for name in _LATER:  # policies from before there was such a thing keep theirs
            if plain[name] == type(self).__dataclass_fields__[name].default:
                del plain[name]
        return digest_of(plain, 16)


@dataclass(frozen=True, kw_only=True)
class PriceFeed:
    """Prices newer than the database's: rules by offer id, and USD rates of other currencies."""

    rules: Mapping[str, PriceRule]
    rates: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_feed("prices", self.rules, PriceRule)

    @cached_property
    def digest(self) -> str:
        """Names the feed in decisions."""
        return digest_of({"rules": self.rules, "rates": self.rates}, 16)


@dataclass(frozen=True, kw_only=True)
class OfferHealth:
    """How one offer fares now: a recent window, and its own usual 95th percentile.

    ``elevated`` and ``shed`` are the word of who watches (`qfloor.router.health`): whether it is
    slow, decided so that it does not flap, and which share of its requests may go to a faster
    offer meanwhile. Where they are None the policy's ``elevated`` decides, for all requests.
    """

    as_of: str
    available: bool = True
    p50_s: float | None = None
    p95_s: float | None = None
    n: int = 0
    usual_p95_s: float | None = None
    elevated: bool | None = None
    shed: float | None = None

    def __post_init__(self) -> None:
        check_health(self)


@dataclass(frozen=True, kw_only=True)
class HealthFeed:
    """Health by offer id."""

    offers: Mapping[str, OfferHealth]

    def __post_init__(self) -> None:
        check_feed("health", self.offers, OfferHealth)

    @cached_property
    def digest(self) -> str:
        """Names the feed in decisions."""
        return digest_of(self.offers, 16)

    @cached_property
    def latest(self) -> str | None:
        """The newest of its times; None where it has none."""
        return max((h.as_of for h in self.offers.values()), key=moment, default=None)
