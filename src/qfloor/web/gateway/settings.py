"""What an operator says once: ``gateway.toml``, and the few things the command line overrides.

Checked when it is read, by name of the field; it holds no key (keys are a file of their own).
"""

from __future__ import annotations

import ipaddress
import math
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from qfloor import field_words, toml_file
from qfloor.base_url import checked_base
from qfloor.errors import InputError


class Account(BaseModel):
    """What a provider's account may be asked, in place of what its generator declares."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int | None = Field(None, ge=1)
    """Calls at once."""
    per_minute: float | None = Field(None, gt=0)
    """Calls a minute."""
    burst: int = Field(1, ge=1)
    """Calls that may be made at once before ``per_minute`` holds."""


class Settings(BaseModel):
    """How a gateway runs.

    ``shadow`` and ``baseline`` are offers by modality (``image``, ``video``): in shadow mode the
    shadow offer serves whatever the router decides; spend is shown against the baseline.
    ``inspect`` says how media are looked at before they are handed over: ``whole`` decodes them,
    as the benchmark does, and finds a blank; ``head`` reads the first bytes and is faster.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: Path = Path(".qfloor/quality.db")
    """The quality database; watched, and swapped when it changes."""
    workspace: Path = Path(".qfloor")
    """Folder of gateway.db, media and feeds."""
    host: str = "127.0.0.1"
    """Where to listen; anywhere but this machine needs ``keys``."""
    port: int = Field(8080, ge=1, le=65535)
    """On which port; 0 takes a free one."""
    workers: int = Field(1, ge=1, le=64)
    """Processes that share the port."""
    public_url: str | None = None
    """What URLs in answers begin with."""
    hosts: tuple[str, ...] = ()
    """Further names that a gateway without keys may be called by."""
    keys: Path | None = None
    """Key file; see below."""
    policy: Path | None = None
    """The router's policy; see above."""
    feeds: Path | None = None
    """Prices and health; by default in the workspace."""
    shadow: dict[str, str] = Field(default_factory=dict)
    """By modality, the offer that serves whatever is decided: shadow mode."""
    baseline: dict[str, str] = Field(default_factory=dict)
    """By modality, the offer that spend is shown against."""
    allow_illustrative: bool = False
    """Serve a database that is an example."""
    allow_provisional: bool = False
    """Also choose among offers that no person judged."""
    keep_prompts: bool = False
    """Keep prompts in the decision log."""
    probes: bool = True
    """Let a few requests go to an offer whose latency is not known any more."""
    inspect: Literal["whole", "head"] = "whole"
    """Decode media before they are handed over, or read their first bytes only."""
    most_body_bytes: int = Field(1_000_000, ge=1_000)
    """Largest request."""
    most_at_once: int = Field(256, ge=1)
    """Pictures being made at once."""
    most_clips_at_once: int = Field(1_024, ge=1)
    """Clips being made at once; they take no place of a picture."""
    most_waiting: int = Field(512, ge=0)
    """Requests of a kind that may wait for a place; more are turned away."""
    most_decisions: int = Field(200_000, ge=100)
    """Rows of the decision log that are kept."""
    keep_hours: float = Field(24.0, ge=24.0, le=24.0 * 90)
    """How long media, jobs and idempotency keys are kept."""
    answer_within_s: float = Field(600.0, gt=0)
    """Longest that an answer may take."""
    image_deadline_s: float = Field(1_800.0, gt=0)
    """How long a picture's job is followed before its outcome is told as unknown."""
    video_deadline_s: float = Field(14_400.0, gt=0)
    """The same of a clip's job; what ends later is collected all the same."""
    offer_deadline_s: dict[str, float] = Field(default_factory=dict)
    """The same by offer, in place of both."""
    fallbacks: int = Field(2, ge=0, le=10)
    """Other offers that are tried where surely nothing was taken."""
    drain_s: float = Field(60.0, ge=0)
    """How long a stop waits for what is under way."""
    poll_first_s: float = Field(0.25, gt=0)
    """Seconds to the first question how a job stands."""
    rest_s: float = Field(60.0, ge=0)
    """How long a seller that failed is left alone."""
    quota_rest_s: float = Field(900.0, ge=0)
    """How long one whose quota is used up is left alone."""
    look_every_s: float = Field(1.0, gt=0)
    """How often files and feeds are looked at for changes."""
    plugins: tuple[str, ...] = ()
    """Generators that may be named as module:attribute."""
    accounts: dict[str, Account] = Field(default_factory=dict)
    """What a provider's account may be asked, by provider."""

    @field_validator("shadow", "baseline", mode="before")
    @classmethod
    def _by_modality(cls, value: Any) -> Any:
        if not isinstance(value, dict) or set(value) - {"image", "video"}:
            raise ValueError("must be given by modality, as {image = 'OFFER', video = 'OFFER'}")
        return value

    @field_validator("offer_deadline_s")
    @classmethod
    def _are_times(cls, value: dict[str, float]) -> dict[str, float]:
        if not all(math.isfinite(seconds) and seconds > 0 for seconds in value.values()):
            raise ValueError("must be given in seconds, more than none")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return checked_base(value)
        except ValueError as wrong:
            raise ValueError(f"{wrong}, must look like https://pictures.example") from None

    def deadline_s(self, offer_id: str, modality: str) -> float:
        """How long a job of an offer is followed before its outcome is told as unknown."""
        usual = self.video_deadline_s if modality == "video" else self.image_deadline_s
        return self.offer_deadline_s.get(offer_id, usual)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def root(self) -> str:
        """What URLs in answers begin with; never what a request's Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def names(self) -> frozenset[str]:
        """Host names that a request may call a gateway without keys by."""
        own = urlsplit(self.root).hostname or ""
        return frozenset({"localhost", "127.0.0.1", "::1", own, *self.hosts})


def read_settings(path: Path | None, **given: Any) -> Settings:
    """Settings from a file, with what is given (and not None) in their place.

    Raises
    ------
    InputError
        One sentence: which field of which file, and what it must be.
    """
    told: dict[str, Any] = {}
    if path is not None:
        told = toml_file.read(path, InputError, "settings file")
        for name in ("database", "workspace", "keys", "policy", "feeds"):
            if isinstance(told.get(name), str):  # beside the file that names them
                told[name] = path.parent / told[name]
    try:
        return Settings(**told | {k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        said = field_words.sentence(field_words.first_of(error), Settings, "setting")
        raise InputError(f"{path or 'settings'}: {said}") from None
