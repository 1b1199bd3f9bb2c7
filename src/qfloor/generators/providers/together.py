"""Together: pictures at once in base64, clips as jobs that tell their cost."""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import in_nanousd
from qfloor.generators.http.outcomes import POLICY, Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.providers.openai import read_image


class TogetherGenerator(HttpGenerator):
    """Together's images and videos."""

    PROVIDER = "together"
    ORIGIN = "https://api.together.ai"
    KEY_ENV = "TOGETHER_API_KEY"
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="pictures", shape="pixels", seed="sent", negative=True,
            safety="disable_safety_checker", rewriting="per model",
            words={"steps": "steps", "guidance": "guidance_scale"},
        ),
        Family(
            name="clips", modality="video", flow="poll", shape="pixels", seed="sent",
            negative=True, audio=True, told="amount", rewriting="per model",
            words={"steps": "steps", "guidance": "guidance_scale", "audio": "generate_audio"},
        ),
    )  # fmt: skip
    SHAPES = (
        POLICY,
        Shape(reason="billing", status=(402, 429), code="credit_limit", charged="no"),
        Shape(reason="refused_output", status=(0,), code="*content_policy*"),
        Shape(reason="refused_output", status=(0,), code="*moderat*"),
        Shape(reason="refused_output", status=(0,), text=POLICY.text),
    )
    STATES = states(
        running=("queued", "in_progress"), ready=("completed",), failed=("failed",),
        expired=("cancelled",),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """One picture in base64, or a job for a clip."""
        body: dict[str, Any] = {
            "model": ask.model, "prompt": ask.text, **ask.seed(), **ask.negative(),
        }  # fmt: skip
        if ask.family.modality == "image":
            body["width"], body["height"] = ask.pixels()
            body |= {"n": 1, "response_format": "base64"}
            return Call(path="/v1/images/generations", json=merged(body, ask.rest()))
        seconds, stated = ask.seconds(), ask.shape()
        if stated:
            body["width"], body["height"] = stated
        body |= compact(
            ratio=None if stated else ask.ratio(),
            seconds=None if seconds is None else f"{seconds:g}",
        )
        return Call(path="/v2/videos", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job | Found:
        """Read the picture, or a job's id."""
        if ask.family.modality == "video":
            return {"id": answer.json["id"]}
        return read_image(answer, ask.offer)

    def where(self, job: Job) -> Call:
        """The job."""
        return Call(path=f"/v2/videos/{job['id']}", method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the clip and what it cost in USD."""
        return Found(
            url=str(first(answer.json, "outputs.video_url") or ""),
            model=first(answer.json, "model"),
            amount_nanousd=in_nanousd(first(answer.json, "outputs.cost")),
        )
