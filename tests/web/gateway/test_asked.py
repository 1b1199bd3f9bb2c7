"""What is wrong with a body is said in our words, by the name that the one who asks knows."""

from __future__ import annotations

from typing import Any

import pytest

from qfloor.web.gateway.asked import ImageAsk, RouteAsk, VideoAsk, ignored, read_ask
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


NULLS = ("model", "n", "size", "seed", "user", "stream", "quality", "response_format", "routing")


@pytest.mark.parametrize("kind", [ImageAsk, RouteAsk])
def test_a_field_that_is_null_is_not_given(kind: Any) -> None:
    ask = read_ask(kind, {"prompt": "a mug", **dict.fromkeys(NULLS)})
    assert ask == read_ask(kind, {"prompt": "a mug"})
    assert ignored(ask) == ()
    with pytest.raises(Fault, match="there is no field 'qualty'"):
        read_ask(kind, {"prompt": "a mug", "qualty": None})
    with pytest.raises(Fault, match="prompt is needed"):
        read_ask(kind, {"prompt": None})


def test_a_dry_run_takes_the_body_of_the_picture() -> None:
    unused = {
        "quality": "high", "style": "vivid", "background": "transparent", "moderation": "low",
        "output_format": "webp", "output_compression": 80, "input_fidelity": "high",
    }  # fmt: skip
    body = {"prompt": "a mug", "stream": False, "partial_images": 0, "user": "u", **unused}
    asks = [read_ask(kind, body) for kind in (ImageAsk, RouteAsk)]
    assert [ignored(ask) for ask in asks] == [(*sorted([*unused, "partial_images"]),)] * 2
    assert ImageAsk.model_fields.keys() <= RouteAsk.model_fields.keys()
    assert VideoAsk.model_fields.keys() <= RouteAsk.model_fields.keys()
