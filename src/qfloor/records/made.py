"""What came of a request: outputs with status and reason, and the ledger's attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from qfloor.records.asked import Prompt
from qfloor.records.bought import Offer
from qfloor.records.plain import canonical_json, digest_of

FloorKind = Literal["delivered", "conditional"]


class Status(StrEnum):
    """How a request of a round ended; the table of DESIGN section 2."""

    MADE = "made"
    REFUSED = "refused"
    BLANK = "blank"
    FAILED = "failed"
    SETUP = "setup"
    UNKNOWN = "unknown"


class CountsAs(StrEnum):
    """What a status means for a floor."""

    SCORED = "scored"
    FAIL = "fail"
    ABSENT = "absent"
    MISSING = "missing"


# (status, kind of floor) -> what it counts as: the one place that decides
STATUS_TABLE: dict[Status, dict[FloorKind, CountsAs]] = {
    Status.MADE: {"delivered": CountsAs.SCORED, "conditional": CountsAs.SCORED},
    Status.REFUSED: {"delivered": CountsAs.FAIL, "conditional": CountsAs.ABSENT},
    Status.BLANK: {"delivered": CountsAs.FAIL, "conditional": CountsAs.FAIL},
    Status.FAILED: {"delivered": CountsAs.MISSING, "conditional": CountsAs.MISSING},
    Status.SETUP: {"delivered": CountsAs.ABSENT, "conditional": CountsAs.ABSENT},
    Status.UNKNOWN: {"delivered": CountsAs.MISSING, "conditional": CountsAs.MISSING},
}

# reason -> status: what each reason of a provider's answer amounts to
REASONS: dict[str, Status] = {
    "ok": Status.MADE,
    "refused_input": Status.REFUSED,
    "refused_output": Status.REFUSED,
    "empty_success": Status.BLANK,
    "one_colour": Status.BLANK,
    "zero_frames": Status.BLANK,
    "undecodable": Status.BLANK,
    "wrong_modality": Status.BLANK,
    "animated": Status.BLANK,
    "provider_error": Status.FAILED,
    "capacity": Status.FAILED,
    "rate_limited": Status.FAILED,
    "job_expired": Status.FAILED,
    "url_expired": Status.FAILED,
    "outage": Status.FAILED,
    "not_sent": Status.FAILED,
    "auth": Status.SETUP,
    "permission": Status.SETUP,
    "billing": Status.SETUP,
    "invalid_request": Status.SETUP,
    "model_gone": Status.SETUP,
    "unsupported": Status.SETUP,
    "timeout_ambiguous": Status.UNKNOWN,
    "poll_deadline": Status.UNKNOWN,
    "malformed_answer": Status.UNKNOWN,
}


@dataclass(frozen=True, kw_only=True)
class Output:
    """One request of a round and what came of it.

    ``seconds_total`` is from the call to its answer, with polling and downloading
    (``seconds_download``) and without ``seconds_throttled``, which our own limits and waits took.
    ``seconds_run`` and ``seconds_queue`` are the seller's word; painters say what the model they
    play would take, which can be longer than the clock's ``seconds_total``. ``timing_source`` says
    whether a time is ``seller``'s or our own ``clock``'s.
    """

    id: str
    prompt_id: str
    prompt_digest: str
    offer_id: str
    repeat: int
    round: str
    status: Status
    reason: str
    media_sha256: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    seconds_total: float | None = None
    seconds_run: float | None = None
    seconds_queue: float | None = None
    seconds_throttled: float | None = None
    seconds_download: float | None = None
    timing_source: Literal["seller", "clock"] | None = None
    model_version: str | None = None
    unsafe: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took: by its maker's word on the run, else by the caller's clock."""
        return self.seconds_total if self.seconds_run is None else self.seconds_run


CONTROLS_SUFFIX = "+controls"
"""Outputs that only controls speak of belong to no floor: they are kept in a round beside."""

COMPARED_SUFFIX = "+compared"
"""So are those that were compared and never rated: they are no missing ratings of the round."""


def home_round(round: str) -> str:
    """Name the round that outputs kept beside one belong to.

    Examples
    --------
    >>> home_round("2026-11+compared"), home_round("2026-11")
    ('2026-11', '2026-11')
    """
    return round.partition("+")[0]


def output_id(prompt: Prompt, offer: Offer, repeat: int, round: str) -> str:
    """Name one request of a round: same request, same id; a new round buys anew.

    The offer enters by id, version, settings and generator, so a changed setting is a new
    request; its price and lifecycle do not.
    """
    return digest_of(
        [prompt.digest, offer.id, offer.version, offer.settings, offer.generator, repeat, round]
    )


def output_ids(offer: Offer, round: str) -> Callable[[str, int], str]:
    """Name many requests of one offer: gives `output_id` of a prompt's digest and a repeat.

    The offer's part is put into words once, not once for each of a hundred thousand requests.
    """
    offer_part = canonical_json([offer.id, offer.version, offer.settings, offer.generator])[1:-1]
    tail = canonical_json(round)

    def name(prompt_digest: str, repeat: int) -> str:
        said = f'["{prompt_digest}",{offer_part},{repeat},{tail}]'
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:32]

    return name


class Event(StrEnum):
    """The life of an attempt, in order; the ledger is append-only."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    POLLED = "polled"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One event in an output's life: a row of the ledger.

    The amount of ``ended`` is what was charged, that of ``intended`` the most it can come to.
    """

    output_id: str
    n: int
    event: Event
    at: str
    job: Mapping[str, Any] | None = None
    status: Status | None = None
    reason: str | None = None
    charged: Literal["yes", "no", "unknown"] = "unknown"
    amount_nanousd: int | None = None
    price_row: str | None = None
    detail: str = ""
