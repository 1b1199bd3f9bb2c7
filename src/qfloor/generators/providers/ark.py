"""ByteDance Ark (ModelArk): Seedream pictures at once, Seedance clips as tasks.

The watermark that is on by default is switched off. A 200 may hold an error per picture; a task
that failed says so under HTTP 200. The host in China has keys, ids and a currency of its own.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import by_tokens
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.generators.providers.openai import tokens
from qfloor.records import RateLimits

_TASKS = "/api/v3/contents/generations/tasks"
_RATIO = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")


class ArkGenerator(HttpGenerator):
    """Ark's images and content generation tasks."""

    PROVIDER = "ark"
    ORIGIN = "https://ark.ap-southeast.bytepluses.com"
    KEY_ENV = "ARK_API_KEY"
    LIMITS = RateLimits(concurrency=None, per_minute=500)
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="Seedream 3", models=("*seedream-3*",), shape="pixels", seed="sent",
            words={"guidance": "guidance_scale"}, told="usage",
        ),
        Family(name="Seedream 4 and later", shape="pixels", told="usage"),
        Family(
            name="Seedance", modality="video", flow="poll", shape="ratio", ratios=_RATIO,
            audio=True, words={"resolution": "resolution", "audio": "generate_audio"},
            told="usage", cancel=True,
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_output", code="output*sensitive*"),
        Shape(reason="refused_output", code="output*risk*"),
        Shape(reason="refused_input", code="*sensitive*"),
        Shape(reason="refused_input", code="*riskdetect*"),
        Shape(reason="billing", code="accountoverdue*", charged="no"),
        Shape(reason="billing", code="setlimitexceeded", charged="no"),
        Shape(reason="billing", status=(429,), code="quotaexceeded*", charged="no"),
        Shape(reason="permission", code="*modelnotopen*", charged="no"),
        Shape(reason="model_gone", code="invalidendpointormodel*", charged="no"),
        Shape(reason="capacity", code="serveroverloaded*", charged="no"),
        Shape(reason="rate_limited", status=(429,), charged="no"),
    )
    STATES = states(
        running=("queued", "running"), ready=("succeeded",), failed=("failed",),
        expired=("cancelled", "expired"),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """One picture, or a task for one clip."""
        ask.negative()
        if ask.family.modality == "video":
            return self._clip(ask)
        body: dict[str, Any] = {
            "model": ask.model, "prompt": ask.text, "response_format": "b64_json",
            "watermark": False, **ask.seed(),
        }  # fmt: skip
        if ask.family.seed == "no":  # families with sequences
            body["sequential_image_generation"] = "disabled"
        size = ask.offer.settings.get("size")
        tier = size if isinstance(size, str) and "x" not in size else None
        tier = tier or ask.take("resolution")
        if tier:
            ask.take("size")
            body["size"] = str(tier).upper()
        else:
            body["size"] = "{}x{}".format(*ask.pixels(area=4_194_304))
        return Call(path="/api/v3/images/generations", json=merged(body, ask.rest()))

    def _clip(self, ask: Ask) -> Call:
        seconds = ask.seconds()
        body: dict[str, Any] = {
            "model": ask.model,
            "content": [{"type": "text", "text": ask.text}],
            **compact(ratio=ask.ratio(), duration=None if seconds is None else int(seconds)),
        }
        return Call(path=_TASKS, json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job | Found | Ended:
        """Read the picture, its own error, or a task's id."""
        body = answer.json
        if ask.family.modality == "video":
            return {"id": body["id"]}
        if first(body, "error", "data.0.error"):
            return self.fault(answer, status=0, charged="no")  # only successes are billed
        usage = first(body, "usage")
        text = first(body, "data.0.b64_json")
        if not isinstance(body["data"], list):
            raise TypeError("data is no list")
        return Found(
            content=inline(text) if text else b"",
            url=str(first(body, "data.0.url") or ""),
            model=first(body, "model"),
            amount_nanousd=by_tokens(ask.offer, tokens(usage)),
            report=compact(usage=usage, size=first(body, "data.0.size")),
        )

    def codes(self, answer: Answer) -> tuple[str, ...]:
        """An error may be a picture's own."""
        return (str(first(answer.json, "data.0.error.code") or ""),)

    def where(self, job: Job) -> Call:
        """The task."""
        return Call(path=f"{_TASKS}/{job['id']}", method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the clip's URL and what it used."""
        body = answer.json
        usage = first(body, "usage")
        offer = self._offers.get(str(job.get("offer")))
        return Found(
            url=str(first(body, "content.video_url") or ""),
            model=first(body, "model"),
            seed=first(body, "seed"),
            amount_nanousd=by_tokens(offer, tokens(usage)) if offer else None,
            report=compact(usage=usage),
        )

    async def cancel(self, job: Job) -> None:
        """Stop a task that still waits."""
        where = Call(path=f"{_TASKS}/{job['id']}", method="DELETE")
        await self.wire.read(where, await self._auth())
