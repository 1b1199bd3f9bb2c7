"""What is wrong with a body is said in our words, by the name that the one who asks knows."""

from __future__ import annotations

from typing import Any

import pytest

from qfloor.web.gateway.asked import ImageAsk, RouteAsk, VideoAsk, read_ask
from qfloor.web.gateway.faults import Fault

LATENCY = "must be seconds above 0, {'p50': .., 'p95': ..}, 'realtime' or 'batch'"


def in_routing(**told: Any) -> dict[str, Any]:
    return {"routing": told}


@pytest.mark.parametrize(
    ("kind", "body", "param", "said"),
    [
        (ImageAsk, in_routing(max_latency_s="asap"), "routing.max_latency_s", LATENCY),
        (ImageAsk, in_routing(max_latency_s={"p50": -1}), "routing.max_latency_s", LATENCY),
        (ImageAsk, in_routing(max_price_usd=True), "routing.max_price_usd", "must be a number"),
        (ImageAsk, in_routing(tags="a"), "routing.tags", "must be a list"),
        (ImageAsk, in_routing(only=[1]), "routing.only.0", "must be text"),
        (ImageAsk, in_routing(allow_fallbacks="maybe"), "routing.allow_fallbacks",
         "must be true or false"),
        (ImageAsk, {"routing": 3}, "routing", "must be an object"),
        (ImageAsk, {"tier": "premium"}, "tier", "it stands in routing: {'routing': {'tier': ..}}"),
        (ImageAsk, {"promt": "x"}, "promt", "did you mean 'prompt'?"),
        (ImageAsk, {"stream": True}, "stream", "must be false"),
        (ImageAsk, {"n": 0}, "n", "must be at least 1"),
        (ImageAsk, {"n": 11}, "n", "must be at most 10"),
        (ImageAsk, {"seed": "a"}, "seed", "must be a whole number"),
        (ImageAsk, {"model": "m" * 301}, "model", "has more than 300 characters"),
        (ImageAsk, {"response_format": "gif"}, "response_format", "must be 'url' or 'b64_json'"),
        (VideoAsk, {"n": 2}, "n", "must be 1"),
        (VideoAsk, {"seconds": -1}, "seconds", "must be above 0"),
        (VideoAsk, {"seconds": float("nan")}, "seconds", "must be a number"),
        (RouteAsk, {"modality": "audio"}, "modality", "must be 'image' or 'video'"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong(kind: Any, body: Any, param: str, said: str) -> None:
    with pytest.raises(Fault) as caught:
        read_ask(kind, {"prompt": "a mug", **body})
    fault = caught.value
    assert (fault.status, fault.param) == (400, param)
    assert said in fault.message
    assert param in fault.message
    assert "Input should" not in fault.message
