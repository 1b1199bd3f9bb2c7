"""What a policy would have done with a log of requests, beside what plain rivals would have.

Decisions and money are exact; how often outputs fail is what the release measured of each offer
(`qfloor.router.rates`). Every rival serves the requests that the policy serves, so that rows can be
compared; what the policy refuses is counted by rule. Knows nothing of intervals
(`qfloor.pipeline.replaying`) and buys nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from qfloor.errors import InputError
from qfloor.meant import meant, offer_meant
from qfloor.records import TIERS, PriceRule
from qfloor.router.asked import Asked
from qfloor.router.choosing import choose
from qfloor.router.database import Database
from qfloor.router.decision import Decision
from qfloor.router.eligibility import eligible, fitting
from qfloor.router.policy import Policy, PriceFeed
from qfloor.router.rates import Cell, Rate, measured

Rates = Mapping[Cell, Rate]
Shares = Mapping[str, Fraction]
"""Offers, and which share of a request each would get."""
Rival = Callable[["Answered"], Shares]

ROUTED = "routed"
NO_CATEGORY = "none"
"""In place of a category where a request can be of none that makes what it asks for."""


@dataclass(frozen=True)
class Answered:
    """A request of the log with the decision of the policy that is replayed."""

    asked: Asked
    decision: Decision

    @property
    def place(self) -> tuple[str, str, str]:
        """Category (the true one where known, else the likeliest), modality and tier."""
        decision = self.decision
        likeliest = next(iter(decision.classification.plausible), NO_CATEGORY)
        return self.asked.category or likeliest, decision.modality, decision.tier

    @cached_property
    def fitting(self) -> tuple[str, ...]:
        """Offers that could make it, certified or not, cheapest first."""
        return tuple(sorted(fitting(self.decision.request), key=self._dearness))

    def _dearness(self, offer: str) -> tuple[bool, int, str]:
        price = self.decision.request.price_of(offer)
        return price is None, price or 0, offer


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one policy or rival does with the requests: where they go and what that costs.

    ``cells`` counts requests by what would be bought for them; ``unpriced`` are requests whose
    price is not known and is not in ``spend_nanousd``; ``unmade`` those that would be sent to
    an offer that makes no such thing, and are in nothing else.
    """

    name: str
    told: str
    cells: Mapping[Cell, Fraction]
    spend_by_offer: Mapping[str, Fraction]
    unpriced: Fraction
    unmade: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def requests(self) -> Fraction:
        """How many are served."""
        return sum(self.cells.values(), Fraction(0))

    @property
    def spend_nanousd(self) -> int:
        """What they cost together."""
        return round(sum(self.spend_by_offer.values(), Fraction(0)))

    @property
    def mix(self) -> dict[str, Fraction]:
        """Requests by offer, most first."""
        counts: dict[str, Fraction] = defaultdict(Fraction)
        for (_, _, _, offer), count in self.cells.items():
            counts[offer] += count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A replayed log: the policy's outcome first, then those of its rivals."""

    asked: Fraction
    answered: Sequence[Answered]
    refused: Mapping[str, Fraction]
    unsure: Fraction
    unlike: Fraction
    without_prompt: Fraction
    unknown_offers: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    rates: Rates

    def outcome(self, name: str) -> Outcome:
        """One of them by name."""
        return next(o for o in self.outcomes if o.name == name)

    def fails(self, outcome: Outcome) -> Fraction | None:
        """Requests whose output is expected to fall short; None when any rate is unknown."""
        found = [(self.rates.get(cell), count) for cell, count in outcome.cells.items()]
        if any(rate is None for rate, _ in found):
            return None
        return sum((Fraction(r.rate) * c for r, c in found if r is not None), Fraction(0))

    def below_floor(self, outcome: Outcome) -> Fraction:
        """Requests sent where the measured quartile lies below what the tier demands."""
        return sum(
            (c for cell, c in outcome.cells.items()
             if (rate := self.rates.get(cell)) is not None and not rate.holds),
            Fraction(0),
        )  # fmt: skip


def replay(
    db: Database,
    log: Iterable[Asked],
    *,
    policy: Policy | None = None,
    prices: PriceFeed | Mapping[str, PriceRule] | None = None,
    now: dt.datetime | dt.date | str | None = None,
    table: Mapping[str, str] | None = None,
    locked: str | None = None,
) -> Replay:
    """Decide every request of a log anew, and let rivals decide it.

    Parameters
    ----------
    db : Database
    log : iterable of Asked
    policy, prices, now
        As in `qfloor.router.choose`.
    table : mapping of str to str, optional
        The manual team's: category (or ``category/modality``) to offer. Without one it is made as
        such tables are: in each category the cheapest offer whose *mean* clears the highest tier
        that is asked for there, else the best mean.
    locked : str, optional
        What the locked team buys; by default the best single offer for these requests.

    Returns
    -------
    Replay

    Raises
    ------
    InputError
        When the table or ``locked`` names what the database does not know.
    """
    _check_named(db, table or {}, locked)
    answered = [_answer(db, asked, policy, prices, now) for asked in log]
    served = [a for a in answered if a.decision.offer is not None]
    rates = measured(db)
    outcomes = [_outcome(ROUTED, "what `choose` decides", served, routed)]
    outcomes += [
        _outcome(name, told, served, rival)
        for name, (told, rival) in rivals(served, rates, table, locked).items()
    ]
    refused: Counter[str] = Counter()
    for a in answered:
        if a.decision.offer is None:
            rule = a.decision.binding_rule
            refused["no offers" if rule is None else rule.value] += a.asked.count  # type: ignore[assignment]
    return Replay(
        asked=_total(answered),
        answered=tuple(answered),
        refused={rule: Fraction(n) for rule, n in sorted(refused.items())},
        unsure=_total(a for a in answered if a.decision.category is None),
        unlike=_total(a for a in answered if _unlike(a)),
        without_prompt=_total(a for a in answered if not a.asked.has_prompt),
        unknown_offers=tuple(
            dict.fromkeys(
                a.asked.offer for a in answered if a.asked.offer and a.asked.offer not in db.offers
            )
        ),
        outcomes=tuple(outcomes),
        rates=rates,
    )


def _answer(
    db: Database,
    asked: Asked,
    policy: Policy | None,
    prices: PriceFeed | Mapping[str, PriceRule] | None,
    now: dt.datetime | dt.date | str | None,
) -> Answered:
    decision = choose(
        db, asked.need, prices=prices, policy=policy, now=now, classification=asked.classification
    )
    return Answered(asked, decision)


def _total(answered: Iterable[Answered]) -> Fraction:
    return sum((Fraction(a.asked.count) for a in answered), Fraction(0))


def _unlike(a: Answered) -> bool:
    """Whether the log knows what served, and it was another offer than would serve now."""
    return a.asked.offer is not None and a.asked.offer != a.decision.offer


def _check_named(db: Database, table: Mapping[str, str], locked: str | None) -> None:
    for offer in (*table.values(), *(() if locked is None else (locked,))):
        if offer not in db.offers:
            raise InputError(f"{db.path}: knows no offer {offer!r}{offer_meant(offer, db.offers)}")
    for place in table:
        category = place.partition("/")[0]
        if category not in db.categories:
            hint = meant(category, db.categories)
            raise InputError(f"the table names the category {category!r}{hint}")


def _outcome(name: str, told: str, served: Sequence[Answered], rival: Rival) -> Outcome:
    cells: dict[Cell, Fraction] = defaultdict(Fraction)
    spend: dict[str, Fraction] = defaultdict(Fraction)
    unmade: dict[str, Fraction] = defaultdict(Fraction)
    unpriced = Fraction(0)
    for a in served:
        for offer, share in rival(a).items():
            count = Fraction(a.asked.count) * share
            if not a.decision.request.db.offers[offer].makes(a.decision.modality):
                unmade[offer] += count
                continue
            cells[(*a.place, offer)] += count
            price = a.decision.request.price_of(offer)
            if price is None:
                unpriced += count
            else:
                spend[offer] += price * count
    return Outcome(
        name=name, told=told, cells=dict(cells), spend_by_offer=dict(spend), unpriced=unpriced,
        unmade=dict(unmade),
    )  # fmt: skip


def routed(a: Answered) -> Shares:
    """What `choose` decides takes all of it; a refusal goes to nobody."""
    return {} if a.decision.offer is None else {a.decision.offer: Fraction(1)}


def rivals(
    served: Sequence[Answered],
    rates: Rates,
    table: Mapping[str, str] | None,
    locked: str | None,
) -> dict[str, tuple[str, Rival]]:
    """Name who else could have decided, and how each does."""
    single = _best_single(served, rates) if locked is None else {"image": locked, "video": locked}
    names = ", ".join(dict.fromkeys(single.values()))
    by_hand = "a table by category" if table else "by category, the cheapest good on average"
    fixed = table or _by_mean(served, rates)
    return {
        "oracle": (
            "knows measured rates and true categories, needs no margin", lambda a: _oracle(a, rates)
        ),
        "best single": (
            f"the locked team: {names} for everything",
            lambda a: _only(single.get(a.decision.modality)),
        ),
        "manual table": (
            f"the manual team: {by_hand}",
            lambda a: _only(_by_table(a, fixed)),
        ),
        "random certified": ("any of those eligible, by chance", _random),
        "always cheapest": ("the cheapest that can make it", _cheapest),
    }  # fmt: skip


def _only(offer: str | None = None) -> Shares:
    return {} if offer is None else {offer: Fraction(1)}


def _oracle(a: Answered, rates: Rates) -> Shares:
    """The cheapest whose measured rate holds; where none of a price does, what fails least."""
    known = [(offer, rate) for offer in a.fitting if (rate := rates.get((*a.place, offer)))]
    for offer, rate in known:
        if rate.holds and a.decision.request.price_of(offer) is not None:
            return _only(offer)
    return _only(min(known, key=lambda found: found[1].rate)[0]) if known else _random(a)


def _by_mean(served: Sequence[Answered], rates: Rates) -> dict[str, str]:
    """The table that a leaderboard makes: by category, the cheapest whose mean is good enough."""
    asked: dict[tuple[str, str], Answered] = {}
    for a in served:
        here = asked.setdefault(a.place[:2], a)
        if TIERS.index(a.decision.tier) > TIERS.index(here.decision.tier):
            asked[a.place[:2]] = a
    table: dict[str, str] = {}
    for (category, modality), a in asked.items():
        known = [
            (offer, rate.mean, rate.mean >= rate.threshold)
            for offer in a.fitting
            if (rate := rates.get((*a.place, offer))) and rate.mean is not None
        ]
        fine = [offer for offer, _, good in known if good]
        if known:
            best = max(known, key=lambda found: found[1])[0]
            table[f"{category}/{modality}"] = fine[0] if fine else best
    return table


def _by_table(a: Answered, table: Mapping[str, str]) -> str | None:
    category, modality, _ = a.place
    return table.get(f"{category}/{modality}", table.get(category))


def _cheapest(a: Answered) -> Shares:
    """Nothing where no price is known: then nothing is the cheapest."""
    priced = (o for o in a.fitting if a.decision.request.price_of(o) is not None)
    return _only(next(priced, None))


def _random(a: Answered) -> Shares:
    """All that are eligible, in equal shares: what chance would serve on average."""
    found = tuple(eligible(a.decision.request)) or _named_only(a)
    return {offer: Fraction(1, len(found)) for offer in found}


def _named_only(a: Answered) -> tuple[str, ...]:
    return () if a.decision.offer is None else (a.decision.offer,)


def _best_single(served: Sequence[Answered], rates: Rates) -> dict[str, str]:
    """By modality, the offer that fails least over these requests; the cheaper of two equals."""
    found: dict[str, str] = {}
    for modality in sorted({a.decision.modality for a in served}):
        mine = [a for a in served if a.decision.modality == modality]
        places: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        for a in mine:
            places[a.place] += Fraction(a.asked.count)
        request = mine[0].decision.request
        offers = [o.id for o in request.db.offers.values() if o.makes(modality)]

        def fails(offer: str, places: Mapping[tuple[str, str, str], Fraction] = places) -> float:
            return sum(
                float(n) * (r.rate if (r := rates.get((*place, offer))) is not None else 1.0)
                for place, n in places.items()
            )

        prices = {offer: request.price_of(offer) for offer in offers}
        if offers:
            found[modality] = min(
                offers,
                key=lambda o: (round(fails(o), 9), prices[o] is None, prices[o] or 0, o),
            )
    return found
