"""From a price rule to money: one evaluator, exact, in integer nano-USD.

Amounts are decimal strings and stay decimal to the last step; no float ever holds money. What
cannot be known (a size that was not given, a currency without a rate, settings no line covers)
is None and never zero: who buys under a ceiling must fail closed. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, localcontext
from typing import Any

from qfloor.errors import InputError
from qfloor.records import Offer, PriceComponent, PriceRule

NANO = 1_000_000_000
MOST = 1_000_000 * NANO
"""A million dollars, the highest ceiling there is: more for one call is an error and no price."""
PRICED_BY = {
    "image": ("image", "megapixel", "token", "month"),
    "video": ("video", "second", "token", "month"),
}
"""Units that say what one output costs: a picture has no length, and a clip is no picture."""
_EXACT = Context(prec=60)
_FLAT = ("month",)
_ALWAYS = ("size", "resolution")  # what every call has, whether or not it was told


def nanousd(amount_usd: str | int | Decimal) -> int:
    """Turn an amount in USD, as a decimal string, into nano-USD.

    Raises
    ------
    InputError
        When it is not a finite, non-negative number.

    Examples
    --------
    >>> nanousd("0.04")
    40000000
    """
    amount = _decimal(str(amount_usd), "an amount")
    with localcontext(_EXACT):
        return int((amount * NANO).to_integral_value(rounding=ROUND_HALF_EVEN))


def in_usd(nanousd: int | None) -> float | None:
    """Nano-USD as a number of dollars, for tables; None where it is not known."""
    return None if nanousd is None else nanousd / NANO


def usd(nanousd: int | float | Decimal, *, exact: bool = False) -> str:
    """Money as people read it: to the cent, and under a dollar to three digits of it.

    Parameters
    ----------
    nanousd : int, float or Decimal
        Any amount, below zero too.
    exact : bool, default False
        Every digit there is, where amounts are compared: two that differ never read the same.

    Examples
    --------
    >>> usd(300_000_000), usd(12_345_678_900_000), usd(-1_200_000_000), usd(39_000_000)
    ('$0.30', '$12,345.68', '-$1.20', '$0.039')
    >>> usd(1_003_999_999), usd(1_003_999_999, exact=True)
    ('$1.00', '$1.003999999')
    """
    amount = Decimal(nanousd) / NANO
    if not exact:
        amount = round(amount, 2 if abs(amount) >= 1 else 2 - amount.adjusted())
    *_, exponent = amount.normalize().as_tuple()
    places = max(2, -int(exponent))
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{places}f}"


def estimate(
    rule: PriceRule,
    *,
    images: int = 1,
    width: int | None = None,
    height: int | None = None,
    seconds: float | None = None,
    tokens: int | Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    rates: Mapping[str, str] | None = None,
) -> int | None:
    """Most that one call can cost, in nano-USD, rounded up; None when it cannot be known.

    Parameters
    ----------
    rule : PriceRule
        Components that apply are added; ``month`` ones are flat and cost nothing per call.
    images : int, default 1
        How many pictures or clips the call asks for.
    width, height : int, optional
        Of each picture; a megapixel is 1,000,000 pixels.
    seconds : float, optional
        Of each clip.
    tokens : int or mapping of str to int, optional
        The most that can be used; by kind (``input``, ``output``) where a component says
        ``when = {tokens = "input"}``.
    settings : mapping, optional
        The offer's settings, against which ``when`` is matched; ``size`` and ``resolution``
        follow from width and height when they are not settings.
    rates : mapping of str to str, optional
        USD per unit of another currency, as decimal strings.

    Returns
    -------
    int or None
        None when a component that applies lacks its quantity or its currency's rate, when no
        component applies at all, or when it comes to more than a million dollars.

    Examples
    --------
    >>> first = PriceComponent(unit="megapixel", amount="0.03", upto=1, rounding="up")
    >>> further = PriceComponent(unit="megapixel", amount="0.015", above=1, rounding="up")
    >>> rule = PriceRule(components=(first, further), source="page", as_of="2026-11-01")
    >>> estimate(rule, width=1024, height=1024)
    45000000
    """
    quantities = _quantities(images, width, height, seconds, _total(tokens))
    if isinstance(tokens, Mapping):
        quantities |= {f"token {kind}": Decimal(n) for kind, n in tokens.items()}
    total = _sum(rule, quantities, images, _settings(settings, width, height), rates)
    return None if total is None else int(total.to_integral_value(rounding=ROUND_CEILING))


def charge(
    rule: PriceRule,
    *,
    status: str = "made",
    images: int = 1,
    width: int | None = None,
    height: int | None = None,
    seconds: float | None = None,
    tokens: int | None = None,
    settings: Mapping[str, Any] | None = None,
    rates: Mapping[str, str] | None = None,
) -> int | None:
    """What a call that ended with ``status`` cost, in nano-USD, to the nearest.

    A status the seller does not charge for (``rule.charged_on``) costs 0; other parameters as
    in `estimate`, but what came rather than what was asked for.
    """
    if status not in rule.charged_on:
        return 0
    quantities = _quantities(images, width, height, seconds, tokens)
    total = _sum(rule, quantities, images, _settings(settings, width, height), rates)
    return None if total is None else int(total.to_integral_value(rounding=ROUND_HALF_EVEN))


def monthly(rule: PriceRule, *, rates: Mapping[str, str] | None = None) -> int | None:
    """Flat nano-USD a month; 0 when the rule has no flat part, None without a needed rate."""
    total = Decimal(0)
    for component in rule.components:
        if component.unit in _FLAT:
            rate = _rate(component.currency, rates)
            if rate is None:
                return None
            total += _decimal(component.amount, "a price") * rate * NANO
    return int(total.to_integral_value(rounding=ROUND_CEILING))


def check_rule(rule: PriceRule) -> None:
    """Refuse a rule that could never be evaluated.

    Raises
    ------
    InputError
        When an amount is no decimal number, is more than a million dollars, a slice is empty, or
        there is no component.
    """
    if not rule.components:
        raise InputError(f"the price rule from {rule.source!r} has no components")
    for component in rule.components:
        _check_amount(component, component.amount, f"the price per {component.unit}")
        if component.minimum is not None:
            _check_amount(component, component.minimum, f"the minimum per {component.unit}")
        if not (math.isfinite(component.above) and component.above >= 0):
            raise InputError(
                f"the price per {component.unit} begins above {component.above}, which is no number"
            )
        if component.upto is not None and not component.upto > component.above:
            raise InputError(
                f"the price per {component.unit} covers nothing: above {component.above:g} and "
                f"up to {component.upto:g}"
            )


def check_units(offer: Offer, units: Iterable[str]) -> None:
    """Refuse a unit by which nothing that an offer makes can be priced.

    Raises
    ------
    InputError
        One sentence that names the offer, the unit and those that would do.

    Examples
    --------
    >>> painter = Offer(id="painters/ochre", model="ochre", provider="painters")
    >>> check_units(painter, ["image"])
    >>> check_units(painter, ["second"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    qfloor.errors.InputError: painters/ochre makes pictures, which have no price per second; ...
    """
    made = [m for m in PRICED_BY if offer.makes(m)]
    known = [unit for m in made for unit in PRICED_BY[m]]
    for unit in units:
        if unit not in known:
            makes = " and ".join({"image": "pictures", "video": "clips"}[m] for m in made)
            would = list(dict.fromkeys(known))
            raise InputError(
                f"{offer.id} makes {makes}, which have no price per {unit}; give one per "
                f"{', '.join(would[:-1])} or {would[-1]}"
            )


def _check_amount(component: PriceComponent, text: str, what: str) -> None:
    amount = _decimal(text, what)
    if component.currency.upper() == "USD" and amount * NANO > MOST:
        raise InputError(f"{what} is ${text}, and nothing costs more than ${MOST // NANO:,} a call")


def _sum(
    rule: PriceRule,
    quantities: Mapping[str, Decimal | None],
    images: int,
    settings: Mapping[str, str],
    rates: Mapping[str, str] | None,
) -> Decimal | None:
    per_call = [c for c in rule.components if c.unit not in _FLAT]
    if not per_call and rule.components:
        return Decimal(0)
    if any(_may_apply(c, settings) for c in per_call):
        return None
    applying = [c for c in per_call if _applies(c, settings)]
    if not applying:
        return None
    with localcontext(_EXACT):
        total = Decimal(0)
        for component in applying:
            amount = _amount(component, quantities.get(_counted(component)), images)
            rate = _rate(component.currency, rates)
            if amount is None or rate is None:
                return None
            total += amount * rate * NANO
        return total if total <= MOST else None


def _counted(component: PriceComponent) -> str:
    """What is counted: all tokens, or those of one kind."""
    kind = component.when.get("tokens") if component.unit == "token" else None
    return component.unit if kind is None else f"token {_text(kind)}"


def _conditions(component: PriceComponent) -> dict[str, str]:
    """Settings that a component depends on; a kind of token is none."""
    kind = "tokens" if component.unit == "token" else None
    return {k: _text(v) for k, v in component.when.items() if k != kind}


def _total(tokens: int | Mapping[str, int] | None) -> int | None:
    return sum(tokens.values()) if isinstance(tokens, Mapping) else tokens


def _amount(component: PriceComponent, quantity: Decimal | None, images: int) -> Decimal | None:
    """Amount in the component's currency; megapixels and seconds are counted per picture."""
    if quantity is None:
        return None
    if component.rounding == "up":
        quantity = quantity.to_integral_value(rounding=ROUND_CEILING)
    above = Decimal(str(component.above))
    covered = quantity if component.upto is None else min(quantity, Decimal(str(component.upto)))
    covered = max(Decimal(0), covered - above)
    times = images if component.unit in ("megapixel", "second") else 1
    amount = covered * _decimal(component.amount, f"the price per {component.unit}") * times
    if component.minimum is not None:
        amount = max(amount, _decimal(component.minimum, f"the minimum per {component.unit}"))
    return amount


def _quantities(
    images: int,
    width: int | None,
    height: int | None,
    seconds: float | None,
    tokens: int | None,
) -> dict[str, Decimal | None]:
    given: dict[str, float | None] = {"images": images, "seconds": seconds, "tokens": tokens}
    for name, value in {**given, "width": width, "height": height}.items():
        if value is not None and (not math.isfinite(value) or value < 0):
            raise InputError(f"{name} = {value} cannot be priced: it must be a number >= 0")
    pixels = None if width is None or height is None else Decimal(width) * Decimal(height)
    return {
        "image": Decimal(images),
        "video": Decimal(images),
        "megapixel": None if pixels is None else pixels / 1_000_000,
        "second": None if seconds is None else Decimal(str(seconds)),
        "token": None if tokens is None else Decimal(tokens),
    }


def _settings(
    settings: Mapping[str, Any] | None, width: int | None, height: int | None
) -> dict[str, str]:
    known = {k: _text(v) for k, v in (settings or {}).items()}
    if width is not None and height is not None:
        known.setdefault("size", f"{width}x{height}")
        known.setdefault("resolution", f"{min(width, height)}p")
    return known


def _applies(component: PriceComponent, settings: Mapping[str, str]) -> bool:
    """Whether every condition holds; a setting that was not given is not asked for."""
    return all(settings.get(k) == v for k, v in _conditions(component).items())


def _may_apply(component: PriceComponent, settings: Mapping[str, str]) -> bool:
    """Whether it depends on a size that nobody gave: every call has one, known or not."""
    asked = _conditions(component)
    open_ = [k for k in asked if k in _ALWAYS and k not in settings]
    rest = (settings.get(k) == v for k, v in asked.items() if k not in open_)
    return bool(open_) and all(rest)


def _text(value: Any) -> str:
    return str(value).strip().lower()


def _rate(currency: str, rates: Mapping[str, str] | None) -> Decimal | None:
    if currency.upper() == "USD":
        return Decimal(1)
    rate = (rates or {}).get(currency)
    return None if rate is None else _decimal(rate, f"the rate of {currency}")


def _decimal(text: str, what: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise InputError(f"{what} must be a decimal number such as 0.04, not {text!r}") from None
    if not value.is_finite() or value < 0:
        raise InputError(f"{what} must be a finite number >= 0, not {text!r}")
    return value
