"""Whether what a program hands over is of the kind it must be: orders, prices and health.

A file is read with the same checks; where it is wrong its reader adds file and line. Knows nothing
of what any of it means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from qfloor.errors import NeedError
from qfloor.router.moments import moment

_SWITCHES = (
    "require_commercial_use", "forbid_training_on_inputs", "allow_illustrative",
    "allow_provisional",
)  # fmt: skip
_NUMBERS = (
    "speed_surcharge", "elevated", "max_price_age_days", "max_health_age_s", "realtime_s",
    "assumed_seconds", "probe_share",
)  # fmt: skip
_SECONDS = ("p50_s", "p95_s", "usual_p95_s")


def check_policy(policy: Any) -> None:
    """Refuse a field of another kind, by name.

    Raises
    ------
    NeedError
        It begins with the name of the field.
    """
    told = vars(policy)
    if not isinstance(told["on_uncertified"], str):
        raise _not(told, "on_uncertified", "text")
    for name in _SWITCHES:
        if type(told[name]) is not bool:
            raise _not(told, name, "true or false")
    for name in _NUMBERS:
        if not is_number(told[name]):
            raise _not(told, name, "a number from 0")
    for name in ("min_latency_n", "assumed_output_tokens"):
        value = told[name]
        if not _is_count(value) and (name == "min_latency_n" or value is not None):
            raise _not(told, name, "a whole number from 0")
    for name in ("regions", "labels"):
        names = told[name]
        if not isinstance(names, tuple | list) or not all(isinstance(n, str) and n for n in names):
            raise _not(told, name, "a list of names")
    sides = told["assumed_pixels"]
    is_pair = isinstance(sides, tuple | list) and len(sides) == 2
    if not is_pair or not all(_is_count(side) and side > 0 for side in sides):
        raise _not(told, "assumed_pixels", "two sides, such as (1024, 1024)")
    overrides = told["overrides"]
    if not isinstance(overrides, tuple | list) or not all(hasattr(o, "matches") for o in overrides):
        raise NeedError("overrides must be Override objects, in a tuple")


def _not(told: Mapping[str, Any], name: str, what: str) -> NeedError:
    return NeedError(f"{name} is {told[name]!r}, must be {what}")


def is_number(value: Any) -> bool:
    """Whether it is a finite number from 0; a bool is none."""
    return isinstance(value, int | float) and type(value) is not bool and 0 <= value < math.inf


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def check_health(health: Any) -> None:
    """Refuse health that says nothing clear: an outage that is dated "now" would be lost.

    Raises
    ------
    NeedError
        It begins with the name of the field.
    """
    told = vars(health)
    try:
        moment(told["as_of"])
    except (TypeError, ValueError):
        raise _not(told, "as_of", "a time such as 2026-11-24T10:00:00") from None
    for name in (*_SECONDS, "shed"):
        if told[name] is not None and not is_number(told[name]):
            raise _not(told, name, "a number from 0")
    if (told["shed"] or 0) > 1:
        raise _not(told, "shed", "from 0 to 1")
    if not _is_count(told["n"]):
        raise _not(told, "n", "a whole number from 0")
    if type(told["available"]) is not bool:
        raise _not(told, "available", "true or false")
    if told["elevated"] not in (None, True, False):
        raise _not(told, "elevated", "true or false")
    if None not in (told["p50_s"], told["p95_s"]) and told["p50_s"] > told["p95_s"]:
        raise _not(told, "p50_s", f"at most p95_s, which is {told['p95_s']!r}")


def check_feed(name: str, rows: Any, kind: type[Any]) -> None:
    """Refuse what is no mapping of offers to records of one kind."""
    if not isinstance(rows, Mapping):
        raise NeedError(f"{name} must be a mapping of offer ids, not {type(rows).__name__}")
    for offer, row in rows.items():
        if not isinstance(row, kind):
            raise NeedError(
                f"{name}: {offer!r} is given {type(row).__name__}, must be a {kind.__name__}"
            )
