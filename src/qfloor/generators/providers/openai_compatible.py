"""Any server that speaks OpenAI's formats: gateways, proxies, local servers.

Pictures as OpenAI's Images API, clips in the format of its Videos API, which lives on in gateways
alone. What such a server does with a field that it does not know is its own: nothing is sent
beyond what the offer's settings say.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.outcomes import POLICY, Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.generators.providers.openai import SHAPES, OpenAIGenerator, read_image


class OpenAICompatibleGenerator(OpenAIGenerator):
    """A gateway; ``base_url`` is needed, a key only when ``key_env`` names one."""

    PROVIDER = "openai-compatible"
    ORIGIN = ""
    KEY_ENV = ""
    SHAPES = (
        *SHAPES,
        Shape(reason="refused_output", status=(0,), code="*output*moderation*"),
        Shape(reason="refused_input", status=(0,), code="*moderation*"),
        Shape(reason="refused_input", status=(0,), code="*content_policy*"),
        POLICY,
        Shape(reason="refused_input", status=(0,), text=POLICY.text),
    )
    FAMILIES = (
        Family(
            name="pictures", shape="pixels", told="usage",
            words={"quality": "quality", "steps": "steps", "guidance": "guidance_scale"},
        ),
        Family(
            name="clips (Sora's format)", modality="video", flow="poll", shape="pixels",
            durations=None, duration_as="{:g}", told="usage",
        ),
    )  # fmt: skip
    STATES = states(
        running=("queued", "in_progress", "processing"), ready=("completed", "succeeded"),
        failed=("failed",), expired=("cancelled", "canceled", "expired"),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """One picture, or a job for one clip whose length is written as text."""
        if ask.family.modality == "image":
            return super().call(ask)
        ask.negative()
        seconds = ask.seconds()
        body: dict[str, Any] = {"model": ask.model, "prompt": ask.text}
        if ask.offer.settings.get("size") or ask.offer.settings.get("width"):
            body["size"] = "{}x{}".format(*ask.pixels())
        elif ratio := ask.ratio():
            body["size"] = "1280x720" if _wide(ratio) else "720x1280"
        body |= compact(seconds=None if seconds is None else ask.family.duration_as.format(seconds))
        return Call(path=self.path("/videos"), json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Found | Job | Ended:  # type: ignore[override]
        """Read the picture, or a job's id."""
        if ask.family.modality == "image":
            if first(answer.json, "error"):
                return self.fault(answer, status=0)
            return read_image(answer, ask.offer)
        return {"id": answer.json["id"]}

    def where(self, job: Job) -> Call:
        """The job."""
        return Call(path=self.path(f"/videos/{job['id']}"), method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """The clip is served by the API itself, unless the job has a URL."""
        url = first(answer.json, "url", "video_url", "output.url", "data.0.url")
        own = self.wire.base + self.path(f"/videos/{job['id']}/content")
        return Found(
            url=str(url or own),
            keyed=url is None,
            declared="video/mp4",
            model=first(answer.json, "model"),
            report=compact(usage=first(answer.json, "usage")),
        )


def _wide(ratio: str) -> bool:
    width, _, height = ratio.partition(":")
    return float(width) >= float(height or 1)
