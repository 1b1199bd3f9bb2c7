"""OpenAI images: synchronous, base64, no seed, no negative prompt.

A client that disconnects loses a picture that is billed; so the call waits long and is never
repeated. The same format is spoken by gateways: see `openai_compatible`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from qfloor.generators.http.answers import Answer, first, number
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import by_tokens
from qfloor.generators.http.outcomes import Shape
from qfloor.generators.http.wire import Call
from qfloor.records import Offer

_SIZES = ("1024x1024", "1536x1024", "1024x1536")
_WORDS = {"quality": "quality", "size": "size"}
SHAPES = (
    Shape(reason="refused_output", code="moderation_blocked+stage:output"),
    Shape(reason="refused_input", code="moderation_blocked"),
    Shape(reason="refused_input", code="content_policy_violation"),
    Shape(reason="refused_input", code="image_generation_user_error"),
    Shape(reason="billing", code="billing_hard_limit_reached", charged="no"),
    Shape(reason="auth", code="invalid_api_key", charged="no"),
)


class OpenAIGenerator(HttpGenerator):
    """OpenAI's Images API."""

    PROVIDER = "openai"
    ORIGIN = "https://api.openai.com"
    KEY_ENV = "OPENAI_API_KEY"
    TIMEOUT_S = 300.0
    SHAPES: ClassVar[tuple[Shape, ...]] = SHAPES
    FAMILIES = (
        Family(
            name="gpt-image-1", models=("gpt-image-1*", "chatgpt-image*", "dall-e*"), words=_WORDS,
            shape="pixels", ratios=_SIZES, told="usage", rewriting="recorded", safety="moderation",
            most_characters=32_000,
        ),
        Family(
            name="gpt-image-2 and later", words=_WORDS, shape="pixels", told="usage",
            rewriting="recorded", safety="moderation", most_characters=32_000,
        ),
    )  # fmt: skip

    def path(self, tail: str) -> str:
        """Add ``/v1`` where the operator's base URL has no path of its own."""
        has_path = self.wire.base.count("/") > 2
        return tail if has_path else f"/v1{tail}"

    def codes(self, answer: Answer) -> tuple[str, ...]:
        """Moderation names its stage somewhere in its details."""
        return tuple(f"stage:{leaf}" for leaf in _leaves(first(answer.json, "error")))

    def call(self, ask: Ask) -> Call:
        """One picture; the size is the offer's, else that of the asked shape, else the model's."""
        body: dict[str, Any] = {"model": ask.model, "prompt": ask.text, "n": 1}
        ask.negative()
        if (size := _size(ask)) is not None:
            body["size"] = size
        return Call(path=self.path("/images/generations"), json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Found:
        """Read the one picture, what it used, and the words it was really drawn from."""
        return read_image(answer, ask.offer)


def read_image(answer: Answer, offer: Offer) -> Found:
    """Read an answer in the format of OpenAI's Images API."""
    body = answer.json
    item = first(body, "data.0") or {}
    if not isinstance(body["data"], list):
        raise TypeError("data is no list")
    milliseconds = number(answer.headers.get("openai-processing-ms"))
    text = first(item, "b64_json")
    kind = first(body, "output_format")
    return Found(
        content=inline(text) if text else b"",
        url=str(first(item, "url") or ""),
        declared=f"image/{kind}" if kind else "",
        model=first(body, "model"),
        amount_nanousd=by_tokens(offer, tokens(first(body, "usage"))),
        seconds_run=None if milliseconds is None else milliseconds / 1000,
        report=compact(
            usage=first(body, "usage"),
            prompt_returned=first(item, "revised_prompt"),
            timing_source="openai-processing-ms" if milliseconds is not None else None,
        ),
    )


def tokens(usage: Any) -> dict[str, Any]:
    """Name used tokens as price rows do."""
    return {
        "input": first(usage, "input_tokens", "prompt_tokens"),
        "output": first(usage, "output_tokens", "completion_tokens"),
        "total": first(usage, "total_tokens"),
    }


def _size(ask: Ask) -> str | None:
    if isinstance(ask.offer.settings.get("size"), str) and "x" not in ask.offer.settings["size"]:
        return str(ask.take("size"))  # auto
    told = ask.offer.settings.get("size") or ask.offer.settings.get("width")
    if not (told or ask.prompt.aspect_ratio or ask.offer.settings.get("aspect_ratio")):
        return None
    if ask.family.ratios and not told:
        return ask.ratio()
    width, height = ask.pixels()
    return f"{width}x{height}"


def _leaves(value: Any) -> Iterator[str]:
    """Every word within an error's objects, but its message."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name != "message":
                yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str) and len(value) < 40:
        yield value.lower()
