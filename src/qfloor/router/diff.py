"""What changes when one quality database takes the place of another.

Certificates lost and gained and moved prices are read from the two releases alone; with a log of
requests also which decisions change, and what that does to spending. Standard library only.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from qfloor.router.asked import Asked
from qfloor.router.choosing import choose
from qfloor.router.database import Database
from qfloor.router.decision import Decision
from qfloor.router.money import dollars
from qfloor.router.places import Place, Standing
from qfloor.router.policy import Policy, PriceFeed
from qfloor.router.reasons import SAID, Rule
from qfloor.router.rules import uncertified

NOBODY = "nobody"
"""In place of an offer: the request is refused."""


@dataclass(frozen=True, kw_only=True)
class CertificateChange:
    """One certificate that one of the releases has and the other has not; why, as it stands now.

    ``ruling`` and ``reason`` are those of the release; ``why`` says them in words.
    """

    change: str
    offer: str
    category: str
    modality: str
    tier: str
    ruling: str
    reason: str
    upper_before: float | None
    upper_after: float | None
    why: str


@dataclass(frozen=True, kw_only=True)
class PriceChange:
    """An offer whose rule of price differs; amounts as the rules say them."""

    offer: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class DemandChange:
    """A tier that demands something else than before; None where it is not defined."""

    category: str
    modality: str
    tier: str
    before: float | None
    after: float | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """Requests of the log that another offer would serve: from where to where, and the money.

    Money is None where a price is not known, or where nobody serves on one side.
    """

    before: str
    after: str
    category: str
    tier: str
    requests: Fraction
    why: str
    before_nanousd: int | None
    after_nanousd: int | None


@dataclass(frozen=True, kw_only=True)
class LogChange:
    """What a log says of the two releases.

    ``spend_*`` are over requests that both serve at a known price; ``lost`` are served by the old
    release only, ``gained`` by the new one only.
    """

    requests: Fraction
    changed: Fraction
    lost: Fraction
    gained: Fraction
    compared: Fraction
    spend_before_nanousd: int
    spend_after_nanousd: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, kw_only=True)
class DatabaseDiff:
    """All that differs, as far as a router can tell."""

    before: str
    after: str
    comparable: bool
    reads_alike: bool
    offers_gone: tuple[str, ...]
    offers_new: tuple[str, ...]
    certificates: tuple[CertificateChange, ...]
    prices: tuple[PriceChange, ...]
    demands: tuple[DemandChange, ...]
    log: LogChange | None = None

    def certificates_called(self, change: str) -> tuple[CertificateChange, ...]:
        """Those ``lost`` or ``gained``."""
        return tuple(c for c in self.certificates if c.change == change)


def diff(
    old: Database,
    new: Database,
    log: Iterable[Asked] = (),
    *,
    policy: Policy | None = None,
    prices: PriceFeed | None = None,
    now: dt.datetime | dt.date | str | None = None,
) -> DatabaseDiff:
    """Compare two releases, over a log of requests if there is one.

    Parameters
    ----------
    old, new : Database
    log : iterable of Asked
        Requests that both decide.
    policy, prices, now
        As in `qfloor.router.choose`; the same on both sides.

    Returns
    -------
    DatabaseDiff
        ``comparable`` is False where the two judge by different qualities: their certificates
        then mean different things. ``reads_alike`` is False where their classifiers differ: then
        a request may be taken for another category.
    """
    log = tuple(log)
    return DatabaseDiff(
        before=_name(old),
        after=_name(new),
        comparable=old.primary_quality == new.primary_quality,
        reads_alike=_reading(old) == _reading(new),
        offers_gone=tuple(sorted(set(old.offers) - set(new.offers))),
        offers_new=tuple(sorted(set(new.offers) - set(old.offers))),
        certificates=tuple(_certificates(old, new)),
        prices=tuple(_prices(old, new)),
        demands=tuple(_demands(old, new)),
        log=_over(old, new, log, policy, prices, now) if log else None,
    )


def _reading(db: Database) -> tuple[Any, ...]:
    """What a classifier was fitted to; two that differ anywhere differ here."""
    made = db.classifier
    return made.settings, None if made.weights is None else made.weights.fitted


def _name(db: Database) -> str:
    return f"{db.name} {db.round} ({db.digest[:12]})"


def _certificates(old: Database, new: Database) -> Iterable[CertificateChange]:
    for place in sorted({*old.certified, *new.certified}):
        before = old.certified.get(place, frozenset())
        after = new.certified.get(place, frozenset())
        for change, offers in (("lost", before - after), ("gained", after - before)):
            for offer in sorted(offers):
                yield _certificate(change, offer, place, old, new)


def _certificate(
    change: str, offer: str, place: Place, old: Database, new: Database
) -> CertificateChange:
    was = old.standings.get(place, {}).get(offer)
    stands = new.standings.get(place, {}).get(offer)
    category, modality, tier = place
    return CertificateChange(
        change=change,
        offer=offer,
        category=category,
        modality=modality,
        tier=tier,
        ruling="unjudged" if stands is None else stands.ruling,
        reason=_reason(offer, stands, new),
        upper_before=None if was is None else was.upper,
        upper_after=None if stands is None else stands.upper,
        why=_stands(offer, stands, tier, new),
    )


def _stands(offer: str, stands: Standing | None, tier: str, new: Database) -> str:
    if stands is None:
        return _reason(offer, stands, new)
    if stands.ruling == "certified":
        return stands.ruling
    rule, why = uncertified(stands, tier)
    return f"{SAID[rule]}: {why}"


def _reason(offer: str, stands: Standing | None, new: Database) -> str:
    if stands is not None:
        return stands.reason
    return "not judged here" if offer in new.offers else "the offer is gone"


def _prices(old: Database, new: Database) -> Iterable[PriceChange]:
    for offer in sorted(set(old.offers) & set(new.offers)):
        before, after = _amounts(old, offer), _amounts(new, offer)
        if before != after:
            yield PriceChange(offer=offer, before=before, after=after)


def _amounts(db: Database, offer: str) -> str:
    rule = db.prices.get(offer)
    if rule is None:
        return "unknown"
    return " + ".join(f"{c.amount} {c.currency} a {c.unit}" for c in rule.components)


def _demands(old: Database, new: Database) -> Iterable[DemandChange]:
    for place in sorted({*old.demands, *new.demands}):
        before, after = old.demands.get(place), new.demands.get(place)
        if before is None or after is None or before[:2] != after[:2]:
            yield DemandChange(
                category=place[0],
                modality=place[1],
                tier=place[2],
                before=None if before is None else before.value,
                after=None if after is None else after.value,
            )


def _over(
    old: Database,
    new: Database,
    log: tuple[Asked, ...],
    policy: Policy | None,
    prices: PriceFeed | None,
    now: dt.datetime | dt.date | str | None,
) -> LogChange:
    moves: dict[tuple[str, str, str, str, str], list[tuple[Fraction, int | None, int | None]]]
    moves = defaultdict(list)
    total = lost = gained = compared = Fraction(0)
    spend = [Fraction(0), Fraction(0)]
    for asked in log:
        count = Fraction(asked.count)
        was, stands = (
            choose(
                db, asked.need, policy=policy, prices=prices, now=now,
                classification=asked.classification,
            )
            for db in (old, new)
        )  # fmt: skip
        total += count
        lost += count if was.offer is not None and stands.offer is None else 0
        gained += count if was.offer is None and stands.offer is not None else 0
        if was.price_nanousd is not None and stands.price_nanousd is not None:
            compared += count
            spend[0] += was.price_nanousd * count
            spend[1] += stands.price_nanousd * count
        if was.offer != stands.offer:
            key = (
                was.offer or NOBODY, stands.offer or NOBODY,
                asked.category or next(iter(stands.classification.plausible), NOBODY), stands.tier,
                _why(was, stands),
            )  # fmt: skip
            moves[key].append((count, was.price_nanousd, stands.price_nanousd))
    told = [_move(key, rows) for key, rows in moves.items()]
    told.sort(key=lambda m: (-m.requests, m.before, m.after, m.category, m.tier, m.why))
    return LogChange(
        requests=total,
        changed=sum((m.requests for m in told), Fraction(0)),
        lost=lost,
        gained=gained,
        compared=compared,
        spend_before_nanousd=round(spend[0]),
        spend_after_nanousd=round(spend[1]),
        moves=tuple(told),
    )


def _move(
    key: tuple[str, str, str, str, str], rows: list[tuple[Fraction, int | None, int | None]]
) -> Move:
    before, after, category, tier, why = key
    return Move(
        before=before,
        after=after,
        category=category,
        tier=tier,
        requests=sum((count for count, _, _ in rows), Fraction(0)),
        why=why,
        before_nanousd=_sum((count, price) for count, price, _ in rows),
        after_nanousd=_sum((count, price) for count, _, price in rows),
    )


def _sum(rows: Iterable[tuple[Fraction, int | None]]) -> int | None:
    total = Fraction(0)
    for count, price in rows:
        if price is None:
            return None
        total += count * price
    return round(total)


def _why(was: Decision, stands: Decision) -> str:
    """What became of the offer that served before, under the new release."""
    if was.offer is None:
        return "somebody is certified now"
    if was.classification[:3] != stands.classification[:3]:
        return "read as another category"
    if was.offer not in stands.request.db.offers:
        return "the offer is gone"
    row = next(c for c in stands.candidates if c.offer == was.offer)
    if row.rejected_by is None or row.rejected_by is Rule.DEARER:
        mine, other = row.price_nanousd, stands.price_nanousd
        if mine is not None and other is not None and mine != other:
            return f"dearer now: {dollars(mine)} against {dollars(other)}"
        return "another comes first now"
    return f"{SAID[row.rejected_by]}: {row.detail}"
