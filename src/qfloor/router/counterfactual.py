"""What would be chosen if quality did not matter, and what if price did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qfloor.router import rules
from qfloor.router.request import Request


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
    unjudged = tuple(check for check in rules.ALL if check not in rules.EVIDENCE)
    priceless = tuple(check for check in rules.ALL if check is not rules.price)
    cheap = [(p, o) for o in _passing(request, unjudged) if (p := request.price_of(o)) is not None]
    good = [(-request.floor(o), request.rank(o), o) for o in _passing(request, priceless)]
    return Counterfactuals(
        _found(request, min(cheap)[-1] if cheap else None),
        _found(request, min(good)[-1] if good else None),
    )


def _passing(request: Request, checks: tuple[rules.Check, ...]) -> list[str]:
    offers = request.db.offers.values()
    return [o.id for o in offers if rules.first_rejection(request, o, checks) is None]


def _found(request: Request, offer: str | None) -> Counterfactual | None:
    if offer is None:
        return None
    return Counterfactual(offer, request.price_of(offer), request.upper(offer))
