"""``POST /v1/images/generations``."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from qfloor.prices import in_usd
from qfloor.web.gateway import facts
from qfloor.web.gateway.buying import buy
from qfloor.web.gateway.deciding import Decided
from qfloor.web.gateway.delivery import MARK
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.guard import Call, json_response
from qfloor.web.gateway.jobs import Job


async def generate_images(call: Call) -> Response:
    """Have pictures made by the cheapest offer that is certified for the request."""
    ask, job, decided = await buy(call, "image")
    ended = await call.gateway.orders.wait(job)
    call.facts.update(ended.facts)
    assert ended.result is not None, "a job that has ended has a result"
    if ended.result["fault"] is not None:
        raise Fault.kept(ended.result["fault"])
    return _answer(call, ended, ask, decided)


def _answer(call: Call, job: Job, ask: Any, decided: Decided | None) -> Response:
    """OpenAI's answer: base64 unless URLs are asked for."""
    assert job.result is not None
    outputs = job.result["outputs"]
    as_url = ask.response_format == "url"
    delivery = call.gateway.delivery
    items = []
    for output in outputs:
        item: dict[str, Any] = {"media_type": output["media_type"], "model": output["offer"]}
        if as_url:
            item["url"] = delivery.url(output["sha256"], output["media_type"])
        else:
            item["b64_json"] = MARK
        items.append(item)
    body: dict[str, Any] = {
        "created": int(job.created_at),
        "data": items,
        "model": outputs[0]["offer"],
        "usage": usage(job, len(outputs)),
        "qfloor": facts.body(job.facts),
    }
    if ask.routing.explain and decided is not None:
        body["routing"] = decided.decision.to_dict()
    if as_url:
        return json_response(body)
    return delivery.inline(body, [o["sha256"] for o in outputs], facts.headers({}))


def usage(job: Job, outputs: int) -> dict[str, Any]:
    """What it cost, where that is known; token counts are there for clients that want them."""
    cost = in_usd(job.charged_nanousd)
    return {
        "cost": cost,
        "cost_currency": "USD",
        "charged": job.charged,
        "outputs": outputs,
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
    }
