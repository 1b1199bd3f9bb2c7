"""What a seller says that it charged, in nano-USD; None when it does not say.

The ladder: an amount in the answer; else usage in the answer by the offer's price row; else the
driver's price rule; else unknown. A figure that cannot be read is not told, never an error: a
fault here must not lose an output that was paid for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from qfloor import prices
from qfloor.records import Offer

CREDIT_USD = {"bfl": "0.01", "runway": "0.01", "recraft": "0.001"}
TICK_USD = "0.0000000001"  # xAI counts 1e10 ticks to the dollar


def in_nanousd(amount: Any, usd_each: str = "1") -> int | None:
    """Turn a reported amount of ``usd_each`` USD a piece into nano-USD.

    Examples
    --------
    >>> in_nanousd(4, "0.01"), in_nanousd("0.035"), in_nanousd(None), in_nanousd("free")
    (40000000, 35000000, None, None)
    """
    if amount is None or isinstance(amount, bool):
        return None
    try:
        usd = Decimal(str(amount)) * Decimal(usd_each)
        return prices.nanousd(str(usd)) if usd.is_finite() and 0 <= usd < 10**8 else None
    except (InvalidOperation, ValueError, ArithmeticError):
        return None


def by_tokens(offer: Offer, usage: Mapping[str, Any]) -> int | None:
    """Price used tokens by the offer's own rows.

    Parameters
    ----------
    offer : Offer
        Rows per token may say ``when = {tokens = "input"}`` or ``"output"``; a row that says
        nothing prices the total.
    usage : mapping
        ``input``, ``output``, ``total``: whole numbers, as far as told.
    """
    rule = offer.price
    if rule is None or not any(c.unit == "token" for c in rule.components):
        return None
    total = 0
    for component in (c for c in rule.components if c.unit == "token"):
        kind = str(component.when.get("tokens", "total"))
        counted = usage.get(kind)
        if isinstance(counted, bool) or not isinstance(counted, int) or counted < 0:
            return None
        own = replace(component, when={k: v for k, v in component.when.items() if k != "tokens"})
        part = prices.charge(
            replace(rule, components=(own,)), tokens=counted, settings=offer.settings
        )
        if part is None:
            return None
        total += part
    return total
