"""Tables of error shapes -> reason: data, read by one classifier.

A row holds what an error looks like and what it amounts to; a provider's table is asked first,
then `COMMON`, by HTTP status. What no row knows is a ``provider_error`` whose text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from qfloor.generators.http.answers import Answer, at
from qfloor.records import REASONS

Charged = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One error shape.

    Parameters
    ----------
    reason : str
        A key of `qfloor.records.REASONS`.
    status : tuple of int, optional
        HTTP statuses it comes with; any when empty.
    code : str, optional
        Pattern (as `fnmatch`, in lower case) of a code, type or name in the answer; several
        joined by ``+`` must all be there.
    text : str, optional
        Regular expression found anywhere in the message, in lower case.
    charged : {"yes", "no", "unknown"}
        What is documented of the money.
    """

    reason: str
    status: tuple[int, ...] = ()
    code: str = ""
    text: str = ""
    charged: Charged = "unknown"

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"{self.reason!r} is no reason")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What an error answer says: its codes and its message, without the prompt's echo."""

    status: int
    codes: tuple[str, ...]
    message: str


_CODES = (
    "error.code", "error.type", "error.status", "error.error_code", "error.details.*.reason",
    "code", "status_code", "error_type", "type", "name", "title", "status", "finish_reason",
    "detail.*.type", "detail.type", "detail.error_type", "errors.*.code", "base_resp.status_code",
    "error.http_code", "output.code", "failureCode", "error_code", "data.task_status",
    "error.moderation_details.*.stage", "error.moderation_details.stage", "error.*.code",
    "error.details.*.violations.*.quotaId",
    "task.error.code", "task.error.type", "steps.*.error.code", "steps.*.error.status",
)  # fmt: skip
_TEXTS = (
    "error.message", "task.error.message", "steps.*.error.message", "data.task_status_msg",
    "detail.*.msg", "detail.message", "detail", "message", "error", "errors.*",
    "base_resp.status_msg", "failure", "failure_reason", "output.message", "details",
    "msg", "name",
)  # fmt: skip

_NO_CREDIT = (
    r"insufficient[_ -]?(?:quota|balance|credit|fund|token)|exhausted balance|out of credits?"
    r"|not enough credits?|low (?:on )?credit|low balance|payment required|top up|arrears"
    r"|all available credits|spending limit"
)
GONE = (
    r"deprecat|retired|no longer (?:available|supported)|sunset|discontinued"
    r"|has been (?:shut|removed)"
)
_POLICY = (
    r"content[_ ](?:policy|moderation|filter)|moderation|nsfw"
    r"|safety (?:system|filter|checker|polic)"
    r"|sensitive (?:content|word|information)|violat\w* .{0,40}polic|prohibited content|flagged"
)

COMMON: tuple[Shape, ...] = (
    Shape(reason="refused_input", status=(400, 403, 422), code="*content_policy*"),
    Shape(reason="refused_input", status=(400, 403, 422), code="*moderation*"),
    Shape(reason="billing", status=(400, 403, 429), text=_NO_CREDIT, charged="no"),
    Shape(reason="billing", status=(403, 429), code="insufficient_quota", charged="no"),
    Shape(reason="model_gone", status=(400, 404, 410), code="model_not_found", charged="no"),
    Shape(reason="model_gone", status=(400, 403, 404, 410, 422), text=GONE, charged="no"),
    Shape(reason="auth", status=(401,), charged="no"),
    Shape(reason="billing", status=(402,), charged="no"),
    Shape(reason="permission", status=(403, 451), charged="no"),
    Shape(reason="model_gone", status=(404, 410), charged="no"),
    Shape(reason="rate_limited", status=(429,), charged="no"),
    Shape(reason="capacity", status=(503, 529)),
    Shape(reason="timeout_ambiguous", status=(408, 499)),
    Shape(
        reason="invalid_request",
        status=(
            300,
            301,
            302,
            303,
            304,
            307,
            308,
            400,
            405,
            406,
            409,
            411,
            413,
            414,
            415,
            422,
            431,
        ),
        charged="no",
    ),
)
POLICY = Shape(reason="refused_input", status=(400, 403, 422), text=_POLICY)
"""For tables of providers whose refusals are told by their text only."""


def fault_of(answer: Answer, also: Sequence[str] = ()) -> Fault:
    """Read codes and message of an error answer; ``also`` are further codes (of headers)."""
    body = answer.json
    codes = [str(c).lower() for path in _CODES for c in at(body, path) if _is_code(c)]
    said = next(_sentences(body), "") if body is not None else answer.text
    return Fault(
        status=answer.status,
        codes=(*(c.lower() for c in also if c), *dict.fromkeys(codes)),
        message=" ".join(str(said).split())[:1_000],
    )


def _is_code(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) < 120


def _sentences(body: Any) -> Iterator[str]:
    """Every sentence of an error, the most telling first; numbers and objects are none."""
    for path in _TEXTS:
        found = [v for v in at(body, path) if isinstance(v, str) and v]
        if found:
            yield "; ".join(found)


def row_for(fault: Fault, table: Sequence[Shape]) -> Shape | None:
    """Give the first row that a fault matches."""
    text = fault.message.lower()
    for shape in table:
        if shape.status and fault.status not in shape.status:
            continue
        wanted = shape.code.split("+") if shape.code else ()
        if not all(any(fnmatchcase(code, part) for code in fault.codes) for part in wanted):
            continue
        if shape.text and not re.search(shape.text, text):
            continue
        return shape
    return None


def reason_for(fault: Fault, table: Sequence[Shape]) -> Shape:
    """Classify a fault: the provider's table, then `COMMON`, else ``provider_error``."""
    found = row_for(fault, table) or row_for(fault, COMMON)
    return found or Shape(reason="provider_error")


def states(**named: tuple[str, ...]) -> dict[str, str]:
    """Table of a provider's job states by what they mean, for `HttpGenerator.STATES`.

    Examples
    --------
    >>> states(running=("queued",), ready=("done",))
    {'queued': 'running', 'done': 'ready'}
    """
    known = {"running", "ready", "failed", "expired"}
    if not set(named) <= known:
        raise ValueError(f"a job is one of {', '.join(sorted(known))}")
    return {state: means for means, all_ in named.items() for state in all_}
