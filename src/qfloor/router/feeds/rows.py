"""One price as a source tells it, in one form: what is sold, per which unit, for how many USD.

Whatever a source looks like, a reader (`qfloor.router.feeds.files`, `litellm`) turns it into
these; guards and the store know nothing else. A row that is no price is never made.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast, get_args

from qfloor.errors import InputError
from qfloor.records import PriceComponent

Unit = Literal["image", "megapixel", "second", "token", "video", "month"]
UNITS: tuple[str, ...] = get_args(Unit)

Key = tuple[str, str, str, float, str]
"""Provider, model, unit, lower end of the slice, variant."""


@dataclass(frozen=True, kw_only=True)
class PriceRow:
    """``usd`` for each ``unit`` of what ``provider`` sells as ``model``.

    Without a ``provider``, ``model`` is the id of one offer. ``variant`` says for which settings
    the row holds (size, quality, resolution, audio; tokens: input or output). ``as_of`` is the
    day or time the price was true by its source; ``page`` is where that source read it;
    ``retires`` the day from which it cannot be bought.
    """

    model: str
    unit: str
    usd: str
    as_of: str
    provider: str = ""
    variant: Mapping[str, str] = field(default_factory=dict)
    above: float = 0.0
    upto: float | None = None
    rounding: str = "none"
    minimum: str | None = None
    page: str = ""
    retires: str | None = None

    @property
    def key(self) -> Key:
        """What makes it the same row as yesterday's."""
        variant = json.dumps(dict(sorted(self.variant.items())), ensure_ascii=False)
        return self.provider, self.model, self.unit, self.above, variant

    @property
    def name(self) -> str:
        """For a person."""
        sold = f"{self.provider}/{self.model}" if self.provider else self.model
        told = [f"{k} {v}" for k, v in sorted(self.variant.items())]
        told += [f"above {self.above:g}"] if self.above else []
        return f"{sold} per {self.unit}" + (f" ({', '.join(told)})" if told else "")

    def component(self) -> PriceComponent:
        """The same as a line of a price rule."""
        return PriceComponent(
            unit=cast("Unit", self.unit),
            amount=self.usd,
            above=self.above,
            upto=self.upto,
            rounding=cast("Literal['none', 'up']", self.rounding),
            when=self.variant,
            minimum=self.minimum,
        )


def checked_row(where: str, told: Mapping[str, Any]) -> PriceRow:
    """Make a row of what a source tells, or say in one sentence what is wrong with it.

    Parameters
    ----------
    where : str
        Names the row for a person.
    told : mapping
        Fields of `PriceRow`; numbers may be text.

    Raises
    ------
    InputError
    """
    unit = str(told.get("unit", "")).strip().lower()
    if unit not in UNITS:
        raise InputError(f"{where}: unit is {unit!r}, must be one of {', '.join(UNITS)}")
    rounding = str(told.get("rounding") or "none")
    if rounding not in ("none", "up"):
        raise InputError(f"{where}: rounding is {rounding!r}, must be 'none' or 'up'")
    above = _number(where, "above", told.get("above") or 0.0)
    upto = None if told.get("upto") in (None, "") else _number(where, "upto", told["upto"])
    if upto is not None and upto <= above:
        raise InputError(f"{where}: covers nothing, above {above:g} and up to {upto:g}")
    model = str(told.get("model") or "").strip()
    if not model:
        raise InputError(f"{where}: names neither an offer nor a model")
    least = told.get("minimum")
    retires = told.get("retires")
    return PriceRow(
        model=model,
        provider=str(told.get("provider") or "").strip(),
        unit=unit,
        usd=money_text(where, "usd", told.get("usd")),
        as_of=day_text(where, "as_of", told.get("as_of")),
        variant={_plain(k): _plain(v) for k, v in dict(told.get("variant") or {}).items()},
        above=above,
        upto=upto,
        rounding=rounding,
        minimum=None if least in (None, "") else money_text(where, "minimum", least),
        page=str(told.get("page") or ""),
        retires=None if retires in (None, "") else day_text(where, "retires", retires),
    )


def money_text(where: str, name: str, value: Any) -> str:
    """A finite amount from 0, as decimal text.

    Raises
    ------
    InputError
    """
    try:
        amount = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise InputError(f"{where}: {name} is {value!r}, must be a number from 0 to 1000000")
    return f"{amount.normalize():f}"


def day_text(where: str, name: str, value: Any) -> str:
    """A day or time in ISO 8601.

    Raises
    ------
    InputError
    """
    text = str(value or "").strip()
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{where}: {name} is {value!r}, must be a day or time such as 2026-11-24"
        ) from None
    return found.isoformat() if "T" in text or " " in text else found.date().isoformat()


def _number(where: str, name: str, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < math.inf:
        raise InputError(f"{where}: {name} is {value!r}, must be a number from 0")
    return found


def _plain(value: Any) -> str:
    return str(value).strip().lower()
