"""Who may ask: bearer keys, their daily budgets and rates.

A key file holds digests or names of environment variables, never keys::

    [[key]]
    name = "studio"
    sha256 = "64 hex digits"          # or env = "STUDIO_KEY"
    budget_usd_per_day = 25.0
    requests_per_minute = 120

Every known key is compared with what was given, each in constant time and all of them always, so
that time tells nothing. Why a key was not taken is nobody's business: the answer is always one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qfloor import field_words, toml_file
from qfloor.errors import InputError
from qfloor.prices import nanousd
from qfloor.web.gateway.faults import Fault

PREFIX = "qf-"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    """Whose key it is; in the decision log."""
    sha256: str | None = Field(None, pattern=r"^[0-9a-fA-F]{64}$")
    """Digest of the key (``qfloor gateway key`` makes both); or"""
    env: str | None = None
    """the environment variable that holds it."""
    budget_usd_per_day: float | None = Field(None, ge=0, allow_inf_nan=False)
    """The most it may spend a day."""
    requests_per_minute: float | None = Field(None, gt=0, allow_inf_nan=False)
    """The most it may ask."""
    project: str | None = None
    """The project of all its requests, whatever they name."""
    dashboard: bool = True
    """Whether it opens the dashboard."""


@dataclass
class Rate:
    """A bucket of requests a minute; a burst of a sixth of it may come at once."""

    per_minute: float
    clock: Callable[[], float] = time.monotonic
    _tokens: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens, self._at = self._most, self.clock()

    @property
    def _most(self) -> float:
        return max(1.0, self.per_minute / 6.0)

    def take(self) -> float:
        """Take a turn; the seconds until the next one when there is none."""
        now = self.clock()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self.per_minute / 60.0)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) * 60.0 / self.per_minute


@dataclass(frozen=True, kw_only=True)
class Key:
    """Someone who may ask."""

    name: str
    digest: bytes = b""
    budget_nanousd: int | None = None
    rate: Rate | None = None
    project: str | None = None
    dashboard: bool = True


ANYONE = Key(name="")
"""Who asks a gateway without keys, which only this machine can reach."""


class Keyring:
    """The keys of a gateway; without any, everybody who reaches it may ask."""

    def __init__(self, keys: tuple[Key, ...] = ()) -> None:
        self.keys = keys

    @classmethod
    def read(cls, path: Path | None, *, workers: int = 1) -> Keyring:
        """Read a key file; rates are shared evenly among workers.

        Raises
        ------
        InputError
            One sentence: which entry, and what it must be.
        """
        if path is None:
            return cls()
        entries = _entries(path)
        names = [entry.name for entry in entries]
        if len(set(names)) < len(names):
            raise InputError(f"{path}: two keys have one name; each needs its own")
        return cls(tuple(_key(path, entry, workers) for entry in entries))

    @property
    def is_open(self) -> bool:
        """Whether no key is asked for."""
        return not self.keys

    @property
    def budgeted(self) -> frozenset[str]:
        """Names of the keys that have a budget."""
        return frozenset(k.name for k in self.keys if k.budget_nanousd is not None)

    def admit(self, authorization: str | None) -> Key:
        """Say whose key it is.

        Raises
        ------
        Fault
            401 with the same words whatever is wrong with it.
        """
        if not self.keys:
            return ANYONE
        given = _digest((authorization or "").partition(" ")[2].strip())
        is_bearer = (authorization or "")[:7].lower() == "bearer "
        found: Key | None = None
        for key in self.keys:  # all of them, always
            if hmac.compare_digest(given, key.digest) and is_bearer:
                found = key
        if found is None:
            raise Fault(
                401, "invalid_api_key", "a valid API key is needed (Authorization: Bearer ..)"
            )
        return found


def check_rate(key: Key) -> None:
    """Take one of the key's turns; `Fault` 429 when there is none."""
    wait_s = 0.0 if key.rate is None else key.rate.take()
    if wait_s:
        raise Fault(
            429, "gateway_rate_limited",
            f"this key's requests per minute are used up; ask again in {math.ceil(wait_s)} s",
            metadata={"category": "gateway"}, retry_after_s=wait_s, again=True,
        )  # fmt: skip


def new_key() -> tuple[str, str]:
    """Make a key: what its owner is given, and the digest for the key file."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, _digest(key).hex()


def new_entry(name: str, budget_usd: float | None, per_minute: float | None) -> tuple[str, str]:
    """Make a key for someone: the key, and its entry for the key file.

    Raises
    ------
    InputError
        When name, budget or rate cannot stand in a key file.
    """
    key, digest = new_key()
    told = {
        "name": name,
        "sha256": digest,
        "budget_usd_per_day": budget_usd,
        "requests_per_minute": per_minute,
    }
    given = {field: value for field, value in told.items() if value is not None}
    try:
        _Entry.model_validate(given)
    except ValidationError as error:
        raise InputError(_said(error)) from None
    lines = [f"{field} = {json.dumps(value)}" for field, value in given.items()]
    return key, "\n".join(("[[key]]", *lines, ""))


def _said(error: ValidationError) -> str:
    first = field_words.first_of(error)
    if first["loc"][:1] == ("sha256",):  # may be the key itself, by mistake
        del first["input"]
    return field_words.sentence(first, _Entry)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _entries(path: Path) -> list[_Entry]:
    told = toml_file.read(path, InputError, "key file")
    listed = told.get("key")
    if not isinstance(listed, list) or not listed or set(told) != {"key"}:
        raise InputError(f"{path}: must hold one or more [[key]] tables and nothing else")
    found = []
    for n, entry in enumerate(listed, start=1):
        try:
            found.append(_Entry.model_validate(entry))
        except ValidationError as error:
            raise InputError(f"{path}: key {n}: {_said(error)}") from None
    return found


def _key(path: Path, entry: _Entry, workers: int) -> Key:
    if (entry.sha256 is None) == (entry.env is None):
        raise InputError(f"{path}: key {entry.name!r} needs sha256 or env, one of the two")
    if entry.sha256 is not None:
        digest = bytes.fromhex(entry.sha256)
    else:
        value = os.environ.get(entry.env or "", "")
        if len(value) < 16:
            raise InputError(
                f"{path}: key {entry.name!r}: the environment variable {entry.env} is not set, or "
                "has fewer than 16 characters"
            )
        digest = _digest(value)
    budget, rate = entry.budget_usd_per_day, entry.requests_per_minute
    return Key(
        name=entry.name,
        digest=digest,
        budget_nanousd=None if budget is None else nanousd(str(budget)),
        rate=None if rate is None else Rate(rate / workers),
        project=entry.project,
        dashboard=entry.dashboard,
    )
