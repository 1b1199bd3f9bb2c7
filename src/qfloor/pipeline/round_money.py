"""How long a round's generation takes and how it stands: what is said before and after money."""

from __future__ import annotations

from qfloor import generate
from qfloor.benchmark import Benchmark
from qfloor.errors import QfloorError
from qfloor.generate import Forecast, GenerationPlan, OfferSummary
from qfloor.generate.gate import Account, account_of
from qfloor.generate.run import close_all, run_anywhere
from qfloor.records import Offer, RateLimits
from qfloor.store import Store


def forecast_round(store: Store, benchmark: Benchmark, plan: GenerationPlan) -> Forecast:
    """Estimate how long a plan of a benchmark takes under the limits of its accounts."""
    known: dict[Account, RateLimits] = {}

    def limits(offer: Offer) -> RateLimits:
        account = account_of(offer)
        if account not in known:
            known[account] = benchmark.limits.get(offer.provider) or _declared(store, offer)
        return known[account]

    return generate.forecast(plan, limits, store.mean_seconds())


def _declared(store: Store, offer: Offer) -> RateLimits:
    """What the offer's generator says of its account; nothing where it cannot be built."""
    try:
        built = generate.build_generators([offer], store)
    except QfloorError:  # no key, say: its limits are not known then
        return RateLimits()
    try:
        return generate.limits_of(offer, built.get(offer.id), {})
    finally:
        run_anywhere(close_all(built))


def summary_of_round(store: Store, benchmark: Benchmark) -> tuple[OfferSummary, ...]:
    """Sum up what a round has of a benchmark's offers."""
    return generate.summarise(store, benchmark.round, [o.id for o in benchmark.offers])
