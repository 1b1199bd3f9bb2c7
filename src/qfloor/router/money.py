"""Nano-USD as people write it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from qfloor.prices import NANO, usd


@lru_cache(maxsize=4096)
def usd_text(nanousd: int) -> str:
    """Exact decimal string without needless zeros.

    Examples
    --------
    >>> usd_text(4_000_000)
    '0.004'
    """
    value = Decimal(nanousd) / NANO
    return f"{value.normalize():f}"


def usd_or_none(nanousd: int | None) -> str | None:
    """As `usd_text`; None where it is not known."""
    return None if nanousd is None else usd_text(nanousd)


@lru_cache(maxsize=4096)
def dollars(nanousd: int | None) -> str:
    """For a person, to the last digit; or that it is not known."""
    return "an unknown price" if nanousd is None else usd(nanousd, exact=True)
