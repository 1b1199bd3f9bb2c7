"""What both media endpoints do: read, decide, log, open a job under an Idempotency-Key."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal

from qfloor.records import digest_of
from qfloor.web.gateway import facts
from qfloor.web.gateway.asked import ImageAsk, VideoAsk, read_ask
from qfloor.web.gateway.deciding import Decided, decide, offers_or_fault
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.forms import read_object
from qfloor.web.gateway.guard import Call
from qfloor.web.gateway.jobs import Job
from qfloor.web.gateway.tracing import span

_IDEMPOTENCY = re.compile(r"^[\x21-\x7e]{1,255}$")
_KINDS: dict[Literal["image", "video"], tuple[type[Any], Literal["images", "videos"]]] = {
    "image": (ImageAsk, "images"),
    "video": (VideoAsk, "videos"),
}


async def buy(call: Call, kind: Literal["image", "video"]) -> tuple[Any, Job, Decided | None]:
    """Take a request for media as a job.

    Returns the validated body, the job, and the decision; None in place of it when the job is
    one that the request's Idempotency-Key named before.
    """
    gateway = call.gateway
    model, endpoint = _KINDS[kind]
    idempotency = _idempotency(call)
    body = await read_object(call.request, gateway.settings.most_body_bytes, forms=kind == "video")
    ask = read_ask(model, body)
    body_digest = _digest(endpoint, ask)
    if idempotency is not None:
        call.facts["idempotency-key"] = idempotency
        there = await asyncio.to_thread(gateway.jobs.under, call.key.name, idempotency)
        if there is not None:
            job = gateway.orders.same(there, body_digest)
            call.facts["x-qfloor-replayed"] = "yes"
            return ask, job, None
    with span("qfloor.decide", endpoint=endpoint):
        decided = decide(
            gateway.picture,
            ask,
            endpoint=endpoint,
            key=call.key,
            request_id=call.request_id,
            settings=gateway.settings,
            window=gateway.watch.window,
        )
    call.facts.update(facts.of_decision(decided))
    job = await _placed(call, decided, kind, body_digest, idempotency)
    return ask, job, decided


async def _placed(
    call: Call,
    decided: Decided,
    kind: Literal["image", "video"],
    body_digest: str,
    idempotency: str | None,
) -> Job:
    """Open the job; whatever comes of it, the decision is in the log."""
    records = call.gateway.records
    try:
        offers_or_fault(decided)
        job, is_new = await call.gateway.orders.place(
            decided, kind, body_digest=body_digest, idempotency=idempotency
        )
    except Fault as fault:
        records.decided(decided, status=fault.status, seconds=call.seconds, reason=fault.code)
        raise
    if is_new:
        records.decided(decided, status=202, seconds=call.seconds, reason=None)
    else:
        call.facts["x-qfloor-replayed"] = "yes"
    return job


def _digest(endpoint: str, ask: Any) -> str:
    """What a request under an Idempotency-Key is known by.

    Fields that came later count only where they are given: who asks again after an upgrade asks
    the same, and shall not buy twice.
    """
    told = ask.model_dump(mode="json")
    for fields, later in ((told, "resolution"), (told["routing"], "language")):
        if fields[later] is None:
            del fields[later]
    return digest_of([endpoint, told])


def _idempotency(call: Call) -> str | None:
    given = call.request.headers.get("idempotency-key")
    if given is not None and not _IDEMPOTENCY.match(given):
        raise Fault(400, "invalid_idempotency_key",
                    "an Idempotency-Key has 1 to 255 printable ASCII characters")  # fmt: skip
    return given
