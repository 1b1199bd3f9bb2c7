"""Recraft: synchronous, and it says how many credits a picture cost."""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, merged
from qfloor.generators.http.delivery import Found, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import CREDIT_USD, in_nanousd
from qfloor.generators.http.outcomes import POLICY, Shape
from qfloor.generators.http.wire import Call
from qfloor.records import RateLimits


class RecraftGenerator(HttpGenerator):
    """Recraft's own API."""

    PROVIDER = "recraft"
    ORIGIN = "https://external.api.recraft.ai"
    KEY_ENV = "RECRAFT_API_TOKEN"
    LIMITS = RateLimits(concurrency=None, per_minute=100, burst=5)
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="V2, V3", models=("recraftv2*", "recraftv3*"), shape="pixels", seed="sent",
            negative=True, told="amount", words={"size": "size"},
        ),
        Family(name="V4", shape="pixels", seed="sent", told="amount", words={"size": "size"}),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="billing", code="not_enough_credits", charged="no"),
        Shape(reason="refused_input", code="*moderat*"),
        Shape(reason="refused_input", code="*unsafe*"),
        POLICY,
    )

    def call(self, ask: Ask) -> Call:
        """One picture, in base64."""
        body: dict[str, Any] = {
            "model": ask.model, "prompt": ask.text, "n": 1, "response_format": "b64_json",
            **ask.seed("random_seed"), **ask.negative(),
        }  # fmt: skip
        if stated := ask.shape():
            body["size"] = f"{stated[0]}x{stated[1]}"
        elif ratio := ask.ratio():
            body["size"] = ratio
        return Call(path="/v1/images/generations", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Found:
        """Read the picture and its price."""
        body = answer.json
        item = body["data"][0] if body["data"] else {}
        text = first(item, "b64_json")
        return Found(
            content=inline(text) if text else b"",
            url=str(first(item, "url") or ""),
            amount_nanousd=in_nanousd(body.get("credits"), CREDIT_USD["recraft"]),
        )

    def request_id(self, answer: Answer) -> str | None:
        """Recraft has a header of its own."""
        return answer.headers.get("x-recraft-requestid") or super().request_id(answer)
