"""``policy.toml``: a team's standing orders as a file that anyone can read and review.

    objective = "usable_cost"
    on_uncertified = "refuse"
    require_commercial_use = true

    [[overrides]]                      # the first that matches wins
    project = "catalogue"
    pattern = "our (mug|cup)"          # a regular expression, ignoring case
    offer = "local/ours@mug-lora"      # any offer of the database, a fine-tuned one too

Every field of `qfloor.router.Policy` may stand there; what is left out keeps its default. What
matches no override is routed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from qfloor import toml_file
from qfloor.errors import NeedError
from qfloor.meant import meant, offer_meant
from qfloor.router.policy import Override, Policy

_POLICY = {field.name: field for field in fields(Policy)}
_OVERRIDE = {field.name: field for field in fields(Override)}
_WHOLE = ("assumed_output_tokens",)
_WORDS = {
    "objective": ("price", "usable_cost"),
    "lapsed": ("note", "reject"),
}


def load_policy(path: str | Path) -> Policy:
    """Read a policy.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Policy

    Raises
    ------
    NeedError
        One sentence with file, line and key: what is wrong and what would be right.
    """
    path = Path(path)
    text = toml_file.text_of(path, NeedError, "policy file")
    return _policy(_Place(path, text), toml_file.parse(path, text, NeedError))


def check_offers(path: str | Path, policy: Policy, offers: Collection[str]) -> None:
    """Refuse a policy of a file that names an offer a release does not have.

    Parameters
    ----------
    path : str or Path
        The file that `load_policy` read.
    policy : Policy
    offers : collection of str
        Those of the release.

    Raises
    ------
    NeedError
        With file, line and override, and the nearest offer.
    """
    wrong = [i for i, override in enumerate(policy.overrides) if override.offer not in offers]
    if wrong:
        place = _Place(Path(path), Path(path).read_text(encoding="utf-8"))
        offer = policy.overrides[wrong[0]].offer
        hint = offer_meant(offer, offers)
        raise place.error("offer", f"the database knows no offer {offer!r}{hint}", wrong[0])


class _Place:
    """Names a key of a file for a person: TOML's reader does not keep lines."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self._lines = path, text.splitlines()

    def error(self, key: str, said: str, override: int | None = None) -> NeedError:
        line = self._line(key, override)
        where = f"{self.path}:{line}" if line else str(self.path)
        which = "" if override is None else f"override {override + 1}, "
        return NeedError(f"{where}: {which}{key}: {said}")

    def _line(self, key: str, override: int | None) -> int | None:
        """Line of a key, among those of its table; of the table where the key is not there."""
        written = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*(?:[=.]|\]|$)""")
        table, begins = -1, None
        for number, line in enumerate(self._lines, 1):
            heading = re.match(r"^\s*\[+\s*([^\]]+?)\s*\]+", line)
            if heading:
                table += heading[1].strip("\"'") == "overrides"
                if override == table and begins is None:
                    begins = number
                if heading[1].strip("\"'") == key:
                    return number
            here = table == override if override is not None else table == -1
            if here and written.match(line):
                return number
        return begins


def _policy(place: _Place, told: Mapping[str, Any]) -> Policy:
    given: dict[str, Any] = {}
    for key, value in told.items():
        if key not in _POLICY:
            raise place.error(key, _unknown(key, _POLICY, "a policy"))
        given[key] = _overrides(place, value) if key == "overrides" else _value(place, key, value)
    try:
        return Policy(**given)
    except NeedError as error:
        key = next((k for k in given if str(error).startswith(k)), next(iter(given)))
        raise place.error(key, str(error).removeprefix(f"{key} ")) from error


def _overrides(place: _Place, told: Any) -> tuple[Override, ...]:
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise place.error("overrides", "must be tables, each begun with [[overrides]]")
    return tuple(_override(place, i, row) for i, row in enumerate(told))


def _override(place: _Place, i: int, row: Mapping[str, Any]) -> Override:
    for key, value in row.items():
        if key not in _OVERRIDE:
            raise place.error(key, _unknown(key, _OVERRIDE, "an override"), i)
        if not isinstance(value, str) or not value.strip():
            raise place.error(key, f"is {value!r}, must be text", i)
    if "offer" not in row:
        raise place.error("offer", "is missing: name the offer that such requests go to", i)
    if len(row) == 1:
        raise place.error(
            "offer",
            "has no condition; give project, tag or pattern, or every request goes there",
            i,
        )
    try:
        return Override(**row)
    except NeedError as error:
        raise place.error("pattern", str(error), i) from error


def _value(place: _Place, key: str, value: Any) -> Any:
    """The value as the policy holds it; bool is no number, and lists are tuples."""
    default = _POLICY[key].default
    if key in _WORDS and value not in _WORDS[key]:
        raise place.error(key, f"is {value!r}, must be {' or '.join(map(repr, _WORDS[key]))}")
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise place.error(key, f"is {value!r}, must be true or false")
        return value
    if isinstance(default, int | float) or key in _WHOLE:
        whole = key in _WHOLE or isinstance(default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise place.error(key, f"is {value!r}, must be a {'whole ' if whole else ''}number")
        if not 0 <= value < float("inf"):
            raise place.error(key, f"is {value!r}, must be a number from 0")
        return value if whole else float(value)
    if isinstance(default, tuple):
        return _listed(place, key, value)
    if not isinstance(value, str):
        raise place.error(key, f"is {value!r}, must be text")
    return value


def _listed(place: _Place, key: str, value: Any) -> tuple[Any, ...]:
    if key == "assumed_pixels":
        sides = value if isinstance(value, list) else []
        if len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
            raise place.error(key, f"is {value!r}, must look like [1024, 1024]")
        return tuple(sides)
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise place.error(key, f"is {value!r}, must be a list of names")
    return tuple(value)


def _unknown(key: str, known: Mapping[str, Field[Any]], where: str) -> str:
    return f"{where} has no such field{meant(key, known)}"
