"""Every error the gateway answers with, in OpenAI's envelope, and what may be asked again.

``{"error": {"message", "type", "param", "code"}, "metadata": {...}}``. The header
``x-should-retry`` tells official clients, which would else repeat any 5xx by themselves, when a
repeat could buy the same thing twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from qfloor.generate import Outcome
from qfloor.records import Status
from qfloor.router import Cause, Decision, Rule
from qfloor.router.explaining import headline

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    409: "conflict_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}

_OWN_TYPES = frozenset({"no_eligible_model"})


class Fault(Exception):  # noqa: N818  an answer, not a failure of ours
    """An answer that is an error.

    ``again`` says whether a client may repeat the request by itself.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
        again: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.metadata = dict(metadata or {})
        self.retry_after_s, self.again = retry_after_s, again
        self.facts: Mapping[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The envelope."""
        error = {
            "message": self.message,
            "type": self.code
            if self.code in _OWN_TYPES
            else _TYPES.get(self.status, "server_error"),
            "param": self.param,
            "code": self.code,
        }
        return {"error": error} | ({"metadata": self.metadata} if self.metadata else {})

    def headers(self) -> dict[str, str]:
        """When to come again, and whether a client may by itself."""
        out = {"x-should-retry": "true" if self.again else "false"}
        if self.retry_after_s is not None:
            out["retry-after"] = str(max(1, math.ceil(min(self.retry_after_s, 86_400.0))))
        if self.status == 401:
            out["www-authenticate"] = "Bearer"
        return out

    def plain(self) -> dict[str, Any]:
        """For keeping with a job."""
        return {"status": self.status, "code": self.code, "message": self.message,
                "metadata": self.metadata}  # fmt: skip

    @classmethod
    def kept(cls, told: Mapping[str, Any]) -> Fault:
        """The fault a job was ended with."""
        return cls(told["status"], told["code"], told["message"], metadata=told["metadata"])


def nothing_eligible(decision: Decision) -> Fault:
    """Say why no offer is chosen, which rule decided, and what would change it."""
    metadata: dict[str, Any] = {
        "cause": decision.cause.value,
        "category": decision.category,
        "plausible": list(decision.classification.plausible),
        "tier": decision.tier,
        "notes": list(decision.notes),
    }
    rule = decision.binding_rule
    if rule is not None:
        metadata["binding_rule"] = rule.value
    if decision.relaxation is not None:
        metadata["relaxation"] = vars(decision.relaxation) | {
            "change": dict(decision.relaxation.change)
        }
    if rule is Rule.UNHEALTHY:
        return Fault(
            503, "all_cooling", "every offer that would do is not answering now; try again later",
            metadata=metadata, retry_after_s=30.0, again=True,
        )  # fmt: skip
    if decision.cause is Cause.REFUSED_PIN:
        message = next(iter(decision.notes), "the model asked for cannot serve this request")
        return Fault(422, "model_not_possible", message, param="model", metadata=metadata)
    message = headline(decision)
    if decision.relaxation is not None:  # clients keep the message, and drop what stands beside it
        message += f" What would help: {decision.relaxation.text}."
    return Fault(422, "no_eligible_model", message, metadata=metadata)


_REFUSED = "the provider declined this prompt by its content policy; it was asked nobody else"
_SAID: dict[Status, tuple[int, str, str]] = {
    Status.REFUSED: (400, "content_policy_violation", _REFUSED),
    Status.BLANK: (502, "blank_output", "the provider delivered nothing usable"),
    Status.SETUP: (502, "provider_setup", "the provider does not take calls from this gateway"),
    Status.FAILED: (502, "provider_error", "the provider failed"),
    Status.UNKNOWN: (
        504,
        "outcome_unknown",
        "no answer came in time; the output may still be made and charged, so it is not asked "
        "for again",
    ),
}


def of_outcome(outcome: Outcome, offer_id: str, told_s: float | None = None) -> Fault:
    """Turn what came of a seller's call into an answer; the seller's own words stay with us."""
    status, code, message = _SAID[outcome.status]
    metadata = {
        "provider_offer": offer_id,
        "reason": outcome.reason,
        "charged": outcome.charged,
        "category": "provider",
    }
    if outcome.status is Status.UNKNOWN:
        metadata["outcome"] = "unknown"
    if outcome.reason == "rate_limited":
        return Fault(
            429, "provider_rate_limited", "the provider takes no more calls now",
            metadata=metadata, retry_after_s=told_s or 5.0, again=True,
        )  # fmt: skip
    if outcome.reason in ("not_sent", "capacity") and outcome.charged == "no":
        return Fault(
            503, "provider_unavailable", "the provider cannot be reached or has no capacity now",
            metadata=metadata, retry_after_s=told_s or 10.0, again=True,
        )  # fmt: skip
    return Fault(status, code, message, metadata=metadata)


def cooling(offer_id: str, free_in_s: float) -> Fault:
    """No seller was called: each is being left alone for a while."""
    return Fault(
        503, "all_cooling", "the offers that would do are being left alone for a while",
        metadata={"provider_offer": offer_id, "category": "gateway"},
        retry_after_s=free_in_s, again=True,
    )  # fmt: skip


def impossible(offer_id: str, lasts: Literal["setup", "request"], why: str) -> Fault:
    """No seller was called, and asking again will not change that."""
    metadata = {"provider_offer": offer_id, "charged": "no", "category": "gateway"}
    if lasts == "request":
        return Fault(422, "model_not_possible", f"{offer_id}: {why}", param="model",
                     metadata=metadata)  # fmt: skip
    said = "no offer that would do can be called from here; the gateway's log says why"
    return Fault(502, "provider_setup", said, metadata=metadata)


def busy(retry_after_s: float = 2.0) -> Fault:
    """Too much at once at our own door."""
    return Fault(
        429, "gateway_busy", "the gateway is at its limit; try again in a moment",
        metadata={"category": "gateway"}, retry_after_s=retry_after_s, again=True,
    )  # fmt: skip
