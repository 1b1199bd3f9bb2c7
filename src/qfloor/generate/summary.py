"""How a round stands, offer by offer, as the store knows it: what came, what it cost, how long."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qfloor.records import Status
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class OfferSummary:
    """What a round has of an offer.

    ``billed_nanousd`` is what the ledger says was charged, ``reserved_nanousd`` the most that
    calls whose charge is not known may yet come to. ``p50_s`` and ``p95_s`` are of the made
    outputs' seconds, as in a release: the maker's word on the run, else our clock with our own
    waiting left out; None where none was timed.
    """

    offer_id: str
    counts: Mapping[Status, int]
    attempts: int
    billed_nanousd: int
    reserved_nanousd: int
    p50_s: float | None
    p95_s: float | None


def summarise(
    store: Store, round: str, offers: Iterable[str] | None = None
) -> tuple[OfferSummary, ...]:
    """Sum up a round, by offer id; all its offers unless some are named."""
    counts: dict[str, Counter[Status]] = defaultdict(Counter)
    for offer, status, n in store.count_outputs(round=round):
        counts[offer][status] = n
    seconds: dict[str, list[float]] = defaultdict(list)
    for offer, value in store.seconds_of(round=round):
        seconds[offer].append(value)
    spending = {s.offer_id: s for s in store.spending(round=round)}
    held = store.held_by_offer(round=round)
    known = set(counts) | set(spending) | set(held)
    wanted = known if offers is None else known & set(offers)
    return tuple(
        OfferSummary(
            offer_id=offer,
            counts=dict(counts[offer]),
            attempts=spending[offer].attempts if offer in spending else 0,
            billed_nanousd=spending[offer].amount_nanousd if offer in spending else 0,
            reserved_nanousd=held.get(offer, 0),
            p50_s=_quantile(sorted(seconds[offer]), 0.5),
            p95_s=_quantile(sorted(seconds[offer]), 0.95),
        )
        for offer in sorted(wanted)
    )


def _quantile(ordered: Sequence[float], q: float) -> float | None:
    """The smallest value that at least a share q does not exceed (inverted_cdf)."""
    return ordered[math.ceil(q * len(ordered)) - 1] if ordered else None
