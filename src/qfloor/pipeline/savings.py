"""What a team would pay with the router in place of what it pays now, net of measuring.

Nothing here is a constant: prices are the release's or the team's own, and where each request goes
is what `choose` decides for its prompt. What no offer is certified for stays where it is bought
today, at today's price.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from qfloor import export, router, stats
from qfloor.errors import InputError
from qfloor.meant import offer_meant
from qfloor.pipeline.replaying import mix_rate, requests, spoken
from qfloor.pipeline.workloads import Workload, price_rules
from qfloor.prices import nanousd, usd
from qfloor.router.replay import ROUTED, Answered, Replay, replay
from qfloor.router.request import Request

LOCKED = "best single"  # how a replay calls who buys everything from one offer


@dataclass(frozen=True, kw_only=True)
class MixRow:
    """Requests of one category and tier that go to one offer, and why.

    ``read_as`` is the category they were decided by, where that is another than they are of: what
    is certified there need not be certified here. ``several`` are plausible categories with their
    own among them, ``several others`` without it.
    """

    category: str
    read_as: str | None
    tier: str
    offer: str
    cause: str
    requests: Fraction
    share: float
    each_nanousd: int | None
    spend_nanousd: int | None


@dataclass(frozen=True, kw_only=True)
class MonthlySavings:
    """A month before and after, with what the measurement behind it costs.

    ``after_nanousd`` has in it what stays as it is (``stays``). ``measured_nanousd`` is what the
    release's outputs cost, ``needed_nanousd`` those of the categories this workload asks for, at
    the release's prices;
    ``break_even`` is the requests a month from which on routing pays for the latter, None when it
    never does.
    """

    workload: Workload
    release: str
    volume: int
    before_nanousd: int
    after_nanousd: int
    stays: Fraction
    mix: tuple[MixRow, ...]
    fails_before: stats.MixtureRate | None
    fails_after: stats.MixtureRate | None
    measured_nanousd: int
    needed_nanousd: int
    break_even: int | None
    remarks: tuple[str, ...]

    @property
    def saved_nanousd(self) -> int:
        """A month, before measuring is paid."""
        return self.before_nanousd - self.after_nanousd

    @property
    def saved_share(self) -> float | None:
        """Share of what is paid now."""
        return self.saved_nanousd / self.before_nanousd if self.before_nanousd else None

    @property
    def measuring_nanousd(self) -> int:
        """What measuring costs a month: declared by the workload, else this workload's part."""
        declared = self.workload.benchmark_nanousd
        whole = self.needed_nanousd if declared is None else declared
        return round(whole / self.workload.months)

    @property
    def net_nanousd(self) -> int:
        """Saved a month after measuring is paid; negative when it is not."""
        return self.saved_nanousd - self.measuring_nanousd


def monthly_savings(
    db: router.Database, workload: Workload, *, now: str | None = None
) -> MonthlySavings:
    """Route a month of requests and set its cost against what is paid today.

    Parameters
    ----------
    db : Database
    workload : Workload
    now : str, optional
        Day to decide for; by default today.

    Returns
    -------
    MonthlySavings

    Raises
    ------
    InputError
        When the workload names an offer that the database does not know or price.
    """
    rules = price_rules(workload, db.prices)
    if workload.offer is not None and workload.offer not in db.offers:
        hint = offer_meant(workload.offer, db.offers)
        raise InputError(
            f"workload {workload.name}: {db.path} knows no offer {workload.offer!r}{hint}"
        )
    policy = router.Policy(**workload.policy)  # type: ignore[arg-type]
    found = replay(
        db, workload.requests, policy=policy, prices=router.PriceFeed(rules=rules), now=now,
        locked=workload.offer,
    )  # fmt: skip
    before, each = _before(workload, found)
    stays = found.asked - found.outcome(ROUTED).requests
    routed = found.outcome(ROUTED)
    if routed.unpriced:
        raise InputError(
            f"workload {workload.name}: {requests(routed.unpriced, 'goes', 'go')} to offers whose "
            f"price {db.path} does not know; say what you pay in [prices]"
        )
    kept = stays * each
    if workload.flat_nanousd is not None and stays:
        kept = Fraction(workload.flat_nanousd)  # a subscription is not cancelled in part
    after = round(routed.spend_nanousd + kept)
    measured, needed = _measuring(db, found)
    declared = workload.benchmark_nanousd
    cost = Fraction(needed if declared is None else declared) / Fraction(workload.months)
    return MonthlySavings(
        workload=workload,
        release=f"{db.name} {db.round}",
        volume=workload.volume,
        before_nanousd=before,
        after_nanousd=after,
        stays=stays,
        mix=tuple(_mix(found)),
        fails_before=None if workload.offer is None else mix_rate(found, found.outcome(LOCKED)),
        fails_after=mix_rate(found, routed),
        measured_nanousd=measured,
        needed_nanousd=needed,
        break_even=_break_even(cost, before - after, workload.volume),
        remarks=(*_unjudged(db, found.answered), *_remarks(db, workload, found, before, after)),
    )


def _before(workload: Workload, found: Replay) -> tuple[int, Fraction]:
    """What a month costs now, and what one request does."""
    if workload.flat_nanousd is not None:
        return workload.flat_nanousd, Fraction(workload.flat_nanousd) / found.asked
    if workload.each_nanousd is not None:
        return round(workload.each_nanousd * found.asked), Fraction(workload.each_nanousd)
    total = Fraction(0)
    for answered in found.answered:
        price = answered.decision.request.price_of(str(workload.offer))
        if price is None:
            raise InputError(
                f"workload {workload.name}: the price of {workload.offer!r} is not known; say "
                "what you pay in [prices], or usd_each in [now]"
            )
        total += price * Fraction(answered.asked.count)
    return round(total), total / found.asked


def _mix(found: Replay) -> Iterable[MixRow]:
    rows: dict[tuple[str, str, str, str, str, int | None], Fraction] = defaultdict(Fraction)
    for a in found.answered:
        if a.decision.offer is not None:
            category, _, tier = a.place
            price = a.decision.price_nanousd
            key = category, _read_as(a), tier, a.decision.offer, a.decision.cause.value, price
            rows[key] += Fraction(a.asked.count)
    ordered = sorted(rows.items(), key=lambda row: (-(row[0][5] or 0), -row[1], row[0][:5]))
    for (category, read_as, tier, offer, cause, each), count in ordered:
        yield MixRow(
            category=category, read_as=read_as or None, tier=tier, offer=offer, cause=cause,
            requests=count, share=float(count / found.asked), each_nanousd=each,
            spend_nanousd=None if each is None else round(each * count),
        )  # fmt: skip


def _read_as(a: Answered) -> str:
    """What a request was decided as, where that is not what it is; nothing where it is."""
    category, plausible = a.place[0], a.decision.classification.plausible
    if len(plausible) > 1:
        return "several" if category in plausible else "several others"
    return "" if category in plausible else ", ".join(plausible)


def by_price(found: MonthlySavings) -> dict[int, float]:
    """Share of requests by what one costs, dearest first; what stays is not among them."""
    shares: dict[int, float] = defaultdict(float)
    for row in found.mix:
        if row.each_nanousd is not None:
            shares[row.each_nanousd] += row.share
    return dict(sorted(shares.items(), reverse=True))


def _measuring(db: router.Database, found: Replay) -> tuple[int, int]:
    """What the release's outputs cost by its ledger, and those of the categories asked for.

    These at the release's prices: whoever measures buys no output at what this team pays.
    """
    rows = export.read(Path(db.path))
    spent = sum(row["amount_nanousd"] for row in rows.get("spending", []))
    like = {a.place[:2]: _at_list_prices(a.decision.request) for a in found.answered}
    needed = 0
    for row in rows["floors"]:
        request = like.get((row["category"], row["modality"]))
        mine = row["kind"] == "delivered" and row["quality"] == db.primary_quality
        if mine and request is not None:
            needed += row["n_outputs"] * (request.price_of(row["offer_id"]) or 0)
    return spent, needed


def _at_list_prices(asked: Request) -> Request:
    """A request without the prices of a team."""
    db, need, policy = asked.db, asked.need, asked.policy
    return Request(db, need, policy, None, asked.health, asked.now, asked.classification)


def _break_even(cost: Fraction, saved: int, volume: int) -> int | None:
    """Requests a month from which on savings pay for measuring."""
    if saved <= 0 or not volume:
        return None
    return math.ceil(cost * volume / saved)


def _unjudged(db: router.Database, answered: Iterable[Answered]) -> Iterable[str]:
    """Say which prompts of suites are of categories that the release has nothing to say of."""
    strange: dict[str, Fraction] = defaultdict(Fraction)
    for a in answered:
        if a.asked.category and a.asked.category not in db.categories:
            strange[a.asked.category] += Fraction(a.asked.count)
    if strange:
        listed = ", ".join(f"{name} {spoken(n)}" for name, n in sorted(strange.items()))
        told = requests(sum(strange.values(), Fraction(0)), "is", "are")
        yield (
            f"{told} of categories that the release does not judge ({listed}): how often what they "
            "get falls short is not known"
        )


def _remarks(
    db: router.Database, workload: Workload, found: Replay, before: int, after: int
) -> Iterable[str]:
    if found.unsure:
        yield (
            f"{requests(found.unsure, 'could', 'could')} be of several categories and "
            f"{'takes' if found.unsure == 1 else 'take'} what is certified in each of them"
        )
    misread = _misread(db, found.answered)
    if misread:
        yield (
            f"{requests(misread, 'is', 'are')} read as another category than they were drawn from: "
            "what is certified there need not be certified for them"
        )
    if workload.reference is None:
        return
    reference = workload.reference
    told = reference.before_nanousd, reference.after_nanousd
    case = f"{usd(told[0])} to {usd(told[1])} ({1 - told[1] / told[0]:.0%})"
    saved = f" ({1 - after / before:.0%})" if before else ""
    ours = f"{usd(before)} to {usd(after)}{saved}"
    yield f"the reference case goes from {case}; here it is {ours}"
    shares: dict[int, Fraction] = defaultdict(Fraction)
    for a in found.answered:
        if a.decision.price_nanousd is not None:
            shares[a.decision.price_nanousd] += Fraction(a.asked.count)
    for each, share in reference.mix.items():
        price = nanousd(each)
        mine = float(shares.pop(price, Fraction(0)) / found.asked)
        if abs(mine - share) >= 0.005:
            yield (
                f"at {usd(price, exact=True)} the reference case has {share:.0%} of requests, here "
                f"{mine:.1%}"
            )
    if reference.mix:
        for price, count in sorted(shares.items(), reverse=True):
            yield (
                f"{float(count / found.asked):.1%} of requests cost {usd(price, exact=True)} "
                "here, which the reference case does not have"
            )


def _misread(db: router.Database, answered: Iterable[Answered]) -> Fraction:
    wrong = (
        a
        for a in answered
        if a.asked.category in db.categories and a.decision.category not in (None, a.asked.category)
    )
    return sum((Fraction(a.asked.count) for a in wrong), Fraction(0))
