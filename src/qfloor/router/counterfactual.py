"""What would be chosen if quality did not matter, and what if price did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qfloor.router import rules
from qfloor.router.request import Request
from qfloor.router.shapes import Facts, asking, rows_of


@dataclass(frozen=True)
class Counterfactual:
    """An offer that another question would have chosen; ``upper`` bounds its fail rate."""

    offer: str
    price_nanousd: int | None
    upper: float | None


@dataclass(frozen=True)
class Counterfactuals:
    """None where nothing would be eligible either."""

    cheapest_ignoring_quality: Counterfactual | None
    best_ignoring_price: Counterfactual | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: None if c is None else dict(vars(c)) for name, c in vars(self).items()}


def counterfactuals(request: Request) -> Counterfactuals:
    """Ask all rules but those on certificates, and all but the one on price."""
    asked = asking(request)
    priceless = tuple((at, check) for at, check in asked if check is not rules.price)
    _, by_price, by_floor, _ = rows_of(request)
    cheap = (f for f in by_price if f.rejection(request, asked, evidence=False) is None)
    good = (f for f in by_floor if f.rejection(request, priceless) is None)
    return Counterfactuals(_found(next(cheap, None)), _found(next(good, None)))


def _found(facts: Facts | None) -> Counterfactual | None:
    if facts is None:
        return None
    return Counterfactual(facts.offer.id, facts.price_nanousd, facts.upper)
