"""What a generator is: the adapter that calls one seller, and nothing more.

The driver (`qfloor.generate`) owns clocks, retries, limits, budget and storage; an adapter only
translates. Three verbs, all coroutines, and some that are optional:

    submit(request)  -> Accepted | Ended     the only call that may cost money
    poll(job)        -> Running | Ready | Ended
    collect(job)     -> Ended                downloads; may be repeated freely
    lookup(request)  -> Accepted | None      optional: was this request key already accepted?
    cancel(job)      -> None                 optional
    declines(request) -> str | None          optional: why it will not be asked at all
    lacks()          -> str | None           optional: what no call can be made without
    limits()         -> RateLimits | None    optional: what the account may be asked at once

A synchronous seller answers ``submit`` with `Ended`. A seller that knows our request key lets a
restarted run find a job that was accepted just before a crash; where `lookup` is absent such a
request is ``unknown`` and is never sent again silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from qfloor.records import Offer, Output, Prompt, RateLimits

DOWNLOADS = "downloads"
"""Folder in a generator's ``state_dir`` for files that nobody has taken over yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One output asked for.

    ``key`` is the output's id; ``attempt`` numbers the call under way, or the one in doubt.
    """

    key: str
    prompt: Prompt
    offer: Offer
    repeat: int
    round: str
    seed: int
    attempt: int = 1

    @property
    def mark(self) -> str:
        """Names this very call to sellers that remember marks and take none twice.

        The key, and from the second attempt on its number behind it.
        """
        return self.key if self.attempt == 1 else f"{self.key}-{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Media as the seller gave it: bytes or a file, one of the two, and the type it claims.

    A file that lies in the generator's ``state_dir`` is the driver's from then on: it is moved
    into the store. Downloads belong into ``state_dir / DOWNLOADS``, which is emptied before a
    run of whatever a killed one left there. A file elsewhere is copied and left alone.
    """

    content: bytes | None = None
    path: Path | None = None
    media_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The seller has taken the request; ``job`` is plain JSON and survives a restart."""

    job: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Running:
    """Still being made; ``retry_after_s`` is when to ask again, None when the seller does not say.

    The driver then asks less and less often the longer it takes.
    """

    retry_after_s: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Finished at the seller: `collect` will fetch it."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The last word on a request.

    ``reason`` is a key of `qfloor.records.REASONS`; ``artifact`` is present exactly when the
    reason is ``ok``. ``amount_nanousd`` is what the seller says it charged, None when it does
    not say. ``report`` is the seller's own account of the output (seed, version, log), plain
    JSON, kept with the output.
    """

    reason: str
    artifact: Artifact | None = None
    detail: str = ""
    charged: Literal["yes", "no", "unknown"] = "unknown"
    amount_nanousd: int | None = None
    seconds_run: float | None = None
    seconds_queue: float | None = None
    model_version: str | None = None
    unsafe: bool = False
    retry_after_s: float | None = None
    report: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Generator(Protocol):
    """The seam a seller is attached by; a class with these coroutines is a generator.

    Built by `qfloor.plugins` as ``cls(offers, state_dir, **args)`` once for all offers that share
    one generator spec; ``state_dir`` is a folder of its own inside the workspace.
    """

    async def submit(self, request: Request) -> Accepted | Ended:
        """Ask for one output. May cost money; the driver calls it at most once a request."""

    async def poll(self, job: Mapping[str, Any]) -> Running | Ready | Ended:
        """Ask how a job stands; free, repeatable."""

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Fetch a ready job's media; free, repeatable."""

    async def close(self) -> None:
        """Let go of connections and workers."""


@runtime_checkable
class LooksUp(Protocol):
    """A generator whose seller remembers request keys."""

    async def lookup(self, request: Request) -> Accepted | None:
        """Return the job accepted under this request's key, or None if there is none."""


@runtime_checkable
class Cancels(Protocol):
    """A generator whose seller can stop a job."""

    async def cancel(self, job: Mapping[str, Any]) -> None:
        """Stop a job that is no longer wanted."""


@runtime_checkable
class Declines(Protocol):
    """A generator that knows beforehand what it does not have; nothing is asked of a seller."""

    def declines(self, request: Request) -> str | None:
        """Say in a few words why the request is left out of a plan, or None to be asked."""


@runtime_checkable
class Lacks(Protocol):
    """A generator that knows beforehand when every call of it would fail here."""

    def lacks(self) -> str | None:
        """Say in a sentence what is missing, such as a key; None where calls may be made."""


@runtime_checkable
class Mends(Protocol):
    """A generator whose seller may have mended an output that was no good, at no cost."""

    def mended(self, request: Request, output: Output) -> bool:
        """Say whether other bytes are there now than those that ``output`` was judged by."""


@runtime_checkable
class Computes(Protocol):
    """A generator whose `collect` only computes: a job gives the same bytes wherever it is run.

    ``alone`` are arguments, beside those of its spec, under which an instance works on one job at
    a time in its own process, as it does in an actor on another machine.
    """

    @property
    def alone(self) -> Mapping[str, Any]:
        """Arguments of an instance that has a process to itself."""

    @property
    def device(self) -> str:
        """``cpu``, ``cuda``, or ``auto`` for a GPU where there is one."""


@runtime_checkable
class Limited(Protocol):
    """A generator that knows what its seller allows an account; shared by all its offers."""

    def limits(self) -> RateLimits | None:
        """Return the documented limits of one account (one key), or None."""
