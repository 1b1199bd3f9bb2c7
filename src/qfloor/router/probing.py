"""Keep the latency of offers known that nothing is routed to: a few requests go there instead.

An offer that is never chosen has no latency of today, and could never be chosen for its speed. So
one request in many goes to one that is eligible for it all the same: as good by the same
certificates, within the same ceiling, dearer by no more than the surcharge that speed may cost.
"""

from __future__ import annotations

from dataclasses import replace

from qfloor.router.decision import Decision
from qfloor.router.reasons import Cause

EVERY_S = 60.0
"""Seconds between two probes of one offer."""

MOST_NAMES = 5000


class Probes:
    """Counts decisions and probes of one program; whoever uses it keeps threads apart."""

    def __init__(self) -> None:
        self._decisions = 0
        self._probes = 0
        self._probed_at: dict[str, float] = {}

    def probe(self, decision: Decision, now: float) -> Decision:
        """Return the decision, or one that probes; see `qfloor.router.health.HealthWindow`."""
        if decision.cause is not Cause.CHEAPEST:
            return decision
        self._decisions += 1
        if self._probes + 1 > self._decisions * decision.request.policy.probe_share:
            return decision
        unknown = self._unknown(decision, now)
        if not unknown:
            return decision
        offer = min(unknown, key=lambda o: (self._probed_at.get(o, 0.0), unknown.index(o)))
        self._probes += 1
        self._probed_at.pop(offer, None)
        self._probed_at[offer] = now
        if len(self._probed_at) > MOST_NAMES:
            del self._probed_at[next(iter(self._probed_at))]
        return _probing(decision, offer)

    def _unknown(self, decision: Decision, now: float) -> list[str]:
        """Eligible offers within the surcharge whose latency no feed knows, in order of cost."""
        request = decision.request
        cost = request.cost(decision.offer or "")
        if cost is None:
            return []
        found = []
        for offer in decision.fallbacks:
            other = request.cost(offer)
            if other is None or other > cost * (1.0 + request.policy.speed_surcharge):
                break
            seen = request.latency_of(offer)
            if seen.source != "health feed" and now - self._probed_at.get(offer, 0.0) >= EVERY_S:
                found.append(offer)
        return found


def _probing(decision: Decision, offer: str) -> Decision:
    request = decision.request
    price, before = request.price_of(offer), decision.price_nanousd
    more = max(0, price - before) if price is not None and before is not None else 0
    return replace(
        decision,
        offer=offer,
        cause=Cause.PROBE,
        price_nanousd=price,
        usable_cost_nanousd=request.usable_cost(offer),
        surcharge_nanousd=more,
        runner_up=decision.offer,
        notes=(f"{decision.offer} would be first; this keeps the latency of {offer} known",),
    )
