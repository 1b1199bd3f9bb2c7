"""Choose the cheapest offer that is certified for a need: pure, deterministic, explained.

The order of the rules is that of `qfloor.router.rules`; here is what happens before (pins and
overrides, classification) and after them (the cheapest, a surcharge for speed, what to do when
nothing is eligible).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from qfloor.errors import IllustrativeDatabaseError, NeedError
from qfloor.meant import meant, offer_meant
from qfloor.records import PriceRule
from qfloor.router import rules
from qfloor.router.classification import Classification
from qfloor.router.concluding import decide, keep, kept
from qfloor.router.database import Database
from qfloor.router.decision import Decision
from qfloor.router.eligibility import eligible, uncertified
from qfloor.router.languages import STATE_IT
from qfloor.router.moments import is_ahead, moment
from qfloor.router.needs import Need
from qfloor.router.policy import HealthFeed, OfferHealth, Policy, PriceFeed
from qfloor.router.reasons import Cause, Rule
from qfloor.router.request import CHALLENGES, Request

_DEFAULT = Policy()
_OF_THE_DAY = ((), (rules.sold,))
"""Rules that may be asked of requests whose shape and day alone decide."""
_IN_OTHER_WORDS = frozenset({rules.sold, rules.answering})
"""Rules that may be asked of requests whose words do not matter to any."""
_DAY_S, _ROUNDED_S = 86_400.0, 0.001
"""Seconds of a day; and more than what is lost where moments are told as floats."""


def classify(db: Database, need: Need, category: str | None = None) -> Classification:
    """Say which category a need belongs to, or which it may.

    Parameters
    ----------
    db : Database
        Its categories, and its classifier's weights.
    need : Need
    category : str, optional
        Where it is known already; language and modality are then all that is read.

    Returns
    -------
    Classification
        For `choose`.

    Raises
    ------
    NeedError
        When the database has no such category, or either is something else.
    """
    if not isinstance(db, Database) or not isinstance(need, Need):
        raise NeedError(_misgiven(db, need))
    if category is not None and category not in db.categories:
        hint = meant(category, db.categories, cutoff=0.4)
        raise NeedError(f"there is no category {category!r}{hint}")
    found = db.classifier.classify(need)
    if category is None:
        return found
    made = db.categories[category].modalities
    modality = need.modality or (found.modality if found.modality in made else made[0])
    return found._replace(
        category=category, confidence=1.0, plausible=(category,), evidence=(), modality=modality
    )


def choose(
    db: Database,
    need: Need,
    *,
    prices: PriceFeed | Mapping[str, PriceRule] | None = None,
    health: HealthFeed | Mapping[str, OfferHealth] | None = None,
    policy: Policy | None = None,
    now: dt.datetime | dt.date | str | None = None,
    classification: Classification | None = None,
) -> Decision:
    """Choose an offer for a need.

    Parameters
    ----------
    db : Database
    need : Need
    prices : PriceFeed or mapping of offer id to PriceRule, optional
        Newer than the database's snapshot.
    health : HealthFeed or mapping of offer id to OfferHealth, optional
        Who answers now, and how fast.
    policy : Policy, optional
        Standing orders; the default refuses rather than serve what is not certified.
    now : datetime, date or ISO 8601 text, optional
        By default the clock's day, or its second when ``health`` is given.
    classification : Classification, optional
        One that was made before, where the prompt shall not or can not be read again. A language
        that the need states goes before the one in it.

    Returns
    -------
    Decision
        Equal inputs give equal decisions, byte for byte in `Decision.to_dict`.

    Raises
    ------
    IllustrativeDatabaseError
        When the database is an example and the policy does not allow that.
    NeedError
        When need or policy names an offer that the database does not know, or a tag of the need
        is a challenge misspelt; or when an argument is of another type.
    """
    if not isinstance(db, Database) or not isinstance(need, Need):
        raise NeedError(_misgiven(db, need))
    policy = _DEFAULT if policy is None else policy
    if not isinstance(policy, Policy):
        raise NeedError(f"policy must be a Policy, not {type(policy).__name__}")
    if db.illustrative and not policy.allow_illustrative:
        raise IllustrativeDatabaseError(
            f"{db.path}: is an example and not a measurement; allow it in the policy to route by it"
        )
    _check_names(db, need, policy)
    if need.tags:
        _check_tags(need, policy)
    request = Request(
        db,
        need,
        policy,
        prices if prices is None or isinstance(prices, PriceFeed) else PriceFeed(rules=prices),
        health if health is None or isinstance(health, HealthFeed) else HealthFeed(offers=health),
        _moment(now, exact=health is not None),
        _classified(db, need, classification),
    )
    if need.pin is not None:
        return _pinned(request, need.pin, Cause.PINNED)
    for override in policy.overrides:
        if override.matches(need):
            return _pinned(request, override.offer, Cause.OVERRIDDEN)
    return _routed(request)


def _misgiven(db: Any, need: Any) -> str:
    if not isinstance(db, Database):
        return f"db must be a Database, as load(path) returns it, not {type(db).__name__}"
    return f"need must be a Need, such as Need(prompt='a red mug'), not {type(need).__name__}"


def _classified(db: Database, need: Need, made: Classification | None) -> Classification:
    return db.classifier.classify(need) if made is None else made.as_stated(need.language)


def _check_names(db: Database, need: Need, policy: Policy) -> None:
    """Every offer that is named must be known: a misspelt one would be ignored in silence."""
    if need.pin is None and not (need.only or need.ignore or policy.overrides or policy.default):
        return
    named: list[tuple[str, Iterable[str | None]]] = [
        ("pin", (need.pin,)),
        ("only", need.only),
        ("ignore", need.ignore),
        *(
            (f"the policy's override {i}", (override.offer,))
            for i, override in enumerate(policy.overrides, 1)
        ),
        ("the policy's on_uncertified", (policy.default,)),
    ]
    for where, offers in named:
        for offer in offers:
            if offer is None or offer in db.offers:
                continue
            hint = offer_meant(offer, db.offers)
            raise NeedError(f"{where}: the database knows no offer {offer!r}{hint}")


def _check_tags(need: Need, policy: Policy) -> None:
    """A challenge that is misspelt would be a label, which no certificate need cover."""
    own = {*CHALLENGES, *policy.labels, *(o.tag for o in policy.overrides)}
    for tag in need.tags:
        meant = None if tag in own else _challenge_like(tag.strip().lower())
        if meant is not None:
            raise NeedError(
                f"tags: no challenge is called {tag!r}; did you mean {meant!r}? A label of your "
                "own that is spelt so goes into the policy's labels"
            )


@lru_cache(maxsize=1024)
def _challenge_like(name: str) -> str | None:
    """The challenge that a word is most likely meant for: a letter off, or two changed places."""
    if name in CHALLENGES:
        return name
    if not name.isalpha():
        return None
    for challenge in sorted(CHALLENGES):
        if sorted(name) == sorted(challenge):
            return challenge
    import difflib  # for a mistake only

    return next(iter(difflib.get_close_matches(name, sorted(CHALLENGES), n=1, cutoff=0.85)), None)


def _moment(now: dt.datetime | dt.date | str | None, *, exact: bool) -> str:
    if now is None:
        read = dt.datetime.now(dt.UTC)
        return read.isoformat(timespec="seconds") if exact else read.date().isoformat()
    if isinstance(now, str):
        return _written(now)
    if isinstance(now, dt.datetime):
        known = now if now.tzinfo else now.replace(tzinfo=dt.UTC)
        return (known if known.tzinfo is dt.UTC else known.astimezone(dt.UTC)).isoformat()
    if isinstance(now, dt.date):
        return now.isoformat()
    raise NeedError(_NO_MOMENT.format(now))


_NO_MOMENT = "now is {!r}, must be a day or time such as 2026-11-24"


@lru_cache(maxsize=256)
def _written(now: str) -> str:
    """A day as it is, a time in UTC."""
    try:
        return dt.date.fromisoformat(now).isoformat()
    except ValueError:
        pass
    try:
        return _moment(dt.datetime.fromisoformat(now), exact=True)
    except ValueError:
        raise NeedError(_NO_MOMENT.format(now)) from None


def _pinned(request: Request, offer_id: str, cause: Cause) -> Decision:
    """Take this offer, certified or not, if it can be bought and fits the need's own limits."""
    checks = tuple(c for c in rules.ALL if c not in rules.EVIDENCE and c is not rules.named)
    offer = request.db.offers[offer_id]
    rejection = rules.first_rejection(request, offer, checks)
    if rejection is not None:
        by = "asked for outright" if cause is Cause.PINNED else "where the policy sends this"
        note = f"{offer_id} is {by}, but: {_advised(request, rejection)}"
        return decide(request, None, Cause.REFUSED_PIN, refused_by=rejection.rule, notes=(note,))
    return decide(request, offer_id, cause, notes=_lacking(request, offer_id))


def _lacking(request: Request, offer_id: str) -> tuple[str, ...]:
    """Why an offer that is served all the same is not certified for this, if it is not."""
    lacking = uncertified(request, offer_id)
    if lacking is None:
        return ()
    return (f"{offer_id} is not certified for this: {_advised(request, lacking)}",)


def _advised(request: Request, found: rules.Rejection) -> str:
    """What a rule found, and what helps where it is a language that nobody could tell."""
    of_language = found.rule in (Rule.LANGUAGE, Rule.LANGUAGE_NOT_COVERED)
    helps = of_language and request.language is None
    return f"{found.detail}; {STATE_IT}" if helps else found.detail


def _routed(request: Request) -> Decision:
    if rules.relevant(request) not in _OF_THE_DAY:
        return _chosen(request)
    decision = kept(request)  # by its shape and the day alone
    if decision is None:
        decision = _chosen(request)
        if decision.cause is Cause.CHEAPEST:
            keep(request, decision)
    return decision


def holds_until(decision: Decision) -> float | None:
    """Until when whatever is asked in other words, and is taken for the same, is decided the same.

    Of the same release, prices, policy and health, of which there is no need to know more.

    Parameters
    ----------
    decision : Decision

    Returns
    -------
    float or None
        Seconds since the epoch, at most to the end of the day in UTC; None where words decide.
    """
    request = decision.request
    if (
        decision.cause is not Cause.CHEAPEST
        or request.policy.overrides  # which may look for words
        or request.asked_tokens is not None
        or not _IN_OTHER_WORDS.issuperset(rules.relevant(request))
    ):
        return None
    midnight = (moment(decision.now).timestamp() // _DAY_S + 1.0) * _DAY_S
    until = midnight if request.health is None else _health_holds_until(request, midnight)
    return None if until is None else until - _ROUNDED_S


def _health_holds_until(request: Request, latest: float) -> float | None:
    """When what is known of an offer's health is too old to count, if that is before ``latest``.

    None where a share of an offer's requests goes elsewhere, which words and moment decide, and
    where something is dated ahead.
    """
    health = request.health
    assert health is not None
    for offer_id, found in health.offers.items():
        if found.shed is not None and 0.0 < found.shed < 1.0:
            return None
        if request.fresh_health(offer_id) is not None:
            old = moment(found.as_of).timestamp() + request.policy.max_health_age_s
            latest = min(latest, old)
        elif is_ahead(found.as_of, request.now):
            return None
    return latest


def _chosen(request: Request) -> Decision:
    # only the first is served, unless it is slow: no need to know more than the next
    stream = eligible(request)
    found = list(islice(stream, 2))
    if not found:
        return _uncertified(request)
    if request.health is not None and request.sheds(found[0]):
        found += stream
    chosen = _fast_enough(request, found)
    runner_up = next((offer for offer in found if offer != chosen), None)
    if chosen == found[0]:
        cause = Cause.PROVISIONAL if request.is_provisional(chosen) else Cause.CHEAPEST
        return decide(request, chosen, cause, runner_up=runner_up)
    paid, least = request.price_of(chosen), request.price_of(found[0])
    surcharge = max(0, paid - least) if paid is not None and least is not None else 0
    slow = "is" if request.is_elevated(found[0]) else "was lately"
    note = f"{found[0]} {slow} slower than its usual"
    cause = Cause.PROVISIONAL if request.is_provisional(chosen) else Cause.FASTER
    return decide(request, chosen, cause, runner_up=runner_up, surcharge=surcharge, notes=(note,))


def _fast_enough(request: Request, found: list[str]) -> str:
    """The cheapest, or a faster one within the surcharge while the cheapest is slow."""
    first = found[0]
    cost = request.cost(first)
    if request.health is None or request.need.max_latency_s == "batch" or cost is None:
        return first
    if not request.sheds(first):
        return first
    for offer in found[1:]:
        other = request.cost(offer)
        if other is None or other > cost * (1.0 + request.policy.speed_surcharge):
            break
        if request.is_faster(offer, first) and not request.sheds(offer):
            return offer
    return first


def _uncertified(request: Request) -> Decision:
    """Nothing is eligible: do what the policy says, and say what would help."""
    policy = request.policy
    checks = tuple(check for check in rules.ALL if check not in rules.EVIDENCE)
    if policy.default is not None:
        offer = request.db.offers[policy.default]
        rejection = rules.first_rejection(request, offer, checks)
        if rejection is None:
            return decide(request, offer.id, Cause.DEFAULT, notes=_lacking(request, offer.id))
        note = f"the default {offer.id} does not fit either: {rejection.detail}"
        return decide(request, None, Cause.REFUSED, notes=(note,))
    if policy.on_uncertified == "best_bound":
        fitting = [
            (bound, request.rank(offer.id), offer.id)
            for offer in request.db.offers.values()
            if rules.first_rejection(request, offer, checks) is None
            and (bound := request.upper(offer.id)) is not None
        ]
        if fitting:
            best = min(fitting)[2]
            return decide(request, best, Cause.BEST_BOUND, notes=_lacking(request, best))
    return decide(request, None, Cause.REFUSED)
