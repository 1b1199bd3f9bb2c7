"""Stability v2beta: one multipart call; a filtered picture is HTTP 200 and says so."""

from __future__ import annotations

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact
from qfloor.generators.http.delivery import Found, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import Shape
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.records import RateLimits

_RATIO = ("1:1", "16:9", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")


class StabilityGenerator(HttpGenerator):
    """Stable Image Ultra and Core, and Stable Diffusion 3.5."""

    PROVIDER = "stability"
    ORIGIN = "https://api.stability.ai"
    KEY_ENV = "STABILITY_API_KEY"
    LIMITS = RateLimits(concurrency=None, per_minute=800, burst=100)
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="ultra, core", models=("ultra", "core", "stable-image-*"), shape="ratio",
            ratios=_RATIO, seed="echoed", negative=True,
        ),
        Family(
            name="sd3.5", shape="ratio", ratios=_RATIO, seed="echoed", negative=True,
            words={"guidance": "cfg_scale"},
        ),
    )  # fmt: skip
    SHAPES = (Shape(reason="refused_input", code="content_moderation", charged="no"),)

    def call(self, ask: Ask) -> Call:
        """Ask for JSON, in which seed and filter stand beside the picture."""
        route = ask.model.removeprefix("stable-image-")
        form = {"prompt": ask.text, **ask.negative(), **ask.seed(), "output_format": "png"}
        form |= compact(aspect_ratio=ask.ratio())
        if route not in ("ultra", "core"):
            form["model"], route = ask.model, "sd3"
        form |= ask.rest()
        return Call(
            path=f"/v2beta/stable-image/generate/{route}",
            form={name: _text(value) for name, value in form.items()},
            headers={"accept": "application/json"},
        )

    def taken(self, answer: Answer, ask: Ask) -> Found | Ended:
        """Read the picture; a filtered one is blurred and is a refusal."""
        body = answer.json
        finish = str(first(body, "finish_reason", "artifacts.0.finishReason") or "")
        seed = first(body, "seed", "artifacts.0.seed")
        if finish.upper() == "CONTENT_FILTERED":
            return Ended(
                reason="refused_output", detail="the picture was filtered",
                report=compact(code=finish, seed_returned=seed),
            )  # fmt: skip
        text = first(body, "image", "artifacts.0.base64")
        if text is None and "image" not in body:
            raise KeyError("image")
        return Found(content=inline(text) if text else b"", declared="image/png", seed=seed)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
