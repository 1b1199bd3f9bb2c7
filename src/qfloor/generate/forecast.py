"""How long a plan will take under the limits of its accounts, before anything is bought."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qfloor.generate.gate import Account, account_of
from qfloor.generate.plan import CALLS, GenerationPlan
from qfloor.records import Offer, RateLimits


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Seconds that a plan's calls will take, by offer and in all.

    ``by_offer`` is of each offer as if it were alone; None where its latency is not known.
    ``seconds`` is the longest account's, at one attempt a request; it is a lower bound where the
    latency of some offers (``untimed``) is not known.
    """

    seconds: float
    by_offer: Mapping[str, float | None]
    untimed: tuple[str, ...]


def forecast(
    plan: GenerationPlan,
    limits: Callable[[Offer], RateLimits],
    measured: Mapping[str, float],
) -> Forecast:
    """Compute how long a plan's calls will take.

    An account with c places and r calls a minute takes, for n_i calls of l_i seconds each, the
    longest of sum(n_i l_i) / c, 60 sum(n_i) / r and n_i l_i / c_i of each offer i's own places.

    Parameters
    ----------
    plan : GenerationPlan
    limits : callable
        Gives the limits of an offer's account.
    measured : mapping of str to float
        Mean seconds of an output by offer id, as measured before; an offer's declared median
        stands in where there is none.
    """
    calls: Counter[str] = Counter()
    offers: dict[str, Offer] = {}
    for item in plan.items:
        if item.standing.step in CALLS:
            calls[item.request.offer.id] += 1
            offers[item.request.offer.id] = item.request.offer
    by_offer: dict[str, float | None] = {}
    accounts: dict[Account, list[Offer]] = defaultdict(list)
    for offer_id, offer in sorted(offers.items()):
        accounts[account_of(offer)].append(offer)
        by_offer[offer_id] = _alone(offer, calls[offer_id], limits(offer), measured)
    longest = 0.0
    for mine in accounts.values():
        allowed = limits(mine[0])
        work_s = sum(calls[o.id] * (seconds_of(o, measured) or 0.0) for o in mine)
        longest = max(longest, work_s / (allowed.concurrency or float("inf")),
                      _rate_s(sum(calls[o.id] for o in mine), allowed),
                      *(by_offer[o.id] or 0.0 for o in mine))  # fmt: skip
    return Forecast(
        seconds=longest,
        by_offer=by_offer,
        untimed=tuple(name for name, seconds in by_offer.items() if seconds is None),
    )


def seconds_of(offer: Offer, measured: Mapping[str, float]) -> float | None:
    """Seconds an output takes: as measured, else as declared."""
    return measured.get(offer.id, offer.latency_s.get("p50"))


def _alone(
    offer: Offer, n: int, allowed: RateLimits, measured: Mapping[str, float]
) -> float | None:
    each = seconds_of(offer, measured)
    if each is None:
        return None
    places = min(offer.concurrency, allowed.concurrency or offer.concurrency)
    return max(n * each / max(1, places), _rate_s(n, allowed))


def _rate_s(n: int, allowed: RateLimits) -> float:
    if allowed.per_minute is None:
        return 0.0
    return max(0, n - max(1, allowed.burst)) * 60.0 / allowed.per_minute


def said(seconds: float) -> str:
    """A length of time as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
