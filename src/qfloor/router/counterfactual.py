"""What would be chosen if quality did not matter, and what if price did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qfloor.router import rules
from qfloor.router.request import Request
from qfloor.router.shapes import asking, facts_of


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
    rows, asked = facts_of(request), asking(request)
    priceless = tuple((at, check) for at, check in asked if check is not rules.price)
    cheap = [
        (f.price_nanousd, o)
        for o, f in rows.items()
        if f.price_nanousd is not None and f.rejection(request, asked, evidence=False) is None
    ]
    good = [  # the best floor; of equals the first in the order of rows, which is that of cost
        (-request.floor(o), at, o)
        for at, (o, f) in enumerate(rows.items())
        if f.rejection(request, priceless) is None
    ]
    return Counterfactuals(
        _found(request, min(cheap)[-1] if cheap else None),
        _found(request, min(good)[-1] if good else None),
    )


def _found(request: Request, offer: str | None) -> Counterfactual | None:
    if offer is None:
        return None
    return Counterfactual(offer, request.price_of(offer), request.upper(offer))
