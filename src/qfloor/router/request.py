"""A need against a database, under a policy, on a day: what the rules and the choice look at."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

from qfloor import prices as money
from qfloor.errors import InputError
from qfloor.records import Offer, PriceRule
from qfloor.router.classification import Classification
from qfloor.router.database import Database, Latency
from qfloor.router.kept import Figures, Judged, Kept, Seen
from qfloor.router.moments import days_old, is_ahead, moment
from qfloor.router.needs import Need
from qfloor.router.places import Place, Standing
from qfloor.router.policy import HealthFeed, OfferHealth, Policy, PriceFeed
from qfloor.router.resolutions import fixed_to, pixels_of, seconds_of

CHALLENGES = frozenset({"count", "text", "group", "hands", "long"})
"""Tags that name a difficulty, which a certificate must cover; others are mere labels."""

DECLARED = "declared"
"""How the source of a price begins that its owner sets and that does not age."""

_UNKNOWN = Latency(None, None, None, None)


class Request:
    """One need and everything it is decided by; built once for each decision."""

    __slots__ = (
        "challenges", "checks", "classification", "db", "feed", "health", "kept", "language",
        "latency_limits", "modality", "need", "now", "policy", "prices", "today",
    )  # fmt: skip

    def __init__(
        self,
        db: Database,
        need: Need,
        policy: Policy,
        prices: PriceFeed | None,
        health: HealthFeed | None,
        now: str,
        classification: Classification,
    ) -> None:
        self.db, self.need, self.policy = db, need, policy
        self.prices, self.health = prices, health
        self.feed = None if prices is None else prices.digest
        self.now, self.today = now, now[:10]
        self.checks: tuple[Any, ...] | None = None  # `qfloor.router.rules.relevant`, once asked
        self.classification = classification
        self.modality = classification.modality
        self.language = classification.language or policy.assumed_language
        self.challenges = tuple([t for t in need.tags if t in CHALLENGES]) if need.tags else ()
        self.latency_limits = () if need.max_latency_s is None else _limits(need, policy)
        key = (
            classification.plausible, self.modality, need.tier, self.language, self.challenges,
            need.n, need.separately, need.by_shape, need.pixels, need.seconds, self.feed,
            policy.digest, self.today if policy.lapsed == "reject" else None, self.asked_tokens,
        )  # fmt: skip
        kept: Kept | None = db.shapes.get(key)
        self.kept: Kept = self._keep(key) if kept is None else kept

    def __reduce__(self) -> Any:
        """What it is made of; what is remembered with the release is not handed over."""
        told = (self.db, self.need, self.policy, self.prices, self.health, self.now)
        return Request, (*told, self.classification)

    def _keep(self, key: tuple[Any, ...]) -> Kept:
        """Begin to remember a shape; what shapes of other categories know of offers is shared."""
        db, need, policy = self.db, self.need, self.policy
        places = [(c, self.modality, need.tier) for c in self.classification.plausible]
        judged = tuple([(place, _standings(db, place, policy)) for place in places])
        priced = (
            "figures", self.modality, need.n, need.separately, need.by_shape, need.pixels,
            need.seconds, self.feed, policy.assumed_seconds, policy.assumed_pixels,
            policy.assumed_output_tokens, key[-1],
        )  # fmt: skip
        figures = db.remember_shape(priced, Figures)
        return db.remember_shape(key, lambda: Kept(key, judged, figures))

    @property
    def places(self) -> Judged:
        """Places that the request may belong to, with what the release says of offers there."""
        return self.kept.places

    def price_rule(self, offer_id: str) -> PriceRule | None:
        """The feed's rule, else the release's snapshot."""
        if self.prices is not None and offer_id in self.prices.rules:
            return self.prices.rules[offer_id]
        return self.db.prices.get(offer_id)

    def price_of(self, offer_id: str) -> int | None:
        """Most that the call can cost, in nano-USD; None when it cannot be known."""
        known = self.kept.figures.prices
        if offer_id not in known:
            known[offer_id] = self._price(offer_id)
        return known[offer_id]

    def _price(self, offer_id: str) -> int | None:
        need, clip = self.need, self.modality == "video"
        pixels = self._pixels_of(offer_id)
        seconds = self.seconds_of(self.db.offers[offer_id]) if clip else None
        tokens = self.tokens_of(offer_id)
        key = (self.feed, offer_id, need.n, need.separately, pixels, seconds, tokens)
        return self.db.remember(key, lambda: self._estimate(offer_id, pixels, seconds, tokens))

    def seconds_of(self, offer: Offer) -> float:
        """Length to be priced: the offer's own, or the next that it makes to what is asked for."""
        asked = seconds_of(offer.settings) or self.need.seconds or self.policy.assumed_seconds
        return offer.capabilities.made_at(asked)

    def _pixels_of(self, offer_id: str) -> tuple[int, int]:
        """Size to be priced.

        An offer fixed to a resolution by name makes no less than that. One by the megapixel that
        is fixed to nothing, and is asked for a shape alone, makes its own size, taken for the
        policy's: a small size does not make it cheaper.
        """
        asked, fixed = self.need.pixels, self.db.pixels.get(offer_id)
        if fixed is not None:
            return asked or fixed
        named = fixed_to(self.db.offers[offer_id].settings)
        own = self.policy.assumed_pixels if named is None else pixels_of(named)
        if asked is None:
            return own
        makes_own = named is not None or (self.need.by_shape and self._is_by(offer_id, "megapixel"))
        return own if makes_own and math.prod(own) > math.prod(asked) else asked

    def tokens_of(self, offer_id: str) -> tuple[int, int] | None:
        """Most tokens of the prompt and of what is made, where the price is by the token.

        A prompt has no more tokens than bytes; what is made takes what the offer declares as
        ``output_tokens``, else what the policy assumes. None also where neither says.
        """
        if not self._is_by(offer_id, "token"):
            return None
        asked, need = self.asked_tokens or 0, self.need
        told = self.db.offers[offer_id].settings.get("output_tokens")
        each = told if type(told) is int and told > 0 else self.policy.assumed_output_tokens
        calls = need.n if need.separately else 1
        return None if each is None else (asked * calls, each * need.n)

    @property
    def asked_tokens(self) -> int | None:
        """Most tokens the prompt can be; None where no offer's price depends on them."""
        key = ("by token", self.feed)
        by_token: bool | None = self.db.memo.get(key)
        if by_token is None:
            by_token = self.db.remember(key, self._is_by_token)
        if not by_token:
            return None
        need = self.need
        return len(need.prompt.encode()) + len((need.negative or "").encode())

    def _is_by_token(self) -> bool:
        return any(self._is_by(offer_id, "token") for offer_id in self.db.offers)

    def _is_by(self, offer_id: str, unit: str) -> bool:
        """Whether a unit has a part in its price."""
        rule = self.price_rule(offer_id)
        return rule is not None and any(c.unit == unit for c in rule.components)

    def _estimate(
        self,
        offer_id: str,
        pixels: tuple[int, int],
        seconds: float | None,
        tokens: tuple[int, int] | None,
    ) -> int | None:
        rule = self.price_rule(offer_id)
        if rule is None:
            return None
        calls = self.need.n if self.need.separately else 1
        used = (
            None if tokens is None else {"input": tokens[0] // calls, "output": tokens[1] // calls}
        )
        try:
            found = money.estimate(
                rule,
                images=self.need.n // calls,
                width=pixels[0],
                height=pixels[1],
                seconds=seconds,
                tokens=used,
                settings=self.db.offers[offer_id].settings,
                rates=None if self.prices is None else self.prices.rates,
            )
        except InputError:  # a rule that cannot be evaluated is a price that is not known
            return None
        return None if found is None else found * calls

    def price_age(self, offer_id: str) -> float | None:
        """Days since the price was read; 0 for one that its owner declares, None if unknown."""
        figures = self.kept.figures
        now, known = figures.ages
        if now != self.now:
            known = {}
            figures.ages = self.now, known
        if offer_id not in known:
            known[offer_id] = self._price_age(offer_id)
        return known[offer_id]

    def _price_age(self, offer_id: str) -> float | None:
        rule = self.price_rule(offer_id)
        if rule is None:
            return None
        if rule.source.startswith(DECLARED):
            return 0.0
        return days_old(rule.as_of, self.now)

    def fresh_health(self, offer_id: str) -> OfferHealth | None:
        """Health that is recent enough to mean anything; what is to come was not seen."""
        found = None if self.health is None else self.health.offers.get(offer_id)
        if found is None:
            return None
        age = _seconds_between(found.as_of, self.now)
        if age is None or age > self.policy.max_health_age_s:
            return None
        return None if age == 0 and is_ahead(found.as_of, self.now) else found

    def latency_of(self, offer_id: str) -> Seen:
        """Recent latency where enough requests were seen, else what the release knows."""
        if self.health is not None:
            return self._seen(offer_id)
        known = self.kept.figures.seen
        if offer_id not in known:
            known[offer_id] = self._seen(offer_id)
        return known[offer_id]

    def _seen(self, offer_id: str) -> Seen:
        usual = self.db.latency.get(offer_id, _UNKNOWN)
        health = self.fresh_health(offer_id)
        if health is not None and health.n >= self.policy.min_latency_n:
            before = usual.p95_s if health.usual_p95_s is None else health.usual_p95_s
            return Seen(health.p50_s, health.p95_s, health.n, health.as_of, before, "health feed")
        source = "declared" if usual.n is None else "measured"
        return Seen(*usual, usual.p95_s, source)

    def is_elevated(self, offer_id: str) -> bool:
        """Whether an offer is slower now than its own usual."""
        seen = self.latency_of(offer_id)
        if seen.source != "health feed" or seen.p95_s is None or not seen.usual_p95_s:
            return False
        told = self.health.offers[offer_id].elevated if self.health is not None else None
        return seen.p95_s > self.policy.elevated * seen.usual_p95_s if told is None else told

    def share_shed(self, offer_id: str) -> float | None:
        """Which share of its requests may go elsewhere, where who watches it says so."""
        if self.latency_of(offer_id).source != "health feed" or self.health is None:
            return None
        return self.health.offers[offer_id].shed

    def sheds(self, offer_id: str) -> bool:
        """Whether this very request may go to a faster offer: decided by its words and time."""
        share = self.share_shed(offer_id)
        if share is None:
            return self.is_elevated(offer_id)
        if share <= 0.0:
            return False
        lot = zlib.crc32(f"{offer_id}\n{self.now}\n{self.need.prompt}".encode())
        return lot < share * 2**32

    def is_faster(self, offer_id: str, slow_id: str) -> bool:
        """Whether an offer answers sooner than one that is slow now.

        Where a share is shed, what both are now changes with what they are sent: the other one's
        usual is held against what made the slow one count as slow, and if the other is slow now
        as well it sheds by itself. Else the comparison would turn round with every request.
        """
        seen, slow = self.latency_of(offer_id), self.latency_of(slow_id)
        if self.share_shed(slow_id) is None or slow.usual_p95_s is None:
            return seen.p95_s is not None and slow.p95_s is not None and seen.p95_s < slow.p95_s
        usual = seen.p95_s if seen.usual_p95_s is None else seen.usual_p95_s
        return usual is not None and usual < self.policy.elevated * slow.usual_p95_s

    def is_provisional(self, offer_id: str) -> bool:
        """Whether a metric alone vouches for an offer in any of the plausible categories."""
        if not self.policy.allow_provisional:
            return False
        found = [standings.get(offer_id) for _, standings in self.places]
        return any(s is not None and s.reason == "provisional" for s in found)

    def upper(self, offer_id: str) -> float | None:
        """Worst upper bound of the fail rate over the plausible categories."""
        if len(self.places) == 1:
            standing = self.places[0][1].get(offer_id)
            return None if standing is None else standing.upper
        found = [standings.get(offer_id) for _, standings in self.places]
        bounds = [None if s is None else s.upper for s in found]
        if not bounds or None in bounds:
            return None
        return max(b for b in bounds if b is not None)

    def floor(self, offer_id: str) -> float:
        """Lowest certified quartile over the plausible categories."""
        lows = [
            s.q25_lo for _, standings in self.places if (s := standings.get(offer_id)) is not None
        ]
        known = [low for low in lows if low is not None]
        return min(known) if known and len(known) == len(self.places) else -math.inf

    def usable_cost(self, offer_id: str) -> int | None:
        """What an output that is sure to be good enough costs: expected charge / (1 - bound).

        Of one output, however many are asked for.

        Where a seller charges for refusals, blanks or failures, they are in it; where it does
        not, they are not: the price is taken as often as the release saw outputs charged, for
        each output that its floor counts.
        """
        known = self.kept.usable
        if offer_id not in known:
            known[offer_id] = self._usable_cost(offer_id)
        return known[offer_id]

    def _usable_cost(self, offer_id: str) -> int | None:
        price, upper = self.price_of(offer_id), self.upper(offer_id)
        if price is None or upper is None or upper >= 1.0:
            return None
        return math.ceil(price * self.charged_share(offer_id) / (1.0 - upper) / self.need.n)

    def charged_share(self, offer_id: str) -> float:
        """Charges for each output that counts, at the worst of the plausible categories."""
        rule = self.price_rule(offer_id)
        if rule is None:
            return 1.0
        counts = [s.counts for _, standings in self.places if (s := standings.get(offer_id))]
        key = ("charged", rule.charged_on, tuple(counts))
        return self.db.remember(
            key, lambda: max((_charged(rule.charged_on, c) for c in counts if c), default=1.0)
        )

    def cost(self, offer_id: str) -> int | None:
        """What the policy's objective minimises."""
        if self.policy.objective == "usable_cost":
            return self.usable_cost(offer_id)
        return self.price_of(offer_id)

    def rank(self, offer_id: str) -> tuple[bool, int, float, str]:
        """Cheapest first, unknown prices last; then the higher floor; then the id."""
        cost = self.cost(offer_id)
        return cost is None, cost or 0, -self.floor(offer_id), offer_id


_COUNTED = ("made", "refused", "blank")  # statuses that a delivered floor is about


def _charged(charged_on: tuple[str, ...], counts: str) -> float:
    told: dict[str, int] = json.loads(counts)
    counted = sum(told.get(status, 0) for status in _COUNTED)
    if not counted:
        return 1.0
    return sum(told.get(status, 0) for status in charged_on) / counted


def _limits(need: Need, policy: Policy) -> tuple[tuple[str, float], ...]:
    wish = need.max_latency_s
    if wish is None or wish == "batch":
        return ()
    if wish == "realtime":
        return (("p95", policy.realtime_s),)
    if isinstance(wish, Mapping):
        return tuple(sorted((name, float(limit)) for name, limit in wish.items()))
    return (("p95", float(wish)),)


def _seconds_between(before: str, after: str) -> float | None:
    """Never negative; None when either is no date."""
    try:
        return max(0.0, (moment(after) - moment(before)).total_seconds())
    except ValueError:
        return None


_UNJUDGED = frozenset({"empty", "too_much_missing"})


def _standings(db: Database, place: Place, policy: Policy) -> Mapping[str, Standing]:
    """What the release says of a place; of offers nobody judged only where the policy allows.

    An offer whose prompts were rated, but not its own outputs, has a verdict that says just that.
    """
    judged = db.standings.get(place, {})
    if not policy.allow_provisional:
        return judged
    told = {o: s for o, s in judged.items() if s.reason not in _UNJUDGED}
    return {**judged, **db.provisional.get(place, {}), **told}
