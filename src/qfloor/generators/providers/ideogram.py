"""Ideogram v3 and v4: an unsafe output is HTTP 200 with ``is_image_safe`` false and no URL.

The rewriting of prompts (magic prompt) is off in v3; v4 has no switch, so what it drew is kept.
"""

from __future__ import annotations

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact
from qfloor.generators.http.delivery import Found
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import Shape
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.generators.providers.stability import _text
from qfloor.records import RateLimits

_RATIO = (
    "1x1", "16x9", "9x16", "4x3", "3x4", "3x2", "2x3", "4x5", "5x4", "16x10", "10x16", "1x2",
    "2x1", "1x3", "3x1",
)  # fmt: skip
_WORDS = {"quality": "rendering_speed", "resolution": "resolution"}


class IdeogramGenerator(HttpGenerator):
    """Ideogram's own API."""

    PROVIDER = "ideogram"
    ORIGIN = "https://api.ideogram.ai"
    KEY_ENV = "IDEOGRAM_API_KEY"
    LIMITS = RateLimits(concurrency=10, per_minute=None)
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="v4", models=("ideogram-v4*",), shape="ratio", ratios=_RATIO,
            rewriting="recorded", words=_WORDS,
        ),
        Family(
            name="v3", shape="ratio", ratios=_RATIO, seed="echoed", negative=True,
            rewriting="off", words=_WORDS,
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_input", status=(422,)),
        Shape(reason="refused_input", status=(400,), text=r"safety|moderat|unsafe"),
    )

    def auth(self, key: str) -> dict[str, str]:
        """Give the header of a key."""
        return {"api-key": key}

    def call(self, ask: Ask) -> Call:
        """One picture; the second generation of this API knows no count and no seed."""
        ratio = compact(aspect_ratio=ask.ratio())
        if "resolution" in ask.offer.settings:
            ratio = {}  # either, not both
        more = ask.negative() | ask.seed()
        if ask.family.name == "v4":
            form = {"text_prompt": ask.text, **more, **ratio, **ask.rest()}
            return Call(path="/v1/ideogram-v4/generate", form=_form(form))
        form = {"prompt": ask.text, "num_images": 1, "magic_prompt": "OFF"} | more | ratio
        return Call(path="/v1/ideogram-v3/generate", form=_form(form | ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Found | Ended:
        """Read where the picture is."""
        body = answer.json
        item = body["data"][0] if body["data"] else {}
        said = first(item, "prompt")
        if item.get("is_image_safe") is False:
            return Ended(
                reason="refused_output", detail="is_image_safe is false",
                report=compact(is_image_safe=False, seed_returned=first(item, "seed")),
            )  # fmt: skip
        return Found(
            url=str(first(item, "url") or ""),
            seed=first(item, "seed"),
            report=compact(
                prompt_returned=said if said != ask.text else None,
                resolution=first(item, "resolution"),
            ),
        )


def _form(given: dict[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in given.items()}
