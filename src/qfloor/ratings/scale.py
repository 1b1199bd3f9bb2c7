"""The scale of a rating: declared, never guessed from the values seen."""

from __future__ import annotations

import math
from typing import NamedTuple

from qfloor.errors import RatingsError


class Scale(NamedTuple):
    """The ends of a rating scale, as declared; never guessed from what was seen."""

    lo: float
    hi: float

    def __str__(self) -> str:
        return f"{self.lo:g}:{self.hi:g}"


def parse_scale(text: str) -> Scale:
    """Read ``1:5``.

    Raises
    ------
    RatingsError
        When it is not two numbers, the lower first.

    Examples
    --------
    >>> parse_scale("1:5")
    Scale(lo=1.0, hi=5.0)
    """
    low, colon, high = text.partition(":")
    try:
        scale = Scale(float(low), float(high))
    except ValueError:
        scale = Scale(math.nan, math.nan)
    if not colon or not math.isfinite(scale.lo) or not math.isfinite(scale.hi):
        raise RatingsError(f"scale {text!r} is not two numbers; write it as LOW:HIGH, like 1:5")
    if scale.lo >= scale.hi:
        raise RatingsError(f"scale {text!r} does not rise; write it as LOW:HIGH, like 1:5")
    return scale
