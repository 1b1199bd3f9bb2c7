"""Two sources held against each other: the same offer, the same call, two prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qfloor import prices
from qfloor.errors import InputError
from qfloor.records import Offer, PriceRule
from qfloor.router.resolutions import fixed_to, pixels_of, seconds_of, size_of

AGREES = 1.1
"""Prices within this ratio are the same."""

PIXELS = (1024, 1024)
SECONDS = 5.0
TOKENS = {"input": 200, "output": 4160}
"""The call that prices are compared by, where an offer does not fix its own."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One offer's price by two sources, in nano-USD, and their ratio, the larger over the less.

    ``ratio`` is None where one of them cannot tell, or is free of charge.
    """

    offer: str
    one_nanousd: int | None
    one_as_of: str | None
    other_nanousd: int | None
    other_as_of: str | None
    ratio: float | None

    @property
    def agrees(self) -> bool:
        """Whether they say the same."""
        if self.ratio is None:
            return self.one_nanousd is not None and self.one_nanousd == self.other_nanousd
        return self.ratio <= AGREES


def compare_sources(
    offers: Iterable[Offer], one: Mapping[str, PriceRule], other: Mapping[str, PriceRule]
) -> list[Compared]:
    """Compare what two sources say of offers that either knows, worst disagreement first."""
    found = [_compared(o, one.get(o.id), other.get(o.id)) for o in offers]
    known = [c for c in found if c.one_as_of is not None or c.other_as_of is not None]
    return sorted(known, key=lambda c: (c.agrees, -(c.ratio or 0.0), c.offer))


def _compared(offer: Offer, one: PriceRule | None, other: PriceRule | None) -> Compared:
    a, b = reference_price(offer, one), reference_price(offer, other)
    return Compared(
        offer=offer.id,
        one_nanousd=a,
        one_as_of=None if one is None else one.as_of,
        other_nanousd=b,
        other_as_of=None if other is None else other.as_of,
        ratio=max(a, b) / min(a, b) if a and b else None,
    )


def reference_price(
    offer: Offer, rule: PriceRule | None, rates: Mapping[str, str] | None = None
) -> int | None:
    """Price one call that is typical of an offer: the one that prices are shown and compared by.

    Parameters
    ----------
    offer : Offer
    rule : PriceRule or None
        What it is bought at.
    rates : mapping of str to str, optional
        USD per unit of another currency, as decimal strings.

    Returns
    -------
    int or None
        In nano-USD, of one picture of 1024 x 1024 or 5 seconds of a clip, unless the offer fixes
        its size, resolution or length; None where it cannot be told.
    """
    if rule is None:
        return None
    width, height = _pixels(offer)
    try:
        return prices.estimate(
            rule,
            width=width,
            height=height,
            seconds=_seconds(offer),
            tokens=TOKENS,
            settings=offer.settings,
            rates=rates,
        )
    except InputError:
        return None


def reference_of(offer: Offer) -> str:
    """What `reference_price` is the price of: ``1024x1024``, or ``5 s`` of a clip."""
    if offer.modality == "video":
        return f"{_seconds(offer):g} s"
    width, height = _pixels(offer)
    return f"{width}x{height}"


def _pixels(offer: Offer) -> tuple[int, int]:
    named = fixed_to(offer.settings)
    return size_of(offer.settings) or (PIXELS if named is None else pixels_of(named))


def _seconds(offer: Offer) -> float:
    return seconds_of(offer.settings) or SECONDS
